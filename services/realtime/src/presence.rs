//! Who is in one room, as this process knows it: the users of its own sockets, and what other processes say about theirs.
//! No I/O. A user is here once, whatever the number of sockets; one whose last socket is gone stays for a short grace.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use aether_common::{
    id::{RowId, UserId},
    notice::Present,
};
use socketioxide::socket::Sid;
use tokio::time::Instant;

/// A user whose last socket is gone is kept for so long: a reload is not a departure.
const GRACE: Duration = Duration::from_secs(5);
/// Processes repeat themselves so often; one that is silent for longer than the second time has crashed.
const REPEAT: Duration = Duration::from_secs(8);
const SILENCE: Duration = Duration::from_secs(20);
/// Who is heard of in the first moments was there before: nobody joined.
const LEARNING: Duration = Duration::from_secs(1);
/// The `presence` event comes at most so often.
const TELL_GAP: Duration = Duration::from_millis(500);

/// Who is in a room.
pub struct Presence {
    here: HashMap<UserId, Here>,
    peers: HashMap<RowId, Peer>,
    told: BTreeMap<UserId, String>,
    learns_until: Instant,
    repeat_at: Instant,
    changed: bool,
    told_at: Option<Instant>,
    announce: bool,
    touched: bool,
}

struct Here {
    name: String,
    sockets: HashSet<Sid>,
    leaves_at: Option<Instant>,
}

struct Peer {
    people: Vec<Present>,
    heard_at: Instant,
}

/// Somebody came or went.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Joined(Present),
    Left(Present),
}

/// What is to be done now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Whom to tell of.
    pub changes: Vec<Change>,
    /// Everybody, when the `presence` event is due.
    pub presence: Option<Vec<Present>>,
    /// This process's own people, when the others are to be told.
    pub announce: Option<Vec<Present>>,
}

impl Presence {
    pub fn new(now: Instant) -> Self {
        Self {
            here: HashMap::new(),
            peers: HashMap::new(),
            told: BTreeMap::new(),
            learns_until: now + LEARNING,
            repeat_at: now + REPEAT,
            changed: false,
            told_at: None,
            announce: false,
            touched: false,
        }
    }

    /// A socket of this process came into the room.
    pub fn enter(&mut self, sid: Sid, user: UserId, name: &str) {
        self.touched = true;
        let here = self.here.entry(user).or_insert_with(|| {
            self.announce = true;
            Here { name: name.to_owned(), sockets: HashSet::new(), leaves_at: None }
        });
        here.sockets.insert(sid);
        here.leaves_at = None;
    }

    /// A socket of this process is gone; `at_once` when its user said goodbye.
    pub fn leave(&mut self, sid: Sid, user: UserId, at_once: bool, now: Instant) {
        let Some(here) = self.here.get_mut(&user) else { return };
        self.touched = true;
        here.sockets.remove(&sid);
        if here.sockets.is_empty() {
            here.leaves_at = Some(if at_once { now } else { now + GRACE });
        }
    }

    /// Another process says who its people are.
    pub fn hear(&mut self, node: RowId, people: Vec<Present>, now: Instant) {
        self.touched = true;
        if now < self.learns_until {
            for one in &people {
                self.changed |= self.told.insert(one.user_id, one.name.clone()).is_none();
            }
        }
        self.peers.insert(node, Peer { people, heard_at: now });
    }

    /// The others asked who is here.
    pub fn asked(&mut self) {
        self.touched = true;
        self.announce = true;
    }

    /// Everybody.
    pub fn everybody(&self) -> Vec<Present> {
        self.union().into_iter().map(|(user_id, name)| Present { user_id, name }).collect()
    }

    /// Whether no user of this process is in the room, nor in its grace.
    pub fn is_empty(&self) -> bool {
        self.here.is_empty()
    }

    /// Takes the time: what is to be done now.
    pub fn settle(&mut self, now: Instant) -> Due {
        if !std::mem::take(&mut self.touched) && now < self.due_at() {
            return Due::default();
        }
        let before = self.here.len();
        self.here.retain(|_, here| here.leaves_at.is_none_or(|at| at > now));
        self.announce |= self.here.len() != before;
        self.peers.retain(|_, peer| now < peer.heard_at + SILENCE);
        let mut due = Due::default();
        let union = self.union();
        for (user_id, name) in &union {
            if !self.told.contains_key(user_id) {
                due.changes.push(Change::Joined(Present { user_id: *user_id, name: name.clone() }));
            }
        }
        for (user_id, name) in &self.told {
            if !union.contains_key(user_id) {
                due.changes.push(Change::Left(Present { user_id: *user_id, name: name.clone() }));
            }
        }
        self.changed |= !due.changes.is_empty();
        self.told = union;
        if self.changed && self.told_at.is_none_or(|at| now >= at + TELL_GAP) {
            self.changed = false;
            self.told_at = Some(now);
            due.presence = Some(self.everybody());
        }
        if self.announce || now >= self.repeat_at {
            self.announce = false;
            self.repeat_at = now + REPEAT;
            due.announce = Some(
                self.here
                    .iter()
                    .map(|(user_id, here)| Present { user_id: *user_id, name: here.name.clone() })
                    .collect(),
            );
        }
        due
    }

    /// When there is something to settle next.
    pub fn due_at(&self) -> Instant {
        let tell = if self.changed { self.told_at.map(|at| at + TELL_GAP) } else { None };
        self.here
            .values()
            .filter_map(|here| here.leaves_at)
            .chain(self.peers.values().map(|peer| peer.heard_at + SILENCE))
            .chain(tell)
            .fold(self.repeat_at, Instant::min)
    }

    fn union(&self) -> BTreeMap<UserId, String> {
        let peers = self.peers.values().flat_map(|peer| &peer.people);
        let mut union: BTreeMap<_, _> = peers.map(|one| (one.user_id, one.name.clone())).collect();
        union.extend(self.here.iter().map(|(user_id, here)| (*user_id, here.name.clone())));
        union
    }
}
