//! What is to be done with the kept keys at a moment. Pure: the kept keys and the time go in, a plan comes out.

use aether_common::jwt::ACCESS_LIFETIME;
use aether_store::signing_keys::{KeyState, StoredKey};
use aether_web::jwks::{CACHED_FOR, MAX_AGE};
use chrono::{DateTime, TimeDelta, Utc};

/// How long a key is published before it signs. By then whoever verifies has read it.
pub const PUBLISHED_AHEAD: TimeDelta = TimeDelta::minutes(10);
/// How long a key that signs no more verifies: until its last token has ended, on any machine's clock, also when a process
/// that had lost the database signed with it some minutes longer.
pub const RETIRED_FOR: TimeDelta = TimeDelta::minutes(ACCESS_LIFETIME.num_minutes() + 5);

/// A verifier may read an answer that a cache on the way has held, and hold it itself; clocks differ and news travel.
const _: () = assert!(
    PUBLISHED_AHEAD.num_seconds() >= MAX_AGE.num_seconds() + CACHED_FOR.num_seconds() + 120,
    "a key would sign before everybody knows it"
);

/// Why the keys are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To keep them in order: a new one signs when the current one is as old as this, where that is set.
    Upkeep(Option<TimeDelta>),
    /// An operator wants another key to sign: as soon as everybody knows it, or at once.
    Rotate {
        /// Whether not to wait.
        at_once: bool,
    },
    /// An operator says that somebody else may have this key.
    Revoke(String),
}

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// These keys' time is over.
    pub end: Vec<String>,
    /// This one is taken out of use before its time.
    pub revoke: Option<String>,
    /// Another key signs from now on.
    pub sign: Option<Successor>,
    /// A new key is published, to be the next.
    pub publish: bool,
    /// The next key signs from then on.
    pub schedule: Option<DateTime<Utc>>,
}

/// Which key signs from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// The one that was published to be the next.
    Next,
    /// A new one, which nobody knows yet.
    New,
}

