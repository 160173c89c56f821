//! What was used, summed from `usage_entries`. What is not settled yet is not in it.

use aether_common::id::UserId;
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Db,
};

/// How much was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Generations that were made or answered from the cache, and are still kept.
    pub generations: i64,
    /// Calls to a provider.
    pub calls: i64,
    /// Answers from the cache.
    pub cached: i64,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// What it cost.
    pub cost: i64,
}

/// Settled use of one model for one kind on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The day, as `2026-11-21`.
    pub day: String,
    /// The model's name.
    pub model: String,
    /// What was asked for; the stored word.
    pub kind: String,
    /// How much.
    pub amounts: Amounts,
}

/// Who spent how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spender {
    /// Who.
    pub user_id: UserId,
    /// Their name.
    pub name: String,
    /// Calls to a provider.
    pub calls: i64,
    /// What they cost.
    pub cost: i64,
}

#[derive(sqlx::FromRow)]
struct AmountsRow {
    generations: i64,
    calls: i64,
    cached: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: i64,
}

#[derive(sqlx::FromRow)]
struct SumRow {
    day: String,
    model: String,
    kind: String,
    #[sqlx(flatten)]
    amounts: AmountsRow,
}

macro_rules! amounts {
    () => {
        "COUNT(DISTINCT generation_id) AS generations, \
         CAST(COALESCE(SUM(CASE WHEN cached THEN 0 ELSE 1 END), 0) AS bigint) AS calls, \
         CAST(COALESCE(SUM(CASE WHEN cached THEN 1 ELSE 0 END), 0) AS bigint) AS cached, \
         CAST(COALESCE(SUM(input_tokens), 0) AS bigint) AS input_tokens, \
         CAST(COALESCE(SUM(output_tokens), 0) AS bigint) AS output_tokens, \
         CAST(COALESCE(SUM(cost_micros), 0) AS bigint) AS cost"
    };
}

/// Settled use by day, model and kind, of one user or of everybody, on the days `from` to `to` (both with); the newest day
/// first, at most `limit` sums.
pub async fn list_sums(
    db: &mut impl Db,
    user: Option<UserId>,
    from: &str,
    to: &str,
    limit: i64,
) -> Result<Vec<Sum>> {
    let rows = match user {
        Some(user) => q!(
            db,
            fetch_all as SumRow,
            sql!(
                "SELECT day, model, kind, " [pg amounts!()] [sq amounts!()] " FROM usage_entries
                 WHERE user_id = $1 AND day >= $2 AND day <= $3 AND state = 'settled'
                 GROUP BY day, model, kind ORDER BY day DESC, cost DESC, model, kind LIMIT $4"
            ),
            user.0,
            from,
            to,
            limit
        )?,
        None => q!(
            db,
            fetch_all as SumRow,
            sql!(
                "SELECT day, model, kind, " [pg amounts!()] [sq amounts!()] " FROM usage_entries
                 WHERE day >= $1 AND day <= $2 AND state = 'settled'
                 GROUP BY day, model, kind ORDER BY day DESC, cost DESC, model, kind LIMIT $3"
            ),
            from,
            to,
            limit
        )?,
    };
    let sum =
        |row: SumRow| Sum { day: row.day, model: row.model, kind: row.kind, amounts: row.amounts.into() };
    Ok(rows.into_iter().map(sum).collect())
}

/// The same, all in one sum.
pub async fn find_total(db: &mut impl Db, user: Option<UserId>, from: &str, to: &str) -> Result<Amounts> {
    let row = match user {
        Some(user) => q!(
            db,
            fetch_one as AmountsRow,
            sql!(
                "SELECT " [pg amounts!()] [sq amounts!()] " FROM usage_entries
                 WHERE user_id = $1 AND day >= $2 AND day <= $3 AND state = 'settled'"
            ),
            user.0,
            from,
            to
        )?,
        None => q!(
            db,
            fetch_one as AmountsRow,
            sql!(
                "SELECT " [pg amounts!()] [sq amounts!()] " FROM usage_entries WHERE day >= $1 AND day <= $2 AND state = 'settled'"
            ),
            from,
            to
        )?,
    };
    Ok(row.into())
}

/// Who spent most on the days `from` to `to` (both with); the first `limit`.
pub async fn list_spenders(db: &mut impl Db, from: &str, to: &str, limit: i64) -> Result<Vec<Spender>> {
    let rows = q!(
        db,
        fetch_all as (Uuid, String, i64, i64),
        sql!(
            "SELECT e.user_id, u.name, CAST(SUM(CASE WHEN e.cached THEN 0 ELSE 1 END) AS bigint),
             CAST(SUM(e.cost_micros) AS bigint) AS cost
             FROM usage_entries e JOIN users u ON u.id = e.user_id
             WHERE e.day >= $1 AND e.day <= $2 AND e.state = 'settled'
             GROUP BY e.user_id, u.name ORDER BY cost DESC, e.user_id LIMIT $3"
        ),
        from,
        to,
        limit
    )?;
    Ok(rows
        .into_iter()
        .map(|(user, name, calls, cost)| Spender { user_id: UserId(user), name, calls, cost })
        .collect())
}

impl From<AmountsRow> for Amounts {
    fn from(row: AmountsRow) -> Self {
        Self {
            generations: row.generations,
            calls: row.calls,
            cached: row.cached,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost: row.cost,
        }
    }
}
