//! Server-sent events: those of a generation (CONTRACT.md "Events"), and any others.

use std::{convert::Infallible, pin::Pin, time::Duration};

use aether_common::event::Event;
use axum::{
    http::{HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures::{Stream, StreamExt, stream};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Sends each event as it comes, `id: <attempt>-<seq>`; ends with the last event of the generation, or with the stream.
pub fn stream(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events: Pin<Box<dyn Stream<Item = Event> + Send>> = Box::pin(events);
    // The state goes with the last event, so that the stream is not polled for what never comes.
    let messages = stream::unfold(Some(events), |events| async move {
        let mut events = events?;
        let event = events.next().await?;
        let rest = (!event.is_last()).then_some(events);
        Some((Ok::<_, Infallible>(message(&event)), rest))
    });
    answer(messages)
}

/// Messages as an answer that nothing on the way keeps or holds back, with a comment when it is silent.
pub fn answer(messages: impl Stream<Item = Result<sse::Event, Infallible>> + Send + 'static) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive");
    let mut response = Sse::new(messages).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn message(event: &Event) -> sse::Event {
    let message = sse::Event::default().event(event.sse_name()).id(event.position.to_string());
    match serde_json::to_string(&event.payload()) {
        // JSON escapes line ends, so that this is one line.
        Ok(data) => message.data(data),
        Err(error) => {
            tracing::error!(%error, "an event cannot be written");
            message
        }
    }
}
