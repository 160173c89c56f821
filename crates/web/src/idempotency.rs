//! `Idempotency-Key`: the caller's own name of a request that makes something. The same key and the same request again get
//! the first answer again (draft-ietf-httpapi-idempotency-key-header).

use aether_common::problem::Problem;
use axum::http::HeaderMap;
use chrono::TimeDelta;

/// How long a key is remembered, for each user and route.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// The key of this request.
///
/// # Errors
/// 422 for one that is not 1 to 255 visible ASCII characters.
pub fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        Problem::invalid_field("Idempotency-Key", "must be 1 to 255 characters of visible ASCII")
    })
}

/// 422 for a key that was used for another request.
pub fn reused() -> Problem {
    Problem::new(422, "idempotency_key_reused", "This key was used before for another request.")
}
