//! How a session reaches the client: the refresh token in the body, or in a cookie that scripts cannot read.

use aether_common::{jwt::ACCESS_LIFETIME, model::user::User, problem::Problem};
use aether_web::{context, extract::Json, respond::Error};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::{
    session::{Issued, REFRESH_LIFETIME},
    sign_in::Outcome,
};

/// Where browsers reach this service; a process of its own stands behind the gateway, which takes the prefix away.
const COOKIE_PATH: &str = "/api/auth";

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
    /// For `POST /refresh`; not there when it is in the cookie.
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
        TokenDelivery::Cookie => {
            with_cookie(response, token.expose_secret(), REFRESH_LIFETIME.num_seconds(), public_url)
        }
    }
}

/// The same answer, with the cookie taken away.
pub(crate) fn without_cookie(response: Response, public_url: &Url) -> Response {
    with_cookie(response, "", 0, public_url)
}

/// The refresh token in the cookie. Two cookies of the name with different values are none: one of them was planted.
pub(crate) fn cookie_token(headers: &HeaderMap, public_url: &Url) -> Option<SecretString> {
    let name = cookie_name(public_url);
    let mut found: Option<&str> = None;
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    for (key, value) in pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
    {
        if key == name && !value.is_empty() {
            if found.is_some_and(|other| other != value) {
                return None;
            }
            found = Some(value);
        }
    }
    found.map(SecretString::from)
}

fn with_cookie(mut response: Response, value: &str, max_age: i64, public_url: &Url) -> Response {
    let secure = if is_https(public_url) { "; Secure" } else { "" };
    let name = cookie_name(public_url);
    let cookie =
        format!("{name}={value}; Path={COOKIE_PATH}; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}");
    match HeaderValue::from_str(&cookie) {
        Ok(mut cookie) => {
            cookie.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => Error::from(Problem::internal(error)).into_response(),
    }
}

/// Browsers take a `__Secure-` cookie from https alone, so that nobody on the wire can plant one.
fn cookie_name(public_url: &Url) -> &'static str {
    if is_https(public_url) { "__Secure-aether_refresh" } else { "aether_refresh" }
}

fn is_https(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}
