//! `POST /mfa/challenge`: the second half of a sign-in.

use aether_common::problem::Problem;
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    answer::{self, SessionBody, TokenDelivery},
    csrf,
    domain::{
        attempts::Guess,
        audit::{Action, Entry},
    },
    handlers::place,
    state::AppState,
};

/// The second factor of a sign-in that waits for it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChallengeBody {
    /// From the first half of the sign-in.
    #[schema(value_type = String)]
    mfa_token: SecretString,
    /// What the app shows, or a recovery code.
    #[schema(value_type = String, example = "123456")]
    code: SecretString,
}

/// Ends a sign-in with the second factor. The session is delivered as the first half asked for. A wrong or used code, and a
/// token that is unknown, used or too old, cannot be told apart.
#[utoipa::path(
    post, path = "/mfa/challenge", operation_id = "answerMfaChallenge", request_body = ChallengeBody,
    responses(
        (status = 200, body = SessionBody),
        (status = 401, description = "`invalid_code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`cross_origin`: the cookie was asked for, and a page of another origin calls",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn answer_challenge(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<ChallengeBody>,
) -> Result<Response> {
    let waiting = state.sign_in.waiting(&mut state.store.conn().await?, &body.mfa_token).await?;
    let waiting = waiting.ok_or_else(invalid_code)?;
    let delivery = if waiting.wants_cookie() {
        csrf::check(&headers, &state.origins)?;
        TokenDelivery::Cookie
    } else {
        TokenDelivery::Body
    };
    let attempt = state.attempts.begin(Guess::Code, waiting.user, ip.network()).await?;
    let place = place(ip, &headers);
    let mut tx = state.store.begin().await?;
    let issued = state.sign_in.second(&mut tx, &waiting, &body.mfa_token, &body.code, &place).await?;
    let Some(issued) = issued else {
        drop(tx);
        let entry = Entry::tried(Action::CODE_REFUSED, Some(waiting.user), &place);
        state.audit.record(&mut state.store.conn().await?, entry).await?;
        tracing::info!(event = "code_refused", user.id = %waiting.user, "a second factor was refused");
        return Err(invalid_code().into());
    };
    tx.save().await?;
    attempt.succeeded().await;
    Ok(answer::session(StatusCode::OK, issued, delivery, &state.public_url))
}

fn invalid_code() -> Problem {
    Problem::new(
        401,
        "invalid_code",
        "The code is wrong or used, or this sign-in has waited too long. Try again, or sign in anew.",
    )
}
