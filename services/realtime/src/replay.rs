//! A socket and the generations that it follows: each by one task that pulls from the journal at the socket's own pace,
//! so that every position comes once and in order, whatever brought it there.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use aether_bus::{After, Following};
use aether_common::{
    event::{Event, Position},
    id::{GenerationId, RoomId, UserId},
    model::scope::Scope,
    problem::Problem,
};
use futures::StreamExt;
use tokio::task::JoinHandle;

use crate::{
    connection::{Connection, lock},
    outbox::{Behind, Payload},
    state::State,
};

/// How many generations one socket may follow at once.
const MAX_FOLLOWED: usize = 200;
/// Of how many ended ones it is remembered that the socket has their end.
const MAX_REMEMBERED: usize = 512;

/// What one socket follows, and which ends it has.
#[derive(Default)]
pub struct Watches {
    all: HashMap<GenerationId, Watch>,
    ended: VecDeque<GenerationId>,
}

struct Watch {
    starter: UserId,
    room_id: Option<RoomId>,
    announced: bool,
    // The socket asked for it, wherever it is.
    asked: bool,
    // The newest event that is on its way to the socket, or there.
    told: Option<Position>,
    phase: Phase,
}

enum Phase {
    /// Known, not followed.
    Idle,
    /// A follower is being made.
    Opening,
    Following(JoinHandle<()>),
    Ended,
}

/// What is left to do to follow a generation.
pub enum Plan {
    /// The socket follows it already, or has its end.
    Already,
    /// The caller opens the follower there, and says [`opened`](Connection::opened) or
    /// [`not_opened`](Connection::not_opened).
    Open(After),
}

