//! What was measured, by name, and how several rounds become one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Figures by name. Those of one process end in its name: `streams.cpu_us.redis`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Single numbers; the unit is in the name.
    pub numbers: BTreeMap<String, f64>,
    /// The percentiles 0 to 100 of a latency, in milliseconds.
    pub curves: BTreeMap<String, Vec<f64>>,
}

/// One run against one server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// `aether` or `node`.
    pub server: String,
    /// What was found.
    pub figures: Figures,
}

impl Figures {
    /// Adds a number.
    pub fn set(&mut self, name: impl Into<String>, number: f64) {
        self.numbers.insert(name.into(), number);
    }

    /// A number; nothing when it was not measured.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied()
    }

    /// Adds the percentiles of a latency as `<name>.p50_ms` and so on, and its curve.
    pub fn set_latency(&mut self, name: &str, mut micros: Vec<u32>) {
        micros.sort_unstable();
        let at = |share: f64| percentile(&micros, share);
        for (word, share) in [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p999", 99.9), ("max", 100.0)] {
            self.set(format!("{name}.{word}_ms"), at(share));
        }
        self.curves.insert(name.to_owned(), (0..=100).map(|share| at(f64::from(share))).collect());
    }

    /// The middle of each figure over several runs; with an even count the lower one of the two.
    pub fn median(runs: &[&Self]) -> Self {
        let mut medians = Self::default();
        for name in runs.iter().flat_map(|run| run.numbers.keys()) {
            let found = runs.iter().filter_map(|run| run.get(name)).collect();
            medians.set(name.clone(), middle(found));
        }
        for (name, curve) in runs.iter().flat_map(|run| &run.curves) {
            let at = |index: usize| {
                let found = runs.iter().filter_map(|run| run.curves.get(name)?.get(index).copied());
                middle(found.collect())
            };
            medians.curves.insert(name.clone(), (0..curve.len()).map(at).collect());
        }
        medians
    }
}

/// A count as a float, to divide by.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^52")]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// The same of a length.
pub fn float_len(count: usize) -> f64 {
    float(u64::try_from(count).unwrap_or(u64::MAX))
}

fn middle(mut found: Vec<f64>) -> f64 {
    found.sort_by(f64::total_cmp);
    found.get(found.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 100 of a length"
)]
fn percentile(sorted: &[u32], share: f64) -> f64 {
    let rank = float_len(sorted.len()) * share / 100.0;
    let place = (rank.ceil() as usize).saturating_sub(1);
    sorted.get(place).copied().map_or(0.0, |micros| f64::from(micros) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_values() {
        let mut figures = Figures::default();
        figures.set_latency("x", (1..=1000).rev().collect());
        let close = |name: &str, wanted: f64| {
            let found = figures.get(name).unwrap();
            assert!((found - wanted).abs() < 1e-9, "{name}: {found}");
        };
        close("x.p50_ms", 0.5);
        close("x.p99_ms", 0.99);
        close("x.max_ms", 1.0);
        assert_eq!(figures.curves["x"].len(), 101);
        figures.set_latency("none", Vec::new());
        assert!(figures.get("none.p50_ms").unwrap().abs() < f64::EPSILON);
    }

    #[test]
    fn the_median_of_runs_is_taken_figure_by_figure() {
        let run = |a: f64, b: Option<f64>| {
            let mut figures = Figures::default();
            figures.set("a", a);
            if let Some(b) = b {
                figures.set("b", b);
            }
            figures
        };
        let runs = [run(3.0, None), run(1.0, Some(7.0)), run(2.0, None)];
        let median = Figures::median(&runs.iter().collect::<Vec<_>>());
        assert_eq!((median.get("a"), median.get("b")), (Some(2.0), Some(7.0)));
    }
}
