//! A circuit breaker: who failed again and again is left alone for a while, then tried with one call. It has no clock:
//! every time is passed in. A ban (`Retry-After`) is kept beside it, since being busy is not being broken.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Failures in a row that open it.
pub const THRESHOLD: u32 = 5;
/// How long it stays open the first time; each failed trial doubles it.
pub const FIRST_REST: Duration = Duration::from_secs(5);
/// How long it stays open at most.
pub const LONGEST_REST: Duration = Duration::from_mins(1);
/// A longer ban is cut to this: a wrong `Retry-After` must not switch a provider off for a day.
pub const LONGEST_BAN: Duration = Duration::from_mins(10);

/// The breaker of one model of one provider.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// How long it rested the last time; zero when all is well.
    rest: Duration,
    open_until: Option<Instant>,
    banned_until: Option<Instant>,
    /// The trial call is under way.
    trial: bool,
    /// Counts the openings: what a call from before says is old news.
    epoch: u64,
}

/// Leave for one call; give it back with [`Breaker::leave`].
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    epoch: u64,
    trial: bool,
}

/// How a call ended, as far as the breaker is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Good,
    /// A failure that says the provider is not well.
    Bad,
    /// Cancelled, busy with a time told, or a request that it does not take: says nothing of its health.
    Neutral,
}

/// When a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Now.
    Now,
    /// At this time.
    At(Instant),
    /// When the trial call that is under way has shown something.
    Trying,
}

/// The state as a metric tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Calls go through: 0.
    Closed,
    /// One call goes through: 1.
    HalfOpen,
    /// No call goes through: 2.
    Open,
}

impl Breaker {
    /// When a call may be made.
    pub fn readiness(&self, now: Instant) -> Readiness {
        self.0.lock().readiness(now)
    }

    /// Leave for a call. `None`: not now.
    pub fn enter(&self, now: Instant) -> Option<Pass> {
        let mut state = self.0.lock();
        if state.readiness(now) != Readiness::Now {
            return None;
        }
        let trial = state.open_until.is_some();
        state.trial |= trial;
        Some(Pass { epoch: state.epoch, trial })
    }

    /// Whether a leave that was given may still be used: a call may have waited for its place since then. `Err`: how long
    /// to leave the provider alone.
    pub fn confirm(&self, pass: Pass, now: Instant) -> Result<(), Duration> {
        let state = self.0.lock();
        let rest = |until: Instant| until.saturating_duration_since(now);
        match (state.open_until, state.banned_until) {
            (Some(until), _) if pass.epoch != state.epoch => Err(rest(until)),
            (_, Some(until)) if until > now => Err(rest(until)),
            _ => Ok(()),
        }
    }

    /// The end of a call.
    pub fn leave(&self, pass: Pass, outcome: Outcome, now: Instant) {
        let mut state = self.0.lock();
        if pass.epoch != state.epoch {
            return;
        }
        let tried = pass.trial && state.open_until.is_some();
        if tried {
            state.trial = false;
        } else if state.open_until.is_some() {
            return;
        }
        match outcome {
            Outcome::Good => {
                state.failures = 0;
                state.rest = Duration::ZERO;
                state.open_until = None;
            }
            Outcome::Bad => {
                state.failures = state.failures.saturating_add(1);
                if tried || state.failures >= THRESHOLD {
                    let rest = (state.rest * 2).clamp(FIRST_REST, LONGEST_REST);
                    state.rest = rest;
                    state.open_until = Some(now + rest);
                    state.trial = false;
                    state.epoch += 1;
                }
            }
            Outcome::Neutral => {}
        }
    }

    /// The trial call gives text: others may call too, since an answer may take minutes. One failure more opens it again.
    pub fn alive(&self) {
        let mut state = self.0.lock();
        if state.trial {
            state.trial = false;
            state.open_until = None;
            state.failures = THRESHOLD - 1;
        }
    }

    /// No call for so long, [`LONGEST_BAN`] at most.
    pub fn ban(&self, time: Duration, now: Instant) {
        let until = now + time.min(LONGEST_BAN);
        let mut state = self.0.lock();
        state.banned_until = state.banned_until.max(Some(until));
    }

    /// The state now.
    pub fn phase(&self) -> Phase {
        let state = self.0.lock();
        match state.open_until {
            None => Phase::Closed,
            Some(_) if state.trial => Phase::HalfOpen,
            Some(_) => Phase::Open,
        }
    }

    /// Whether it remembers nothing, so that a new one would do as well.
    pub fn is_fresh(&self, now: Instant) -> bool {
        let state = self.0.lock();
        state.failures == 0
            && state.open_until.is_none()
            && state.banned_until.is_none_or(|until| until <= now)
    }
}

