//! `/health`, `/health/live` and `/health/ready` (CONTRACT.md "Everywhere"): what this process needs, and whether it has
//! it. Checks run side by side, each at most 2 s, and their answer holds for a second, so that probes cost nothing.

use std::{collections::BTreeMap, pin::Pin, sync::Arc, time::Duration};

use aether_common::clock::Clock;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Utc};
use futures::future::join_all;
use serde::Serialize;
use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::extract::Json;

const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
const HOLDS_FOR: Duration = Duration::from_secs(1);

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is there.
    Healthy,
    /// It works, with less.
    Degraded,
    /// It does not work.
    Unhealthy,
}

/// The answer of `/health`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Report {
    /// The worst of what is needed.
    pub status: Status,
    /// When it was looked at.
    pub timestamp: DateTime<Utc>,
    /// The service's name.
    pub service: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Each thing it depends on: `database`, `redis`, `externalApis`, ...
    pub dependencies: BTreeMap<&'static str, Status>,
}

/// The health of one process. Cheap to clone once built.
#[derive(Clone)]
pub struct Health {
    service: &'static str,
    version: &'static str,
    clock: Clock,
    shutdown: CancellationToken,
    checks: Vec<Check>,
    held: Arc<Mutex<Option<(Instant, Report)>>>,
}

#[derive(Clone)]
struct Check {
    name: &'static str,
    required: bool,
    run: Arc<dyn Fn() -> CheckFuture + Send + Sync>,
}

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

impl Health {
    /// The health of this service; `/health/ready` turns 503 once `shutdown` is cancelled, so that no new work comes.
    pub fn new(
        service: &'static str,
        version: &'static str,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Self {
        Self { service, version, clock, shutdown, checks: Vec::new(), held: Arc::default() }
    }

    /// Adds something without which nothing works: when it fails, the service is unhealthy. The error goes to the log.
    #[must_use]
    pub fn needs<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, true, check)
    }

    /// Adds something that can be done without: when it fails, the service is degraded. The error goes to the log.
    #[must_use]
    pub fn likes<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.with(name, false, check)
    }

    /// Takes over the checks of another service in the same process; of two with one name, the first counts.
    #[must_use]
    pub fn including(mut self, other: &Self) -> Self {
        for check in &other.checks {
            if self.checks.iter().all(|mine| mine.name != check.name) {
                self.checks.push(check.clone());
            }
        }
        self
    }

    /// How it is now, or was within the last second.
    pub async fn report(&self) -> Report {
        let mut held = self.held.lock().await;
        if let Some((at, report)) = &*held
            && at.elapsed() < HOLDS_FOR
        {
            return report.clone();
        }
        let report = self.look().await;
        *held = Some((Instant::now(), report.clone()));
        report
    }

    /// The three routes.
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        Router::new()
            .route("/health", get(health))
            .route("/health/live", get(live))
            .route("/health/ready", get(ready))
            .with_state(self)
    }

    fn with<F>(
        mut self,
        name: &'static str,
        required: bool,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push(Check { name, required, run: Arc::new(move || Box::pin(check())) });
        self
    }

    async fn look(&self) -> Report {
        let results = join_all(self.checks.iter().map(async |check| {
            let result = tokio::time::timeout(CHECK_TIMEOUT, (check.run)()).await;
            let result = result.unwrap_or_else(|_| Err("no answer in time".into()));
            if let Err(error) = &result {
                tracing::warn!(dependency = check.name, error, "a dependency is unwell");
            }
            (check, result.is_ok())
        }))
        .await;
        let mut dependencies = BTreeMap::new();
        let mut status = Status::Healthy;
        for (check, well) in results {
            dependencies.insert(check.name, if well { Status::Healthy } else { Status::Unhealthy });
            if !well {
                status = status.max(if check.required { Status::Unhealthy } else { Status::Degraded });
            }
        }
        Report {
            status,
            timestamp: self.clock.now(),
            service: self.service,
            version: self.version,
            dependencies,
        }
    }
}

async fn health(State(health): State<Health>) -> Response {
    answer(health.report().await)
}

/// The process answers: nothing else is asked, because a restart would not bring a lost database back.
async fn live(State(health): State<Health>) -> Response {
    answer(Report {
        status: Status::Healthy,
        timestamp: health.clock.now(),
        service: health.service,
        version: health.version,
        dependencies: BTreeMap::new(),
    })
}

async fn ready(State(health): State<Health>) -> Response {
    let mut report = health.report().await;
    if health.shutdown.is_cancelled() {
        report.status = Status::Unhealthy;
    }
    answer(report)
}

fn answer(report: Report) -> Response {
    let status = match report.status {
        Status::Healthy | Status::Degraded => StatusCode::OK,
        Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report)).into_response()
}
