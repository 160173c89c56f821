//! `GET /api/rooms`.

use aether_common::{
    model::room::Room,
    page::{Cursor, Page},
};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsRead, Scoped},
    extract::Json,
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;

use crate::state::State;

/// The rooms that the caller is in, newest first.
#[utoipa::path(
    get, path = "/api/rooms", tag = "rooms", operation_id = "listRooms",
    security(("bearer" = ["rooms:read"])), params(PageQuery),
    responses((status = 200, body = Page<Room>), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody))
)]
pub async fn list_rooms(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsRead>,
    page: PageQuery,
) -> Result<Json<Page<Room>>> {
    let mut db = state.deps.store.conn().await?;
    let rooms = rooms::list(&mut db, caller.user_id, page.cursor, page.limit).await?;
    Ok(Json(Page::from_rows(rooms, page.limit, |room| Cursor { at: room.created_at, id: room.id.0 })))
}
