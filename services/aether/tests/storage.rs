//! Files kept in S3: the whole product as a process, beside a small server that speaks as much of S3's protocol as it
//! needs. What the clouds themselves answer is shown by nobody here.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use aether_testkit::process::Process;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use reqwest::StatusCode as Status;
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Bucket {
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    broken: Arc<AtomicBool>,
}

async fn answer(
    State(bucket): State<Bucket>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if bucket.broken.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let signed = headers["authorization"].to_str().unwrap();
    assert!(signed.contains("Credential=the-key/") && !signed.contains("the-secret"), "{signed}");
    let mut objects = bucket.objects.lock().unwrap();
    let key = uri.path().trim_start_matches("/files/").to_owned();
    match method {
        Method::PUT => {
            objects.insert(key, body);
            [("etag", "\"1\"")].into_response()
        }
        Method::GET if uri.query().is_some() => {
            "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".into_response()
        }
        Method::GET => match objects.get(&key) {
            Some(bytes) => {
                let headers = [("etag", "\"1\""), ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT")];
                (headers, bytes.clone()).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the runtime of the test ends with it")]
async fn uploads_live_in_s3_and_its_silence_is_a_503() {
    let bucket = Bucket::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(bucket.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let dir = tempfile::tempdir().unwrap();
    let settings = [
        ("AETHER_DATA_DIR", dir.path().to_str().unwrap()),
        ("STORAGE_URL", "s3://files/below/it"),
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "the-key"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret"),
    ];
    let aether = Process::start("aether", env!("CARGO_BIN_EXE_aether"), &["serve"], &settings).await;
    let http = reqwest::Client::builder().build().unwrap();
    let person = json!({"email": "ana@example.com", "password": "tiger umbrella 9 frost", "name": "Ana"});
    let url = |path: &str| format!("{}{path}", aether.url);
    let session: Value =
        http.post(url("/api/auth/register")).json(&person).send().await.unwrap().json().await.unwrap();
    let token = session["accessToken"].as_str().unwrap();
    let form = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.md\"\r\n\r\n# Notes\r\n--XX--\r\n";
    let upload = async || {
        http.post(url("/api/generate/uploads"))
            .bearer_auth(token)
            .header("content-type", "multipart/form-data; boundary=XX")
            .body(form)
            .send()
            .await
            .unwrap()
    };
    let kept = upload().await;
    assert_eq!(kept.status(), Status::CREATED);
    let kept: Value = kept.json().await.unwrap();
    let id = kept["id"].as_str().unwrap();
    let objects = bucket.objects.lock().unwrap().clone();
    assert_eq!(objects.get(&format!("below/it/uploads/{id}")).map(Bytes::as_ref), Some(&b"# Notes"[..]));
    let ask = json!({"prompt": "a timer", "uploadIds": [id]});
    let made = http.post(url("/api/generate/code")).bearer_auth(token).json(&ask).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["metadata"]["context"]["uploads"][0]["name"], "notes.md", "{made}");
    bucket.broken.store(true, Ordering::Relaxed);
    let refused = upload().await;
    assert_eq!(refused.status(), Status::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
}
