//! `GET /prompts`: the instructions that the model is given, with their versions.

use aether_common::{model::generation::Kind, page::Page};
use aether_web::{
    auth::Caller,
    extract::Json,
    respond::{ProblemBody, Result},
};
use serde::Serialize;

use crate::domain::prompt;

/// A template in use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Template {
    /// What it asks for.
    #[serde(rename = "type")]
    kind: Kind,
    /// Name and version, as `ui@1`.
    version: String,
    /// The instructions, with `{{language}}` to be filled.
    text: String,
}

/// The prompt templates in use.
#[utoipa::path(
    get, path = "/prompts", tag = "about", operation_id = "listPrompts",
    responses((status = 200, body = Page<Template>), (status = 401, body = ProblemBody))
)]
pub async fn prompts(_caller: Caller) -> Result<Json<Page<Template>>> {
    let items = Kind::ALL.into_iter().map(prompt::template);
    let items = items.map(|one| Template { kind: one.kind, version: one.version, text: one.text }).collect();
    Ok(Json(Page { items, next_cursor: None }))
}
