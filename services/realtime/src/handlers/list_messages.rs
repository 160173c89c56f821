//! `GET /api/rooms/{id}/messages`.

use aether_common::{
    id::{MessageId, RoomId},
    model::room::Message,
    page::{Cursor, Page},
    problem::Problem,
    text,
};
use aether_store::messages;
use aether_web::{
    auth::{RoomsRead, Scoped},
    extract::{Json, Path, Query},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Deserialize;
use utoipa::IntoParams;

use super::member;
use crate::state::State;

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// Holding this text, in any case.
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
}

/// The messages of a room, newest first.
#[utoipa::path(
    get, path = "/api/rooms/{id}/messages", tag = "rooms", operation_id = "listMessages",
    security(("bearer" = ["rooms:read"])), params(("id" = RoomId, Path), MessagesQuery, PageQuery),
    responses((status = 200, body = Page<Message>), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody))
)]
pub async fn list_messages(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsRead>,
    Path(id): Path<RoomId>,
    Query(query): Query<MessagesQuery>,
) -> Result<Json<Page<Message>>> {
    let text = query.q.filter(|text| !text.trim().is_empty());
    if let Some(message) = text.as_deref().and_then(|text| text::invalid(text, 200)) {
        return Err(Problem::invalid_field("q", message).into());
    }
    let mut db = state.deps.store.conn().await?;
    member(&mut db, caller.user_id, id).await?;
    let before = query.page.cursor.map(|cursor| MessageId(cursor.id));
    let found = messages::list(&mut db, id, before, text.as_deref(), query.page.limit).await?;
    Ok(Json(Page::from_rows(found, query.page.limit, |message| Cursor {
        at: message.timestamp,
        id: message.id.0,
    })))
}
