//! What the handlers share, and the extractor for somebody whose session is alive at this moment.

use std::{sync::Arc, time::Instant};

use aether_boot::{Deps, StartError};
use aether_common::{
    clock::Clock,
    id::{Ids, SessionId},
    jwt::Verifier,
    model::user::User,
    problem::Problem,
};
use aether_store::{Store, sessions};
use aether_web::{
    auth::Caller,
    respond::{Error, Result},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use url::Url;

use crate::domain::{
    announce::Announcer, hashing::Passwords, keys::Keyring, seal::Sealer, session::Sessions,
};

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub store: Store,
    pub clock: Clock,
    pub ids: Ids,
    pub keys: Arc<Keyring>,
    pub verifier: Verifier,
    pub sessions: Sessions,
    pub announcer: Announcer,
    pub passwords: Passwords,
    pub public_url: Arc<Url>,
    /// Origins whose pages may make calls that carry the cookie.
    pub origins: Arc<[String]>,
    pub first_user_admin: bool,
    pub started: Instant,
}

/// The account behind the access token, read now: its session has not ended and it is not disabled.
pub(crate) struct SignedIn {
    pub user: User,
    pub session_id: SessionId,
}

impl AppState {
    pub(crate) async fn new(deps: &Deps) -> Result<Self, StartError> {
        let settings = &deps.settings;
        let sealer =
            Sealer::new(&settings.master_key()?).map_err(|error| StartError::Other(error.to_string()))?;
        let keys = Arc::new(Keyring::open(&deps.store, &deps.clock, &deps.ids, &sealer).await?);
        let public_url: Url = settings
            .public_url
            .parse()
            .map_err(|error| StartError::Other(format!("AETHER_PUBLIC_URL: {error}")))?;
        let mut origins = vec![public_url.origin().ascii_serialization()];
        origins.extend(settings.cors_origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()));
        let announcer = Announcer::new(deps.bus.clone(), deps.lifecycle.tasks.clone());
        Ok(Self {
            verifier: Verifier::new(keys.clone(), &settings.public_url, deps.clock.clone()),
            sessions: Sessions::new(
                deps.store.clone(),
                deps.clock.clone(),
                deps.ids.clone(),
                keys.clone(),
                &settings.public_url,
                &sealer,
                announcer.clone(),
            ),
            announcer,
            passwords: Passwords::new().await?,
            store: deps.store.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            keys,
            public_url: Arc::new(public_url),
            origins: origins.into(),
            first_user_admin: settings.first_user_admin,
            started: Instant::now(),
        })
    }
}

impl FromRef<AppState> for Verifier {
    fn from_ref(state: &AppState) -> Self {
        state.verifier.clone()
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let caller = <Caller as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        let mut conn = state.store.conn().await?;
        let found =
            sessions::find_account(&mut conn, caller.user_id, caller.session_id, state.clock.now()).await?;
        let account = found.filter(|account| !account.disabled).ok_or_else(Problem::unauthorized)?;
        Ok(Self { user: account.user, session_id: caller.session_id })
    }
}
