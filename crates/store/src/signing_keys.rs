//! The tables `signing_keys` and `ended_keys`: the keys of access tokens, sealed by the auth service before they come here,
//! and the names of those that are gone. When a key does what is the auth service's rule.

use chrono::{DateTime, Utc};

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

/// A kept key.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The `kid` of tokens.
    pub id: String,
    /// What it is used for.
    pub state: KeyState,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// When it was made. From then on it is published.
    pub created_at: DateTime<Utc>,
    /// When it began to sign.
    pub activated_at: Option<DateTime<Utc>>,
    /// When it is to begin to sign, where an operator has asked for it.
    pub sign_from: Option<DateTime<Utc>>,
    /// When it ceased to sign.
    pub retired_at: Option<DateTime<Utc>>,
}

/// What a key is used for. All of them verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, to sign later.
    Next,
    /// Signs.
    Current,
    /// Signs no more.
    Retired,
}

/// A key that is gone: no token of it is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedKey {
    /// The `kid` of its tokens.
    pub id: String,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Whether an operator ended it before its time.
    pub revoked: bool,
}

/// Makes other changes of the keys wait for the end of this transaction. On SQLite every transaction waits anyway.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    q!(tx, sql!([pg "LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"] [sq "SELECT 1"]))?;
    Ok(())
}

/// Every key, the newest first.
pub async fn list(db: &mut impl Db) -> Result<Vec<StoredKey>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: String,
        state: String,
        sealed: Vec<u8>,
        created_at: DateTime<Utc>,
        activated_at: Option<DateTime<Utc>>,
        sign_from: Option<DateTime<Utc>>,
        retired_at: Option<DateTime<Utc>>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, state, sealed, created_at, activated_at, sign_from, retired_at FROM signing_keys
             ORDER BY created_at DESC, id DESC"
        )
    )?;
    let keys = rows.into_iter().map(|row| {
        let state = KeyState::parse(&row.state).ok_or(StoreError::Inconsistent {
            table: "signing_keys",
            column: "state",
            value: row.state,
        })?;
        Ok(StoredKey {
            id: row.id,
            state,
            sealed: row.sealed,
            created_at: row.created_at,
            activated_at: row.activated_at,
            sign_from: row.sign_from,
            retired_at: row.retired_at,
        })
    });
    keys.collect()
}

/// Keeps a new key as the current or the next one; [`StoreError::Conflict`] when there is one.
pub async fn create(tx: &mut Tx, id: &str, state: KeyState, sealed: &[u8], now: DateTime<Utc>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO signing_keys (id, state, sealed, created_at, activated_at) VALUES ($1, $2, $3, $4, $5)"
        ),
        id,
        state.as_str(),
        sealed,
        now,
        (state == KeyState::Current).then_some(now)
    )?;
    Ok(())
}

/// The current key signs no more.
pub async fn retire(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    q!(tx, sql!("UPDATE signing_keys SET state = 'retired', retired_at = $1 WHERE state = 'current'"), now)?;
    Ok(())
}

/// The next key becomes the current one; [`StoreError::Conflict`] while there is another.
pub async fn activate(tx: &mut Tx, now: DateTime<Utc>) -> Result<()> {
    q!(
        tx,
        sql!(
            "UPDATE signing_keys SET state = 'current', activated_at = $1, sign_from = NULL WHERE state = 'next'"
        ),
        now
    )?;
    Ok(())
}

/// The next key is to sign from then on.
pub async fn schedule(tx: &mut Tx, sign_from: DateTime<Utc>) -> Result<()> {
    q!(tx, sql!("UPDATE signing_keys SET sign_from = $1 WHERE state = 'next'"), sign_from)?;
    Ok(())
}

/// Deletes the key, and remembers that its tokens are good no more.
pub async fn end(tx: &mut Tx, id: &str, revoked: bool, now: DateTime<Utc>) -> Result<()> {
    q!(tx, sql!("DELETE FROM signing_keys WHERE id = $1"), id)?;
    q!(
        tx,
        sql!(
            "INSERT INTO ended_keys (id, ended_at, revoked) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET revoked = ended_keys.revoked OR excluded.revoked"
        ),
        id,
        now,
        revoked
    )?;
    Ok(())
}

/// The keys that are gone, the newest end first; at most `limit`.
pub async fn list_ended(db: &mut impl Db, limit: i64) -> Result<Vec<EndedKey>> {
    let rows = q!(
        db,
        fetch_all as (String, DateTime<Utc>, bool),
        sql!("SELECT id, ended_at, revoked FROM ended_keys ORDER BY ended_at DESC, id DESC LIMIT $1"),
        limit
    )?;
    Ok(rows.into_iter().map(|(id, ended_at, revoked)| EndedKey { id, ended_at, revoked }).collect())
}

/// The key of this name, if it is gone.
pub async fn find_ended(db: &mut impl Db, id: &str) -> Result<Option<EndedKey>> {
    let row = q!(
        db,
        fetch_optional as (String, DateTime<Utc>, bool),
        sql!("SELECT id, ended_at, revoked FROM ended_keys WHERE id = $1"),
        id
    )?;
    Ok(row.map(|(id, ended_at, revoked)| EndedKey { id, ended_at, revoked }))
}

impl KeyState {
    /// The word that is kept, and shown to operators.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Retired].into_iter().find(|state| state.as_str() == word)
    }
}
