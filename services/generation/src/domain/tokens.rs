//! How many tokens a text is: for what the provider did not count, for what money allows, and for what fits into a
//! model's context. Exact for OpenAI's newer models, an estimate
//! for others.

use crate::provider::Turn;

/// What each turn costs beside its text.
const PER_TURN: u64 = 4;
/// What the answer's beginning costs.
const PER_CALL: u64 = 3;
/// The meter counts its tail in pieces of this length.
const PIECE_BYTES: usize = 1024;

/// The tokens of a text. Takes time in proportion to the text (about 0.1 s for a megabyte), whatever stands in it: on the
/// runtime's threads count only what is short, else use `ledger::count`.
pub fn count(text: &str) -> u64 {
    aether_tokens::count(text)
}

/// The tokens of a conversation, as its model reads it.
pub fn count_turns(turns: &[Turn]) -> u64 {
    turns.iter().map(|turn| PER_TURN + count(&turn.text)).sum::<u64>() + PER_CALL
}

/// A number that the tokens of this conversation never exceed, whatever the tokenizer: no token is less than a byte. Cheap.
pub fn upper_bound(turns: &[Turn]) -> u64 {
    turns.iter().map(|turn| 2 * PER_TURN + turn.text.len() as u64).sum::<u64>() + 2 * PER_CALL
}

/// Counts a stream while it comes, and says when it is longer than may be paid for. Without a cap it does nothing.
#[derive(Debug)]
pub struct Meter {
    cap: Option<u64>,
    /// The tokens of what is counted for good.
    counted: u64,
    /// What came after it. Shorter than a piece.
    tail: String,
}

impl Meter {
    /// A meter that allows this many tokens; `None`: any number.
    pub fn new(cap: Option<u64>) -> Self {
        Self { cap, counted: 0, tail: String::new() }
    }

    /// Takes the next text; `true` when all of them together are over the cap.
    pub fn push(&mut self, delta: &str) -> bool {
        let Some(cap) = self.cap else { return false };
        self.tail.push_str(delta);
        let mut done = 0;
        while self.tail.len() - done >= PIECE_BYTES {
            let rest = &self.tail[done..];
            let end = rest.floor_char_boundary(PIECE_BYTES);
            // Cut where a word begins, so that it counts as it would in the whole text.
            let end = rest[..end].rfind(char::is_whitespace).filter(|at| *at > 0).unwrap_or(end);
            self.counted += count(&rest[..end]);
            done += end;
        }
        self.tail.drain(..done);
        // No token is less than a byte, so most of the time there is nothing to count.
        self.counted + self.tail.len() as u64 > cap && self.counted + count(&self.tail) > cap
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Speaker;

    fn turn(text: &str) -> Turn {
        Turn { speaker: Speaker::User, text: text.into() }
    }

    #[test]
    fn a_conversation_is_its_texts_and_a_little_more_and_never_above_the_bound() {
        let long = "one two three, ".repeat(5_000);
        let turns = [turn("hello world"), turn("漢字🦀"), turn(&long)];
        let texts: u64 = turns.iter().map(|turn| count(&turn.text)).sum();
        assert_eq!(count_turns(&turns), texts + 3 * PER_TURN + PER_CALL);
        assert!(count_turns(&turns) <= upper_bound(&turns));
    }

    #[test]
    fn a_meter_stops_a_stream_at_its_cap_and_not_much_sooner() {
        let text = "fn main() { println!(\"Hello {}\", name); }\n".repeat(200);
        let whole = count(&text);
        for (cap, stops) in [(whole + whole / 50, false), (whole / 2, true), (0, true)] {
            let mut meter = Meter::new(Some(cap));
            let mut told = 0;
            let mut over = false;
            for delta in text.as_bytes().chunks(7) {
                told += delta.len();
                over = meter.push(str::from_utf8(delta).unwrap());
                if over {
                    break;
                }
            }
            assert_eq!(over, stops, "{cap} of {whole}");
            if over {
                let so_far = count(&text[..told]);
                assert!(so_far + so_far / 50 + 2 > cap, "stopped at {so_far}, allowed {cap}");
            }
        }
    }

    #[test]
    fn a_meter_without_a_cap_keeps_nothing() {
        let mut meter = Meter::new(None);
        assert!(!meter.push(&"x".repeat(100_000)));
        assert!(meter.tail.is_empty());
    }

    #[test]
    fn a_meter_cuts_between_characters() {
        let mut meter = Meter::new(Some(1));
        assert!(meter.push(&"漢".repeat(5_000)));
        assert!(meter.tail.len() < PIECE_BYTES);
    }
}