impl Plan {
    /// The plan for these keys.
    pub fn new(keys: &[StoredKey], wish: &Wish, now: DateTime<Utc>) -> Self {
        let revoke = match wish {
            Wish::Revoke(id) => keys.iter().find(|key| key.id == *id).map(|key| key.id.clone()),
            _ => None,
        };
        let left = || keys.iter().filter(|key| Some(&key.id) != revoke.as_ref());
        let of = |state| left().find(|key| key.state == state);
        let (current, next) = (of(KeyState::Current), of(KeyState::Next));
        let known_at = next.map_or(now, |next| next.created_at) + PUBLISHED_AHEAD;
        let wanted = match (wish, current) {
            (_, None) | (Wish::Rotate { at_once: true }, _) => true,
            (Wish::Rotate { at_once: false }, _) => known_at <= now,
            (Wish::Upkeep(rotation), Some(current)) => {
                let began = current.activated_at.unwrap_or(current.created_at);
                let old = rotation.is_some_and(|age| began + age <= now);
                let asked = next.and_then(|next| next.sign_from).is_some_and(|from| from <= now);
                known_at <= now && (old || asked)
            }
            (Wish::Revoke(_), _) => false,
        };
        let over = |key: &&StoredKey| key.retired_at.is_some_and(|since| since + RETIRED_FOR <= now);
        Self {
            end: left().filter(over).map(|key| key.id.clone()).collect(),
            sign: wanted.then_some(if next.is_some() { Successor::Next } else { Successor::New }),
            publish: wanted || next.is_none(),
            schedule: (*wish == Wish::Rotate { at_once: false } && !wanted).then_some(known_at),
            revoke,
        }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many new keys it takes.
    pub fn new_keys(&self) -> usize {
        usize::from(self.sign == Some(Successor::New)) + usize::from(self.publish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: TimeDelta = TimeDelta::days(30);

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
    }

    fn key(id: &str, state: KeyState, since: DateTime<Utc>) -> StoredKey {
        StoredKey {
            id: id.into(),
            state,
            sealed: Vec::new(),
            created_at: since,
            activated_at: (state != KeyState::Next).then_some(since),
            sign_from: None,
            retired_at: (state == KeyState::Retired).then_some(since),
        }
    }

    fn kept(next: i64) -> Vec<StoredKey> {
        vec![key("next", KeyState::Next, at(next)), key("current", KeyState::Current, at(0))]
    }

    fn rotated() -> Plan {
        Plan { sign: Some(Successor::Next), publish: true, ..Plan::default() }
    }

    #[test]
    fn the_first_start_makes_a_key_that_signs_and_one_to_follow_it() {
        let plan = Plan::new(&[], &Wish::Upkeep(Some(DAYS)), at(0));
        assert_eq!(plan, Plan { sign: Some(Successor::New), publish: true, ..Plan::default() });
        assert_eq!(plan.new_keys(), 2);
    }

    #[test]
    fn a_key_that_is_old_enough_gives_way_to_one_that_everybody_knows() {
        let month = DAYS.num_minutes();
        for (next, now, days, due) in [
            (0, month - 1, Some(DAYS), false),
            (0, month, Some(DAYS), true),
            (0, 10 * month, None, false),
            // The next one is too new.
            (month, month + 9, Some(DAYS), false),
            (month, month + 10, Some(DAYS), true),
        ] {
            let plan = Plan::new(&kept(next), &Wish::Upkeep(days), at(now));
            assert_eq!(plan, if due { rotated() } else { Plan::default() }, "{next} {now} {days:?}");
        }
    }

    #[test]
    fn a_wish_to_rotate_waits_until_everybody_knows_the_next_key() {
        let wish = Wish::Rotate { at_once: false };
        let plan = Plan::new(&kept(0), &wish, at(9));
        assert_eq!(plan, Plan { schedule: Some(at(10)), ..Plan::default() });
        assert_eq!(Plan::new(&kept(0), &wish, at(10)), rotated());
        assert_eq!(Plan::new(&kept(0), &Wish::Rotate { at_once: true }, at(0)), rotated());

        let mut asked = kept(0);
        asked[0].sign_from = Some(at(10));
        assert!(Plan::new(&asked, &Wish::Upkeep(None), at(9)).is_empty());
        assert_eq!(Plan::new(&asked, &Wish::Upkeep(None), at(10)), rotated());
    }

    #[test]
    fn a_retired_key_verifies_until_its_last_token_has_ended() {
        let mut keys = kept(0);
        keys.push(key("old", KeyState::Retired, at(0)));
        assert!(Plan::new(&keys, &Wish::Upkeep(None), at(19)).is_empty());
        let plan = Plan::new(&keys, &Wish::Upkeep(None), at(20));
        assert_eq!(plan, Plan { end: vec!["old".into()], ..Plan::default() });
    }

    #[test]
    fn a_revoked_key_is_replaced_at_once() {
        let revoke = |keys: &[StoredKey], id: &str| Plan::new(keys, &Wish::Revoke(id.into()), at(1));
        let revoked = |id: &str| Plan { revoke: Some(id.into()), ..Plan::default() };
        assert_eq!(revoke(&kept(0), "current"), Plan { revoke: Some("current".into()), ..rotated() });
        assert_eq!(revoke(&kept(0), "next"), Plan { publish: true, ..revoked("next") });
        let mut keys = kept(0);
        keys.push(key("old", KeyState::Retired, at(0)));
        assert_eq!(revoke(&keys, "old"), revoked("old"));
        assert!(revoke(&keys, "unknown").is_empty());
        // Where the next one is missing too, a new one must do.
        let alone = [key("current", KeyState::Current, at(0))];
        assert_eq!(revoke(&alone, "current").sign, Some(Successor::New));
    }
}
