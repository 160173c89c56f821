//! What the handlers share, and the extractors for somebody whose session is alive at this moment.

use std::{sync::Arc, time::Instant};

use aether_boot::{Deps, StartError, api_keys::StoredApiKeys};
use aether_common::{
    clock::Clock,
    id::{Ids, SessionId},
    jwt::Verifier,
    model::user::{Role, User},
    problem::Problem,
};
use aether_store::{Store, Tx, sessions, users};
use aether_web::{
    auth::Caller,
    respond::{Error, Result},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderName, request::Parts},
};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;

use crate::domain::{
    addresses::Addresses,
    admins::Administration,
    announce::Announcer,
    attempts::Attempts,
    audit::Audit,
    erasure::Erasures,
    export::Exports,
    hashing::Passwords,
    identity::{Identities, IdentityParts},
    keys::{Keyring, kept::KeptKeys},
    mail::{Mailer, mailer::Pace, postage::Postage},
    new_password::{NewPasswords, Parts as NewPasswordParts},
    new_sign_in::NewSignIns,
    oauth::Providers,
    seal::Sealer,
    second_factor::SecondFactor,
    session::Sessions,
    sign_in::SignIn,
    slow_down::SlowDown,
    step_up::{FRESH, StepUp},
};

const STEP_UP: HeaderName = HeaderName::from_static("x-step-up");

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct AppState {
    pub store: Store,
    pub clock: Clock,
    pub ids: Ids,
    pub keys: Arc<Keyring>,
    pub verifier: Verifier,
    pub sessions: Sessions,
    pub sign_in: SignIn,
    pub second_factor: SecondFactor,
    pub providers: Providers,
    pub identities: Identities,
    pub step_up: Arc<StepUp>,
    pub attempts: Attempts,
    pub audit: Audit,
    pub administration: Administration,
    pub erasures: Erasures,
    pub exports: Exports,
    pub announcer: Announcer,
    pub mailer: Mailer,
    pub postage: Postage,
    pub addresses: Addresses,
    pub new_passwords: NewPasswords,
    pub passwords: Passwords,
    pub slow_down: SlowDown,
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
    /// When the session began, which was by a full sign-in.
    pub began_at: DateTime<Utc>,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
}

/// The same, with a fresh proof of who it is: a sign-in or a step-up of the last five minutes; others get 403
/// `step_up_required`.
pub(crate) struct SteppedUp(pub SignedIn);

/// The same, whose role is `admin` at this moment; others get 403.
pub(crate) struct Administrator(pub SignedIn);

