//! The table `audit`: who did what, to whom, from where. Entries are added in the transaction of what they tell of; the
//! database itself refuses to change them.

use aether_common::{id::UserId, page::Cursor};
use chrono::{DateTime, TimeDelta, Utc};
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

/// An entry with the people in it, as far as they have accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// It.
    pub entry: Entry,
    /// Who did it.
    pub actor: Option<Named>,
    /// To whose account.
    pub subject: Option<Named>,
}

/// Who somebody is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name that others see.
    pub name: String,
    /// The e-mail.
    pub email: String,
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
) -> Result<Vec<Listed>> {
    #[derive(sqlx::FromRow)]
    struct NamedRow {
        #[sqlx(flatten)]
        entry: Row,
        actor_name: Option<String>,
        actor_email: Option<String>,
        subject_name: Option<String>,
        subject_email: Option<String>,
    }
    let rows = q!(
        db,
        fetch_all as NamedRow,
        sql!(
            "SELECT e.id, e.at, e.action, e.actor_id, e.subject_id, e.ip, e.user_agent, e.detail, e.trace_id,
             a.name AS actor_name, a.email AS actor_email, s.name AS subject_name, s.email AS subject_email
             FROM audit e LEFT JOIN users a ON a.id = e.actor_id LEFT JOIN users s ON s.id = e.subject_id
             WHERE ($1 IS NULL OR e.actor_id = $1) AND ($2 IS NULL OR e.subject_id = $2)
             AND ($3 IS NULL OR e.action = $3) AND ($4 IS NULL OR e.at >= $4) AND ($5 IS NULL OR e.at < $5)
             AND ($6 IS NULL OR (e.at, e.id) < ($6, $7)) ORDER BY e.at DESC, e.id DESC LIMIT $8"
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
    let named = |name: Option<String>, email: Option<String>| Some(Named { name: name?, email: email? });
    let listed = rows.into_iter().map(|row| Listed {
        actor: named(row.actor_name, row.actor_email),
        subject: named(row.subject_name, row.subject_email),
        entry: row.entry.entry(),
    });
    Ok(listed.collect())
}

/// The entries of what this user did and of what was done to their account, the newest first, after the cursor; at most
/// `limit`.
pub async fn list_about(
    db: &mut impl Db,
    user: UserId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Entry>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, at, action, actor_id, subject_id, ip, user_agent, detail, trace_id FROM audit
             WHERE (actor_id = $1 OR subject_id = $1) AND ($2 IS NULL OR (at, id) < ($2, $3))
             ORDER BY at DESC, id DESC LIMIT $4"
        ),
        user.0,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    Ok(rows.into_iter().map(Row::entry).collect())
}

/// Takes the places away from up to `limit` entries of what this user did, or of what was tried on their account by whoever
/// could not say who they are; answers how many.
pub async fn forget_places(db: &mut impl Db, user: UserId, limit: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "UPDATE audit SET ip = NULL, user_agent = NULL WHERE id IN (SELECT id FROM audit
             WHERE (actor_id = $1 OR (subject_id = $1 AND actor_id IS NULL))
             AND (ip IS NOT NULL OR user_agent IS NOT NULL) ORDER BY at, id LIMIT $2)"
        ),
        user.0,
        limit
    )?)
}

/// Deletes at most `limit` entries of before this moment, the oldest first; answers how many. Entries of the last day before
/// the newest one stay, whatever the moment: the database would refuse.
pub async fn purge(db: &mut impl Db, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let (newest,) = q!(db, fetch_one as (Option<DateTime<Utc>>,), sql!("SELECT MAX(at) FROM audit"))?;
    let Some(newest) = newest else { return Ok(0) };
    Ok(q!(
        db,
        sql!("DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2)"),
        before.min(newest - TimeDelta::hours(24)),
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
