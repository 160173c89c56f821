//! `authenticate`, and the end of sockets whose token has ended or whose session is dead.

use std::time::Duration;

use aether_common::problem::Problem;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use super::request::{Answer, Answered, must_be};
use crate::{
    connection::{Connection, Session},
    state::State,
};

/// A socket outlives its token by so many seconds.
const GRACE_SECONDS: i64 = 30;
/// A dead session's sockets are gone within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
pub struct Authenticate {
    token: String,
}

/// Takes a newer token of the same user.
pub async fn authenticate(state: &State, connection: &Connection, asked: Authenticate) -> Answered {
    let who = state.verifier.authenticate(&asked.token).await.map_err(|_| Problem::unauthorized())?;
    must_be(connection, Some(who.claims.sub))?;
    let expires_at = who.claims.exp;
    connection.renew(Session::new(who, asked.token));
    Ok(Answer::Ack(json!({ "expiresAt": expires_at })))
}

/// Dismisses sockets whose token has ended or whose session is dead, until the process stops.
pub async fn watch(state: State) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.deps.lifecycle.shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = state.deps.clock.now().timestamp();
        for connection in state.hub.connections() {
            if connection.is_revoked(&state.verifier) {
                // The notice that says why is given its time to come.
                if !connection.doubt() {
                    continue;
                }
                connection.dismiss("session_revoked", "The session has ended.");
            } else if now >= connection.expires_at() + GRACE_SECONDS {
                connection.dismiss("session_expired", "The access token has ended.");
            }
        }
    }
}
