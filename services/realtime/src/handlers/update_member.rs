//! `PATCH /api/rooms/{id}/members/{userId}`.

use aether_common::{
    id::{RoomId, UserId},
    model::room::{Member, RoomRole},
    problem::Problem,
};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Deserialize;

use super::owner;
use crate::state::State;

/// What may be changed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMember {
    /// `owner` hands the room over: the caller becomes an editor.
    pub role: RoomRole,
}

/// Gives a member another role; only the owner may. The owner's own role changes by handing the room over.
#[utoipa::path(
    patch, path = "/api/rooms/{id}/members/{userId}", tag = "rooms", operation_id = "updateMember",
    security(("bearer" = ["rooms:write"])),
    params(("id" = RoomId, Path), ("userId" = UserId, Path)), request_body = UpdateMember,
    responses(
        (status = 200, body = Member), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "The room would have no owner", body = ProblemBody),
    )
)]
pub async fn update_member(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path((id, user)): Path<(RoomId, UserId)>,
    Json(request): Json<UpdateMember>,
) -> Result<Json<Member>> {
    let mut tx = state.deps.store.begin().await?;
    owner(&mut tx, caller.user_id, id).await?;
    let known = match (request.role, user == caller.user_id) {
        (RoomRole::Owner, true) => true,
        (_, true) => return Err(last_owner().into()),
        (RoomRole::Owner, false) => rooms::set_owner(&mut tx, id, user, state.deps.clock.now()).await?,
        (role, false) => rooms::set_role(&mut tx, id, user, role).await?,
    };
    if !known {
        return Err(Problem::not_found().into());
    }
    let member = rooms::find_member(&mut tx, id, user).await?.ok_or_else(Problem::not_found)?;
    tx.save().await?;
    Ok(Json(member))
}

/// A room always has an owner.
pub fn last_owner() -> Problem {
    Problem::conflict("last_owner", "A room has an owner: hand it over to another member first.")
}
