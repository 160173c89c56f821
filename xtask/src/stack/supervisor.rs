//! Keeps a list of servers running: starts them, starts again what dies, ends all in order.
//! Each server's output goes to a file of its own.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::process::{self, Running, User};
use crate::temp::TempDir;
use crate::{http, out, signals};

/// The wait before a dead server is started again: doubled at each death, at most this.
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const IN_A_HURRY: Duration = Duration::from_secs(1);
/// After this long a server counts as well, and its next death as the first.
const WELL_AFTER: Duration = Duration::from_secs(30);

/// How to start and end one server.
pub struct Spec {
    /// Unique; also the name of its log.
    pub name: String,
    pub program: PathBuf,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    /// Taken out of the environment that it would inherit.
    pub without_env: Vec<String>,
    pub folder: PathBuf,
    pub user: Option<User>,
    /// The signal that asks it to end, and how long that may take before it is killed.
    pub stop: (Signal, Duration),
}

struct Server {
    spec: Spec,
    log: PathBuf,
    running: Running,
    since: Instant,
    deaths: u32,
    again_at: Option<Instant>,
    /// Its end was told; with `--no-restart` it is told once.
    told: bool,
}

/// The servers, in the order they were started.
pub struct Supervisor {
    dir: TempDir,
    servers: Vec<Server>,
    hurry: bool,
}

impl Supervisor {
    /// A new temporary directory, with nothing running.
    pub fn new(what: &str) -> Result<Self> {
        let dir = TempDir::new(what)?;
        std::fs::create_dir(dir.path().join("logs"))?;
        Ok(Self { dir, servers: Vec::new(), hurry: false })
    }

    /// The directory that everything is written to.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where the logs are.
    pub fn logs(&self) -> PathBuf {
        self.dir.path().join("logs")
    }

    /// From now on nobody gets time to finish what they do.
    pub fn hurry(&mut self) {
        self.hurry = true;
    }

    /// Leaves the directory behind, for its logs.
    pub fn keep_dir(&mut self) {
        self.dir.keep();
    }

    /// Starts a server and gives its pid. It is not ready yet.
    pub fn start(&mut self, spec: Spec) -> Result<u32> {
        let log = self.logs().join(format!("{}.log", spec.name));
        let running = spawn(&spec, &log)?;
        let pid = running.pid();
        self.dir.remember(pid)?;
        let since = Instant::now();
        self.servers.push(Server { spec, log, running, since, deaths: 0, again_at: None, told: false });
        Ok(pid)
    }

    /// Waits until `GET path` on the port is 200; fails at once when the server has ended.
    pub fn wait_ready(&mut self, name: &str, port: u16, path: &str, patience: Duration) -> Result<()> {
        let log = self.log(name);
        http::wait_for_200(port, path, patience, || self.check_alive(name))
            .with_context(|| format!("{name} did not start:\n{}    its log", out::tail(&log, 20)))
    }

