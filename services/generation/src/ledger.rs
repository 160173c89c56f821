//! Money around a call to a provider: what it may cost is reserved before it and settled after it, however it ends. The books
//! are in `aether_store::usage`; prices come from `domain::cost` alone.

mod quota;

use std::{sync::Arc, time::Duration};

use aether_boot::{Budgets, Deps};
use aether_common::{
    id::{GenerationId, RowId, UserId},
    model::{
        generation::{Kind, Usage},
        user::Role,
    },
    problem::Problem,
};
use aether_store::{
    StoreError, budgets,
    usage::{self, Limit, Limits, NewEntry, OpenEntry, Periods, Reserved, Standing},
};
use chrono::{DateTime, TimeDelta, Utc};
use quota::{Period, next_day, next_month, spent_period};
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit},
    time::Instant,
};

pub use quota::{Quota, Quotas, Standings};

use crate::{
    domain::{
        cost::{Model, Prices},
        tokens,
    },
    provider::{Providers, Turn},
};

/// An answer shorter than this is not worth a call.
const MIN_OUTPUT_TOKENS: u64 = 64;
/// How long a settlement is tried again while the database is away.
const SETTLE_FOR: Duration = Duration::from_secs(10);
/// The first wait between two tries, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// More at once would only wait for one another, each with a connection.
const MAX_BOOKINGS: usize = 4;
/// How often abandoned calls are looked for.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// A call that is older than this and whose generation is over was abandoned.
const ABANDONED_AFTER: TimeDelta = TimeDelta::minutes(30);
/// Abandoned calls that are settled in one sweep.
const SWEEP_BATCH: i64 = 200;
/// How long a settlement is waited for before the books are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A longer text is counted off the runtime's threads. This much takes a millisecond or two.
const LONG_BYTES: usize = 16 * 1024;

/// Reserves and settles; cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    deps: Deps,
    budgets: Budgets,
    /// Bookings that this process makes at once.
    turns: Arc<Semaphore>,
    /// Told at each settlement of this process.
    settled: Arc<Notify>,
    /// For the names of models in metrics.
    providers: Option<Providers>,
}

/// A call that is to be paid for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What it is for.
    pub generation_id: GenerationId,
    /// Who it is for.
    pub user_id: UserId,
    /// What is asked for.
    pub kind: Kind,
    /// Who is called.
    pub provider: &'a str,
    /// The model, with the prices that this provider takes.
    pub model: &'a Model,
    /// Tokens that will be read. Not below the truth: what the provider reads beyond it is paid, but was not reserved.
    pub input_tokens: u64,
    /// The most that may be written.
    pub max_output_tokens: u64,
}

/// Money held for one call. Give it back to [`Ledger::settle`], whatever became of the call; one that is forgotten stays held
/// until the generation has ended and the sweeper finds it.
#[derive(Debug)]
#[must_use = "what is reserved must be settled"]
pub struct Reservation {
    /// The entry in the books.
    pub id: RowId,
    /// How much may be written for the money that is held; `None`: not bounded by money.
    pub max_output_tokens: Option<u64>,
    prices: Prices,
    model: String,
}

