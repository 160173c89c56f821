//! Following a generation to its end.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use aether_bus::{After, Bus};
use aether_common::{
    event::{Event, Happening},
    id::GenerationId,
};
use futures::{StreamExt, future::join_all};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::task::yield_now;

use crate::stand::{
    PATIENCE, Stand, at, complete, event, eventually, new_id, positions, runs, step, text, told, within,
    write,
};

pub async fn follow_to_the_end(bus: &Bus, id: GenerationId, after: After) -> Vec<Event> {
    let following = bus.follow(id, after, runs).await.unwrap();
    within(following.events.collect()).await
}

pub async fn a_follower_sees_what_was_and_what_comes_to_the_end(stand: &Stand) {
    let id = new_id();
    write(&stand.bus, id, 1, 3).await;
    let mut following = stand.other.follow(id, After::Position(at(1, 1)), runs).await.unwrap();
    assert!(following.recovered && !following.over);
    assert_eq!(within(following.events.next()).await.unwrap().position, at(1, 2));
    assert_eq!(within(following.events.next()).await.unwrap().position, at(1, 3));
    stand.bus.append(id, 1, &step("x")).await.unwrap();
    assert_eq!(within(following.events.next()).await, Some(event(id, at(1, 4), step("x"))));
    stand.bus.append_many(id, 1, &[step("y"), Happening::Cancelled]).await.unwrap();
    let rest: Vec<Event> = within(following.events.collect()).await;
    assert_eq!(positions(&rest), ["1-5", "1-6"]);
}

/// Writers write and readers come, go and come back at random; each one's text must be the whole text.
pub async fn a_reader_that_comes_at_any_moment_sees_every_event_once_and_in_order(stand: &Stand) {
    for seed in 0..12 {
        let id = new_id();
        let attempts = 1 + seed % 3;
        let count = 400;
        let whole = text(attempts, count);
        let writer = async {
            let mut rng = StdRng::seed_from_u64(u64::from(seed));
            for attempt in 1..=attempts {
                let mut written = 0;
                while written < count {
                    let most = rng.random_range(1..20).min(count - written);
                    let some: Vec<_> = (written + 1..=written + most)
                        .map(|number| step(format!("{attempt}.{number} ")))
                        .collect();
                    stand.bus.append_many(id, attempt, &some).await.unwrap();
                    written += most;
                    if rng.random_bool(0.3) {
                        yield_now().await;
                    }
                }
            }
            stand.bus.append(id, attempts, &complete(&*whole)).await.unwrap();
        };
        let readers = (0..6).map(|reader| {
            let mut rng = StdRng::seed_from_u64(u64::from(seed * 100 + reader));
            let bus = if reader % 2 == 0 { &stand.bus } else { &stand.other };
            let whole = &whole;
            async move {
                for _ in 0..rng.random_range(0..50) {
                    yield_now().await;
                }
                let mut seen: Vec<Event> = Vec::new();
                while !seen.last().is_some_and(Event::is_last) {
                    let after = seen.last().map_or(After::Beginning, |event| After::Position(event.position));
                    let mut following = bus.follow(id, after, runs).await.unwrap();
                    if !following.recovered {
                        seen.clear();
                    }
                    let stay = rng.random_range(1..600);
                    for _ in 0..stay {
                        let Some(event) = following.events.next().await else { break };
                        seen.push(event);
                    }
                }
                assert_eq!(&told(&seen), whole, "seed {seed}");
            }
        });
        within(async { tokio::join!(writer, join_all(readers)) }).await;
    }
}

pub async fn a_slow_reader_loses_nothing(stand: &Stand) {
    let id = new_id();
    let mut following = stand.bus.follow(id, After::Beginning, runs).await.unwrap();
    stand.bus.append(id, 1, &step("1.1 ")).await.unwrap();
    let first = within(following.events.next()).await.unwrap();
    // Far more than any queue holds, while the reader reads nothing.
    for number in 2..=5000 {
        stand.bus.append(id, 1, &step(format!("1.{number} "))).await.unwrap();
    }
    stand.bus.append(id, 1, &complete(text(1, 5000))).await.unwrap();
    let mut events = vec![first];
    within(async {
        while let Some(event) = following.events.next().await {
            events.push(event);
        }
    })
    .await;
    assert_eq!(events.len(), 5001);
    assert_eq!(told(&events), text(1, 5000));
}

pub async fn a_reader_at_the_last_event_is_told_that_it_is_over(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    write(bus, id, 1, 2).await;
    bus.append(id, 1, &complete(text(1, 2))).await.unwrap();
    let at_end = bus.follow(id, After::Position(at(1, 3)), runs).await.unwrap();
    assert!(at_end.over && at_end.recovered);
    assert_eq!(within(at_end.events.count()).await, 0);
    let before = bus.follow(id, After::Position(at(1, 2)), runs).await.unwrap();
    assert!(!before.over && before.recovered);
    assert_eq!(within(before.events.count()).await, 1);
    let unknown = bus.follow(id, After::Unreadable, runs).await.unwrap();
    assert!(!unknown.over && !unknown.recovered);
    assert_eq!(positions(&within(unknown.events.collect::<Vec<_>>()).await), ["1-3"]);
}

