//! The queue of mails, and the task that empties it. A mail is queued in its caller's transaction, so it is sent if and only
//! if what it tells of has happened; it is tried until a server takes it, it is of no use any more, or enough is enough.

use std::{sync::Arc, time::Duration};

use aether_boot::{Deps, StartError};
use aether_common::{id::RowId, problem::Problem};
use aether_store::{
    Tx, jobs,
    mails::{self, Claim, NewMail, Outcome},
};
use backon::{ExponentialBuilder, Retryable};
use chrono::TimeDelta;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::domain::{
    mail::{
        Mail, Recipient,
        delivery::{Delivery, Undelivered, Written},
        letter::Letter,
    },
    seal::Sealer,
};

/// How many mails one process sends at once.
const AT_ONCE: usize = 8;
/// How often a mail is tried; with the pauses of [`Pace`] that is longer than it is of use.
const MAX_TRIES: i64 = 60;
/// How long the fact that a mail was sent is kept.
const KEEP_ENDED: TimeDelta = TimeDelta::days(7);
/// How often the queue is counted, and the old facts forgotten.
const UPKEEP_EVERY: Duration = Duration::from_mins(1);

/// How patient the sending is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the queue is looked at without a nudge.
    pub poll: Duration,
    /// How long each step of a conversation with the mail server may take.
    pub step: Duration,
    /// How long the whole of it may take: less than a stopping process is given.
    pub whole: Duration,
    /// How long a claim holds: longer than the whole.
    pub lease: TimeDelta,
    /// The pause after the first failure; it doubles with each.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

/// Queues and sends mails; cheap to clone.
#[derive(Clone)]
pub struct Mailer(Arc<Inner>);

struct Inner {
    deps: Deps,
    sealer: Arc<Sealer>,
    delivery: Delivery,
    pace: Pace,
    nudged: Notify,
    slots: Arc<Semaphore>,
}

/// What a try has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sent,
    Delayed,
    GivenUp,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(2),
            step: Duration::from_secs(10),
            whole: Duration::from_secs(25),
            lease: TimeDelta::minutes(2),
            pause: Duration::from_secs(5),
            longest_pause: Duration::from_hours(2),
        }
    }
}

impl Mailer {
    /// A mailer that has not begun to send.
    pub fn new(deps: &Deps, sealer: Arc<Sealer>, pace: Pace) -> Result<Self, StartError> {
        let settings = &deps.settings;
        let mail = &settings.mail;
        let delivery = Delivery::new(mail.smtp.as_ref(), &mail.from, &settings.data_dir, pace.step)?;
        Ok(Self(Arc::new(Inner {
            deps: deps.clone(),
            sealer,
            delivery,
            pace,
            nudged: Notify::new(),
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        })))
    }

    /// Begins to send, on the process's tracker.
    pub fn start(&self) {
        let tasks = &self.0.deps.lifecycle.tasks;
        tasks.spawn(self.clone().look_for_mails());
        tasks.spawn(self.clone().keep_up());
    }

    /// Queues a mail; it is sent once the transaction is saved, soonest after a [`nudge`](Self::nudge).
    pub async fn queue(&self, tx: &mut Tx, to: &Recipient, mail: &Mail) -> Result<(), Problem> {
        if to.is_nobody() {
            return Ok(());
        }
        let Inner { deps, sealer, .. } = &*self.0;
        let letter = Letter::new(mail, to.name.as_deref(), &deps.settings.public_url);
        let written = Written {
            v: 1,
            to: to.address.clone(),
            subject: letter.subject.to_owned(),
            text: letter.text().map_err(Problem::internal)?,
            html: letter.html().map_err(Problem::internal)?,
        };
        let (id, now) = (deps.ids.mint(), deps.clock.now());
        let words = serde_json::to_vec(&written).map_err(Problem::internal)?;
        let new = NewMail {
            id,
            kind: mail.kind(),
            user_id: to.user,
            sealed: &sealer.seal(&seal_name(id), &words).map_err(Problem::internal)?,
            created_at: now,
            expires_at: now + mail.lifetime(),
        };
        Ok(mails::create(tx, &new).await?)
    }

    /// Says that a transaction with mails in it was saved. A nudge that is forgotten or lost costs seconds.
    pub fn nudge(&self) {
        self.0.nudged.notify_one();
    }

