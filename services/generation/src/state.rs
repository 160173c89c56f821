//! What the handlers share.

use std::sync::Arc;

use aether_boot::{Deps, Settings};
use aether_common::jwt::Verifier;
use axum::extract::FromRef;
use chrono::{DateTime, Utc};

use crate::{domain::cost::Model, generations::Generations, provider::Provider, worker::Worker};

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct State {
    pub deps: Deps,
    pub verifier: Verifier,
    pub generations: Generations,
    pub provider: Arc<dyn Provider>,
    pub worker: Worker,
    pub models: Arc<[Model]>,
    pub is_demo: bool,
    pub started: DateTime<Utc>,
}

/// The models that the settings name.
pub fn models(settings: &Settings, provider: &str) -> Arc<[Model]> {
    let mut names = vec![settings.model_complex.clone(), settings.model_simple.clone()];
    names.dedup();
    let free = provider == "demo";
    names
        .into_iter()
        .map(|id| Model {
            id,
            provider: provider.to_owned(),
            context_tokens: free.then_some(128_000),
            max_output_tokens: None,
            input_micros_per_million: free.then_some(0),
            output_micros_per_million: free.then_some(0),
        })
        .collect()
}
