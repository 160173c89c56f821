//! A breaker with the metrics that tell of it, and the watch over a provider's answers for it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::{StreamExt, future::BoxFuture};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    Call, Chunk, Chunks, Provider, ProviderError,
    breaker::{Breaker, Outcome, Pass, Phase},
};

/// A breaker and the names under which it is measured.
pub(super) struct Gate {
    pub provider: String,
    pub label: String,
    pub breaker: Breaker,
    /// The state that was last published.
    shown: Mutex<Phase>,
    dial: Arc<Dial>,
}

/// A metric that several breakers may share: how many of them are half-open and open. It shows the worst.
#[derive(Default)]
pub(super) struct Dial {
    half_open: AtomicUsize,
    open: AtomicUsize,
}

/// A provider whose answers are watched for its breaker.
pub(super) struct Watched {
    pub server: Arc<dyn Provider>,
    pub gate: Arc<Gate>,
    /// The leave for one call, which is looked at again before the call: it may have waited for its place.
    pub pass: Option<Pass>,
}

impl Gate {
    pub fn new(provider: &str, label: &str, dial: Arc<Dial>) -> Arc<Self> {
        let gate = Self {
            provider: provider.into(),
            label: label.into(),
            breaker: Breaker::default(),
            shown: Mutex::new(Phase::Closed),
            dial,
        };
        gate.publish();
        Arc::new(gate)
    }

    pub fn enter(&self, now: Instant) -> Option<Pass> {
        let pass = self.breaker.enter(now);
        self.publish();
        pass
    }

    /// `outcome` as the breaker sees it, `word` as the metric tells it.
    pub fn leave(&self, pass: Pass, outcome: Outcome, word: &'static str, now: Instant) {
        self.breaker.leave(pass, outcome, now);
        self.publish();
        metrics::counter!(
            "provider_calls_total",
            "provider" => self.provider.clone(), "model" => self.label.clone(), "outcome" => word
        )
        .increment(1);
    }

    pub fn count_retry(&self) {
        metrics::counter!(
            "provider_retries_total",
            "provider" => self.provider.clone(), "model" => self.label.clone()
        )
        .increment(1);
    }

    fn publish(&self) {
        let mut shown = self.shown.lock();
        let phase = self.breaker.phase();
        if *shown != phase {
            if let Some(count) = self.dial.count(*shown) {
                count.fetch_sub(1, Ordering::Relaxed);
            }
            if let Some(count) = self.dial.count(phase) {
                count.fetch_add(1, Ordering::Relaxed);
            }
            *shown = phase;
        }
        metrics::gauge!(
            "provider_breaker_state",
            "provider" => self.provider.clone(), "model" => self.label.clone()
        )
        .set(self.dial.worst());
    }
}

impl Dial {
    fn count(&self, phase: Phase) -> Option<&AtomicUsize> {
        match phase {
            Phase::Closed => None,
            Phase::HalfOpen => Some(&self.half_open),
            Phase::Open => Some(&self.open),
        }
    }

    fn worst(&self) -> f64 {
        let any = |count: &AtomicUsize| count.load(Ordering::Relaxed) > 0;
        if any(&self.open) {
            2.0
        } else if any(&self.half_open) {
            1.0
        } else {
            0.0
        }
    }
}

impl Provider for Watched {
    fn name(&self) -> &str {
        self.server.name()
    }

    fn stream(&self, call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
        Box::pin(async move {
            if let Some(pass) = self.pass
                && let Err(rest) = self.gate.breaker.confirm(pass, Instant::now())
            {
                return Err(ProviderError::Resting(rest));
            }
            let chunks = self.server.stream(call).await?;
            let gate = self.gate.clone();
            let mut silent = true;
            let watched: Chunks = Box::pin(chunks.inspect(move |chunk| {
                if silent && matches!(chunk, Ok(Chunk::Text(_))) {
                    silent = false;
                    gate.breaker.alive();
                    gate.publish();
                }
            }));
            Ok(watched)
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
        self.server.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::breaker::{FIRST_REST, THRESHOLD};

    #[test]
    fn metrics_tell_state_calls_and_retries_and_the_worst_of_what_shares_a_name() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let rendered = metrics::with_local_recorder(&recorder, || {
            let dial = Arc::<Dial>::default();
            let listed = Gate::new("a", "x", Arc::default());
            let others = [(); 2].map(|()| Gate::new("a", "other", dial.clone()));
            let now = Instant::now();
            for (gate, failures) in
                [(&listed, THRESHOLD - 1), (&others[0], THRESHOLD), (&others[1], THRESHOLD)]
            {
                for _ in 0..failures {
                    let pass = gate.enter(now).unwrap();
                    gate.leave(pass, Outcome::Bad, "failed", now);
                }
            }
            let later = now + FIRST_REST;
            let pass = others[0].enter(later).unwrap();
            others[0].leave(pass, Outcome::Good, "ok", later);
            listed.count_retry();
            recorder.handle().render()
        });
        for line in [
            "provider_breaker_state{provider=\"a\",model=\"x\"} 0",
            "provider_breaker_state{provider=\"a\",model=\"other\"} 2",
            "provider_calls_total{provider=\"a\",model=\"x\",outcome=\"failed\"} 4",
            "provider_calls_total{provider=\"a\",model=\"other\",outcome=\"failed\"} 10",
            "provider_calls_total{provider=\"a\",model=\"other\",outcome=\"ok\"} 1",
            "provider_retries_total{provider=\"a\",model=\"x\"} 1",
        ] {
            assert!(rendered.contains(line), "{line} is not in\n{rendered}");
        }
    }
}
