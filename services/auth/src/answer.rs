//! How a session reaches the client: the refresh token in the body, or in a cookie that scripts cannot read.

use aether_common::{jwt::ACCESS_LIFETIME, model::user::User};
use aether_web::{context, extract::Json};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    cookie::Cookie,
    domain::{
        session::{Issued, REFRESH_LIFETIME},
        sign_in::Outcome,
    },
};

/// Where the refresh token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenDelivery {
    /// In an HttpOnly cookie: for pages.
    Cookie,
    /// In the body: for programs.
    #[default]
    Body,
}

/// A session.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    user: User,
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// For `POST /refresh`; not there when it is in the cookie, or stays what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// What a sign-in gives: a session, or the question for the second factor.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = SignIn)]
#[expect(dead_code, reason = "describes two answers that are written one by one")]
pub(crate) enum SignInBody {
    /// The session.
    Session(SessionBody),
    /// The second factor is asked for.
    MfaRequired(MfaRequired),
}

/// The first factor is proved; `POST /mfa/challenge` takes the second one.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MfaRequired {
    /// Always true.
    mfa_required: bool,
    /// To be sent with the code, within five minutes.
    mfa_token: String,
}

/// The answer to a first factor that was right.
pub(crate) fn outcome(outcome: Outcome, delivery: TokenDelivery, public_url: &Url) -> Response {
    match outcome {
        Outcome::Session(issued) => session(StatusCode::OK, issued, delivery, public_url),
        Outcome::SecondFactor(token) => {
            let mfa_token = token.expose_secret().to_owned();
            Json(MfaRequired { mfa_required: true, mfa_token }).into_response()
        }
    }
}

/// The session that somebody holds already, with a fresh access token; its refresh token stays where it is.
pub(crate) fn same_session(user: User, access_token: String) -> Response {
    if let Some(context) = context::current() {
        context.set_user(user.id);
    }
    let expires_in = ACCESS_LIFETIME.num_seconds();
    Json(SessionBody { user, access_token, token_type: "Bearer", expires_in, refresh_token: None })
        .into_response()
}

/// The answer that hands over a session.
pub(crate) fn session(
    status: StatusCode,
    issued: Issued,
    delivery: TokenDelivery,
    public_url: &Url,
) -> Response {
    if let Some(context) = context::current() {
        context.set_user(issued.user.id);
    }
    let token = issued.refresh_token;
    let body = SessionBody {
        user: issued.user,
        access_token: issued.access_token,
        token_type: "Bearer",
        expires_in: ACCESS_LIFETIME.num_seconds(),
        refresh_token: (delivery == TokenDelivery::Body).then(|| token.expose_secret().to_owned()),
    };
    let response = (status, Json(body)).into_response();
    match delivery {
        TokenDelivery::Body => response,
        TokenDelivery::Cookie => Cookie::refresh(public_url).set(response, &token, REFRESH_LIFETIME),
    }
}

/// The same answer, with the cookie taken away.
pub(crate) fn without_cookie(response: Response, public_url: &Url) -> Response {
    Cookie::refresh(public_url).clear(response)
}

/// The refresh token in the cookie.
pub(crate) fn cookie_token(headers: &HeaderMap, public_url: &Url) -> Option<SecretString> {
    Cookie::refresh(public_url).read(headers)
}
