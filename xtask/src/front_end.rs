//! The web UI: Node is there and new enough, its packages are installed, it is built.
//! Each step is skipped when nothing that it reads has changed since it last succeeded.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::stamp::{Stamp, hash};
use crate::{process, tools};

const OLDEST_NODE: (u32, u32) = (20, 19);
const HOW: &str =
    "Install Node 20.19 or newer (https://nodejs.org, or your system's packages), then run this again.";
/// Made by tools, or by tests: never an input of the build.
const NOT_SOURCES: [&str; 6] =
    ["node_modules", "dist", "test-results", "playwright-report", "coverage", ".vite"];

/// The folder of the web UI.
pub fn folder() -> PathBuf {
    tools::root().join("frontend")
}

/// Where the built pages are.
pub fn dist() -> PathBuf {
    folder().join("dist")
}

/// An error that says what to install, unless Node is there and new enough.
pub fn check_node() -> Result<()> {
    let (Some(node), Some(_)) = (tools::find("node"), tools::find("npm")) else {
        bail!("Node.js with npm is needed to build the web UI and was not found. {HOW}");
    };
    let output = Command::new(node).arg("--version").output().context("cannot run node")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match version(&said) {
        Some(found) if found >= OLDEST_NODE => Ok(()),
        _ => {
            bail!("Node 20.19 or newer is needed to build the web UI; `node --version` says {said:?}. {HOW}")
        }
    }
}

/// `npm ci`, unless it last ran for this very lock file. True when it ran.
pub fn install() -> Result<bool> {
    let lock = fs::read(folder().join("package-lock.json")).context("frontend/package-lock.json")?;
    // Inside node_modules, so that it goes when they go; npm ci itself removes it first.
    let stamp = Stamp::new(folder().join("node_modules/.aether-installed"), hash(&[&lock]));
    if stamp.is_current() || installed_by_hand() {
        return Ok(false);
    }
    npm(&["ci", "--no-audit", "--no-fund"], Duration::from_mins(10))?;
    stamp.write()?;
    Ok(true)
}

/// True when somebody ran npm after the lock file was last written: npm leaves its own copy of it.
fn installed_by_hand() -> bool {
    let changed = |file: &str| fs::metadata(folder().join(file)).and_then(|meta| meta.modified()).ok();
    matches!(
        (changed("node_modules/.package-lock.json"), changed("package-lock.json")),
        (Some(installed), Some(locked)) if installed >= locked
    )
}

/// `npm run build`, unless the sources are those of the last build. True when it ran.
pub fn build() -> Result<bool> {
    let mut hasher = DefaultHasher::new();
    hash_tree(&folder(), &mut hasher)?;
    let stamp = Stamp::new(tools::root().join("target/xtask/front-end-built"), hasher.finish());
    if stamp.is_current() && dist().join("index.html").is_file() {
        return Ok(false);
    }
    npm(&["run", "build"], Duration::from_mins(5))?;
    stamp.write()?;
    Ok(true)
}

/// Runs npm in the folder; its output is kept in a file and shown only when it fails.
pub fn npm(args: &[&str], budget: Duration) -> Result<()> {
    let logs = tools::root().join("target/xtask");
    fs::create_dir_all(&logs)?;
    let log = logs.join(format!("npm-{}.log", args.join("-").replace([':', '/'], "-")));
    process::run_logged(&mut npm_command(args), budget, &log)
}

/// An npm command in the folder, to be run by the caller.
pub fn npm_command(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(args).current_dir(folder()).env("NO_UPDATE_NOTIFIER", "1");
    command
}

fn version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn hash_tree(folder: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        if NOT_SOURCES.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            hash_tree(&path, hasher)?;
        } else {
            hasher.write_u64(hash(&[path.as_os_str().as_encoded_bytes(), &fs::read(&path)?]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_versions_of_node_are_told_apart() {
        assert_eq!(version("v20.19.0"), Some((20, 19)));
        assert!(version("v20.18.3").unwrap() < OLDEST_NODE);
        assert!(version("v24.1.0").unwrap() >= OLDEST_NODE);
        assert_eq!(version("nonsense"), None);
    }

    #[test]
    fn a_changed_file_changes_the_hash_and_a_made_one_does_not() {
        let dir = crate::temp::TempDir::new("hash").unwrap();
        let hash_now = || {
            let mut hasher = DefaultHasher::new();
            hash_tree(dir.path(), &mut hasher).unwrap();
            hasher.finish()
        };
        fs::write(dir.path().join("a.ts"), "1").unwrap();
        let before = hash_now();
        fs::create_dir(dir.path().join("node_modules")).unwrap();
        fs::write(dir.path().join("node_modules/x"), "1").unwrap();
        assert_eq!(hash_now(), before);
        fs::write(dir.path().join("a.ts"), "2").unwrap();
        assert_ne!(hash_now(), before);
    }
}
