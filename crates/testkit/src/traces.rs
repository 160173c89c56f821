//! Looks through a whole database for what should not be there any more, whatever tables it has.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::database::TestDatabase;

/// Holds nothing of anybody's: how the schema came to be.
const NOT_DATA: &str = "_sqlx_migrations";

/// A look at the database from outside.
enum Eye {
    Sq(SqliteConnection),
    Pg(PgConnection),
}

impl TestDatabase {
    /// Every `table.column` in which one of these texts stands, also as the bytes of an id or as a word of an index.
    pub async fn find_traces(&self, texts: &[String]) -> BTreeSet<String> {
        let mut eye = self.eye().await;
        let texts: Vec<[String; 2]> = texts
            .iter()
            // Ids are kept as bytes in SQLite, and without hyphens in indexes.
            .map(|text| [text.to_lowercase(), text.to_lowercase().replace('-', "")])
            .collect();
        let mut found = BTreeSet::new();
        for (table, columns) in self.columns(&mut eye).await {
            let counted = columns.iter().map(|column| {
                let held = match eye {
                    Eye::Sq(_) => {
                        format!(
                            "lower(CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE {column} END)"
                        )
                    }
                    Eye::Pg(_) => format!("lower({column}::text)"),
                };
                let holds = texts.iter().flatten().map(|text| format!("{held} LIKE '%{text}%'"));
                format!("COUNT(CASE WHEN {} THEN 1 END)", holds.collect::<Vec<_>>().join(" OR "))
            });
            let sql = format!("SELECT {} FROM {table}", counted.collect::<Vec<_>>().join(", "));
            let counts = eye.numbers(&sql, columns.len()).await;
            let hits = columns.iter().zip(counts).filter(|(_, count)| *count > 0);
            found.extend(hits.map(|(column, _)| format!("{table}.{column}")));
        }
        if let Eye::Sq(connection) = &mut eye {
            for [_, plain] in &texts {
                if is_indexed(connection, plain).await {
                    found.insert("generation_words".to_owned());
                }
            }
        }
        found
    }

    /// Every `table.column` that names a user by a reference.
    pub async fn user_references(&self) -> BTreeSet<String> {
        let mut eye = self.eye().await;
        let sql = match eye {
            Eye::Sq(_) => {
                "SELECT t.name || '.' || f.\"from\" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f
                 WHERE t.type = 'table' AND f.\"table\" = 'users'"
            }
            Eye::Pg(_) => {
                "SELECT c.conrelid::regclass::text || '.' || a.attname FROM pg_constraint c
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                 WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass"
            }
        };
        eye.words(sql).await.into_iter().collect()
    }

    /// Runs a statement that no function of the store has; ids in it are written by [`id`](Self::id).
    pub async fn run(&self, sql: &str) {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = match self.eye().await {
            Eye::Sq(mut connection) => query.execute(&mut connection).await.map(drop),
            Eye::Pg(mut connection) => query.execute(&mut connection).await.map(drop),
        };
        done.unwrap_or_else(|error| panic!("{}: {sql}: {error}", self.engine));
    }

    /// How an id is written in a statement.
    pub fn id(&self, id: uuid::Uuid) -> String {
        match self.engine {
            "sqlite" => format!("X'{}'", id.simple()),
            _ => format!("'{id}'"),
        }
    }

    /// The one number that this statement asks for.
    pub async fn number(&self, sql: &str) -> i64 {
        self.eye().await.numbers(sql, 1).await[0]
    }

    /// Every table with its columns, but for what an index is made of: that is looked at through the index.
    async fn columns(&self, eye: &mut Eye) -> BTreeMap<String, Vec<String>> {
        let sql = match eye {
            Eye::Sq(_) => {
                "SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE 'generation_words%'"
            }
            Eye::Pg(_) => {
                "SELECT table_name || '.' || column_name FROM information_schema.columns
                 WHERE table_schema = 'public'"
            }
        };
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for word in eye.words(sql).await {
            if let Some((table, column)) = word.split_once('.').filter(|(table, _)| *table != NOT_DATA) {
                tables.entry(table.to_owned()).or_default().push(column.to_owned());
            }
        }
        tables
    }

    async fn eye(&self) -> Eye {
        let eye = match self.engine {
            "sqlite" => SqliteConnection::connect(&self.url).await.map(Eye::Sq),
            _ => PgConnection::connect(&self.url).await.map(Eye::Pg),
        };
        eye.unwrap_or_else(|error| panic!("{}: {error}", self.url))
    }
}

impl Eye {
    async fn words(&mut self, sql: &'static str) -> Vec<String> {
        let words = match self {
            Self::Sq(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
            Self::Pg(connection) => sqlx::query_scalar(sql).fetch_all(connection).await,
        };
        words.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The columns of the one row that this statement gives.
    async fn numbers(&mut self, sql: &str, columns: usize) -> Vec<i64> {
        let query = AssertSqlSafe(sql);
        let numbers = match self {
            Self::Sq(connection) => {
                let row = sqlx::query(query).fetch_one(connection).await;
                row.and_then(|row| (0..columns).map(|at| row.try_get(at)).collect())
            }
            Self::Pg(connection) => {
                let row = sqlx::query(query).fetch_one(connection).await;
                row.and_then(|row| (0..columns).map(|at| row.try_get(at)).collect())
            }
        };
        numbers.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// Whether SQLite's index of words has this one.
async fn is_indexed(connection: &mut SqliteConnection, word: &str) -> bool {
    let looked = async {
        sqlx::query(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed USING fts5vocab('main', 'generation_words', 'row')",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("SELECT term FROM temp.indexed WHERE term = $1")
            .bind(word)
            .fetch_optional(&mut *connection)
            .await
    };
    looked.await.unwrap_or_else(|error| panic!("the index of words: {error}")).is_some()
}
