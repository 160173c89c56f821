//! Permissions as types in a handler's signature: `Caller` (signed in), `Admin`. A handler without one is public.

use aether_common::{
    id::{SessionId, UserId},
    jwt::Verifier,
    model::user::Role,
    problem::Problem,
};
use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    context,
    respond::{Error, Result},
};

/// Who calls, as the access token says. As `Option<Caller>` no `Authorization` header is `None`; a bad one is still 401.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// The session that the token was made from.
    pub session_id: SessionId,
    /// What the user may do.
    pub role: Role,
    /// The user's name, as it was when the token was made.
    pub name: String,
}

/// A caller whose role is `admin`; others get 403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin(pub Caller);

impl<S> FromRequestParts<S> for Caller
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let token = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let claims = Verifier::from_ref(state)
            .verify(token)
            .await
            .map_err(|reason| Problem { cause: Some(reason.to_string()), ..Problem::unauthorized() })?;
        if let Some(context) = context::current() {
            context.set_user(claims.sub);
        }
        Ok(Self { user_id: claims.sub, session_id: claims.sid, role: claims.role, name: claims.name })
    }
}

impl<S> OptionalFromRequestParts<S> for Caller
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
        } else {
            Ok(None)
        }
    }
}

impl<S> FromRequestParts<S> for Admin
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = <Caller as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        match caller.role {
            Role::Admin => Ok(Self(caller)),
            Role::User => Err(Problem::forbidden("forbidden", "Only an administrator may do this.").into()),
        }
    }
}

/// The token of the one `Authorization: Bearer` header. Two headers are refused: proxies differ on which one counts.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let sound =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains([' ', ',', '\t']);
    sound.then_some(token)
}
