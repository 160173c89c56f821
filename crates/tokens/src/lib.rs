//! Counts tokens as OpenAI's o200k_base does (GPT-4o and later); for other models it is a good estimate. The vocabulary is
//! read at the first count and takes a few megabytes from then on. The time is linear in the text, whatever the text is: a
//! word longer than [`MAX_WORD`] is counted in parts, so its count may be off by a token for each part.

mod vocabulary;

use std::sync::LazyLock;

use regex_automata::{
    Anchored, Input,
    meta::{BuildError, Regex},
};
use vocabulary::Vocabulary;

/// Joining bytes to tokens takes the square of a word's length; no token is longer than this many bytes.
pub const MAX_WORD: usize = 128;

static COUNTER: LazyLock<Option<Counter>> = LazyLock::new(|| Counter::new().ok());

struct Counter {
    vocabulary: Vocabulary,
    words: Regex,
}

/// How many tokens this text is. Takes about 0.1 s for a megabyte of prose: count long texts off the runtime's threads.
pub fn count(text: &str) -> u64 {
    match &*COUNTER {
        Some(counter) => counter.count(text),
        // The patterns are constants and a test builds them; a token is never less than a byte.
        None => text.len() as u64,
    }
}

/// What splits a text into words, as in OpenAI's `tiktoken`. Its `\s+(?!\S)` is written as the second pattern, whose last
/// character does not belong to the word.
fn patterns() -> [String; 3] {
    let upper = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    let lower = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    let before = r"[^\r\n\p{L}\p{N}]?";
    let after = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    let whole = [
        format!("{before}{upper}*{lower}+{after}"),
        format!("{before}{upper}+{lower}*{after}"),
        r"\p{N}{1,3}".to_owned(),
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*".to_owned(),
        r"\s*[\r\n]+".to_owned(),
        r"\s+$".to_owned(),
    ]
    .join("|");
    [whole, r"\s+\s".to_owned(), r"\s+".to_owned()]
}

const LOOKS_AHEAD: usize = 1;

impl Counter {
    fn new() -> Result<Self, Box<BuildError>> {
        Ok(Self {
            vocabulary: Vocabulary::embedded(),
            words: Regex::new_many(&patterns()).map_err(Box::new)?,
        })
    }

    fn count(&self, text: &str) -> u64 {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut tokens = 0;
        while !rest.is_empty() {
            let (word, after) = rest.split_at(self.word_end(rest));
            for part in word.as_bytes().chunks(MAX_WORD) {
                tokens += self.count_word(part, &mut parts);
            }
            rest = after;
        }
        tokens
    }

    /// Where the first word ends; after the first character at least.
    fn word_end(&self, text: &str) -> usize {
        let first = text.chars().next().map_or(0, char::len_utf8);
        let Some(found) = self.words.find(Input::new(text).anchored(Anchored::Yes)) else { return first };
        let mut end = found.end();
        if found.pattern().as_usize() == LOOKS_AHEAD {
            end -= text[..end].chars().next_back().map_or(0, char::len_utf8);
        }
        end.max(first)
    }

    /// Byte-pair encoding: the pair with the lowest rank is joined until no pair is a token. `parts` is a buffer.
    fn count_word(&self, word: &[u8], parts: &mut Vec<(usize, u32)>) -> u64 {
        if self.vocabulary.rank(word).is_some() {
            return 1;
        }
        parts.clear();
        let pair = |at: usize, end: usize| {
            word.get(at..end).and_then(|bytes| self.vocabulary.rank(bytes)).unwrap_or(u32::MAX)
        };
        // Each part: where it begins, and the rank of it joined to the next one.
        parts.extend((0..word.len()).map(|at| (at, pair(at, at + 2))));
        loop {
            let lowest = parts.iter().enumerate().min_by_key(|(_, (_, rank))| *rank);
            let Some((index, (_, rank))) = lowest else { return 0 };
            if *rank == u32::MAX {
                return parts.len() as u64;
            }
            parts.remove(index + 1);
            for changed in [index.checked_sub(1), Some(index)].into_iter().flatten() {
                let end = match parts.get(changed + 2) {
                    Some((end, _)) => *end,
                    None if changed + 1 < parts.len() => word.len(),
                    None => usize::MAX,
                };
                parts[changed].1 = pair(parts[changed].0, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(text: &str) -> u64 {
        bpe_openai::o200k_base().count(text) as u64
    }

    #[test]
    fn known_texts_have_their_known_counts() {
        for (text, tokens) in [("", 0), ("hello world", 2), ("a", 1), ("  a", 2), ("tiktoken is great!", 6)] {
            assert_eq!(count(text), tokens, "{text:?}");
            assert_eq!(exact(text), tokens, "{text:?}");
        }
    }

    #[test]
    fn source_code_is_counted_as_the_reference_counts_it() {
        let text = include_str!("lib.rs");
        assert_eq!(count(text), exact(text));
        let text = "Grüße, 漢字! 🦀🦀 naïve   \n\n\t x=12345;\r\nDON'T we'll I'M\u{a0}\u{2003} ok ";
        assert_eq!(count(text), exact(text));
    }

    #[test]
    fn a_hostile_text_is_counted_in_linear_time_and_close_to_the_truth() {
        for one in ["a", " ", "\n", "=", "A", "1", "é", "漢", "\u{301}", "aB", " \n", "'s"] {
            let text = one.repeat(100_000);
            let tokens = count(&text);
            assert!(tokens > 0 && tokens <= text.len() as u64, "{one:?}: {tokens}");
        }
        let text = "a".repeat(4 << 20);
        let (tokens, truth) = (count(&text), (4 << 20) / 8);
        assert!((truth..=truth + truth / 8).contains(&tokens), "{tokens}");
    }

    proptest! {
        #[test]
        fn any_text_is_counted_as_the_reference_counts_it(text in "\\PC{0,120}") {
            prop_assert_eq!(count(&text), exact(&text));
        }

        #[test]
        fn any_mix_of_letters_spaces_and_signs_too(text in "[a-zA-Z0-9 \\n\\r\\t.,;'/=éß漢\u{301}-]{0,120}") {
            prop_assert_eq!(count(&text), exact(&text));
        }
    }
}
