//! `GET /prompts`: the instructions that the model is given, with their versions.

use aether_common::page::Page;
use aether_web::{
    auth::Caller,
    extract::Json,
    respond::{ProblemBody, Result},
};

use crate::domain::prompt::{TEMPLATES, Template};

/// The prompt templates in use.
#[utoipa::path(
    get, path = "/prompts", tag = "about", operation_id = "listPrompts",
    responses((status = 200, body = Page<Template>), (status = 401, body = ProblemBody))
)]
pub async fn prompts(_caller: Caller) -> Result<Json<Page<Template>>> {
    Ok(Json(Page { items: TEMPLATES.to_vec(), next_cursor: None }))
}
