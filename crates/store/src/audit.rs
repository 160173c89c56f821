//! The table `audit`: who did what, to whom, from where. Entries are added in the transaction of what they tell of; the
//! database itself refuses to change them.

use aether_common::{id::UserId, page::Cursor};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Db,
};

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Identity.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What: a stable word.
    pub action: String,
    /// Who; nobody for an operator's command and for whoever could not say who they are.
    pub actor_id: Option<UserId>,
    /// Whose account.
    pub subject_id: Option<UserId>,
    /// From which address.
    pub ip: Option<String>,
    /// From which program, as it calls itself.
    pub user_agent: Option<String>,
    /// What else there is to say: an object with neither secrets nor addresses.
    pub detail: serde_json::Value,
    /// The request's trace.
    pub trace_id: Option<String>,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Done by this user.
    pub actor: Option<UserId>,
    /// Done to this user.
    pub subject: Option<UserId>,
    /// Of this action.
    pub action: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
}

/// Adds an entry.
pub async fn record(db: &mut impl Db, entry: &Entry) -> Result<()> {
    q!(
        db,
        sql!(
            "INSERT INTO audit (id, at, action, actor_id, subject_id, ip, user_agent, detail, trace_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        ),
        entry.id,
        entry.at,
        &entry.action,
        entry.actor_id.map(|id| id.0),
        entry.subject_id.map(|id| id.0),
        entry.ip.as_deref(),
        entry.user_agent.as_deref(),
        Json(&entry.detail),
        entry.trace_id.as_deref()
    )?;
    Ok(())
}

/// The entries of this filter, the newest first, after the cursor; at most `limit`.
pub async fn list(
    db: &mut impl Db,
    filter: &Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, at, action, actor_id, subject_id, ip, user_agent, detail, trace_id FROM audit
             WHERE ($1 IS NULL OR actor_id = $1) AND ($2 IS NULL OR subject_id = $2) AND ($3 IS NULL OR action = $3)
             AND ($4 IS NULL OR at >= $4) AND ($5 IS NULL OR at < $5)
             AND ($6 IS NULL OR (at, id) < ($6, $7)) ORDER BY at DESC, id DESC LIMIT $8"
        ),
        filter.actor.map(|id| id.0),
        filter.subject.map(|id| id.0),
        filter.action.as_deref(),
        filter.since,
        filter.until,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    Ok(rows.into_iter().map(Row::entry).collect())
}

/// Takes the places away from entries of what this user did.
pub async fn forget_places(db: &mut impl Db, actor: UserId) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "UPDATE audit SET ip = NULL, user_agent = NULL
             WHERE actor_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL)"
        ),
        actor.0
    )?)
}

/// Deletes at most `limit` entries of before this moment, the oldest first; answers how many.
pub async fn purge(db: &mut impl Db, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!("DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2)"),
        before,
        limit
    )?)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    action: String,
    actor_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    ip: Option<String>,
    user_agent: Option<String>,
    detail: Json<serde_json::Value>,
    trace_id: Option<String>,
}

impl Row {
    fn entry(self) -> Entry {
        Entry {
            id: self.id,
            at: self.at,
            action: self.action,
            actor_id: self.actor_id.map(UserId),
            subject_id: self.subject_id.map(UserId),
            ip: self.ip,
            user_agent: self.user_agent,
            detail: self.detail.0,
            trace_id: self.trace_id,
        }
    }
}