    async fn look_for_mails(self) {
        let shutdown = &self.0.deps.lifecycle.shutdown;
        loop {
            let slot = tokio::select! {
                slot = self.0.slots.clone().acquire_owned() => slot,
                () = shutdown.cancelled() => return,
            };
            let Ok(slot) = slot else { return };
            if shutdown.is_cancelled() {
                return;
            }
            match self.claim().await {
                Ok(Some(claim)) => {
                    self.0.deps.lifecycle.tasks.spawn(self.clone().send(claim, slot));
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(event = "mail_queue_unread", %error, "the queue of mails cannot be read; trying again");
                }
            }
            drop(slot);
            tokio::select! {
                () = self.0.nudged.notified() => {}
                () = tokio::time::sleep(self.0.pace.poll) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn claim(&self) -> aether_store::Result<Option<Claim>> {
        let Inner { deps, pace, .. } = &*self.0;
        let mut conn = deps.store.conn().await?;
        let now = jobs::now(&mut conn, deps.clock.now()).await?;
        mails::claim(&mut conn, now, now + pace.lease).await
    }

    async fn send(self, claim: Claim, slot: OwnedSemaphorePermit) {
        let Inner { deps, pace, .. } = &*self.0;
        let tried = if claim.expires_at <= deps.clock.now() {
            Err(Undelivered { may_pass: false, cause: "it is of no use any more".into() })
        } else {
            timeout(pace.whole, self.deliver(&claim)).await.unwrap_or_else(|_| {
                Err(Undelivered { may_pass: true, cause: "the mail server is too slow".into() })
            })
        };
        let fate = match &tried {
            Ok(()) => Fate::Sent,
            Err(why) if why.may_pass && claim.tries < MAX_TRIES => Fate::Delayed,
            Err(_) => Fate::GivenUp,
        };
        tell(&claim, fate, tried.err().map(|why| why.cause));
        // What is not noted is sent again: worth some tries.
        let noted = (|| self.note(&claim, fate)).retry(ExponentialBuilder::default().with_max_times(4)).await;
        if let Err(error) = noted {
            tracing::warn!(event = "mail_not_noted", mail.id = %claim.id, outcome = fate.as_str(), %error, "cannot note what became of a mail");
        }
        drop(slot);
    }

    async fn deliver(&self, claim: &Claim) -> Result<(), Undelivered> {
        let Inner { sealer, delivery, .. } = &*self.0;
        // Another process may have the right key, or know the form.
        let unreadable = |cause: &str| Undelivered { may_pass: true, cause: cause.to_owned() };
        let words = sealer
            .open(&seal_name(claim.id), &claim.sealed)
            .map_err(|_| unreadable("AETHER_MASTER_KEY does not open it"))?;
        let written: Written = serde_json::from_slice(&words)
            .map_err(|_| unreadable("it has a form that this version does not know"))?;
        delivery.deliver(claim.id, &claim.kind, written, claim.created_at).await
    }

    async fn note(&self, claim: &Claim, fate: Fate) -> aether_store::Result<()> {
        let Inner { deps, pace, .. } = &*self.0;
        let mut conn = deps.store.conn().await?;
        let outcome = match fate {
            Fate::Sent => Outcome::Sent,
            Fate::GivenUp => Outcome::GivenUp,
            Fate::Delayed => {
                let again = jobs::now(&mut conn, deps.clock.now()).await? + pace.pause_after(claim.tries);
                mails::release(&mut conn, claim.id, claim.tries, again).await?;
                return Ok(());
            }
        };
        mails::end(&mut conn, claim.id, claim.tries, outcome, deps.clock.now()).await?;
        Ok(())
    }

    async fn keep_up(self) {
        let deps = &self.0.deps;
        loop {
            let kept_up = async {
                let mut conn = deps.store.conn().await?;
                #[expect(clippy::cast_precision_loss, reason = "a gauge")]
                metrics::gauge!("mails_waiting").set(mails::count_waiting(&mut conn).await? as f64);
                mails::purge(&mut conn, deps.clock.now() - KEEP_ENDED).await
            };
            if let Err(error) = kept_up.await {
                tracing::warn!(event = "mail_upkeep_failed", %error, "cannot tidy up mails; trying again in a minute");
            }
            tokio::select! {
                () = deps.lifecycle.shutdown.cancelled() => return,
                () = tokio::time::sleep(UPKEEP_EVERY) => {}
            }
        }
    }
}

impl Pace {
    /// Doubles with each try up to the longest, and is up to a quarter longer, so that what failed together does not come
    /// back together.
    fn pause_after(&self, tries: i64) -> TimeDelta {
        let doubled = u32::try_from(tries - 1).ok().and_then(|times| 2_u32.checked_pow(times));
        let pause = doubled.map_or(self.longest_pause, |times| self.pause.saturating_mul(times));
        let pause = pause.min(self.longest_pause).mul_f64(rand::random_range(1.0..1.25));
        TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(2))
    }
}

impl Fate {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => Outcome::Sent.as_str(),
            Self::Delayed => "delayed",
            Self::GivenUp => Outcome::GivenUp.as_str(),
        }
    }
}

/// To whom it was is not told: the log is not a list of addresses.
fn tell(claim: &Claim, fate: Fate, cause: Option<String>) {
    let (kind, outcome, tries) = (claim.kind.as_str(), fate.as_str(), claim.tries);
    metrics::counter!("mails_total", "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
    match cause {
        None => {
            tracing::info!(event = "mail_sent", mail.id = %claim.id, mail.kind = kind, tries, "a mail was sent");
        }
        Some(cause) => {
            tracing::warn!(event = "mail_not_sent", mail.id = %claim.id, mail.kind = kind, tries, outcome, cause, "a mail was not sent");
        }
    }
}

/// Sealed under its id: rows cannot be swapped.
fn seal_name(id: RowId) -> String {
    format!("mail {id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_all_tries_outlast_a_mails_use() {
        let pace = Pace::default();
        for (tries, seconds) in [(1, 5), (2, 10), (3, 20), (10, 2560), (12, 7200), (59, 7200), (1000, 7200)] {
            let pause = pace.pause_after(tries).as_seconds_f64() / f64::from(seconds);
            assert!((1.0..1.25).contains(&pause), "{tries}");
        }
        let all: TimeDelta = (1..MAX_TRIES).map(|tries| pace.pause_after(tries)).sum();
        assert!(all > TimeDelta::days(3));
    }
}
