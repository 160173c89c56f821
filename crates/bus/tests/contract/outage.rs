//! A Redis that is restarted, emptied, frozen, damaged, or gone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aether_bus::{After, AppendError, Bus, BusError, Delivery, ENDED_TTL, RUNNING_TTL, Topic};
use aether_common::{
    event::{Event, Happening},
    id::GenerationId,
};
use futures::StreamExt;
use redis::Value;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    follow::follow_to_the_end,
    stand::{
        Server, at, complete, connect, event, eventually, new_id, positions, runs, step, text, told, within,
        write,
    },
};

const EVENTS: u64 = 300;

async fn buses(server: &Server) -> (Bus, Bus) {
    let shutdown = CancellationToken::new();
    (connect(&server.url(), &shutdown).await, connect(&server.url(), &shutdown).await)
}

/// Writes one event at a time, as a worker does, and says how far it is; starts a new attempt when the journal was
/// lost. Gives back the attempt that was completed.
async fn work(bus: &Bus, id: GenerationId, written: &AtomicU64) -> u32 {
    let mut attempt = 1;
    'attempt: loop {
        for number in 1..=EVENTS {
            let position = bus.append(id, attempt, &step(format!("{attempt}.{number} "))).await.unwrap();
            written.fetch_add(1, Ordering::SeqCst);
            if position != at(attempt, number) {
                attempt += 1;
                continue 'attempt;
            }
        }
        bus.append(id, attempt, &complete(text(attempt, EVENTS))).await.unwrap();
        return attempt;
    }
}

