//! From `main` to the last goodbye: settings, log, dependencies, listeners, and the drain at the end.

use std::{
    future::Future,
    net::SocketAddr,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use aether_common::jwt::{Revocations, Verifier};
use aether_web::{
    health::Health,
    jwks::RemoteKeys,
    layers::{EdgeConfig, fallbacks, layers},
    limits::Limits,
};
use axum::{Router, routing::get, serve::ListenerExt};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, time::sleep};
use url::Url;

use crate::{
    api_keys::StoredApiKeys,
    config::{Environment, Process, Settings},
    deps::{Deps, StartError},
    lifecycle::{DRAIN, Lifecycle, stop_signal},
    listener::{ReadersOnly, STALLED},
    revocations::{self, RevokedTokens},
    telemetry,
};

/// How long before each try to read keys that have changed.
const RENEWALS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10)];
/// How long the database's connections may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// A built service: its routes and their description.
pub struct Service {
    /// The name in health answers and logs.
    pub name: &'static str,
    /// Where `router` is mounted in `aether` and behind the gateway, such as `/api/auth`.
    pub prefix: &'static str,
    /// Routes below the prefix; a process of its own serves them at `/`.
    pub router: Router,
    /// Routes that stand at the same path everywhere, such as `/socket.io/`.
    pub absolute: Router,
    /// Description of both, as the process itself serves it.
    pub openapi: utoipa::openapi::OpenApi,
    /// How well it is.
    pub health: Health,
}

/// The whole router of a process that is one service: its routes at `/`, in the edge's layers.
pub fn stand_alone(service: Service, deps: &Deps) -> Result<Router, StartError> {
    let router = fallbacks(service.router.merge(service.absolute));
    Ok(layers(router, &edge(deps)?))
}

/// Checks tokens against the keys that the auth service publishes, and refuses those of sessions that have ended.
pub async fn remote_verifier(deps: &Deps) -> Result<Verifier, StartError> {
    let url = parse("AUTH_URL", &deps.settings.auth_url)?;
    let keys = Arc::new(RemoteKeys::new(deps.http.clone(), &url, deps.clock.clone()));
    let revoked = revocations::start(deps).await?;
    let (following, shutdown) = (follow(keys.clone(), revoked.clone()), deps.lifecycle.shutdown.clone());
    deps.lifecycle.tasks.spawn(async move { shutdown.run_until_cancelled(following).await });
    Ok(Verifier::new(keys, &deps.settings.public_url, deps.clock.clone())
        .with_revocations(revoked)
        .with_api_keys(Arc::new(StoredApiKeys::new(deps))))
}

/// Reads the keys again whenever they have changed, until none is left that is gone: the auth service may hear of it later.
async fn follow(keys: Arc<RemoteKeys>, revoked: Arc<RevokedTokens>) {
    let mut changes = revoked.key_changes();
    while changes.changed().await.is_ok() {
        for pause in RENEWALS {
            sleep(pause).await;
            if !keys.renew().await.iter().any(|kid| revoked.is_key_revoked(kid)) {
                break;
            }
        }
    }
}

fn parse(name: &str, url: &str) -> Result<Url, StartError> {
    Url::parse(url).map_err(|error| StartError::Other(format!("{name} holds `{url}`: {error}")))
}

/// What the edge must know, from the settings.
pub fn edge(deps: &Deps) -> Result<EdgeConfig, StartError> {
    let settings = &deps.settings;
    Ok(EdgeConfig {
        service: settings.process.service(),
        public_url: parse("AETHER_PUBLIC_URL", &settings.public_url)?,
        cors_origins: settings.cors_origins.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
    })
}

/// The rate limits of a service's routes, for users whom this verifier knows.
pub fn limits(deps: &Deps, verifier: &Verifier) -> Limits {
    if deps.settings.rate_limits { Limits::new(deps.bus.clone(), verifier.clone()) } else { Limits::off() }
}

/// The checks that every service makes: the database, and Redis where it is used.
pub fn health(service: &'static str, deps: &Deps) -> Health {
    let (store, bus) = (deps.store.clone(), deps.bus.clone());
    let health =
        Health::new(service, env!("CARGO_PKG_VERSION"), deps.clock.clone(), deps.lifecycle.shutdown.clone())
            .needs("database", move || {
                let store = store.clone();
                async move { store.check().await.map_err(|error| error.to_string()) }
            });
    health.needs("redis", move || {
        let bus = bus.clone();
        async move { bus.check().await.map_err(|error| error.to_string()) }
    })
}

