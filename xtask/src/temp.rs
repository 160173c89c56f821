//! Directories under /tmp that hold what our servers write. A directory names its owner and the
//! processes started in it, so that the next start clears away what a killed run left behind.
//! (/tmp and not $TMPDIR: a socket's path must be short, and the user `postgres` must reach it.)

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};

const PREFIX: &str = "aether-xtask-";
const OWNER: &str = "owner";
const STARTED: &str = "started";

/// A directory that is removed when this value goes away, unless it is kept.
pub struct TempDir {
    path: PathBuf,
    keep: bool,
}

impl TempDir {
    /// Makes `/tmp/aether-xtask-<what>-<pid>-<random>` and clears away what dead owners left.
    pub fn new(what: &str) -> Result<Self> {
        clear_leftovers();
        let name = format!("{PREFIX}{what}-{}-{:06x}", std::process::id(), random_number()? & 0xff_ffff);
        let path = Path::new("/tmp").join(name);
        // Others may pass through (PostgreSQL runs as a user of its own), not list.
        fs::DirBuilder::new()
            .mode(0o711)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        // Whole or not there: half an owner's name would look like a dead owner to another run.
        fs::write(path.join("owner.new"), identity(std::process::id()))?;
        fs::rename(path.join("owner.new"), path.join(OWNER))?;
        Ok(Self { path, keep: false })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the directory where it is, for a person to look at.
    pub fn keep(&mut self) {
        self.keep = true;
        // Without an owner's name no later run takes it for its own.
        let _ = fs::remove_file(self.path.join(OWNER));
    }

    /// Remembers a process started for this directory.
    pub fn remember(&self, pid: u32) -> Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path.join(STARTED))?;
        Ok(writeln!(file, "{}", identity(pid))?)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Sixty-four bits from the system's random source.
pub fn random_number() -> Result<u64> {
    Ok(u64::from_le_bytes(random_bytes()?))
}

/// Bytes from the system's random source.
pub fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("no /dev/urandom")?;
    Ok(bytes)
}

/// `<pid> <start time>`: a pid alone may by now be somebody else's.
fn identity(pid: u32) -> String {
    format!("{pid} {}", start_time(pid).unwrap_or_default())
}

fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces; the start time is the 20th field after it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

fn alive(identity: &str) -> Option<Pid> {
    let (pid, started) = identity.trim().split_once(' ')?;
    let pid: i32 = pid.parse().ok()?;
    (start_time(pid.unsigned_abs()).as_deref() == Some(started)).then(|| Pid::from_raw(pid)).flatten()
}

fn clear_leftovers() {
    // Only where a process can be told from a later one with the same pid.
    if start_time(std::process::id()).is_none() {
        return;
    }
    let me = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir("/tmp").into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == me);
        let Ok(owner) = fs::read_to_string(entry.path().join(OWNER)) else { continue };
        if !ours || alive(&owner).is_some() {
            continue;
        }
        for line in fs::read_to_string(entry.path().join(STARTED)).unwrap_or_default().lines() {
            if let Some(pid) = alive(line) {
                let _ = rustix::process::kill_process_group(pid, Signal::KILL);
            }
        }
        let _ = fs::remove_dir_all(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_cleared_and_what_lives_is_not() {
        let mine = TempDir::new("test").unwrap();
        let dead = Path::new("/tmp").join(format!("{PREFIX}dead-{:x}", random_number().unwrap()));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(OWNER), format!("{} 1", std::process::id())).unwrap();
        clear_leftovers();
        assert!(!dead.exists());
        let path = mine.path().to_owned();
        assert!(path.exists());
        drop(mine);
        assert!(!path.exists());
    }
}
