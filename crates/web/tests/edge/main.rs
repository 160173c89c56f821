//! What the edge promises, asked through a router as a client would ask.
#![cfg(test)]

mod bodies;
mod callers;
mod health;
mod keys;
mod layers;
mod limits;
mod parameters;
mod streams;
mod tokens;

use aether_web::layers::{EdgeConfig, fallbacks, layers};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, request},
};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `code` of a problem, which every error answer must be.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The first field that did not validate.
    pub(crate) fn field(&self) -> String {
        self.json()["errors"][0]["field"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn config() -> EdgeConfig {
    EdgeConfig {
        service: "test-service",
        public_url: "http://localhost:8080".parse().unwrap(),
        cors_origins: vec!["https://app.example.com".into()],
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
    }
}

pub(crate) fn edge(router: Router) -> Router {
    layers(fallbacks(router), &config())
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn get(path: &str) -> request::Builder {
    Request::get(path)
}

pub(crate) fn post(path: &str) -> request::Builder {
    Request::post(path).header("content-type", "application/json")
}
