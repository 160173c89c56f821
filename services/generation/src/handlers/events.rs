//! `GET /history/{id}/events`: the events of a generation over SSE, live or replayed, from the position that
//! `Last-Event-ID` names.

use aether_bus::After;
use aether_common::id::GenerationId;
use aether_common::problem::Problem;
use aether_store::generations;
use aether_web::{
    auth::Caller,
    extract::Path,
    respond::{ProblemBody, Result},
    sse,
};
use axum::{
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use crate::state::State;

/// The events after the last one seen, live until the end.
///
/// `Last-Event-ID` is `<attempt>-<seq>`. A reconnect at the last event of all gets 204.
#[utoipa::path(
    get, path = "/history/{id}/events", tag = "generations", operation_id = "followGeneration",
    params(("id" = GenerationId, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (status = 200, description = "The events, as they come", content_type = "text/event-stream", body = String),
        (status = 204, description = "The last event has been seen"),
        (status = 404, body = ProblemBody),
    )
)]
pub async fn events(
    Shared(state): Shared<State>,
    caller: Caller,
    Path(id): Path<GenerationId>,
    headers: HeaderMap,
) -> Result<Response> {
    {
        let mut db = state.deps.store.conn().await?;
        generations::find_access(&mut db, caller.user_id, id).await?.ok_or_else(Problem::not_found)?;
    }
    let after = match headers.get("last-event-id") {
        None => After::Beginning,
        Some(text) => After::from_text(Some(text.to_str().unwrap_or("unreadable"))),
    };
    stream(&state, id, after).await
}

/// The events as an answer. It ends when this process stops; the reader reconnects elsewhere, at its position.
pub async fn stream(state: &State, id: GenerationId, after: After) -> Result<Response> {
    let following = state.generations.follow(id, after).await?;
    if following.over {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let shutdown = state.deps.lifecycle.shutdown.clone();
    Ok(sse::stream(following.events.take_until(shutdown.cancelled_owned())))
}
