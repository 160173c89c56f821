//! Append, replay, text.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aether_bus::{After, AppendError, Bus, Replay};
use aether_common::{
    event::{Happening, Position, Stage},
    id::GenerationId,
    model::generation::{Failure, Metadata},
};
use futures::future::join_all;

use crate::stand::{Stand, at, complete, new_id, positions, step, text, write};

async fn replay(bus: &Bus, id: GenerationId, after: After) -> Replay {
    bus.replay(id, &after).await.unwrap()
}

/// The recovery cases of Centrifugo's table test, and ours: what was named, whether it is honoured, what comes.
pub async fn what_a_named_position_brings(stand: &Stand) {
    let bus = &stand.bus;
    let (empty, running, ended, second, gone) = (new_id(), new_id(), new_id(), new_id(), new_id());
    write(bus, running, 1, 4).await;
    write(bus, ended, 1, 3).await;
    bus.append(ended, 1, &complete(text(1, 3))).await.unwrap();
    write(bus, second, 1, 9).await;
    write(bus, second, 2, 3).await;
    write(bus, gone, 1, 5).await;
    bus.forget(gone).await.unwrap();

    let named = |attempt, seq| After::Position(at(attempt, seq));
    let cases: &[(&str, GenerationId, After, bool, &[&str])] = &[
        ("empty, none named", empty, After::Beginning, false, &[]),
        ("empty, a position named", empty, named(1, 3), false, &[]),
        ("none named", running, After::Beginning, false, &["1-1", "1-2", "1-3", "1-4"]),
        ("from a position", running, named(1, 2), true, &["1-3", "1-4"]),
        ("before the first event", running, named(1, 0), true, &["1-1", "1-2", "1-3", "1-4"]),
        ("the same position", running, named(1, 4), true, &[]),
        ("from the future", running, named(1, 5), false, &["1-1", "1-2", "1-3", "1-4"]),
        ("from the far future", running, named(u32::MAX, u64::MAX), false, &["1-1", "1-2", "1-3", "1-4"]),
        ("the greatest seq", running, named(1, u64::MAX), false, &["1-1", "1-2", "1-3", "1-4"]),
        ("malformed", running, After::Unreadable, false, &["1-1", "1-2", "1-3", "1-4"]),
        ("an older attempt", second, named(1, 9), false, &["2-1", "2-2", "2-3"]),
        ("an older attempt, a seq held in this one", second, named(1, 2), false, &["2-1", "2-2", "2-3"]),
        ("a later attempt", second, named(3, 1), false, &["2-1", "2-2", "2-3"]),
        ("this attempt, before its first event", second, named(2, 0), true, &["2-1", "2-2", "2-3"]),
        ("gone", gone, named(1, 2), false, &[]),
        ("ended, none named", ended, After::Beginning, false, &["1-1", "1-2", "1-3", "1-4"]),
        ("ended, from a position", ended, named(1, 2), true, &["1-3", "1-4"]),
        ("ended, at the last event", ended, named(1, 4), true, &[]),
        ("ended, from the future", ended, named(1, 5), false, &["1-4"]),
        ("ended, another attempt", ended, named(2, 1), false, &["1-4"]),
        ("ended, malformed", ended, After::Unreadable, false, &["1-4"]),
    ];
    for (case, id, after, recovered, expected) in cases {
        let replay = replay(bus, *id, *after).await;
        assert_eq!(replay.recovered, *recovered, "{case}");
        assert_eq!(positions(&replay.events), *expected, "{case}");
        assert_eq!(replay.ended, *id == ended, "{case}");
        assert_eq!(replay.head.is_none(), *id == empty || *id == gone, "{case}");
    }
}

pub async fn a_later_attempt_starts_over_and_the_earlier_one_is_refused(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    write(bus, id, 1, 3).await;
    write(bus, id, 4, 2).await;
    let refused = stand.other.append(id, 1, &step("late")).await;
    assert_eq!(refused, Err(AppendError::Stale { current: 4 }));
    assert!(matches!(bus.append(id, 0, &step("none")).await, Err(AppendError::Stale { .. })));
    assert_eq!(positions(&replay(bus, id, After::Beginning).await.events), ["4-1", "4-2"]);
}

pub async fn nothing_follows_the_last_event(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    assert_eq!(bus.append(id, 1, &Happening::Cancelled).await, Ok(at(1, 1)));
    assert_eq!(bus.append(id, 1, &step("more")).await, Err(AppendError::Ended));
    assert_eq!(bus.append(id, 2, &step("more")).await, Err(AppendError::Ended));
    let in_the_middle = bus.append_many(new_id(), 1, &[Happening::Cancelled, step("more")]).await;
    assert_eq!(in_the_middle, Err(AppendError::Ended));
}

