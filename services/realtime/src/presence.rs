//! Who is in one room, as this process knows it: the users of its own sockets, and what other processes say about theirs.
//! No I/O. A user is here once, whatever the number of sockets; one whose last socket is gone stays for a short grace.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use aether_common::{
    id::{GenerationId, RowId, UserId},
    notice::Present,
};
use serde::Deserialize;
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
    told: BTreeMap<UserId, Present>,
    learns_until: Instant,
    repeat_at: Instant,
    changed: bool,
    told_at: Option<Instant>,
    announce: bool,
    touched: bool,
}

struct Here {
    name: String,
    /// With whether somebody is in front of each.
    sockets: HashMap<Sid, Attention>,
    /// What the user looks at, and by which socket: the newest word counts.
    watching: Option<(Sid, GenerationId)>,
    leaves_at: Option<Instant>,
}

/// Whether somebody is in front of a socket, as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Yes; so it is until it says otherwise.
    #[default]
    Online,
    /// Its page is hidden, or nobody has touched it for a while.
    Away,
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
            Here { name: name.to_owned(), sockets: HashMap::new(), watching: None, leaves_at: None }
        });
        let before = here.is_away();
        here.sockets.insert(sid, Attention::Online);
        self.announce |= before;
        here.leaves_at = None;
    }

    /// A socket of this process says whether somebody is in front of it, and at which generation they look. One that is
    /// not in the room says nothing.
    pub fn attend(&mut self, sid: Sid, user: UserId, attention: Attention, watching: Option<GenerationId>) {
        let Some(here) = self.here.get_mut(&user) else { return };
        let before = (here.is_away(), here.watching);
        let Some(known) = here.sockets.get_mut(&sid) else { return };
        *known = attention;
        match watching {
            Some(id) if attention == Attention::Online => here.watching = Some((sid, id)),
            _ => here.look_away(sid),
        }
        if before != (here.is_away(), here.watching) {
            self.touched = true;
            self.announce = true;
        }
    }

    /// A socket of this process is gone; `at_once` when its user said goodbye.
    pub fn leave(&mut self, sid: Sid, user: UserId, at_once: bool, now: Instant) {
        let Some(here) = self.here.get_mut(&user) else { return };
        self.touched = true;
        let before = (here.is_away(), here.watching);
        here.sockets.remove(&sid);
        here.look_away(sid);
        self.announce |= !here.sockets.is_empty() && before != (here.is_away(), here.watching);
        if here.sockets.is_empty() {
            here.leaves_at = Some(if at_once { now } else { now + GRACE });
        }
    }

    /// Another process says who its people are.
    pub fn hear(&mut self, node: RowId, people: Vec<Present>, now: Instant) {
        self.touched = true;
        if now < self.learns_until {
            for one in &people {
                self.changed |= self.told.insert(one.user_id, one.clone()).as_ref() != Some(one);
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
        self.union().into_values().collect()
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
        for (user_id, one) in &union {
            match self.told.get(user_id) {
                None => due.changes.push(Change::Joined(one.clone())),
                Some(told) => self.changed |= told != one,
            }
        }
        for (user_id, one) in &self.told {
            if !union.contains_key(user_id) {
                due.changes.push(Change::Left(one.clone()));
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
            due.announce = Some(self.here.iter().map(|(user_id, here)| here.present(*user_id)).collect());
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

    /// Everybody once. Who is here and there is away when they are away in both places.
    fn union(&self) -> BTreeMap<UserId, Present> {
        let here = self.here.iter().map(|(user_id, here)| here.present(*user_id));
        let mut union: BTreeMap<UserId, Present> = here.map(|one| (one.user_id, one)).collect();
        for one in self.peers.values().flat_map(|peer| &peer.people) {
            union
                .entry(one.user_id)
                .and_modify(|known| {
                    known.away &= one.away;
                    known.watching = known.watching.or(one.watching);
                })
                .or_insert_with(|| one.clone());
        }
        union
    }
}

impl Here {
    /// Nobody is in front of any socket. Who has none for a moment is not away: it is their reload.
    fn is_away(&self) -> bool {
        !self.sockets.is_empty() && self.sockets.values().all(|attention| *attention == Attention::Away)
    }

    fn look_away(&mut self, sid: Sid) {
        self.watching = self.watching.filter(|(by, _)| *by != sid);
    }

    fn present(&self, user_id: UserId) -> Present {
        Present {
            user_id,
            name: self.name.clone(),
            away: self.is_away(),
            watching: self.watching.map(|(_, id)| id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BEN: UserId = UserId(Uuid::from_u128(2));
    const NODE: RowId = RowId(Uuid::from_u128(9));

    fn ana() -> Present {
        Present { user_id: ANA, name: "Ana".into(), away: false, watching: None }
    }

    fn ben() -> Present {
        Present { user_id: BEN, name: "Ben".into(), away: false, watching: None }
    }

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn two_tabs_are_one_user() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let tabs = [Sid::new(), Sid::new()];
        for tab in tabs {
            presence.enter(tab, ANA, "Ana");
        }
        let due = presence.settle(start);
        assert_eq!(due.changes, [Change::Joined(ana())]);
        assert_eq!((due.presence, due.announce), (Some(vec![ana()]), Some(vec![ana()])));
        presence.leave(tabs[0], ANA, true, start);
        assert_eq!(presence.settle(start), Due::default());
        presence.leave(tabs[1], ANA, true, start);
        let due = presence.settle(start);
        assert_eq!((due.changes, due.announce), (vec![Change::Left(ana())], Some(vec![])));
        assert!(presence.is_empty());
    }

    #[test]
    fn a_reload_is_not_a_departure_and_a_lost_socket_is_one_after_the_grace() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let (before, after) = (Sid::new(), Sid::new());
        presence.enter(before, ANA, "Ana");
        presence.settle(start);
        presence.leave(before, ANA, false, start);
        presence.enter(after, ANA, "Ana");
        assert_eq!(presence.settle(start + GRACE).changes, []);
        let left = start + GRACE;
        presence.leave(after, ANA, false, left);
        assert_eq!(presence.settle(left + GRACE - ms(1)).changes, []);
        assert_eq!(presence.due_at(), left + GRACE.min(REPEAT));
        assert_eq!(presence.settle(left + GRACE).changes, [Change::Left(ana())]);
    }

    #[test]
    fn a_user_of_two_processes_leaves_with_the_last() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let tab = Sid::new();
        presence.enter(tab, ANA, "Ana");
        presence.settle(start);
        let later = start + LEARNING;
        presence.hear(NODE, vec![ana(), ben()], later);
        assert_eq!(presence.settle(later).changes, [Change::Joined(ben())]);
        presence.leave(tab, ANA, true, later);
        assert_eq!(presence.settle(later).changes, [], "the other process still has her");
        presence.hear(NODE, vec![ben()], later);
        assert_eq!(presence.settle(later).changes, [Change::Left(ana())]);
    }

    #[test]
    fn who_was_there_before_did_not_join_but_is_shown() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        presence.enter(Sid::new(), ANA, "Ana");
        presence.settle(start);
        presence.hear(NODE, vec![ben()], start + ms(3));
        let due = presence.settle(start + TELL_GAP);
        assert_eq!((due.changes, due.presence), (vec![], Some(vec![ana(), ben()])));
    }

    #[test]
    fn the_people_of_a_crashed_process_leave_within_30_s() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        presence.enter(Sid::new(), ANA, "Ana");
        presence.hear(NODE, vec![ben()], start);
        presence.settle(start);
        assert_eq!(presence.settle(start + SILENCE - ms(1)).changes, []);
        assert_eq!(presence.settle(start + SILENCE).changes, [Change::Left(ben())]);
        assert!(REPEAT * 2 < SILENCE && SILENCE < Duration::from_secs(30));
    }

    #[test]
    fn a_storm_is_told_twice_a_second_at_most() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let mut told = 0;
        for step in 0..1000 {
            let now = start + ms(step);
            let tab = Sid::new();
            presence.enter(tab, BEN, "Ben");
            told += usize::from(presence.settle(now).presence.is_some());
            presence.leave(tab, BEN, true, now);
            told += usize::from(presence.settle(now).presence.is_some());
        }
        assert_eq!(told, 2);
    }

    #[test]
    fn who_is_away_with_every_tab_is_away_and_what_they_look_at_is_told() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let tabs = [Sid::new(), Sid::new()];
        for tab in tabs {
            presence.enter(tab, ANA, "Ana");
        }
        presence.settle(start);
        let app = GenerationId(Uuid::from_u128(7));
        presence.attend(tabs[0], ANA, Attention::Online, Some(app));
        let later = start + TELL_GAP;
        let looks = Present { watching: Some(app), ..ana() };
        let due = presence.settle(later);
        assert_eq!((due.changes, due.presence), (vec![], Some(vec![looks.clone()])));
        assert_eq!(due.announce, Some(vec![looks.clone()]));
        presence.attend(tabs[1], ANA, Attention::Away, None);
        assert_eq!(presence.settle(later + TELL_GAP), Due::default(), "the other tab is in front of her");
        presence.attend(tabs[0], ANA, Attention::Away, Some(app));
        let away = Present { away: true, ..ana() };
        assert_eq!(presence.settle(later + TELL_GAP).presence, Some(vec![away]));
        // On another process she is there.
        presence.hear(NODE, vec![looks.clone()], later + TELL_GAP);
        assert_eq!(presence.settle(later + 2 * TELL_GAP).presence, Some(vec![looks]));
        presence.attend(Sid::new(), BEN, Attention::Away, None);
        assert_eq!(
            presence.settle(later + 2 * TELL_GAP),
            Due::default(),
            "who is not in the room says nothing"
        );
    }

    #[test]
    fn a_tab_that_closes_leaves_the_attention_of_the_others() {
        let start = Instant::now();
        let mut presence = Presence::new(start);
        let tabs = [Sid::new(), Sid::new()];
        for tab in tabs {
            presence.enter(tab, ANA, "Ana");
        }
        presence.attend(tabs[1], ANA, Attention::Away, None);
        presence.settle(start);
        presence.leave(tabs[0], ANA, true, start);
        let later = start + TELL_GAP;
        let away = Present { away: true, ..ana() };
        let due = presence.settle(later);
        assert_eq!(
            (due.changes, due.presence, due.announce),
            (vec![], Some(vec![away.clone()]), Some(vec![away]))
        );
        presence.enter(Sid::new(), ANA, "Ana");
        assert_eq!(presence.settle(later + TELL_GAP).presence, Some(vec![ana()]));
    }
}