/// The same, with the keys that tokens are verified with. A service that has had them goes on without the auth service.
pub fn with_keys(health: Health, verifier: Verifier) -> Health {
    health.needs("signingKeys", move || {
        let verifier = verifier.clone();
        async move {
            let none = || "the auth service has not given its keys yet (AUTH_URL)".to_owned();
            verifier.is_ready().await.then_some(()).ok_or_else(none)
        }
    })
}

/// Runs a process: loads its settings, connects, lets `build` make the routes, serves them until a signal comes and drains.
/// A failed start is one line on standard error and exit code 1.
pub fn run<F, Fut>(process: Process, build: F) -> ExitCode
where
    F: FnOnce(Deps) -> Fut,
    Fut: Future<Output = Result<Router, StartError>>,
{
    let outcome = Settings::load(process).map_err(StartError::from).and_then(|settings| {
        telemetry::start_log(&settings);
        let metrics = telemetry::start_metrics()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| StartError::Other(format!("runtime: {error}")))?;
        runtime.block_on(start(settings, metrics, build))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Writes one line to standard error: the log may be off or elsewhere when a start fails.
#[expect(clippy::print_stderr, reason = "the one line that a failed start owes to whoever started it")]
pub fn complain(line: &str) {
    eprintln!("aether: {}", line.replace('\n', " "));
}

async fn start<F, Fut>(settings: Settings, metrics: PrometheusHandle, build: F) -> Result<(), StartError>
where
    F: FnOnce(Deps) -> Fut,
    Fut: Future<Output = Result<Router, StartError>>,
{
    let began = Instant::now();
    let lifecycle = Lifecycle::new();
    // Listening first makes a taken port the first thing that is said.
    let listener = listen("BIND_ADDR", settings.bind_addr).await?;
    let admin = match settings.metrics_addr {
        Some(address) => Some(listen("METRICS_ADDR", address).await?),
        None => None,
    };
    let deps = Deps::connect(settings, lifecycle.clone()).await?;
    let router = build(deps.clone()).await?;
    if let Some(admin) = admin {
        lifecycle.tasks.spawn(serve_metrics(admin, metrics, lifecycle.clone()));
    }
    let settings = &deps.settings;
    tracing::info!(
        event = "started",
        environment = if settings.environment == Environment::Production { "production" } else { "development" },
        address = %settings.bind_addr,
        took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "{} is ready at {}",
        settings.process.service(),
        if settings.process == Process::Aether { settings.public_url.clone() } else { format!("http://{}", settings.bind_addr) },
    );
    let stopping = lifecycle.shutdown.clone();
    let asked = Arc::new(OnceLock::new());
    let noted = asked.clone();
    lifecycle.tasks.spawn(async move {
        stop_signal().await;
        tracing::info!(event = "stopping", "asked to stop: taking no new work");
        let _ = noted.set(Instant::now());
        stopping.cancel();
    });
    serve(listener, router, &lifecycle).await?;
    // Open requests and tasks have the time together.
    let gone = asked.get().map_or(Duration::ZERO, Instant::elapsed);
    let clean = lifecycle.stop_within(DRAIN.saturating_sub(gone)).await;
    // A task that was left may hold a connection for ever.
    let _ = tokio::time::timeout(CLOSING, deps.store.close()).await;
    tracing::info!(event = "stopped", clean, "stopped");
    Ok(())
}

/// Serves until the shutdown token is cancelled, then lets open requests end for at most 25 s.
pub async fn serve(listener: TcpListener, router: Router, lifecycle: &Lifecycle) -> Result<(), StartError> {
    let shutdown = lifecycle.shutdown.clone();
    let asked = shutdown.clone();
    // `tap_io` is what lets axum tell the peer's address of a listener that is not its own.
    let listener = ReadersOnly::new(listener, STALLED).tap_io(|_| {});
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move { asked.cancelled().await })
        .into_future();
    let too_late = async {
        shutdown.cancelled().await;
        sleep(DRAIN.saturating_sub(Duration::from_secs(5))).await;
    };
    tokio::select! {
        done = serving => done.map_err(|error| StartError::Other(format!("listener: {error}"))),
        () = too_late => Ok(()),
    }
}

async fn listen(name: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen {
        name,
        address,
        reason: if error.kind() == std::io::ErrorKind::AddrInUse {
            format!("another program listens there; stop it or set {name} to another address")
        } else {
            error.to_string()
        },
    })
}

async fn serve_metrics(listener: TcpListener, metrics: PrometheusHandle, lifecycle: Lifecycle) {
    let upkeep = metrics.clone();
    let router = Router::new().route("/metrics", get(move || async move { metrics.render() }));
    let shutdown = lifecycle.shutdown.clone();
    let tick = async {
        loop {
            sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    };
    tokio::select! {
        _ = axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.cancelled().await }).into_future() => {}
        () = tick => {}
    }
}
