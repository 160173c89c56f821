//! Sign-ins that fail are slowed down: for the account from one network, for the account from everywhere, and for all
//! accounts together. A network that the account has been signed in from is counted by itself alone, so that no stranger
//! can lock the owner out. Whether there is such an account changes nothing.

use std::{net::IpAddr, time::Duration};

use aether_bus::{Bucket, Bus, BusError, Rate};
use aether_common::problem::Problem;

/// Of one account from one network (a /64 in IPv6): ten at once, then one a minute.
const NARROW: Rate = Rate { limit: 10, per: Duration::from_mins(10) };
/// Of one account from all networks that are new to it: a thousand guesses take more than a day.
const WIDE: Rate = Rate { limit: 30, per: Duration::from_hours(1) };
/// Of all accounts from networks that are new to them, failed ones only.
const ALL: Rate = Rate { limit: 1_000, per: Duration::from_mins(1) };

/// Slows sign-ins down; cheap to clone.
#[derive(Clone)]
pub struct SlowDown {
    bus: Bus,
    on: bool,
}

/// A sign-in that is being tried.
#[derive(Clone, Debug)]
pub struct Attempt {
    narrow: Bucket,
    /// None from a network that the account knows.
    wide: Option<Bucket>,
}

impl SlowDown {
    /// Counts on `bus`, so that every process counts the same; counts nothing when it is not `on`.
    pub fn new(bus: Bus, on: bool) -> Self {
        Self { bus, on }
    }

    /// Counts a try at this account (named by what the client wrote, whether it exists or not) from this network, before
    /// anything is computed for it. `known` says that the account has been signed in from there.
    ///
    /// # Errors
    /// 429 with the time to wait; 503 when nobody can count, because guessing without bounds is worse than waiting.
    pub async fn begin(&self, account: &str, network: IpAddr, known: bool) -> Result<Attempt, Problem> {
        let narrow = Bucket::new("login.account_network", format_args!("{account} {network}"), NARROW);
        let wide = (!known).then(|| Bucket::new("login.account", account, WIDE));
        let attempt = Attempt { narrow, wide };
        if !self.on {
            return Ok(attempt);
        }
        if !known {
            let all = self.bus.peek(&[all()]).await?;
            if !all.allowed {
                return Err(slower(all.retry_after()));
            }
        }
        let buckets: Vec<Bucket> =
            std::iter::once(attempt.narrow.clone()).chain(attempt.wide.clone()).collect();
        let decision = self.bus.take(&buckets).await?;
        if decision.allowed { Ok(attempt) } else { Err(slower(decision.retry_after())) }
    }

    /// The try has failed: it counts among all.
    pub async fn failed(&self, attempt: &Attempt) -> Result<(), BusError> {
        if self.on && attempt.wide.is_some() {
            self.bus.take(&[all()]).await?;
        }
        Ok(())
    }

    /// The try has succeeded: the owner's own slips are forgotten. What strangers tried elsewhere still counts.
    pub async fn succeeded(&self, attempt: &Attempt) {
        if self.on
            && let Err(error) = self.bus.refill(std::slice::from_ref(&attempt.narrow)).await
        {
            tracing::debug!(%error, "failed sign-ins are not forgotten; they fade by themselves");
        }
    }
}

fn all() -> Bucket {
    Bucket::new("login.all", "", ALL)
}

fn slower(wait: Duration) -> Problem {
    Problem::too_many("Too many sign-ins have failed. Wait a little before the next one.", wait)
}