/// Why nothing was reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// The budget does not cover what is read and a short answer.
    #[error("the budget is spent")]
    Spent,
    /// What is left is held by calls that run now: wait for a settlement and ask again.
    #[error("running calls hold what is left")]
    Busy,
    /// A budget applies and nobody knows what the model costs: no sum could be held for it.
    #[error("the model has no known price")]
    Unpriced,
    /// The books cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// A ledger with these limits, in micro-dollars.
    pub fn new(deps: Deps, budgets: Budgets) -> Self {
        Self {
            deps,
            budgets,
            turns: Arc::new(Semaphore::new(MAX_BOOKINGS)),
            settled: Arc::default(),
            providers: None,
        }
    }

    /// Names these providers' models in metrics; every other one is `other`.
    #[must_use]
    pub fn with_labels(mut self, providers: Providers) -> Self {
        self.providers = Some(providers);
        self
    }

    /// Begins to settle what was abandoned, every minute, on the process's tracker. Several processes may do so.
    pub fn start(&self) {
        let ledger = self.clone();
        self.deps.lifecycle.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = ledger.deps.lifecycle.shutdown.cancelled() => return,
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
                if let Err(error) = ledger.sweep().await {
                    tracing::warn!(event = "sweep_failed", %error, "abandoned calls are not settled; trying again");
                }
            }
        });
    }

    /// Whether this user may begin something that costs: 429 `budget_exceeded` when all is spent, with the time until the period
    /// ends. What is only held by running calls is waited for by the worker.
    pub async fn check(&self, user: UserId) -> Result<(), Problem> {
        let now = self.deps.clock.now();
        let Some((limits, standing)) = self.standing(user, now).await? else { return Ok(()) };
        if limits.unspent(&standing).is_none_or(|unspent| unspent > 0) {
            return Ok(());
        }
        let detail = "The budget is spent. It is renewed when its day or month (UTC) ends.";
        let wait = |end: DateTime<Utc>| (end - now).to_std().unwrap_or_default();
        let retry_after = match spent_period(&limits, &standing) {
            None => Duration::ZERO,
            Some(Period::Day) => wait(next_day(now)),
            Some(Period::Month) => wait(next_month(now)),
        };
        Err(Problem { retry_after: Some(retry_after), ..Problem::new(429, "budget_exceeded", detail) })
    }

    /// Holds the price of a call under every limit that applies: of all that it may read and write or, when less is left, of a
    /// shorter answer. A model that costs nothing is never refused; one whose price nobody knows is, where a budget applies.
    pub async fn reserve(&self, ask: &Ask<'_>) -> Result<Reservation, ReserveError> {
        let prices = ask.model.prices();
        let price = |output_tokens| prices.micros(Usage { input_tokens: ask.input_tokens, output_tokens });
        let want = price(ask.max_output_tokens);
        let need = price(ask.max_output_tokens.min(MIN_OUTPUT_TOKENS));
        if let Some(reservation) = self.hold(ask, want, want).await? {
            return Ok(reservation);
        }
        // It does not fit in full. What running calls hold may come back when they are settled: that is waited for, so that no
        // answer is cut or refused while there is money. Only the last of the money is given in part.
        let standing = self.standing(ask.user_id, self.deps.clock.now()).await?;
        let Some((limits, standing)) = standing else { return Err(ReserveError::Spent) };
        if limits.unspent(&standing).is_some_and(|unspent| unspent < need.max(1)) {
            return Err(ReserveError::Spent);
        }
        if limits.unspent(&standing) != limits.left(&standing) {
            return Err(ReserveError::Busy);
        }
        self.hold(ask, want, need).await?.ok_or(ReserveError::Busy)
    }

    /// Waits for a settlement that may have given back what is needed; not for long, since it may happen in another process.
    pub async fn wait_for_settlement(&self) {
        // A call that is settled between our look and this wait is found by the next look.
        let _ = tokio::time::timeout(LOOK_AGAIN, self.settled.notified()).await;
    }

    /// One try to hold `want` or, where less is left, at least `need`. `None`: it does not fit.
    async fn hold(&self, ask: &Ask<'_>, want: i64, need: i64) -> Result<Option<Reservation>, ReserveError> {
        let prices = ask.model.prices();
        let _turn = self.turn().await;
        let mut tx = self.deps.store.begin().await?;
        let Some((role, own)) = budgets::find_payer(&mut tx, ask.user_id).await? else {
            return Err(ReserveError::Spent);
        };
        let limits = self.limits(role, own);
        if limits.any() && !ask.model.has_known_price() {
            return Err(ReserveError::Unpriced);
        }
        let entry = self.entry(ask, role);
        let reserved = usage::reserve(&mut tx, &entry, &limits, want, need).await?;
        let max_output_tokens = match reserved {
            Reserved::Spent => return Ok(None),
            Reserved::Unlimited => None,
            Reserved::Held(held) => {
                let affordable = prices.affordable_output(ask.input_tokens, held).unwrap_or(u64::MAX);
                Some(affordable.min(ask.max_output_tokens))
            }
        };
        tx.save().await?;
        let model = self.label(&ask.model.id).to_owned();
        Ok(Some(Reservation { id: entry.id, max_output_tokens, prices, model }))
    }

    /// Books what a call has used and gives back the rest; answers what it cost, in micro-dollars. Goes on for ten seconds when
    /// the database is away; after that the sweeper settles the call in full.
    pub async fn settle(&self, reservation: Reservation, used: Usage) -> aether_store::Result<i64> {
        let cost = reservation.prices.micros(used);
        if self.book(reservation.id, used, cost).await? {
            measure(&reservation.model, used, cost);
        }
        Ok(cost)
    }

    /// Settles what a lost worker has left open for this generation: the input and the text so far, or, where no text is known,
    /// everything that was held. Of several open calls only the last one can have written the text. Answers what all of
    /// its calls have used and cost, in tokens and micro-dollars.
    pub async fn settle_lost(
        &self,
        generation: GenerationId,
        text_so_far: Option<&str>,
    ) -> aether_store::Result<(Usage, i64)> {
        let mut open = {
            let mut db = self.deps.store.conn().await?;
            usage::list_open(&mut db, generation).await?
        };
        if let Some(text) = text_so_far
            && let Some(last) = open.pop()
        {
            let used = Usage { input_tokens: last.most.input_tokens, output_tokens: count(text).await };
            let cost = prices(&last).micros(used);
            // The text may be of several calls; the open one was bounded by what is held for it.
            let cost = if last.held > 0 { cost.min(last.held) } else { cost };
            self.book_lost(&last, used, cost).await?;
        }
        for entry in open {
            self.settle_in_full(&entry).await?;
        }
        let mut db = self.deps.store.conn().await?;
        usage::find_settled(&mut db, generation).await
    }

    /// Notes an answer from the cache: it costs nothing.
    pub async fn note_cached(&self, ask: &Ask<'_>) -> aether_store::Result<()> {
        let mut db = self.deps.store.conn().await?;
        let Some((role, _)) = budgets::find_payer(&mut db, ask.user_id).await? else { return Ok(()) };
        usage::add_cached(&mut db, &self.entry(ask, role)).await
    }

    /// Settles in full what was abandoned; answers how many calls those were.
    pub async fn sweep(&self) -> aether_store::Result<usize> {
        let before = self.deps.clock.now() - ABANDONED_AFTER;
        let abandoned = {
            let mut db = self.deps.store.conn().await?;
            usage::list_abandoned(&mut db, before, SWEEP_BATCH).await?
        };
        for entry in &abandoned {
            tracing::warn!(event = "call_abandoned", entry.id = %entry.id, "a call was never settled; it is booked in full");
            self.settle_in_full(entry).await?;
        }
        Ok(abandoned.len())
    }

    /// What is left in this day and this month; `None`: no such user.
    pub async fn quota(&self, user: UserId) -> aether_store::Result<Option<Standings>> {
        let now = self.deps.clock.now();
        let Some((limits, standing)) = self.standing(user, now).await? else { return Ok(None) };
        Ok(Some(Standings::new(&limits, &standing, now)))
    }

    /// The limits of the settings.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    async fn standing(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> aether_store::Result<Option<(Limits, Standing)>> {
        let mut db = self.deps.store.conn().await?;
        let Some((role, own)) = budgets::find_payer(&mut db, user).await? else { return Ok(None) };
        let standing = usage::find_standing(&mut db, user, role, &Periods::of(now)).await?;
        Ok(Some((self.limits(role, own), standing)))
    }

    fn limits(&self, role: Role, own: Limit) -> Limits {
        let user =
            Limit { day: own.day.or(self.budgets.user.day), month: own.month.or(self.budgets.user.month) };
        Limits { user, role: self.budgets.role(role), installation: self.budgets.installation }
    }

    fn entry<'a>(&self, ask: &Ask<'a>, role: Role) -> NewEntry<'a> {
        let prices = ask.model.prices();
        NewEntry {
            id: self.deps.ids.mint(),
            generation_id: ask.generation_id,
            user_id: ask.user_id,
            role,
            kind: ask.kind,
            provider: ask.provider,
            model: &ask.model.id,
            most: Usage { input_tokens: ask.input_tokens, output_tokens: ask.max_output_tokens },
            input_price: prices.input,
            output_price: prices.output,
            at: self.deps.clock.now(),
        }
    }

    async fn settle_in_full(&self, entry: &OpenEntry) -> aether_store::Result<()> {
        let (prices, mut used) = (prices(entry), entry.most);
        if entry.held == 0 {
            return self.book_lost(entry, used, prices.micros(used)).await;
        }
        // Less than the most may have been held, and the call was bounded by it.
        let affordable = prices.affordable_output(used.input_tokens, entry.held).unwrap_or(u64::MAX);
        used.output_tokens = used.output_tokens.min(affordable);
        self.book_lost(entry, used, entry.held).await
    }

    async fn book_lost(&self, entry: &OpenEntry, used: Usage, cost: i64) -> aether_store::Result<()> {
        if self.book(entry.id, used, cost).await? {
            measure(self.label(&entry.model), used, cost);
        }
        Ok(())
    }

    /// Settles one entry, again and again while the database is away. `false`: it was settled before.
    async fn book(&self, id: RowId, used: Usage, cost: i64) -> aether_store::Result<bool> {
        let deadline = Instant::now() + SETTLE_FOR;
        let mut wait = WAITS.0;
        loop {
            let booked = async {
                let _turn = self.turn().await;
                let mut tx = self.deps.store.begin().await?;
                let booked = usage::settle(&mut tx, id, used, cost, self.deps.clock.now()).await?;
                tx.save().await?;
                Ok(booked)
            };
            match booked.await {
                Err(StoreError::Unavailable(_)) if Instant::now() + wait < deadline => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(WAITS.1);
                }
                done => {
                    self.settled.notify_one();
                    return done;
                }
            }
        }
    }

    /// All bookings touch the same few counters: those that wait for them do so without a connection.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn label<'a>(&self, model: &'a str) -> &'a str {
        self.providers.as_ref().map_or("other", |providers| providers.label(model))
    }
}

