//! Rate limits: buckets that are charged in one step and fill up again by themselves, in this process or over Redis.
//!
//! The algorithm is GCRA, the Generic Cell Rate Algorithm (ITU-T Recommendation I.371, as "virtual scheduling"): all
//! that is kept of a bucket is the moment at which it will be full again. What is charged moves that moment on, and a
//! bucket that is full is not kept at all. Time is the keeper's own: Redis's clock, or the monotonic one of this process.
//!
//! What is promised: of a [`Rate`] of `limit` in `per`, at most `limit` pass at once and `limit × (1 + t / per)` in any
//! time `t`, however many ask at once in however many processes. What is not: a try that was charged and whose answer was
//! lost stays charged; a Redis that is emptied fills every bucket; and of more buckets than one process keeps
//! (100 000) those go first that would be full first.
//!
//! All keys carry the hash tag `{limits}`: a cluster runs a script only on keys of one slot, and buckets of different
//! subjects must be charged together. Limits are thus the work of one node; a step costs it some microseconds.
//!
//! For a slow-down of sign-ins, three buckets make one try: the account from this network (narrow), the account from
//! everywhere (wider), and all sign-ins together (widest). [`Bus::take`] them before the password is hashed, so that a try
//! which is refused costs nothing and, as all or none are charged, does not use up what others have. After the right
//! password [`Bus::refill`] the first, so that the owner's own slips are forgotten. Leave the second out for a network that
//! the account has been signed in from: a stranger who drains it from elsewhere must not lock the owner out.
//! [`Bus::peek`] tells whether a try would pass, and [`Decision::retry_after`] when, without charging it.

pub(crate) mod memory;

use std::{fmt::Display, time::Duration};

use sha2::{Digest, Sha256};

use crate::{Backend, Bus, BusError};

/// A longer time in which a bucket fills is cut to this.
const MAX_PER: Duration = Duration::from_hours(24 * 366);

/// How much may pass: `limit` at once, and as much again in each `per`, evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// What a full bucket holds. Nothing passes a limit of 0.
    pub limit: u32,
    /// How long an empty bucket takes to be full; at most a year.
    pub per: Duration,
}

/// A bucket, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    key: Key,
    rate: Rate,
    cost: u32,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether every bucket held what was asked of it.
    pub allowed: bool,
    /// How full each bucket is now, in the order in which they were named.
    pub levels: Vec<Level>,
}

/// How full a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// What it holds when it is full.
    pub limit: u32,
    /// What is in it.
    pub remaining: u32,
    /// When it will be full, if nothing more is charged.
    pub full_in: Duration,
    /// When it will hold what was asked of it, if nothing more is charged; zero if it did.
    pub retry_after: Duration,
}

/// Buckets of this process alone, for what one process must bear and no other hears of.
#[derive(Default)]
pub struct LocalLimits(memory::Buckets);

/// A bucket's name: what it limits, and a hash of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    kind: &'static str,
    subject: [u8; 16],
}

/// A bucket in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    pub(crate) key: Key,
    /// The time that one takes to come back.
    pub(crate) interval: u64,
    /// The time that all take.
    pub(crate) capacity: u64,
    /// The time that what is asked takes; more than `capacity` never passes.
    pub(crate) cost: u64,
}

/// What the keeper of the buckets found: whether all passed, and for each how far it was from full before this step.
pub(crate) struct Found {
    pub(crate) passed: bool,
    pub(crate) missing: Vec<u64>,
}

impl Rate {
    /// `limit` at once, and as much again in each minute.
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, per: Duration::from_mins(1) }
    }
}

impl Bucket {
    /// The bucket of this subject among those of this kind (a stable word such as `api.user`), from which 1 is asked.
    ///
    /// Its rate is not kept with it: whoever asks names it, and a new one holds at once. The subject may be any text, also
    /// a long one or an e-mail address: only its hash is kept.
    pub fn new(kind: &'static str, subject: impl Display, rate: Rate) -> Self {
        let hash = Sha256::digest(subject.to_string());
        let mut subject = [0; 16];
        subject.copy_from_slice(&hash[..16]);
        Self { key: Key { kind, subject }, rate, cost: 1 }
    }

    /// The same, and this much is asked. What is more than the limit never passes.
    #[must_use]
    pub fn costing(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    fn charge(&self) -> Charge {
        let per = u64::try_from(self.rate.per.min(MAX_PER).as_micros()).unwrap_or(u64::MAX);
        // Rounded up, so that never more than the rate passes.
        let interval = per.div_ceil(u64::from(self.rate.limit.max(1))).max(1);
        let capacity = interval * u64::from(self.rate.limit);
        // No number that a script calculates with may be too great for a double.
        let cost = interval.saturating_mul(u64::from(self.cost)).min(capacity + interval);
        Charge { key: self.key, interval, capacity, cost }
    }
}

impl Decision {
    /// When the same would pass, if nothing more is charged; zero if it has passed.
    pub fn retry_after(&self) -> Duration {
        self.levels.iter().map(|level| level.retry_after).max().unwrap_or_default()
    }

