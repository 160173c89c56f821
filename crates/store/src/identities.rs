//! The table `identities`: accounts of providers that open accounts of ours, found by the provider's own name for them.

use aether_common::id::UserId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// An identity to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewIdentity<'a> {
    /// The provider's word.
    pub provider: &'a str,
    /// The provider's name for whoever it is.
    pub subject: &'a str,
    /// Their address there, for its owner to know it by.
    pub email: Option<&'a str>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// A linked identity, as its owner sees it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's word.
    pub provider: String,
    /// The address there.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
}

/// Links an identity to the user's account; [`Conflict`](crate::StoreError::Conflict) when it is linked already.
pub async fn create(tx: &mut Tx, user: UserId, new: &NewIdentity<'_>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO identities (provider, subject, user_id, email, created_at) VALUES ($1, $2, $3, $4, $5)"
        ),
        new.provider,
        new.subject,
        user.0,
        new.email,
        new.created_at
    )?;
    Ok(())
}

/// Whose account the identity opens.
pub async fn find_user(db: &mut impl Db, provider: &str, subject: &str) -> Result<Option<UserId>> {
    let row = q!(
        db,
        fetch_optional as (Uuid,),
        sql!("SELECT user_id FROM identities WHERE provider = $1 AND subject = $2"),
        provider,
        subject
    )?;
    Ok(row.map(|(id,)| UserId(id)))
}

/// The user's identities, the oldest first. There is one of each provider at most.
pub async fn list(db: &mut impl Db, user: UserId) -> Result<Vec<Identity>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        provider: String,
        email: Option<String>,
        created_at: DateTime<Utc>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT provider, email, created_at FROM identities WHERE user_id = $1 ORDER BY created_at, provider"
        ),
        user.0
    )?;
    let identities = rows.into_iter().map(|row| Identity {
        provider: row.provider,
        email: row.email,
        created_at: row.created_at,
    });
    Ok(identities.collect())
}

/// Takes the user's identity of this provider away; `false` when there is none.
pub async fn delete(tx: &mut Tx, user: UserId, provider: &str) -> Result<bool> {
    let deleted =
        q!(tx, sql!("DELETE FROM identities WHERE user_id = $1 AND provider = $2"), user.0, provider)?;
    Ok(deleted > 0)
}
