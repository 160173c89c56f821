//! `POST /history/{id}/cancel`.

use aether_common::id::GenerationId;
use aether_web::{
    auth::{GenerationsWrite, Scoped},
    extract::Path,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode, response::Response};

use super::create::answer;
use crate::state::State;

/// Stops a generation; what is written so far is kept.
#[utoipa::path(
    post, path = "/history/{id}/cancel", tag = "generations", operation_id = "cancelGeneration",
    security(("bearer" = ["generations:write"])), params(("id" = GenerationId, Path)),
    responses((status = 202, body = aether_common::model::generation::Generation), (status = 404, body = ProblemBody),
              (status = 409, description = "It has ended", body = ProblemBody))
)]
pub async fn cancel(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<Response> {
    state.generations.cancel(caller.user_id, id).await?;
    answer(&state.generations, &caller, id, StatusCode::ACCEPTED).await
}
