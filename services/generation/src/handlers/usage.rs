//! `GET /usage`: what the caller's generations used and cost, and what is left. `GET /usage/installation`: the same of all.

use aether_common::{
    id::UserId,
    money::usd,
    problem::{FieldError, Problem},
};
use aether_store::usage::{self, Spender, Sum};
use aether_web::{
    auth::{Admin, GenerationsRead, Scoped},
    extract::{Json, Query},
    respond::{ProblemBody, Result},
};
use axum::extract::State as Shared;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{ledger, state::State};

/// Days that are told when none are named.
const USUAL_DAYS: u64 = 30;
/// Days that can be asked for at once.
const MAX_DAYS: i64 = 366;
/// More sums are not told: the newest ones are.
const MAX_SUMS: i64 = 20_000;
/// Users that are named.
const TOP_USERS: i64 = 20;

/// Which days (UTC), both with.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Range {
    /// The first day; 29 days before the last one when not given.
    from: Option<NaiveDate>,
    /// The last day; today when not given. At most 366 days in all.
    to: Option<NaiveDate>,
}

/// Use of one model for one kind on one day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayUsage {
    /// The day (UTC) in which the calls began.
    #[schema(value_type = String, format = Date)]
    day: String,
    /// The model's name.
    model: String,
    /// `code`, `api`, `ui` or `cli`.
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    amounts: Amounts,
}

/// How much was used. What is not settled yet is not in it.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageAmounts)]
pub struct Amounts {
    /// Generations that are still kept.
    generations: i64,
    /// Calls to a provider.
    calls: i64,
    /// Answers from the cache, which cost nothing.
    cached: i64,
    /// Tokens read.
    input_tokens: i64,
    /// Tokens written.
    output_tokens: i64,
    /// US dollars.
    cost_usd: f64,
}

/// A budget in one period.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// What may be spent; null when nothing limits it.
    #[schema(required = true)]
    limit_usd: Option<f64>,
    /// What is spent.
    used_usd: f64,
    /// What is held for calls that run.
    reserved_usd: f64,
    /// What is left; null when nothing limits it.
    #[schema(required = true)]
    remaining_usd: Option<f64>,
    /// When the period ends.
    resets_at: DateTime<Utc>,
}

/// A budget by day and month (UTC).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Quotas {
    day: Quota,
    month: Quota,
}

/// One's own use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnUsage {
    /// The newest day first; at most 20 000.
    items: Vec<DayUsage>,
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// What this user alone may spend.
    quota: Quotas,
    totals: Amounts,
}

/// Use of everybody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallationUsage {
    /// The newest day first; at most 20 000.
    items: Vec<DayUsage>,
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// What everybody together may spend.
    quota: Quotas,
    totals: Amounts,
    /// Who spent most.
    users: Vec<UserUsage>,
}

/// What one user spent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserUsage {
    user_id: UserId,
    name: String,
    /// Calls to a provider.
    calls: i64,
    /// US dollars.
    cost_usd: f64,
}

/// The caller's use by day, model and kind, and the caller's budget.
#[utoipa::path(
    get, path = "/usage", tag = "usage", operation_id = "getUsage",
    security(("bearer" = ["generations:read"])), params(Range),
    responses((status = 200, body = OwnUsage), (status = 401, body = ProblemBody), (status = 422, body = ProblemBody))
)]
pub async fn own(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Query(range): Query<Range>,
) -> Result<Json<OwnUsage>> {
    let (from, to) = range.days(state.deps.clock.now())?;
    let quota = state.ledger.quota(caller.user_id).await?.ok_or_else(Problem::unauthorized)?;
    let mut db = state.deps.store.conn().await?;
    let sums = usage::list_sums(&mut db, Some(caller.user_id), &from, &to, MAX_SUMS).await?;
    let totals = usage::find_total(&mut db, Some(caller.user_id), &from, &to).await?.into();
    let items = sums.into_iter().map(DayUsage::from).collect();
    Ok(Json(OwnUsage { items, next_cursor: None, quota: quota.user.into(), totals }))
}