impl State {
    fn readiness(&self, now: Instant) -> Readiness {
        let until = self.open_until.max(self.banned_until).filter(|until| *until > now);
        match until {
            Some(until) => Readiness::At(until),
            None if self.trial => Readiness::Trying,
            None => Readiness::Now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn call(breaker: &Breaker, outcome: Outcome, now: Instant) {
        let pass = breaker.enter(now).unwrap();
        breaker.leave(pass, outcome, now);
    }

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..THRESHOLD {
            call(&breaker, Outcome::Bad, now);
        }
        assert_eq!(breaker.phase(), Phase::Open);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_nothing_less() {
        let now = Instant::now();
        let breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 0..THRESHOLD - 1 {
                call(&breaker, Outcome::Bad, now);
            }
            call(&breaker, Outcome::Neutral, now);
            call(&breaker, Outcome::Good, now);
        }
        assert_eq!(breaker.phase(), Phase::Closed);
        let breaker = opened(now);
        assert_eq!(breaker.readiness(now), Readiness::At(now + FIRST_REST));
        assert!(breaker.enter(now + FIRST_REST - Duration::from_millis(1)).is_none());
    }

    #[test]
    fn half_open_lets_one_call_through_and_its_end_decides() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_REST;
        let trial = breaker.enter(later).unwrap();
        assert_eq!(breaker.phase(), Phase::HalfOpen);
        assert!(breaker.enter(later).is_none());
        assert_eq!(breaker.readiness(later), Readiness::Trying);
        breaker.leave(trial, Outcome::Good, later);
        assert_eq!(breaker.phase(), Phase::Closed);
        assert!(breaker.is_fresh(later));
    }

    #[test]
    fn a_failed_trial_doubles_the_rest_up_to_a_minute() {
        let mut now = Instant::now();
        let breaker = opened(now);
        for rest in [10, 20, 40, 60, 60] {
            let Readiness::At(ready) = breaker.readiness(now) else { panic!("it is open") };
            now = ready;
            call(&breaker, Outcome::Bad, now);
            assert_eq!(breaker.readiness(now), Readiness::At(now + SECOND * rest));
        }
    }

    #[test]
    fn a_cancelled_trial_leaves_room_for_the_next() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_REST;
        call(&breaker, Outcome::Neutral, later);
        assert_eq!(breaker.phase(), Phase::Open);
        assert!(breaker.enter(later).is_some());
    }

    #[test]
    fn a_trial_that_gives_text_lets_others_in_on_probation() {
        let now = Instant::now();
        let breaker = opened(now);
        let later = now + FIRST_REST;
        let trial = breaker.enter(later).unwrap();
        breaker.alive();
        assert_eq!(breaker.phase(), Phase::Closed);
        assert!(breaker.enter(later).is_some());
        breaker.leave(trial, Outcome::Bad, later);
        assert_eq!(breaker.readiness(later), Readiness::At(later + FIRST_REST * 2), "it broke off after all");
    }

    #[test]
    fn calls_from_before_the_opening_change_nothing() {
        let now = Instant::now();
        let breaker = Breaker::default();
        let (old, older) = (breaker.enter(now).unwrap(), breaker.enter(now).unwrap());
        for _ in 0..THRESHOLD {
            call(&breaker, Outcome::Bad, now);
        }
        breaker.leave(old, Outcome::Bad, now + SECOND);
        breaker.leave(older, Outcome::Good, now + SECOND);
        assert_eq!(breaker.readiness(now), Readiness::At(now + FIRST_REST));
    }

    #[test]
    fn a_call_that_waited_for_its_place_looks_again() {
        let now = Instant::now();
        let breaker = Breaker::default();
        let waiting = breaker.enter(now).unwrap();
        assert_eq!(breaker.confirm(waiting, now), Ok(()));
        for _ in 0..THRESHOLD {
            call(&breaker, Outcome::Bad, now);
        }
        assert_eq!(breaker.confirm(waiting, now), Err(FIRST_REST));
        let trial = breaker.enter(now + FIRST_REST).unwrap();
        assert_eq!(breaker.confirm(trial, now + FIRST_REST), Ok(()));
        breaker.leave(trial, Outcome::Good, now + FIRST_REST);
        assert_eq!(breaker.confirm(waiting, now + FIRST_REST), Ok(()), "all is well again");
        breaker.ban(SECOND, now);
        assert_eq!(breaker.confirm(waiting, now), Err(SECOND));
    }

    #[test]
    fn a_ban_holds_for_all_and_has_an_end() {
        let now = Instant::now();
        let breaker = Breaker::default();
        breaker.ban(SECOND * 3, now);
        breaker.ban(SECOND, now);
        assert!(breaker.enter(now + SECOND * 2).is_none());
        assert_eq!(breaker.phase(), Phase::Closed);
        assert!(breaker.enter(now + SECOND * 3).is_some());
        breaker.ban(Duration::MAX, now);
        assert_eq!(breaker.readiness(now), Readiness::At(now + LONGEST_BAN));
    }
}
