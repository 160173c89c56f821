//! The sessions whose access tokens are dead before their time, as this process knows them: heard over the bus, and read
//! from the database, which is the truth, at the start, whenever the bus may have lost something, and from time to time.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aether_bus::{Bus, Delivery, Subscription, Topic};
use aether_common::{
    clock::Clock,
    id::SessionId,
    jwt::{ACCESS_LIFETIME, Revocations},
    notice::Revocation,
    page::Cursor,
};
use aether_store::{Store, StoreError, sessions};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};

use crate::deps::{Deps, StartError};

/// How many ended sessions are known at once, the newest: one more, and the oldest is forgotten, whose last access token
/// is then good for what remains of its 15 minutes. More than 110 ends a second, for 15 minutes, come to this.
pub const CAP: usize = 100_000;
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

/// The sessions that ended lately: [`CAP`] at most, each until no access token of it can be alive.
pub struct RevokedSessions {
    clock: Clock,
    known: RwLock<Known>,
}

/// Listens and reads from now on, until the process stops. When this returns, every session that ended before is known.
///
/// # Errors
/// When the database does not answer. A bus that does not is tried again while the database is asked every second.
pub async fn start(deps: &Deps) -> Result<Arc<RevokedSessions>, StartError> {
    let revoked = Arc::new(RevokedSessions { clock: deps.clock.clone(), known: RwLock::default() });
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
        let both = async { tokio::join!(feed.listen(subscription), feed.reread(read_at)) };
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
    until: HashMap<SessionId, DateTime<Utc>>,
    order: BTreeSet<(DateTime<Utc>, SessionId)>,
}

struct Feed {
    store: Store,
    bus: Bus,
    clock: Clock,
    revoked: Arc<RevokedSessions>,
    /// Something may not have been heard.
    missed: Notify,
    hears: AtomicBool,
}

impl Revocations for RevokedSessions {
    fn is_revoked(&self, session: SessionId, _issued_at: i64) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).until.contains_key(&session)
    }
}

impl RevokedSessions {
    fn add(&self, ended: impl IntoIterator<Item = (SessionId, DateTime<Utc>)>) {
        let now = self.clock.now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (session, ended_at) in ended {
            known.add(session, ended_at + keep(), CAP);
        }
        known.forget(now);
    }
}

impl Known {
    fn add(&mut self, session: SessionId, until: DateTime<Utc>, cap: usize) {
        if let Some(before) = self.until.get(&session) {
            if *before >= until {
                return;
            }
            self.order.remove(&(*before, session));
        }
        self.until.insert(session, until);
        self.order.insert((until, session));
        if self.order.len() > cap {
            self.forget_oldest();
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        while self.order.first().is_some_and(|(until, _)| *until <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, session)) = self.order.pop_first() {
            self.until.remove(&session);
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
                        self.revoked.add(session_ids.into_iter().map(|id| (id, now)));
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
        let mut after = None;
        for _ in 0..CAP / PAGE {
            let page = async {
                let mut db = self.store.conn().await?;
                sessions::list_ended(&mut db, since, after, i64::try_from(PAGE).unwrap_or(i64::MAX)).await
            };
            let page = timeout(ANSWER, page)
                .await
                .map_err(|_| StoreError::Unavailable("the database does not answer".into()))??;
            self.revoked.add(page.iter().map(|ended| (ended.id, ended.ended_at)));
            match page.last() {
                Some(last) if page.len() == PAGE => {
                    after = Some(Cursor { at: last.ended_at, id: last.id.0 });
                }
                _ => break,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn session(number: u128) -> SessionId {
        SessionId(Uuid::from_u128(number))
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn the_oldest_gives_way_to_the_newest() {
        let mut known = Known::default();
        for (number, until) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
            known.add(session(number), at(until), 3);
        }
        assert!(!known.until.contains_key(&session(2)));
        assert_eq!((known.until.len(), known.order.len()), (3, 3));
    }

    #[test]
    fn a_session_heard_of_twice_is_kept_for_the_longer_time() {
        let mut known = Known::default();
        for until in [20, 30, 10] {
            known.add(session(1), at(until), 3);
        }
        known.forget(at(29));
        assert!(known.until.contains_key(&session(1)));
        known.forget(at(30));
        assert!(known.until.is_empty() && known.order.is_empty());
    }
}
