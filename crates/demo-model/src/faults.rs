//! What a test may ask for by the model's name or the `X-Demo-Fault` header: refusals, broken streams, other speeds
//! and lengths. Parts are joined with `+`, a number follows a colon, `-once` means the first call of a prompt only.
//! A server started without faults never comes here.

use std::time::Duration;

/// Every name `GET /v1/models` lists when faults are on.
pub const NAMES: &[&str] = &[
    "fault-429",
    "fault-429-once",
    "fault-500",
    "fault-500-once",
    "fault-401",
    "fault-html",
    "fault-json-error",
    "fault-empty",
    "fault-cut",
    "fault-cut-once",
    "fault-eof",
    "fault-nodone",
    "fault-hang",
    "fault-hang-first",
    "fault-slow-first",
    "fault-garbage",
    "fault-mid-error",
    "fault-length",
    "fault-length:forever",
    "fault-invalid",
    "fault-invalid-once",
    "fault-no-usage",
    "fault-usage:1000:1000",
    "speed-max",
];

const BREAK_AFTER: usize = 12;
const LENGTH: usize = 40;
const SLOW_FIRST: Duration = Duration::from_secs(3);
const MOST_WORDS: usize = 5_000_000;

/// An answer that is not a stream of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    RateLimited,
    ServerError,
    Unauthorized,
    Html,
    JsonError,
}

/// How a stream goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The connection breaks.
    Cut,
    /// A clean end of the body with no finish reason and no `[DONE]`.
    Eof,
    /// Stalls for ever.
    Hang,
    /// A chunk that is not JSON, then the stream goes on.
    Garbage,
    /// An `{"error": …}` chunk, then a clean end.
    Error,
}

/// Where an answer is cut with finish reason `length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The first call only; a continuation reaches the end.
    Once(usize),
    /// Each call gives this many tokens.
    Each(usize),
    /// Each call is cut, and the text never ends.
    Forever,
}

/// How long the main file of an artifact does not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// In every answer.
    Always,
    /// Until the conversation asks for a repair.
    UntilRepaired,
}

/// What the usage chunk tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// There is no such chunk.
    Nothing,
    /// These tokens read and written, whatever was.
    Numbers(usize, usize),
}

/// One call's script. The default is a healthy answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    pub refuse: Option<Refusal>,
    pub break_at: Option<(Break, usize)>,
    pub no_done: bool,
    pub empty: bool,
    pub once: bool,
    pub first_delay: Option<Duration>,
    pub speed: Option<f64>,
    pub words: Option<usize>,
    pub length: Option<Length>,
    pub invalid: Option<Invalid>,
    pub told: Option<Told>,
}

impl Script {
    /// Reads a model name or header; `None` when any part of it is not known.
    pub fn parse(name: &str, delay_ms: Option<u64>) -> Option<Self> {
        let mut script = Self::default();
        for part in name.split('+').map(str::trim) {
            script.add(part, delay_ms)?;
        }
        Some(script)
    }

    /// Whether the fault itself (not the speed or the length of the text) is there.
    pub fn is_faulty(&self) -> bool {
        self.refuse.is_some()
            || self.break_at.is_some()
            || self.no_done
            || self.empty
            || self.first_delay.is_some()
            || self.length.is_some()
            || self.invalid.is_some()
            || self.told.is_some()
    }

    /// The same speed and text with nothing going wrong.
    pub fn healthy(&self) -> Self {
        Self { speed: self.speed, words: self.words, ..Self::default() }
    }

