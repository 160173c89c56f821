//! The bus over Redis: commands over one connection that reconnects, with every wait bounded; what is published
//! comes in over the relay. Keys carry the hash tag `{id}`, so that a cluster can split them by generation.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aether_common::{
    event::{Happening, Position},
    id::GenerationId,
};
use redis::{
    Client, Cmd, IntoConnectionInfo, RedisError, RedisResult, Script, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    AppendError, BusError, ENDED_TTL, MAX_EVENTS, RUNNING_TTL,
    entry::{Entry, array, channel, corrupt, tail},
    fanout::{Ear, Fanout},
    journal::Page,
    limits::{Charge, Found, Key},
    relay::{Order, Relay},
};

/// How long making a connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

/// How long one answer may take.
pub(crate) const RESPONSE: Duration = Duration::from_secs(2);

/// How long a command may take with all its tries: enough for Redis to be started again.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a question about limits may take with all its tries: it stands before every request.
const QUICK: Duration = Duration::from_millis(500);

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

const CHECK: Duration = Duration::from_secs(1);

/// How many commands and orders may wait to be written.
const WAITING: usize = 1024;

/// A connection for commands and the relay for what is published.
pub(crate) struct Redis {
    commands: ConnectionManager,
    append: Script,
    limits: Script,
    ticket: AtomicU64,
    fanout: Arc<Fanout>,
    orders: mpsc::Sender<Order>,
    relay_up: watch::Receiver<bool>,
}

// One command, tried until it works, fails for good, or its time is over.
struct Tries {
    deadline: Instant,
    pause: Duration,
    // A try before this one may have worked.
    again: bool,
}

impl Redis {
    pub(crate) async fn connect(
        url: &SecretString,
        shutdown: CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, BusError> {
        // The library's words may repeat the URL, which holds the password.
        let info = url
            .expose_secret()
            .into_connection_info()
            .map_err(|_| BusError::Unavailable("the URL is not a redis:// URL".into()))?
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let client = Client::open(info).map_err(unavailable)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(RESPONSE))
            .set_number_of_retries(1)
            .set_min_delay(PAUSE_MIN)
            .set_max_delay(PAUSE_MAX)
            .set_pipeline_buffer_size(WAITING);
        let commands = timeout(PATIENCE, ConnectionManager::new_with_config(client.clone(), config))
            .await
            .map_err(|_| no_answer())?
            .map_err(unavailable)?;

        let fanout = Arc::<Fanout>::default();
        let (orders, receiver) = mpsc::channel(WAITING);
        let (up, mut relay_up) = watch::channel(false);
        tasks.spawn(Relay::new(client, fanout.clone(), receiver, up, shutdown).run());
        timeout(PATIENCE, relay_up.wait_for(|up| *up))
            .await
            .map_err(|_| no_answer())?
            .map_err(|_| BusError::Unavailable("it was shut down".into()))?;

        Ok(Self {
            commands,
            append: Script::new(include_str!("append.lua")),
            limits: Script::new(include_str!("limits.lua")),
            ticket: AtomicU64::new(rand::random::<u64>() >> 1),
            fanout,
            orders,
            relay_up,
        })
    }

    pub(crate) async fn check(&self) -> Result<(), BusError> {
        if !*self.relay_up.borrow() {
            return Err(BusError::Unavailable("the relay is not connected".into()));
        }
        timeout(CHECK, self.carry_out(&redis::cmd("PING"))).await.map_err(|_| no_answer())?
    }

    pub(crate) async fn publish(&self, topic: &str, payload: &[u8]) -> Result<(), BusError> {
        let mut command = redis::cmd("PUBLISH");
        command.arg(topic).arg(payload);
        self.carry_out(&command).await
    }

    /// Joins the audience, and returns when Redis has confirmed the subscription.
    pub(crate) async fn listen(&self, topic: Arc<str>) -> Result<Ear, BusError> {
        let ear = self.fanout.join(topic.clone(), Some(self.orders.clone()))?;
        let (confirm, confirmed) = oneshot::channel();
        let asked = async {
            self.orders.send(Order::Join(topic, confirm)).await.ok()?;
            confirmed.await.ok()
        };
        match timeout(PATIENCE, asked).await {
            Ok(Some(())) => Ok(ear),
            Ok(None) => Err(BusError::Unavailable("it was shut down".into())),
            Err(_) => Err(no_answer()),
        }
    }

