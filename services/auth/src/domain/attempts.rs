//! How often somebody's secret may be guessed: five times from one network and ten times from all together, in a quarter of
//! an hour. A guess is counted before it is checked, so many at once are no way around; a right one forgets the count.

use std::{net::IpAddr, time::Duration};

use aether_bus::{Bucket, Bus, Rate};
use aether_common::{id::UserId, problem::Problem};

const PER: Duration = Duration::from_mins(15);
const FROM_ONE_NETWORK: Rate = Rate { limit: 5, per: PER };
const FROM_ALL: Rate = Rate { limit: 10, per: PER };

/// What is guessed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// A code of the second factor, wherever it is asked for.
    Code,
    /// The password of somebody who is signed in.
    Password,
}

/// Counts guesses; cheap to clone.
#[derive(Clone)]
pub struct Attempts {
    bus: Bus,
}

/// A guess that is counted and may be checked.
pub struct Attempt {
    bus: Bus,
    buckets: [Bucket; 2],
}

impl Attempts {
    /// Counts on this bus.
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Counts a guess. 429 when there were too many: then it is not checked, right or wrong. 503 when that cannot be told.
    pub async fn begin(&self, guess: Guess, user: UserId, network: IpAddr) -> Result<Attempt, Problem> {
        let (narrow, wide) = match guess {
            Guess::Code => ("code.network", "code.user"),
            Guess::Password => ("step_up.network", "step_up.user"),
        };
        let buckets = [
            Bucket::new(narrow, format_args!("{user} {network}"), FROM_ONE_NETWORK),
            Bucket::new(wide, user, FROM_ALL),
        ];
        let decision = self.bus.take(&buckets).await?;
        if decision.allowed {
            return Ok(Attempt { bus: self.bus.clone(), buckets });
        }
        tracing::warn!(event = "guesses_refused", user.id = %user, client.network = %network, "too many wrong tries");
        Err(Problem::too_many(
            "Too many wrong tries. Wait a while before the next one.",
            decision.retry_after(),
        ))
    }
}

impl Attempt {
    /// It was right: those before it are forgotten.
    pub async fn succeeded(self) {
        if let Err(error) = self.bus.refill(&self.buckets).await {
            tracing::warn!(%error, "wrong tries before the right one stay counted");
        }
    }
}
