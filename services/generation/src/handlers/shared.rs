//! `GET /shared/{token}` and its archive: a generation as whoever has its link sees it, without an account.

use aether_common::model::generation::{FileInfo, Generation, Kind, Validation};
use aether_web::{
    extract::{Json, Path, Query},
    respond::{Error, ProblemBody},
};
use axum::{
    extract::State as Shared,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    archive::{Archive, Choice, packed},
    files::raw,
};
use crate::state::State;

/// Whoever has the link is meant to see it, and nobody else: no copy on the way, no search engine, no referrer.
const PRIVATE: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
];

/// A generation without whose it is and what it cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SharedGeneration {
    #[serde(rename = "type")]
    kind: Kind,
    title: String,
    prompt: String,
    result: String,
    #[schema(required = true)]
    language: Option<String>,
    files: Vec<FileInfo>,
    validation: Validation,
    #[schema(required = true)]
    model: Option<String>,
    created_at: DateTime<Utc>,
    #[schema(required = true)]
    completed_at: Option<DateTime<Utc>>,
}

/// What a link shows; 404 for one that was never made or has ended.
#[utoipa::path(
    get, path = "/shared/{token}", tag = "shared", operation_id = "getShared", security(()),
    params(("token" = String, Path)),
    responses((status = 200, body = SharedGeneration), (status = 404, body = ProblemBody))
)]
pub async fn get(Shared(state): Shared<State>, Path(token): Path<String>) -> Response {
    let found = state.sharing.find(&token).await.map(SharedGeneration::from);
    (PRIVATE, found.map(Json).map_err(Error::from)).into_response()
}

/// The files that a link shows, as `GET /history/{id}/archive` gives them.
#[utoipa::path(
    get, path = "/shared/{token}/archive", tag = "shared", operation_id = "getSharedArchive", security(()),
    params(("token" = String, Path), Choice),
    responses(
        (status = 200, content((Archive = "application/zip"), (Archive = "application/gzip"))),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn archive(
    Shared(state): Shared<State>,
    Path(token): Path<String>,
    Query(choice): Query<Choice>,
) -> Response {
    let found = state.sharing.find(&token).await;
    (PRIVATE, found.and_then(|found| packed(&found, choice)).map_err(Error::from)).into_response()
}

/// One file that a link shows, as `GET /history/{id}/files/{path}` gives it.
#[utoipa::path(
    get, path = "/shared/{token}/files/{*path}", tag = "shared", operation_id = "getSharedFile", security(()),
    params(("token" = String, Path), ("path" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String), (status = 404, body = ProblemBody))
)]
pub async fn file(Shared(state): Shared<State>, Path((token, path)): Path<(String, String)>) -> Response {
    let found = state.sharing.find(&token).await;
    (PRIVATE, found.and_then(|found| raw(&found, &path)).map_err(Error::from)).into_response()
}

impl From<Generation> for SharedGeneration {
    fn from(generation: Generation) -> Self {
        Self {
            kind: generation.kind,
            title: generation.title,
            prompt: generation.prompt,
            result: generation.result.unwrap_or_default(),
            language: generation.language,
            files: generation.metadata.files,
            validation: generation.metadata.validation,
            model: generation.model,
            created_at: generation.created_at,
            completed_at: generation.completed_at,
        }
    }
}
