//! The Python tools of the tests, in one environment whose every package is pinned, with its hash, in
//! `xtask/python/requirements.txt`. It is made once and reused until that file changes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::stamp::{Stamp, hash};
use crate::{out, process, tools};

/// The folder with the pinned packages and the tools' settings.
pub fn folder() -> PathBuf {
    tools::root().join("xtask/python")
}

/// Makes the environment if need be; gives the path of a program in it.
pub fn program(name: &str) -> Result<PathBuf> {
    let place = tools::root().join("target/xtask/python");
    let requirements = folder().join("requirements.txt");
    let pinned = fs::read(&requirements).with_context(|| format!("{}", requirements.display()))?;
    let python = tools::need(&tools::PYTHON_ENVIRONMENTS)?;
    // An environment points to the Python that made it: another one makes it anew.
    let version = Command::new(&python).arg("-VV").output().context("cannot run python3")?.stdout;
    let stamp = Stamp::new(place.join(".aether-installed"), hash(&[&pinned, &version]));
    let program = place.join("bin").join(name);
    if stamp.is_current() && program.is_file() {
        return Ok(program);
    }
    let step = out::step("the Python tools of the tests");
    fs::create_dir_all(place.parent().unwrap_or(&place))?;
    let mut make = Command::new(&python);
    make.args(["-m", "venv", "--clear"]).arg(&place);
    process::run(&mut make, Duration::from_mins(2))?;
    let mut install = Command::new(place.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    install.args(["--only-binary", ":all:", "--require-hashes", "-r"]).arg(&requirements);
    process::run(&mut install, Duration::from_mins(5))?;
    stamp.write()?;
    step.done();
    Ok(program)
}
