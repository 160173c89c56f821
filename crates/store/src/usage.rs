//! The tables `usage_entries` and `usage_counters`: what every call to a provider may cost, and did. An entry is reserved
//! before the call and settled after it; the counters of whoever pays for it change in the same transaction, so they are
//! always the sums of the entries. Amounts are micro-dollars.
//!
//! The counters of one call are written in one statement and always in one order (user, role, installation; day, month), so
//! that two calls never wait for each other in a circle. A call is booked on the day (UTC) in which it began.

mod report;

use aether_common::{
    id::{GenerationId, RowId, UserId},
    model::{
        generation::{Kind, Usage},
        user::Role,
    },
    money::MAX_MICROS,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use report::{Amounts, Spender, Sum, find_total, list_spenders, list_sums};

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// More tokens than this are not believed.
const MAX_TOKENS: u64 = 1_000_000_000_000;

/// A day and the month that it is in, as keys of counters: `2026-11-21` and `2026-11`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    day: String,
}

/// What may be spent in a day and in a month; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// In a day (UTC).
    pub day: Option<i64>,
    /// In a month (UTC).
    pub month: Option<i64>,
}

/// The limits that apply to one user's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For this user alone.
    pub user: Limit,
    /// For all users of the same role together.
    pub role: Limit,
    /// For everybody together.
    pub installation: Limit,
}

/// A call that is about to be made.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// Identity.
    pub id: RowId,
    /// What it is for.
    pub generation_id: GenerationId,
    /// Who it is for.
    pub user_id: UserId,
    /// Their role now.
    pub role: Role,
    /// What is asked for.
    pub kind: Kind,
    /// Who is called.
    pub provider: &'a str,
    /// The model's name.
    pub model: &'a str,
    /// The most that the call can use.
    pub most: Usage,
    /// What a million tokens read cost.
    pub input_price: i64,
    /// What a million tokens written cost.
    pub output_price: i64,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A call that was begun and not yet settled.
#[derive(Clone, Debug)]
pub struct OpenEntry {
    /// Identity.
    pub id: RowId,
    /// The model's name.
    pub model: String,
    /// The most that the call can use.
    pub most: Usage,
    /// What a million tokens read cost.
    pub input_price: i64,
    /// What a million tokens written cost.
    pub output_price: i64,
    /// What is held for it.
    pub held: i64,
}

/// What became of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// No limit applies.
    Unlimited,
    /// So much is held: all that was wanted or, when less is left, that.
    Held(i64),
    /// Less is left than is needed. The transaction must not be saved.
    Spent,
}

/// What stands on one counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Held for calls that run.
    pub reserved: i64,
    /// Paid.
    pub spent: i64,
}

/// The counters of one payer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Of the day.
    pub day: Counter,
    /// Of the month.
    pub month: Counter,
}

/// The counters of everybody who pays for one user's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Of the user.
    pub user: Counters,
    /// Of the user's role.
    pub role: Counters,
    /// Of the installation.
    pub installation: Counters,
}

impl Periods {
    /// The periods of this moment.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self { day: at.format("%Y-%m-%d").to_string() }
    }

    /// The day, as `2026-11-21`.
    pub fn day(&self) -> &str {
        &self.day
    }

    /// The month, as `2026-11`.
    pub fn month(&self) -> &str {
        self.day.get(..7).unwrap_or_default()
    }
}

impl Limits {
    /// Whether anything is limited.
    pub fn any(&self) -> bool {
        [self.user, self.role, self.installation].iter().any(|one| one.day.is_some() || one.month.is_some())
    }

    /// The least that is not spent under any of them, whatever is held; `None`: nothing is limited.
    pub fn unspent(&self, standing: &Standing) -> Option<i64> {
        let settled = |at: Counter| Counter { reserved: 0, ..at };
        let both = |at: Counters| Counters { day: settled(at.day), month: settled(at.month) };
        self.left(&Standing {
            user: both(standing.user),
            role: both(standing.role),
            installation: both(standing.installation),
        })
    }

    /// The least that is left under any of them; `None`: nothing is limited.
    pub fn left(&self, standing: &Standing) -> Option<i64> {
        let pairs = [
            (self.user, standing.user),
            (self.role, standing.role),
            (self.installation, standing.installation),
        ];
        let left = |limit: Option<i64>, counter: Counter| {
            limit.map(|limit| limit.saturating_sub(counter.spent).saturating_sub(counter.reserved))
        };
        pairs
            .iter()
            .flat_map(|(limit, now)| [left(limit.day, now.day), left(limit.month, now.month)])
            .flatten()
            .min()
    }
}

/// Who pays for a call, and when it was begun.
struct Payers<'a> {
    user: Option<UserId>,
    role: &'a str,
    periods: &'a Periods,
}

#[derive(sqlx::FromRow)]
struct CounterRow {
    scope: String,
    period: String,
    reserved_micros: i64,
    spent_micros: i64,
}

