//! How figures are taken: two things in turn, so that whatever else the machine does meets both, and told as a ratio.

pub mod realtime;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// What one turn took, over many turns.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// The middle one, in microseconds.
    pub median: f64,
    /// A tenth took less.
    pub p10: f64,
    /// A tenth took more.
    pub p90: f64,
}

/// A figure of ours beside a peer's.
pub struct Pair {
    /// What is measured.
    pub what: &'static str,
    /// Ours.
    pub ours: Figure,
    /// What stands beside it.
    pub peer: &'static str,
    /// Its figure.
    pub theirs: Figure,
}

impl Figure {
    /// Of these turns; zeros when there is none.
    pub fn of(turns: &[Duration]) -> Self {
        let mut micros: Vec<f64> = turns.iter().map(|turn| turn.as_secs_f64() * 1e6).collect();
        micros.sort_by(f64::total_cmp);
        let at = |share: usize| micros.get(micros.len() * share / 100).copied().unwrap_or_default();
        Self { median: at(50), p10: at(10), p90: at(90) }
    }
}

/// How long one call takes when it is made so many times in a row.
pub fn each(calls: u32, mut call: impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..calls {
        call();
    }
    began.elapsed() / calls.max(1)
}

/// The pairs as a table for people and for Markdown.
pub fn table(pairs: &[Pair]) -> String {
    let mut text = String::from(
        "| what | ours, median (p10-p90) | beside | its median (p10-p90) | ratio |\n|---|---|---|---|---|\n",
    );
    for Pair { what, ours, peer, theirs } in pairs {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {} | {peer} | {} | {:.2} |",
            shown(*ours),
            shown(*theirs),
            ours.median / theirs.median
        );
    }
    text
}

fn shown(figure: Figure) -> String {
    let one = |micros: f64| {
        if micros >= 1_000.0 { format!("{:.2} ms", micros / 1_000.0) } else { format!("{micros:.1} µs") }
    };
    format!("{} ({}-{})", one(figure.median), one(figure.p10), one(figure.p90))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_middle_of_its_turns() {
        let turns: Vec<Duration> = (1..=100).rev().map(Duration::from_micros).collect();
        let figure = Figure::of(&turns);
        assert!((figure.median - 51.0).abs() < 0.01 && (figure.p10 - 11.0).abs() < 0.01);
        assert!((figure.p90 - 91.0).abs() < 0.01);
        assert!(Figure::of(&[]).median.abs() < f64::EPSILON);
    }
}
