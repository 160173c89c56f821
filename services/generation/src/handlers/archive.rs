//! `GET /history/{id}/archive`: all files of an artifact as a zip.

use std::io::{Cursor, Write};

use aether_artifact::File;
use aether_common::{id::GenerationId, model::generation::FileStatus, problem::Problem};
use aether_web::{
    auth::Caller,
    extract::Path,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State as Shared,
    http::header,
    response::{IntoResponse, Response},
};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::files::{attachment, files};
use crate::state::State;

/// The bytes of a zip, for the document alone.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct Zip(Vec<u8>);

/// Every file that can be written under a folder, as a zip.
#[utoipa::path(
    get, path = "/history/{id}/archive", tag = "generations", operation_id = "getArchive", params(("id" = GenerationId, Path)),
    responses((status = 200, content_type = "application/zip", body = Zip), (status = 404, body = ProblemBody))
)]
pub async fn archive(
    Shared(state): Shared<State>,
    caller: Caller,
    Path(id): Path<GenerationId>,
) -> Result<Response> {
    let generation = state.generations.get(caller.user_id, id).await?;
    let files: Vec<File> = files(&generation).into_iter().filter(can_be_kept).collect();
    if files.is_empty() {
        return Err(Problem::not_found().into());
    }
    let bytes = tokio::task::spawn_blocking(move || pack(&files))
        .await
        .map_err(Problem::internal)?
        .map_err(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, attachment(&format!("{}.zip", generation.title))),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// A file whose content is wrong is still the user's; one whose path is wrong is never written.
fn can_be_kept(file: &File) -> bool {
    aether_artifact::is_safe(&file.path) && file.status != FileStatus::Truncated
}

fn pack(files: &[File]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut packed = std::collections::HashSet::new();
    for file in files {
        if packed.insert(file.path.to_lowercase()) {
            zip.start_file(&file.path, SimpleFileOptions::default())?;
            zip.write_all(file.content.as_bytes())?;
        }
    }
    Ok(zip.finish()?.into_inner())
}
