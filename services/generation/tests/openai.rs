//! What the client of OpenAI-compatible servers asks, and what it makes of their answers, against a server that plays
//! answers from a list.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{collections::VecDeque, sync::Arc, time::Duration};

use aether_common::clock::Clock;
use aether_generation::provider::{
    Call, Chunk, Finish, Provider, ProviderError, Speaker, Turn, openai::OpenAi,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response},
};
use futures::StreamExt;
use parking_lot::Mutex;
use serde_json::Value;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

const KEY: &str = "sk-a-long-secret-hunter2";
const WHOLE: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// Status, headers, body.
type Answer = (u16, Vec<(&'static str, String)>, String);

#[derive(Default)]
struct Played {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<(HeaderMap, Value)>>,
}

struct Server {
    played: Arc<Played>,
    client: OpenAi,
    _task: AbortOnDropHandle<()>,
}

async fn play(State(played): State<Arc<Played>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    played.asked.lock().push((headers, serde_json::from_slice(&body).unwrap()));
    let (status, headers, body) = played.answers.lock().pop_front().unwrap();
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}

async fn server(answers: Vec<Answer>) -> Server {
    let played = Arc::new(Played { answers: Mutex::new(answers.into()), asked: Mutex::default() });
    let router = Router::new().route("/v1/chat/completions", axum::routing::post(play));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap()).parse().unwrap();
    let router = router.with_state(played.clone());
    let serving = TaskTracker::new().spawn(async move { axum::serve(listener, router).await.unwrap() });
    let client = OpenAi::new("test", &url, Some(KEY.into()), http(), Clock::system());
    Server { played, client, _task: AbortOnDropHandle::new(serving) }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

fn stream(body: &str) -> Answer {
    (200, vec![("content-type", "text/event-stream".into())], body.into())
}

fn refuse(status: u16, body: &str) -> Answer {
    (status, vec![("content-type", "application/json".into())], body.into())
}

fn call(max_output_tokens: Option<u64>) -> Call {
    Call {
        model: "m".into(),
        turns: vec![
            Turn { speaker: Speaker::System, text: "be good".into() },
            Turn { speaker: Speaker::User, text: "hi".into() },
        ],
        temperature: Some(0.5),
        max_output_tokens,
    }
}

impl Server {
    /// The items of one call, the call's own error among them.
    async fn hear(&self, call: Call) -> Vec<Result<Chunk, ProviderError>> {
        match self.client.stream(call).await {
            Ok(chunks) => chunks.collect().await,
            Err(error) => vec![Err(error)],
        }
    }

    async fn error(&self) -> ProviderError {
        self.hear(call(None)).await.pop().unwrap().unwrap_err()
    }

    fn asked(&self, index: usize) -> Value {
        self.played.asked.lock()[index].1.clone()
    }
}

#[tokio::test]
async fn a_call_is_asked_in_the_new_form_with_the_limit_and_the_key() {
    let server = server(vec![stream(WHOLE), stream(WHOLE)]).await;
    let heard = server.hear(call(Some(77))).await;
    assert_eq!(heard, [Ok(Chunk::Text("hello".into())), Ok(Chunk::Finish(Finish::Stop))]);
    let asked = server.asked(0);
    assert_eq!(asked["max_completion_tokens"], 77);
    assert!(asked.get("max_tokens").is_none());
    assert_eq!((&asked["stream"], &asked["stream_options"]["include_usage"]), (&true.into(), &true.into()));
    assert_eq!(asked["messages"][1]["content"], "hi");
    let key = server.played.asked.lock()[0].0["authorization"].to_str().unwrap().to_owned();
    assert_eq!(key, format!("Bearer {KEY}"));
    server.hear(call(None)).await;
    assert!(server.asked(1).get("max_completion_tokens").is_none());
}

#[tokio::test]
async fn a_server_that_knows_only_the_old_form_is_asked_in_it_from_then_on() {
    let strict = |word: &str| {
        refuse(
            422,
            &format!("{{\"detail\":[{{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"{word}\"]}}]}}"),
        )
    };
    let server = server(vec![
        strict("max_completion_tokens"),
        strict("stream_options"),
        stream(WHOLE),
        stream(WHOLE),
        strict("max_completion_tokens"),
    ])
    .await;
    assert_eq!(server.hear(call(Some(77))).await.len(), 2);
    assert_eq!(server.hear(call(Some(78))).await.len(), 2);
    for (index, limit) in [(2, 77), (3, 78)] {
        let asked = server.asked(index);
        assert_eq!(asked["max_tokens"], limit);
        assert!(asked.get("max_completion_tokens").is_none() && asked.get("stream_options").is_none());
    }
    assert_eq!(server.error().await, ProviderError::Refused(422), "it is not asked the same for ever");
    assert_eq!(server.played.asked.lock().len(), 5);
}

#[tokio::test]
async fn every_refusal_has_its_meaning() {
    let quota = "{\"error\":{\"code\":\"insufficient_quota\"}}";
    let missing = "{\"error\":{\"code\":\"model_not_found\"}}";
    for (answer, means) in [
        (refuse(401, "{}"), ProviderError::Unauthorized(401)),
        (refuse(403, "{}"), ProviderError::Unauthorized(403)),
        (refuse(404, "{}"), ProviderError::NoModel),
        (refuse(400, missing), ProviderError::NoModel),
        (refuse(400, "{}"), ProviderError::Refused(400)),
        (refuse(302, ""), ProviderError::Refused(302)),
        (refuse(429, quota), ProviderError::Refused(429)),
        (refuse(429, "<html>"), ProviderError::Busy { retry_after: None }),
        (refuse(500, "oh"), ProviderError::Failed("500 Internal Server Error: oh".into())),
        (refuse(408, ""), ProviderError::Failed("408 Request Timeout: ".into())),
        (refuse(200, "{}"), ProviderError::Garbage("an answer of type application/json".into())),
        (
            (429, vec![("retry-after", "3".into())], String::new()),
            ProviderError::Busy { retry_after: Some(Duration::from_secs(3)) },
        ),
        (
            (503, vec![("retry-after", "3".into())], String::new()),
            ProviderError::Busy { retry_after: Some(Duration::from_secs(3)) },
        ),
        (refuse(503, ""), ProviderError::Failed("503 Service Unavailable: ".into())),
        (
            (429, vec![("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT".into())], String::new()),
            ProviderError::Busy { retry_after: Some(Duration::ZERO) },
        ),
    ] {
        let told = format!("{answer:?}");
        assert_eq!(server(vec![answer]).await.error().await, means, "{told}");
    }
}

#[tokio::test]
async fn what_a_server_says_is_told_short_in_one_line_and_without_the_key() {
    let long = format!("{}{KEY}{}", "x".repeat(190), "y\n".repeat(500));
    let said = serde_json::to_string(&long).unwrap();
    for answer in [
        refuse(500, &long),
        stream(&format!("data: {{\"error\":{{\"message\":{said}}}}}\n\n")),
        stream(&format!("data: {{\"choices\":{said}}}\n\n")),
        (200, vec![("content-type", format!("text/{KEY}"))], String::new()),
    ] {
        let error = server(vec![answer]).await.error().await;
        let told = format!("{error} {error:?} {:?}", error.failure());
        assert!(!told.contains("sk-a") && !told.contains("hunter2"), "{told}");
        assert!(error.to_string().len() < 260 && !error.to_string().contains('\n'), "{told}");
        assert!(!error.failure().message.contains("xxx"), "users are told our words");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure_that_names_no_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let client = OpenAi::new("gone", &url, None, http(), Clock::system());
    let Err(ProviderError::Failed(why)) = client.stream(call(None)).await else { panic!("it answers") };
    assert!(!why.contains("127.0.0.1"), "{why}");
    assert!(client.check().await.is_err());
}
