//! `GET /api/rooms/{id}/members`.

use aether_common::{id::RoomId, page::Page};
use aether_store::rooms;
use aether_web::{
    auth::{RoomsRead, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;

use super::member;
use crate::{
    domain::members::{self, MemberNow},
    state::State,
};

/// The members of a room, all on one page. A process that serves no socket in the room shows everybody as away.
#[utoipa::path(
    get, path = "/api/rooms/{id}/members", tag = "rooms", operation_id = "listMembers",
    security(("bearer" = ["rooms:read"])), params(("id" = RoomId, Path)),
    responses((status = 200, body = Page<MemberNow>), (status = 404, body = ProblemBody))
)]
pub async fn list_members(
    Shared(state): Shared<State>,
    caller: Scoped<RoomsRead>,
    Path(id): Path<RoomId>,
) -> Result<Json<Page<MemberNow>>> {
    let found = {
        let mut db = state.deps.store.conn().await?;
        member(&mut db, caller.user_id, id).await?;
        rooms::list_members(&mut db, id).await?
    };
    let present = state.hub.present(id).await;
    Ok(Json(Page { items: members::with_states(found, &present), next_cursor: None }))
}