async fn reached(written: &AtomicU64, count: u64) {
    eventually(async || written.load(Ordering::SeqCst) >= count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_loses_and_doubles_nothing() {
    let mut server = Server::start().await;
    let (writer, reader) = buses(&server).await;
    let (id, written) = (new_id(), AtomicU64::new(0));
    let following = reader.follow(id, After::Beginning, runs).await.unwrap();
    let trouble = async {
        for count in [50, 120, 200] {
            reached(&written, count).await;
            server.stop();
            server.start_again().await;
        }
    };
    let (attempt, (), events) = within(async {
        tokio::join!(work(&writer, id, &written), Box::pin(trouble), following.events.collect::<Vec<_>>())
    })
    .await;
    assert_eq!(attempt, 1);
    assert_eq!(events.len() as u64, EVENTS + 1);
    assert_eq!(told(&events), text(1, EVENTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_emptied_in_the_middle_makes_readers_start_over() {
    let server = Server::start().await;
    let (writer, reader) = buses(&server).await;
    let (id, written) = (new_id(), AtomicU64::new(0));
    let following = reader.follow(id, After::Beginning, runs).await.unwrap();
    let trouble = async {
        reached(&written, 100).await;
        server.wipe().await;
        reached(&written, 150).await;
        server.command(&["SCRIPT", "FLUSH"]).await.unwrap();
    };
    let (attempt, (), events) = within(async {
        tokio::join!(work(&writer, id, &written), Box::pin(trouble), following.events.collect::<Vec<_>>())
    })
    .await;
    assert_eq!(attempt, 2);
    assert_eq!(told(&events), text(2, EVENTS));
    // Whoever comes back with a position from before is not deceived either.
    let late = follow_to_the_end(&reader, id, After::Position(at(1, 90))).await;
    assert_eq!(positions(&late), [format!("2-{}", EVENTS + 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_that_is_also_restarted_makes_readers_start_over() {
    let mut server = Server::start().await;
    let (writer, reader) = buses(&server).await;
    let (id, written) = (new_id(), AtomicU64::new(0));
    let following = reader.follow(id, After::Beginning, runs).await.unwrap();
    let trouble = async {
        reached(&written, 100).await;
        server.wipe().await;
        server.stop();
        server.start_again().await;
    };
    let (attempt, (), events) = within(async {
        tokio::join!(work(&writer, id, &written), Box::pin(trouble), following.events.collect::<Vec<_>>())
    })
    .await;
    assert_eq!(told(&events), text(attempt, EVENTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_that_wakes_up_has_each_event_once() {
    let server = Server::start().await;
    let (writer, reader) = buses(&server).await;
    let (id, written) = (new_id(), AtomicU64::new(0));
    let following = reader.follow(id, After::Beginning, runs).await.unwrap();
    let trouble = async {
        reached(&written, 50).await;
        server.freeze();
        // Longer than one answer may take: the writer gives up on it and tries again.
        let frozen = Instant::now();
        eventually(async || frozen.elapsed() > Duration::from_millis(2500)).await;
        server.thaw();
    };
    let (attempt, (), events) = within(async {
        tokio::join!(work(&writer, id, &written), Box::pin(trouble), following.events.collect::<Vec<_>>())
    })
    .await;
    assert_eq!(attempt, 1);
    assert_eq!(events.len() as u64, EVENTS + 1);
    assert_eq!(told(&events), text(1, EVENTS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_work_again_after_a_restart_and_say_that_something_may_be_lost() {
    let mut server = Server::start().await;
    let (publisher, listener) = buses(&server).await;
    let mut subscription = listener.subscribe(&Topic::jobs()).await.unwrap();
    let mut silent = listener.subscribe(&Topic::control()).await.unwrap();
    server.stop();
    server.start_again().await;
    assert_eq!(within(subscription.next()).await, Delivery::Lost);
    assert_eq!(within(silent.next()).await, Delivery::Lost);
    publisher.publish(&Topic::jobs(), "after").await.unwrap();
    assert_eq!(within(subscription.next()).await, Delivery::Message(b"after"[..].into()));
    assert_eq!(listener.check().await, Ok(()));

    // A connection that Redis itself drops is the same.
    server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
    assert_eq!(within(subscription.next()).await, Delivery::Lost);
    publisher.publish(&Topic::jobs(), "again").await.unwrap();
    assert_eq!(within(subscription.next()).await, Delivery::Message(b"again"[..].into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deaf_connection_is_found_out() {
    let server = Server::start().await;
    let (_, listener) = buses(&server).await;
    let mut subscription = listener.subscribe(&Topic::jobs()).await.unwrap();
    server.freeze();
    let asked = Instant::now();
    assert!(matches!(listener.check().await, Err(BusError::Unavailable(_))));
    assert!(asked.elapsed() < Duration::from_millis(1500));
    // The pings stop being answered; after the thaw a new connection is there.
    eventually(
        async || matches!(listener.check().await, Err(BusError::Unavailable(why)) if why.contains("relay")),
    )
    .await;
    server.thaw();
    assert_eq!(within(subscription.next()).await, Delivery::Lost);
    eventually(async || listener.check().await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_every_wait_ends_and_readers_get_their_end_from_the_database() {
    let mut server = Server::start().await;
    let (bus, _) = buses(&server).await;
    let id = new_id();
    write(&bus, id, 1, 2).await;
    let last = event(id, at(1, 9), complete("whole"));
    let answer = last.clone();
    let following =
        bus.follow(id, After::Beginning, move || std::future::ready(Ok(Some(answer.clone())))).await.unwrap();
    server.stop();

    let (asked, more, jobs) = (Instant::now(), step("x"), Topic::jobs());
    let (append, publish, subscribe, follow, check) = tokio::join!(
        bus.append(id, 1, &more),
        bus.publish(&jobs, "x"),
        bus.subscribe(&jobs),
        bus.follow(id, After::Beginning, runs),
        bus.check(),
    );
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert!(matches!(append, Err(AppendError::Bus(BusError::Unavailable(_)))), "{append:?}");
    assert!(publish.is_err() && subscribe.is_err() && follow.is_err() && check.is_err());

    let events: Vec<Event> = within(following.events.collect()).await;
    assert_eq!(positions(&events), ["1-1", "1-2", "1-9"]);
    assert_eq!(events.last(), Some(&last));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_corrupt_and_the_database_still_gives_the_end() {
    let server = Server::start().await;
    let (bus, _) = buses(&server).await;
    let newer = r#"{"v":2,"attempt":1,"seq":2,"kind":"cancelled"}"#;
    let elsewhere = r#"{"v":1,"attempt":1,"seq":7,"kind":"cancelled"}"#;
    let entries: [&[&str]; 4] = [
        &["epoch", "1", "ticket", "1", "last", "0", "event", newer],
        &["epoch", "1", "ticket", "1", "last", "0", "event", elsewhere],
        &["epoch", "1", "ticket", "1", "last", "0", "event", "{"],
        &["other", "shape"],
    ];
    for fields in entries {
        let id = new_id();
        write(&bus, id, 1, 1).await;
        let last = event(id, at(1, 2), Happening::Cancelled);
        let answer = last.clone();
        let mut following = bus
            .follow(id, After::Beginning, move || std::future::ready(Ok(Some(answer.clone()))))
            .await
            .unwrap();
        assert_eq!(within(following.events.next()).await.unwrap().position, at(1, 1));
        let log = format!("aether:{{{id}}}:log");
        server.command(&[&["XADD", &log, "1-2"], fields].concat()).await.unwrap();
        let channel = format!("aether:{{{id}}}:events");
        server.command(&["PUBLISH", &channel, "rubbish"]).await.unwrap();
        assert!(matches!(bus.replay(id, &After::Beginning).await, Err(BusError::Corrupt(_))));
        assert!(matches!(bus.text(id).await, Err(BusError::Corrupt(_))));
        assert_eq!(within(following.events.next()).await, Some(last));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn journals_expire_and_channels_without_readers_are_left() {
    let server = Server::start().await;
    let (bus, _) = buses(&server).await;
    let id = new_id();
    let (log, channel) = (format!("aether:{{{id}}}:log"), format!("aether:{{{id}}}:events"));
    let expires_within = async |ttl: Duration| match server.command(&["PTTL", &log]).await.unwrap() {
        Value::Int(left) => (0..=5000).contains(&(i64::try_from(ttl.as_millis()).unwrap() - left)),
        other => panic!("{other:?}"),
    };
    let readers = async || match server.command(&["PUBSUB", "NUMSUB", &channel]).await.unwrap() {
        Value::Array(answer) => answer[1].clone(),
        other => panic!("{other:?}"),
    };
    let following = bus.follow(id, After::Beginning, runs).await.unwrap();
    let other = bus.follow(id, After::Beginning, runs).await.unwrap();
    write(&bus, id, 1, 1).await;
    assert!(expires_within(RUNNING_TTL).await);
    bus.append(id, 1, &Happening::Cancelled).await.unwrap();
    assert!(expires_within(ENDED_TTL).await);
    drop(other);
    assert_eq!(readers().await, Value::Int(1));
    drop(following);
    eventually(async || readers().await == Value::Int(0)).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_or_a_wrong_url_is_said_without_the_password() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [format!("redis://:secret@{free}/"), "http://:secret@localhost/".into(), "secret".into()] {
        let connected = Bus::connect(Some(&url.into()), CancellationToken::new(), &TaskTracker::new()).await;
        let Err(BusError::Unavailable(why)) = connected else { panic!("{connected:?}") };
        assert!(!why.contains("secret"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_ends_with_the_bus() {
    let server = Server::start().await;
    let tasks = TaskTracker::new();
    let bus = Bus::connect(Some(&server.url()), CancellationToken::new(), &tasks).await.unwrap();
    let subscription = Arc::new(bus.subscribe(&Topic::jobs()).await.unwrap());
    drop(bus);
    drop(subscription);
    tasks.close();
    within(tasks.wait()).await;
}