    /// Waits until the condition holds; fails at once when the server has ended.
    pub fn wait_until(
        &mut self,
        name: &str,
        patience: Duration,
        mut holds: impl FnMut() -> bool,
    ) -> Result<()> {
        let until = Instant::now() + patience;
        while !holds() {
            let alive = self.check_alive(name);
            if alive.is_err() || Instant::now() >= until || signals::stop_asked() {
                let tail = out::tail(&self.log(name), 20);
                alive.with_context(|| format!("{name} did not start:\n{tail}    its log"))?;
                bail!("{name} was not ready in {} s:\n{tail}", patience.as_secs());
            }
            process::pause(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The file that holds what a server printed.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// One look at every server: tells of deaths and, if asked to, starts the dead again.
    pub fn look_after(&mut self, restart: bool) -> Result<()> {
        for server in &mut self.servers {
            let Some(status) = server.running.ended()? else {
                if server.deaths > 0 && server.since.elapsed() > WELL_AFTER {
                    server.deaths = 0;
                }
                continue;
            };
            if !server.told {
                server.told = true;
                // What a dead server started must not hold its port or its data.
                server.running.kill_group();
                out::say(format!(
                    "{} (pid {}) ended: {status}; its log: {}",
                    server.spec.name,
                    server.running.pid(),
                    server.log.display()
                ));
                let wait = FIRST_BACKOFF.saturating_mul(1 << server.deaths.min(6)).min(LONGEST_BACKOFF);
                server.again_at = restart.then(|| Instant::now() + wait);
                server.deaths += 1;
            }
            if server.again_at.is_some_and(|at| Instant::now() >= at) {
                match spawn(&server.spec, &server.log) {
                    Ok(running) => server.running = running,
                    // Its program may be missing for a moment, while somebody builds it anew.
                    Err(error) => {
                        out::say(format!("{error:#}"));
                        server.again_at = Some(Instant::now() + LONGEST_BACKOFF);
                        continue;
                    }
                }
                self.dir.remember(server.running.pid())?;
                server.since = Instant::now();
                server.again_at = None;
                server.told = false;
                out::say(format!("{} started again (pid {})", server.spec.name, server.running.pid()));
            }
        }
        Ok(())
    }

    /// Ends the servers whose name `chosen` accepts, all at once, each within its time.
    /// A second request to stop ends the waiting.
    pub fn end(&mut self, chosen: impl Fn(&str) -> bool) {
        let (mut going, staying): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.servers).into_iter().partition(|server| chosen(&server.spec.name));
        self.servers = staying;
        for server in &mut going {
            server.running.signal(server.spec.stop.0);
        }
        let began = Instant::now();
        for server in &mut going {
            let patience = if self.hurry { IN_A_HURRY } else { server.spec.stop.1 };
            while began.elapsed() < patience && !signals::stop_asked_twice() {
                if !matches!(server.running.ended(), Ok(None)) {
                    break;
                }
                process::pause(Duration::from_millis(20));
            }
            if !self.hurry && matches!(server.running.ended(), Ok(None)) {
                out::say(format!("{} did not end in time and is killed", server.spec.name));
            }
            server.running.kill_group();
        }
    }

    fn check_alive(&mut self, name: &str) -> Result<()> {
        let Some(server) = self.servers.iter_mut().find(|server| server.spec.name == name) else {
            bail!("{name} was never started");
        };
        match server.running.ended()? {
            Some(status) => bail!("{name} ended ({status})"),
            None => Ok(()),
        }
    }
}

impl Drop for Supervisor {
    /// The last started goes first: nobody loses what it stands on before it has ended.
    fn drop(&mut self) {
        while let Some(name) = self.servers.last().map(|server| server.spec.name.clone()) {
            self.end(|other| other == name);
        }
    }
}

fn spawn(spec: &Spec, log: &Path) -> Result<Running> {
    let open = || -> Result<File> {
        let file = OpenOptions::new().create(true).append(true).open(log);
        file.with_context(|| format!("cannot write {}", log.display()))
    };
    let signal = if spec.stop.0 == Signal::INT { "INT" } else { "TERM" };
    let mut command = process::bound_to_us(&spec.program, spec.user.as_ref(), signal);
    command.args(&spec.args).current_dir(&spec.folder).stdout(open()?).stderr(open()?);
    for name in &spec.without_env {
        command.env_remove(name);
    }
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    Running::start(&mut command).with_context(|| spec.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> Spec {
        Spec {
            name: name.to_owned(),
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), script.to_owned()],
            env: Vec::new(),
            without_env: Vec::new(),
            folder: "/".into(),
            user: None,
            stop: (Signal::TERM, Duration::from_secs(5)),
        }
    }

    fn until(mut holds: impl FnMut() -> bool) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !holds() {
            assert!(Instant::now() < limit, "waited too long");
            process::pause(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_dead_server_is_started_again_and_left_dead_when_told_so() {
        let mut supervisor = Supervisor::new("test").unwrap();
        let first = supervisor.start(shell("one", "exec sleep 60")).unwrap();
        let kill = |pid: u32| {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            rustix::process::kill_process(pid, Signal::KILL).unwrap();
        };
        kill(first);
        until(|| {
            supervisor.look_after(true).unwrap();
            supervisor.servers[0].running.pid() != first
        });
        let second = supervisor.servers[0].running.pid();
        kill(second);
        until(|| supervisor.check_alive("one").is_err());
        supervisor.look_after(false).unwrap();
        assert!(supervisor.servers[0].again_at.is_none());
        assert_eq!(supervisor.servers[0].running.pid(), second);
    }

    #[test]
    fn a_server_that_ends_while_starting_is_reported_with_its_log() {
        let mut supervisor = Supervisor::new("test").unwrap();
        supervisor.start(shell("two", "echo no such setting; exit 2")).unwrap();
        let error = supervisor.wait_until("two", Duration::from_secs(10), || false).unwrap_err();
        assert!(format!("{error:#}").contains("no such setting"), "{error:#}");
    }

    #[test]
    fn the_directory_and_the_servers_are_gone_afterwards() {
        let mut supervisor = Supervisor::new("test").unwrap();
        let pid = supervisor.start(shell("three", "trap '' TERM; sleep 60 & wait; wait")).unwrap();
        supervisor.servers[0].spec.stop.1 = Duration::from_millis(200);
        let dir = supervisor.dir().to_owned();
        drop(supervisor);
        assert!(!dir.exists());
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
