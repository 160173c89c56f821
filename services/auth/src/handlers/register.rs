//! `POST /register`

use aether_common::{
    model::user::Role,
    problem::{FieldError, Problem},
};
use aether_store::{
    StoreError,
    users::{self, NewUser},
};
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
use serde_json::json;

use crate::{
    answer::{self, SessionBody, TokenDelivery},
    csrf,
    domain::{
        audit::{Action, Entry},
        email,
        password::Password,
        profile,
    },
    handlers::place,
    state::AppState,
};

/// An account to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegisterBody {
    /// Kept in one canonical form: trimmed, lower-case.
    #[schema(max_length = 254, example = "ana@example.com")]
    email: String,
    /// 10 to 128 characters, not guessable.
    #[schema(value_type = String, min_length = 10, max_length = 128)]
    password: SecretString,
    /// What others see.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

/// Creates an account and signs in to it.
#[utoipa::path(
    post, path = "/register", operation_id = "register", request_body = RegisterBody,
    responses(
        (status = 201, description = "The account, signed in", body = SessionBody),
        (status = 409, description = "`email_taken`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, or `password_policy` when only the password is at fault",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(
    State(state): State<AppState>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<RegisterBody>,
) -> Result<Response> {
    if body.token_delivery == TokenDelivery::Cookie {
        csrf::check(&headers, &state.origins)?;
    }
    let (email, name, password) = check(&state, &body).await?;
    if users::find_by_email(&mut state.store.conn().await?, &email).await?.is_some() {
        return Err(email_taken().into());
    }
    let password_hash = state.passwords.hash(&password).await?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let first = state.first_user_admin && users::take_first(&mut tx, now).await?;
    let user = NewUser {
        id: state.ids.mint(),
        email,
        password_hash: Some(password_hash),
        name,
        role: if first { Role::Admin } else { Role::User },
        created_at: now,
    };
    let user = users::create(&mut tx, &user).await.map_err(|error| match error {
        StoreError::Conflict => email_taken(),
        other => other.into(),
    })?;
    let place = place(ip, &headers);
    let entry = Entry::own(Action::REGISTERED, user.id, &place).with(json!({ "role": user.role }));
    state.audit.record(&mut tx, entry).await?;
    if state.postage.take(ip.network()).await {
        state.addresses.ask(&mut tx, &user).await?;
    }
    let issued = state.sign_in.complete(&mut tx, user, &place, &["password"]).await?;
    tx.save().await?;
    state.mailer.nudge();
    tracing::info!(event = "registered", user.id = %issued.user.id, role = issued.user.role.as_str(), "a new account");
    Ok(answer::session(StatusCode::CREATED, issued, body.token_delivery, &state.public_url))
}

/// Every field at fault at once, so that a form shows them all.
async fn check(state: &AppState, body: &RegisterBody) -> Result<(String, String, Password), Problem> {
    let (email, name) = (email::canonical(&body.email), profile::name(&body.name));
    let password = match Password::read(&body.password) {
        Ok(password) => {
            let (email, name) = (email.as_deref().unwrap_or_default(), name.as_deref().unwrap_or_default());
            match state.passwords.weakness(&password, email, name).await? {
                None => Ok(password),
                Some(reason) => Err(reason),
            }
        }
        Err(reason) => Err(reason),
    };
    match (email, name, password) {
        (Ok(email), Ok(name), Ok(password)) => Ok((email, name, password)),
        (Ok(_), Ok(_), Err(reason)) => Err(Problem {
            code: "password_policy".into(),
            detail: "The password is not good enough.".into(),
            ..Problem::invalid_field("password", reason)
        }),
        (email, name, password) => {
            let fields = [("email", email.err()), ("name", name.err()), ("password", password.err())];
            let errors = fields.into_iter().filter_map(|(field, reason)| {
                reason.map(|message| FieldError { field: field.into(), message })
            });
            Err(Problem::invalid(errors.collect()))
        }
    }
}

fn email_taken() -> Problem {
    Problem::conflict("email_taken", "There is an account with this e-mail. Sign in instead.")
}
