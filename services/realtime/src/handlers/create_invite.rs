//! `POST /api/rooms/{id}/invites`.

use aether_common::{
    id::{RoomId, RowId},
    model::room::RoomRole,
    problem::Problem,
};
use aether_store::invites::{self, Invite};
use aether_web::{
    auth::{RoomsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode, response::IntoResponse, response::Response};
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{domain::invite, state::State};

const MAX_USES: i64 = 1_000;

/// An invite to be made.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateInvite {
    /// `editor` or `viewer`; `editor` when not given.
    pub role: Option<RoomRole>,
    /// When it ends; in the future.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it can be used: 1 to 1 000.
    #[schema(minimum = 1, maximum = 1000)]
    pub max_uses: Option<i64>,
}

/// An invite with its token, which is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreatedInvite {
    id: RowId,
    token: String,
    url: String,
}

/// Makes a link that lets people in; only the owner may.
#[utoipa::path(
    post, path = "/api/rooms/{id}/invites", tag = "rooms", operation_id = "createInvite",
    security(("bearer" = ["rooms:write"])), params(("id" = RoomId, Path)),
    request_body = CreateInvite,
    responses(
        (status = 201, body = CreatedInvite), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn create_invite(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsWrite>,
    Path(room_id): Path<RoomId>,
    request: Option<Json<CreateInvite>>,
) -> Result<Response> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    let mut db = state.deps.store.conn().await?;
    owner(&mut db, caller.user_id, room_id).await?;
    let now = state.deps.clock.now();
    check(&request, now)?;
    let new = Invite {
        id: state.deps.ids.mint(),
        room_id,
        role: request.role.unwrap_or(RoomRole::Editor),
        max_uses: request.max_uses,
        uses: 0,
        expires_at: request.expires_at.map(|at| at.trunc_subsecs(6)),
        created_at: now,
    };
    let token = invite::mint();
    invites::create(&mut db, &new, &invite::hash(&token)).await?;
    let url = invite::url(&state.deps.settings.public_url, &token);
    Ok((StatusCode::CREATED, Json(CreatedInvite { id: new.id, token, url })).into_response())
}

fn check(request: &CreateInvite, now: DateTime<Utc>) -> Result<(), Problem> {
    if request.role == Some(RoomRole::Owner) {
        return Err(Problem::invalid_field("role", "must be editor or viewer"));
    }
    if request.max_uses.is_some_and(|uses| !(1..=MAX_USES).contains(&uses)) {
        return Err(Problem::invalid_field("maxUses", format!("must be from 1 to {MAX_USES}")));
    }
    if request.expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::invalid_field("expiresAt", "must be in the future"));
    }
    Ok(())
}
