//! The health routes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use aether_common::clock::Clock;
use aether_web::health::Health;
use axum::Router;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{edge, get, send};

fn health(shutdown: &CancellationToken) -> Health {
    Health::new("auth-service", "1.2.3", Clock::system(), shutdown.clone())
}

async fn status(router: &Router, path: &str) -> (u16, serde_json::Value) {
    let answer = send(router, get(path).body("".into()).unwrap()).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn health_is_the_contracts() {
    let health = health(&CancellationToken::new()).needs("database", async || Ok(()));
    let (status, body) = status(&edge(health.routes()), "/health").await;
    assert_eq!(status, 200);
    assert_eq!(body["status"], "healthy");
    assert_eq!(body["service"], "auth-service");
    assert_eq!(body["version"], "1.2.3");
    assert_eq!(body["dependencies"], json!({"database": "healthy"}));
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_lost_need_is_503_and_a_lost_wish_is_degraded() {
    let wish = health(&CancellationToken::new())
        .needs("database", async || Ok(()))
        .likes("externalApis", async || Err("secret host is down".into()));
    let (code, body) = status(&edge(wish.clone().routes()), "/health").await;
    assert_eq!((code, &body["status"]), (200, &json!("degraded")));
    assert!(!body.to_string().contains("secret"));

    let need = health(&CancellationToken::new()).needs("redis", async || Err("gone".into())).including(&wish);
    let router = edge(need.routes());
    let (code, body) = status(&router, "/health").await;
    assert_eq!((code, &body["status"]), (503, &json!("unhealthy")));
    assert_eq!(
        body["dependencies"],
        json!({"database": "healthy", "externalApis": "unhealthy", "redis": "unhealthy"})
    );
    assert_eq!(status(&router, "/health/ready").await.0, 503);
    assert_eq!(status(&router, "/health/live").await.0, 200);
}

#[tokio::test]
async fn a_draining_process_is_alive_but_not_ready() {
    let shutdown = CancellationToken::new();
    let router = edge(health(&shutdown).routes());
    assert_eq!(status(&router, "/health/ready").await.0, 200);
    shutdown.cancel();
    assert_eq!(status(&router, "/health/ready").await.0, 503);
    assert_eq!(status(&router, "/health/live").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_check_is_given_up_and_an_answer_holds_for_a_second() {
    let asked = Arc::new(AtomicUsize::new(0));
    let hangs = Arc::new(AtomicBool::new(true));
    let health = health(&CancellationToken::new()).needs("database", {
        let (asked, hangs) = (asked.clone(), hangs.clone());
        move || {
            asked.fetch_add(1, Ordering::SeqCst);
            let hangs = hangs.load(Ordering::SeqCst);
            async move { if hangs { std::future::pending().await } else { Ok(()) } }
        }
    });
    let router = edge(health.routes());
    assert_eq!(status(&router, "/health").await.0, 503);
    hangs.store(false, Ordering::SeqCst);
    assert_eq!(status(&router, "/health").await.0, 503);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::advance(std::time::Duration::from_millis(1001)).await;
    assert_eq!(status(&router, "/health").await.0, 200);
}
