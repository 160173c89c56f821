//! Tells every process that sessions have ended, once that is kept. What is not told is found in the database some
//! seconds later, so a failure here is logged and fails nobody's call.

use std::time::Duration;

use aether_bus::{Bus, BusError, Topic};
use aether_common::{
    id::{SessionId, UserId},
    notice::{Notice, Revocation},
};
use aether_store::sessions::EndReason;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How many sessions one payload names.
const CHUNK: usize = 500;
/// How long telling it all may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells of ended sessions; cheap to clone.
#[derive(Clone)]
pub struct Announcer {
    bus: Bus,
    tasks: TaskTracker,
}

impl Announcer {
    /// Tells over `bus`, on `tasks`.
    pub fn new(bus: Bus, tasks: TaskTracker) -> Self {
        Self { bus, tasks }
    }

    /// Says that these sessions of the user have ended: their access tokens are refused and their sockets disconnected.
    /// Call it after the commit. Returns at once: neither a slow bus nor a client that hangs up gets in the way.
    pub fn ended(&self, user: UserId, sessions: Vec<SessionId>, reason: EndReason) {
        if sessions.is_empty() {
            return;
        }
        let bus = self.bus.clone();
        self.spawn(user, async move { tell(&bus, user, &sessions, reason).await });
    }

    /// Says that the tokens of this subject (the user, or an API key of theirs) are dead up to this moment, as
    /// `aether_store::token_cuts` keeps it. Call it after the commit; returns at once.
    pub fn cut(&self, user: UserId, subject: Uuid, at: DateTime<Utc>) {
        let bus = self.bus.clone();
        self.spawn(user, async move {
            bus.publish(&Topic::revocations(), written(&Revocation::Cut { subject, at })?).await
        });
    }

    fn spawn(&self, user: UserId, telling: impl Future<Output = Result<(), BusError>> + Send + 'static) {
        self.tasks.spawn(async move {
            let cause = match timeout(PATIENCE, telling).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the bus is too slow".to_owned(),
            };
            tracing::warn!(
                event = "revocation_not_told",
                user.id = %user,
                cause,
                "cannot tell that tokens are dead; processes will read it"
            );
        });
    }
}

async fn tell(bus: &Bus, user: UserId, sessions: &[SessionId], reason: EndReason) -> Result<(), BusError> {
    // Tokens first: a socket that is disconnected must not come back with the same one.
    for some in sessions.chunks(CHUNK) {
        let revocation = Revocation::SessionsEnded { session_ids: some.to_vec() };
        bus.publish(&Topic::revocations(), written(&revocation)?).await?;
    }
    for session in sessions {
        let notice = Notice::SessionRevoked { session_id: Some(*session), reason: sentence(reason).into() };
        bus.publish(&Topic::user(user), written(&notice)?).await?;
    }
    Ok(())
}

fn written(what: &impl Serialize) -> Result<Vec<u8>, BusError> {
    serde_json::to_vec(what).map_err(|error| BusError::Corrupt(error.to_string()))
}

fn sentence(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Logout => "You signed out.",
        EndReason::Reused => {
            "An old sign-in of yours was used again, so this session was ended. Sign in again."
        }
        EndReason::Revoked => "This session was signed out from another one.",
        EndReason::PasswordChanged => "The password was changed. Sign in with the new one.",
        EndReason::SecondFactorChanged => "The second factor was changed. Sign in again.",
        EndReason::AddressTaken => "This e-mail address has been proved by somebody else.",
        EndReason::ByAdmin => "An administrator signed you out.",
        EndReason::Disabled => "This account was disabled by an administrator.",
        EndReason::Deleted => "This account was deleted.",
    }
}
