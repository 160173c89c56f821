//! Keeps a process's keyring as the database has it, and the database's keys as the schedule wants them.

use std::{sync::Arc, time::Duration};

use aether_bus::{Bus, BusError, Delivery, Subscription, Topic};
use aether_common::notice::Revocation;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Keyring;

/// The keys are read so often, whatever is heard: an operator's command may reach the database alone.
pub const READ_EVERY: Duration = Duration::from_secs(3);
/// How long a bus that does not answer may keep us from reading.
const SUBSCRIBE: Duration = Duration::from_secs(1);
/// How long one look may take before it is given up until the next.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs until the process stops. Of several processes any may do what is due; the database lets one.
pub async fn watch(keyring: Arc<Keyring>, bus: Bus, shutdown: CancellationToken) {
    let mut ticks = interval(READ_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut subscription = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {
                if subscription.is_none() {
                    let open = timeout(SUBSCRIBE, bus.subscribe(&Topic::revocations())).await;
                    subscription = open.ok().and_then(Result::ok);
                }
            }
            () = told(&mut subscription) => {}
        }
        look(&keyring, &bus).await;
    }
}

/// Until a change of the keys is told of, or may have been.
async fn told(subscription: &mut Option<Subscription>) {
    let Some(open) = subscription else { return std::future::pending().await };
    loop {
        match open.next().await {
            Delivery::Message(payload) => {
                if let Ok(Revocation::KeysChanged { .. }) = serde_json::from_slice(&payload) {
                    return;
                }
            }
            Delivery::Lost => return,
            Delivery::Closed => {
                *subscription = None;
                return;
            }
        }
    }
}

async fn look(keyring: &Keyring, bus: &Bus) {
    match timeout(PATIENCE, keyring.tend()).await {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(change))) => {
            if let Err(error) = tell(bus, &change.notice()).await {
                tracing::warn!(event = "key_change_not_told", %error, "cannot tell that the signing keys have changed");
            }
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "cannot read the signing keys; going on with those we have");
        }
        Err(_) => tracing::warn!("the signing keys cannot be read in time; going on with those we have"),
    }
}

/// Tells every process. Who does not hear it finds it in the database some seconds later.
pub async fn tell(bus: &Bus, notice: &Revocation) -> Result<(), BusError> {
    let payload = serde_json::to_vec(notice).map_err(|error| BusError::Corrupt(error.to_string()))?;
    bus.publish(&Topic::revocations(), payload).await
}
