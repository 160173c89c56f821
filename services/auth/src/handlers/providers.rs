//! `GET /providers`

use aether_web::extract::Json;
use axum::extract::State;
use serde::Serialize;

use crate::{domain::oauth::Provider, state::AppState};

/// Which ways to sign in are on.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Providers {
    /// E-mail and password.
    password: bool,
    /// Google.
    google: bool,
    /// GitHub.
    github: bool,
}

/// Which ways to sign in are on.
#[utoipa::path(
    get, path = "/providers", operation_id = "getProviders",
    responses((status = 200, body = Providers))
)]
pub(crate) async fn get_providers(State(state): State<AppState>) -> Json<Providers> {
    let on = state.providers.on();
    let is_on = |provider| on.contains(&provider);
    Json(Providers { password: true, google: is_on(Provider::Google), github: is_on(Provider::GitHub) })
}
