//! How many mails somebody can cause, so that nobody's mailbox is flooded through us: for an account so many of each kind,
//! and for a network that nobody is signed in from so many in all.

use std::{net::IpAddr, time::Duration};

use aether_bus::{Bucket, Bus, Rate};
use aether_common::{clock::Clock, id::UserId, problem::Problem};
use aether_store::{Db, mails};
use chrono::TimeDelta;

/// Of one kind for one account, in a time.
const ACCOUNT: [(i64, TimeDelta); 2] = [(5, TimeDelta::hours(1)), (12, TimeDelta::days(1))];
/// From one network (a /64 in IPv6), whoever they are for: an office that starts on a Monday fits in.
const NETWORK: Rate = Rate { limit: 100, per: Duration::from_hours(1) };

/// Counts mails; cheap to clone.
#[derive(Clone)]
pub struct Postage {
    bus: Bus,
    clock: Clock,
    on: bool,
}

impl Postage {
    /// Counts what is sent to accounts by what is kept of it, and networks on `bus`; counts nothing when it is not `on`.
    pub fn new(bus: Bus, clock: Clock, on: bool) -> Self {
        Self { bus, clock, on }
    }

    /// When the account may be sent one more mail of this kind, if not now. Ask it with the account locked, and of many at
    /// once no more than are allowed pass.
    pub async fn wait(
        &self,
        db: &mut impl Db,
        account: UserId,
        kind: &str,
    ) -> Result<Option<Duration>, Problem> {
        if !self.on {
            return Ok(None);
        }
        let now = self.clock.now();
        for (limit, per) in ACCOUNT {
            let (count, first) = mails::count_since(db, account, kind, now - per).await?;
            if count >= limit {
                let wait = first.map_or(per, |first| first + per - now);
                return Ok(Some(wait.to_std().unwrap_or_default()));
            }
        }
        Ok(None)
    }

    /// Whether a request from this network, of whoever it may be, may cause one more mail. When nobody can count, it may not.
    pub async fn take(&self, network: IpAddr) -> bool {
        if !self.on {
            return true;
        }
        match self.bus.take(&[Bucket::new("mail.network", network, NETWORK)]).await {
            Ok(decision) => {
                if !decision.allowed {
                    tracing::warn!(event = "mail_refused", client.network = %network, "too many mails are asked for from one network");
                }
                decision.allowed
            }
            Err(error) => {
                tracing::warn!(event = "mail_refused", %error, "nobody counts mails; none is sent for strangers");
                false
            }
        }
    }
}

/// 429, for whoever is signed in; others are not told.
pub fn too_many(wait: Duration) -> Problem {
    Problem::too_many("Enough mails of this kind were sent. Look for them before you ask for another.", wait)
}
