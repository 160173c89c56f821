//! `POST /api/rooms`.

use aether_common::{id::RoomId, model::room::Room, problem::Problem};
use aether_store::{rooms, users};
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::Json,
    idempotency,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::check_name;
use crate::state::State;

/// How many rooms one user may own.
const MAX_OWNED: i64 = 5_000;

/// A room to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRoom {
    /// 1 to 200 characters.
    pub name: String,
}

/// Makes a room; the caller owns it. The same `Idempotency-Key` with the same body gives the first room again. A conversation with the model is a room of one, until somebody is invited.
#[utoipa::path(
    post, path = "/api/rooms", tag = "rooms", operation_id = "createRoom",
    security(("bearer" = ["rooms:write"])), params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateRoom,
    responses(
        (status = 201, body = Room), (status = 401, body = ProblemBody),
        (status = 409, description = "The caller owns as many rooms as one may own", body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn create_room(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    headers: HeaderMap,
    Json(request): Json<CreateRoom>,
) -> Result<Response> {
    let key = idempotency::key(&headers)?;
    check_name(&request.name)?;
    let (owner, now) = (caller.user_id, state.deps.clock.now());
    let mut tx = state.deps.store.begin().await?;
    // Twins see each other, and the bound is exact.
    users::lock(&mut tx, owner).await?;
    let hash = Sha256::digest(&request.name);
    let before = match key {
        Some(key) => rooms::find_by_key(&mut tx, owner, key, now - idempotency::KEPT).await?,
        None => None,
    };
    let id = match before {
        Some((id, kept)) if kept == hash.as_slice() => id,
        Some(_) => return Err(idempotency::reused().into()),
        None => {
            if rooms::count_owned(&mut tx, owner).await? >= MAX_OWNED {
                return Err(Problem::conflict(
                    "too_many_rooms",
                    "You own as many rooms as one may own. Delete some first.",
                )
                .into());
            }
            let id: RoomId = state.deps.ids.mint();
            if !rooms::create(&mut tx, id, owner, &request.name, now).await? {
                return Err(Problem::unauthorized().into());
            }
            if let Some(key) = key {
                rooms::set_key(&mut tx, id, key, &hash).await?;
            }
            id
        }
    };
    let room = rooms::find(&mut tx, owner, id).await?.ok_or_else(Problem::not_found)?;
    tx.save().await?;
    let location = format!("/api/rooms/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(room)).into_response())
}