/// Books a call before it is made: holds `want`, or what is left when that is at least `need`, under every limit. `want`
/// of 0 never waits for anybody.
pub async fn reserve(
    tx: &mut Tx,
    entry: &NewEntry<'_>,
    limits: &Limits,
    want: i64,
    need: i64,
) -> Result<Reserved> {
    let periods = Periods::of(entry.at);
    let reserved = if want <= 0 || !limits.any() {
        Reserved::Unlimited
    } else {
        let payers = Payers { user: Some(entry.user_id), role: entry.role.as_str(), periods: &periods };
        hold(tx, &payers, limits, want.min(MAX_MICROS), need).await?
    };
    let held = match reserved {
        Reserved::Spent => return Ok(Reserved::Spent),
        Reserved::Held(held) => held,
        Reserved::Unlimited => 0,
    };
    q!(
        tx,
        sql!(
            "INSERT INTO usage_entries (id, generation_id, user_id, role, kind, provider, model, day, state,
             reserved_micros, input_tokens, output_tokens, input_micros_per_million, output_micros_per_million,
             reserved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'reserved', $9, $10, $11, $12, $13, $14)"
        ),
        entry.id.0,
        entry.generation_id.0,
        entry.user_id.0,
        entry.role.as_str(),
        entry.kind.as_str(),
        entry.provider,
        entry.model,
        periods.day(),
        held,
        tokens(entry.most.input_tokens),
        tokens(entry.most.output_tokens),
        entry.input_price,
        entry.output_price,
        entry.at
    )?;
    Ok(reserved)
}

/// Holds `want` at once; takes back what is above a limit. Nobody else sees the counters before this transaction is saved.
async fn hold(tx: &mut Tx, payers: &Payers<'_>, limits: &Limits, want: i64, need: i64) -> Result<Reserved> {
    let standing = add(tx, payers, want, 0).await?;
    let over = match limits.left(&standing) {
        Some(left) if left < 0 => left.saturating_neg(),
        _ => return Ok(Reserved::Held(want)),
    };
    let held = want.saturating_sub(over);
    if held < need.max(1) {
        return Ok(Reserved::Spent);
    }
    add(tx, payers, -over, 0).await?;
    Ok(Reserved::Held(held))
}

/// Changes the counters of all payers, and answers what stands on them then.
async fn add(tx: &mut Tx, payers: &Payers<'_>, reserved: i64, spent: i64) -> Result<Standing> {
    let user = payers.user.map(|user| user.to_string());
    // The order of the rows is the order of their locks. A deleted user has no counter any more: its rows are left out.
    let rows = q!(
        tx,
        fetch_all as CounterRow,
        sql!(
            "INSERT INTO usage_counters (scope, subject, period, key, reserved_micros, spent_micros)
             SELECT scope, subject, period, key, $5, $6 FROM (
                 SELECT 1 AS place, 'user' AS scope, $1 AS subject, 'day' AS period, $3 AS key
                 UNION ALL SELECT 2, 'user', $1, 'month', $4
                 UNION ALL SELECT 3, 'role', $2, 'day', $3
                 UNION ALL SELECT 4, 'role', $2, 'month', $4
                 UNION ALL SELECT 5, 'installation', '', 'day', $3
                 UNION ALL SELECT 6, 'installation', '', 'month', $4
             ) AS payers
             WHERE subject IS NOT NULL ORDER BY place
             ON CONFLICT (scope, subject, period, key) DO UPDATE SET
                 reserved_micros = usage_counters.reserved_micros + $7,
                 spent_micros = usage_counters.spent_micros + $6
             RETURNING scope, period, reserved_micros, spent_micros"
        ),
        user,
        payers.role,
        payers.periods.day(),
        payers.periods.month(),
        // A counter that is not there yet holds nothing that could be given back.
        reserved.max(0),
        spent,
        reserved
    )?;
    Ok(standing(rows))
}

/// Books what a call has really used, and gives back what was held for it. `false`: somebody has settled it already.
pub async fn settle(tx: &mut Tx, id: RowId, used: Usage, cost: i64, now: DateTime<Utc>) -> Result<bool> {
    #[derive(sqlx::FromRow)]
    struct Row {
        user_id: Option<Uuid>,
        role: String,
        day: String,
        reserved_micros: i64,
    }
    let row = q!(
        tx,
        fetch_optional as Row,
        sql!(
            "SELECT user_id, role, day, reserved_micros FROM usage_entries WHERE id = $1 AND state = 'reserved'"
            [pg " FOR UPDATE"] [sq ""]
        ),
        id.0
    )?;
    let Some(row) = row else { return Ok(false) };
    let cost = cost.clamp(0, MAX_MICROS);
    q!(
        tx,
        sql!(
            "UPDATE usage_entries SET state = 'settled', reserved_micros = 0, cost_micros = $2, input_tokens = $3,
             output_tokens = $4, settled_at = $5 WHERE id = $1"
        ),
        id.0,
        cost,
        tokens(used.input_tokens),
        tokens(used.output_tokens),
        now
    )?;
    if row.reserved_micros > 0 || cost > 0 {
        let periods = Periods { day: row.day };
        let payers = Payers { user: row.user_id.map(UserId), role: &row.role, periods: &periods };
        add(tx, &payers, -row.reserved_micros, cost).await?;
    }
    Ok(true)
}

