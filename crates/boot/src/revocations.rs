//! The access tokens that are dead before their time, as this process knows them: those of sessions that ended, those cut
//! off (`token_cuts`), and those signed with a key that is gone (`ended_keys`). Heard over the bus, and read from the
//! database, which is the truth, at the start, whenever the bus may have lost something, and from time to time.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aether_bus::{Bus, Delivery, Subscription, Topic};
use aether_common::{
    clock::Clock,
    id::{SessionId, UserId},
    jwt::{ACCESS_LIFETIME, Revocations},
    notice::Revocation,
    page::Cursor,
};
use aether_store::{Store, StoreError, sessions, signing_keys, token_cuts};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use uuid::Uuid;

use crate::deps::{Deps, StartError};

/// How many ends and cuts are known at once, the newest: one more, and the oldest is forgotten, whose last access token
/// is then good for what remains of its 15 minutes. More than 110 of them a second, for 15 minutes, come to this.
pub const CAP: usize = 100_000;
/// How many keys that are gone are known, the newest. Each is a rotation, or an operator's act.
const KEYS: i64 = 1_000;
/// Clocks of two machines may differ, and a transaction is seen later than the time that it writes.
const SLACK: TimeDelta = TimeDelta::minutes(1);
/// While the bus is not heard, the database is asked this often.
const ASK_DEAF: Duration = Duration::from_secs(1);
/// And this often while it is: who ended a session may have failed to say so.
const ASK: Duration = Duration::from_secs(5);
/// How long the database may take for one answer.
const ANSWER: Duration = Duration::from_secs(5);
const PAGE: usize = 1_000;
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// What ended or was cut off lately: [`CAP`] at most, each until no access token of it can be alive.
pub struct RevokedTokens {
    clock: Clock,
    known: RwLock<Known>,
    keys: RwLock<HashSet<String>>,
    key_changes: watch::Sender<()>,
}

/// Listens and reads from now on, until the process stops. When this returns, every session that ended before is known.
///
/// # Errors
/// When the database does not answer. A bus that does not is tried again while the database is asked every second.
pub async fn start(deps: &Deps) -> Result<Arc<RevokedTokens>, StartError> {
    let revoked = Arc::new(RevokedTokens::new(deps.clock.clone()));
    let feed = Feed {
        store: deps.store.clone(),
        bus: deps.bus.clone(),
        clock: deps.clock.clone(),
        revoked: revoked.clone(),
        missed: Notify::new(),
        hears: AtomicBool::new(false),
    };
    // Listening first: what ends while the database is read is heard.
    let subscription = feed.subscribe().await;
    let read_at = deps.clock.now();
    feed.read(read_at - keep()).await?;
    let shutdown = deps.lifecycle.shutdown.clone();
    deps.lifecycle.tasks.spawn(async move {
        let both = Box::pin(async { tokio::join!(feed.listen(subscription), feed.reread(read_at)) });
        shutdown.run_until_cancelled(both).await;
    });
    Ok(revoked)
}

/// Counted from the end of a session; after that, none of its access tokens is alive on any machine's clock.
fn keep() -> TimeDelta {
    ACCESS_LIFETIME + SLACK
}

#[derive(Default)]
struct Known {
    /// By session, user or API key.
    dead: HashMap<Uuid, Dead>,
    order: BTreeSet<(DateTime<Utc>, Uuid)>,
}

/// What is dead of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dead {
    /// Tokens made up to this second since 1970; all of them when a session has ended.
    through: i64,
    /// When no such token can be alive any more.
    forget_at: DateTime<Utc>,
}

struct Feed {
    store: Store,
    bus: Bus,
    clock: Clock,
    revoked: Arc<RevokedTokens>,
    /// Something may not have been heard.
    missed: Notify,
    hears: AtomicBool,
}

