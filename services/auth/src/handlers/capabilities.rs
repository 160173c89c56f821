//! `GET /capabilities`

use std::iter;

use aether_common::jwt::ACCESS_LIFETIME;
use aether_web::extract::Json;
use axum::extract::State;
use serde::Serialize;

use crate::{
    domain::{api_key, oauth::Provider, password, profile, session},
    state::AppState,
};

/// What this service can do.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AuthCapabilities)]
pub(crate) struct Capabilities {
    features: Features,
    limits: Limits,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthFeatures)]
struct Features {
    /// Ways to sign in.
    sign_in: Vec<&'static str>,
    /// Whether anybody may make an account.
    registration: bool,
    /// Second factors.
    second_factor: [&'static str; 2],
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuthLimits)]
struct Limits {
    password_min_characters: usize,
    password_max_characters: usize,
    name_max_characters: usize,
    preferences_max_bytes: usize,
    api_keys: i64,
    api_key_name_max_characters: usize,
    access_token_seconds: i64,
    refresh_token_seconds: i64,
}

/// What this service can do, and its limits.
#[utoipa::path(
    get, path = "/capabilities", operation_id = "getAuthCapabilities",
    responses((status = 200, body = Capabilities))
)]
pub(crate) async fn get_capabilities(State(state): State<AppState>) -> Json<Capabilities> {
    let providers = state.providers.on().into_iter().map(Provider::as_str);
    Json(Capabilities {
        features: Features {
            sign_in: iter::once("password").chain(providers).collect(),
            registration: true,
            second_factor: ["totp", "recovery_code"],
        },
        limits: Limits {
            password_min_characters: password::MIN,
            password_max_characters: password::MAX,
            name_max_characters: profile::MAX_NAME,
            preferences_max_bytes: profile::MAX_PREFERENCES,
            api_keys: api_key::MAX_KEYS,
            api_key_name_max_characters: api_key::MAX_NAME,
            access_token_seconds: ACCESS_LIFETIME.num_seconds(),
            refresh_token_seconds: session::REFRESH_LIFETIME.num_seconds(),
        },
    })
}
