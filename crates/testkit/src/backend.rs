//! The two ways the product runs, for one test: embedded (SQLite, in-process bus) and distributed (PostgreSQL, Redis).

use std::sync::Arc;

use aether_boot::{
    Deps, Lifecycle,
    config::{Process, Settings, Sources},
};
use aether_bus::Bus;
use aether_common::{
    clock::{Clock, ManualClock},
    id::Ids,
};
use aether_store::objects::Objects;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::database::{TestDatabase, server_url};

/// Everything a service is built on, for one test.
pub struct Backend {
    /// `embedded` or `distributed`: name it in a failing assertion.
    pub name: &'static str,
    /// What `build` takes.
    pub deps: Deps,
    /// The database behind it.
    pub database: TestDatabase,
    _dir: TempDir,
}

/// Both ways, each with a database of its own. `settings` are added to the defaults.
pub async fn backends<const N: usize>(settings: [(&str, &str); N]) -> Vec<Backend> {
    vec![Backend::embedded(settings).await, Backend::distributed(settings).await]
}

impl Backend {
    /// SQLite and the in-process bus.
    pub async fn embedded<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let lifecycle = Lifecycle::new();
        Self::new("embedded", TestDatabase::sqlite().await, Bus::memory(), lifecycle, settings)
    }

    /// PostgreSQL and Redis.
    pub async fn distributed<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let lifecycle = Lifecycle::new();
        let url = SecretString::from(server_url("AETHER_TEST_REDIS_URL").to_string());
        let bus = Bus::connect(Some(&url), lifecycle.shutdown.clone(), &lifecycle.tasks)
            .await
            .unwrap_or_else(|error| panic!("AETHER_TEST_REDIS_URL: {error}"));
        Self::new("distributed", TestDatabase::postgres().await, bus, lifecycle, settings)
    }

    /// The same with a clock that the test moves. Leases and deadlines of the runtime keep the machine's time.
    #[must_use]
    pub fn with_clock(mut self, clock: &ManualClock) -> Self {
        self.deps.clock = clock.clock();
        self
    }

    fn new<const N: usize>(
        name: &'static str,
        database: TestDatabase,
        bus: Bus,
        lifecycle: Lifecycle,
        settings: [(&str, &str); N],
    ) -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|error| panic!("temporary folder: {error}"));
        // All tests share one Redis and one address: those that are about limits turn them on.
        let sources = Sources::from_pairs([("AETHER_RATE_LIMITS", "off")]).with(settings);
        let mut settings = Settings::from_sources(Process::Aether, &sources)
            .unwrap_or_else(|error| panic!("settings: {error}"));
        settings.data_dir = dir.path().to_owned();
        let objects = Objects::connect(None, dir.path()).unwrap_or_else(|error| panic!("objects: {error}"));
        let deps = Deps {
            settings: Arc::new(settings),
            store: database.store.clone().with_objects(objects.clone()),
            objects,
            bus,
            clock: Clock::system(),
            ids: Ids::system(),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap_or_else(|error| panic!("HTTP client: {error}")),
            lifecycle,
        };
        Self { name, deps, database, _dir: dir }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // Tasks of the services under test end with their test.
        self.deps.lifecycle.shutdown.cancel();
    }
}
