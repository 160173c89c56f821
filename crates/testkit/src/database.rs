//! A database for one test, on both engines. PostgreSQL gets a database of its own on the server that
//! `AETHER_TEST_DATABASE_URL` names; it is dropped with the value.

use std::time::Duration;

use aether_store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;
use url::Url;

use crate::template;

/// How long a caller waits for a connection: on a busy machine many ask at once, and each must be served.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A database with the whole schema, for one test.
pub struct TestDatabase {
    /// `sqlite` or `postgres`: name it in a failing assertion.
    pub engine: &'static str,
    /// The database.
    pub store: Store,
    /// The URL to open it again, as a second process would.
    pub url: String,
    _dir: Option<TempDir>,
    drop: Option<(Url, String)>,
}

/// One database of each engine.
pub async fn databases() -> Vec<TestDatabase> {
    vec![TestDatabase::sqlite().await, TestDatabase::postgres().await]
}

impl TestDatabase {
    /// A file in a folder of its own.
    pub async fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("temporary folder: {error}"));
        let file = dir.path().join("test.db");
        template::copy_sqlite(&file).await;
        let url = Store::sqlite_url(&file);
        let store = Store::connect_patiently(&url, PATIENCE).await;
        let store = store.unwrap_or_else(|error| panic!("SQLite: {error}"));
        Self { engine: "sqlite", store, url, _dir: Some(dir), drop: None }
    }

    /// A database on the test server.
    pub async fn postgres() -> Self {
        let server = server_url("AETHER_TEST_DATABASE_URL");
        let name = format!("test_{}", uuid::Uuid::from_u128(rand_u128()).simple());
        template::copy_postgres(&server, &name).await;
        let mut own = server.clone();
        own.set_path(&name);
        let store = Store::connect_patiently(own.as_str(), PATIENCE).await;
        let store = store.unwrap_or_else(|error| panic!("PostgreSQL {name}: {error}"));
        Self { engine: "postgres", store, url: own.into(), _dir: None, drop: Some((server, name)) }
    }
}

/// A row that nobody else can change until this is dropped.
pub struct RowLock {
    _connection: PgConnection,
}

impl TestDatabase {
    /// Locks the job of a generation, so that its worker can do all but end it. PostgreSQL only.
    pub async fn lock_job(&self, generation: uuid::Uuid) -> RowLock {
        let url = self.url.parse().unwrap_or_else(|error| panic!("{}: {error}", self.url));
        let mut connection = connect(&url).await;
        let locked = async {
            sqlx::query("BEGIN").execute(&mut connection).await?;
            let sql = "SELECT 1 FROM jobs WHERE generation_id = $1 FOR UPDATE";
            sqlx::query(sql).bind(generation).fetch_one(&mut connection).await
        };
        locked
            .await
            .unwrap_or_else(|error: sqlx::Error| panic!("no lock on the job of {generation}: {error}"));
        RowLock { _connection: connection }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((server, name)) = self.drop.take() else { return };
        // A test's runtime may be ending: the database is dropped from a runtime of its own, on a thread of its own.
        let (done, finished) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let _done = done;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    let mut admin = connect(&server).await;
                    let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                    let _ = sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await;
                });
            }
        });
        // Bounded: this may be the test's only runtime thread, and a connection of its pool that is just being opened would
        // hold the server up until its handshake times out, which only this thread could go on with.
        let _ = finished.recv_timeout(std::time::Duration::from_secs(2));
    }
}

pub(crate) async fn connect(server: &Url) -> PgConnection {
    let options: PgConnectOptions =
        server.as_str().parse().unwrap_or_else(|error| panic!("AETHER_TEST_DATABASE_URL: {error}"));
    PgConnection::connect_with(&options)
        .await
        .unwrap_or_else(|error| panic!("AETHER_TEST_DATABASE_URL: nobody answers: {error}"))
}

/// The server that this variable names. Tests never skip a backend in silence.
pub(crate) fn server_url(variable: &str) -> Url {
    let text = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `cargo xtask test`, which starts the servers that tests need")
    });
    text.parse().unwrap_or_else(|error| panic!("{variable} is not a URL: {error}"))
}

/// Names only have to differ between tests that share a server.
fn rand_u128() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    let half = || u128::from(RandomState::new().hash_one(std::process::id()));
    half() << 64 | half()
}
