//! `GET /api/rooms/{id}/invites`.

use aether_common::{
    id::{RoomId, RowId},
    model::room::RoomRole,
    page::Page,
};
use aether_store::invites::{self, Invite};
use aether_web::{
    auth::{RoomsRead, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::owner;
use crate::state::State;

/// More are not shown; who has so many ends some.
const MAX: i64 = 100;

/// An invite, without its token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownInvite {
    id: RowId,
    role: RoomRole,
    #[schema(required = true)]
    max_uses: Option<i64>,
    uses: i64,
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// The newest 100 invites of a room, newest first; only the owner may see them.
#[utoipa::path(
    get, path = "/api/rooms/{id}/invites", tag = "rooms", operation_id = "listInvites",
    security(("bearer" = ["rooms:read"])), params(("id" = RoomId, Path)),
    responses((status = 200, body = Page<ShownInvite>), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn list_invites(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsRead>,
    Path(room_id): Path<RoomId>,
) -> Result<Json<Page<ShownInvite>>> {
    let mut db = state.deps.store.conn().await?;
    owner(&mut db, caller.user_id, room_id).await?;
    let items = invites::list(&mut db, room_id, MAX).await?.into_iter().map(ShownInvite::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

impl From<Invite> for ShownInvite {
    fn from(invite: Invite) -> Self {
        Self {
            id: invite.id,
            role: invite.role,
            max_uses: invite.max_uses,
            uses: invite.uses,
            expires_at: invite.expires_at,
            created_at: invite.created_at,
        }
    }
}