/// Everybody's use by day, model and kind, the installation's budget and who spent most. For administrators.
#[utoipa::path(
    get, path = "/usage/installation", tag = "usage", operation_id = "getInstallationUsage", params(Range),
    responses(
        (status = 200, body = InstallationUsage), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn installation(
    Shared(state): Shared<State>,
    Admin(caller): Admin,
    Query(range): Query<Range>,
) -> Result<Json<InstallationUsage>> {
    let (from, to) = range.days(state.deps.clock.now())?;
    let quota = state.ledger.quota(caller.user_id).await?.ok_or_else(Problem::unauthorized)?;
    let mut db = state.deps.store.conn().await?;
    let sums = usage::list_sums(&mut db, None, &from, &to, MAX_SUMS).await?;
    let users = usage::list_spenders(&mut db, &from, &to, TOP_USERS).await?;
    let totals = usage::find_total(&mut db, None, &from, &to).await?.into();
    let items = sums.into_iter().map(DayUsage::from).collect();
    let users = users.into_iter().map(UserUsage::from).collect();
    Ok(Json(InstallationUsage { items, next_cursor: None, quota: quota.installation.into(), totals, users }))
}

impl Range {
    /// The first and the last day as the books write them; 422 when that is no range.
    fn days(self, now: DateTime<Utc>) -> Result<(String, String), Problem> {
        let to = self.to.unwrap_or(now.date_naive());
        let from = self.from.or(to.checked_sub_days(Days::new(USUAL_DAYS - 1))).unwrap_or(to);
        let written = |day: NaiveDate| (1..=9999).contains(&day.year());
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: &str| {
            errors.push(FieldError { field: field.into(), message: message.into() });
        };
        if !written(to) {
            wrong("to", "must be a day of the years 1 to 9999");
        }
        if !written(from) || from > to {
            wrong("from", "must not be after the last day");
        } else if (to - from).num_days() >= MAX_DAYS {
            wrong("from", "must not be more than 365 days before the last day");
        }
        if errors.is_empty() { Ok((from.to_string(), to.to_string())) } else { Err(Problem::invalid(errors)) }
    }
}

impl From<Sum> for DayUsage {
    fn from(sum: Sum) -> Self {
        Self { day: sum.day, model: sum.model, kind: sum.kind, amounts: sum.amounts.into() }
    }
}

impl From<usage::Amounts> for Amounts {
    fn from(amounts: usage::Amounts) -> Self {
        Self {
            generations: amounts.generations,
            calls: amounts.calls,
            cached: amounts.cached,
            input_tokens: amounts.input_tokens,
            output_tokens: amounts.output_tokens,
            cost_usd: usd(amounts.cost),
        }
    }
}

impl From<ledger::Quota> for Quota {
    fn from(quota: ledger::Quota) -> Self {
        Self {
            limit_usd: quota.limit.map(usd),
            used_usd: usd(quota.spent),
            reserved_usd: usd(quota.reserved),
            remaining_usd: quota.left().map(usd),
            resets_at: quota.resets_at,
        }
    }
}

impl From<ledger::Quotas> for Quotas {
    fn from(quotas: ledger::Quotas) -> Self {
        Self { day: quotas.day.into(), month: quotas.month.into() }
    }
}

impl From<Spender> for UserUsage {
    fn from(spender: Spender) -> Self {
        Self {
            user_id: spender.user_id,
            name: spender.name,
            calls: spender.calls,
            cost_usd: usd(spender.cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: Option<&str>, to: Option<&str>) -> Result<(String, String), String> {
        let day = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let range = Range { from: day(from), to: day(to) };
        let now = "2026-11-21T23:59:59Z".parse().unwrap();
        range.days(now).map_err(|problem| problem.errors[0].field.clone())
    }

    fn range(from: &str, to: &str) -> (String, String) {
        (from.into(), to.into())
    }

    #[test]
    fn thirty_days_up_to_today_are_usual() {
        assert_eq!(days(None, None), Ok(range("2026-10-23", "2026-11-21")));
        assert_eq!(days(None, Some("2026-01-30")), Ok(range("2026-01-01", "2026-01-30")));
        assert_eq!(days(Some("2026-11-21"), None), Ok(range("2026-11-21", "2026-11-21")));
    }

    #[test]
    fn a_year_is_the_most() {
        assert_eq!(days(Some("2027-01-01"), Some("2027-12-31")), Ok(range("2027-01-01", "2027-12-31")));
        assert_eq!(days(Some("2028-01-01"), Some("2028-12-31")), Ok(range("2028-01-01", "2028-12-31")));
        for (from, to, field) in [
            ("2026-01-01", "2027-01-02", "from"),
            ("2026-11-22", "2026-11-21", "from"),
            ("0000-01-01", "0000-01-02", "to"),
            ("+20000-01-01", "+20000-01-02", "to"),
        ] {
            assert_eq!(days(Some(from), Some(to)), Err(field.to_owned()), "{from} {to}");
        }
    }
}
