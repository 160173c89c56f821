//! An empty database with the whole schema, made by the first test that needs one and copied for each: a copy takes a
//! fraction of the time that all migrations take.

use std::{fs, path::Path};

use aether_store::{Store, schema_name};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

use crate::database::{PATIENCE, connect};

/// Tests are processes of their own: whoever has this lock of the server makes the template, the others wait for it.
const LOCK: i64 = 0x7E57;

/// Makes the database `name` on this server, with the whole schema.
pub(crate) async fn copy_postgres(server: &Url, name: &str) {
    let mut admin = connect(server).await;
    let template = format!("template_{}", schema_name());
    let copied = async {
        sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut admin).await?;
        let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&template);
        if found.fetch_optional(&mut admin).await?.is_none() {
            make_postgres(&mut admin, server, &template).await?;
        }
        sqlx::query("SELECT pg_advisory_unlock($1)").bind(LOCK).execute(&mut admin).await?;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        admin.close().await
    };
    copied.await.unwrap_or_else(|error: sqlx::Error| panic!("PostgreSQL cannot create {name}: {error}"));
}

/// Under another name until it is whole.
async fn make_postgres(admin: &mut PgConnection, server: &Url, template: &str) -> sqlx::Result<()> {
    let unfinished = format!("{template}_unfinished");
    run(admin, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await?;
    run(admin, format!("CREATE DATABASE {unfinished}")).await?;
    let mut url = server.clone();
    url.set_path(&unfinished);
    migrate(url.as_str()).await;
    run(admin, format!("ALTER DATABASE {unfinished} RENAME TO {template}")).await
}

/// Makes this file, with the whole schema.
pub(crate) async fn copy_sqlite(file: &Path) {
    let copied = async {
        let tests = std::env::current_exe()?;
        let template = tests.with_file_name(format!("template-{}.db", schema_name()));
        if !template.exists() {
            // Two tests may do it at once: the files are the same, and whole before they have this name.
            let dir = tempfile::tempdir_in(tests.parent().unwrap_or(Path::new(".")))?;
            let unfinished = dir.path().join("template.db");
            migrate(&Store::sqlite_url(&unfinished)).await;
            fs::rename(unfinished, &template)?;
        }
        fs::copy(template, file)
    };
    copied.await.unwrap_or_else(|error: std::io::Error| panic!("{}: {error}", file.display()));
}

async fn migrate(url: &str) {
    let store = Store::connect_patiently(url, PATIENCE).await;
    store.unwrap_or_else(|error| panic!("the schema cannot be made: {error}")).close().await;
}

async fn run(admin: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::query(AssertSqlSafe(sql)).execute(admin).await.map(drop)
}
