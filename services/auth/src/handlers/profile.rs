//! `GET /profile` and `PUT /profile`

use aether_common::{
    model::{scope::Access, user::User},
    problem::{FieldError, Problem},
};
use aether_store::users::{self, Change, ProfileChange};
use aether_web::{
    auth::{ProfileRead, Scoped},
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::extract::State;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    domain::profile,
    state::{AppState, SignedIn},
};

/// What changes; what is not named stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProfileBody {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// An https URL of a public host; null takes the picture away.
    #[serde(default, deserialize_with = "change")]
    #[schema(value_type = Option<String>, max_length = 500)]
    avatar_url: Change<String>,
    /// Whatever the user interface keeps: an object of at most 16 KiB, replaced as a whole.
    #[schema(value_type = Option<Object>)]
    preferences: Option<Value>,
}

/// One's own account.
#[utoipa::path(
    get, path = "/profile", operation_id = "getProfile",
    security(("bearer" = ["profile:read"])),
    responses(
        (status = 200, body = User),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_profile(
    State(state): State<AppState>,
    caller: Scoped<ProfileRead>,
) -> Result<Json<User>> {
    if caller.access == Access::Session {
        return Ok(Json(state.signed_in(&caller).await?.user));
    }
    // An API key was looked up this moment, with its owner.
    let account = users::find(&mut state.store.conn().await?, caller.user_id).await?;
    Ok(Json(account.ok_or_else(Problem::unauthorized)?.user))
}

/// Changes one's own account. The name in access tokens follows with the next refresh.
#[utoipa::path(
    put, path = "/profile", operation_id = "putProfile", request_body = ProfileBody, security(("bearer" = [])),
    responses(
        (status = 200, body = User),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put_profile(
    State(state): State<AppState>,
    caller: SignedIn,
    Json(body): Json<ProfileBody>,
) -> Result<Json<User>> {
    let change = check(body, &state)?;
    let mut conn = state.store.conn().await?;
    let user = users::update_profile(&mut conn, caller.user.id, &change, state.clock.now()).await?;
    Ok(Json(user.ok_or_else(Problem::unauthorized)?))
}

fn check(body: ProfileBody, state: &AppState) -> Result<ProfileChange, Problem> {
    let mut errors = Vec::new();
    let mut at_fault = |field: &str, message| errors.push(FieldError { field: field.into(), message });
    let name = body.name.map(|name| profile::name(&name)).transpose().unwrap_or_else(|reason| {
        at_fault("name", reason);
        None
    });
    if let Change::Set(url) = &body.avatar_url
        && let Err(reason) = profile::check_avatar_url(url, &state.public_url)
    {
        at_fault("avatarUrl", reason);
    }
    if let Some(preferences) = &body.preferences
        && let Err(reason) = profile::check_preferences(preferences)
    {
        at_fault("preferences", reason);
    }
    if errors.is_empty() {
        Ok(ProfileChange { name, avatar_url: body.avatar_url, preferences: body.preferences })
    } else {
        Err(Problem::invalid(errors))
    }
}

/// Null is a value here, and not the same as nothing.
fn change<'de, D: Deserializer<'de>>(source: D) -> Result<Change<String>, D::Error> {
    Ok(Option::deserialize(source)?.map_or(Change::Clear, Change::Set))
}
