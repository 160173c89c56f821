//! `POST /login`

use aether_common::{id::UserId, problem::Problem};
use aether_store::{
    sessions,
    users::{self, Account},
};
use aether_web::{
    client_ip::ClientIp,
    extract::Json,
    respond::{ProblemBody, Result},
};
use axum::{extract::State, http::HeaderMap, response::Response};
use secrecy::SecretString;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    answer::{self, SignInBody, TokenDelivery},
    csrf,
    domain::{
        audit::{Action, Entry},
        email,
        hashing::Verdict,
        password::Password,
        sign_in::invalid_credentials,
    },
    handlers::place,
    state::AppState,
};

/// Who signs in, and how they prove it.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LoginBody {
    #[schema(example = "ana@example.com")]
    email: String,
    #[schema(value_type = String, max_length = 128)]
    password: SecretString,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

/// Signs in. An unknown e-mail, a wrong password and a disabled account cannot be told apart, by answer or by time.
#[utoipa::path(
    post, path = "/login", operation_id = "login", request_body = LoginBody,
    responses(
        (status = 200, description = "The session, or the question for the second factor", body = SignInBody),
        (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn login(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<LoginBody>,
) -> Result<Response> {
    if body.token_delivery == TokenDelivery::Cookie {
        csrf::check(&headers, &state.origins)?;
    }
    let password =
        Password::read(&body.password).map_err(|reason| Problem::invalid_field("password", reason))?;
    let email = email::canonical(&body.email);
    let (account, known) = find_account(&state, email.as_deref().ok(), ip).await?;
    let named = email.as_deref().unwrap_or(&body.email);
    let attempt = state.slow_down.begin(named, ip.network(), known).await?;
    let kept = account.as_ref().and_then(|account| account.password_hash.clone());
    let verdict = state.passwords.verify(&password, kept.as_deref()).await?;
    let place = place(ip, &headers);
    let subject = account.as_ref().map(|account| account.user.id);
    let (Verdict::Right { rehashed }, Some(account)) = (verdict, account.filter(|account| !account.disabled))
    else {
        state.slow_down.failed(&attempt).await?;
        let entry = Entry::tried(Action::LOGIN_REFUSED, subject, &place);
        state.audit.record(&mut state.store.conn().await?, entry).await?;
        tracing::info!(event = "login_refused", client.address = %ip.0, "a sign-in was refused");
        return Err(invalid_credentials().into());
    };
    let mut tx = state.store.begin().await?;
    // A password that is right may have been replaced, or taken away, while it was being checked.
    let held = users::hold(&mut tx, account.user.id).await?;
    if held.is_none_or(|now| now.password_hash != kept) {
        return Err(Problem::unavailable("the password was changed while it was checked").into());
    }
    if let (Some(old), Some(new)) = (&kept, &rehashed) {
        users::replace_password_hash(&mut tx, account.user.id, old, new, state.clock.now()).await?;
    }
    let cookie = body.token_delivery == TokenDelivery::Cookie;
    let outcome = state.sign_in.first(&mut tx, account.user, &place, "password", cookie).await?;
    tx.save().await?;
    state.slow_down.succeeded(&attempt).await;
    Ok(answer::outcome(outcome, body.token_delivery, &state.public_url))
}

/// The account of this address, and whether it has been signed in from this network. Both questions are asked in every
/// case, so that an address without an account takes as long.
async fn find_account(
    state: &AppState,
    email: Option<&str>,
    ip: ClientIp,
) -> Result<(Option<Account>, bool)> {
    let mut conn = state.store.conn().await?;
    let account = users::find_by_email(&mut conn, email.unwrap_or_default()).await?;
    let id = account.as_ref().map_or(UserId(Uuid::nil()), |account| account.user.id);
    let addresses = sessions::list_addresses(&mut conn, id).await?;
    let known = addresses
        .iter()
        .filter_map(|address| address.parse().ok())
        .any(|address| ClientIp(address).network() == ip.network());
    Ok((account, known))
}
