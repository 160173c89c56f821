//! One connected socket, as this service knows it: whose it is, what it is in, what it follows and what leaves it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering},
    },
};

use aether_common::{
    id::{MessageId, RoomId, UserId},
    jwt::{Authenticated, Verifier},
    model::scope::{Access, Scope},
    notice::Notice,
    problem::Problem,
};
use aether_web::auth::Caller;
use socketioxide::socket::Sid;
use tokio_util::sync::CancellationToken;

use crate::{
    fanout,
    outbox::{Behind, Outbox, Payload},
    replay::Watches,
    state::State,
};

/// How many notices are held back at most.
const MAX_HELD: usize = 1024;
/// For how many looks a condemned socket that still speaks is spared: two seconds.
const MAX_SPARED: u8 = 8;

/// A connected socket.
pub struct Connection {
    pub sid: Sid,
    pub user_id: UserId,
    /// What its token may do. A newer token may do the same.
    pub access: Access,
    pub outbox: Outbox,
    /// Cancelled when the socket is closed.
    pub closed: CancellationToken,
    pub watches: Mutex<Watches>,
    session: Mutex<Session>,
    dismissed: AtomicBool,
    doubted: AtomicBool,
    // Why it is to be closed: an event and its reason.
    condemned: Mutex<Option<(&'static str, &'static str)>>,
    // Whether it spoke since the last look at it, and how many looks it was spared for that.
    speaking: AtomicBool,
    spared: AtomicU8,
    // When its API key was last looked up, in seconds since 1970.
    looked_up_at: AtomicI64,
    // With the newest message that the socket was told when it joined.
    rooms: Mutex<HashMap<RoomId, Option<MessageId>>>,
    // While something is being answered: what must not arrive before the answer.
    held: Mutex<Option<Vec<Arc<Told>>>>,
}

/// What the socket's token says.
#[derive(Clone)]
pub struct Session {
    pub caller: Caller,
    pub token: String,
    /// In seconds since 1970.
    pub expires_at: i64,
}

/// A notice, and the event that clients get of it: written once for all sockets of this process.
pub struct Told {
    pub notice: Notice,
    pub event: Option<(&'static str, Payload)>,
}

impl Session {
    pub fn new(who: Authenticated, token: String) -> Self {
        let expires_at = who.claims.exp;
        Self { caller: who.into(), token, expires_at }
    }
}

impl Connection {
    pub fn new(sid: Sid, session: Session, outbox: Outbox) -> Self {
        Self {
            sid,
            user_id: session.caller.user_id,
            access: session.caller.access,
            looked_up_at: AtomicI64::new(session.caller.issued_at),
            outbox,
            closed: CancellationToken::new(),
            watches: Mutex::default(),
            session: Mutex::new(session),
            dismissed: AtomicBool::new(false),
            doubted: AtomicBool::new(false),
            condemned: Mutex::default(),
            speaking: AtomicBool::new(false),
            spared: AtomicU8::new(0),
            rooms: Mutex::default(),
            held: Mutex::default(),
        }
    }

    pub fn session(&self) -> Session {
        lock(&self.session).clone()
    }

    /// Whether the token is dead before its time.
    pub fn is_revoked(&self, verifier: &Verifier) -> bool {
        lock(&self.session).caller.is_revoked(verifier)
    }

    /// When the token ends, in seconds since 1970.
    pub fn expires_at(&self) -> i64 {
        lock(&self.session).expires_at
    }

    /// Takes a newer token of the same user.
    pub fn renew(&self, session: Session) {
        *lock(&self.session) = session;
    }

