//! `POST /email/verify`, `POST /email/resend`, `PUT /email`: an address is proved by a link in a mail.

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
    state::{AppState, SignedIn, SteppedUp},
};

/// What proves an address.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VerifyBody {
    /// Of the link, behind `#token=`.
    #[schema(value_type = String)]
    token: SecretString,
}

/// The address that the account is to have.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EmailBody {
    /// Kept in one canonical form: trimmed, lower-case.
    #[schema(max_length = 254, example = "ana@example.com")]
    email: String,
}

/// Proves the address that a link was sent to: the account's own, or the one that it is to have, which it has from now on.
/// An account that only claimed that one loses it, and all that opened it.
#[utoipa::path(
    post, path = "/email/verify", operation_id = "verifyEmail", request_body = VerifyBody,
    responses(
        (status = 204, description = "The address is proved"),
        (status = 400, description = "`invalid_token`: used, replaced, too old, or never there", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 409, description = "`email_taken`: another account has proved it first", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn verify_email(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<VerifyBody>,
) -> Result<StatusCode> {
    state.addresses.prove(&body.token, &place(ip, &headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has the link sent once more that proves the account's address; nothing is sent when it is proved.
#[utoipa::path(
    post, path = "/email/resend", operation_id = "resendEmail", security(("bearer" = [])),
    responses(
        (status = 202, description = "A link is on its way"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Enough were sent", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resend_email(State(state): State<AppState>, caller: SignedIn) -> Result<StatusCode> {
    state.addresses.ask_again(caller.user.id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Has a link sent to the address that the account is to have; it changes when that link is opened. The address that it has
/// is told. Whether the new one has an account is not said here. Asks for a fresh sign-in or a step-up.
#[utoipa::path(
    put, path = "/email", operation_id = "putEmail", request_body = EmailBody, security(("bearer" = [])),
    params(("X-Step-Up" = Option<String>, Header, description = "From `POST /step-up`")),
    responses(
        (status = 202, description = "A link is on its way to the new address"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`step_up_required`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Enough were sent", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put_email(
    State(state): State<AppState>,
    SteppedUp(caller): SteppedUp,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<EmailBody>,
) -> Result<StatusCode> {
    let email = email::canonical(&body.email).map_err(|reason| Problem::invalid_field("email", reason))?;
    state.addresses.ask_to_change(caller.user.id, &email, &place(ip, &headers)).await?;
    Ok(StatusCode::ACCEPTED)
}
