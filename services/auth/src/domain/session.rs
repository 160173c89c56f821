//! Sessions: a line of refresh tokens of which only the newest is good, and the access tokens made on the way.
//!
//! A token that was used comes again in two ways. Its answer was lost: then its successor is still unused, and for 10 s the
//! same successor is given again. Or somebody has a copy: then the whole session ends, for both.

use std::sync::Arc;

use aether_common::{
    clock::Clock,
    id::{Ids, SessionId, UserId},
    jwt::{ACCESS_LIFETIME, AUDIENCE, Claims},
    model::user::User,
    problem::Problem,
};
use aether_store::{
    Db, Store, Tx,
    sessions::{self, EndReason, HeldToken, NewSession},
    token_cuts, users,
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{
    announce::Announcer,
    audit::{Action, Audit, Entry},
    keys::Keyring,
    seal::Sealer,
};

/// How long a refresh token is good; each use begins it anew.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How long a used token gives its successor again.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);
/// Says to secret scanners, and to people, what it is.
const PREFIX: &str = "aer_";
/// The most that is kept of a program's name for itself, in characters.
pub const MAX_USER_AGENT: usize = 300;

/// Where a request comes from, for the list of one's own sessions and for the audit log.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address.
    pub ip: String,
    /// The program, as it calls itself: at most 300 characters.
    pub user_agent: Option<String>,
    /// The request's trace.
    pub trace_id: Option<String>,
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
    audit: Audit,
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
        let audit = Audit::new(clock.clone(), ids.clone());
        Self { store, clock, ids, keys, issuer: issuer.into(), successors, announcer, audit }
    }

    /// Opens a session for somebody who has just proved who they are; 401 when they were shut out meanwhile.
    pub async fn open(&self, tx: &mut Tx, user: User, place: &Place) -> Result<Issued, Problem> {
        let account = users::hold(tx, user.id).await?.filter(|account| !account.disabled);
        let user = account.ok_or_else(Problem::unauthorized)?.user;
        let now = self.clock.now();
        let id: SessionId = self.ids.mint();
        let session = NewSession {
            id,
            user_id: user.id,
            user_agent: place.user_agent.clone(),
            ip: place.ip.clone(),
            created_at: now,
            expires_at: now + REFRESH_LIFETIME,
        };
        sessions::create(tx, &session).await?;
        let token = written(&rand::random::<[u8; 32]>());
        sessions::add_token(tx, id, &digest(&token), now).await?;
        self.issue(tx, user, id, token).await
    }

    /// Takes a refresh token and gives its successor. 401 `refresh_reused` ends the session; 401 `session_ended` says that
    /// it had ended.
    pub async fn refresh(&self, token: &SecretString, place: &Place) -> Result<Issued, Problem> {
        let now = self.clock.now();
        let hash = digest(token);
        let mut tx = self.store.begin().await?;
        let account = users::hold_by_token(&mut tx, &hash).await?.filter(|account| !account.disabled);
        let Some(held) = sessions::hold_token(&mut tx, &hash).await? else {
            return Err(Problem::new(401, "unauthorized", "A valid refresh token is needed."));
        };
        if held.ended_at.is_some() || held.expires_at <= now {
            return Err(session_ended());
        }
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
                let Some(successor) = lost else { return Err(self.end_reused(tx, &held, place).await?) };
                successor
            }
        };
        let issued = self.issue(&mut tx, account.user, held.session_id, successor).await?;
        tx.save().await?;
        Ok(issued)
    }

    /// Another access token of a session that is alive; its refresh token stays as it is.
    pub async fn access_token(
        &self,
        db: &mut impl Db,
        user: User,
        session: SessionId,
    ) -> Result<String, Problem> {
        Ok(self.issue(db, user, session, SecretString::default()).await?.access_token)
    }

    /// Ends one of the user's sessions and tells everybody; `false` when it had ended before.
    pub async fn end(
        &self,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        place: &Place,
    ) -> Result<bool, Problem> {
        self.end_in(self.store.begin().await?, user, session, reason, place).await
    }

    /// Ends the user's sessions, but for the one to keep, as a part of this transaction; the answer is to be told with
    /// [`Announcer::ended`] once it is saved.
    pub async fn end_all(
        &self,
        tx: &mut Tx,
        user: UserId,
        keep: Option<SessionId>,
        reason: EndReason,
    ) -> Result<Vec<SessionId>, Problem> {
        Ok(sessions::end_all(tx, user, keep, reason, self.clock.now()).await?)
    }

    /// Ends the session of this refresh token, whatever its place in the line; nothing happens when there is none.
    pub async fn end_by_token(&self, token: &SecretString, place: &Place) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        let Some(held) = sessions::hold_token(&mut tx, &digest(token)).await? else { return Ok(()) };
        self.end_in(tx, held.user_id, held.session_id, EndReason::Logout, place).await.map(drop)
    }

    async fn end_in(
        &self,
        mut tx: Tx,
        user: UserId,
        session: SessionId,
        reason: EndReason,
        place: &Place,
    ) -> Result<bool, Problem> {
        if !sessions::end(&mut tx, user, session, reason, self.clock.now()).await? {
            return Ok(false);
        }
        let entry = match reason {
            // Whoever shows the old token may be a stranger.
            EndReason::Reused => Entry::tried(Action::REFRESH_REUSED, Some(user), place),
            EndReason::Logout => Entry::own(Action::LOGGED_OUT, user, place),
            _ => Entry::own(Action::SESSIONS_REVOKED, user, place),
        };
        self.audit.record(&mut tx, entry.with(json!({ "sessionId": session }))).await?;
        tx.save().await?;
        self.announcer.ended(user, vec![session], reason);
        Ok(true)
    }

    async fn end_reused(&self, tx: Tx, held: &HeldToken, place: &Place) -> Result<Problem, Problem> {
        self.end_in(tx, held.user_id, held.session_id, EndReason::Reused, place).await?;
        tracing::warn!(
            event = "refresh_reused",
            user.id = %held.user_id,
            session.id = %held.session_id,
            "an old refresh token came again: the session is ended"
        );
        Ok(Problem::new(401, "refresh_reused", "This refresh token was used before. Sign in again."))
    }

    async fn issue(
        &self,
        db: &mut impl Db,
        user: User,
        session: SessionId,
        refresh_token: SecretString,
    ) -> Result<Issued, Problem> {
        let now = self.clock.now();
        // Seconds are all that a token tells: one made in the second of a cut must not look as if it were older.
        let cut = token_cuts::find(db, user.id.0).await?.map_or(i64::MIN, |at| at.timestamp());
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: AUDIENCE.into(),
            sub: user.id,
            sid: session,
            role: user.role,
            name: user.name.clone(),
            iat: now.timestamp().max(cut.saturating_add(1)),
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
