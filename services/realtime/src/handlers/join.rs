//! `POST /api/rooms/join`.

use aether_common::{model::room::Room, problem::Problem};
use aether_store::{invites, rooms};
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Deserialize;

use crate::{domain::invite, state::State};

/// How many members a room may have.
const MAX_MEMBERS: i64 = 100;

/// The token of an invite.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The last part of the invite's URL.
    pub token: String,
}

/// Makes the caller a member. Who is one already stays what they are, and the invite is not used up.
#[utoipa::path(
    post, path = "/api/rooms/join", tag = "rooms", operation_id = "joinRoom",
    security(("bearer" = ["rooms:write"])), request_body = Join,
    responses(
        (status = 200, body = Room), (status = 404, description = "No such invite, or it has ended", body = ProblemBody),
        (status = 409, description = "The room is full", body = ProblemBody),
    )
)]
pub async fn join(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Json(request): Json<Join>,
) -> Result<Json<Room>> {
    let now = state.deps.clock.now();
    let mut tx = state.deps.store.begin().await?;
    let found = invites::find_usable(&mut tx, &invite::hash(&request.token), now)
        .await?
        .ok_or_else(Problem::not_found)?;
    if rooms::add_member(&mut tx, found.room_id, caller.user_id, found.role, now).await? {
        if rooms::count_members(&mut tx, found.room_id).await? > MAX_MEMBERS {
            return Err(Problem::conflict("room_full", "The room has as many members as it may have.").into());
        }
        invites::add_use(&mut tx, found.id).await?;
    }
    let room = rooms::find(&mut tx, caller.user_id, found.room_id).await?.ok_or_else(Problem::not_found)?;
    tx.save().await?;
    Ok(Json(room))
}