/// The tokens of a text of any length; a long one is counted on a thread for blocking work.
pub async fn count(text: &str) -> u64 {
    if text.len() <= LONG_BYTES {
        return tokens::count(text);
    }
    let owned = text.to_owned();
    // Only a stopping runtime refuses; then a token is taken as the four bytes that it is in the mean.
    tokio::task::spawn_blocking(move || tokens::count(&owned)).await.unwrap_or(text.len() as u64 / 4)
}

/// The tokens of a conversation of any length; a long one is counted on a thread for blocking work.
pub async fn count_turns(turns: &[Turn]) -> u64 {
    if turns.iter().map(|turn| turn.text.len()).sum::<usize>() <= LONG_BYTES {
        return tokens::count_turns(turns);
    }
    let owned = turns.to_vec();
    tokio::task::spawn_blocking(move || tokens::count_turns(&owned))
        .await
        .unwrap_or_else(|_| tokens::upper_bound(turns) / 4)
}

fn measure(model: &str, used: Usage, cost: i64) {
    for (direction, count) in [("input", used.input_tokens), ("output", used.output_tokens)] {
        metrics::counter!("generation_tokens_total", "model" => model.to_owned(), "direction" => direction)
            .increment(count);
    }
    metrics::counter!("generation_cost_micros_total", "model" => model.to_owned())
        .increment(u64::try_from(cost).unwrap_or(0));
}

fn prices(entry: &OpenEntry) -> Prices {
    Prices { input: entry.input_price, output: entry.output_price }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_text_is_counted_like_a_short_one() {
        let text = "one two three, ".repeat(5_000);
        assert_eq!(count(&text).await, tokens::count(&text));
        let turns = [Turn { speaker: crate::provider::Speaker::User, text }];
        assert_eq!(count_turns(&turns).await, tokens::count_turns(&turns));
    }
}