pub async fn several_events_share_one_step(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    assert_eq!(bus.append_many(id, 1, &[]).await, Ok(vec![]));
    assert_eq!(bus.append(id, 1, &step("a")).await, Ok(at(1, 1)));
    let some = [step("b"), step("c"), complete("abc")];
    assert_eq!(bus.append_many(id, 1, &some).await, Ok(vec![at(1, 2), at(1, 3), at(1, 4)]));
    let replay = replay(bus, id, After::Position(at(1, 1))).await;
    assert!(replay.ended && replay.events.iter().map(|event| &event.happening).eq(&some));
}

pub async fn concurrent_appends_leave_no_gap(stand: &Stand) {
    let id = new_id();
    let writers = (0..8).map(|writer| async move {
        let bus = if writer % 2 == 0 { &stand.bus } else { &stand.other };
        let mut positions = Vec::new();
        for number in 0..50 {
            positions.push(bus.append(id, 1, &step(format!("{writer}.{number} "))).await.unwrap());
        }
        positions
    });
    let mut given: Vec<Position> = join_all(writers).await.concat();
    given.sort_unstable();
    assert!(given.iter().copied().eq((1..=400).map(|seq| at(1, seq))));
    let held = replay(&stand.bus, id, After::Beginning).await;
    assert!(held.events.iter().map(|event| event.position).eq(given));
}

pub async fn of_two_attempts_written_at_once_the_later_wins(stand: &Stand) {
    let id = new_id();
    let refused = Arc::new(AtomicU32::new(0));
    let writers = (0..8).map(|writer| {
        let refused = refused.clone();
        async move {
            let bus = if writer < 4 { &stand.bus } else { &stand.other };
            for number in 0..40 {
                // The first attempt has a head start, so that both are under way.
                let attempt = if writer % 2 == 1 && number >= 10 { 2 } else { 1 };
                match bus.append(id, attempt, &step(format!("{attempt} "))).await {
                    Ok(position) => assert_eq!(position.attempt, attempt),
                    Err(AppendError::Stale { current }) => {
                        assert_eq!((attempt, current), (1, 2));
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    join_all(writers).await;
    assert!(refused.load(Ordering::Relaxed) > 0);
    let held = replay(&stand.bus, id, After::Beginning).await;
    assert!(held.events.iter().map(|event| event.position).eq((1..=120).map(|seq| at(2, seq))));
}

pub async fn the_text_is_the_joined_deltas_of_the_current_attempt(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    assert_eq!(bus.text(id).await, Ok(None));
    write(bus, id, 1, 3).await;
    write(bus, id, 2, 1200).await;
    let silent = Happening::Progress { progress: 90, status: Stage::Validating, delta: None };
    bus.append(id, 2, &silent).await.unwrap();
    assert_eq!(stand.other.text(id).await, Ok(Some((at(2, 1201), text(2, 1200)))));
}

pub async fn every_kind_of_event_survives_the_trip(stand: &Stand) {
    let strange = "\0\n\r\"\\{}é\u{1F980}\u{2028}";
    let metadata = Metadata { cost_usd: 0.1, duration_ms: Some(u64::MAX), ..Metadata::default() };
    let ends = [
        Happening::Complete { result: strange.into(), metadata: Box::new(metadata) },
        Happening::Failed { error: Failure { code: "provider_error".into(), message: strange.into() } },
        Happening::Cancelled,
    ];
    for end in ends {
        let id = new_id();
        let mut all: Vec<Happening> =
            [Stage::Queued, Stage::Running, Stage::Streaming, Stage::Validating, Stage::Repairing]
                .into_iter()
                .map(|status| Happening::Progress { progress: 100, status, delta: None })
                .collect();
        all.extend([step(strange), step(""), end]);
        stand.bus.append_many(id, 1, &all).await.unwrap();
        let held = replay(&stand.other, id, After::Beginning).await;
        assert!(held.events.iter().map(|event| &event.happening).eq(&all));
        assert!(held.events.iter().all(|event| event.generation_id == id));
    }
}

pub async fn a_forgotten_journal_starts_at_seq_one(stand: &Stand) {
    let (bus, id) = (&stand.bus, new_id());
    write(bus, id, 1, 5).await;
    bus.forget(id).await.unwrap();
    assert_eq!(bus.append(id, 1, &step("again")).await, Ok(at(1, 1)));
}
