//! `GET /models`: what can be asked for.

use aether_web::{
    auth::{GenerationsRead, Scoped},
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Serialize;

use crate::{domain::cost::Model, state::State};

/// The models, and whether they are the built-in ones.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Models {
    items: Vec<Model>,
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// Whether answers come from the built-in demo model, because no provider is set.
    demo: bool,
}

/// The models with price and context.
#[utoipa::path(
    get, path = "/models", tag = "about", operation_id = "listModels",
    security(("bearer" = ["generations:read"])),
    responses((status = 200, body = Models), (status = 401, body = ProblemBody))
)]
pub async fn models(Shared(state): Shared<State>, _caller: Scoped<GenerationsRead>) -> Result<Json<Models>> {
    Ok(Json(Models { items: state.providers.models().to_vec(), next_cursor: None, demo: state.is_demo }))
}
