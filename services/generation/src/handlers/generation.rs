//! `GET`, `PATCH` and `DELETE /history/{id}`.

use aether_common::{id::GenerationId, model::generation::Generation, problem::Problem, text};
use aether_store::generations;
use aether_web::{
    auth::{GenerationsRead, GenerationsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};
use serde::Deserialize;

use crate::state::State;

/// What may be changed.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateGeneration {
    /// 1 to 200 characters.
    title: Option<String>,
    /// Whether it is marked.
    starred: Option<bool>,
}

/// A generation; while it runs, its `result` is what is written so far.
#[utoipa::path(
    get, path = "/history/{id}", tag = "generations", operation_id = "getGeneration",
    security(("bearer" = ["generations:read"])), params(("id" = GenerationId, Path)),
    responses((status = 200, body = Generation), (status = 404, body = ProblemBody))
)]
pub async fn get(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
) -> Result<Json<Generation>> {
    Ok(Json(state.generations.get(caller.user_id, id).await?))
}

/// Renames or marks a generation of the caller's own.
#[utoipa::path(
    patch, path = "/history/{id}", tag = "generations", operation_id = "updateGeneration",
    security(("bearer" = ["generations:write"])), params(("id" = GenerationId, Path)),
    request_body = UpdateGeneration,
    responses((status = 200, body = Generation), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
              (status = 422, body = ProblemBody))
)]
pub async fn update(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
    Json(change): Json<UpdateGeneration>,
) -> Result<Json<Generation>> {
    if let Some(message) = change.title.as_deref().and_then(|title| text::invalid(title, 200)) {
        return Err(Problem::invalid_field("title", message).into());
    }
    state.generations.check_owner(caller.user_id, id).await?;
    let mut tx = state.deps.store.begin().await?;
    generations::update(&mut tx, id, change.title.as_deref(), change.starred).await?;
    tx.save().await?;
    Ok(Json(state.generations.get(caller.user_id, id).await?))
}

/// Deletes a generation; one that runs is stopped first.
#[utoipa::path(
    delete, path = "/history/{id}", tag = "generations", operation_id = "deleteGeneration",
    security(("bearer" = ["generations:write"])), params(("id" = GenerationId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn delete(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<StatusCode> {
    state.generations.delete(caller.user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
