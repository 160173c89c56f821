//! Buckets: what passes, what is told, and what happens without Redis.

use std::time::Duration;

use aether_bus::{Bucket, Bus, BusError, Decision, Level, Rate};
use redis::Value;
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::stand::{Server, Stand, connect, eventually, new_id};

/// Nothing comes back in the time of a test.
const SLOW: Duration = Duration::from_hours(24 * 100);

fn slow(limit: u32) -> Rate {
    Rate { limit, per: SLOW }
}

/// A bucket that no other test has.
fn bucket(rate: Rate) -> Bucket {
    Bucket::new("test", new_id(), rate)
}

async fn take(bus: &Bus, buckets: &[Bucket]) -> Decision {
    bus.take(buckets).await.unwrap()
}

async fn remaining(bus: &Bus, bucket: &Bucket) -> u32 {
    level(bus, bucket).await.remaining
}

async fn level(bus: &Bus, bucket: &Bucket) -> Level {
    bus.peek(std::slice::from_ref(bucket)).await.unwrap().levels[0]
}

/// How many of these tries, all at once in two processes, pass.
async fn race(stand: &Stand, tries: impl IntoIterator<Item = Vec<Bucket>>) -> usize {
    let mut racing = JoinSet::new();
    for (number, buckets) in tries.into_iter().enumerate() {
        let bus = if number % 2 == 0 { stand.bus.clone() } else { stand.other.clone() };
        racing.spawn(async move { bus.take(&buckets).await.unwrap().allowed });
    }
    racing.join_all().await.into_iter().filter(|allowed| *allowed).count()
}

pub async fn the_limit_passes_at_once_and_the_rest_is_told_when_to_come_back(stand: &Stand) {
    let asked = [bucket(slow(3))];
    for remaining in [2, 1, 0] {
        let Decision { allowed, levels } = take(&stand.bus, &asked).await;
        let [level] = levels[..] else { panic!("{levels:?}") };
        assert!(allowed && level.retry_after.is_zero());
        assert_eq!((level.limit, level.remaining), (3, remaining));
        let empty = SLOW * (3 - remaining) / 3;
        assert!(level.full_in <= empty + Duration::from_millis(1) && level.full_in > empty / 2, "{level:?}");
    }
    for bus in [&stand.bus, &stand.other] {
        let refused = take(bus, &asked).await;
        assert!(!refused.allowed);
        assert_eq!(refused.levels[0].remaining, 0);
        let wait = refused.retry_after();
        assert!(wait <= SLOW / 3 + Duration::from_millis(1) && wait > SLOW / 6, "{wait:?}");
    }
}

pub async fn of_a_thousand_that_race_exactly_the_limit_passes(stand: &Stand) {
    let asked = bucket(slow(100));
    assert_eq!(race(stand, vec![vec![asked.clone()]; 1000]).await, 100);
    assert_eq!(remaining(&stand.bus, &asked).await, 0);
}

pub async fn what_was_charged_comes_back(stand: &Stand) {
    let asked = [bucket(Rate { limit: 3, per: Duration::from_millis(300) })];
    // However often it was refused in between: a refusal charges nothing.
    for _ in 0..10 {
        eventually(async || take(&stand.bus, &asked).await.allowed).await;
    }
    eventually(async || level(&stand.other, &asked[0]).await.full_in.is_zero()).await;
    assert_eq!(remaining(&stand.other, &asked[0]).await, 3);
}

pub async fn buckets_are_charged_together_or_not_at_all(stand: &Stand) {
    let [wide, narrow, third] = [bucket(slow(10)), bucket(slow(2)), bucket(slow(10))];
    let all = [wide.clone(), narrow.clone(), third.clone()];
    for allowed in [true, true, false, false] {
        assert_eq!(take(&stand.bus, &all).await.allowed, allowed);
    }
    let refused = take(&stand.bus, &all).await;
    assert_eq!(refused.levels.iter().map(|level| level.remaining).collect::<Vec<_>>(), [8, 0, 8]);
    // The longest wait is the one that counts.
    assert_eq!(refused.retry_after(), refused.levels[1].retry_after);
    assert!(refused.levels[0].retry_after.is_zero() && !refused.levels[1].retry_after.is_zero());
    assert!(take(&stand.bus, &[wide.clone(), third]).await.allowed);
    // One that is named twice is charged twice, or not at all.
    assert!(take(&stand.bus, &[wide.clone(), wide.clone().costing(6)]).await.allowed);
    assert!(!take(&stand.bus, &[wide.clone(), wide]).await.allowed);
    assert!(take(&stand.bus, &[]).await.allowed);
}

pub async fn a_race_for_several_buckets_charges_nothing_for_those_refused(stand: &Stand) {
    let (shared, owns) = (bucket(slow(1000)), [(); 4].map(|()| bucket(slow(20))));
    let tries = (0..800).map(|number| match number % 2 {
        0 => vec![shared.clone(), owns[number % 4].clone()],
        _ => vec![owns[number % 4].clone(), shared.clone()],
    });
    assert_eq!(race(stand, tries).await, 80);
    assert_eq!(remaining(&stand.bus, &shared).await, 920);
}

