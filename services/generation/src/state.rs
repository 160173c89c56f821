//! What the handlers share.

use aether_boot::Deps;
use aether_common::jwt::Verifier;
use axum::extract::FromRef;
use chrono::{DateTime, Utc};

use crate::{generations::Generations, prompts::Prompts, provider::Providers, uploads::Uploads, worker::Worker};

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct State {
    pub deps: Deps,
    pub verifier: Verifier,
    pub generations: Generations,
    pub prompts: Prompts,
    pub providers: Providers,
    pub uploads: Uploads,
    pub worker: Worker,
    pub is_demo: bool,
    pub started: DateTime<Utc>,
}