impl Revocations for RevokedTokens {
    fn is_revoked(&self, user: UserId, session: SessionId, issued_at: i64) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        [user.0, session.0].iter().any(|id| known.dead.get(id).is_some_and(|dead| issued_at <= dead.through))
    }

    fn is_key_revoked(&self, kid: &str) -> bool {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).contains(kid)
    }
}

impl Dead {
    fn session(ended_at: DateTime<Utc>) -> Self {
        Self { through: i64::MAX, forget_at: ended_at + keep() }
    }

    fn cut(at: DateTime<Utc>) -> Self {
        Self { through: at.timestamp(), forget_at: at + keep() }
    }
}

impl RevokedTokens {
    fn new(clock: Clock) -> Self {
        let key_changes = watch::Sender::new(());
        Self { clock, known: RwLock::default(), keys: RwLock::default(), key_changes }
    }

    /// Says when signing keys have changed: who holds them reads them again.
    pub fn key_changes(&self) -> watch::Receiver<()> {
        self.key_changes.subscribe()
    }

    fn add(&self, dead: impl IntoIterator<Item = (Uuid, Dead)>) {
        let now = self.clock.now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (subject, dead) in dead {
            known.add(subject, dead, CAP);
        }
        known.forget(now);
    }

    /// Tokens of these keys are dead for good. Answers whether one of them was not known to be gone.
    fn add_keys(&self, gone: impl IntoIterator<Item = String>) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let before = keys.len();
        keys.extend(gone);
        keys.len() > before
    }
}

impl Known {
    fn add(&mut self, subject: Uuid, dead: Dead, cap: usize) {
        let mut dead = dead;
        if let Some(before) = self.dead.get(&subject) {
            dead.through = dead.through.max(before.through);
            dead.forget_at = dead.forget_at.max(before.forget_at);
            if *before == dead {
                return;
            }
            self.order.remove(&(before.forget_at, subject));
        }
        self.dead.insert(subject, dead);
        self.order.insert((dead.forget_at, subject));
        if self.order.len() > cap {
            self.forget_oldest();
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        while self.order.first().is_some_and(|(forget_at, _)| *forget_at <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, subject)) = self.order.pop_first() {
            self.dead.remove(&subject);
        }
    }
}

impl Feed {
    async fn subscribe(&self) -> Option<Subscription> {
        match self.bus.subscribe(&Topic::revocations()).await {
            Ok(subscription) => {
                self.hears.store(true, Ordering::Relaxed);
                Some(subscription)
            }
            Err(error) => {
                tracing::warn!(%error, "ended sessions are not heard of; the database is asked instead");
                None
            }
        }
    }

