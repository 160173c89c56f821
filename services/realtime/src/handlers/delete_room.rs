//! `DELETE /api/rooms/{id}`.

use aether_common::{id::RoomId, notice::Notice};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Path,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};

use super::{owner, tell};
use crate::state::State;

/// Deletes a room with its messages and invites; only its owner may. Generations stay with who started them.
#[utoipa::path(
    delete, path = "/api/rooms/{id}", tag = "rooms", operation_id = "deleteRoom",
    security(("bearer" = ["rooms:write"])), params(("id" = RoomId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn delete_room(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path(id): Path<RoomId>,
) -> Result<StatusCode> {
    {
        let mut db = state.deps.store.conn().await?;
        owner(&mut db, caller.user_id, id).await?;
        rooms::delete(&mut db, id).await?;
    }
    tell(&state, id, &Notice::RoomDeleted { room_id: id }).await;
    Ok(StatusCode::NO_CONTENT)
}
