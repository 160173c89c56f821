//! `PUT /password`, `POST /password/forgot`, `POST /password/reset`: another password, with the old one or by mail.

use aether_common::problem::Problem;
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    domain::email,
    handlers::place,
    state::{AppState, SignedIn},
};

/// The password that is, and the one that is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordBody {
    #[schema(value_type = String, max_length = 128)]
    current_password: SecretString,
    /// 10 to 128 characters, not guessable.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    new_password: SecretString,
}

/// Whose password is forgotten.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ForgotBody {
    #[schema(example = "ana@example.com")]
    email: String,
}

/// What a link in a mail sets.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ResetBody {
    /// Of the link, behind `#token=`.
    #[schema(value_type = String)]
    token: SecretString,
    /// 10 to 128 characters, not guessable.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    new_password: SecretString,
}

/// Changes one's own password. Every other session ends, and links that were on their way work no more. An account without
/// a password (it signs in with Google or GitHub) gets its first one by a link, as if it were forgotten.
#[utoipa::path(
    put, path = "/password", operation_id = "putPassword", request_body = PasswordBody, security(("bearer" = [])),
    responses(
        (status = 204, description = "Changed; the other sessions have ended"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`wrong_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`no_password`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, or `password_policy` when the new password is at fault",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong passwords", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put_password(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode> {
    let place = place(ip, &headers);
    let (current, new) = (&body.current_password, &body.new_password);
    let change =
        state.new_passwords.change(&caller.user, caller.session_id, current, new, ip.network(), &place);
    change.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a link sent that sets a new password, if there is an account of this address. Whether there is one is told neither by
/// the answer nor by its time.
#[utoipa::path(
    post, path = "/password/forgot", operation_id = "forgotPassword", request_body = ForgotBody,
    responses(
        (status = 202, description = "If there is such an account, a link is on its way to it"),
        (status = 422, description = "This is no address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn forgot_password(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<ForgotBody>,
) -> Result<StatusCode> {
    let email = email::canonical(&body.email).map_err(|reason| Problem::invalid_field("email", reason))?;
    state.new_passwords.forgot(email, ip.network(), place(ip, &headers))?;
    Ok(StatusCode::ACCEPTED)
}

/// Sets a new password with the link of a mail. Every session ends. A second factor stays on, if the address was proved
/// before; an account whose address was not loses all else that opened it, because a stranger may have made it.
#[utoipa::path(
    post, path = "/password/reset", operation_id = "resetPassword", request_body = ResetBody,
    responses(
        (status = 204, description = "Set; every session has ended"),
        (status = 400, description = "`invalid_token`: used, replaced, too old, or never there", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 422, description = "`password_policy`; the link stays good", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reset_password(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<ResetBody>,
) -> Result<StatusCode> {
    state.new_passwords.reset(&body.token, &body.new_password, &place(ip, &headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
