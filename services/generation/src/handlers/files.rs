//! `GET /history/{id}/files` and `/files/{path}`: the artifact's files, taken from the result.

use aether_artifact::File;
use aether_common::{
    id::GenerationId,
    model::generation::{FileInfo, FileStatus, Generation},
    page::Page,
    problem::Problem,
};
use aether_web::{
    auth::{GenerationsRead, GenerationsWrite, Scoped},
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::{
    body::Bytes,
    extract::{State as Shared, rejection::BytesRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::create::answer;
use crate::{edits, state::State};

/// The files of a generation as they stand in its text. What the check found of them is in the metadata.
pub fn files(generation: &Generation) -> Vec<File> {
    aether_artifact::parse(generation.result.as_deref().unwrap_or(""), generation.kind)
}

/// The files, in the order of the text; of a generation that runs, those begun so far.
#[utoipa::path(
    get, path = "/history/{id}/files", tag = "generations", operation_id = "listFiles",
    security(("bearer" = ["generations:read"])), params(("id" = GenerationId, Path)),
    responses((status = 200, body = Page<FileInfo>), (status = 404, body = ProblemBody))
)]
pub async fn list(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
) -> Result<Json<Page<FileInfo>>> {
    let generation = state.generations.get(caller.user_id, id).await?;
    let items = if generation.status.has_ended() {
        generation.metadata.files
    } else {
        files(&generation).iter().map(File::info).collect()
    };
    Ok(Json(Page { items, next_cursor: None }))
}

/// One file as it is, never to be shown as a page.
#[utoipa::path(
    get, path = "/history/{id}/files/{*path}", tag = "generations", operation_id = "getFile",
    security(("bearer" = ["generations:read"])),
    params(("id" = GenerationId, Path), ("path" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemBody))
)]
pub async fn get(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path((id, path)): Path<(GenerationId, String)>,
) -> Result<Response> {
    let generation = state.generations.get(caller.user_id, id).await?;
    Ok(raw(&generation, &path)?)
}

/// One file of this generation as an answer.
pub fn raw(generation: &Generation, path: &str) -> Result<Response, Problem> {
    let file = files(generation)
        .into_iter()
        .find(|file| {
            file.path == path && aether_artifact::is_safe(&file.path) && file.status != FileStatus::Truncated
        })
        .ok_or_else(Problem::not_found)?;
    let name = file.path.rsplit('/').next().unwrap_or("file");
    Ok((
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, attachment(name)),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ],
        file.content,
    )
        .into_response())
}

/// Makes a new version in which this file, new or not, holds the body.
#[utoipa::path(
    put, path = "/history/{id}/files/{*path}", tag = "generations", operation_id = "putFile",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path), ("path" = String, Path)),
    request_body(content = String, content_type = "text/plain", description = "UTF-8, at most 1 MiB"),
    responses(
        (status = 201, description = "The new version", body = Generation),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "It is still being written", body = ProblemBody),
        (status = 413, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn put(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path((id, path)): Path<(GenerationId, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(413, "body_too_large", "A file may have at most 1 MiB.")
        }
        _ => Problem::bad_request("unreadable_body", "The body ended early or is not what its headers say."),
    })?;
    let content =
        std::str::from_utf8(&body).map_err(|_| Problem::invalid_field("body", "must be text in UTF-8"))?;
    let new = edits::edit_file(&state.deps, &state.generations, caller.user_id, id, &path, content).await?;
    answer(&state.generations, &caller, new, StatusCode::CREATED).await
}

/// `Content-Disposition` with a name of any script (RFC 6266, RFC 8187).
pub fn attachment(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}
