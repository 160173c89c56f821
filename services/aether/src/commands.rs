//! The operator commands that are not `serve`. Each says what it did, or in one line why it could not.

mod admin;
mod eval;
mod keys;

use std::process::ExitCode;

use aether_auth::domain::keys::watch::tell;
use aether_boot::{Deps, Lifecycle, Process, Settings, StartError, config::Sources, serve::complain};
use aether_bus::{Bus, BusError};
use aether_common::notice::Revocation;
use aether_store::Store;
use secrecy::ExposeSecret;

pub use admin::{AdminAction, admin};
pub use eval::{EvalArgs, eval};
pub use keys::{KeysAction, keys};

use crate::{compose, openapi};

/// `aether migrate`
pub fn migrate() -> ExitCode {
    finish(block_on(async {
        let settings = Settings::load(Process::Aether)?;
        settings.make_data_dir()?;
        let store = Store::connect(settings.database_url.expose_secret()).await?;
        store.close().await;
        Ok("The database's schema is up to date.".to_owned())
    }))
}

/// `aether config check`
pub fn check_config() -> ExitCode {
    let checked = Settings::load(Process::Aether).map_err(StartError::from);
    finish(
        checked
            .map(|settings| format!("Every setting can be used. The public URL is {}.", settings.public_url)),
    )
}

/// `aether openapi`: needs no settings, database or network; it builds the services on throw-away ones.
pub fn print_openapi() -> ExitCode {
    finish(block_on(async {
        let dir = std::env::temp_dir().join(format!("aether-openapi-{}", std::process::id()));
        let path = dir.to_string_lossy().into_owned();
        let sources = Sources::from_pairs([("AETHER_DATA_DIR", path.as_str()), ("METRICS_ADDR", "off")]);
        let lifecycle = Lifecycle::new();
        let deps =
            Deps::connect(Settings::from_sources(Process::Aether, &sources)?, lifecycle.clone()).await?;
        let services = compose::services(&deps).await?;
        let document = openapi::merge(&services).to_pretty_json();
        lifecycle.stop().await;
        deps.store.close().await;
        // The folder is ours and holds nothing that anybody needs.
        let _ = std::fs::remove_dir_all(dir);
        document.map_err(|error| StartError::Other(error.to_string()))
    }))
}

/// What a command that changes something works with: the database, and Redis where it is set and answers.
struct Console {
    settings: Settings,
    store: Store,
    lifecycle: Lifecycle,
    bus: Option<Result<Bus, BusError>>,
}

impl Console {
    async fn open() -> Result<Self, StartError> {
        let settings = Settings::load(Process::Aether)?;
        settings.make_data_dir()?;
        let store = Store::connect(settings.database_url.expose_secret()).await?;
        let lifecycle = Lifecycle::new();
        let bus = match &settings.redis_url {
            Some(url) => Some(Bus::connect(Some(url), lifecycle.shutdown.clone(), &lifecycle.tasks).await),
            None => None,
        };
        Ok(Self { settings, store, lifecycle, bus })
    }

    /// Tells running services; answers, as another line, what else is to be known about that.
    async fn tell(&self, notice: &Revocation) -> String {
        let told = match &self.bus {
            None => return "\nA running `aether` follows within 5 seconds.".into(),
            Some(Ok(bus)) => tell(bus, notice).await,
            Some(Err(error)) => Err(error.clone()),
        };
        match told {
            Ok(()) => String::new(),
            Err(error) => {
                format!("\nREDIS_URL: {error}. Running services read it in the database within 5 seconds.")
            }
        }
    }

    async fn close(self) {
        self.lifecycle.stop().await;
        self.store.close().await;
    }
}

fn block_on<T>(work: impl Future<Output = Result<T, StartError>>) -> Result<T, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| StartError::Other(format!("runtime: {error}")))?
        .block_on(work)
}

#[expect(clippy::print_stdout, reason = "a command answers on standard output")]
fn finish(outcome: Result<String, StartError>) -> ExitCode {
    match outcome {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
