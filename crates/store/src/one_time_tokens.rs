//! The table `one_time_tokens`: secrets that work once. What a kind means is the auth service's to say.

use aether_common::id::UserId;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Db,
};

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewOneTimeToken<'a> {
    /// SHA-256 of the token.
    pub hash: &'a [u8],
    /// What it is for.
    pub kind: &'a str,
    /// Whose.
    pub user_id: Option<UserId>,
    /// What goes with it.
    pub data: &'a serde_json::Value,
    /// Now.
    pub created_at: DateTime<Utc>,
    /// Good before.
    pub expires_at: DateTime<Utc>,
}

/// What was kept with a token.
#[derive(Clone, Debug, PartialEq)]
pub struct OneTimeToken {
    /// Whose.
    pub user_id: Option<UserId>,
    /// What goes with it.
    pub data: serde_json::Value,
}

/// Keeps a token; [`Conflict`](crate::StoreError::Conflict) when it is there already.
pub async fn create(db: &mut impl Db, new: &NewOneTimeToken<'_>) -> Result<()> {
    q!(
        db,
        sql!(
            "INSERT INTO one_time_tokens (token_hash, kind, user_id, data, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        new.hash,
        new.kind,
        new.user_id.map(|id| id.0),
        Json(new.data),
        new.created_at,
        new.expires_at
    )?;
    Ok(())
}

/// What was kept with the token, which stays.
pub async fn find(
    db: &mut impl Db,
    hash: &[u8],
    kind: &str,
    now: DateTime<Utc>,
) -> Result<Option<OneTimeToken>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT user_id, data FROM one_time_tokens WHERE token_hash = $1 AND kind = $2 AND expires_at > $3"
        ),
        hash,
        kind,
        now
    )?;
    Ok(row.map(Row::token))
}

/// Takes the token: of several at once, one gets it.
pub async fn take(
    db: &mut impl Db,
    hash: &[u8],
    kind: &str,
    now: DateTime<Utc>,
) -> Result<Option<OneTimeToken>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "DELETE FROM one_time_tokens WHERE token_hash = $1 AND kind = $2 AND expires_at > $3
             RETURNING user_id, data"
        ),
        hash,
        kind,
        now
    )?;
    Ok(row.map(Row::token))
}

/// Takes away every token of this kind that the user has.
pub async fn delete_of(db: &mut impl Db, user: UserId, kind: &str) -> Result<u64> {
    Ok(q!(db, sql!("DELETE FROM one_time_tokens WHERE user_id = $1 AND kind = $2"), user.0, kind)?)
}

/// Forgets tokens whose time is over.
pub async fn purge(db: &mut impl Db, now: DateTime<Utc>) -> Result<u64> {
    Ok(q!(db, sql!("DELETE FROM one_time_tokens WHERE expires_at <= $1"), now)?)
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: Option<Uuid>,
    data: Json<serde_json::Value>,
}

impl Row {
    fn token(self) -> OneTimeToken {
        OneTimeToken { user_id: self.user_id.map(UserId), data: self.data.0 }
    }
}
