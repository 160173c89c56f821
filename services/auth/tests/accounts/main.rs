//! The auth service through its router, as clients call it, on SQLite and on PostgreSQL.
#![cfg(test)]

mod admin;
mod api_keys;
mod attacks;
mod bad_input;
mod belongings;
mod cookies;
mod interleavings;
mod keys;
mod mail;
mod mfa;
mod oauth;
mod privacy;
mod profile;
mod sessions;
mod slow_down;
mod starts;
mod step_up;

use aether_boot::serve::stand_alone;
use aether_common::{clock::ManualClock, id::Ids};
use aether_testkit::{Backend, backends};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, request},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

const PASSWORD: &str = "tiger umbrella 9 frost";

/// The service on one backend, at a time that the test moves.
pub(crate) struct App {
    pub(crate) backend: Backend,
    pub(crate) router: Router,
    pub(crate) clock: ManualClock,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A session as a program holds it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// The service on both backends.
pub(crate) async fn apps<const N: usize>(settings: [(&str, &str); N]) -> Vec<App> {
    let mut apps = Vec::new();
    for backend in backends(settings).await {
        apps.push(App::on(backend).await);
    }
    apps
}

impl App {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::at(backend, DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap()).await
    }

    /// The same, beginning at this time.
    pub(crate) async fn at(backend: Backend, now: DateTime<Utc>) -> Self {
        let clock = ManualClock::new(now);
        let backend = backend.with_clock(&clock);
        let service = aether_auth::build(&backend.deps).await.unwrap().service;
        let router = stand_alone(service, &backend.deps).unwrap();
        Self { backend, router, clock }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(post(path).body(body.to_string().into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, access: &str) -> Answer {
        self.call("GET", path, access, None).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, access: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {access}"))
            .header("content-type", "application/json");
        self.send(request.body(body.map_or_else(Body::empty, |body| body.to_string().into())).unwrap()).await
    }

    pub(crate) async fn register(&self, email: &str) -> Held {
        self.post("/register", registration(email)).await.expect(201).held()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.post("/refresh", json!({"refreshToken": token})).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    /// Status and `code` of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        (self.status, self.json()["code"].as_str().unwrap().to_owned())
    }

    pub(crate) fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    pub(crate) fn held(&self) -> Held {
        let body = self.json();
        let word = |name: &str| body[name].as_str().unwrap().to_owned();
        Held { access: word("accessToken"), refresh: word("refreshToken") }
    }
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Ana"})
}

pub(crate) fn post(path: &str) -> request::Builder {
    Request::post(path).header("content-type", "application/json")
}

pub(crate) fn unique_email() -> String {
    format!("{}@example.com", Ids::system().mint::<Uuid>().simple())
}

pub(crate) const OK: u16 = StatusCode::OK.as_u16();
