//! The tables `sessions` and `refresh_tokens`: sign-ins, and the line of tokens that keeps each alive. Which token is good
//! when is the auth service's rule; here they are only kept, by their hash.

use aether_common::{
    id::{SessionId, UserId},
    page::Cursor,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
    users::{Account, UserRow},
};

/// A sign-in to be kept.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Identity: the token's `sid`.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// The program that signed in, as it calls itself.
    pub user_agent: Option<String>,
    /// The address that it came from.
    pub ip: String,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// When it ends unless it is used before.
    pub expires_at: DateTime<Utc>,
}

/// A sign-in, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Identity.
    pub id: SessionId,
    /// The program that signed in, as it calls itself.
    pub user_agent: Option<String>,
    /// The address of the last use.
    pub ip: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
}

/// A session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Identity.
    pub id: SessionId,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner signed out.
    Logout,
    /// An old refresh token came again.
    Reused,
    /// Its owner ended it from elsewhere.
    Revoked,
    /// The password was changed or reset.
    PasswordChanged,
    /// The second factor was changed.
    SecondFactorChanged,
    /// Somebody has proved that the address is theirs, which this account only claimed.
    AddressTaken,
    /// An administrator ended it.
    ByAdmin,
    /// The account was disabled.
    Disabled,
    /// The account was deleted.
    Deleted,
}

/// A refresh token with its session, locked until the transaction ends.
#[derive(Clone, Debug)]
pub struct HeldToken {
    /// The session.
    pub session_id: SessionId,
    /// Whose session.
    pub user_id: UserId,
    /// When the session ends unless it is used before.
    pub expires_at: DateTime<Utc>,
    /// When the session ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When the token was used.
    pub used_at: Option<DateTime<Utc>>,
    /// What its successor is made from, once it was used.
    pub successor_seed: Option<Vec<u8>>,
}

/// Keeps a new session.
pub async fn create(tx: &mut Tx, session: &NewSession) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO sessions (id, user_id, user_agent, ip, created_at, last_used_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $5, $6)"
        ),
        session.id.0,
        session.user_id.0,
        session.user_agent.as_deref(),
        &session.ip,
        session.created_at,
        session.expires_at
    )?;
    Ok(())
}

/// Keeps a new token of a session.
pub async fn add_token(tx: &mut Tx, session: SessionId, hash: &[u8], now: DateTime<Utc>) -> Result<()> {
    q!(
        tx,
        sql!("INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ($1, $2, $3)"),
        hash,
        session.0,
        now
    )?;
    Ok(())
}

/// The token of this hash, with its session locked: of several uses at once, one after the other is answered.
pub async fn hold_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<HeldToken>> {
    #[derive(sqlx::FromRow)]
    struct SessionRow {
        id: Uuid,
        user_id: Uuid,
        expires_at: DateTime<Utc>,
        ended_at: Option<DateTime<Utc>>,
    }
    #[derive(sqlx::FromRow)]
    struct TokenRow {
        used_at: Option<DateTime<Utc>>,
        successor_seed: Option<Vec<u8>>,
    }
    // The session is locked first and the token read after: a reader that waited must see what the other has written.
    let session = q!(
        tx,
        fetch_optional as SessionRow,
        sql!(
            "SELECT id, user_id, expires_at, ended_at FROM sessions
             WHERE id = (SELECT session_id FROM refresh_tokens WHERE token_hash = $1)" [pg " FOR UPDATE"]
        ),
        hash
    )?;
    let Some(session) = session else { return Ok(None) };
    let token = q!(
        tx,
        fetch_one as TokenRow,
        sql!("SELECT used_at, successor_seed FROM refresh_tokens WHERE token_hash = $1"),
        hash
    )?;
    Ok(Some(HeldToken {
        session_id: SessionId(session.id),
        user_id: UserId(session.user_id),
        expires_at: session.expires_at,
        ended_at: session.ended_at,
        used_at: token.used_at,
        successor_seed: token.successor_seed,
    }))
}

/// Whether the token of this hash has been used; `None` when there is none.
pub async fn is_used(db: &mut impl Db, hash: &[u8]) -> Result<Option<bool>> {
    let row = q!(
        db,
        fetch_optional as (bool,),
        sql!("SELECT used_at IS NOT NULL FROM refresh_tokens WHERE token_hash = $1"),
        hash
    )?;
    Ok(row.map(|(used,)| used))
}

/// Marks a held token as used, and its session as alive until `expires_at`.
pub async fn use_token(
    tx: &mut Tx,
    hash: &[u8],
    successor_seed: &[u8],
    session: SessionId,
    ip: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let used = q!(
        tx,
        sql!(
            "UPDATE refresh_tokens SET used_at = $2, successor_seed = $3 WHERE token_hash = $1 AND used_at IS NULL"
        ),
        hash,
        now,
        successor_seed
    )?;
    if used != 1 {
        return Err(StoreError::Conflict);
    }
    q!(
        tx,
        sql!("UPDATE sessions SET last_used_at = $2, expires_at = $3, ip = $4 WHERE id = $1"),
        session.0,
        now,
        expires_at,
        ip
    )?;
    Ok(())
}

