//! The buckets of one process: a map of bounded size. A bucket that is full again is no more than room to be taken.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::limits::{Charge, Found, Key};

/// How many buckets are held; above it those that are full first go first.
const MAX_BUCKETS: usize = 100_000;

/// Fewer buckets are never looked through for full ones.
const FEW: usize = 1024;

/// The buckets that are not full.
pub(crate) struct Buckets(Mutex<Held>);

struct Held {
    full_at: HashMap<Key, Instant>,
    /// At this many they are looked through: twice of what was left the last time, so that a new one costs the same
    /// however many there are.
    sweep_at: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self(Mutex::new(Held { full_at: HashMap::new(), sweep_at: FEW }))
    }
}

impl Buckets {
    pub(crate) fn take(&self, charges: &[Charge], charged: bool) -> Found {
        let mut held = self.held();
        let now = Instant::now();
        // With what this step has asked of the same bucket before.
        let mut after: Vec<(Key, u64)> = Vec::with_capacity(charges.len());
        let mut found = Found { passed: true, missing: Vec::with_capacity(charges.len()) };
        for charge in charges {
            let earlier = after.iter().rev().find(|(key, _)| *key == charge.key).map(|(_, missing)| *missing);
            // A narrower rate than before does not make anybody wait longer than for the whole of it.
            let missing = earlier.unwrap_or_else(|| held.missing(&charge.key, now)).min(charge.capacity);
            found.passed &= missing + charge.cost <= charge.capacity;
            found.missing.push(missing);
            after.push((charge.key, missing + charge.cost));
        }
        if charged && found.passed {
            for (key, missing) in after {
                held.set(key, now, missing);
            }
        }
        found
    }

    pub(crate) fn refill(&self, keys: &[Key]) {
        let mut held = self.held();
        for key in keys {
            held.full_at.remove(key);
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn missing(&self, key: &Key, now: Instant) -> u64 {
        let left = self.full_at.get(key).map_or(Duration::ZERO, |full_at| full_at.duration_since(now));
        u64::try_from(left.as_micros()).unwrap_or(u64::MAX)
    }

    fn set(&mut self, key: Key, now: Instant, missing: u64) {
        if self.full_at.len() >= self.sweep_at {
            self.sweep(now);
        }
        self.full_at.insert(key, now + Duration::from_micros(missing));
    }

    fn sweep(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MAX_BUCKETS {
            // An eighth at once, so that a crowd is not gone through at every new bucket.
            let mut moments: Vec<Instant> = self.full_at.values().copied().collect();
            let (_, last_to_go, _) = moments.select_nth_unstable(MAX_BUCKETS / 8);
            self.full_at.retain(|_, full_at| *full_at > *last_to_go);
        }
        self.sweep_at = (2 * self.full_at.len()).clamp(FEW, MAX_BUCKETS);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::limits::{Bucket, Rate};

    fn charge(subject: usize, cost: u32) -> Charge {
        Bucket::new("test", subject, Rate::per_minute(10)).costing(cost).charge()
    }

    fn missing(buckets: &Buckets, subject: usize) -> u64 {
        buckets.take(&[charge(subject, 0)], false).missing[0]
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_buckets_is_bounded_and_the_fullest_go_first() {
        let buckets = Buckets::default();
        assert!(buckets.take(&[charge(0, 10)], true).passed);
        for subject in 1..=2 * MAX_BUCKETS {
            buckets.take(&[charge(subject, 1)], true);
            assert!(buckets.held().full_at.len() <= MAX_BUCKETS);
        }
        assert_eq!(missing(&buckets, 0), 60_000_000, "whoever has used most is remembered");
        assert!(missing(&buckets, 2 * MAX_BUCKETS) > 0, "and so is whoever came last");
    }

    #[tokio::test(start_paused = true)]
    async fn buckets_that_are_full_again_take_no_room() {
        let buckets = Buckets::default();
        for round in 0..50 {
            for subject in 0..FEW {
                buckets.take(&[charge(round * FEW + subject, 1)], true);
            }
            advance(Duration::from_secs(7)).await;
        }
        assert!(buckets.held().full_at.len() <= 2 * FEW, "{}", buckets.held().full_at.len());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_charged_comes_back_evenly_and_not_earlier() {
        let buckets = Buckets::default();
        assert!(buckets.take(&[charge(0, 10)], true).passed);
        for _ in 0..20 {
            advance(Duration::from_micros(5_999_999)).await;
            assert!(!buckets.take(&[charge(0, 1)], true).passed);
            advance(Duration::from_micros(1)).await;
            assert!(buckets.take(&[charge(0, 1)], true).passed);
        }
    }
}
