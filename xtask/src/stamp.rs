//! Remembers what a step has read, so that it is skipped when nothing of that has changed.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use anyhow::{Context, Result};

/// What a step has read, kept beside what it made.
pub struct Stamp {
    file: PathBuf,
    read: String,
}

impl Stamp {
    /// `file` keeps the hash.
    pub fn new(file: PathBuf, hash: u64) -> Self {
        Self { file, read: format!("{hash:016x}") }
    }

    /// True when the step last succeeded on what this hash is of.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.read)
    }

    /// The step has succeeded.
    pub fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.read).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// One number for these parts, in this order.
pub fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    hasher.finish()
}
