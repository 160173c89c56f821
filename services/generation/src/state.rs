//! What the handlers share.

use aether_boot::Deps;
use aether_common::jwt::Verifier;
use axum::extract::FromRef;
use chrono::{DateTime, Utc};

use crate::{
    generations::Generations, ledger::Ledger, lives::Lives, prompts::Prompts, provider::Providers,
    sharing::Sharing, uploads::Uploads, worker::Worker,
};

/// Cheap to clone.
#[derive(Clone, FromRef)]
pub struct State {
    pub deps: Deps,
    pub verifier: Verifier,
    pub generations: Generations,
    pub ledger: Ledger,
    pub lives: Lives,
    pub prompts: Prompts,
    pub providers: Providers,
    pub sharing: Sharing,
    pub uploads: Uploads,
    pub worker: Worker,
    pub is_demo: bool,
    pub started: DateTime<Utc>,
}