impl Connection {
    /// A generation began that this socket is told of unasked.
    pub fn started(
        self: &Arc<Self>,
        state: &State,
        id: GenerationId,
        starter: UserId,
        room_id: Option<RoomId>,
        event: Option<&(&'static str, Payload)>,
    ) {
        if !self.hears_generations() {
            return;
        }
        let mut watches = lock(&self.watches);
        let watch = watches.get(id, starter, room_id);
        if !watch.announced {
            watch.announced = true;
            if let Some((name, payload)) = event {
                self.outbox.say(name, payload.clone(), Behind::Generation(id));
            }
        }
        self.follow_unasked(state, id, watches);
    }

    /// Follows a generation that this socket has just started, also when the notice of it was lost.
    pub fn follow_started(self: &Arc<Self>, state: &State, id: GenerationId, room_id: Option<RoomId>) {
        if !self.hears_generations() {
            return;
        }
        let mut watches = lock(&self.watches);
        watches.get(id, self.user_id, room_id);
        self.follow_unasked(state, id, watches);
    }

    fn follow_unasked(
        self: &Arc<Self>,
        state: &State,
        id: GenerationId,
        mut watches: std::sync::MutexGuard<'_, Watches>,
    ) {
        if watches.is_full() {
            self.outbox.fall_behind(Behind::Generation(id));
            return;
        }
        let Some(watch) = watches.all.get_mut(&id) else { return };
        if !matches!(watch.phase, Phase::Idle) {
            return;
        }
        let (connection, state2) = (self.clone(), state.clone());
        watch.phase = Phase::Following(state.spawn(async move {
            let opening = state2.follow(id, After::Beginning);
            let opened = tokio::select! {
                () = connection.closed.cancelled() => return,
                opened = opening => opened,
            };
            match opened {
                Ok(following) => connection.pump(id, following).await,
                Err(problem) => {
                    tracing::warn!(generation.id = %id, cause = problem.cause, "cannot follow a generation now");
                    connection.not_opened(id);
                    connection.outbox.fall_behind(Behind::Generation(id));
                }
            }
        }));
    }

    /// Prepares to follow because the socket asked. When it names no position, what it follows goes on; when it does, what
    /// comes after that position comes next. What was told already, or is on its way while the socket asks, is not told
    /// again.
    pub async fn plan(
        &self,
        id: GenerationId,
        starter: UserId,
        room_id: Option<RoomId>,
        after: After,
    ) -> Result<Plan, Problem> {
        let old = {
            let mut watches = lock(&self.watches);
            if watches.is_full() && !watches.all.contains_key(&id) {
                return Err(Problem::too_many(
                    "This socket follows so many generations that no more are taken.",
                    std::time::Duration::from_secs(10),
                ));
            }
            let watch = watches.get(id, starter, room_id);
            watch.asked = true;
            match (&watch.phase, &after) {
                (Phase::Following(_) | Phase::Ended, After::Beginning) => return Ok(Plan::Already),
                _ => std::mem::replace(&mut watch.phase, Phase::Opening),
            }
        };
        if let Phase::Following(task) = old {
            task.abort();
            // Once it has ended it puts nothing more into the outbox.
            let _ = task.await;
        }
        Ok(Plan::Open(match (after, lock(&self.watches).told(id)) {
            (After::Position(named), Some(told)) => After::Position(named.max(told)),
            (after, _) => after,
        }))
    }

    /// What `plan` asked for is there, and the socket has its answer: events may come.
    pub fn opened(self: &Arc<Self>, state: &State, id: GenerationId, following: Following) {
        let mut watches = lock(&self.watches);
        // Gone when the user was put out of the room meanwhile.
        let Some(watch) = watches.all.get_mut(&id) else { return };
        if following.over {
            watches.end(id);
            return;
        }
        let connection = self.clone();
        watch.phase = Phase::Following(state.spawn(async move { connection.pump(id, following).await }));
    }

    /// What `plan` asked for cannot be had.
    pub fn not_opened(&self, id: GenerationId) {
        if let Some(watch) = lock(&self.watches).all.get_mut(&id) {
            watch.phase = Phase::Idle;
        }
    }

    /// A generation has ended: its last event, unless the socket follows it or has it.
    pub fn told_end(&self, event: &Event) {
        let id = event.generation_id;
        let mut watches = lock(&self.watches);
        if matches!(watches.get(id, self.user_id, None).phase, Phase::Idle) {
            watches.end(id);
            watches.tell(id, event.position);
            self.outbox.ended(event.clone());
        }
    }

    /// Whether the end of this generation must be brought to the socket.
    pub fn misses_end(&self, id: GenerationId) -> bool {
        self.hears_generations() && self.does_not_follow(id)
    }

    /// Whether the socket may be told of generations unasked.
    fn hears_generations(&self) -> bool {
        self.access.allows(Scope::GenerationsRead)
    }

    fn does_not_follow(&self, id: GenerationId) -> bool {
        lock(&self.watches).all.get(&id).is_none_or(|watch| matches!(watch.phase, Phase::Idle))
    }

    /// The user may not read a room's generations any more, except their own.
    pub fn forget_room(&self, room: RoomId) {
        lock(&self.watches).drop_room(room, |watch| watch.starter == self.user_id);
    }

    /// The socket left a room: it follows the room's generations no more, except its user's own and those it asked for.
    pub fn unfollow_room(&self, room: RoomId) {
        lock(&self.watches).drop_room(room, |watch| watch.starter == self.user_id || watch.asked);
    }

    async fn pump(&self, id: GenerationId, mut following: Following) {
        loop {
            let event = tokio::select! {
                biased;
                () = self.closed.cancelled() => return,
                event = following.events.next() => event,
            };
            // Without a last event the bus was shut down: the process is stopping.
            let Some(event) = event else { return self.not_opened(id) };
            let (position, last) = (event.position, event.is_last());
            if self.outbox.happened(event).await.is_err() {
                return;
            }
            let mut watches = lock(&self.watches);
            watches.tell(id, position);
            if last {
                watches.end(id);
                return;
            }
        }
    }
}

impl Watches {
    fn get(&mut self, id: GenerationId, starter: UserId, room_id: Option<RoomId>) -> &mut Watch {
        self.all.entry(id).or_insert(Watch {
            starter,
            room_id,
            announced: false,
            asked: false,
            told: None,
            phase: Phase::Idle,
        })
    }

    fn drop_room(&mut self, room: RoomId, stays: impl Fn(&Watch) -> bool) {
        self.all.retain(|_, watch| {
            let stays = watch.room_id != Some(room) || stays(watch);
            if !stays && let Phase::Following(task) = &watch.phase {
                task.abort();
            }
            stays
        });
    }

    fn told(&self, id: GenerationId) -> Option<Position> {
        self.all.get(&id)?.told
    }

    fn tell(&mut self, id: GenerationId, position: Position) {
        if let Some(watch) = self.all.get_mut(&id) {
            watch.told = Some(position);
        }
    }

    fn is_full(&self) -> bool {
        self.all.len() >= MAX_FOLLOWED + self.ended.len()
    }

    fn end(&mut self, id: GenerationId) {
        let Some(watch) = self.all.get_mut(&id) else { return };
        watch.phase = Phase::Ended;
        if !self.ended.contains(&id) {
            self.ended.push_back(id);
        }
        if self.ended.len() > MAX_REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
            && self.all.get(&oldest).is_some_and(|watch| matches!(watch.phase, Phase::Ended))
        {
            self.all.remove(&oldest);
        }
    }
}