/// Books an answer from the cache: no call, no tokens, no cost.
pub async fn add_cached(db: &mut impl Db, entry: &NewEntry<'_>) -> Result<()> {
    q!(
        db,
        sql!(
            "INSERT INTO usage_entries (id, generation_id, user_id, role, kind, provider, model, day, state, cached,
             reserved_micros, input_tokens, output_tokens, input_micros_per_million, output_micros_per_million,
             reserved_at, settled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'settled', " [pg "true"] [sq "1"] ", 0, 0, 0, 0, 0, $9, $9)"
        ),
        entry.id.0,
        entry.generation_id.0,
        entry.user_id.0,
        entry.role.as_str(),
        entry.kind.as_str(),
        entry.provider,
        entry.model,
        Periods::of(entry.at).day(),
        entry.at
    )?;
    Ok(())
}

/// What all settled calls for a generation have used and cost, in tokens and micro-dollars.
pub async fn find_settled(db: &mut impl Db, generation: GenerationId) -> Result<(Usage, i64)> {
    let (input, output, cost) = q!(
        db,
        fetch_one as (i64, i64, i64),
        sql!(
            "SELECT " [pg "COALESCE(SUM(input_tokens), 0)::bigint, COALESCE(SUM(output_tokens), 0)::bigint,
                           COALESCE(SUM(cost_micros), 0)::bigint"]
                      [sq "COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0), COALESCE(SUM(cost_micros), 0)"]
            " FROM usage_entries WHERE generation_id = $1 AND state = 'settled'"
        ),
        generation.0
    )?;
    let tokens = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok((Usage { input_tokens: tokens(input), output_tokens: tokens(output) }, cost))
}

/// The calls for this generation that were begun and not settled.
pub async fn list_open(db: &mut impl Db, generation: GenerationId) -> Result<Vec<OpenEntry>> {
    let rows = q!(
        db,
        fetch_all as OpenRow,
        sql!(
            "SELECT id, model, input_tokens, output_tokens, input_micros_per_million, output_micros_per_million,
             reserved_micros FROM usage_entries WHERE generation_id = $1 AND state = 'reserved' ORDER BY reserved_at, id"
        ),
        generation.0
    )?;
    Ok(rows.into_iter().map(OpenRow::entry).collect())
}

/// Calls that were begun before `before`, never settled, and whose generation has ended or is gone; the oldest `limit`.
pub async fn list_abandoned(db: &mut impl Db, before: DateTime<Utc>, limit: i64) -> Result<Vec<OpenEntry>> {
    let rows = q!(
        db,
        fetch_all as OpenRow,
        sql!(
            "SELECT id, model, input_tokens, output_tokens, input_micros_per_million, output_micros_per_million,
             reserved_micros FROM usage_entries e WHERE state = 'reserved' AND reserved_at < $1 AND NOT EXISTS
                 (SELECT 1 FROM generations g WHERE g.id = e.generation_id AND g.completed_at IS NULL)
             ORDER BY reserved_at LIMIT $2"
        ),
        before,
        limit
    )?;
    Ok(rows.into_iter().map(OpenRow::entry).collect())
}

/// What stands on the counters of everybody who pays for this user's calls.
pub async fn find_standing(
    db: &mut impl Db,
    user: UserId,
    role: Role,
    periods: &Periods,
) -> Result<Standing> {
    let rows = q!(
        db,
        fetch_all as CounterRow,
        sql!(
            "SELECT scope, period, reserved_micros, spent_micros FROM usage_counters
             WHERE ((scope = 'user' AND subject = $1) OR (scope = 'role' AND subject = $2)
                 OR (scope = 'installation' AND subject = ''))
             AND ((period = 'day' AND key = $3) OR (period = 'month' AND key = $4))"
        ),
        user.to_string(),
        role.as_str(),
        periods.day(),
        periods.month()
    )?;
    Ok(standing(rows))
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: Uuid,
    model: String,
    input_tokens: i64,
    output_tokens: i64,
    input_micros_per_million: i64,
    output_micros_per_million: i64,
    reserved_micros: i64,
}

impl OpenRow {
    fn entry(self) -> OpenEntry {
        let tokens = |count: i64| u64::try_from(count).unwrap_or(0);
        OpenEntry {
            id: RowId(self.id),
            model: self.model,
            most: Usage {
                input_tokens: tokens(self.input_tokens),
                output_tokens: tokens(self.output_tokens),
            },
            input_price: self.input_micros_per_million,
            output_price: self.output_micros_per_million,
            held: self.reserved_micros,
        }
    }
}

fn standing(rows: Vec<CounterRow>) -> Standing {
    let mut standing = Standing::default();
    for row in rows {
        let counters = match row.scope.as_str() {
            "user" => &mut standing.user,
            "role" => &mut standing.role,
            _ => &mut standing.installation,
        };
        let counter = if row.period == "day" { &mut counters.day } else { &mut counters.month };
        *counter = Counter { reserved: row.reserved_micros, spent: row.spent_micros };
    }
    standing
}

fn tokens(count: u64) -> i64 {
    i64::try_from(count.min(MAX_TOKENS)).unwrap_or(i64::MAX)
}