pub async fn subjects_kinds_and_costs_are_apart(stand: &Stand) {
    let id = new_id();
    let asked = |kind, subject: String| [Bucket::new(kind, subject, slow(5)).costing(5)];
    for (kind, subject) in [("a", id.to_string()), ("a", format!("{id} ")), ("b", id.to_string())] {
        assert!(take(&stand.bus, &asked(kind, subject.clone())).await.allowed, "{kind} {subject}");
        assert!(!take(&stand.other, &asked(kind, subject)).await.allowed);
    }
    let other = bucket(slow(5));
    assert!(!take(&stand.bus, &[other.clone().costing(6)]).await.allowed, "more than the limit");
    assert!(!take(&stand.bus, &[bucket(slow(0))]).await.allowed, "nothing passes 0");
    assert!(take(&stand.bus, &[other.clone().costing(0)]).await.allowed);
    assert!(take(&stand.bus, &[other.clone().costing(3)]).await.allowed);
    assert!(!take(&stand.bus, &[other.clone().costing(3)]).await.allowed);
    assert!(take(&stand.bus, &[other.costing(2)]).await.allowed);
}

pub async fn looking_charges_nothing(stand: &Stand) {
    let asked = [bucket(slow(1))];
    for _ in 0..3 {
        let seen = stand.bus.peek(&asked).await.unwrap();
        assert!(seen.allowed && seen.levels[0].full_in.is_zero());
        assert_eq!(seen.levels[0].remaining, 1);
    }
    assert!(take(&stand.bus, &asked).await.allowed);
    let seen = stand.other.peek(&asked).await.unwrap();
    assert!(!seen.allowed && !seen.retry_after().is_zero());
}

pub async fn a_filled_bucket_has_forgotten_what_was_charged(stand: &Stand) {
    let [first, second, untouched] = [bucket(slow(1)), bucket(slow(1)), bucket(slow(1))];
    for bucket in [&first, &second, &untouched] {
        assert!(take(&stand.bus, std::slice::from_ref(bucket)).await.allowed);
    }
    stand.other.refill(&[first.clone(), second.clone(), bucket(slow(1))]).await.unwrap();
    stand.other.refill(&[]).await.unwrap();
    assert!(!take(&stand.bus, &[untouched]).await.allowed);
    assert!(take(&stand.bus, &[first, second]).await.allowed);
}

pub async fn a_rate_may_change_between_two_steps(stand: &Stand) {
    let id = new_id();
    let at = |limit, per| [Bucket::new("test", id, Rate { limit, per })];
    assert!(take(&stand.bus, &at(1, SLOW)).await.allowed);
    let refused = take(&stand.bus, &at(10, Duration::from_mins(1))).await;
    // Of another rate, but full within its time at the latest.
    assert!(!refused.allowed && refused.levels[0].full_in <= Duration::from_mins(1), "{refused:?}");
    assert!(take(&stand.bus, &at(100, SLOW * 2)).await.allowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buckets_in_redis_go_away_by_themselves_and_their_subjects_are_not_told() {
    let server = Server::start().await;
    let bus = connect(&server.url(), &CancellationToken::new()).await;
    let asked = Bucket::new("test", "ana@example.org", Rate { limit: 10, per: Duration::from_mins(10) });
    take(&bus, &[asked.costing(2)]).await;
    let Value::Array(keys) = server.command(&["KEYS", "*"]).await.unwrap() else { panic!() };
    let [Value::BulkString(key)] = &keys[..] else { panic!("{keys:?}") };
    let key = String::from_utf8(key.clone()).unwrap();
    assert!(key.starts_with("aether:{limits}:test:") && !key.contains("ana"), "{key}");
    let Value::Int(left) = server.command(&["PTTL", &key]).await.unwrap() else { panic!() };
    assert!((60_000..=120_001).contains(&left), "kept for as long as it is not full: {left}");

    // What a failed machine or another program left there is no reason to refuse, and a clock that was set back no reason
    // to wait for longer than the whole.
    for held in ["rubbish", "", "-5"] {
        server.command(&["SET", &key, held]).await.unwrap();
        assert_eq!(remaining(&bus, &Bucket::new("test", "ana@example.org", slow(10))).await, 10, "{held}");
    }
    server.command(&["SET", &key, "9000000000000000"]).await.unwrap();
    let asked = Bucket::new("test", "ana@example.org", Rate::per_minute(10));
    assert_eq!(level(&bus, &asked).await.full_in, Duration::from_mins(1));
}

// Time is the test's: it goes on to the next deadline when nothing else is left to do.
#[tokio::test]
async fn a_redis_that_hangs_or_is_gone_is_an_error_within_a_second() {
    let mut server = Server::start().await;
    let bus = connect(&server.url(), &CancellationToken::new()).await;
    let asked = [bucket(slow(5))];
    assert!(take(&bus, &asked).await.allowed);
    server.freeze();
    fails_soon(&bus, &asked).await;
    server.thaw();
    eventually(async || bus.peek(&asked).await.is_ok()).await;
    server.stop();
    fails_soon(&bus, &asked).await;
    server.start_again().await;
    eventually(async || bus.take(&asked).await.is_ok_and(|decision| decision.allowed)).await;
}

async fn fails_soon(bus: &Bus, asked: &[Bucket]) {
    tokio::time::pause();
    let second = Duration::from_secs(1);
    let took = timeout(second, bus.take(asked)).await.expect("take");
    assert!(matches!(took, Err(BusError::Unavailable(_))), "{took:?}");
    assert!(timeout(second, bus.peek(asked)).await.expect("peek").is_err());
    assert!(timeout(second, bus.refill(asked)).await.expect("refill").is_err());
    tokio::time::resume();
}
