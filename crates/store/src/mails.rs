//! The table `mails`: mails that are to be sent. Who sends one claims it for the time of a lease; every claim grows its number
//! of tries, and a write that carries an older number is refused. What a mail says comes sealed, and goes when it has ended.

use aether_common::id::{RowId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewMail<'a> {
    /// Identity.
    pub id: RowId,
    /// What it is about, as a stable word.
    pub kind: &'a str,
    /// The account that it goes with; `None` when it must outlive it.
    pub user_id: Option<UserId>,
    /// For whom and what, sealed.
    pub sealed: &'a [u8],
    /// Now.
    pub created_at: DateTime<Utc>,
    /// When it is of no use any more.
    pub expires_at: DateTime<Utc>,
}

/// A mail that this process may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Identity.
    pub id: RowId,
    /// What it is about.
    pub kind: String,
    /// For whom and what, sealed.
    pub sealed: Vec<u8>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// When it is of no use any more.
    pub expires_at: DateTime<Utc>,
    /// Which try this is, from 1 on; every write of who holds the claim carries it.
    pub tries: i64,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server has taken it.
    Sent,
    /// It was tried in vain, or is of no use any more.
    GivenUp,
}

/// Queues a mail, to be sent once the transaction is saved.
pub async fn create(tx: &mut Tx, mail: &NewMail<'_>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO mails (id, kind, user_id, sealed, created_at, expires_at, run_at)
             VALUES ($1, $2, $3, $4, $5, $6, " [pg "clock_timestamp()"] [sq "$5"] ")"
        ),
        mail.id.0,
        mail.kind,
        mail.user_id.map(|user| user.0),
        mail.sealed,
        mail.created_at,
        mail.expires_at
    )?;
    Ok(())
}

/// Takes the mail that has waited longest: a new one, one whose pause is over, or one whose sender's lease has ended. Both
/// times are of [`crate::jobs::now`].
pub async fn claim(
    db: &mut impl Db,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claim>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        kind: String,
        sealed: Vec<u8>,
        created_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        tries: i64,
    }
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "UPDATE mails SET run_at = $2, tries = tries + 1
             WHERE id = (SELECT id FROM mails WHERE ended_at IS NULL AND run_at <= $1
                 ORDER BY run_at, id LIMIT 1" [pg " FOR UPDATE SKIP LOCKED"] ")
             RETURNING id, kind, sealed, created_at, expires_at, tries"
        ),
        now,
        lease_until
    )?;
    Ok(row.map(|row| Claim {
        id: RowId(row.id),
        kind: row.kind,
        sealed: row.sealed,
        created_at: row.created_at,
        expires_at: row.expires_at,
        tries: row.tries,
    }))
}

/// Puts a claimed mail back, to be claimed from `run_at` on. `false`: somebody else holds it by now, or it is gone.
pub async fn release(db: &mut impl Db, id: RowId, tries: i64, run_at: DateTime<Utc>) -> Result<bool> {
    let changed = q!(
        db,
        sql!("UPDATE mails SET run_at = $3 WHERE id = $1 AND tries = $2 AND ended_at IS NULL"),
        id.0,
        tries,
        run_at
    )?;
    Ok(changed == 1)
}

/// Notes what became of a claimed mail and forgets what it said. `false`: somebody else holds it by now, or it is gone.
pub async fn end(
    db: &mut impl Db,
    id: RowId,
    tries: i64,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "UPDATE mails SET sealed = NULL, ended_at = $3, outcome = $4
             WHERE id = $1 AND tries = $2 AND ended_at IS NULL"
        ),
        id.0,
        tries,
        now,
        outcome.as_str()
    )?;
    Ok(changed == 1)
}

/// How many mails of this kind were queued for the user after `since`, whatever became of them, and when the first of these
/// was.
pub async fn count_since(
    db: &mut impl Db,
    user: UserId,
    kind: &str,
    since: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>)> {
    Ok(q!(
        db,
        fetch_one as (i64, Option<DateTime<Utc>>),
        sql!(
            "SELECT COUNT(*), MIN(created_at) FROM mails WHERE user_id = $1 AND kind = $2 AND created_at > $3"
        ),
        user.0,
        kind,
        since
    )?)
}

/// How many mails wait to be sent.
pub async fn count_waiting(db: &mut impl Db) -> Result<i64> {
    let (count,) = q!(db, fetch_one as (i64,), sql!("SELECT COUNT(*) FROM mails WHERE ended_at IS NULL"))?;
    Ok(count)
}

/// Forgets the mails that ended before this moment; answers how many.
pub async fn purge(db: &mut impl Db, before: DateTime<Utc>) -> Result<u64> {
    Ok(q!(db, sql!("DELETE FROM mails WHERE ended_at < $1"), before)?)
}

impl Outcome {
    /// As it is kept, and counted.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
        }
    }
}
