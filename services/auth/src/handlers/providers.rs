//! `GET /providers`

use aether_web::extract::Json;
use serde::Serialize;

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
pub(crate) async fn get_providers() -> Json<Providers> {
    Json(Providers { password: true, google: false, github: false })
}
