//! `GET /state`: for whoever runs the service.

use aether_common::{model::user::Role, problem::Problem};
use aether_web::{
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State;
use serde::Serialize;

use crate::state::{AppState, SignedIn};

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
pub(crate) async fn get_state(State(state): State<AppState>, caller: SignedIn) -> Result<Json<ProcessState>> {
    if caller.user.role != Role::Admin {
        return Err(Problem::forbidden("forbidden", "Only an administrator may do this.").into());
    }
    Ok(Json(ProcessState {
        uptime_seconds: state.started.elapsed().as_secs(),
        queue_depth: state.passwords.in_use(),
        password_hashes: state.passwords.operations(),
    }))
}