impl AppState {
    pub(crate) async fn new(deps: &Deps) -> Result<Self, StartError> {
        let settings = &deps.settings;
        let sealer = Arc::new(
            Sealer::new(&settings.master_key()?).map_err(|error| StartError::Other(error.to_string()))?,
        );
        let kept = KeptKeys::new(deps.store.clone(), deps.clock.clone(), deps.ids.clone(), sealer.clone());
        let keys = Arc::new(Keyring::open(kept, settings.key_rotation()).await?);
        let public_url: Url = settings
            .public_url
            .parse()
            .map_err(|error| StartError::Other(format!("AETHER_PUBLIC_URL: {error}")))?;
        let mut origins = vec![public_url.origin().ascii_serialization()];
        origins.extend(settings.cors_origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()));
        let announcer = Announcer::new(deps.bus.clone(), deps.lifecycle.tasks.clone());
        let audit = Audit::new(deps.clock.clone(), deps.ids.clone());
        let sessions = Sessions::new(
            deps.store.clone(),
            deps.clock.clone(),
            deps.ids.clone(),
            keys.clone(),
            &settings.public_url,
            &sealer,
            announcer.clone(),
        );
        let mailer = Mailer::new(deps, sealer.clone(), Pace::default())?;
        let second_factor =
            SecondFactor::new(sealer.clone(), audit.clone(), mailer.clone(), deps.clock.clone());
        let postage = Postage::new(deps.bus.clone(), deps.clock.clone(), settings.rate_limits);
        let attempts = Attempts::new(deps.bus.clone());
        let passwords = Passwords::new(&settings.password_peppers).await?;
        let new_sign_ins = NewSignIns::new(mailer.clone(), postage.clone(), deps.clock.clone());
        let addresses = Addresses::new(
            deps,
            sessions.clone(),
            audit.clone(),
            announcer.clone(),
            mailer.clone(),
            postage.clone(),
        );
        let new_passwords = NewPasswords::start(
            deps,
            NewPasswordParts {
                store: deps.store.clone(),
                clock: deps.clock.clone(),
                passwords: passwords.clone(),
                sessions: sessions.clone(),
                attempts: attempts.clone(),
                audit: audit.clone(),
                announcer: announcer.clone(),
                mailer: mailer.clone(),
                postage: postage.clone(),
            },
        );
        mailer.start();
        let sign_in = SignIn::new(
            sessions.clone(),
            second_factor.clone(),
            new_sign_ins,
            audit.clone(),
            deps.clock.clone(),
        );
        let providers = Providers::new(deps, sealer.clone())?;
        let identities = Identities::new(
            deps,
            IdentityParts {
                sessions: sessions.clone(),
                sign_in: sign_in.clone(),
                audit: audit.clone(),
                announcer: announcer.clone(),
                addresses: addresses.clone(),
                mailer: mailer.clone(),
                on: providers.on(),
            },
        );
        Ok(Self {
            verifier: Verifier::new(keys.clone(), &settings.public_url, deps.clock.clone())
                .with_api_keys(Arc::new(StoredApiKeys::new(deps))),
            sign_in,
            providers,
            identities,
            administration: Administration::new(deps, sessions.clone(), announcer.clone(), audit.clone()),
            sessions,
            second_factor,
            step_up: Arc::new(StepUp::new(&sealer)),
            mailer,
            postage,
            addresses,
            new_passwords,
            attempts,
            erasures: Erasures::new(deps, announcer.clone(), audit.clone()),
            exports: Exports::new(deps, audit.clone()),
            audit,
            announcer,
            slow_down: SlowDown::new(deps.bus.clone(), settings.rate_limits),
            passwords,
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

impl AppState {
    /// The account behind a session's token, read now; 401 when the session has ended or the account is shut out.
    pub(crate) async fn signed_in(&self, caller: &Caller) -> Result<SignedIn, Problem> {
        let issued_at = DateTime::from_timestamp(caller.issued_at, 0).ok_or_else(Problem::unauthorized)?;
        let (user, session, now) = (caller.user_id, caller.session_id, self.clock.now());
        let mut conn = self.store.conn().await?;
        let found = sessions::find_account(&mut conn, user, session, issued_at, now).await?;
        let (account, began_at) =
            found.filter(|(account, _)| !account.disabled).ok_or_else(Problem::unauthorized)?;
        let has_password = account.password_hash.is_some();
        Ok(SignedIn { user: account.user, session_id: session, began_at, has_password })
    }

    /// Locks the caller's account; 401 when the session has ended since the caller was let in. Whoever ends it from now on
    /// waits, and finds what this transaction has made.
    pub(crate) async fn hold(&self, tx: &mut Tx, caller: &SignedIn) -> Result<(), Problem> {
        users::lock(tx, caller.user.id).await?;
        let alive = sessions::is_alive(tx, caller.user.id, caller.session_id, self.clock.now()).await?;
        if alive { Ok(()) } else { Err(Problem::unauthorized()) }
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
        Ok(state.signed_in(&caller).await?)
    }
}

impl FromRequestParts<AppState> for SteppedUp {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let caller = SignedIn::from_request_parts(parts, state).await?;
        let now = state.clock.now();
        let token = parts.headers.get(STEP_UP).and_then(|value| value.to_str().ok()).map(SecretString::from);
        let proved = token.is_some_and(|token| state.step_up.is_good(&token, caller.session_id, now));
        if proved || now - caller.began_at < FRESH {
            return Ok(Self(caller));
        }
        let detail = if caller.has_password || caller.user.mfa_enabled {
            "Prove again who you are, and send this once more."
        } else {
            "Sign in again, and send this once more."
        };
        Err(Problem::forbidden("step_up_required", detail).into())
    }
}

impl FromRequestParts<AppState> for Administrator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let caller = SignedIn::from_request_parts(parts, state).await?;
        match caller.user.role {
            Role::Admin => Ok(Self(caller)),
            Role::User => Err(Problem::forbidden("forbidden", "Only an administrator may do this.").into()),
        }
    }
}
