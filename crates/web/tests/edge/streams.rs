//! Server-sent events, and the documents.

use std::time::Duration;

use aether_common::{
    event::{Event, Happening, Position, Stage},
    id::GenerationId,
};
use aether_web::{openapi, sse};
use axum::{Router, body::Body, response::Response, routing};
use futures::{StreamExt, stream};
use uuid::Uuid;

use crate::{edge, get, send};

fn event(seq: u64, happening: Happening) -> Event {
    Event { generation_id: GenerationId(Uuid::nil()), position: Position { attempt: 2, seq }, happening }
}

fn progress(seq: u64, delta: &str) -> Event {
    event(seq, Happening::Progress { progress: 10, status: Stage::Streaming, delta: Some(delta.into()) })
}

async fn text(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn events_carry_their_position_and_the_stream_ends_with_the_last() {
    // The source never ends of itself: only the last event closes the stream.
    let events =
        stream::iter([progress(1, "two\nlines"), event(2, Happening::Cancelled)]).chain(stream::pending());
    let response = sse::stream(events);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let nil = Uuid::nil();
    assert_eq!(
        text(response).await,
        format!(
            "event: progress\nid: 2-1\ndata: {{\"generationId\":\"{nil}\",\"attempt\":2,\"seq\":1,\"progress\":10,\
             \"status\":\"streaming\",\"delta\":\"two\\nlines\"}}\n\n\
             event: cancelled\nid: 2-2\ndata: {{\"generationId\":\"{nil}\",\"attempt\":2,\"seq\":2}}\n\n"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_shows_life_every_15_seconds() {
    let mut body = sse::stream(stream::pending()).into_body().into_data_stream();
    let chunk = tokio::time::timeout(Duration::from_secs(16), body.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(&chunk[..], b": keep-alive\n\n");
}

#[tokio::test]
async fn the_documents_load_nothing_from_elsewhere() {
    let mut document = utoipa::openapi::OpenApi::default();
    document.info.title = "<script>alert(1)</script>".into();
    let router =
        edge(Router::new().merge(openapi::routes(&document)).route("/x", routing::get(async || "x")));
    let json = send(&router, get("/openapi.json").body(Body::empty()).unwrap()).await;
    assert_eq!(json.json()["openapi"], "3.1.0");
    let page = send(&router, get("/docs").body(Body::empty()).unwrap()).await;
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert!(!html.contains("<script") && !html.contains("http://") && !html.contains("https://"), "{html}");
}
