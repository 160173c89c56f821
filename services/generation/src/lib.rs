//! The generation service: from a prompt to software. A request becomes a row and a job in one transaction; a worker
//! claims the job, streams a provider's answer into the journal and ends it; readers follow the journal.

pub mod domain;
pub mod edits;
pub mod evaluation;
mod examination;
pub mod generations;
mod handlers;
pub mod ledger;
pub mod lives;
pub mod prompts;
pub mod provider;
pub mod retention;
mod router;
pub mod sharing;
mod state;
pub mod uploads;
pub mod worker;

use aether_boot::{Deps, Service, StartError};
use aether_common::jwt::Verifier;

pub use generations::{Generations, Start};
use ledger::Ledger;
use lives::Lives;
use provider::Providers;
use sharing::Sharing;
use state::State;
use uploads::Uploads;
use worker::{Deadlines, Worker};

/// The service, and the operations that the realtime service calls when it is in the same process.
pub struct Built {
    /// Its routes.
    pub service: Service,
    /// Its operations.
    pub generations: Generations,
}

/// Builds the service and starts its worker. Without a provider it starts the built-in demo model, and says so.
pub async fn build(deps: &Deps, verifier: Verifier) -> Result<Built, StartError> {
    let (providers, is_demo) = provider::setup::from_settings(deps).await?;
    build_with(deps, verifier, providers, is_demo, Deadlines::from_settings(&deps.settings))
}

/// Builds the service on these providers.
pub fn build_with(
    deps: &Deps,
    verifier: Verifier,
    providers: Providers,
    is_demo: bool,
    deadlines: Deadlines,
) -> Result<Built, StartError> {
    let ledger = Ledger::new(deps.clone(), deps.settings.budgets).with_labels(providers.clone());
    ledger.start();
    let uploads = Uploads::new(deps.clone());
    let generations = Generations::new(deps.clone(), ledger.clone(), uploads.clone());
    let worker = Worker::new(
        deps.clone(),
        providers.clone(),
        generations.clone(),
        ledger.clone(),
        uploads.clone(),
        deadlines,
    );
    worker.start();
    retention::start(deps, &uploads);
    let state = State {
        deps: deps.clone(),
        ledger,
        lives: Lives::new(deps.clone(), generations.clone()),
        uploads,
        sharing: Sharing::new(deps.clone(), generations.clone())?,
        prompts: worker.prompts(),
        verifier,
        generations: generations.clone(),
        providers,
        worker,
        is_demo,
        started: deps.clock.now(),
    };
    Ok(Built { service: router::build(state), generations })
}
