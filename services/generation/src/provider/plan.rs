//! Which provider is called next for one generation, and after how long: failover, backoff, `Retry-After`, breakers. Pure:
//! the time and the chance are passed in, and the waiting is the caller's.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    ProviderError,
    breaker::{Outcome, Pass, Readiness},
    pool::Route,
};

/// Calls in all for one plan.
pub const MAX_CALLS: u32 = 6;
/// A provider that asks for a longer wait has, for this generation, failed.
pub const MAX_WAIT: Duration = Duration::from_secs(20);
/// Before the second call to the same route; it doubles with each failure.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// How often it is looked whether another job's trial call is over.
const TRIAL_POLL: Duration = Duration::from_millis(250);

/// The calls of one generation. Dropping it ends a call whose end was not told as cancelled.
#[derive(Debug)]
pub struct Plan {
    legs: Vec<Leg>,
    calls: u32,
    failed: bool,
    current: Option<(usize, Pass)>,
    /// The route that answered last: a continuation goes there.
    liked: Option<usize>,
    waiting_since: Option<Instant>,
    passing: Option<ProviderError>,
    lasting: Option<ProviderError>,
}

/// What to do now.
#[derive(Debug)]
pub enum Step {
    /// Call this one, and tell how it ended.
    Call(Arc<Route>),
    /// Wait so long, then ask again.
    Wait(Duration),
    /// End with this.
    GiveUp(ProviderError),
}

#[derive(Debug)]
struct Leg {
    route: Arc<Route>,
    failures: u32,
    /// The time of the last failure, until the backoff is made from it.
    failed_at: Option<Instant>,
    /// The end of the backoff.
    rested_at: Option<Instant>,
    struck: bool,
}

impl Plan {
    /// A plan over these, in failover order.
    pub fn new(routes: Vec<Arc<Route>>) -> Self {
        let leg = |route| Leg { route, failures: 0, failed_at: None, rested_at: None, struck: false };
        Self {
            legs: routes.into_iter().map(leg).collect(),
            calls: 0,
            failed: false,
            current: None,
            liked: None,
            waiting_since: None,
            passing: None,
            lasting: None,
        }
    }

    /// The next step. `jitter` is 0 to 1. The route of a `Call` is entered: tell its end with [`failed`](Self::failed) or
    /// [`succeeded`](Self::succeeded), or ask again or drop the plan, which counts as cancelled.
    pub fn next(&mut self, now: Instant, jitter: f64) -> Step {
        self.end_current(Outcome::Neutral, "cancelled", now);
        if self.calls >= MAX_CALLS {
            return Step::GiveUp(self.verdict(None, now));
        }
        let jitter = if jitter.is_nan() { 0.5 } else { jitter.clamp(0.0, 1.0) };
        let mut first: Option<(Instant, bool, usize)> = None;
        for (index, leg) in self.legs.iter_mut().enumerate().filter(|(_, leg)| !leg.struck) {
            let rested = leg.rested(now, jitter);
            let ready = match leg.route.gate.breaker.readiness(now) {
                Readiness::Now => rested,
                Readiness::At(until) => rested.max(until),
                Readiness::Trying => rested.max(now + TRIAL_POLL),
            };
            let key = (ready, self.liked != Some(index), index);
            if first.is_none_or(|found| key < found) {
                first = Some(key);
            }
        }
        let Some((ready, _, index)) = first else {
            return Step::GiveUp(self.verdict(None, now));
        };
        if ready <= now
            && let Some(pass) = self.legs[index].route.gate.enter(now)
        {
            let route = Arc::new(self.legs[index].route.entered(pass));
            self.calls += 1;
            self.current = Some((index, pass));
            self.waiting_since = None;
            if self.failed {
                route.gate.count_retry();
            }
            return Step::Call(route);
        }
        // The trial of another job came in between, or a wait.
        let ready = ready.max(now + Duration::from_millis(1));
        let since = *self.waiting_since.get_or_insert(now);
        if ready - since > MAX_WAIT {
            return Step::GiveUp(self.verdict(Some(ready), now));
        }
        // All jobs wait for the same end of a ban or rest: they do not come in the same moment.
        let rested = self.legs[index].rested_at.is_none_or(|rested| rested < ready);
        let spread = if rested { FIRST_BACKOFF.mul_f64(jitter) } else { Duration::ZERO };
        Step::Wait(ready - now + spread)
    }

