//! The operator commands that are not `serve`. Each says what it did, or in one line why it could not.

mod eval;

use std::process::ExitCode;

use aether_boot::{Deps, Lifecycle, Process, Settings, StartError, config::Sources, serve::complain};
use aether_store::Store;
use secrecy::ExposeSecret;

pub use eval::{EvalArgs, eval};

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
