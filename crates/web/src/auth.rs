//! Permissions as types in a handler's signature: `Caller` (signed in), `Scoped<S>` (or an API key that may), `Admin`. A
//! handler without one is public.

use std::{marker::PhantomData, ops::Deref, sync::Arc, time::Duration};

use aether_common::{
    id::{SessionId, UserId},
    jwt::{Authenticated, TokenError, Verifier},
    model::{
        scope::{Access, Scope},
        user::Role,
    },
    problem::Problem,
};
use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    context,
    respond::{Error, Result},
};

/// Whoever is out is out everywhere within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Who calls, as the access token says. As an extractor: somebody who signed in; an API key gets 403. As `Option<Caller>`
/// no `Authorization` header is `None`; a bad one is still 401.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// The session that the token was made from, or the API key.
    pub session_id: SessionId,
    /// What the user may do.
    pub role: Role,
    /// The user's name, as it was when the token was made.
    pub name: String,
    /// When the token was made, in seconds since 1970.
    pub issued_at: i64,
    /// What may be done with the token.
    pub access: Access,
    /// The name of the key that the access token is signed with.
    pub key: Option<Arc<str>>,
}

/// A caller who signed in, or whose API key has the scope `S`; a key without it gets 403 `insufficient_scope`.
#[derive(Debug, PartialEq, Eq)]
pub struct Scoped<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

/// A caller whose role is `admin`, and who signed in; others get 403.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin(pub Caller);

/// A scope as a type.
pub trait Needs: Send + Sync {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        impl Needs for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

scopes! {
    /// `generations:read`
    GenerationsRead,
    /// `generations:write`
    GenerationsWrite,
    /// `rooms:read`
    RoomsRead,
    /// `rooms:write`
    RoomsWrite,
    /// `profile:read`
    ProfileRead,
}

impl Caller {
    /// Fails with 403 `insufficient_scope` when the API key does not have this scope.
    pub fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        if self.access.allows(scope) { Ok(()) } else { Err(insufficient_scope()) }
    }

    /// Whether the token is dead before its time: for whoever goes on with it, as a socket does.
    pub fn is_revoked(&self, verifier: &Verifier) -> bool {
        verifier.is_revoked(self.user_id, self.session_id, self.issued_at)
            || self.key.as_deref().is_some_and(|key| verifier.is_key_revoked(key))
    }
}

impl From<Authenticated> for Caller {
    fn from(who: Authenticated) -> Self {
        let Authenticated { claims, access, key } = who;
        Self {
            user_id: claims.sub,
            session_id: claims.sid,
            role: claims.role,
            name: claims.name,
            issued_at: claims.iat,
            access,
            key,
        }
    }
}

impl<S> Scoped<S> {
    /// The caller.
    pub fn into_inner(self) -> Caller {
        self.caller
    }
}

impl<S> Deref for Scoped<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = identify(parts, &Verifier::from_ref(state)).await?;
        match caller.access {
            Access::Session => Ok(caller),
            Access::Key(_) => Err(insufficient_scope().into()),
        }
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

impl<S, N> FromRequestParts<S> for Scoped<N>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
    N: Needs,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = identify(parts, &Verifier::from_ref(state)).await?;
        caller.must_have(N::SCOPE)?;
        Ok(Self { caller, scope: PhantomData })
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

/// Who sent this request. A token is checked once for each request: a layer that asks before the handler spares it that.
///
/// # Errors
/// 401 without a good token, always with the same words; 503 when that cannot be told now.
pub async fn identify(parts: &mut Parts, verifier: &Verifier) -> Result<Caller, Problem> {
    if let Some(caller) = parts.extensions.get::<Caller>() {
        return Ok(caller.clone());
    }
    let token = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
    let caller: Caller = match verifier.authenticate(token).await {
        Ok(who) => who.into(),
        Err(TokenError::Unavailable(cause)) => return Err(Problem::unavailable(cause)),
        Err(TokenError::Unfinished) => {
            return Err(Problem::new(401, "mfa_required", "This sign-in waits for its second factor."));
        }
        Err(reason) => return Err(Problem { cause: Some(reason.to_string()), ..Problem::unauthorized() }),
    };
    if let Some(context) = context::current() {
        context.set_user(caller.user_id);
    }
    parts.extensions.insert(caller.clone());
    Ok(caller)
}

/// Resolves when the caller's token is dead before its time: for an answer that goes on for long, as a stream does.
pub async fn until_revoked(verifier: Verifier, caller: Caller) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if caller.is_revoked(&verifier) {
            return;
        }
    }
}

fn insufficient_scope() -> Problem {
    Problem::forbidden("insufficient_scope", "The API key may not do this.")
}

/// The token of the one `Authorization: Bearer` header. Two headers are refused: proxies differ on which one counts.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let sound =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains([' ', ',', '\t']);
    sound.then_some(token)
}
