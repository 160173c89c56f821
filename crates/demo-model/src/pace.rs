//! How text becomes tokens and how fast they leave. A token here is a word piece of a few characters; a client sees
//! one chunk per token.

use std::time::Duration;
use tokio::time::Instant;

const LONGEST_PIECE: usize = 9;

/// When the next token may leave.
pub struct Pace {
    next: Instant,
    gap: Option<Duration>,
}

impl Pace {
    /// `tokens_per_second` of zero, less, or not a number means: no waiting at all.
    pub fn new(tokens_per_second: f64) -> Self {
        let gap = (tokens_per_second.is_finite() && tokens_per_second > 0.0)
            .then(|| Duration::from_secs_f64((1.0 / tokens_per_second).min(60.0)));
        Self { next: Instant::now(), gap }
    }

    /// A model thinks before its first word: about 15 tokens long.
    pub fn think(&mut self) {
        if let Some(gap) = self.gap {
            self.next += gap * 15;
        }
    }

    pub async fn turn(&mut self) {
        let Some(gap) = self.gap else { return };
        let now = Instant::now();
        if self.next > now {
            tokio::time::sleep_until(self.next).await;
        } else if now - self.next > Duration::from_millis(250) {
            // A reader that was slow gets the natural pace again, not a burst.
            self.next = now;
        }
        self.next += gap;
    }
}

/// Splits text into tokens; joined again they are exactly the text.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::with_capacity(text.len() / 4 + 1);
    let mut start = 0;
    let mut count = 0;
    let mut last = Class::Start;
    for (at, letter) in text.char_indices() {
        let class = Class::of(letter);
        let joins = match (last, class) {
            (Class::Start, _) => true,
            (Class::Space | Class::Word, Class::Word) | (Class::Space, Class::Mark) => count < LONGEST_PIECE,
            (Class::Space | Class::Line, Class::Space) => count < 24,
            (Class::Mark, Class::Mark) => count < 3,
            _ => false,
        };
        if !joins {
            out.push(&text[start..at]);
            start = at;
            count = 0;
        }
        count += 1;
        last = class;
    }
    if start < text.len() {
        out.push(&text[start..]);
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Start,
    Space,
    Line,
    Word,
    Mark,
}

impl Class {
    fn of(letter: char) -> Self {
        match letter {
            '\n' | '\r' => Self::Line,
            c if c.is_whitespace() => Self::Space,
            c if c.is_alphanumeric() => Self::Word,
            _ => Self::Mark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_joined_are_the_text() {
        for text in [
            "",
            "a",
            "\n\n  if (x) {\n\treturn 'ö日本語' // 👩‍👩‍👧\n}\r\n",
            "w1 w2 w3",
            "antidisestablishmentarianism",
        ] {
            assert_eq!(tokens(text).concat(), text);
        }
    }

    #[test]
    fn numbered_words_are_one_token_each() {
        assert_eq!(tokens("w1 w2 w300").len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_a_second_is_fifty_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(50.0);
        for _ in 0..101 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_millis(), 2000);
    }
}