pub async fn without_a_journal_the_database_has_the_last_word(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    let last = event(id, at(2, 9), complete("whole"));
    for (after, over) in [
        (After::Beginning, false),
        (After::Unreadable, false),
        (After::Position(at(2, 3)), false),
        (After::Position(at(2, 10)), false),
        (After::Position(at(2, 9)), true),
    ] {
        let answer = last.clone();
        let following =
            bus.follow(id, after, move || std::future::ready(Ok(Some(answer.clone())))).await.unwrap();
        assert_eq!((following.over, following.recovered), (over, over), "{after:?}");
        let events: Vec<Event> = within(following.events.collect()).await;
        assert_eq!(events, if over { vec![] } else { vec![last.clone()] }, "{after:?}");
    }
}

pub async fn an_end_in_the_database_hides_nothing_of_the_journal(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    let writer = bus.clone();
    // It is written, and ends, after the follower has looked into the journal and before it asks the database.
    let following = bus
        .follow(id, After::Beginning, move || {
            let bus = writer.clone();
            async move {
                if bus.replay(id, &After::Beginning).await?.head.is_none() {
                    write(&bus, id, 1, 3).await;
                }
                Ok(Some(event(id, at(1, 4), complete("whole"))))
            }
        })
        .await
        .unwrap();
    let events: Vec<Event> = within(following.events.collect()).await;
    assert_eq!(positions(&events), ["1-1", "1-2", "1-3", "1-4"]);
}

pub async fn a_lost_end_is_found_in_the_database(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    write(bus, id, 1, 2).await;
    let ended = Arc::new(AtomicBool::new(false));
    let last = event(id, at(1, 3), Happening::Cancelled);
    let (asked, answer) = (ended.clone(), last.clone());
    let following = bus
        .follow(id, After::Beginning, move || {
            std::future::ready(Ok(asked.load(Ordering::SeqCst).then(|| answer.clone())))
        })
        .await
        .unwrap();
    ended.store(true, Ordering::SeqCst);
    let events: Vec<Event> = within(following.events.collect()).await;
    assert_eq!(positions(&events), ["1-1", "1-2", "1-3"]);
    assert_eq!(events.last(), Some(&last));
}

pub async fn a_forgotten_journal_that_is_begun_anew_starts_over(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    write(bus, id, 1, 5).await;
    let mut following = bus.follow(id, After::Beginning, runs).await.unwrap();
    let mut events: Vec<Event> = within(following.events.by_ref().take(5).collect()).await;
    bus.forget(id).await.unwrap();
    // The new life of the journal grows beyond the place where the reader stood.
    write(bus, id, 1, 9).await;
    bus.append(id, 1, &complete(text(1, 9))).await.unwrap();
    events.extend(within(following.events.collect::<Vec<_>>()).await);
    assert_eq!(told(&events), text(1, 9));
    assert_eq!(positions(&events)[4..7], ["1-5", "1-1", "1-2"]);
}

pub async fn a_new_attempt_is_passed_on(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    let following = stand.other.follow(id, After::Beginning, runs).await.unwrap();
    write(bus, id, 1, 3).await;
    write(bus, id, 3, 2).await;
    bus.append(id, 3, &complete(text(3, 2))).await.unwrap();
    let events: Vec<Event> = within(following.events.collect()).await;
    assert_eq!(told(&events), text(3, 2));
    let again = follow_to_the_end(bus, id, After::Position(at(1, 3))).await;
    assert_eq!(positions(&again), ["3-3"]);
}

pub async fn a_dropped_follower_leaves_nothing_behind(stand: &Stand) {
    let alive = Arc::new(Mutex::new(()));
    let held = alive.clone();
    let mut following = stand
        .bus
        .follow(new_id(), After::Beginning, move || {
            let _ = &held;
            runs()
        })
        .await
        .unwrap();
    assert!(tokio::time::timeout(PATIENCE / 1000, following.events.next()).await.is_err());
    drop(following);
    eventually(async || Arc::strong_count(&alive) == 1).await;
}

pub async fn the_end_of_the_bus_ends_followers(stand: &Stand) {
    let id = new_id();
    write(&stand.bus, id, 1, 2).await;
    let following = stand.bus.follow(id, After::Beginning, runs).await.unwrap();
    stand.shutdown.cancel();
    assert_eq!(within(following.events.count()).await, 2);
    // Whoever still writes is not hindered.
    assert_eq!(stand.bus.append(id, 1, &Happening::Cancelled).await, Ok(at(1, 3)));
}
