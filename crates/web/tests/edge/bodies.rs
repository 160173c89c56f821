//! Bad bodies: each the contract's answer, never a 500.

use std::io::Write;

use aether_web::extract::{Json, ValidJson};
use axum::{Router, body::Body, routing};
use flate2::{Compression, write::GzEncoder};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Answer, edge, post, send};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Plain {
    prompt: String,
    count: Option<u32>,
    inner: Option<Inner>,
    anything: Option<Value>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inner {
    is_on: bool,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Checked {
    #[garde(length(chars, min = 1, max = 5))]
    first_name: String,
    #[garde(range(max = 10))]
    room_size: u8,
}

fn router() -> Router {
    edge(
        Router::new()
            .route("/plain", routing::post(async |body: Json<Plain>| body))
            .route("/maybe", routing::post(async |body: Option<Json<Plain>>| Json(body.is_some())))
            .route(
                "/checked",
                routing::post(async |ValidJson(body): ValidJson<Checked>| {
                    Json((body.first_name, body.room_size))
                }),
            ),
    )
}

async fn plain(body: impl Into<Body>) -> Answer {
    send(&router(), post("/plain").body(body.into()).unwrap()).await
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_good_body_is_read() {
    let answer = plain(r#"{"prompt": "héllo", "count": 3, "inner": {"isOn": true}}"#).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["prompt"], "héllo");
}

#[tokio::test]
async fn what_is_not_json_is_400() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_value = format!(r#"{{"prompt": "x", "anything": {deep}}}"#);
    let bodies: Vec<Vec<u8>> = vec![
        b"".into(),
        b"{".into(),
        b"prompt=x".into(),
        b"{\"unknown\": ".into(),
        b"{\"prompt\": 5} trailing".into(),
        b"{\"prompt\": \"x\"} trailing".into(),
        b"{\"prompt\": \"x\"}{\"prompt\": \"x\"}".into(),
        b"\xEF\xBB\xBF{\"prompt\": \"x\"}".into(),
        b"{\"prompt\": \"\xFF\"}".into(),
        b"{\"prompt\": \"\\ud800\"}".into(),
        b"{\"prompt\": \"x\", \"anything\": 1e400}".into(),
        b"{\"prompt\": \"x\", \"count\": NaN}".into(),
        b"{\"prompt\": \"raw \0 nul\"}".into(),
        deep_value.into(),
        "{\"prompt\": \"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = plain(body).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (400, "malformed_json"), "{shown}");
    }
}

#[tokio::test]
async fn what_is_json_but_not_the_request_is_422_and_names_the_field() {
    let many = (0..50_000).map(|n| format!("\"k{n}\":0")).collect::<Vec<_>>().join(",");
    for (body, field) in [
        (r#"{"prompt": "x", "role": "admin"}"#, "role"),
        (r#"{"count": 1}"#, "prompt"),
        (r#"{"prompt": 5}"#, "prompt"),
        (r#"{"prompt": "x", "count": -1}"#, "count"),
        (r#"{"prompt": "x", "count": 1.5}"#, "count"),
        (r#"{"prompt": "x", "count": 99999999999}"#, "count"),
        (r#"{"prompt": "x", "inner": {"isOn": "yes"}}"#, "inner.isOn"),
        (r#"{"prompt": "x", "inner": {"isOn": true, "more": 1}}"#, "inner.more"),
        (r#"{"prompt": "x", "inner": {}}"#, "inner.isOn"),
        (r#"{"prompt": "x", "prompt": "y"}"#, "prompt"),
        (r#"{"prompt": "a\u0000b"}"#, "prompt"),
        (r#"{"prompt": "x", "anything": {"a": [1, "\u0000"]}}"#, "anything.a[1]"),
        (r#"{"prompt": "x", "__proto__": {}}"#, "__proto__"),
        ("[]", ""),
        (r#" ["x", null, null, null]"#, ""),
        ("null", ""),
        ("\"text\"", ""),
        (&format!("{{{many}}}"), "k0"),
    ] {
        let shown = &body[..body.len().min(60)];
        let answer = plain(body.to_owned()).await;
        assert_eq!(answer.status, 422, "{shown}: {}", answer.json());
        assert_eq!(answer.code(), "validation_failed");
        assert_eq!(answer.field(), field, "{shown}: {}", answer.json());
        assert!(!answer.json().to_string().contains("struct"), "{}", answer.json());
    }
}

#[tokio::test]
async fn an_escaped_backslash_before_u0000_is_only_text() {
    let answer = plain(r#"{"prompt": "a \\u0000 b"}"#).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn every_broken_rule_is_named_in_json_words() {
    let body = r#"{"firstName": "too long", "roomSize": 11}"#;
    let answer = send(&router(), post("/checked").body(body.into()).unwrap()).await;
    assert_eq!(answer.status, 422);
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let mut fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["firstName", "roomSize"]);
    assert!(errors.iter().all(|error| !error["message"].as_str().unwrap().is_empty()));
}

#[tokio::test]
async fn an_empty_body_may_be_none() {
    let empty = axum::http::Request::post("/maybe").body(Body::empty()).unwrap();
    assert_eq!(send(&router(), empty).await.json(), false);
    let there = post("/maybe").body(r#"{"prompt": "x"}"#.into()).unwrap();
    assert_eq!(send(&router(), there).await.json(), true);
    let broken = post("/maybe").body("{".into()).unwrap();
    assert_eq!(send(&router(), broken).await.status, 400);
}

#[tokio::test]
async fn another_media_type_is_415() {
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=utf-16",
        "application/jsonp",
    ] {
        let request = axum::http::Request::post("/plain").header("content-type", media_type);
        let answer = send(&router(), request.body(r#"{"prompt": "x"}"#.into()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.code()),
            (415, "unsupported_media_type"),
            "{media_type}"
        );
    }
    for media_type in ["application/json; charset=UTF-8", "Application/JSON", "application/vnd.api+json"] {
        let request = axum::http::Request::post("/plain").header("content-type", media_type);
        assert_eq!(send(&router(), request.body(r#"{"prompt": "x"}"#.into()).unwrap()).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413() {
    let answer = plain(format!(r#"{{"prompt": "{}"}}"#, "a".repeat(1024 * 1024))).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (413, "body_too_large"));
    let fits = plain(format!(r#"{{"prompt": "{}"}}"#, "a".repeat(1024 * 1024 - 16))).await;
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn gzip_is_decoded_and_a_bomb_ends_at_the_limit() {
    let zipped = |body: Vec<u8>| post("/plain").header("content-encoding", "gzip").body(body.into()).unwrap();
    let answer = send(&router(), zipped(gzip(br#"{"prompt": "x"}"#))).await;
    assert_eq!(answer.json()["prompt"], "x");

    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    let answer = send(&router(), zipped(bomb)).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (413, "body_too_large"));

    let answer = send(&router(), zipped(b"not gzip at all".to_vec())).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (400, "unreadable_body"));
}

#[tokio::test]
async fn another_coding_is_415() {
    for coding in ["br", "deflate", "gzip, gzip", "x"] {
        let request = post("/plain").header("content-encoding", coding);
        let answer = send(&router(), request.body("{}".into()).unwrap()).await;
        assert_eq!(
            (answer.status.as_u16(), &*answer.code()),
            (415, "unsupported_content_encoding"),
            "{coding}"
        );
    }
}
