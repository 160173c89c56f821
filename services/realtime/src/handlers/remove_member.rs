//! `DELETE /api/rooms/{id}/members/{userId}`.

use aether_common::{
    id::{RoomId, UserId},
    model::room::RoomRole,
    notice::Notice,
    problem::Problem,
};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Path,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};

use super::{member, owner, tell, update_member::last_owner};
use crate::state::State;

/// Puts a member out, or leaves when it is the caller; the owner cannot leave. Their sockets leave the room at once.
#[utoipa::path(
    delete, path = "/api/rooms/{id}/members/{userId}", tag = "rooms", operation_id = "removeMember",
    security(("bearer" = ["rooms:write"])),
    params(("id" = RoomId, Path), ("userId" = UserId, Path)),
    responses(
        (status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "The room would have no owner", body = ProblemBody),
    )
)]
pub async fn remove_member(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path((id, user)): Path<(RoomId, UserId)>,
) -> Result<StatusCode> {
    {
        let mut db = state.deps.store.conn().await?;
        if user == caller.user_id {
            if member(&mut db, user, id).await? == RoomRole::Owner {
                return Err(last_owner().into());
            }
        } else {
            owner(&mut db, caller.user_id, id).await?;
        }
        if !rooms::remove_member(&mut db, id, user).await? {
            return Err(Problem::not_found().into());
        }
    }
    tell(&state, id, &Notice::MemberRemoved { room_id: id, user_id: user }).await;
    Ok(StatusCode::NO_CONTENT)
}