    fn add(&mut self, part: &str, delay_ms: Option<u64>) -> Option<()> {
        let (name, number) = match part.split_once(':') {
            Some((name, number)) => (name, Some(number)),
            None => (part, None),
        };
        // Here `once` is about the conversation, not about the call.
        if name == "fault-invalid-once" {
            self.invalid = Some(Invalid::UntilRepaired);
            return Some(());
        }
        let name = match name.strip_suffix("-once") {
            Some(name) => {
                self.once = true;
                name
            }
            None => name,
        };
        let count = |default: usize| match number {
            Some(text) => text.parse::<usize>().ok(),
            None => Some(default),
        };
        let breaks = |kind: Break| Some((kind, count(BREAK_AFTER)?));
        match name {
            "aether-demo" | "aether-demo-mini" => {}
            "speed-max" => self.speed = Some(0.0),
            "speed" => self.speed = Some(number?.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0)?),
            "tokens" => self.words = Some(count(100)?.min(MOST_WORDS)),
            "fault-429" => self.refuse = Some(Refusal::RateLimited),
            "fault-500" => self.refuse = Some(Refusal::ServerError),
            "fault-401" => self.refuse = Some(Refusal::Unauthorized),
            "fault-html" => self.refuse = Some(Refusal::Html),
            "fault-json-error" => self.refuse = Some(Refusal::JsonError),
            "fault-empty" => self.empty = true,
            "fault-nodone" => self.no_done = true,
            "fault-cut" => self.break_at = Some(breaks(Break::Cut)?),
            "fault-eof" => self.break_at = Some(breaks(Break::Eof)?),
            "fault-hang" => self.break_at = Some(breaks(Break::Hang)?),
            "fault-hang-first" => self.break_at = Some((Break::Hang, 0)),
            "fault-garbage" => self.break_at = Some(breaks(Break::Garbage)?),
            "fault-mid-error" => self.break_at = Some(breaks(Break::Error)?),
            "fault-invalid" => self.invalid = Some(Invalid::Always),
            "fault-no-usage" => self.told = Some(Told::Nothing),
            "fault-usage" => {
                let (read, written) = number?.split_once(':')?;
                self.told = Some(Told::Numbers(read.parse().ok()?, written.parse().ok()?));
            }
            "fault-slow-first" => {
                let asked = match number {
                    Some(text) => Some(text.parse::<u64>().ok()?),
                    None => delay_ms,
                };
                let delay = asked.map_or(SLOW_FIRST, Duration::from_millis);
                self.first_delay = Some(delay.min(Duration::from_mins(10)));
            }
            "fault-length" => {
                self.length = Some(match number {
                    None => Length::Once(LENGTH),
                    Some("forever") => Length::Forever,
                    Some(text) => Length::Each(text.parse().ok()?),
                });
            }
            _ => return None,
        }
        Some(())
    }
}

impl Length {
    /// How many tokens this call may give.
    pub fn limit(self, continued: bool) -> Option<usize> {
        match self {
            Self::Once(_) if continued => None,
            Self::Once(count) | Self::Each(count) => Some(count),
            Self::Forever => Some(LENGTH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_understood() {
        for name in NAMES {
            assert!(Script::parse(name, None).is_some(), "{name}");
        }
    }

    #[test]
    fn parts_combine_and_unknown_parts_are_refused() {
        let script = Script::parse("tokens:300+speed:50+fault-cut-once:7", None).unwrap();
        assert_eq!((script.words, script.speed, script.once), (Some(300), Some(50.0), true));
        assert_eq!(script.break_at, Some((Break::Cut, 7)));
        assert_eq!(
            Script::parse("fault-slow-first:800", None).unwrap().first_delay,
            Some(Duration::from_millis(800))
        );
        assert_eq!(
            Script::parse("fault-slow-first", Some(20)).unwrap().first_delay,
            Some(Duration::from_millis(20))
        );
        let script = Script::parse("fault-usage:7:9+fault-invalid-once", None).unwrap();
        assert_eq!(script.told, Some(Told::Numbers(7, 9)));
        assert_eq!((script.invalid, script.once), (Some(Invalid::UntilRepaired), false));
        for bad in [
            "fault-usage",
            "fault-usage:7",
            "fault-usage:7:x",
            "",
            "gpt-4o",
            "tokens:x",
            "speed:-1",
            "speed:NaN",
            "fault-cut+nope",
            "fault-",
        ] {
            assert_eq!(Script::parse(bad, None), None, "{bad}");
        }
    }
}
