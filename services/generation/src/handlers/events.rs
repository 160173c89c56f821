//! `GET /history/{id}/events`: the events of a generation over SSE, live or replayed, from the position that
//! `Last-Event-ID` names.

use std::time::Duration;

use aether_bus::{After, Delivery, Subscription, Topic};
use aether_common::{
    id::{GenerationId, UserId},
    notice::Notice,
    problem::Problem,
};
use aether_store::generations;
use aether_web::{
    auth::{Caller, GenerationsRead, Scoped, until_revoked},
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

/// A notice may be lost: so often it is looked whether a member still is one.
const RECHECK: Duration = Duration::from_secs(15);

/// The events after the last one seen, live until the end.
///
/// `Last-Event-ID` is `<attempt>-<seq>`. A reconnect at the last event of all gets 204.
#[utoipa::path(
    get, path = "/history/{id}/events", tag = "generations", operation_id = "followGeneration",
    security(("bearer" = ["generations:read"])),
    params(("id" = GenerationId, Path), ("Last-Event-ID" = Option<String>, Header)),
    responses(
        (status = 200, description = "The events, as they come", content_type = "text/event-stream", body = String),
        (status = 204, description = "The last event has been seen"),
        (status = 404, body = ProblemBody),
    )
)]
pub async fn events(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
    headers: HeaderMap,
) -> Result<Response> {
    let access = {
        let mut db = state.deps.store.conn().await?;
        generations::find_access(&mut db, caller.user_id, id).await?.ok_or_else(Problem::not_found)?
    };
    let after = match headers.get("last-event-id") {
        None => After::Beginning,
        Some(text) => After::from_text(Some(text.to_str().unwrap_or("unreadable"))),
    };
    match access.room_id.filter(|_| access.starter != caller.user_id) {
        None => stream(&state, caller.into_inner(), id, after).await,
        Some(room) => {
            // Heard from before the events are read on: whoever is put out meanwhile is not missed.
            let notices = state.deps.bus.subscribe(&Topic::room(room)).await.ok();
            let put_out = Box::pin(put_out(state.clone(), caller.user_id, id, notices));
            stream_until(&state, caller.into_inner(), id, after, put_out).await
        }
    }
}

/// The events as an answer. It ends when this process stops (the reader reconnects elsewhere, at its position), and when
/// the reader is signed out.
pub async fn stream(state: &State, reader: Caller, id: GenerationId, after: After) -> Result<Response> {
    stream_until(state, reader, id, after, std::future::pending()).await
}

async fn stream_until(
    state: &State,
    reader: Caller,
    id: GenerationId,
    after: After,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<Response> {
    let following = state.generations.follow(id, after).await?;
    if following.over {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let shutdown = state.deps.lifecycle.shutdown.clone();
    let signed_out = until_revoked(state.verifier.clone(), reader);
    let end = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = signed_out => {}
            () = end => {}
        }
    };
    Ok(sse::stream(following.events.take_until(end)))
}

/// Resolves when the reader, who sees the generation as a member of its room, may see it no more.
async fn put_out(state: State, reader: UserId, id: GenerationId, mut notices: Option<Subscription>) {
    loop {
        let heard = async {
            match &mut notices {
                Some(notices) => notices.next().await,
                None => Delivery::Closed,
            }
        };
        match tokio::time::timeout(RECHECK, heard).await {
            Ok(Delivery::Message(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(Notice::MemberRemoved { user_id, .. }) if user_id == reader => {}
                Ok(Notice::RoomDeleted { .. }) => {}
                _ => continue,
            },
            Ok(Delivery::Closed) => {
                notices = None;
                tokio::time::sleep(RECHECK).await;
            }
            Ok(Delivery::Lost) | Err(_) => {}
        }
        let access = async {
            let mut db = state.deps.store.conn().await?;
            generations::find_access(&mut db, reader, id).await
        };
        // While the database is away, nobody can be put out either.
        if matches!(access.await, Ok(None)) {
            return;
        }
    }
}
