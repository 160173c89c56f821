//! Starting programs so that they, and all they start, can be ended: each gets a process group of
//! its own, a time budget, and (where `setpriv` exists) ends when we are killed.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

use crate::{out, signals, tools};

/// The user a server runs as when we are root and it refuses root.
#[derive(Clone, Debug)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// The system's user of that name, if there is one.
    pub fn find(name: &str) -> Option<Self> {
        let id = |flag| -> Option<u32> {
            let output = Command::new("id").args([flag, name]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self { uid: id("-u")?, gid: id("-g")? })
    }
}

/// A command that gets `signal` when this process dies, run as `user`.
/// The kernel sends it when the *thread* that spawned it ends: spawn from the main thread only.
pub fn bound_to_us(program: &Path, user: Option<&User>, signal: &str) -> Command {
    let Some(setpriv) = tools::find("setpriv").filter(|_| cfg!(target_os = "linux")) else {
        let mut command = Command::new(program);
        if let Some(user) = user {
            command.uid(user.uid).gid(user.gid);
        }
        return command;
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", signal]);
    if let Some(user) = user {
        command.arg("--reuid").arg(user.uid.to_string());
        command.arg("--regid").arg(user.gid.to_string()).arg("--init-groups");
    }
    command.arg("--").arg(program);
    command
}

/// A program that runs in a process group of its own. Dropping it kills the group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Running {
    /// Starts it without a terminal's input. Cargo's job server is not handed on.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.process_group(0).stdin(Stdio::null());
        let what = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("cannot start {what}"))?;
        Ok(Self { child, ended: None })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status once it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Sends a signal to the program itself, not to what it started.
    pub fn signal(&mut self, signal: Signal) {
        if let (Ok(None), Some(pid)) = (self.ended(), self.raw_pid()) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    /// Ends the whole group now.
    pub fn kill_group(&mut self) {
        // After a `wait` the group may still hold children of the one that ended.
        if let Some(pid) = self.raw_pid() {
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
        if self.ended.is_none() {
            self.ended = self.child.wait().ok();
        }
    }

    /// Waits at most that long for the end.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let until = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            pause(Duration::from_millis(20));
        }
    }

    fn raw_pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(None)) {
            self.kill_group();
        }
    }
}

/// Runs a command to its end. An error when it fails, when its time is up, or when we shall stop.
pub fn run(command: &mut Command, budget: Duration) -> Result<()> {
    let what = shown(command);
    let mut running = Running::start(command)?;
    let until = Instant::now() + budget;
    loop {
        if let Some(status) = running.ended()? {
            if status.success() {
                return Ok(());
            }
            bail!("`{what}` failed ({status})");
        }
        if signals::stop_asked() {
            running.signal(Signal::TERM);
            running.wait(Duration::from_secs(5))?;
            running.kill_group();
            bail!("stopped");
        }
        if Instant::now() >= until {
            running.kill_group();
            bail!("`{what}` took longer than its budget of {}", out::seconds(budget));
        }
        pause(Duration::from_millis(30));
    }
}

/// Like `run`, with all output in a file; its last lines are in the error.
pub fn run_logged(command: &mut Command, budget: Duration, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdout(file.try_clone()?).stderr(file);
    run(command, budget).with_context(|| format!("{}    all of it: {}", out::tail(log, 60), log.display()))
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let name = PathBuf::from(command.get_program());
    let mut line = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

/// Waits a moment between two looks at a child.
#[expect(clippy::disallowed_methods, reason = "there is no runtime here whose worker this could block")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_over_its_budget_is_killed_with_all_it_started() {
        let dir = crate::temp::TempDir::new("budget").unwrap();
        let pid_file = dir.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", pid_file.display());
        let error = run(Command::new("sh").args(["-c", &script]), Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().contains("longer than its budget of 1.0 s"), "{error}");
        let pid = std::fs::read_to_string(pid_file).unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        // A killed grandchild may stay a zombie where nobody reaps; a zombie has no command line.
        while std::fs::read(format!("/proc/{}/cmdline", pid.trim())).is_ok_and(|line| !line.is_empty()) {
            assert!(Instant::now() < until, "the grandchild still runs");
            pause(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_failing_command_is_named_as_typed() {
        let error = run(Command::new("sh").args(["-c", "exit 3"]), Duration::from_secs(5)).unwrap_err();
        assert!(error.to_string().starts_with("`sh -c exit 3` failed"), "{error}");
    }
}
