//! The tokens of o200k_base and their ranks, in a table of our own: the bytes stay in the program's file, and a slot is four
//! bytes, which is a tenth of what a map of byte strings takes.

use std::hash::{DefaultHasher, Hasher};

/// For each token in order of rank: its length in one byte, then its bytes. Made by `build.rs`.
static TOKENS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k_base.bin"));

/// A slot without a token.
const FREE: u32 = u32::MAX;

/// The ranks of tokens.
pub struct Vocabulary {
    /// Where each token's bytes begin, by rank; one more at the end.
    starts: Vec<u32>,
    /// Ranks, by the hash of the token; a taken slot sends to the next one. Never more than half full.
    slots: Vec<u32>,
}

impl Vocabulary {
    /// The built-in one.
    pub fn embedded() -> Self {
        let mut starts = Vec::new();
        let mut at = 0;
        while let Some(length) = TOKENS.get(at) {
            starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
            at += 1 + usize::from(*length);
        }
        starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
        let mut vocabulary = Self { slots: vec![FREE; (starts.len() * 2).next_power_of_two()], starts };
        for rank in 0..u32::try_from(vocabulary.starts.len() - 1).unwrap_or(0) {
            let mut slot = vocabulary.first_slot(vocabulary.token(rank));
            while vocabulary.slots[slot] != FREE {
                slot = (slot + 1) & (vocabulary.slots.len() - 1);
            }
            vocabulary.slots[slot] = rank;
        }
        vocabulary
    }

    /// The rank of the token that is these bytes.
    pub fn rank(&self, bytes: &[u8]) -> Option<u32> {
        let mut slot = self.first_slot(bytes);
        loop {
            match self.slots[slot] {
                FREE => return None,
                rank if self.token(rank) == bytes => return Some(rank),
                _ => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
    }

    fn token(&self, rank: u32) -> &'static [u8] {
        let rank = rank as usize;
        // The next token's length byte lies between the two.
        &TOKENS[self.starts[rank] as usize..self.starts[rank + 1] as usize - 1]
    }

    fn first_slot(&self, bytes: &[u8]) -> usize {
        // Fixed keys: the tokens are fixed, so no text can make the chains longer than they are.
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        usize::try_from(hasher.finish() & (self.slots.len() as u64 - 1)).unwrap_or(0)
    }
}
