//! Sessions: a line of refresh tokens of which only the newest is good, and the access tokens made on the way.
//!
//! A token that was used comes again in two ways. Its answer was lost: then its successor is still unused, and for 10 s the
//! same successor is given again. Or somebody has a copy: then the whole session ends, for both.

use std::sync::Arc;

use aether_common::{
    clock::Clock,
    id::{Ids, SessionId},
    jwt::{ACCESS_LIFETIME, AUDIENCE, Claims},
    model::user::User,
    problem::Problem,
};
use aether_store::{
    Store, Tx,
    sessions::{self, EndReason, HeldToken, NewSession},
    users,
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{announce::Announcer, keys::Keyring, seal::Sealer};

/// How long a refresh token is good; each use begins it anew.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long a used token gives its successor again.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);
/// Says to secret scanners, and to people, what it is.
const PREFIX: &str = "aer_";
const MAX_USER_AGENT: usize = 300;

/// Where a request comes from, for the list of one's own sessions.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address.
    pub ip: String,
    /// The program, as it calls itself.
    pub user_agent: Option<String>,
}

/// What a sign-in or a refresh gives.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Who.
    pub user: User,
    /// For the `Authorization` header.
    pub access_token: String,
    /// For the next refresh.
    pub refresh_token: SecretString,
}

/// Opens, renews and ends sessions; cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Clock,
    ids: Ids,
    keys: Arc<Keyring>,
    issuer: Arc<str>,
    successors: hmac::Key,
    announcer: Announcer,
}

impl Sessions {
    /// Sessions whose tokens are signed by `keys` in the name of `issuer`, and whose ends are told by `announcer`.
    pub fn new(
        store: Store,
        clock: Clock,
        ids: Ids,
        keys: Arc<Keyring>,
        issuer: &str,
        sealer: &Sealer,
        announcer: Announcer,
    ) -> Self {
        let successors = sealer.derive("refresh token successor v1");
        Self { store, clock, ids, keys, issuer: issuer.into(), successors, announcer }
    }

    /// Opens a session for somebody who has just proved who they are.
    pub async fn open(&self, tx: &mut Tx, user: User, place: Place) -> Result<Issued, Problem> {
        let now = self.clock.now();
        let id: SessionId = self.ids.mint();
        let session = NewSession {
            id,
            user_id: user.id,
            user_agent: place.user_agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
            ip: place.ip,
            created_at: now,
            expires_at: now + REFRESH_LIFETIME,
        };
        sessions::create(tx, &session).await?;
        let token = written(&rand::random::<[u8; 32]>());
        sessions::add_token(tx, id, &digest(&token), now).await?;
        self.issue(user, id, token)
    }

    /// Takes a refresh token and gives its successor. 401 `refresh_reused` ends the session; 401 `session_ended` says that
    /// it had ended.
    pub async fn refresh(&self, token: &SecretString, place: &Place) -> Result<Issued, Problem> {
        let now = self.clock.now();
        let hash = digest(token);
        let mut tx = self.store.begin().await?;
        let Some(held) = sessions::hold_token(&mut tx, &hash).await? else {
            return Err(Problem::new(401, "unauthorized", "A valid refresh token is needed."));
        };
        if held.ended_at.is_some() || held.expires_at <= now {
            return Err(session_ended());
        }
        let account = users::find(&mut tx, held.user_id).await?.filter(|account| !account.disabled);
        let Some(account) = account else { return Err(session_ended()) };
        let successor = match held.used_at {
            None => {
                let seed: [u8; 32] = rand::random();
                let successor = self.successor(token, &seed);
                let expires_at = now + REFRESH_LIFETIME;
                sessions::use_token(&mut tx, &hash, &seed, held.session_id, &place.ip, now, expires_at)
                    .await?;
                sessions::add_token(&mut tx, held.session_id, &digest(&successor), now).await?;
                successor
            }
            Some(used_at) => {
                let known = held.successor_seed.as_deref().map(|seed| self.successor(token, seed));
                let lost = match known {
                    Some(successor) if now - used_at <= GRACE => {
                        let used = sessions::is_used(&mut tx, &digest(&successor)).await?;
                        (used == Some(false)).then_some(successor)
                    }
                    _ => None,
                };
                let Some(successor) = lost else { return Err(self.end_reused(tx, &held).await?) };
                successor
            }
        };
        let issued = self.issue(account.user, held.session_id, successor)?;
        tx.save().await?;
        Ok(issued)
    }

    /// Ends the session of this refresh token, whatever its place in the line; nothing happens when there is none.
    pub async fn end_by_token(&self, token: &SecretString) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        let Some(held) = sessions::hold_token(&mut tx, &digest(token)).await? else { return Ok(()) };
        self.end_held(tx, &held, EndReason::Logout).await
    }

    async fn end_held(&self, mut tx: Tx, held: &HeldToken, reason: EndReason) -> Result<(), Problem> {
        let ended = sessions::end(&mut tx, held.user_id, held.session_id, reason, self.clock.now()).await?;
        tx.save().await?;
        if ended {
            self.announcer.ended(held.user_id, vec![held.session_id], reason);
        }
        Ok(())
    }

    async fn end_reused(&self, tx: Tx, held: &HeldToken) -> Result<Problem, Problem> {
        self.end_held(tx, held, EndReason::Reused).await?;
        tracing::warn!(
            event = "refresh_reused",
            user.id = %held.user_id,
            session.id = %held.session_id,
            "an old refresh token came again: the session is ended"
        );
        Ok(Problem::new(401, "refresh_reused", "This refresh token was used before. Sign in again."))
    }

    fn issue(&self, user: User, session: SessionId, refresh_token: SecretString) -> Result<Issued, Problem> {
        let now = self.clock.now();
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: AUDIENCE.into(),
            sub: user.id,
            sid: session,
            role: user.role,
            name: user.name.clone(),
            iat: now.timestamp(),
            exp: (now + ACCESS_LIFETIME).timestamp(),
            jti: self.ids.mint::<Uuid>(),
        };
        let access_token = self.keys.sign(&claims).map_err(Problem::internal)?;
        Ok(Issued { user, access_token, refresh_token })
    }

    /// Made from the token, what is kept beside it and a key that is not: none of the three alone gives it.
    fn successor(&self, token: &SecretString, seed: &[u8]) -> SecretString {
        let mut context = hmac::Context::with_key(&self.successors);
        context.update(seed);
        context.update(token.expose_secret().as_bytes());
        written(context.sign().as_ref())
    }
}

fn session_ended() -> Problem {
    Problem::new(401, "session_ended", "This session has ended. Sign in again.")
}

fn written(bytes: &[u8]) -> SecretString {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
}

/// What is kept of a token. It has 256 random bits: a plain hash is enough.
fn digest(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret()).to_vec()
}
