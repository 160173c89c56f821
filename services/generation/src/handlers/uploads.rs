//! `POST /uploads`: a file for the prompt's context.

use std::time::Duration;

use aether_common::{id::UploadId, problem::Problem};
use aether_web::{
    auth::{GenerationsWrite, Scoped},
    extract::Json,
    idempotency,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::{
        Multipart, State as Shared,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::{HeaderMap, StatusCode},
};
use serde::Serialize;

use crate::{domain::upload::MAX_UPLOAD_BYTES, state::State};

/// What a body may have at most: the file, and the signs around it.
pub const MAX_BODY_BYTES: usize = MAX_UPLOAD_BYTES + 64 * 1024;
/// How long a slow line may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// The form, for the document alone.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct UploadForm {
    /// Text of any kind, 1 byte to 10 MiB.
    #[schema(value_type = String, format = Binary, required = true)]
    file: Vec<u8>,
}

/// A file that can be named in `uploadIds`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    id: UploadId,
    /// Its name, without folders.
    name: String,
    /// How many it has.
    bytes: i64,
    /// What its bytes are, whatever the client called them.
    media_type: String,
}

/// Takes in a text file for the prompt's context; it is deleted when it was not used for 7 days.
#[utoipa::path(
    post, path = "/uploads", tag = "generations", operation_id = "createUpload",
    security(("bearer" = ["generations:write"])),
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = Uploaded),
        (status = 413, description = "The file is larger than 10 MiB", body = ProblemBody),
        (status = 415, description = "The file is no text, or the body no form", body = ProblemBody),
        (status = 422, body = ProblemBody),
        (status = 429, description = "100 uploads or 100 MiB are kept", body = ProblemBody),
    )
)]
pub async fn create(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<Uploaded>)> {
    let key = idempotency::key(&headers)?;
    let form = form.map_err(|rejection| match rejection {
        MultipartRejection::InvalidBoundary(_) => Problem::new(
            415,
            "unsupported_media_type",
            "The body must be multipart/form-data with a boundary.",
        ),
        other => Problem::bad_request("unreadable_body", other.body_text()),
    })?;
    let _slot = state.uploads.slot(caller.user_id).await?;
    let (name, bytes) = tokio::time::timeout(PATIENCE, read(form))
        .await
        .map_err(|_| Problem::new(408, "timeout", "The file took too long to arrive."))??;
    let kept = state.uploads.keep(caller.user_id, &name, bytes, key).await?;
    let uploaded = Uploaded { id: kept.id, name: kept.name, bytes: kept.bytes, media_type: kept.media_type };
    Ok((StatusCode::CREATED, Json(uploaded)))
}

/// The one file of the form.
async fn read(mut form: Multipart) -> Result<(String, Vec<u8>), Problem> {
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        match field.name() {
            Some("file") if file.is_none() => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, bytes(field).await?));
            }
            Some("file") => return Err(Problem::invalid_field("file", "must be one file")),
            other => {
                let name: String = other.unwrap_or_default().chars().take(100).collect();
                return Err(Problem::invalid_field(name, "is not a field of this form; the file is `file`"));
            }
        }
    }
    file.ok_or_else(|| Problem::invalid_field("file", "is missing"))
}

async fn bytes(mut field: Field<'_>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        if bytes.len() + chunk.len() > MAX_UPLOAD_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn unreadable(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem {
        cause: Some(error.body_text()),
        ..Problem::bad_request("unreadable_body", "The body ended early or is not what its headers say.")
    }
}

fn too_large() -> Problem {
    Problem::new(413, "body_too_large", "A file may have at most 10 MiB.")
}
