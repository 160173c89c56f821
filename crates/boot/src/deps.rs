//! What every service is built on. The one place that decides between SQLite and PostgreSQL, memory and Redis.

use std::{sync::Arc, time::Duration};

use aether_bus::Bus;
use aether_common::{clock::Clock, id::Ids, problem::Problem};
use aether_store::{Store, objects::Objects};
use secrecy::ExposeSecret;

use crate::{
    config::{SettingError, Settings},
    lifecycle::Lifecycle,
};

/// Everything a service needs; cheap to clone.
#[derive(Clone, Debug)]
pub struct Deps {
    /// What is set.
    pub settings: Arc<Settings>,
    /// What is kept.
    pub store: Store,
    /// Files that are too large for rows.
    pub objects: Objects,
    /// How parts talk.
    pub bus: Bus,
    /// What time it is.
    pub clock: Clock,
    /// Who mints ids.
    pub ids: Ids,
    /// For calls to other services and to providers: no redirects, 5 s to connect; the caller bounds the whole call.
    pub http: reqwest::Client,
    /// When to stop.
    pub lifecycle: Lifecycle,
}

/// The process cannot start. One line for a person.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The database.
    #[error("DATABASE_URL: {0}")]
    Store(#[from] aether_store::StoreError),
    /// Redis.
    #[error("REDIS_URL: {0}")]
    Bus(#[from] aether_bus::BusError),
    /// A listener.
    #[error("{name} {address} cannot be used: {reason}")]
    Listen {
        /// The setting that names it.
        name: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// Why, and what to do.
        reason: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        let cause = problem.cause.clone().unwrap_or_default();
        Self::Other(format!("{} {cause}", problem.detail).trim_end().to_owned())
    }
}

impl Deps {
    /// Connects to what the settings name.
    pub async fn connect(settings: Settings, lifecycle: Lifecycle) -> Result<Self, StartError> {
        settings.make_data_dir()?;
        let store = Store::connect(settings.database_url.expose_secret()).await?;
        let objects = Objects::connect(settings.storage_url.as_deref(), &settings.data_dir)
            .map_err(|error| StartError::Other(format!("STORAGE_URL {error}")))?;
        let bus =
            Bus::connect(settings.redis_url.as_ref(), lifecycle.shutdown.clone(), &lifecycle.tasks).await?;
        let http = http_client()?;
        Ok(Self {
            settings: Arc::new(settings),
            store: store.with_objects(objects.clone()),
            objects,
            bus,
            clock: Clock::system(),
            ids: Ids::system(),
            http,
            lifecycle,
        })
    }
}

/// The client for calls to other services and to providers: no redirects, 5 s to connect; the caller bounds the whole call.
pub fn http_client() -> Result<reqwest::Client, StartError> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("aether/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| StartError::Other(format!("HTTP client: {error}")))
}
