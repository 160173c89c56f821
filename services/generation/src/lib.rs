//! The generation service: from a prompt to software. A request becomes a row and a job in one transaction; a worker
//! claims the job, streams a provider's answer into the journal and ends it; readers follow the journal.

pub mod domain;
pub mod generations;
mod handlers;
pub mod provider;
mod router;
mod state;
pub mod worker;

use std::sync::Arc;

use aether_boot::{Deps, ProviderSetting, Service, StartError};
use aether_common::jwt::Verifier;
use aether_demo_model as demo;
use url::Url;

pub use generations::{Generations, Start};
use domain::cost::Model;
use provider::{Endpoint, Listed, Providers, openai::OpenAi, pool::USUAL_CONCURRENT};
use state::State;
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
    let (providers, is_demo) = providers(deps).await?;
    build_with(deps, verifier, providers, is_demo, Deadlines::default())
}

/// Builds the service on these providers.
pub fn build_with(
    deps: &Deps,
    verifier: Verifier,
    providers: Providers,
    is_demo: bool,
    deadlines: Deadlines,
) -> Result<Built, StartError> {
    let generations = Generations::new(deps.clone());
    let worker = Worker::new(deps.clone(), providers.clone(), generations.clone(), deadlines);
    worker.start();
    let state = State {
        deps: deps.clone(),
        verifier,
        generations: generations.clone(),
        providers,
        worker,
        is_demo,
        started: deps.clock.now(),
    };
    Ok(Built { service: router::build(state), generations })
}

async fn providers(deps: &Deps) -> Result<(Providers, bool), StartError> {
    let (name, url, key) = match &deps.settings.provider {
        ProviderSetting::OpenAi { base_url, api_key } => ("openai", base_url.clone(), api_key.clone()),
        ProviderSetting::Demo => {
            let options = demo::Options::default();
            let lifecycle = &deps.lifecycle;
            let model = demo::serve(options, lifecycle.shutdown.clone(), &lifecycle.tasks)
                .await
                .map_err(|error| StartError::Other(format!("demo model: {error}")))?;
            let url = Url::parse(&model.base_url()).map_err(|error| StartError::Other(error.to_string()))?;
            tracing::info!(
                event = "demo_model",
                address = %model.addr(),
                "no provider is set: answers come from the built-in demo model. Set OPENAI_API_KEY for real work"
            );
            ("demo", url, None)
        }
    };
    let provider = OpenAi::new(name, &url, key, deps.http.clone(), deps.clock.clone());
    let free = name == "demo";
    let mut names = vec![deps.settings.model_complex.clone(), deps.settings.model_simple.clone()];
    names.dedup();
    let listed = |id: String| Listed {
        model: Model {
            id,
            provider: name.to_owned(),
            context_tokens: free.then_some(128_000),
            max_output_tokens: None,
            input_micros_per_million: free.then_some(0),
            output_micros_per_million: free.then_some(0),
        },
        upstream: None,
    };
    let endpoint = Endpoint {
        provider: Arc::new(provider),
        models: names.into_iter().map(listed).collect(),
        any_model: true,
        max_concurrent: USUAL_CONCURRENT,
    };
    Ok((Providers::new(vec![endpoint]), free))
}