/// Ends a session, once; `false` when it had ended before.
pub async fn end(
    db: &mut impl Db,
    user: UserId,
    session: SessionId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended = q!(
        db,
        sql!(
            "UPDATE sessions SET ended_at = $3, end_reason = $4
             WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3"
        ),
        session.0,
        user.0,
        now,
        reason.as_str()
    )?;
    Ok(ended == 1)
}

/// Ends every session of the user, but for the one to keep; answers which.
pub async fn end_all(
    db: &mut impl Db,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>> {
    let ended = q!(
        db,
        fetch_all as (Uuid,),
        sql!(
            "UPDATE sessions SET ended_at = $3, end_reason = $4
             WHERE user_id = $1 AND ($2 IS NULL OR id <> $2) AND ended_at IS NULL AND expires_at > $3 RETURNING id"
        ),
        user.0,
        keep.map(|keep| keep.0),
        now,
        reason.as_str()
    )?;
    Ok(ended.into_iter().map(|(id,)| SessionId(id)).collect())
}

/// Sessions of everybody that ended after `since`, the newest end first, after the cursor; at most `limit`.
pub async fn list_ended(
    db: &mut impl Db,
    since: DateTime<Utc>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<EndedSession>> {
    let rows = q!(
        db,
        fetch_all as (Uuid, DateTime<Utc>),
        sql!(
            "SELECT id, ended_at FROM sessions WHERE ended_at > $1
             AND ($2 IS NULL OR (ended_at, id) < ($2, $3)) ORDER BY ended_at DESC, id DESC LIMIT $4"
        ),
        since,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    Ok(rows.into_iter().map(|(id, ended_at)| EndedSession { id: SessionId(id), ended_at }).collect())
}

/// The account behind a session that has not ended, for a token made at `issued_at` that was not cut off; and when the
/// session began.
pub async fn find_account(
    db: &mut impl Db,
    user: UserId,
    session: SessionId,
    issued_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<(Account, DateTime<Utc>)>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        began_at: DateTime<Utc>,
        #[sqlx(flatten)]
        user: UserRow,
    }
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT s.created_at AS began_at, u.id, u.email, u.password_hash, u.name, u.avatar_url, u.role,
             u.email_verified, u.mfa_enabled, u.disabled, u.preferences, u.created_at
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $1 AND s.user_id = $2 AND s.ended_at IS NULL AND s.expires_at > $3
             AND NOT EXISTS (SELECT 1 FROM token_cuts WHERE subject IN ($1, $2) AND cut_at >= $4)"
        ),
        session.0,
        user.0,
        now,
        issued_at
    )?;
    row.map(|row| Ok((row.user.account()?, row.began_at))).transpose()
}

/// Whether the user's session has not ended.
pub async fn is_alive(
    db: &mut impl Db,
    user: UserId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let row = q!(
        db,
        fetch_optional as (Uuid,),
        sql!(
            "SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3"
        ),
        session.0,
        user.0,
        now
    )?;
    Ok(row.is_some())
}

/// The user's sessions that have not ended, the newest first, after the cursor; at most `limit`.
pub async fn list(
    db: &mut impl Db,
    user: UserId,
    now: DateTime<Utc>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Session>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        user_agent: Option<String>,
        ip: String,
        created_at: DateTime<Utc>,
        last_used_at: DateTime<Utc>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, user_agent, ip, created_at, last_used_at FROM sessions
             WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
             AND ($3 IS NULL OR (created_at, id) < ($3, $4)) ORDER BY created_at DESC, id DESC LIMIT $5"
        ),
        user.0,
        now,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    let sessions = rows.into_iter().map(|row| Session {
        id: SessionId(row.id),
        user_agent: row.user_agent,
        ip: row.ip,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    });
    Ok(sessions.collect())
}

/// The addresses that the user has lately been signed in from, ended sessions included; at most a hundred.
pub async fn list_addresses(db: &mut impl Db, user: UserId) -> Result<Vec<String>> {
    let rows = q!(
        db,
        fetch_all as (String,),
        sql!("SELECT ip FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100"),
        user.0
    )?;
    Ok(rows.into_iter().map(|(ip,)| ip).collect())
}

/// From which addresses and with which programs the user was signed in, the newest of their sessions first, ended ones too
/// while they are kept.
pub async fn list_places(
    db: &mut impl Db,
    user: UserId,
    limit: i64,
) -> Result<Vec<(String, Option<String>)>> {
    Ok(q!(
        db,
        fetch_all as (String, Option<String>),
        sql!(
            "SELECT ip, user_agent FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
        ),
        user.0,
        limit
    )?)
}

/// Forgets the sessions whose time was over before this moment, with their tokens; answers how many.
pub async fn purge(db: &mut impl Db, before: DateTime<Utc>) -> Result<u64> {
    Ok(q!(db, sql!("DELETE FROM sessions WHERE expires_at < $1"), before)?)
}

impl EndReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Reused => "reused",
            // The database knows three words; the audit log tells the rest.
            Self::Revoked
            | Self::PasswordChanged
            | Self::SecondFactorChanged
            | Self::AddressTaken
            | Self::ByAdmin
            | Self::Disabled
            | Self::Deleted => "revoked",
        }
    }
}
