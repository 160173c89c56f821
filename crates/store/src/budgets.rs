//! The table `budgets`: what an administrator allows single users instead of what the settings allow everyone.

use aether_common::{id::UserId, model::user::Role, page::Cursor};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::Db,
    usage::Limit,
};

/// What one user is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Where it is `None`, the settings hold.
    pub limit: Limit,
    /// When it was set.
    pub updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: Uuid,
    name: String,
    day_micros: Option<i64>,
    month_micros: Option<i64>,
    updated_at: DateTime<Utc>,
}

/// The user's role and what is allowed for them alone; `None`: no such user.
pub async fn find_payer(db: &mut impl Db, user: UserId) -> Result<Option<(Role, Limit)>> {
    let row = q!(
        db,
        fetch_optional as (String, Option<i64>, Option<i64>),
        sql!(
            "SELECT u.role, b.day_micros, b.month_micros FROM users u LEFT JOIN budgets b ON b.user_id = u.id
             WHERE u.id = $1"
        ),
        user.0
    )?;
    let Some((word, day, month)) = row else { return Ok(None) };
    let unknown = || StoreError::Inconsistent { table: "users", column: "role", value: word.clone() };
    let role = Role::parse(&word).ok_or_else(unknown)?;
    Ok(Some((role, Limit { day, month })))
}

/// What is allowed this user alone.
pub async fn find(db: &mut impl Db, user: UserId) -> Result<Option<Budget>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT b.user_id, u.name, b.day_micros, b.month_micros, b.updated_at
             FROM budgets b JOIN users u ON u.id = b.user_id WHERE b.user_id = $1"
        ),
        user.0
    )?;
    Ok(row.map(Row::budget))
}

/// All of them, the one set last first: up to `limit + 1` after the cursor.
pub async fn list(db: &mut impl Db, cursor: Option<Cursor>, limit: usize) -> Result<Vec<Budget>> {
    let (at, id) = cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT b.user_id, u.name, b.day_micros, b.month_micros, b.updated_at
             FROM budgets b JOIN users u ON u.id = b.user_id
             WHERE $1 IS NULL OR (b.updated_at, b.user_id) < ($1, $2)
             ORDER BY b.updated_at DESC, b.user_id DESC LIMIT $3"
        ),
        at,
        id,
        i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
    )?;
    Ok(rows.into_iter().map(Row::budget).collect())
}

/// Sets what is allowed this user alone; `false`: no such user.
pub async fn set(db: &mut impl Db, user: UserId, limit: Limit, now: DateTime<Utc>) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "INSERT INTO budgets (user_id, day_micros, month_micros, updated_at)
             SELECT id, $2, $3, $4 FROM users WHERE id = $1
             ON CONFLICT (user_id) DO UPDATE SET day_micros = $2, month_micros = $3, updated_at = $4"
        ),
        user.0,
        limit.day,
        limit.month,
        now
    )?;
    Ok(changed == 1)
}

/// Lets the settings hold for this user again; `false`: they did already.
pub async fn delete(db: &mut impl Db, user: UserId) -> Result<bool> {
    let changed = q!(db, sql!("DELETE FROM budgets WHERE user_id = $1"), user.0)?;
    Ok(changed == 1)
}

impl Row {
    fn budget(self) -> Budget {
        Budget {
            user_id: UserId(self.user_id),
            name: self.name,
            limit: Limit { day: self.day_micros, month: self.month_micros },
            updated_at: self.updated_at,
        }
    }
}
