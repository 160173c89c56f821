//! `POST` and `DELETE /history/{id}/share`: a link that shows a generation to whoever has it.

use aether_common::id::GenerationId;
use aether_web::{
    auth::{GenerationsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};
use serde::Serialize;

use crate::state::State;

/// A link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShareLink {
    /// For `GET /shared/{token}`.
    token: String,
    /// The page that shows it.
    url: String,
}

/// Makes a link that needs no account; asked again, the same one, until it is ended.
#[utoipa::path(
    post, path = "/history/{id}/share", tag = "generations", operation_id = "shareGeneration",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)),
    responses(
        (status = 201, body = ShareLink), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "It has not completed", body = ProblemBody),
    )
)]
pub async fn share(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<(StatusCode, Json<ShareLink>)> {
    let link = state.sharing.share(caller.user_id, id).await?;
    Ok((StatusCode::CREATED, Json(ShareLink { token: link.token, url: link.url })))
}

/// Ends the link at once.
#[utoipa::path(
    delete, path = "/history/{id}/share", tag = "generations", operation_id = "unshareGeneration",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn unshare(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<StatusCode> {
    state.sharing.unshare(caller.user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
