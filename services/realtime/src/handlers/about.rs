//! `GET /capabilities` (public) and `GET /state` (admin).

use aether_web::{
    auth::Admin,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Serialize;

use crate::state::State;

/// What this installation can do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RealtimeCapabilities)]
pub struct Capabilities {
    protocol: &'static str,
    transports: [&'static str; 2],
    limits: Limits,
}

/// What is bounded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RealtimeLimits)]
pub struct Limits {
    payload_bytes: u32,
    message_characters: usize,
}

/// How busy this process is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RealtimeState)]
pub struct ServiceState {
    uptime_seconds: i64,
    /// Sockets that are connected to this process.
    load: usize,
    /// Nothing waits here: always 0.
    queue_depth: i64,
}

/// Protocol and limits.
#[utoipa::path(get, path = "/capabilities", tag = "about", operation_id = "getRealtimeCapabilities", security(()), responses((status = 200, body = Capabilities)))]
pub async fn capabilities() -> Json<Capabilities> {
    Json(Capabilities {
        protocol: "socket.io v4",
        transports: ["polling", "websocket"],
        limits: Limits {
            payload_bytes: crate::socket::MAX_PAYLOAD,
            message_characters: crate::socket::MAX_MESSAGE,
        },
    })
}

/// Uptime, load and queue depth.
#[utoipa::path(
    get, path = "/state", tag = "about", operation_id = "getRealtimeState",
    responses((status = 200, body = ServiceState), (status = 403, body = ProblemBody))
)]
pub async fn state(Shared(state): Shared<State>, _admin: Admin) -> Result<Json<ServiceState>> {
    Ok(Json(ServiceState {
        uptime_seconds: (state.deps.clock.now() - state.started).num_seconds(),
        load: state.hub.connections().len(),
        queue_depth: 0,
    }))
}
