//! `POST /refresh`

use aether_common::problem::Problem;
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{Error, ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    answer::{self, SessionBody, TokenDelivery},
    csrf,
    handlers::place,
    state::AppState,
};

/// The refresh token, when it is not in the cookie.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RefreshBody {
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<SecretString>,
}

/// Takes a refresh token, from the body or else the cookie, and gives a new session body with its successor, the way it
/// came. The same token within 10 s, while its successor is unused, gives the same successor; later it ends the session.
#[utoipa::path(
    post, path = "/refresh", operation_id = "refresh", request_body = Option<RefreshBody>,
    responses(
        (status = 200, description = "The session, renewed", body = SessionBody),
        (status = 401, description = "`unauthorized`, `session_ended` or `refresh_reused`", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 403, description = "`cross_origin`: a cookie call of another origin", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    body: Option<Json<RefreshBody>>,
) -> Result<Response> {
    let in_body = body.and_then(|Json(body)| body.refresh_token);
    let (token, delivery) = if let Some(token) = in_body {
        (token, TokenDelivery::Body)
    } else {
        csrf::check(&headers, &state.origins)?;
        let token = answer::cookie_token(&headers, &state.public_url)
            .ok_or_else(|| Problem::new(401, "unauthorized", "A valid refresh token is needed."))?;
        (token, TokenDelivery::Cookie)
    };
    match state.sessions.refresh(&token, &place(ip, &headers)).await {
        Ok(issued) => Ok(answer::session(StatusCode::OK, issued, delivery, &state.public_url)),
        // A cookie that will never be good again only makes calls that must fail.
        Err(problem) if problem.status == 401 && delivery == TokenDelivery::Cookie => {
            Ok(answer::without_cookie(Error::from(problem).into_response(), &state.public_url))
        }
        Err(problem) => Err(problem.into()),
    }
}
