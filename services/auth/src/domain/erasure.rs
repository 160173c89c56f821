//! Erasing an account with all that is its owner's, in every table and in the object storage (docs/architecture.md says what
//! becomes of what). The first transaction shuts the account and notes the erasure; the rest are small steps that may be
//! done again. A process that dies leaves the erasure to whichever finds its lease ended.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aether_boot::{Deps, Lifecycle};
use aether_bus::{Bus, Topic};
use aether_common::{
    clock::Clock,
    event::{Happening, Position},
    id::{RoomId, SessionId, UserId},
    notice::{Control, Notice},
    problem::Problem,
};
use aether_store::{
    Store, StoreError, Tx, audit,
    erasure::{self, Claim, GoneGeneration, LeftRoom},
    jobs,
    objects::Objects,
    rooms,
    sessions::{self, EndReason},
    token_cuts,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use crate::domain::{
    admins,
    announce::Announcer,
    audit::{Action, Audit, Entry},
};

/// How long an erasure stays a process's that says nothing more of it. Every step is much shorter.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often a process looks for erasures that nobody goes on with.
const LOOK: Duration = Duration::from_secs(10);
/// How many erasures one process does at once.
const AT_ONCE: usize = 4;
/// How often one that fails is tried again at once, and after which pause; then its lease ends, and it is taken over.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// How many rows one transaction deletes: generations, which may be long, and others.
const GENERATIONS: i64 = 50;
const ROWS: i64 = 500;
/// Of the messages that go, the newest of each room are told one by one: clients show no more.
const TOLD: usize = 500;
/// No journal is held so long after its generation has ended.
const JOURNAL: TimeDelta = TimeDelta::hours(1);

/// Erases accounts; cheap to clone.
#[derive(Clone)]
pub struct Erasures {
    store: Store,
    objects: Objects,
    bus: Bus,
    clock: Clock,
    lifecycle: Lifecycle,
    announcer: Announcer,
    audit: Audit,
    places: Arc<Semaphore>,
}

/// An erasure that begins with the transaction that it is a part of.
#[derive(Debug)]
#[must_use = "after the commit it is to be carried out"]
pub struct Begun {
    claim: Claim,
    sessions: Vec<SessionId>,
    cut_at: DateTime<Utc>,
}

/// Why an erasure does not go on here.
#[derive(Debug)]
enum Stop {
    /// Another process does it.
    Lost,
    /// This process stops.
    Leaving,
    /// Something failed. It may be tried again.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Erasures {
    /// Erasures on these dependencies.
    pub fn new(deps: &Deps, announcer: Announcer, audit: Audit) -> Self {
        Self {
            store: deps.store.clone(),
            objects: deps.objects.clone(),
            bus: deps.bus.clone(),
            clock: deps.clock.clone(),
            lifecycle: deps.lifecycle.clone(),
            announcer,
            audit,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Goes on with what other processes have left, now and from time to time, until the process stops.
    pub fn start(&self) {
        let (erasures, shutdown) = (self.clone(), self.lifecycle.shutdown.clone());
        self.lifecycle.tasks.spawn(async move {
            while !shutdown.is_cancelled() {
                if let Err(error) = erasures.sweep().await {
                    tracing::warn!(%error, "cannot look for erasures that nobody goes on with");
                }
                tokio::select! {
                    () = sleep(LOOK) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        });
    }

    /// Shuts the account for good, as a part of this transaction: its name, e-mail and ways in are gone, its sessions and
    /// tokens dead. 404 when there is none, 409 `last_admin` when nobody else administers the installation.
    pub async fn begin(&self, tx: &mut Tx, user: UserId) -> Result<Begun, Problem> {
        admins::lock(tx).await?.check_without(user)?;
        self.shut(tx, user).await
    }

    /// The same, done by an administrator; 403 when they are none any more.
    pub async fn begin_by(&self, tx: &mut Tx, admin: UserId, user: UserId) -> Result<Begun, Problem> {
        let admins = admins::lock(tx).await?;
        admins.check_without(user)?;
        admins.check_with(admin)?;
        self.shut(tx, user).await
    }

    async fn shut(&self, tx: &mut Tx, user: UserId) -> Result<Begun, Problem> {
        let lease_until = jobs::now(tx, self.clock.now()).await? + LEASE;
        let claim = erasure::begin(tx, user, self.clock.now(), lease_until).await?;
        let claim = claim.ok_or_else(Problem::not_found)?;
        // Told by the time at which the account's row is already held: no token is made behind the cut.
        let now = self.clock.now();
        let sessions = sessions::end_all(tx, user, None, EndReason::Deleted, now).await?;
        let cut_at = token_cuts::cut(tx, user.0, now).await?;
        Ok(Begun { claim, sessions, cut_at })
    }

    /// Tells everybody that the account is shut, and erases it. `true` once nothing of it is left; `false` when that takes
    /// longer than `patience` or something is away: it goes on by itself then. Call it after the commit.
    pub async fn carry_out(&self, begun: Begun, patience: Duration) -> bool {
        let Begun { claim, sessions, cut_at } = begun;
        self.announcer.cut(claim.user_id, claim.user_id.0, cut_at);
        self.announcer.ended(claim.user_id, sessions, EndReason::Deleted);
        // On a task of its own: a caller who hangs up does not stop it.
        let erasures = self.clone();
        let done = self.lifecycle.tasks.spawn(async move { erasures.run(claim).await });
        matches!(timeout(patience, done).await, Ok(Ok(true)))
    }

    /// Takes over the erasures that nobody goes on with; answers how many are done.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let mut done = 0;
        loop {
            let claim = {
                let mut tx = self.store.begin().await?;
                let now = jobs::now(&mut tx, self.clock.now()).await?;
                let claim = erasure::claim(&mut tx, now, now + LEASE).await?;
                tx.save().await?;
                claim
            };
            let Some(claim) = claim else { return Ok(done) };
            tracing::info!(event = "erasure_resumed", user.id = %claim.user_id, "an erasure is taken over");
            done += usize::from(self.run(claim).await);
        }
    }

    /// Erases; `false` when it was not finished here.
    async fn run(&self, claim: Claim) -> bool {
        let Ok(_place) = self.places.acquire().await else { return false };
        let user = claim.user_id;
        for tried in 1..=TRIES {
            match self.erase(claim).await {
                Ok(()) => {
                    tracing::info!(event = "account_erased", user.id = %user, "nothing of an account is left");
                    return true;
                }
                Err(Stop::Lost) => return false,
                Err(Stop::Leaving) => {
                    self.hand_over(claim).await;
                    return false;
                }
                Err(Stop::Failed(problem)) => {
                    let cause = problem.cause.as_deref().unwrap_or(&problem.detail);
                    tracing::warn!(event = "erasure_failed", user.id = %user, tried, cause, "an erasure failed");
                }
            }
            sleep(PAUSE).await;
        }
        false
    }

    /// Lets another process take it over now.
    async fn hand_over(&self, claim: Claim) {
        let given = async {
            let mut db = self.store.conn().await?;
            let now = jobs::now(&mut db, self.clock.now()).await?;
            erasure::renew(&mut db, claim, now - LEASE).await
        };
        if let Err(error) = given.await {
            tracing::warn!(user.id = %claim.user_id, %error, "an erasure waits until its lease ends");
        }
    }

    /// Every step, one after the other. Each finds by itself what is left for it.
    async fn erase(&self, claim: Claim) -> Result<(), Stop> {
        let user = claim.user_id;
        loop {
            self.delete_generations(claim).await?;
            self.delete_files(claim).await?;
            self.leave_own_rooms(claim).await?;
            self.delete_messages(claim).await?;
            self.leave_rooms(claim).await?;
            self.delete_rest(claim).await?;
            let mut tx = self.step(claim).await?;
            let deleted = erasure::delete_account(&mut tx, user).await?;
            tx.save().await?;
            // Else a request that was under way has left something behind.
            if deleted {
                break;
            }
        }
        let mut tx = self.step(claim).await?;
        erasure::delete_counters(&mut tx, user).await?;
        tx.save().await?;
        self.forget_places(claim).await?;
        self.delete_objects(claim).await?;
        let mut tx = self.step(claim).await?;
        if !erasure::finish(&mut tx, user).await? {
            return Err(Problem::unavailable("something of the account is still there").into());
        }
        self.audit.record(&mut tx, Entry::by_system(Action::ACCOUNT_ERASED, Some(user))).await?;
        tx.save().await?;
        if let Err(error) = erasure::scrub(&self.store).await {
            tracing::warn!(%error, "deleted pages stay in the database's file until they are written over");
        }
        Ok(())
    }

    /// A transaction for the next step. While it is open, nobody takes the erasure over.
    async fn step(&self, claim: Claim) -> Result<Tx, Stop> {
        if self.lifecycle.shutdown.is_cancelled() {
            return Err(Stop::Leaving);
        }
        let mut tx = self.store.begin().await?;
        let lease_until = jobs::now(&mut tx, self.clock.now()).await? + LEASE;
        if erasure::renew(&mut tx, claim, lease_until).await? { Ok(tx) } else { Err(Stop::Lost) }
    }

    /// Whatever runs is stopped: its worker finds no job to end, and its provider is told to stop at once.
    async fn delete_generations(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let gone = erasure::delete_generations(&mut tx, claim.user_id, GENERATIONS).await?;
            tx.save().await?;
            for generation in &gone {
                self.end_journal(generation).await;
            }
            if gone.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whoever follows the generation is told that it was cancelled; what was written of it is forgotten.
    async fn end_journal(&self, gone: &GoneGeneration) {
        let generation_id = gone.id;
        let is_held = gone.completed_at.is_none_or(|at| at > self.clock.now() - JOURNAL);
        if gone.completed_at.is_none() {
            self.tell(&Topic::control(), &Control::Cancel { generation_id }).await;
            let head = self.bus.text(gone.id).await.ok().flatten();
            // The next attempt drops the text of those before.
            let attempt = head.map_or(Position::START, |(head, _)| head).attempt.saturating_add(1);
            let ended = self.bus.append(gone.id, attempt, &Happening::Cancelled).await;
            if let Some(room) = gone.room_id {
                self.tell(&Topic::room(room), &Notice::GenerationEnded { generation_id }).await;
            }
            if ended.is_ok() {
                return;
            }
        }
        if is_held && let Err(error) = self.bus.forget(gone.id).await {
            tracing::warn!(generation.id = %gone.id, %error, "a journal of an erased account is left to expire");
        }
    }

    async fn delete_files(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let uploads = erasure::delete_uploads(&mut tx, claim.user_id, ROWS).await?;
            erasure::delete_exports(&mut tx, claim.user_id).await?;
            tx.save().await?;
            if uploads == 0 {
                return Ok(());
            }
        }
    }

    /// Rooms pass to whoever can go on with them; the others are deleted.
    async fn leave_own_rooms(&self, claim: Claim) -> Result<(), Stop> {
        let user_id = claim.user_id;
        loop {
            let mut tx = self.step(claim).await?;
            let Some(room_id) = erasure::find_owned_room(&mut tx, user_id).await? else { return Ok(()) };
            let left = erasure::leave_own_room(&mut tx, user_id, room_id, self.clock.now()).await?;
            tx.save().await?;
            match left {
                None => {}
                Some(LeftRoom::HandedOver(_)) => self.tell_left(user_id, room_id).await,
                Some(LeftRoom::Closed) => {
                    self.tell(&Topic::room(room_id), &Notice::RoomDeleted { room_id }).await;
                    self.delete_room(claim, room_id).await?;
                }
            }
        }
    }

    async fn delete_room(&self, claim: Claim, room: RoomId) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let deleted = erasure::delete_room_messages(&mut tx, room, ROWS).await?;
            if deleted == 0 {
                rooms::delete(&mut tx, room).await?;
            }
            tx.save().await?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }

    async fn delete_messages(&self, claim: Claim) -> Result<(), Stop> {
        let mut told: HashMap<RoomId, usize> = HashMap::new();
        loop {
            let mut tx = self.step(claim).await?;
            let gone = erasure::delete_messages(&mut tx, claim.user_id, ROWS).await?;
            tx.save().await?;
            for (room_id, id) in &gone {
                let told = told.entry(*room_id).or_default();
                *told += 1;
                let notice = Notice::MessageDeleted { room_id: *room_id, id: *id };
                if *told <= TOLD && !self.tell(&Topic::room(*room_id), &notice).await {
                    // A bus that is away would be waited for at each.
                    break;
                }
            }
            if gone.is_empty() {
                return Ok(());
            }
        }
    }

    async fn leave_rooms(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let left = erasure::leave_rooms(&mut tx, claim.user_id, ROWS).await?;
            tx.save().await?;
            for room in &left {
                self.tell_left(claim.user_id, *room).await;
            }
            if left.is_empty() {
                return Ok(());
            }
        }
    }

    /// What goes with the account but may be much; and the books, which stay without a name.
    async fn delete_rest(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let sessions = erasure::delete_sessions(&mut tx, claim.user_id, GENERATIONS).await?;
            let entries = erasure::forget_usage(&mut tx, claim.user_id, ROWS).await?;
            tx.save().await?;
            if sessions + entries == 0 {
                return Ok(());
            }
        }
    }

    async fn forget_places(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let mut tx = self.step(claim).await?;
            let forgotten = audit::forget_places(&mut tx, claim.user_id, ROWS).await?;
            tx.save().await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }

    async fn delete_objects(&self, claim: Claim) -> Result<(), Stop> {
        loop {
            let keys = {
                let mut tx = self.step(claim).await?;
                let keys = erasure::list_objects(&mut tx, claim.user_id, GENERATIONS).await?;
                tx.save().await?;
                keys
            };
            if keys.is_empty() {
                return Ok(());
            }
            for key in keys {
                // The storage may take its time for each: the lease is renewed between them.
                self.objects.delete(&key).await?;
                let mut tx = self.step(claim).await?;
                erasure::forget_object(&mut tx, claim.user_id, &key).await?;
                tx.save().await?;
            }
        }
    }

    /// The user's sockets leave the room, and the others look at it anew: it may have another owner.
    async fn tell_left(&self, user_id: UserId, room_id: RoomId) {
        let topic = Topic::room(room_id);
        self.tell(&topic, &Notice::MemberRemoved { room_id, user_id }).await;
        self.tell(&topic, &Notice::RoomChanged { room_id }).await;
    }

    /// What is told over the bus is also in the database, so a failure costs time and nothing else.
    async fn tell(&self, topic: &Topic, what: &impl Serialize) -> bool {
        let Ok(bytes) = serde_json::to_vec(what) else { return false };
        let told = self.bus.publish(topic, bytes).await;
        if let Err(error) = &told {
            tracing::warn!(topic = topic.as_str(), %error, "not told: it will be found by looking");
        }
        told.is_ok()
    }
}
