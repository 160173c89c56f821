//! Connections and transactions. [`Store::begin`] gives a [`Tx`]; [`Tx::save`] commits it and dropping it rolls back.
//! Never hold one across a provider's stream.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::{Result, StoreError},
    objects::Objects,
};

/// How long a caller waits for a connection before it is told that the database is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// The same for SQLite, where writers wait for one another and each for its disk: nobody else shares this database.
const SQLITE_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A cheap handle on the database.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: Pool,
    objects: Option<Objects>,
}

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Pg(PgPool),
    Sq(SqlitePool),
}

/// A connection outside a transaction: for one statement, or several reads that need not agree.
#[derive(Debug)]
pub struct Pooled {
    conn: Connection,
    objects: Option<Objects>,
}

#[derive(Debug)]
enum Connection {
    Pg(PoolConnection<Postgres>),
    Sq(PoolConnection<Sqlite>),
}

/// A transaction. On SQLite it holds the write lock from its beginning.
#[derive(Debug)]
pub struct Tx {
    begun: Begun,
    objects: Option<Objects>,
}

#[derive(Debug)]
enum Begun {
    Pg(Transaction<'static, Postgres>),
    Sq(Transaction<'static, Sqlite>),
}

/// A borrowed connection.
#[derive(Debug)]
pub enum Conn<'a> {
    /// PostgreSQL.
    Pg(&'a mut PgConnection),
    /// SQLite.
    Sq(&'a mut SqliteConnection),
}

/// What a query runs on: a [`Pooled`] connection or a [`Tx`].
pub trait Db: Send {
    /// The connection.
    fn conn(&mut self) -> Conn<'_>;
    /// Where long texts are.
    fn objects(&self) -> Option<Objects>;
}

impl Store {
    /// Opens the database that the URL names, `sqlite://PATH` or `postgres://...`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Setting`] for a URL that cannot be used, [`StoreError::Unavailable`] when nobody answers.
    pub async fn connect(url: &str) -> Result<Self> {
        let store = Self::open(url).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// The same, and a caller waits so long for a connection before it is told that the database is unavailable, instead of
    /// 2 s (PostgreSQL) or 10 s (SQLite): for whoever rather waits, as a test on a busy machine does.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_patiently(url: &str, patience: Duration) -> Result<Self> {
        let store = Self::open_within(url, Some(patience)).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens the database and leaves its schema as it is: for a look at what another process keeps.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_within(url, None).await
    }

    async fn open_within(url: &str, patience: Option<Duration>) -> Result<Self> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "postgres" | "postgresql" => {
                let options = PgConnectOptions::from_str(url)
                    .map_err(|_| StoreError::Setting("DATABASE_URL is not a valid postgres:// URL".into()))?
                    // What a frozen process holds is let go before the lease of its jobs ends, so others can take them.
                    .options([("idle_in_transaction_session_timeout", "8s")]);
                let pool = PgPoolOptions::new()
                    .max_connections(20)
                    .acquire_timeout(patience.unwrap_or(ACQUIRE_TIMEOUT))
                    .connect_with(options)
                    .await?;
                Ok(Self { pool: Pool::Pg(pool), objects: None })
            }
            "sqlite" => {
                let options = SqliteConnectOptions::from_str(url)
                    .map_err(|_| StoreError::Setting("DATABASE_URL is not a valid sqlite:// URL".into()))?
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    // What is deleted is written over and does not stay in the file.
                    .pragma("secure_delete", "ON")
                    .busy_timeout(BUSY_TIMEOUT);
                let pool = SqlitePoolOptions::new()
                    .max_connections(8)
                    .acquire_timeout(patience.unwrap_or(SQLITE_ACQUIRE_TIMEOUT))
                    .connect_with(options)
                    .await?;
                Ok(Self { pool: Pool::Sq(pool), objects: None })
            }
            other => Err(StoreError::Setting(format!(
                "DATABASE_URL has the unknown scheme `{other}`; it may be sqlite:// or postgres://"
            ))),
        }
    }

    /// The same, with the object storage that long texts are moved to. Without it a text that was moved cannot be read.
    #[must_use]
    pub fn with_objects(mut self, objects: Objects) -> Self {
        self.objects = Some(objects);
        self
    }

    /// The object storage.
    pub fn objects(&self) -> Option<Objects> {
        self.objects.clone()
    }

    /// The URL of an SQLite file.
    pub fn sqlite_url(path: &Path) -> String {
        format!("sqlite://{}", path.display())
    }

    /// A connection outside a transaction.
    pub async fn conn(&self) -> Result<Pooled> {
        let conn = match &self.pool {
            Pool::Pg(pool) => Connection::Pg(pool.acquire().await?),
            Pool::Sq(pool) => Connection::Sq(pool.acquire().await?),
        };
        Ok(Pooled { conn, objects: self.objects() })
    }

    /// A transaction; call [`Tx::save`] to keep what it does.
    pub async fn begin(&self) -> Result<Tx> {
        let begun = match &self.pool {
            Pool::Pg(pool) => Begun::Pg(pool.begin().await?),
            // Taking the write lock at once makes writers wait their turn instead of failing on the upgrade.
            Pool::Sq(pool) => Begun::Sq(pool.begin_with("BEGIN IMMEDIATE").await?),
        };
        Ok(Tx { begun, objects: self.objects() })
    }

    /// Asks the database for an answer, for health checks.
    pub async fn check(&self) -> Result<()> {
        match &self.pool {
            Pool::Pg(pool) => sqlx::query("SELECT 1").execute(pool).await.map(|_| ())?,
            Pool::Sq(pool) => sqlx::query("SELECT 1").execute(pool).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Closes every connection; later calls fail.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Pg(pool) => pool.close().await,
            Pool::Sq(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Commits.
    pub async fn save(self) -> Result<()> {
        match self.begun {
            Begun::Pg(tx) => tx.commit().await?,
            Begun::Sq(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Db for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.begun {
            Begun::Pg(tx) => Conn::Pg(tx),
            Begun::Sq(tx) => Conn::Sq(tx),
        }
    }

    fn objects(&self) -> Option<Objects> {
        self.objects.clone()
    }
}

impl Db for Pooled {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.conn {
            Connection::Pg(c) => Conn::Pg(c),
            Connection::Sq(c) => Conn::Sq(c),
        }
    }

    fn objects(&self) -> Option<Objects> {
        self.objects.clone()
    }
}
