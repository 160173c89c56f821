//! `GET /api/rooms/{id}`.

use aether_common::{id::RoomId, model::room::Room, problem::Problem};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsRead, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;

use crate::state::State;

/// One room.
#[utoipa::path(
    get, path = "/api/rooms/{id}", tag = "rooms", operation_id = "getRoom",
    security(("bearer" = ["rooms:read"])), params(("id" = RoomId, Path)),
    responses((status = 200, body = Room), (status = 404, body = ProblemBody))
)]
pub async fn get_room(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsRead>,
    Path(id): Path<RoomId>,
) -> Result<Json<Room>> {
    let mut db = state.deps.store.conn().await?;
    Ok(Json(rooms::find(&mut db, caller.user_id, id).await?.ok_or_else(Problem::not_found)?))
}
