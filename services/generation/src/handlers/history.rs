//! `GET /history`: what was made, newest first.

use aether_common::{
    id::RoomId,
    model::generation::{Generation, Kind, Status},
    page::{Cursor, Page},
    problem::Problem,
    text,
};
use aether_store::generations::{self, Filter};
use aether_web::{
    auth::{GenerationsRead, Scoped},
    extract::{Json, Query},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::state::State;

/// What the list is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Narrow {
    /// Of this kind.
    #[serde(rename = "type")]
    kind: Option<Kind>,
    /// Text in title, prompt or result.
    q: Option<String>,
    /// In this state.
    status: Option<Status>,
    /// Marked (`true`) or not (`false`).
    #[param(value_type = Option<bool>)]
    starred: Option<Flag>,
    /// Of this room.
    room_id: Option<RoomId>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
}

/// `true` or `false`, as a word: behind `flatten` serde has only words.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Flag {
    True,
    False,
}

/// The caller's generations, newest first, without their results; of a room, for its members, everybody's.
#[utoipa::path(
    get, path = "/history", tag = "generations", operation_id = "listGenerations",
    security(("bearer" = ["generations:read"])), params(Narrow, PageQuery),
    responses((status = 200, body = Page<Generation>), (status = 404, description = "`roomId` is not a room of yours", body = ProblemBody))
)]
pub async fn list(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Query(narrow): Query<Narrow>,
) -> Result<Json<Page<Generation>>> {
    let text = narrow.q.filter(|text| !text.trim().is_empty());
    if let Some(message) = text.as_deref().and_then(|text| text::invalid(text, 200)) {
        return Err(Problem::invalid_field("q", message).into());
    }
    let filter = Filter {
        kind: narrow.kind,
        status: narrow.status,
        starred: narrow.starred.map(|flag| matches!(flag, Flag::True)),
        room_id: narrow.room_id,
        text,
    };
    let mut db = state.deps.store.conn().await?;
    if let Some(room) = filter.room_id {
        generations::find_room_role(&mut db, caller.user_id, room).await?.ok_or_else(Problem::not_found)?;
    }
    let limit = narrow.page.limit;
    let rows = generations::list(&mut db, caller.user_id, &filter, narrow.page.cursor, limit).await?;
    Ok(Json(Page::from_rows(rows, limit, |row| Cursor { at: row.created_at, id: row.id.0 })))
}
