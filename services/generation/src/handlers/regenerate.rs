//! `POST /history/{id}/regenerate`.

use aether_common::id::GenerationId;
use aether_web::{
    auth::{GenerationsWrite, Scoped},
    extract::Path,
    idempotency,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::create::answer;
use crate::state::State;

/// Makes it anew from the same prompt: a new generation whose `parentId` is this one.
#[utoipa::path(
    post, path = "/history/{id}/regenerate", tag = "generations", operation_id = "regenerate",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, body = aether_common::model::generation::Generation),
        (status = 403, description = "A viewer of the room", body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn regenerate(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
    headers: HeaderMap,
) -> Result<Response> {
    let key = idempotency::key(&headers)?.map(str::to_owned);
    let new = state.generations.regenerate(caller.user_id, id, key).await?;
    answer(&state.generations, &caller, new, StatusCode::ACCEPTED).await
}
