//! What a process knows of ended sessions, on both backends: what ended before it started, what it is told, and what it
//! could not be told.
#![cfg(test)]

use std::time::Duration;

use aether_boot::{
    Deps,
    revocations::{self, RevokedTokens},
};
use aether_bus::{Bus, Topic};
use aether_common::{
    clock::ManualClock,
    id::{SessionId, UserId},
    jwt::{ACCESS_LIFETIME, Revocations},
    model::user::Role,
    notice::Revocation,
};
use aether_store::{
    sessions::{self, EndReason, NewSession},
    signing_keys,
    users::{self, NewUser},
};
use aether_testkit::{Backend, backends};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep},
};

/// CONTRACT.md: an ended session is refused within a second, and within 5 s by a process that hears nothing.
const TOLD: Duration = Duration::from_secs(1);
const DEAF: Duration = Duration::from_secs(5);
const TIME: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();

/// A new session of a new user that ends at once; only the database knows.
async fn ended(deps: &Deps) -> SessionId {
    let (user, session): (UserId, SessionId) = (deps.ids.mint(), deps.ids.mint());
    let now = deps.clock.now();
    let mut tx = deps.store.begin().await.unwrap();
    let new = NewUser {
        id: user,
        email: format!("{}@example.org", user.0.simple()),
        password_hash: None,
        name: "Ana".into(),
        role: Role::User,
        created_at: now,
    };
    users::create(&mut tx, &new).await.unwrap();
    let new = NewSession {
        id: session,
        user_id: user,
        user_agent: None,
        ip: "127.0.0.1".into(),
        created_at: now,
        expires_at: now + TimeDelta::days(30),
    };
    sessions::create(&mut tx, &new).await.unwrap();
    assert!(sessions::end(&mut tx, user, session, EndReason::Logout, now).await.unwrap());
    tx.save().await.unwrap();
    session
}

async fn tell(bus: &Bus, session: SessionId) {
    let revocation = Revocation::SessionsEnded { session_ids: vec![session] };
    bus.publish(&Topic::revocations(), serde_json::to_vec(&revocation).unwrap()).await.unwrap();
}

#[track_caller]
fn knows(revoked: &RevokedTokens, session: SessionId) -> bool {
    revoked.is_revoked(UserId(uuid::Uuid::nil()), session, TIME.timestamp())
}

