//! The realtime service: Socket.IO with its rooms and streams, and rooms over REST. A socket's events come in by
//! `socket::connect`; what other parts say comes over the bus by `fanout`; both leave by the socket's `outbox`.

mod connection;
mod domain;
mod fanout;
mod flood;
mod handlers;
mod outbox;
pub mod ports;
mod presence;
mod replay;
mod router;
mod socket;
mod state;

use std::sync::Arc;

use aether_boot::{Deps, Service, StartError};
use aether_common::jwt::Verifier;

use ports::Generations;
use state::State;

/// Builds the service. Sockets are closed, and may connect elsewhere, when the process is asked to stop.
///
/// # Errors
/// None today; the other services' builders fail, and callers treat all alike.
#[expect(clippy::unused_async, reason = "the other services' builders wait for what they start")]
pub async fn build(
    deps: &Deps,
    verifier: Verifier,
    generations: Arc<dyn Generations>,
) -> Result<Service, StartError> {
    let state = State::new(deps, verifier, generations);
    let sockets = socket::serve(&state);
    Ok(router::build(state, sockets))
}