    pub(crate) async fn append(
        &self,
        id: GenerationId,
        attempt: u32,
        happenings: &[Happening],
    ) -> Result<u64, AppendError> {
        let ticket = self.ticket.fetch_add(1, Ordering::Relaxed);
        let events = happenings
            .iter()
            .map(|happening| Ok((tail(happening)?, happening.is_last())))
            .collect::<Result<Vec<_>, BusError>>()?;
        let mut tries = Tries::within(PATIENCE);
        let (code, number): (u8, u64) = loop {
            let mut call = self.append.prepare_invoke();
            call.key(key(id)).key(channel(id)).arg(attempt).arg(ticket).arg(u8::from(tries.again));
            call.arg(millis(RUNNING_TTL)).arg(millis(ENDED_TTL)).arg(MAX_EVENTS);
            for (event, is_last) in &events {
                call.arg(event).arg(u8::from(*is_last));
            }
            if let Some(result) = tries.run(call.invoke_async(&mut self.commands.clone())).await {
                break result?;
            }
        };
        match code {
            0 => Ok(number),
            1 => Err(AppendError::Stale { current: u32::try_from(number).unwrap_or(u32::MAX) }),
            2 => Err(AppendError::Ended),
            _ => Err(BusError::Unavailable(format!("the journal of {id} is full")).into()),
        }
    }

    pub(crate) async fn page(
        &self,
        id: GenerationId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<Page>, BusError> {
        let start = match after {
            None => "-".to_owned(),
            // Redis refuses to start after the greatest id there is.
            Some(after) => format!("({}-{}", after.attempt, after.seq.min(u64::MAX - 1)),
        };
        let mut both = redis::pipe();
        both.atomic();
        both.cmd("XREVRANGE").arg(key(id)).arg("+").arg("-").arg("COUNT").arg(1);
        both.cmd("XRANGE").arg(key(id)).arg(start).arg("+").arg("COUNT").arg(limit);
        let mut tries = Tries::within(PATIENCE);
        let (newest, entries): (Value, Value) = loop {
            if let Some(result) = tries.run(both.query_async(&mut self.commands.clone())).await {
                break result?;
            }
        };

        let (Some(newest), Some(entries)) = (array(&newest), array(&entries)) else {
            return Err(corrupt(id, "an answer of another shape"));
        };
        let Some(newest) = newest.first() else { return Ok(None) };
        let newest = Entry::read(id, newest)?;
        let events =
            entries.iter().map(|entry| Entry::read(id, entry)?.event(id)).collect::<Result<_, _>>()?;
        Ok(Some(Page { epoch: newest.epoch, head: newest.position, ended: newest.is_last, events }))
    }

    pub(crate) async fn forget(&self, id: GenerationId) -> Result<(), BusError> {
        let mut command = redis::cmd("UNLINK");
        command.arg(key(id));
        self.carry_out(&command).await
    }

    pub(crate) async fn take(&self, charges: &[Charge], charged: bool) -> Result<Found, BusError> {
        let mut tries = Tries::within(QUICK);
        let answer: Vec<u64> = loop {
            let mut call = self.limits.prepare_invoke();
            call.arg(u8::from(charged));
            for charge in charges {
                call.key(charge.key.name()).arg(charge.capacity).arg(charge.cost);
            }
            if let Some(result) = tries.run(call.invoke_async(&mut self.commands.clone())).await {
                break result?;
            }
        };
        match answer.split_first() {
            Some((passed, missing)) if missing.len() == charges.len() => {
                Ok(Found { passed: *passed == 1, missing: missing.to_vec() })
            }
            _ => Err(BusError::Corrupt("an answer about limits of another shape".into())),
        }
    }

    pub(crate) async fn refill(&self, keys: &[Key]) -> Result<(), BusError> {
        let mut command = redis::cmd("UNLINK");
        command.arg(keys.iter().map(Key::name).collect::<Vec<_>>());
        self.try_for(QUICK, &command).await
    }

    async fn carry_out(&self, command: &Cmd) -> Result<(), BusError> {
        self.try_for(PATIENCE, command).await
    }

    async fn try_for(&self, patience: Duration, command: &Cmd) -> Result<(), BusError> {
        let mut tries = Tries::within(patience);
        loop {
            if let Some(result) = tries.run(command.query_async(&mut self.commands.clone())).await {
                return result;
            }
        }
    }
}

impl Tries {
    fn within(patience: Duration) -> Self {
        Self { deadline: Instant::now() + patience, pause: PAUSE_MIN, again: false }
    }

    // None: wait is over, try again.
    async fn run<T>(&mut self, attempt: impl Future<Output = RedisResult<T>>) -> Option<Result<T, BusError>> {
        let error = match timeout_at(self.deadline, attempt).await {
            Ok(Ok(value)) => return Some(Ok(value)),
            Ok(Err(error)) => error,
            Err(_) => return Some(Err(no_answer())),
        };
        if !may_pass(&error) || Instant::now() + self.pause >= self.deadline {
            return Some(Err(unavailable(error)));
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        self.again = true;
        None
    }
}

pub(crate) fn unavailable(error: RedisError) -> BusError {
    BusError::Unavailable(error.to_string())
}

pub(crate) fn no_answer() -> BusError {
    BusError::Unavailable("Redis does not answer".into())
}

fn key(id: GenerationId) -> String {
    format!("aether:{{{id}}}:log")
}

fn may_pass(error: &RedisError) -> bool {
    use redis::{ErrorKind, ServerErrorKind};
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                    | ServerErrorKind::TryAgain
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ClusterDown
            )
        )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
