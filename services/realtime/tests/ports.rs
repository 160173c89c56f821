//! The distributed mode's way to the generation service: what is sent, and what becomes of each answer.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{sync::Arc, time::Duration};

use aether_common::{
    id::{GenerationId, SessionId, UserId},
    model::{generation::Kind, scope::Access, user::Role},
};
use aether_realtime::ports::{Generations, HttpGenerations, StartGeneration};
use aether_web::auth::Caller;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, sync::Mutex};
use uuid::Uuid;

const ID: GenerationId = GenerationId(Uuid::from_u128(7));

type Seen = Arc<Mutex<Vec<(Method, Uri, HeaderMap, String)>>>;

/// A server that answers every request alike and writes down what it was asked.
async fn server(
    status: u16,
    headers: &'static [(&str, &str)],
    body: &'static str,
) -> (HttpGenerations, Seen) {
    let seen = Seen::default();
    let writing = seen.clone();
    let answer = move |method: Method, uri: Uri, asked: HeaderMap, text: Bytes| async move {
        let text = String::from_utf8(text.to_vec()).unwrap();
        writing.lock().await.push((method, uri, asked, text));
        let mut response: Response = (StatusCode::from_u16(status).unwrap(), body).into_response();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        response
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (HttpGenerations::new(client(), &url), seen)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().connect_timeout(Duration::from_secs(1)).build().unwrap()
}

fn caller() -> Caller {
    Caller {
        user_id: UserId(Uuid::nil()),
        session_id: SessionId(Uuid::nil()),
        role: Role::User,
        name: "Ana".into(),
        issued_at: 0,
        access: Access::Session,
        key: None,
    }
}

fn start() -> StartGeneration {
    StartGeneration {
        prompt: "a todo app".into(),
        kind: Kind::Ui,
        language: None,
        model: None,
        room_id: None,
        parent_id: Some(ID),
        client_id: Some("mine".into()),
    }
}

#[tokio::test]
async fn a_start_is_a_post_that_does_not_wait_and_happens_once() {
    let body = r#"{"id": "00000000-0000-0000-0000-000000000007", "status": "queued", "more": 1}"#;
    let (port, seen) = server(202, &[], body).await;
    assert_eq!(port.start(&caller(), "token", start()).await.unwrap(), ID);
    let seen = seen.lock().await;
    let (method, uri, headers, body) = &seen[0];
    assert_eq!((method, uri.path()), (&Method::POST, "/ui"));
    assert_eq!(headers["authorization"], "Bearer token");
    assert_eq!(headers["prefer"], "respond-async");
    assert_eq!(headers["idempotency-key"], "mine");
    assert_eq!(body, &format!(r#"{{"prompt":"a todo app","parentId":"{ID}"}}"#));
}

#[tokio::test]
async fn a_cancel_is_a_post() {
    let (port, seen) = server(202, &[], "{}").await;
    port.cancel(&caller(), "token", ID).await.unwrap();
    assert_eq!(seen.lock().await[0].1.path(), format!("/history/{ID}/cancel"));
}

#[tokio::test]
async fn a_problem_is_passed_on() {
    let body = r#"{"type": "about:blank", "title": "Unprocessable Content", "status": 422, "code": "validation_failed",
        "detail": "Some fields are not valid.", "traceId": "x", "errors": [{"field": "prompt", "message": "is required"}]}"#;
    let (port, _) = server(422, &[("retry-after", "7")], body).await;
    let problem = port.start(&caller(), "token", start()).await.unwrap_err();
    assert_eq!((problem.status, &*problem.code), (422, "validation_failed"));
    assert_eq!(problem.errors[0].field, "prompt");
    assert_eq!(problem.retry_after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_unavailable() {
    for (status, body) in [(202, "{}"), (202, "<html>"), (500, "oops"), (302, "")] {
        let (port, _) = server(status, &[], body).await;
        let problem = port.start(&caller(), "token", start()).await.unwrap_err();
        assert_eq!((problem.status, &*problem.code), (503, "unavailable"), "{status} {body}");
    }
    let nobody = HttpGenerations::new(client(), "http://127.0.0.1:1");
    assert_eq!(nobody.cancel(&caller(), "token", ID).await.unwrap_err().status, 503);
}