    async fn listen(&self, mut subscription: Option<Subscription>) {
        let mut pause = PAUSE_MIN;
        loop {
            if let Some(subscription) = &mut subscription {
                pause = PAUSE_MIN;
                self.hear(subscription).await;
                self.hears.store(false, Ordering::Relaxed);
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            subscription = self.subscribe().await;
            self.missed.notify_one();
        }
    }

    /// Until the bus is shut down.
    async fn hear(&self, subscription: &mut Subscription) {
        loop {
            match subscription.next().await {
                // Without the time of the end, the present is late enough.
                Delivery::Message(payload) => match serde_json::from_slice(&payload) {
                    Ok(Revocation::SessionsEnded { session_ids }) => {
                        let now = self.clock.now();
                        self.revoked.add(session_ids.into_iter().map(|id| (id.0, Dead::session(now))));
                    }
                    Ok(Revocation::Cut { subject, at }) => self.revoked.add([(subject, Dead::cut(at))]),
                    Ok(Revocation::KeysChanged { ended }) => {
                        self.revoked.add_keys(ended);
                        self.revoked.key_changes.send_replace(());
                    }
                    Err(error) => tracing::debug!(%error, "a revocation that this version does not know"),
                },
                Delivery::Lost => self.missed.notify_one(),
                Delivery::Closed => return,
            }
        }
    }

    /// Reads what is due: all that can matter after a loss, else what is new since the last time.
    async fn reread(&self, mut read_at: DateTime<Utc>) {
        let mut ticks = interval(ASK_DEAF);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = Instant::now();
        let mut everything = false;
        loop {
            tokio::select! {
                () = self.missed.notified() => everything = true,
                _ = ticks.tick() => {
                    let due = everything || asked.elapsed() >= ASK || !self.hears.load(Ordering::Relaxed);
                    // A subscription does not say that its connection is broken before it is mended.
                    if !due && self.bus.check().await.is_ok() {
                        continue;
                    }
                }
            }
            let now = self.clock.now();
            let since = if everything { now - keep() } else { read_at - SLACK };
            match self.read(since).await {
                Ok(()) => (read_at, asked, everything) = (now, Instant::now(), false),
                Err(error) => tracing::warn!(%error, "cannot read which sessions have ended; trying again"),
            }
        }
    }

    async fn read(&self, since: DateTime<Utc>) -> Result<(), StoreError> {
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let mut after = None;
        for _ in 0..CAP / PAGE {
            let page = answered(async {
                sessions::list_ended(&mut self.store.conn().await?, since, after, limit).await
            });
            let page = page.await?;
            self.revoked.add(page.iter().map(|ended| (ended.id.0, Dead::session(ended.ended_at))));
            match page.last() {
                Some(last) if page.len() == PAGE => {
                    after = Some(Cursor { at: last.ended_at, id: last.id.0 });
                }
                _ => break,
            }
        }
        let mut after = None;
        for _ in 0..CAP / PAGE {
            let page = answered(async {
                token_cuts::list(&mut self.store.conn().await?, since, after, limit).await
            });
            let page = page.await?;
            self.revoked.add(page.iter().map(|(subject, at)| (*subject, Dead::cut(*at))));
            match page.last() {
                Some((id, at)) if page.len() == PAGE => after = Some(Cursor { at: *at, id: *id }),
                _ => break,
            }
        }
        let gone =
            answered(async { signing_keys::list_ended(&mut self.store.conn().await?, KEYS).await }).await?;
        if self.revoked.add_keys(gone.into_iter().map(|key| key.id)) {
            self.revoked.key_changes.send_replace(());
        }
        Ok(())
    }
}

async fn answered<T>(question: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = |_| StoreError::Unavailable("the database does not answer".into());
    timeout(ANSWER, question).await.map_err(silent)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn until(second: i64) -> Dead {
        Dead { through: i64::MAX, forget_at: at(second) }
    }

    #[test]
    fn the_oldest_gives_way_to_the_newest() {
        let mut known = Known::default();
        for (number, second) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
            known.add(subject(number), until(second), 3);
        }
        assert!(!known.dead.contains_key(&subject(2)));
        assert_eq!((known.dead.len(), known.order.len()), (3, 3));
    }

    #[test]
    fn a_session_heard_of_twice_is_kept_for_the_longer_time() {
        let mut known = Known::default();
        for second in [20, 30, 10] {
            known.add(subject(1), until(second), 3);
        }
        known.forget(at(29));
        assert!(known.dead.contains_key(&subject(1)));
        known.forget(at(30));
        assert!(known.dead.is_empty() && known.order.is_empty());
    }

    #[test]
    fn a_cut_ends_what_was_made_before_it_and_nothing_later() {
        let clock = aether_common::clock::ManualClock::new(at(1_000));
        let revoked = RevokedTokens::new(clock.clock());
        let (user, session) = (UserId(subject(1)), SessionId(subject(2)));
        revoked.add([(user.0, Dead::cut(at(1_000)))]);
        assert!(revoked.is_revoked(user, session, 999) && revoked.is_revoked(user, session, 1_000));
        assert!(!revoked.is_revoked(user, session, 1_001));
        assert!(!revoked.is_revoked(UserId(subject(3)), session, 999));
        revoked.add([(session.0, Dead::session(at(1_001)))]);
        assert!(revoked.is_revoked(UserId(subject(3)), session, 5_000));
    }
}
