//! `POST /logout`

use aether_common::problem::Problem;
use aether_store::sessions::EndReason;
use aether_web::{
    auth::Caller,
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use crate::{
    answer, csrf,
    handlers::{place, refresh::RefreshBody},
    state::AppState,
};

/// Ends the session that the access token, the refresh token or the cookie belongs to, and takes the cookie away. A session
/// that has ended already is no mistake.
#[utoipa::path(
    post, path = "/logout", operation_id = "logout", request_body = Option<RefreshBody>, security(("bearer" = []), ()),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 401, description = "Nothing said whose session", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn logout(
    State(state): State<AppState>,
    caller: Result<Caller>,
    ip: ClientIp,
    headers: HeaderMap,
    body: Option<Json<RefreshBody>>,
) -> Result<Response> {
    let mut tokens = Vec::new();
    tokens.extend(body.and_then(|Json(body)| body.refresh_token));
    if let Some(token) = answer::cookie_token(&headers, &state.public_url) {
        csrf::check(&headers, &state.origins)?;
        tokens.push(token);
    }
    if let (Err(_), true) = (&caller, tokens.is_empty()) {
        return Err(Problem::unauthorized().into());
    }
    let place = place(ip, &headers);
    if let Ok(caller) = caller {
        state.sessions.end(caller.user_id, caller.session_id, EndReason::Logout, &place).await?;
    }
    for token in tokens {
        state.sessions.end_by_token(&token, &place).await?;
    }
    Ok(answer::without_cookie(StatusCode::NO_CONTENT.into_response(), &state.public_url))
}
