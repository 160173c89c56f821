//! The table `token_cuts`: tokens that are dead before their time. A row says: of this user, session or API key, all up to
//! this moment.

use aether_common::page::Cursor;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Db,
};

/// Cuts the subject's tokens up to this moment; answers up to which they are cut. Tokens tell whole seconds, and one made after
/// a cut tells the second after it: a cut that comes within that second reaches as far.
pub async fn cut(db: &mut impl Db, subject: Uuid, at: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let next = find(db, subject).await?.and_then(|last| DateTime::from_timestamp(last.timestamp() + 1, 0));
    let at = next.map_or(at, |next| next.max(at));
    q!(
        db,
        sql!(
            "INSERT INTO token_cuts (subject, cut_at) VALUES ($1, $2)
             ON CONFLICT (subject) DO UPDATE SET cut_at = excluded.cut_at WHERE token_cuts.cut_at < excluded.cut_at"
        ),
        subject,
        at
    )?;
    Ok(at)
}

/// When the subject's tokens were cut, if they were.
pub async fn find(db: &mut impl Db, subject: Uuid) -> Result<Option<DateTime<Utc>>> {
    let row = q!(
        db,
        fetch_optional as (DateTime<Utc>,),
        sql!("SELECT cut_at FROM token_cuts WHERE subject = $1"),
        subject
    )?;
    Ok(row.map(|(at,)| at))
}

/// Cuts made after `since`, the newest first, after the cursor; at most `limit`.
pub async fn list(
    db: &mut impl Db,
    since: DateTime<Utc>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>)>> {
    Ok(q!(
        db,
        fetch_all as (Uuid, DateTime<Utc>),
        sql!(
            "SELECT subject, cut_at FROM token_cuts WHERE cut_at > $1
             AND ($2 IS NULL OR (cut_at, subject) < ($2, $3)) ORDER BY cut_at DESC, subject DESC LIMIT $4"
        ),
        since,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?)
}

/// Forgets cuts of before this moment: no token of then is alive.
pub async fn purge(db: &mut impl Db, before: DateTime<Utc>) -> Result<u64> {
    Ok(q!(db, sql!("DELETE FROM token_cuts WHERE cut_at < $1"), before)?)
}