    /// The call to this route failed.
    pub fn failed(&mut self, route: &Arc<Route>, error: ProviderError, now: Instant) {
        let outcome = match &error {
            ProviderError::Busy { retry_after: Some(time) } if !time.is_zero() => {
                route.gate.breaker.ban(*time, now);
                Outcome::Neutral
            }
            ProviderError::Resting(_) => Outcome::Neutral,
            error if error.may_pass() => Outcome::Bad,
            _ => Outcome::Neutral,
        };
        self.end_current(outcome, error.word(), now);
        self.failed = true;
        self.liked = None;
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.is(route)) {
            leg.failures = leg.failures.saturating_add(1);
            leg.failed_at = Some(now);
            leg.rested_at = None;
            // Whoever asked has waited a whole deadline: another one may answer, the same one is not waited for again.
            leg.struck |= !error.may_pass() || matches!(error, ProviderError::Silent(_));
        }
        let kept = if error.may_pass() { &mut self.passing } else { &mut self.lasting };
        *kept = Some(error);
    }

    /// The call to this route gave an answer to its end. The next call of this plan, if there is one, goes there too.
    pub fn succeeded(&mut self, route: &Arc<Route>) {
        self.end_current(Outcome::Good, "ok", Instant::now());
        self.liked = self.legs.iter().position(|leg| leg.is(route));
        if let Some(index) = self.liked {
            let leg = &mut self.legs[index];
            (leg.failures, leg.failed_at, leg.rested_at) = (0, None, None);
        }
    }

    fn end_current(&mut self, outcome: Outcome, word: &'static str, now: Instant) {
        if let Some((index, pass)) = self.current.take() {
            self.legs[index].route.gate.leave(pass, outcome, word, now);
        }
    }

    /// Why it ends: a failure that may pass says more than one that was passed by; without any, what is waited for.
    fn verdict(&mut self, ready: Option<Instant>, now: Instant) -> ProviderError {
        if self.legs.is_empty() {
            return ProviderError::NoModel;
        }
        let told = self.passing.take().or_else(|| self.lasting.take());
        told.unwrap_or_else(|| {
            ProviderError::Resting(ready.map_or(Duration::ZERO, |ready| ready.saturating_duration_since(now)))
        })
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        self.end_current(Outcome::Neutral, "cancelled", Instant::now());
    }
}

impl Leg {
    fn is(&self, route: &Route) -> bool {
        Arc::ptr_eq(&self.route.gate, &route.gate)
    }

