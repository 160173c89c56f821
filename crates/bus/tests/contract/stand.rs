//! What the stories stand on: a bus, and a private Redis that goes away with the test.

use std::{
    fmt::Write as _,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use aether_bus::{Bus, BusError};
use aether_common::{
    event::{Event, Happening, Position, Stage},
    id::{GenerationId, Ids},
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A condition that is not met within this time fails the test.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Stand {
    pub bus: Bus,
    pub shutdown: CancellationToken,
    // A second process on the same bus, as far as the bus can tell.
    pub other: Bus,
    _server: Option<Server>,
}

/// A `redis-server` of this test alone, which keeps its data over a restart.
pub struct Server {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Stand {
    pub fn memory() -> Self {
        let shutdown = CancellationToken::new();
        let bus =
            futures::executor::block_on(Bus::connect(None, shutdown.clone(), &TaskTracker::new())).unwrap();
        Self { other: bus.clone(), bus, shutdown, _server: None }
    }

    pub async fn redis() -> Self {
        let server = match std::env::var("AETHER_TEST_REDIS_URL") {
            Ok(url) => Err(SecretString::from(url)),
            Err(_) => Ok(Server::start().await),
        };
        let url = server.as_ref().map_or_else(Clone::clone, Server::url);
        let shutdown = CancellationToken::new();
        let bus = connect(&url, &shutdown).await;
        let other = connect(&url, &shutdown).await;
        Self { bus, shutdown, other, _server: server.ok() }
    }
}

pub async fn connect(url: &SecretString, shutdown: &CancellationToken) -> Bus {
    Bus::connect(Some(url), shutdown.clone(), &TaskTracker::new()).await.unwrap()
}

impl Server {
    pub async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { port, folder: TempDir::new().unwrap(), child: None };
        server.start_again().await;
        server
    }

    pub fn url(&self) -> SecretString {
        format!("redis://127.0.0.1:{}/", self.port).into()
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub async fn start_again(&mut self) {
        eventually(async || {
            // It ends at once when somebody else has the port: then try again.
            if self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
                self.child = Some(redis_server(self.port, self.folder.path()).spawn().unwrap_or_else(|error| {
                    panic!("redis-server cannot be started ({error}): install Redis 7 or set AETHER_TEST_REDIS_URL")
                }));
            }
            self.command(&["PING"]).await.is_ok()
        })
        .await;
    }

    /// Lets it hang: connections stay, nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Empties it.
    pub async fn wipe(&self) {
        self.command(&["FLUSHALL"]).await.unwrap();
    }

    pub async fn command(&self, words: &[&str]) -> redis::RedisResult<redis::Value> {
        let client = redis::Client::open(secrecy::ExposeSecret::expose_secret(&self.url()))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut connection).await
    }
}

impl Server {
    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn redis_server(port: u16, folder: &Path) -> Command {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Waits until it is so.
pub async fn eventually(mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    within(wait).await;
}

pub async fn within<T>(wait: impl Future<Output = T>) -> T {
    timeout(PATIENCE, wait).await.expect("it did not come in time")
}

pub fn new_id() -> GenerationId {
    Ids::system().mint()
}

pub fn at(attempt: u32, seq: u64) -> Position {
    Position { attempt, seq }
}

pub fn step(delta: impl Into<String>) -> Happening {
    Happening::Progress { progress: 7, status: Stage::Streaming, delta: Some(delta.into()) }
}

pub fn complete(result: impl Into<String>) -> Happening {
    Happening::Complete { result: result.into(), metadata: Box::default() }
}

pub fn event(generation_id: GenerationId, position: Position, happening: Happening) -> Event {
    Event { generation_id, position, happening }
}

/// The database says: it still runs.
pub async fn runs() -> Result<Option<Event>, BusError> {
    Ok(None)
}

/// Appends `t1 t2 ...` as one attempt, each event by itself.
pub async fn write(bus: &Bus, id: GenerationId, attempt: u32, count: u64) {
    for number in 1..=count {
        let position = bus.append(id, attempt, &step(format!("{attempt}.{number} "))).await.unwrap();
        assert_eq!(position, at(attempt, number));
    }
}

pub fn text(attempt: u32, count: u64) -> String {
    (1..=count).fold(String::new(), |mut text, number| {
        let _ = write!(text, "{attempt}.{number} ");
        text
    })
}

pub fn positions(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.position.to_string()).collect()
}

/// What a client shows after these events: CONTRACT.md "Events". Fails on a gap or a double.
pub fn told(events: &[Event]) -> String {
    let mut text = String::new();
    let mut expected = None;
    for event in events {
        if event.position.seq == 1 {
            text.clear();
        } else if let Some(expected) = expected {
            assert_eq!(event.position, expected, "a gap or a double");
        }
        expected = Some(event.position.next());
        if let Happening::Progress { delta: Some(delta), .. } = &event.happening {
            text.push_str(delta);
        }
    }
    text
}
