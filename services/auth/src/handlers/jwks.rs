//! `GET /.well-known/jwks.json`

use aether_common::jwt::JwkSet;
use aether_web::extract::Json;
use axum::{extract::State, http::header, response::IntoResponse};

use crate::state::AppState;

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getJwks",
    responses((status = 200, body = JwkSet))
)]
pub(crate) async fn get_jwks(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(state.keys.public().clone()))
}
