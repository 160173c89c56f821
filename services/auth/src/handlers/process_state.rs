//! `GET /state`: for whoever runs the service.

use aether_web::{
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State;
use serde::Serialize;

use crate::state::{Administrator, AppState};

/// How busy the process is.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthState)]
pub(crate) struct ProcessState {
    uptime_seconds: u64,
    /// Password hashes being computed or waited for.
    queue_depth: usize,
    /// Password hashes computed since the start.
    password_hashes: u64,
}

/// How busy the process is.
#[utoipa::path(
    get, path = "/state", operation_id = "getAuthState", security(("bearer" = [])),
    responses(
        (status = 200, body = ProcessState),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_state(
    State(state): State<AppState>,
    _caller: Administrator,
) -> Result<Json<ProcessState>> {
    Ok(Json(ProcessState {
        uptime_seconds: state.started.elapsed().as_secs(),
        queue_depth: state.passwords.in_use(),
        password_hashes: state.passwords.operations(),
    }))
}
