//! `GET /history/{id}/versions`: the line of versions that ends with this one.

use aether_common::{id::GenerationId, model::generation::Generation, page::Page, problem::Problem};
use aether_store::generations;
use aether_web::{
    auth::{GenerationsRead, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;

use crate::state::State;

/// A longer line is told from its newest end.
const MAX_VERSIONS: usize = 100;

/// The versions that this one was made from and itself, oldest first, without their results.
#[utoipa::path(
    get, path = "/history/{id}/versions", tag = "generations", operation_id = "listVersions",
    security(("bearer" = ["generations:read"])), params(("id" = GenerationId, Path)),
    responses((status = 200, body = Page<Generation>), (status = 404, body = ProblemBody))
)]
pub async fn versions(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
) -> Result<Json<Page<Generation>>> {
    let mut db = state.deps.store.conn().await?;
    let items = generations::list_versions(&mut db, caller.user_id, id, MAX_VERSIONS).await?;
    if items.is_empty() {
        return Err(Problem::not_found().into());
    }
    Ok(Json(Page { items, next_cursor: None }))
}
