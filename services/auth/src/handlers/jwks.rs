//! `GET /.well-known/jwks.json`

use aether_common::jwt::JwkSet;
use aether_web::{extract::Json, jwks::CACHED_FOR};
use axum::{extract::State, http::header, response::IntoResponse};

use crate::state::AppState;

/// The public keys of access tokens (RFC 7517): the one that signs, the next one, and those of tokens that may be alive.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getJwks",
    responses((status = 200, body = JwkSet))
)]
pub(crate) async fn get_jwks(State(state): State<AppState>) -> impl IntoResponse {
    let cached = format!("public, max-age={}", CACHED_FOR.num_seconds());
    ([(header::CACHE_CONTROL, cached)], Json(state.keys.public()))
}
