//! `authenticate`, and the end of sockets whose token has ended or whose session is dead.

use std::{sync::Arc, time::Duration};

use aether_common::{jwt::TokenError, model::scope::Access, problem::Problem};
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
/// An API key is looked up again so often: what was said of its end may have been lost.
const LOOK_UP_SECONDS: i64 = 300;
/// A dead session's sockets are gone within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
pub struct Authenticate {
    token: String,
}

/// Takes a newer token of the same user, which may do the same.
pub async fn authenticate(state: &State, connection: &Connection, asked: Authenticate) -> Answered {
    let who = state.verifier.authenticate(&asked.token).await.map_err(|_| Problem::unauthorized())?;
    must_be(connection, Some(who.claims.sub))?;
    if who.access != connection.access {
        return Err(Problem::conflict(
            "other_access",
            "This token may do other things than the one of this socket. Connect anew with it.",
        ));
    }
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
            if connection.is_due(now, LOOK_UP_SECONDS) {
                state.spawn(look_up(state.clone(), connection.clone()));
            }
            // Who has an API key cannot renew it.
            let grace = if connection.access == Access::Session { GRACE_SECONDS } else { 0 };
            if let Some((event, reason)) = connection.condemned() {
                if connection.is_quiet() {
                    connection.dismiss(event, reason);
                }
            } else if connection.is_revoked(&state.verifier) {
                // The notice that says why is given its time to come.
                if !connection.doubt() {
                    continue;
                }
                connection.dismiss("session_revoked", "The session has ended.");
            } else if now >= connection.expires_at().saturating_add(grace) {
                connection.dismiss("session_expired", "The access token has ended.");
            }
        }
    }
}

/// Looks an API key up again, as each of its requests would.
async fn look_up(state: State, connection: Arc<Connection>) {
    match state.verifier.authenticate(&connection.session().token).await {
        Ok(_) | Err(TokenError::Unavailable(_)) => {}
        Err(reason) => {
            tracing::debug!(%reason, socket.id = %connection.sid, "the API key of a socket is dead");
            connection.condemn("session_revoked", "The API key is good no more.");
        }
    }
}
