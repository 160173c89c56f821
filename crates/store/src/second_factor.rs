//! The tables `totp` and `recovery_codes`: the second factor of an account, and whether the account asks for it. The secret
//! is sealed and the codes are hashed before they come here.

use aether_common::id::UserId;
use chrono::{DateTime, Utc};

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// The secret that the user's app has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Sealed.
    pub sealed: Vec<u8>,
    /// Whether the user has shown that the app has it: then it counts.
    pub confirmed: bool,
}

/// Keeps a secret that is yet to be confirmed, in place of one that was not; `false` when there is a confirmed one.
pub async fn begin(db: &mut impl Db, user: UserId, sealed: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let kept = q!(
        db,
        sql!(
            "INSERT INTO totp (user_id, sealed, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at
             WHERE totp.confirmed_at IS NULL"
        ),
        user.0,
        sealed,
        now
    )?;
    Ok(kept == 1)
}

/// The user's secret.
pub async fn find(db: &mut impl Db, user: UserId) -> Result<Option<Kept>> {
    let row = q!(
        db,
        fetch_optional as (Vec<u8>, bool),
        sql!("SELECT sealed, confirmed_at IS NOT NULL FROM totp WHERE user_id = $1"),
        user.0
    )?;
    Ok(row.map(|(sealed, confirmed)| Kept { sealed, confirmed }))
}

/// Makes this secret, whose code of this time step was shown, the second factor that the account asks for; `false` when
/// there is another one by now, or when that was done before.
pub async fn confirm(
    tx: &mut Tx,
    user: UserId,
    sealed: &[u8],
    step: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    let confirmed = q!(
        tx,
        sql!(
            "UPDATE totp SET confirmed_at = $4, last_step = $3
             WHERE user_id = $1 AND sealed = $2 AND confirmed_at IS NULL"
        ),
        user.0,
        sealed,
        step,
        now
    )?;
    if confirmed == 0 {
        return Ok(false);
    }
    q!(tx, sql!("UPDATE users SET mfa_enabled = TRUE, updated_at = $2 WHERE id = $1"), user.0, now)?;
    Ok(true)
}

/// Takes a time step, and with it all that were before: of several takers at once one gets it.
pub async fn use_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool> {
    let used = q!(
        tx,
        sql!(
            "UPDATE totp SET last_step = $2
             WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2"
        ),
        user.0,
        step
    )?;
    Ok(used == 1)
}

/// Keeps these recovery codes in place of all that were there.
pub async fn replace_codes(tx: &mut Tx, user: UserId, hashes: &[Vec<u8>]) -> Result<()> {
    q!(tx, sql!("DELETE FROM recovery_codes WHERE user_id = $1"), user.0)?;
    for hash in hashes {
        q!(
            tx,
            sql!("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)"),
            user.0,
            hash.as_slice()
        )?;
    }
    Ok(())
}

/// Takes a recovery code: of several takers at once one gets it.
pub async fn use_code(tx: &mut Tx, user: UserId, hash: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let used = q!(
        tx,
        sql!(
            "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL"
        ),
        user.0,
        hash,
        now
    )?;
    Ok(used == 1)
}

/// How many recovery codes are left.
pub async fn count_codes(db: &mut impl Db, user: UserId) -> Result<i64> {
    let (count,) = q!(
        db,
        fetch_one as (i64,),
        sql!("SELECT count(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"),
        user.0
    )?;
    Ok(count)
}

/// Takes the second factor away, with its recovery codes; says whether it was confirmed, or nothing when there was none.
pub async fn delete(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<Option<bool>> {
    let row = q!(
        tx,
        fetch_optional as (bool,),
        sql!("DELETE FROM totp WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL"),
        user.0
    )?;
    q!(tx, sql!("DELETE FROM recovery_codes WHERE user_id = $1"), user.0)?;
    q!(
        tx,
        sql!("UPDATE users SET mfa_enabled = FALSE, updated_at = $2 WHERE id = $1 AND mfa_enabled"),
        user.0,
        now
    )?;
    Ok(row.map(|(confirmed,)| confirmed))
}
