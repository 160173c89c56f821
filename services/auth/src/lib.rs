//! Accounts: who somebody is, proved once, and carried as a signed token to every other service.
//!
//! `router` lists the paths; a handler unpacks and calls; `domain` decides; `aether_store` keeps.

mod answer;
mod csrf;
pub mod domain;
mod handlers;
mod router;
mod state;

use std::{sync::Arc, time::Duration};

use aether_boot::{Deps, Service, StartError};
use aether_common::jwt::KeySource;
use aether_store::sessions;
use chrono::TimeDelta;

use crate::state::AppState;

/// How often sessions whose time is over are forgotten.
const PURGE_EVERY: Duration = Duration::from_hours(1);
/// How long they stay after that, so that their tokens are still called ended and not unknown.
const KEEP_ENDED: TimeDelta = TimeDelta::days(7);

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
        let purged = async {
            let mut conn = deps.store.conn().await?;
            sessions::purge(&mut conn, deps.clock.now() - KEEP_ENDED).await
        };
        match purged.await {
            Ok(0) => {}
            Ok(sessions) => {
                tracing::info!(event = "sessions_purged", sessions, "forgot sessions that are over");
            }
            Err(error) => {
                tracing::warn!(%error, "cannot forget sessions that are over; trying again in an hour");
            }
        }
    }
}