    fn new(buckets: &[Bucket], found: &Found, charged: bool) -> Self {
        let levels = buckets.iter().zip(&found.missing).map(|(bucket, before)| {
            let Charge { interval, capacity, cost, .. } = bucket.charge();
            let after = if charged && found.passed { before + cost } else { *before };
            Level {
                limit: bucket.rate.limit,
                remaining: u32::try_from(capacity.saturating_sub(after) / interval).unwrap_or(u32::MAX),
                full_in: Duration::from_micros(after),
                retry_after: Duration::from_micros((before + cost).saturating_sub(capacity)),
            }
        });
        Self { allowed: found.passed, levels: levels.collect() }
    }
}

impl LocalLimits {
    /// Charges all of these buckets, as [`Bus::take`] does.
    pub fn take(&self, buckets: &[Bucket]) -> Decision {
        let charges: Vec<Charge> = buckets.iter().map(Bucket::charge).collect();
        Decision::new(buckets, &self.0.take(&charges, true), true)
    }

    /// What [`take`](Self::take) would find, and charges nothing.
    pub fn peek(&self, buckets: &[Bucket]) -> Decision {
        let charges: Vec<Charge> = buckets.iter().map(Bucket::charge).collect();
        Decision::new(buckets, &self.0.take(&charges, false), false)
    }
}

impl Key {
    /// Its name in Redis.
    pub(crate) fn name(&self) -> String {
        format!("aether:{{limits}}:{}:{:032x}", self.kind, u128::from_be_bytes(self.subject))
    }
}

impl Bus {
    /// Charges all of these buckets, in one step, or none when one of them does not hold what is asked of it. One that is
    /// named twice is charged twice.
    ///
    /// Fails when Redis has been silent for half a second, or takes two: whoever asks decides whether that opens or closes
    /// the door.
    pub async fn take(&self, buckets: &[Bucket]) -> Result<Decision, BusError> {
        self.ask(buckets, true).await
    }

    /// What [`take`](Self::take) would find, and charges nothing.
    pub async fn peek(&self, buckets: &[Bucket]) -> Result<Decision, BusError> {
        self.ask(buckets, false).await
    }

    /// Fills these buckets: what was charged to them is forgotten. Waits no longer than [`take`](Self::take).
    pub async fn refill(&self, buckets: &[Bucket]) -> Result<(), BusError> {
        let keys: Vec<Key> = buckets.iter().map(|bucket| bucket.key).collect();
        match &self.backend {
            Backend::Memory(memory) => {
                memory.buckets.refill(&keys);
                Ok(())
            }
            Backend::Redis(_) if keys.is_empty() => Ok(()),
            Backend::Redis(redis) => Box::pin(redis.refill(&keys)).await,
        }
    }

    async fn ask(&self, buckets: &[Bucket], charged: bool) -> Result<Decision, BusError> {
        let charges: Vec<Charge> = buckets.iter().map(Bucket::charge).collect();
        let found = match &self.backend {
            Backend::Memory(memory) => memory.buckets.take(&charges, charged),
            Backend::Redis(redis) => Box::pin(redis.take(&charges, charged)).await?,
        };
        Ok(Decision::new(buckets, &found, charged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(limit: u32, per: Duration, cost: u32) -> Charge {
        Bucket::new("test", "a", Rate { limit, per }).costing(cost).charge()
    }

    #[test]
    fn no_rate_lets_more_pass_than_it_says_or_outgrows_a_double() {
        for limit in [0, 1, 7, 300, u32::MAX] {
            for per in [Duration::ZERO, Duration::from_millis(1), Duration::from_mins(1), Duration::MAX] {
                for cost in [0, 1, u32::MAX] {
                    let Charge { interval, capacity, cost, .. } = charge(limit, per, cost);
                    assert!(interval >= 1 && capacity == interval * u64::from(limit));
                    let year_2200 = 7_258_118_400_000_000;
                    assert!(year_2200 + capacity + cost < 1 << 53, "{limit} {per:?} {cost}");
                }
            }
        }
        assert_eq!(charge(7, Duration::from_mins(1), 1).interval, 8_571_429, "rounded up");
        let above = charge(3, Duration::from_mins(1), 4);
        assert!(above.cost > above.capacity, "more than the limit");
    }

    #[test]
    fn a_key_names_its_kind_and_hides_its_subject() {
        let name = |kind, subject: &str| Bucket::new(kind, subject, Rate::per_minute(1)).key.name();
        let ana = name("login.account", "ana@example.org");
        assert!(ana.starts_with("aether:{limits}:login.account:"), "{ana}");
        assert!(!ana.contains("ana@") && ana.len() == name("login.account", &"x".repeat(10_000)).len());
        assert_ne!(ana, name("login.account", "bo@example.org"));
        assert_ne!(ana, name("login.network", "ana@example.org"));
    }
}