    /// When its own backoff is over. It doubles, and half of it is left to chance.
    fn rested(&mut self, now: Instant, jitter: f64) -> Instant {
        if let Some(failed_at) = self.failed_at.take() {
            let whole = FIRST_BACKOFF.saturating_mul(1 << (self.failures.max(1) - 1).min(8)).min(MAX_WAIT);
            self.rested_at = Some(failed_at + whole / 2 + (whole / 2).mul_f64(jitter));
        }
        self.rested_at.unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use futures::future::BoxFuture;

    use super::*;
    use crate::{
        domain::cost::Model,
        provider::{Call, Chunks, Endpoint, Listed, Provider, Providers, breaker::THRESHOLD},
    };

    struct Named(&'static str);

    impl Provider for Named {
        fn name(&self) -> &str {
            self.0
        }

        fn stream(&self, _call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
            Box::pin(async { Err(ProviderError::NoModel) })
        }

        fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn routes(names: &[&'static str]) -> Vec<Arc<Route>> {
        let endpoint = |name: &&'static str| Endpoint {
            provider: Arc::new(Named(name)),
            models: vec![Listed {
                model: Model {
                    id: "m".into(),
                    provider: (*name).to_owned(),
                    context_tokens: None,
                    max_output_tokens: None,
                    input_micros_per_million: None,
                    output_micros_per_million: None,
                },
                upstream: None,
            }],
            any_model: false,
            max_concurrent: 8,
        };
        Providers::new(names.iter().map(endpoint).collect()).routes("m")
    }

    fn failed() -> ProviderError {
        ProviderError::Failed("x".into())
    }

    fn busy(seconds: Option<u64>) -> ProviderError {
        ProviderError::Busy { retry_after: seconds.map(Duration::from_secs) }
    }

    /// Plays a plan in a time of its own: calls by provider's name, waits in milliseconds, and the end.
    fn play(routes: &[Arc<Route>], answers: &[Result<(), ProviderError>], jitter: f64) -> String {
        let mut now = Instant::now();
        let mut plan = Plan::new(routes.to_vec());
        let mut answers = answers.iter().cloned();
        let mut told = String::new();
        loop {
            match plan.next(now, jitter) {
                Step::Call(route) => {
                    let _ = write!(told, "{} ", route.provider.name());
                    match answers.next() {
                        Some(Err(error)) => plan.failed(&route, error, now),
                        Some(Ok(())) => {
                            plan.succeeded(&route);
                            told.push_str("ok");
                            return told;
                        }
                        None => return told.trim().to_owned(),
                    }
                }
                Step::Wait(time) => {
                    let _ = write!(told, "{} ", time.as_millis());
                    now += time;
                }
                Step::GiveUp(error) => {
                    told.push_str(error.word());
                    return told;
                }
            }
        }
    }

    #[test]
    fn what_is_called_after_what() {
        let down = Err::<(), _>(failed());
        let no_key = Err(ProviderError::Unauthorized(401));
        let cut = Err(ProviderError::Cut("x".into()));
        let silent = Err(ProviderError::Silent(Duration::from_secs(30)));
        let nobody: &[&str] = &[];
        for (names, answers, jitter, told) in [
            (nobody, vec![], 0.0, "no_model"),
            (&["a"], vec![Ok(())], 0.0, "a ok"),
            // Another one is there: at once.
            (&["a", "b"], vec![down.clone(), Ok(())], 0.5, "a b ok"),
            (&["a", "b"], vec![cut.clone(), Ok(())], 0.5, "a b ok"),
            // All were tried: backoff, and the first is the first again.
            (&["a", "b"], vec![down.clone(), down.clone(), Ok(())], 1.0, "a b 250 a ok"),
            (&["a"], vec![down.clone(), down.clone(), down.clone(), Ok(())], 1.0, "a 250 a 500 a 1000 a ok"),
            (&["a"], vec![down.clone(), down.clone(), down.clone(), Ok(())], 0.0, "a 125 a 250 a 500 a ok"),
            // Nothing helps.
            (&["a", "b"], vec![down.clone(); 9], 1.0, "a b 250 a b 500 a b failed"),
            // The sixth call comes after the breaker's rest, as its trial.
            (&["a"], vec![down.clone(); 9], 0.0, "a 125 a 250 a 500 a 1000 a 5000 a failed"),
            // What cannot pass is not tried again.
            (&["a"], vec![no_key.clone()], 0.0, "a unauthorized"),
            (&["a"], vec![Err(ProviderError::Refused(400))], 0.0, "a refused"),
            (&["a", "b"], vec![no_key.clone(), Err(ProviderError::NoModel)], 0.0, "a b no_model"),
            (&["a", "b"], vec![no_key.clone(), down.clone(), Ok(())], 1.0, "a b 250 b ok"),
            (&["a", "b"], vec![down.clone(), no_key, Ok(())], 1.0, "a b 250 a ok"),
            // Silence is waited for once.
            (&["a"], vec![silent.clone(), Ok(())], 0.0, "a silent"),
            (&["a", "b"], vec![silent.clone(), silent.clone(), Ok(())], 0.0, "a b silent"),
            (&["a", "b"], vec![silent.clone(), down.clone(), Ok(())], 0.0, "a b 125 b ok"),
            // As told, and no longer than is sensible.
            (&["a"], vec![Err(busy(Some(2))), Ok(())], 0.0, "a 2000 a ok"),
            (&["a"], vec![Err(busy(Some(2))), Ok(())], 1.0, "a 2250 a ok"),
            (&["a"], vec![Err(busy(Some(0))), Ok(())], 1.0, "a 250 a ok"),
            (&["a"], vec![Err(busy(Some(20))), Ok(())], 0.0, "a 20000 a ok"),
            (&["a"], vec![Err(busy(Some(21)))], 0.0, "a busy"),
            (&["a"], vec![Err(busy(Some(u64::MAX)))], 0.0, "a busy"),
            (&["a", "b"], vec![Err(busy(Some(3600))), Ok(())], 0.0, "a b ok"),
            (&["a", "b"], vec![Err(busy(Some(3600))), down.clone(), Ok(())], 0.0, "a b 125 b ok"),
            (&["a"], vec![Err(busy(None)), Ok(())], 0.0, "a 125 a ok"),
        ]
            as [(&[&'static str], Vec<Result<(), ProviderError>>, f64, &str); 26]
        {
            assert_eq!(play(&routes(names), &answers, jitter), told, "{names:?} {answers:?}");
        }
    }

    #[test]
    fn an_open_breaker_is_passed_by_and_waited_for_when_there_is_nothing_else() {
        let both = routes(&["a", "b"]);
        let now = Instant::now();
        for _ in 0..THRESHOLD {
            let pass = both[0].gate.enter(now).unwrap();
            both[0].gate.leave(pass, Outcome::Bad, "failed", now);
        }
        assert_eq!(play(&both, &[Ok(())], 0.0), "b ok");
        let mut alone = Plan::new(both[..1].to_vec());
        let Step::Wait(rest) = alone.next(now, 0.0) else { panic!("it rests") };
        assert_eq!(rest, Duration::from_secs(5));
        let Step::Call(trial) = alone.next(now + rest, 0.0) else { panic!("the trial") };
        // Another job looks on, and does not call.
        let mut other = Plan::new(both[..1].to_vec());
        assert!(matches!(other.next(now + rest, 0.0), Step::Wait(_)));
        alone.succeeded(&trial);
        assert!(matches!(other.next(now + rest, 0.0), Step::Call(_)));
    }

    #[test]
    fn a_long_rest_of_all_is_not_waited_for() {
        let routes = routes(&["a"]);
        let now = Instant::now();
        routes[0].gate.breaker.ban(Duration::from_secs(21), now);
        let mut plan = Plan::new(routes);
        let Step::GiveUp(error) = plan.next(now, 0.0) else { panic!("it is banned") };
        assert_eq!(error, ProviderError::Resting(Duration::from_secs(21)));
    }

    #[test]
    fn a_trial_that_goes_on_and_on_is_not_waited_for_for_ever() {
        let routes = routes(&["a"]);
        let mut now = Instant::now();
        for _ in 0..THRESHOLD {
            let pass = routes[0].gate.enter(now).unwrap();
            routes[0].gate.leave(pass, Outcome::Bad, "failed", now);
        }
        now += Duration::from_secs(5);
        let mut trial = Plan::new(routes.clone());
        assert!(matches!(trial.next(now, 0.0), Step::Call(_)));
        let mut plan = Plan::new(routes);
        let begin = now;
        while let Step::Wait(time) = plan.next(now, 0.0) {
            now += time;
            assert!(now - begin <= MAX_WAIT);
        }
        assert!(now - begin > MAX_WAIT / 2);
    }

    #[test]
    fn a_job_that_is_cancelled_frees_the_trial() {
        let routes = routes(&["a"]);
        let now = Instant::now();
        for _ in 0..THRESHOLD {
            let pass = routes[0].gate.enter(now).unwrap();
            routes[0].gate.leave(pass, Outcome::Bad, "failed", now);
        }
        let later = now + Duration::from_secs(5);
        let mut plan = Plan::new(routes.clone());
        assert!(matches!(plan.next(later, 0.0), Step::Call(_)));
        drop(plan);
        assert!(matches!(Plan::new(routes).next(later, 0.0), Step::Call(_)));
    }

    #[test]
    fn a_continuation_goes_where_the_answer_came_from() {
        let both = routes(&["a", "b"]);
        let now = Instant::now();
        let mut plan = Plan::new(both);
        let Step::Call(a) = plan.next(now, 0.0) else { panic!("a") };
        plan.failed(&a, failed(), now);
        let Step::Call(b) = plan.next(now, 0.0) else { panic!("b") };
        plan.succeeded(&b);
        let Step::Call(again) = plan.next(now + Duration::from_mins(1), 0.0) else { panic!("b again") };
        assert_eq!(again.provider.name(), "b");
    }

    #[tokio::test]
    async fn a_call_that_waited_for_its_place_is_not_made_when_the_breaker_has_opened() {
        let both = routes(&["a", "b"]);
        let now = Instant::now();
        let mut plan = Plan::new(both.clone());
        let Step::Call(waiting) = plan.next(now, 0.0) else { panic!("a") };
        for _ in 0..THRESHOLD {
            let pass = both[0].gate.enter(now).unwrap();
            both[0].gate.leave(pass, Outcome::Bad, "failed", now);
        }
        let call = Call { model: "m".into(), turns: Vec::new(), temperature: None, max_output_tokens: None };
        let Err(error) = waiting.provider.stream(call).await else { panic!("it was not to be called") };
        assert!(matches!(error, ProviderError::Resting(_)));
        plan.failed(&waiting, error, now);
        let Step::Call(next) = plan.next(now, 0.0) else { panic!("b") };
        assert_eq!(next.provider.name(), "b");
    }

    #[test]
    fn a_call_whose_end_nobody_told_still_counts() {
        let mut plan = Plan::new(routes(&["a"]));
        let now = Instant::now();
        for _ in 0..MAX_CALLS {
            assert!(matches!(plan.next(now, 0.0), Step::Call(_)));
        }
        assert!(matches!(plan.next(now, 0.0), Step::GiveUp(_)));
    }
}
