//! A Redis of one test alone, which it may stop, empty and start again.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, timeout},
};

use crate::process::pause;

const PATIENCE: Duration = Duration::from_secs(20);

/// A `redis-server` on a free port, which keeps its data over a restart. It is killed when this is dropped.
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = listener.unwrap_or_else(|error| panic!("no free port: {error}")).port();
        let folder = TempDir::new().unwrap_or_else(|error| panic!("a folder for Redis: {error}"));
        let mut server = Self { port, folder, child: None };
        server.start_again().await;
        server
    }

    /// `REDIS_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Kills it. What it was told stays on its disk.
    pub async fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.unwrap_or_else(|error| panic!("redis-server: {error}"));
        }
    }

    /// Starts it after a [`stop`](Self::stop), at the same place.
    pub async fn start_again(&mut self) {
        let by = Instant::now() + PATIENCE;
        loop {
            // It ends at once when somebody else has the port: then it is tried again.
            if self.child.as_mut().is_none_or(|child| child.try_wait().ok().flatten().is_some()) {
                self.child = Some(self.spawn());
            }
            if self.ask("PING").await.is_some_and(|answer| answer.starts_with("+PONG")) {
                return;
            }
            assert!(Instant::now() < by, "redis-server does not answer");
            pause().await;
        }
    }

    /// Empties it.
    pub async fn wipe(&self) {
        let answer = self.ask("FLUSHALL").await;
        assert!(answer.is_some_and(|answer| answer.starts_with("+OK")), "redis-server is not emptied");
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
            .arg(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        command
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server cannot be started ({error}): install Redis 7"))
    }

    /// One command without arguments, in the protocol's inline form.
    async fn ask(&self, command: &str) -> Option<String> {
        let asking = async {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.ok()?;
            stream.write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
            let mut answer = vec![0; 64];
            let length = stream.read(&mut answer).await.ok()?;
            answer.truncate(length);
            String::from_utf8(answer).ok()
        };
        timeout(Duration::from_secs(2), asking).await.ok().flatten()
    }
}
