//! Guessing is slow, and locks nobody out of their own account.

use axum::http::Request;
use serde_json::json;

use crate::{Answer, App, OK, PASSWORD, apps, post, registration};

/// Limits on, and a proxy that may say where a request comes from.
const SETTINGS: [(&str, &str); 2] = [("AETHER_RATE_LIMITS", "on"), ("AETHER_TRUSTED_PROXIES", "0.0.0.0/32")];
const WRONG: &str = "tiger umbrella 8 frost";

/// A network of this test alone: other tests count on the same Redis.
fn network() -> String {
    let number: u64 = rand::random();
    format!("2001:db8:{:x}:{:x}", number & 0xffff, (number >> 16) & 0xffff)
}

async fn from(app: &App, address: &str, path: &str, body: serde_json::Value) -> Answer {
    let request: Request<axum::body::Body> =
        post(path).header("x-forwarded-for", address).body(body.to_string().into()).unwrap();
    app.send(request).await
}

async fn login(app: &App, address: &str, email: &str, password: &str) -> Answer {
    from(app, address, "/login", json!({"email": email, "password": password})).await
}

fn refused_until_later(answer: &Answer) {
    assert_eq!(answer.problem(), (429, "rate_limited".into()));
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
}

#[tokio::test]
async fn guesses_from_one_network_become_slow_and_the_owner_gets_in() {
    for app in apps(SETTINGS).await {
        let (home, elsewhere, email) = (network(), network(), crate::unique_email());
        from(&app, &format!("{home}::1"), "/register", registration(&email)).await.expect(201);
        for guess in 0..10 {
            // Each from another address of the same /64.
            let answer = login(&app, &format!("{elsewhere}::{guess}"), &email, WRONG).await;
            assert_eq!(answer.problem(), (401, "invalid_credentials".into()), "{guess}");
        }
        // Not even the right one is tried now, so that a guess tells nothing.
        refused_until_later(&login(&app, &format!("{elsewhere}::99"), &email, WRONG).await);
        refused_until_later(&login(&app, &format!("{elsewhere}::99"), &email, PASSWORD).await);
        login(&app, &format!("{home}::2"), &email, PASSWORD).await.expect(OK);
    }
}

#[tokio::test]
async fn guesses_from_everywhere_become_slow_and_the_owner_gets_in() {
    for app in apps(SETTINGS).await {
        let (home, email) = (network(), crate::unique_email());
        from(&app, &format!("{home}::1"), "/register", registration(&email)).await.expect(201);
        for guess in 0..30 {
            let answer = login(&app, &format!("{}::1", network()), &email, WRONG).await;
            assert_eq!(answer.status, 401, "{guess}");
        }
        refused_until_later(&login(&app, &format!("{}::1", network()), &email, WRONG).await);
        login(&app, &format!("{home}::1"), &email, PASSWORD).await.expect(OK);
    }
}

#[tokio::test]
async fn the_slow_down_does_not_tell_whether_there_is_an_account() {
    for app in apps(SETTINGS).await {
        let email = crate::unique_email();
        from(&app, &format!("{}::1", network()), "/register", registration(&email)).await.expect(201);
        let tries = async |email: &str| {
            let from = format!("{}::1", network());
            let mut answers = Vec::new();
            for _ in 0..13 {
                let mut answer = login(&app, &from, email, WRONG).await;
                let mut body = answer.json();
                body["traceId"] = json!("the same");
                answers.push((answer.status, body, answer.headers.remove("retry-after").is_some()));
            }
            answers
        };
        assert_eq!(tries(&email).await, tries(&crate::unique_email()).await);
    }
}

#[tokio::test]
async fn who_remembers_in_the_end_has_their_slips_forgotten() {
    for app in apps(SETTINGS).await {
        let (home, email) = (format!("{}::1", network()), crate::unique_email());
        from(&app, &home, "/register", registration(&email)).await.expect(201);
        for _ in 0..3 {
            for _ in 0..9 {
                assert_eq!(login(&app, &home, &email, WRONG).await.status, 401);
            }
            login(&app, &home, &email, PASSWORD).await.expect(OK);
        }
    }
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_are_tried_than_one_after_the_other() {
    for app in apps(SETTINGS).await {
        let (away, email) = (format!("{}::1", network()), crate::unique_email());
        from(&app, &format!("{}::1", network()), "/register", registration(&email)).await.expect(201);
        let guesses = (0..60).map(async |_| login(&app, &away, &email, WRONG).await.status);
        let statuses = futures::future::join_all(guesses).await;
        let tried = statuses.iter().filter(|status| **status != 429).count();
        assert!(tried <= 10, "{}: {tried} of 60", app.backend.name);
    }
}
