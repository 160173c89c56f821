//! Keys over HTTP: few calls, and old keys while the endpoint is down.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aether_common::{
    clock::ManualClock,
    jwt::{JwkSet, KeySource, SigningKey, TokenError, VerifyingKey},
};
use aether_web::{extract::Json, jwks::RemoteKeys};
use axum::{Router, http::StatusCode, response::IntoResponse, routing};
use chrono::{DateTime, TimeDelta};
use tokio_util::task::TaskTracker;

/// An auth service whose key set a test changes; `None` is an error answer.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    asked: Arc<AtomicUsize>,
    set: Arc<Mutex<Option<JwkSet>>>,
    _tasks: TaskTracker,
}

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let set = Arc::new(Mutex::new(None::<JwkSet>));
        let handler = {
            let (asked, set) = (asked.clone(), set.clone());
            move || {
                asked.fetch_add(1, Ordering::SeqCst);
                let answer = match set.lock().unwrap().clone() {
                    Some(set) => Json(set).into_response(),
                    None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                };
                async { answer }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/.well-known/jwks.json", routing::get(handler));
        let tasks = TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self { address, asked, set, _tasks: tasks }
    }

    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        *self.set.lock().unwrap() = Some(JwkSet { keys: keys.iter().map(|key| key.jwk().clone()).collect() });
    }

    fn fail(&self) {
        *self.set.lock().unwrap() = None;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn keys(&self, clock: &ManualClock) -> RemoteKeys {
        let client = reqwest::Client::builder().build().unwrap();
        RemoteKeys::new(client, &format!("http://{}", self.address).parse().unwrap(), clock.clock())
    }
}

fn is_unknown(found: &Result<VerifyingKey, TokenError>) -> bool {
    matches!(found, Err(TokenError::UnknownKey))
}

fn is_unavailable(found: &Result<VerifyingKey, TokenError>) -> bool {
    matches!(found, Err(TokenError::Unavailable(_)))
}

fn clock() -> ManualClock {
    ManualClock::new(DateTime::from_timestamp(1_000_000, 0).unwrap())
}

#[tokio::test]
async fn a_made_up_key_name_asks_once_in_30_seconds() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let (first, second) =
        (SigningKey::generate("k1".into()).unwrap(), SigningKey::generate("k2".into()).unwrap());
    endpoint.publish(&[&first]);
    let keys = endpoint.keys(&clock);
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(endpoint.asked(), 1);

    endpoint.publish(&[&first, &second]);
    let many =
        futures::future::join_all((0..50).map(async |n| keys.find(&format!("made-up-{n}")).await)).await;
    assert!(many.iter().all(is_unknown));
    assert!(is_unknown(&keys.find("k2").await));
    assert_eq!(endpoint.asked(), 1);

    clock.advance(TimeDelta::seconds(31));
    let many = futures::future::join_all((0..50).map(async |_| keys.find("k2").await)).await;
    assert!(many.iter().all(Result::is_ok));
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn keys_outlive_their_endpoint() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let key = SigningKey::generate("k1".into()).unwrap();
    endpoint.publish(&[&key]);
    let keys = endpoint.keys(&clock);
    assert!(keys.find("k1").await.is_ok());
    endpoint.fail();
    clock.advance(TimeDelta::hours(1));
    assert!(keys.find("k1").await.is_ok());
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn a_new_name_is_not_called_wrong_while_nobody_can_tell() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let (first, second) =
        (SigningKey::generate("k1".into()).unwrap(), SigningKey::generate("k2".into()).unwrap());
    endpoint.publish(&[&first]);
    let keys = endpoint.keys(&clock);
    assert!(keys.find("k1").await.is_ok());
    endpoint.fail();
    clock.advance(TimeDelta::minutes(1));
    assert!(is_unavailable(&keys.find("k2").await));
    assert!(is_unavailable(&keys.find("k2").await));
    assert_eq!(endpoint.asked(), 2);
    endpoint.publish(&[&first, &second]);
    clock.advance(TimeDelta::seconds(31));
    assert!(keys.find("k2").await.is_ok());
}

#[tokio::test]
async fn made_up_names_do_not_keep_a_new_key_away() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let (old, new) =
        (SigningKey::generate("old".into()).unwrap(), SigningKey::generate("new".into()).unwrap());
    endpoint.publish(&[&old]);
    let keys = endpoint.keys(&clock);
    let flood = async || {
        for n in 0..20 {
            assert!(is_unknown(&keys.find(&format!("made-up-{n}")).await));
        }
    };
    flood().await;
    endpoint.publish(&[&old, &new]);
    // It is published ten minutes before it signs; half a minute is enough.
    for _ in 0..31 {
        flood().await;
        clock.advance(TimeDelta::seconds(1));
    }
    flood().await;
    let asked = endpoint.asked();
    assert!(keys.find("new").await.is_ok());
    assert_eq!((asked, endpoint.asked()), (2, 2));
}

#[tokio::test]
async fn who_knows_of_a_change_asks_at_once() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let (old, new) =
        (SigningKey::generate("old".into()).unwrap(), SigningKey::generate("new".into()).unwrap());
    endpoint.publish(&[&old]);
    let keys = endpoint.keys(&clock);
    assert!(keys.find("old").await.is_ok());
    endpoint.publish(&[&new]);
    assert_eq!(keys.renew().await, ["new"]);
    assert!(is_unknown(&keys.find("old").await));
    assert!(keys.find("new").await.is_ok());
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_goes_within_minutes() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let (old, new) =
        (SigningKey::generate("old".into()).unwrap(), SigningKey::generate("new".into()).unwrap());
    endpoint.publish(&[&old, &new]);
    let keys = endpoint.keys(&clock);
    assert!(keys.find("old").await.is_ok());
    endpoint.publish(&[&new]);
    clock.advance(TimeDelta::minutes(6));
    assert!(is_unknown(&keys.find("old").await));
}

#[tokio::test]
async fn an_endpoint_that_comes_up_late_is_found_within_a_second() {
    let (endpoint, clock) = (Endpoint::start().await, clock());
    let key = SigningKey::generate("k1".into()).unwrap();
    let keys = endpoint.keys(&clock);
    assert!(is_unavailable(&keys.find("k1").await));
    assert!(!keys.is_ready());
    endpoint.publish(&[&key]);
    clock.advance(TimeDelta::seconds(1));
    assert!(keys.warm().await);
    assert!(keys.find("k1").await.is_ok());
}
