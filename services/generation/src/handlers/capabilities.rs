//! `GET /capabilities` (public) and `GET /state` (admin).

use aether_boot::CacheSetting;
use aether_common::model::generation::Kind;
use aether_store::jobs;
use aether_web::{
    auth::Admin,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use serde::Serialize;

use crate::{
    domain::{
        request::{MAX_PROMPT_CHARS, MAX_UPLOADS},
        upload::MAX_UPLOAD_BYTES,
    },
    state::State,
};

/// What this installation can do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GenerateCapabilities)]
pub struct Capabilities {
    kinds: [Kind; 4],
    models: Vec<String>,
    limits: Limits,
    features: Features,
}

/// What is bounded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GenerateLimits)]
pub struct Limits {
    prompt_characters: usize,
    body_bytes: usize,
    upload_bytes: usize,
    uploads_per_request: usize,
    /// Generations of one user that are made at once; more wait.
    running_per_user: u32,
    /// Generations of one user that may wait or be made; more are refused.
    unended_per_user: u32,
    /// How long ended generations are kept that are neither starred nor shared, in days; null: for ever.
    #[schema(required = true)]
    retention_days: Option<u32>,
}

/// What is on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GenerateFeatures)]
pub struct Features {
    demo_model: bool,
    /// Whether equal requests of one user may be answered by a kept answer.
    cache: bool,
    uploads: bool,
    sharing: bool,
}

/// How busy this process is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GenerateState)]
pub struct ServiceState {
    uptime_seconds: i64,
    /// Jobs that this process makes now.
    load: usize,
    /// Jobs that wait, in the whole installation.
    queue_depth: i64,
}

/// Kinds, models, limits and what is on.
#[utoipa::path(get, path = "/capabilities", tag = "about", operation_id = "getGenerateCapabilities", security(()), responses((status = 200, body = Capabilities)))]
pub async fn capabilities(Shared(state): Shared<State>) -> Json<Capabilities> {
    let settings = &state.deps.settings;
    Json(Capabilities {
        kinds: Kind::ALL,
        models: state.providers.models().iter().map(|model| model.id.clone()).collect(),
        limits: Limits {
            prompt_characters: MAX_PROMPT_CHARS,
            body_bytes: aether_web::layers::MAX_BODY_BYTES,
            upload_bytes: MAX_UPLOAD_BYTES,
            uploads_per_request: MAX_UPLOADS,
            running_per_user: settings.jobs_per_user,
            unended_per_user: settings.unended_per_user,
            retention_days: settings.retention_days,
        },
        features: Features {
            demo_model: state.is_demo,
            cache: settings.cache != CacheSetting::Off,
            uploads: true,
            sharing: true,
        },
    })
}

/// Uptime, load and queue depth.
#[utoipa::path(
    get, path = "/state", tag = "about", operation_id = "getGenerateState",
    responses((status = 200, body = ServiceState), (status = 403, body = ProblemBody))
)]
pub async fn state(Shared(state): Shared<State>, _admin: Admin) -> Result<Json<ServiceState>> {
    let mut db = state.deps.store.conn().await?;
    Ok(Json(ServiceState {
        uptime_seconds: (state.deps.clock.now() - state.started).num_seconds(),
        load: state.worker.load(),
        queue_depth: jobs::count_ready(&mut db).await?,
    }))
}
