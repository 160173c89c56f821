//! `POST /step-up`: a fresh proof of who somebody is, for what must not be done with a session that was left open.

use std::net::IpAddr;

use aether_common::problem::Problem;
use aether_store::users;
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{extract::State, http::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    domain::{
        attempts::Guess,
        audit::{Action, Entry},
        hashing::Verdict,
        password::Password,
        session::Place,
    },
    handlers::place,
    state::{AppState, SignedIn},
};

/// The proof: exactly one of the two.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StepUpBody {
    #[schema(value_type = Option<String>, max_length = 128)]
    password: Option<SecretString>,
    /// What the authenticator app shows, or a recovery code.
    #[schema(value_type = Option<String>, example = "123456")]
    code: Option<SecretString>,
}

/// The proof was right.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SteppedUpBody {
    /// For the header `X-Step-Up`, within five minutes, with this session alone.
    step_up_token: String,
}

/// Proves again who one is, by the password or by the second factor. A sign-in of the last five minutes needs none; whoever
/// has neither password nor second factor signs in again.
#[utoipa::path(
    post, path = "/step-up", operation_id = "stepUp", request_body = StepUpBody, security(("bearer" = [])),
    responses(
        (status = 200, body = SteppedUpBody),
        (status = 401, description = "`invalid_credentials`, `invalid_code`, or `unauthorized` when it is the access token",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong tries", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn step_up(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<StepUpBody>,
) -> Result<Json<SteppedUpBody>> {
    let place = place(ip, &headers);
    match (body.password, body.code) {
        (Some(password), None) => by_password(&state, &caller, &password, ip.network(), &place).await?,
        (None, Some(code)) => by_code(&state, &caller, &code, ip.network(), &place).await?,
        _ => {
            let reason = "exactly one of password and code must be there";
            return Err(Problem::invalid_field("password", reason).into());
        }
    }
    let token = state.step_up.issue(caller.session_id, state.clock.now());
    Ok(Json(SteppedUpBody { step_up_token: token.expose_secret().to_owned() }))
}

async fn by_password(
    state: &AppState,
    caller: &SignedIn,
    password: &SecretString,
    network: IpAddr,
    place: &Place,
) -> Result<(), Problem> {
    let user = caller.user.id;
    let password = Password::read(password).map_err(|reason| Problem::invalid_field("password", reason))?;
    let attempt = state.attempts.begin(Guess::Password, user, network).await?;
    let account = users::find(&mut state.store.conn().await?, user).await?;
    let kept = account.and_then(|account| account.password_hash);
    let verdict = state.passwords.verify(&password, kept.as_deref()).await?;
    let mut tx = state.store.begin().await?;
    let Verdict::Right { rehashed } = verdict else {
        state.audit.record(&mut tx, Entry::tried(Action::STEP_UP_REFUSED, Some(user), place)).await?;
        tx.save().await?;
        return Err(Problem::new(
            401,
            "invalid_credentials",
            "The password is wrong. If this account has none, sign in again in place of this.",
        ));
    };
    if let (Some(old), Some(new)) = (&kept, &rehashed) {
        users::replace_password_hash(&mut tx, user, old, new, state.clock.now()).await?;
    }
    let entry = Entry::own(Action::STEPPED_UP, user, place).with(json!({ "method": "password" }));
    state.audit.record(&mut tx, entry).await?;
    tx.save().await?;
    attempt.succeeded().await;
    Ok(())
}

async fn by_code(
    state: &AppState,
    caller: &SignedIn,
    code: &SecretString,
    network: IpAddr,
    place: &Place,
) -> Result<(), Problem> {
    let user = caller.user.id;
    let attempt = state.attempts.begin(Guess::Code, user, network).await?;
    let mut tx = state.store.begin().await?;
    users::lock(&mut tx, user).await?;
    let Some(method) = state.second_factor.prove(&mut tx, &caller.user, code, place).await? else {
        state.audit.record(&mut tx, Entry::tried(Action::CODE_REFUSED, Some(user), place)).await?;
        tx.save().await?;
        return Err(Problem::new(
            401,
            "invalid_code",
            "The code is wrong or used. If this account has no second factor, use the password or sign in again.",
        ));
    };
    let entry = Entry::own(Action::STEPPED_UP, user, place).with(json!({ "method": method.as_str() }));
    state.audit.record(&mut tx, entry).await?;
    tx.save().await?;
    attempt.succeeded().await;
    Ok(())
}
