//! `PATCH /api/rooms/{id}`.

use aether_common::{id::RoomId, model::room::Room, problem::Problem};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Deserialize;

use super::{check_name, owner};
use crate::state::State;

/// What may be changed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRoom {
    /// 1 to 200 characters.
    pub name: Option<String>,
}

/// Renames a room; only its owner may.
#[utoipa::path(
    patch, path = "/api/rooms/{id}", tag = "rooms", operation_id = "updateRoom",
    security(("bearer" = ["rooms:write"])), params(("id" = RoomId, Path)), request_body = UpdateRoom,
    responses(
        (status = 200, body = Room), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn update_room(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path(id): Path<RoomId>,
    Json(request): Json<UpdateRoom>,
) -> Result<Json<Room>> {
    let mut db = state.deps.store.conn().await?;
    owner(&mut db, caller.user_id, id).await?;
    if let Some(name) = &request.name {
        check_name(name)?;
        rooms::rename(&mut db, id, name, state.deps.clock.now()).await?;
    }
    Ok(Json(rooms::find(&mut db, caller.user_id, id).await?.ok_or_else(Problem::not_found)?))
}
