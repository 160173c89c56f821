//! `GET /oauth/{provider}` and `POST /oauth/{provider}`: sign-in with Google and GitHub, and linking them.

use aether_common::problem::Problem;
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Path, Query},
    respond::{Error, ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::{
    answer::{self, SignInBody, TokenDelivery},
    cookie::Cookie,
    csrf,
    domain::{
        oauth::{LIFETIME, Pending, Provider, Purpose},
        session::Place,
    },
    handlers::place,
    state::{AppState, SignedIn},
};

/// The longest code that a provider gives, in bytes.
const MAX_CODE: usize = 4096;

/// What is wanted from the provider.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeginQuery {
    /// `1`: the answer sends the browser on by itself.
    #[param(required = false, inline)]
    #[serde(default)]
    redirect: Switch,
    /// `1`: adds a way in to one's own account.
    #[param(required = false, inline)]
    #[serde(default)]
    link: Switch,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub(crate) enum Switch {
    /// No.
    #[default]
    #[serde(rename = "0", alias = "false")]
    Off,
    /// Yes.
    #[serde(rename = "1", alias = "true")]
    On,
}

/// Where the browser is to go.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Authorize {
    /// The provider's page.
    authorize_url: String,
}

/// What the provider sent the browser back with.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FinishBody {
    #[schema(value_type = String, min_length = 1, max_length = 4096)]
    code: SecretString,
    state: String,
    /// The provider's name for itself, when it sent one (RFC 9207).
    iss: Option<String>,
    #[serde(default)]
    token_delivery: TokenDelivery,
}

/// Begins a sign-in: gives the address of the provider's page, and a cookie without which nobody finishes it. It is good for
/// ten minutes; a browser has one at a time.
#[utoipa::path(
    get, path = "/oauth/{provider}", operation_id = "beginOAuth", security((), ("bearer" = [])),
    params(("provider" = Provider, Path), BeginQuery),
    responses(
        (status = 200, body = Authorize),
        (status = 302, description = "With `redirect=1`: to the provider's page"),
        (status = 401, description = "With `link=1`: nobody is signed in", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 404, description = "The provider is not on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin_oauth(
    State(state): State<AppState>,
    Path(provider): Path<Provider>,
    Query(query): Query<BeginQuery>,
    caller: Result<SignedIn>,
) -> Result<Response> {
    let purpose = match query.link {
        Switch::Off => Purpose::SignIn,
        Switch::On => {
            let caller = caller?;
            Purpose::Link { user: caller.user.id, session: caller.session_id }
        }
    };
    let begun = state.providers.begin(provider, purpose)?;
    let authorize_url = String::from(begun.authorize_url);
    let response = match query.redirect {
        Switch::Off => Json(Authorize { authorize_url }).into_response(),
        Switch::On => {
            let to = HeaderValue::try_from(authorize_url).map_err(Problem::internal)?;
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
    };
    Ok(Cookie::oauth(&state.public_url).set(response, &begun.sealed, LIFETIME))
}

/// Finishes what was begun in this browser, once. A sign-in gives a session, or asks for the second factor; whoever is new
/// gets an account. A link gives the session that it was begun in, whose refresh token stays what it was.
#[utoipa::path(
    post, path = "/oauth/{provider}", operation_id = "finishOAuth", request_body = FinishBody,
    params(("provider" = Provider, Path)),
    responses(
        (status = 200, description = "The session, or the question for the second factor", body = SignInBody),
        (status = 400, description = "`invalid_state`, `provider_mismatch`, or `oauth_failed`: the provider vouches for nobody",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`: the account is disabled", body = ProblemBody,
            content_type = "application/problem+json"),
        (status = 403, description = "`cross_origin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The provider is not on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`account_exists`: sign in and link; `identity_taken` or `provider_linked` for a link",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`, or `email_required`: the provider gave no usable address",
            body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`provider_unavailable`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn finish_oauth(
    State(state): State<AppState>,
    Path(provider): Path<Provider>,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<FinishBody>,
) -> Result<Response> {
    csrf::check(&headers, &state.origins)?;
    if !(1..=MAX_CODE).contains(&body.code.expose_secret().len()) {
        return Err(Problem::invalid_field("code", format!("must have 1 to {MAX_CODE} characters")).into());
    }
    let cookie = Cookie::oauth(&state.public_url);
    let pending =
        state.providers.resume(provider, cookie.read(&headers).as_ref(), &body.state, body.iss.as_deref())?;
    let answer = finish(&state, &pending, &body, &place(ip, &headers)).await;
    // Whatever came of it, the state has been used.
    Ok(cookie.clear(answer.unwrap_or_else(|problem| Error::from(problem).into_response())))
}

async fn finish(
    state: &AppState,
    pending: &Pending,
    body: &FinishBody,
    place: &Place,
) -> Result<Response, Problem> {
    let provider = pending.provider;
    state.identities.take(pending).await?;
    let profile = state.providers.finish(pending, &body.code).await?;
    match pending.purpose {
        Purpose::SignIn => {
            let cookie = body.token_delivery == TokenDelivery::Cookie;
            let outcome = state.identities.sign_in(provider, &profile, place, cookie).await?;
            Ok(answer::outcome(outcome, body.token_delivery, &state.public_url))
        }
        Purpose::Link { user, session } => {
            let user = state.identities.link(user, session, provider, &profile, place).await?;
            let mut conn = state.store.conn().await?;
            let access_token = state.sessions.access_token(&mut conn, user.clone(), session).await?;
            Ok(answer::same_session(user, access_token))
        }
    }
}
