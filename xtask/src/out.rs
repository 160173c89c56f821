//! How progress is shown: one line when a step starts, one when it ends, with its time.
//! All of it goes to stderr, so that stdout stays free for answers (`--json`).

use std::fmt::Display;
use std::time::{Duration, Instant};

/// A line that tells what is going on.
pub fn say(text: impl Display) {
    eprintln!("{text}");
}

/// A step that takes time; call `done` when it has ended.
pub struct Step {
    name: String,
    began: Instant,
}

/// Says that a step begins.
pub fn step(name: impl Into<String>) -> Step {
    let name = name.into();
    eprintln!("==> {name}");
    Step { name, began: Instant::now() }
}

impl Step {
    /// Says that the step has ended and how long it took.
    pub fn done(self) {
        eprintln!("    {}: done in {}", self.name, seconds(self.began.elapsed()));
    }
}

/// `4.2 s`, or `3 min 05 s` from a minute on.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// The last lines of a log, indented, for the message of a failure.
pub fn tail(log: &std::path::Path, lines: usize) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all[from..].iter().fold(String::new(), |text, line| text + "    | " + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::seconds;
    use std::time::Duration;

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(4_230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
