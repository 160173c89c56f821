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

use std::{sync::Arc, time::Duration};

use aether_boot::{Deps, Service, StartError};
use aether_common::jwt::KeySource;
use aether_store::{StoreError, one_time_tokens, sessions, token_cuts};
use chrono::TimeDelta;

use crate::{domain::keys::watch::watch, state::AppState};

/// How often what is over is forgotten.
const PURGE_EVERY: Duration = Duration::from_hours(1);
/// How long sessions stay after their time, so that their tokens are still called ended and not unknown.
const KEEP_ENDED: TimeDelta = TimeDelta::days(7);
/// Cuts are of no use when no token of before them can be alive, on any machine's clock.
const KEEP_CUTS: TimeDelta = TimeDelta::hours(1);

/// The auth service, built.
pub struct AuthService {
    /// Its routes and their description.
    pub service: Service,
    /// The keys that verify access tokens, for services in the same process.
    pub keys: Arc<dyn KeySource>,
}

/// Builds the service: reads the signing keys (the first process to start makes one) and begins its upkeep.
pub async fn build(deps: &Deps) -> Result<AuthService, StartError> {
    let state = AppState::new(deps).await?;
    let keys: Arc<dyn KeySource> = state.keys.clone();
    state.mailer.start();
    let watched = watch(state.keys.clone(), deps.bus.clone(), deps.lifecycle.shutdown.clone());
    deps.lifecycle.tasks.spawn(watched);
    let service = router::service(state, deps);
    deps.lifecycle.tasks.spawn(purge(deps.clone()));
    Ok(AuthService { service, keys })
}

async fn purge(deps: Deps) {
    loop {
        tokio::select! {
            () = deps.lifecycle.shutdown.cancelled() => return,
            () = tokio::time::sleep(PURGE_EVERY) => {}
        }
        match forget(&deps).await {
            Ok(0) => {}
            Ok(sessions) => {
                tracing::info!(event = "sessions_purged", sessions, "forgot sessions that are over");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot forget what is over; trying again in an hour");
            }
        }
    }
}

/// Forgets what is over; answers how many sessions.
async fn forget(deps: &Deps) -> Result<u64, StoreError> {
    let (mut conn, now) = (deps.store.conn().await?, deps.clock.now());
    one_time_tokens::purge(&mut conn, now).await?;
    token_cuts::purge(&mut conn, now - KEEP_CUTS).await?;
    sessions::purge(&mut conn, now - KEEP_ENDED).await
}
