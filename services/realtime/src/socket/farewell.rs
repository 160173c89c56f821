//! The stop of a process: its sockets are told how long to wait before they knock elsewhere, and are closed.

use std::time::Duration;

use rand::RngExt;
use serde_json::json;
use socketioxide::SocketIo;
use tokio::time::{sleep, timeout};

use super::PING_TIMEOUT;
use crate::{outbox::payload, state::State};

/// How many sockets the other processes should have to take in a second.
const PER_SECOND: u64 = 500;
/// The longest wait that a socket is asked for: less than what is kept for it.
const LONGEST: Duration = Duration::from_secs(15);
/// How long the word may take to leave, before the transports are closed.
const SAID: Duration = Duration::from_millis(300);

/// Tells every socket to come back after a while of its own, `restarting {delayMs}`, and closes its transport. Not its
/// namespace: clients reconnect by themselves. One that does not know the event waits as the official clients do, half a
/// second to one and a half.
pub async fn send_away(state: &State, io: &SocketIo) {
    let connections = state.hub.connections();
    let spread = spread(connections.len());
    for connection in &connections {
        let delay = rand::rng().random_range(0..=spread);
        connection.outbox.mention("restarting", payload(&json!({ "delayMs": delay })));
    }
    if !connections.is_empty() {
        sleep(SAID).await;
    }
    let _ = timeout(PING_TIMEOUT, io.close()).await;
}

/// Over how many milliseconds so many sockets are spread.
fn spread(sockets: usize) -> u64 {
    let longest = u64::try_from(LONGEST.as_millis()).unwrap_or(u64::MAX);
    let sockets = u64::try_from(sockets).unwrap_or(u64::MAX);
    sockets.saturating_mul(1000).div_ceil(PER_SECOND).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_come_at_once_and_many_are_spread() {
        assert_eq!((spread(0), spread(1), spread(500), spread(5_000)), (0, 2, 1000, 10_000));
        assert_eq!(spread(usize::MAX), 15_000);
    }
}
