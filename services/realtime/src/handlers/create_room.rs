//! `POST /api/rooms`.

use aether_common::{
    id::RoomId,
    model::room::{Room, RoomRole},
    problem::Problem,
};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State as Shared,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::check_name;
use crate::state::State;

/// A room to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRoom {
    /// 1 to 200 characters.
    pub name: String,
}

/// Makes a room; the caller owns it. A conversation with the model is a room of one, until somebody is invited.
#[utoipa::path(
    post, path = "/api/rooms", tag = "rooms", operation_id = "createRoom",
    security(("bearer" = ["rooms:write"])), request_body = CreateRoom,
    responses((status = 201, body = Room), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody))
)]
pub async fn create_room(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Json(request): Json<CreateRoom>,
) -> Result<Response> {
    check_name(&request.name)?;
    let id: RoomId = state.deps.ids.mint();
    let created_at = state.deps.clock.now();
    let mut tx = state.deps.store.begin().await?;
    if !rooms::create(&mut tx, id, caller.user_id, &request.name, created_at).await? {
        return Err(Problem::unauthorized().into());
    }
    tx.save().await?;
    let room = Room {
        id,
        name: request.name,
        owner_id: caller.user_id,
        role: RoomRole::Owner,
        member_count: 1,
        unread: 0,
        created_at,
    };
    let location = format!("/api/rooms/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(room)).into_response())
}