async fn learns_key(revoked: &RevokedTokens, kid: &str, within: Duration, name: &str) {
    let deadline = Instant::now() + within;
    while !revoked.is_key_revoked(kid) {
        assert!(Instant::now() < deadline, "{name}: {kid} is not known to be gone after {within:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Ends a signing key; only the database knows.
async fn end_key(deps: &Deps, kid: &str) {
    let mut tx = deps.store.begin().await.unwrap();
    signing_keys::end(&mut tx, kid, true, deps.clock.now()).await.unwrap();
    tx.save().await.unwrap();
}

async fn learns(revoked: &RevokedTokens, session: SessionId, within: Duration, name: &str) {
    let deadline = Instant::now() + within;
    while !knows(revoked, session) {
        assert!(Instant::now() < deadline, "{name}: not known after {within:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_session_that_ended_before_the_start_is_known_at_once() {
    for backend in backends([]).await {
        let session = ended(&backend.deps).await;
        let revoked = revocations::start(&backend.deps).await.unwrap();
        assert!(knows(&revoked, session), "{}", backend.name);
        assert!(!knows(&revoked, backend.deps.ids.mint()), "{}", backend.name);
    }
}

#[tokio::test]
async fn more_sessions_than_one_page_are_read_at_the_start() {
    for backend in backends([]).await {
        let deps = &backend.deps;
        let first = ended(deps).await;
        let user: UserId = deps.ids.mint();
        let mut tx = deps.store.begin().await.unwrap();
        let now = deps.clock.now();
        let new = NewUser {
            id: user,
            email: "many@example.org".into(),
            password_hash: None,
            name: "Many".into(),
            role: Role::User,
            created_at: now,
        };
        users::create(&mut tx, &new).await.unwrap();
        for _ in 0..2_100 {
            let new = NewSession {
                id: deps.ids.mint(),
                user_id: user,
                user_agent: None,
                ip: "127.0.0.1".into(),
                created_at: now,
                expires_at: now + TimeDelta::days(30),
            };
            sessions::create(&mut tx, &new).await.unwrap();
        }
        // All at one moment: the place in the list is not the time alone.
        let others = sessions::end_all(&mut tx, user, Some(first), EndReason::Revoked, deps.clock.now())
            .await
            .unwrap();
        tx.save().await.unwrap();
        assert_eq!(others.len(), 2_100);
        let revoked = revocations::start(deps).await.unwrap();
        assert!(others.iter().chain([&first]).all(|session| knows(&revoked, *session)), "{}", backend.name);
    }
}

#[tokio::test]
async fn what_is_told_is_known_within_a_second() {
    for backend in backends([]).await {
        let revoked = revocations::start(&backend.deps).await.unwrap();
        let session = backend.deps.ids.mint();
        backend.deps.bus.publish(&Topic::revocations(), "what a newer version says").await.unwrap();
        tell(&backend.deps.bus, session).await;
        learns(&revoked, session, TOLD, backend.name).await;
    }
}

#[tokio::test]
async fn what_nobody_told_is_found_in_the_database() {
    for backend in backends([]).await {
        let revoked = revocations::start(&backend.deps).await.unwrap();
        let session = ended(&backend.deps).await;
        learns(&revoked, session, DEAF + TOLD, backend.name).await;
    }
}

#[tokio::test]
async fn a_key_that_is_gone_is_known_from_the_start_by_what_is_told_and_by_the_database() {
    for backend in backends([]).await {
        let deps = &backend.deps;
        end_key(deps, "before").await;
        let revoked = revocations::start(deps).await.unwrap();
        let mut changes = revoked.key_changes();
        assert!(revoked.is_key_revoked("before") && !revoked.is_key_revoked("other"), "{}", backend.name);

        let told = Revocation::KeysChanged { ended: vec!["told".into()] };
        deps.bus.publish(&Topic::revocations(), serde_json::to_vec(&told).unwrap()).await.unwrap();
        learns_key(&revoked, "told", TOLD, backend.name).await;
        changes.changed().await.unwrap();

        end_key(deps, "written").await;
        learns_key(&revoked, "written", DEAF + TOLD, backend.name).await;
        changes.changed().await.unwrap();
        // It never comes back, whenever its tokens say that they were made.
        assert!(revoked.is_key_revoked("before") && revoked.is_key_revoked("told"));
    }
}

#[tokio::test]
async fn a_session_is_forgotten_when_its_last_token_is_dead() {
    for backend in backends([]).await {
        let clock = ManualClock::new(TIME);
        let backend = backend.with_clock(&clock);
        let session = ended(&backend.deps).await;
        let revoked = revocations::start(&backend.deps).await.unwrap();
        // A verifier takes a token for some seconds longer.
        clock.advance(ACCESS_LIFETIME + TimeDelta::seconds(10));
        let next = backend.deps.ids.mint();
        tell(&backend.deps.bus, next).await;
        learns(&revoked, next, TOLD, backend.name).await;
        assert!(knows(&revoked, session), "{}", backend.name);
        clock.advance(TimeDelta::minutes(1));
        let next = backend.deps.ids.mint();
        tell(&backend.deps.bus, next).await;
        learns(&revoked, next, TOLD, backend.name).await;
        assert!(!knows(&revoked, session), "{}", backend.name);
    }
}

#[tokio::test]
async fn who_fell_behind_the_feed_reads_again() {
    // In memory nothing runs between the sends, so the reader falls behind for certain.
    let backend = Backend::embedded([]).await;
    let revoked = revocations::start(&backend.deps).await.unwrap();
    let session = ended(&backend.deps).await;
    for _ in 0..2_000 {
        backend.deps.bus.publish(&Topic::revocations(), "noise").await.unwrap();
    }
    learns(&revoked, session, TOLD, backend.name).await;
}

#[tokio::test]
async fn a_broken_line_to_redis_is_a_reason_to_read() {
    let mut backend = Backend::distributed([]).await;
    let line = Line::open().await;
    let url = format!("redis://{}", line.address).into();
    let lifecycle = &backend.deps.lifecycle;
    backend.deps.bus = Bus::connect(Some(&url), lifecycle.shutdown.clone(), &lifecycle.tasks).await.unwrap();
    let revoked = revocations::start(&backend.deps).await.unwrap();

    // While it is broken the database is asked.
    line.up.send_replace(false);
    let session = ended(&backend.deps).await;
    learns(&revoked, session, DEAF, "broken").await;

    // Once it is mended the feed is heard again.
    line.up.send_replace(true);
    let deadline = Instant::now() + Duration::from_secs(10);
    while backend.deps.bus.check().await.is_err() {
        assert!(Instant::now() < deadline, "the bus does not come back");
        sleep(Duration::from_millis(20)).await;
    }
    let session = backend.deps.ids.mint();
    tell(&backend.deps.bus, session).await;
    learns(&revoked, session, TOLD, "mended").await;
}

/// A way to the test Redis that can be cut.
struct Line {
    address: std::net::SocketAddr,
    up: watch::Sender<bool>,
}

impl Line {
    async fn open() -> Self {
        let redis = std::env::var("AETHER_TEST_REDIS_URL").unwrap();
        let redis: url::Url = redis.parse().unwrap();
        let target = format!("{}:{}", redis.host_str().unwrap(), redis.port().unwrap_or(6379));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (up, state) = watch::channel(true);
        let tasks = tokio_util::task::TaskTracker::new();
        let spawner = tasks.clone();
        tasks.spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (mut state, target) = (state.clone(), target.clone());
                spawner.spawn(async move {
                    if !*state.borrow() {
                        return;
                    }
                    let mut there = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = state.wait_for(|up| !up) => {}
                    }
                });
            }
        });
        Self { address, up }
    }
}
