//! The table `api_keys`: keys of programs, kept by their hash.

use aether_common::{
    id::{RowId, UserId},
    model::scope::ScopeSet,
    page::Cursor,
};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Db,
    users::{Account, UserRow},
};

/// How exact the time of the last use is: a busy key must not write at every use.
const USE_STEP: TimeDelta = TimeDelta::minutes(1);

/// A key to be kept.
#[derive(Clone, Debug)]
pub struct NewApiKey<'a> {
    /// Identity.
    pub id: RowId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: &'a str,
    /// How it begins.
    pub prefix: &'a str,
    /// SHA-256 of it.
    pub hash: &'a [u8],
    /// What it may do.
    pub scopes: ScopeSet,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Good before.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key, as its owner sees it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Identity.
    pub id: RowId,
    /// What its owner calls it.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Good before.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A key that was shown, with its owner's account.
#[derive(Clone, Debug)]
pub struct HeldKey {
    /// Identity.
    pub id: RowId,
    /// Whose.
    pub account: Account,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Good before.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Keeps a key.
pub async fn create(db: &mut impl Db, new: &NewApiKey<'_>) -> Result<()> {
    q!(
        db,
        sql!(
            "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        ),
        new.id.0,
        new.user_id.0,
        new.name,
        new.prefix,
        new.hash,
        new.scopes.to_words(),
        new.created_at,
        new.expires_at
    )?;
    Ok(())
}

/// How many keys the user has.
pub async fn count(db: &mut impl Db, user: UserId) -> Result<i64> {
    let (count,) =
        q!(db, fetch_one as (i64,), sql!("SELECT count(*) FROM api_keys WHERE user_id = $1"), user.0)?;
    Ok(count)
}

/// The key of this hash if its time is not over, and notes that it is used. Whether its owner is shut out is told, not
/// decided.
pub async fn hold(db: &mut impl Db, hash: &[u8], now: DateTime<Utc>) -> Result<Option<HeldKey>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        key_id: Uuid,
        scopes: String,
        expires_at: Option<DateTime<Utc>>,
        last_used_at: Option<DateTime<Utc>>,
        #[sqlx(flatten)]
        user: UserRow,
    }
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT k.id AS key_id, k.scopes, k.expires_at, k.last_used_at, u.id, u.email, u.password_hash, u.name,
             u.avatar_url, u.role, u.email_verified, u.mfa_enabled, u.disabled, u.preferences, u.created_at
             FROM api_keys k JOIN users u ON u.id = k.user_id
             WHERE k.key_hash = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)"
        ),
        hash,
        now
    )?;
    let Some(row) = row else { return Ok(None) };
    if row.last_used_at.is_none_or(|last| now - last >= USE_STEP) {
        q!(db, sql!("UPDATE api_keys SET last_used_at = $2 WHERE id = $1"), row.key_id, now)?;
    }
    Ok(Some(HeldKey {
        id: RowId(row.key_id),
        account: row.user.account()?,
        scopes: ScopeSet::from_words(&row.scopes),
        expires_at: row.expires_at,
    }))
}

/// The user's keys, the newest first, after the cursor; at most `limit`.
pub async fn list(db: &mut impl Db, user: UserId, after: Option<Cursor>, limit: i64) -> Result<Vec<ApiKey>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        name: String,
        prefix: String,
        scopes: String,
        created_at: DateTime<Utc>,
        expires_at: Option<DateTime<Utc>>,
        last_used_at: Option<DateTime<Utc>>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at FROM api_keys
             WHERE user_id = $1 AND ($2 IS NULL OR (created_at, id) < ($2, $3))
             ORDER BY created_at DESC, id DESC LIMIT $4"
        ),
        user.0,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    let keys = rows.into_iter().map(|row| ApiKey {
        id: RowId(row.id),
        name: row.name,
        prefix: row.prefix,
        scopes: ScopeSet::from_words(&row.scopes),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    });
    Ok(keys.collect())
}

/// Deletes the user's key; `false` when there is none.
pub async fn delete(db: &mut impl Db, user: UserId, id: RowId) -> Result<bool> {
    Ok(q!(db, sql!("DELETE FROM api_keys WHERE user_id = $1 AND id = $2"), user.0, id.0)? == 1)
}

/// Deletes all of the user's keys; answers which.
pub async fn delete_all(db: &mut impl Db, user: UserId) -> Result<Vec<RowId>> {
    let ids =
        q!(db, fetch_all as (Uuid,), sql!("DELETE FROM api_keys WHERE user_id = $1 RETURNING id"), user.0)?;
    Ok(ids.into_iter().map(|(id,)| RowId(id)).collect())
}