    /// Says why and disconnects, once. Call it again until the socket is closed: it may have no room for it now.
    pub fn dismiss(&self, event: &'static str, reason: &str) {
        if !self.dismissed.load(Ordering::Relaxed) && self.outbox.dismiss(event, reason) {
            self.dismissed.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was doubted before.
    pub fn doubt(&self) -> bool {
        self.doubted.swap(true, Ordering::Relaxed)
    }

    /// Whether the socket has an API key that was last looked up so many seconds ago; then it counts as looked up now.
    pub fn is_due(&self, now: i64, seconds: i64) -> bool {
        let due = matches!(self.access, Access::Key(_))
            && now - self.looked_up_at.load(Ordering::Relaxed) >= seconds;
        if due {
            self.looked_up_at.store(now, Ordering::Relaxed);
        }
        due
    }

    /// It is to be closed, with this event that says why. The first reason stays.
    pub fn condemn(&self, event: &'static str, reason: &'static str) {
        lock(&self.condemned).get_or_insert((event, reason));
        self.speaks();
    }

    /// Why it is to be closed, if it is.
    pub fn condemned(&self) -> Option<(&'static str, &'static str)> {
        *lock(&self.condemned)
    }

    /// It was heard after it was condemned.
    pub fn speaks(&self) {
        self.speaking.store(true, Ordering::Relaxed);
    }

    /// Whether a condemned socket can be told why and closed now. One that is spoken to in the middle of its own words loses
    /// the reason: socketioxide closes the transport when an event comes for a namespace that was left.
    pub fn is_quiet(&self) -> bool {
        let spoke = self.speaking.swap(false, Ordering::Relaxed);
        !spoke || self.spared.fetch_add(1, Ordering::Relaxed) >= MAX_SPARED
    }

    /// Fails with 403 `insufficient_scope` when the socket's API key does not have this scope.
    pub fn must_have(&self, scope: Scope) -> Result<(), Problem> {
        lock(&self.session).caller.must_have(scope)
    }

    pub fn enter(&self, room: RoomId) {
        lock(&self.rooms).insert(room, None);
    }

    /// The socket was told all messages of a room up to this one: their notices, late as they may come, tell nothing.
    pub fn told_up_to(&self, room: RoomId, message: Option<MessageId>) {
        if let Some(told) = lock(&self.rooms).get_mut(&room) {
            *told = message;
        }
    }

    /// `false` when it was not in the room.
    pub fn leave(&self, room: RoomId) -> bool {
        lock(&self.rooms).remove(&room).is_some()
    }

    pub fn is_in(&self, room: RoomId) -> bool {
        lock(&self.rooms).contains_key(&room)
    }

    pub fn rooms(&self) -> Vec<RoomId> {
        lock(&self.rooms).keys().copied().collect()
    }

    /// From now on notices wait, until [`release`](Self::release).
    pub fn hold(&self) {
        lock(&self.held).get_or_insert_default();
    }

    /// Takes the notices that waited, and lets later ones pass.
    pub fn release(self: &Arc<Self>, state: &State) {
        loop {
            let batch = {
                let mut held = lock(&self.held);
                match held.as_mut() {
                    Some(waiting) if !waiting.is_empty() => std::mem::take(waiting),
                    _ => {
                        *held = None;
                        return;
                    }
                }
            };
            for told in batch {
                self.pass(state, &told);
            }
        }
    }

    /// Takes a notice from the bus.
    pub fn take(self: &Arc<Self>, state: &State, told: &Arc<Told>) {
        if !self.holds(told) {
            self.pass(state, told);
        }
    }

    /// Whether notices wait now; then this one does too.
    pub fn holds(&self, told: &Arc<Told>) -> bool {
        let mut held = lock(&self.held);
        let Some(waiting) = held.as_mut() else { return false };
        if waiting.len() < MAX_HELD {
            waiting.push(told.clone());
        } else {
            self.outbox.fall_behind(Behind::Everything);
        }
        true
    }

    fn pass(self: &Arc<Self>, state: &State, told: &Told) {
        match &told.notice {
            Notice::GenerationStarted { generation_id, user_id, room_id, .. } => {
                self.started(state, *generation_id, *user_id, *room_id, told.event.as_ref());
            }
            Notice::GenerationEnded { generation_id } => {
                fanout::bring_end(state, *generation_id, vec![self.clone()]);
            }
            Notice::Typing { user_id, .. } => {
                if *user_id != self.user_id
                    && let Some((event, payload)) = &told.event
                {
                    self.outbox.mention(event, payload.clone());
                }
            }
            // Their own sockets too: another tab of theirs counts anew.
            Notice::MessageRead { .. } => {
                if let Some((event, payload)) = &told.event {
                    self.outbox.mention(event, payload.clone());
                }
            }
            Notice::Mentioned { message } if self.access.allows(Scope::RoomsRead) => {
                self.say(told, message.room_id);
            }
            Notice::MessageReceived { message, .. } => {
                let newest = lock(&self.rooms).get(&message.room_id).copied().flatten();
                if newest.is_none_or(|newest| newest < message.id) {
                    self.say(told, message.room_id);
                }
            }
            Notice::MessageEdited { room_id, .. } | Notice::MessageDeleted { room_id, .. } => {
                self.say(told, *room_id);
            }
            // The fan-out itself acts on the others.
            _ => {}
        }
    }

    fn say(&self, told: &Told, room: RoomId) {
        if let Some((event, payload)) = &told.event {
            self.outbox.say(event, payload.clone(), Behind::Room(room));
        }
    }
}

/// A lock that a panic elsewhere does not poison for everybody.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
