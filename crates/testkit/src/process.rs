//! A service as a process of its own, which a test may stop, freeze and kill as an operator or a machine would.

use std::{
    fs::OpenOptions,
    net::{Ipv4Addr, TcpListener},
    process::{ExitStatus, Stdio},
    time::Duration,
};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::NamedTempFile;
use tokio::{
    process::{Child, Command},
    time::{Instant, timeout},
};

/// How long a debug build may take to start on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A running program. It is killed when this is dropped; if the test has failed, the end of its log is shown.
pub struct Process {
    /// `http://127.0.0.1:PORT` of the public listener.
    pub url: String,
    /// The same of the admin listener.
    pub metrics_url: String,
    name: &'static str,
    child: Child,
    log: NamedTempFile,
}

impl Process {
    /// Starts the program on free ports with these settings and no others, and waits until it is ready. Its rate limits are
    /// off unless the settings turn them on.
    pub async fn start(
        name: &'static str,
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        Self::start_until("/health/ready", name, program, arguments, settings).await
    }

    /// The same, but waits only until it answers at all: something that it needs may be missing.
    pub async fn start_alive(
        name: &'static str,
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        Self::start_until("/health/live", name, program, arguments, settings).await
    }

    async fn start_until(
        path: &str,
        name: &'static str,
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        // Somebody may take a free port before it is bound here.
        for _ in 0..3 {
            let addresses = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
            if let Some(process) = Self::try_start(path, name, program, arguments, settings, &addresses).await
            {
                return process;
            }
        }
        panic!("{name} did not start");
    }

    async fn try_start(
        path: &str,
        name: &'static str,
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
        [address, metrics]: &[String; 2],
    ) -> Option<Self> {
        let log = NamedTempFile::new().unwrap_or_else(|error| panic!("log of {name}: {error}"));
        let output = || {
            let file = OpenOptions::new().append(true).open(log.path());
            Stdio::from(file.unwrap_or_else(|error| panic!("log of {name}: {error}")))
        };
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(std::env::temp_dir());
        command.env("BIND_ADDR", address).env("METRICS_ADDR", metrics).env("AETHER_LOG", "json");
        command.env("AETHER_RATE_LIMITS", "off");
        command.envs(settings.iter().copied()).stdin(Stdio::null());
        command.stdout(output()).stderr(output()).kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut process = Self {
            url: format!("http://{address}"),
            metrics_url: format!("http://{metrics}"),
            name,
            child,
            log,
        };
        let http = client();
        let by = Instant::now() + START;
        loop {
            let answer = http.get(format!("{}{path}", process.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Some(process);
            }
            if process.child.try_wait().ok().flatten().is_some() {
                return None;
            }
            assert!(Instant::now() < by, "{name} is not ready:\n{}", process.log());
            pause().await;
        }
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let pid = pid.unwrap_or_else(|| panic!("{} has ended", self.name));
        kill_process(pid, signal).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Kills it, as a lack of memory would, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended(Duration::from_secs(5)).await;
    }

    /// Waits for its end.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let Ok(status) = timeout(within, self.child.wait()).await else {
            panic!("{} has not ended within {within:?}", self.name)
        };
        status.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "the log of a process is what explains a failed test")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> =
                log.lines().filter(|line| !line.contains(r#""event":"request""#)).collect();
            let end = &lines[lines.len().saturating_sub(30)..];
            eprintln!("the end of the log of {}:\n{}", self.name, end.join("\n"));
        }
    }
}

/// Between two looks at something that has no way to tell.
pub async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap_or_else(|error| panic!("HTTP client: {error}"))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.unwrap_or_else(|error| panic!("no free port: {error}")).port()
}
