//! `DELETE /api/rooms/{id}/invites/{inviteId}`.

use aether_common::{
    id::{RoomId, RowId},
    problem::Problem,
};
use aether_store::invites;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Path,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};

use super::owner;
use crate::state::State;

/// Ends an invite; only the owner of the room may.
#[utoipa::path(
    delete, path = "/api/rooms/{id}/invites/{inviteId}", tag = "rooms", operation_id = "deleteInvite",
    security(("bearer" = ["rooms:write"])),
    params(("id" = RoomId, Path), ("inviteId" = RowId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn delete_invite(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path((room_id, invite_id)): Path<(RoomId, RowId)>,
) -> Result<StatusCode> {
    let mut db = state.deps.store.conn().await?;
    owner(&mut db, caller.user_id, room_id).await?;
    if invites::delete(&mut db, room_id, invite_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found().into())
    }
}
