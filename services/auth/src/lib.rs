//! Accounts: who somebody is, proved once, and carried as a signed token to every other service.
//!
//! `router` lists the paths; a handler unpacks and calls; `domain` decides; `aether_store` keeps.

mod answer;
mod cookie;
mod csrf;
pub mod domain;
mod handlers;
mod router;
mod state;
pub mod upkeep;

use std::sync::Arc;

use aether_boot::{Deps, Service, StartError};
use aether_common::jwt::KeySource;

use crate::{domain::keys::watch::watch, state::AppState, upkeep::Upkeep};

/// The auth service, built.
pub struct AuthService {
    /// Its routes and their description.
    pub service: Service,
    /// The keys that verify access tokens, for services in the same process.
    pub keys: Arc<dyn KeySource>,
}

/// Builds the service: reads the signing keys (the first process to start makes one) and begins its upkeep.
pub async fn build(deps: &Deps) -> Result<AuthService, StartError> {
    // Boxed: what a start holds on to is large, and tests start many.
    let state = Box::pin(AppState::new(deps)).await?;
    let keys: Arc<dyn KeySource> = state.keys.clone();
    let watched = watch(state.keys.clone(), deps.bus.clone(), deps.lifecycle.shutdown.clone());
    deps.lifecycle.tasks.spawn(watched);
    state.erasures.start();
    state.exports.start();
    Upkeep::new(deps, state.exports.clone()).start();
    let service = router::service(state, deps);
    Ok(AuthService { service, keys })
}
