//! What is left of a budget, and until when.

use aether_store::usage::{self, Limit, Limits, Standing};
use chrono::{DateTime, Datelike, Days, Months, NaiveTime, Utc};

/// A budget in one period, in micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What may be spent; `None`: no limit.
    pub limit: Option<i64>,
    /// What is spent.
    pub spent: i64,
    /// What is held for calls that run.
    pub reserved: i64,
    /// When the period ends.
    pub resets_at: DateTime<Utc>,
}

/// A budget by day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// This day.
    pub day: Quota,
    /// This month.
    pub month: Quota,
}

/// The budgets that one user sees or is bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standings {
    /// The user's own.
    pub user: Quotas,
    /// Of everybody together.
    pub installation: Quotas,
}

impl Quota {
    /// What is left, never below 0; `None`: no limit.
    pub fn left(&self) -> Option<i64> {
        self.limit.map(|limit| limit.saturating_sub(self.spent).saturating_sub(self.reserved).max(0))
    }
}

impl Standings {
    pub(super) fn new(limits: &Limits, standing: &Standing, now: DateTime<Utc>) -> Self {
        let quota = |limit, counter: usage::Counter, resets_at| Quota {
            limit,
            spent: counter.spent,
            reserved: counter.reserved,
            resets_at,
        };
        let quotas = |limit: Limit, counters: usage::Counters| Quotas {
            day: quota(limit.day, counters.day, next_day(now)),
            month: quota(limit.month, counters.month, next_month(now)),
        };
        Self {
            user: quotas(limits.user, standing.user),
            installation: quotas(limits.installation, standing.installation),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// A day (UTC).
    Day,
    /// A month (UTC).
    Month,
}

/// The longest period whose budget is paid out; `None`: what is left is only held.
pub(super) fn spent_period(limits: &Limits, standing: &Standing) -> Option<Period> {
    let pairs = [
        (limits.user, standing.user),
        (limits.role, standing.role),
        (limits.installation, standing.installation),
    ];
    let spent =
        |limit: Option<i64>, counter: usage::Counter| limit.is_some_and(|limit| counter.spent >= limit);
    if pairs.iter().any(|(limit, now)| spent(limit.month, now.month)) {
        Some(Period::Month)
    } else if pairs.iter().any(|(limit, now)| spent(limit.day, now.day)) {
        Some(Period::Day)
    } else {
        None
    }
}

pub(super) fn next_day(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(now.date_naive());
    day.and_time(NaiveTime::MIN).and_utc()
}

pub(super) fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    let first = now.date_naive().with_day(1).unwrap_or(now.date_naive());
    first.checked_add_months(Months::new(1)).unwrap_or(first).and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn periods_end_at_midnight_in_utc() {
        for (now, day, month) in [
            ("2026-11-21T12:00:00Z", "2026-11-22T00:00:00Z", "2026-12-01T00:00:00Z"),
            ("2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ] {
            assert_eq!(next_day(at(now)), at(day));
            assert_eq!(next_month(at(now)), at(month));
        }
    }
}
