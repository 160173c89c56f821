//! The bus over Redis: commands over one connection that reconnects, with every wait bounded; what is published
//! comes in over the relay. Keys carry the hash tag `{id}`, so that a cluster can split them by generation.

use std::{
    pin::pin,
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
    appends::Appends,
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

/// How long Redis may be silent before a question about limits fails: it stands before every request.
const SILENCE: Duration = Duration::from_millis(500);

/// Silence is counted in steps: a process that was itself stopped for a while has heard nothing either.
const STEP: Duration = Duration::from_millis(50);

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

const CHECK: Duration = Duration::from_secs(1);

/// How many commands and orders may wait to be written.
const WAITING: usize = 1024;

/// A connection for commands and the relay for what is published.
pub(crate) struct Redis {
    commands: ConnectionManager,
    appends: Appends,
    limits: Script,
    heard: Heard,
    ticket: AtomicU64,
    fanout: Arc<Fanout>,
    orders: mpsc::Sender<Order>,
    relay_up: watch::Receiver<bool>,
}

// How often Redis has answered anybody here.
#[derive(Clone, Default)]
struct Heard(Arc<AtomicU64>);

// One command, tried until it works, fails for good, or its time is over.
struct Tries {
    deadline: Instant,
    // When failures are no longer tried again.
    last_try: Instant,
    pause: Duration,
    // A try before this one may have worked.
    again: bool,
    heard: Heard,
    // Ends a wait before its deadline, when there is one.
    silence: Option<Silence>,
}

// For how many steps nobody was answered. A Redis that answers others is slow, or we are: that is waited for, or a flood
// that keeps this process busy would look like an outage, which opens some doors.
struct Silence {
    steps: u32,
    heard: u64,
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
            appends: Appends::start(commands.clone()),
            commands,
            limits: Script::new(include_str!("limits.lua")),
            heard: Heard::default(),
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
        let mut tries = Tries::within(PATIENCE, &self.heard);
        let (code, number) = loop {
            let mut call = self.appends.call();
            call.arg(2).arg(key(id)).arg(channel(id)).arg(attempt).arg(ticket).arg(u8::from(tries.again));
            call.arg(millis(RUNNING_TTL)).arg(millis(ENDED_TTL)).arg(MAX_EVENTS);
            for (event, is_last) in &events {
                call.arg(event).arg(u8::from(*is_last));
            }
            if let Some(result) = tries.run(self.appends.run(call)).await {
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
        let mut tries = Tries::within(PATIENCE, &self.heard);
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
        let mut tries = Tries::quick(&self.heard);
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
        self.keep_trying(Tries::quick(&self.heard), &command).await
    }

    async fn carry_out(&self, command: &Cmd) -> Result<(), BusError> {
        self.keep_trying(Tries::within(PATIENCE, &self.heard), command).await
    }

    async fn keep_trying(&self, mut tries: Tries, command: &Cmd) -> Result<(), BusError> {
        loop {
            if let Some(result) = tries.run(command.query_async(&mut self.commands.clone())).await {
                return result;
            }
        }
    }
}

impl Tries {
    fn within(patience: Duration, heard: &Heard) -> Self {
        let deadline = Instant::now() + patience;
        let heard = heard.clone();
        Self { deadline, last_try: deadline, pause: PAUSE_MIN, again: false, heard, silence: None }
    }

    fn quick(heard: &Heard) -> Self {
        let silence = Some(Silence { steps: 0, heard: heard.count() });
        Self { last_try: Instant::now() + SILENCE, silence, ..Self::within(RESPONSE, heard) }
    }

    // None: wait is over, try again.
    async fn run<T>(&mut self, attempt: impl Future<Output = RedisResult<T>>) -> Option<Result<T, BusError>> {
        let mut attempt = pin!(attempt);
        let error = loop {
            match timeout_at(self.next_look(), &mut attempt).await {
                Ok(Ok(value)) => {
                    self.heard.more();
                    return Some(Ok(value));
                }
                Ok(Err(error)) => break error,
                Err(_) if self.goes_on() => {}
                Err(_) => return Some(Err(no_answer())),
            }
        };
        if !may_pass(&error) || Instant::now() + self.pause >= self.last_try {
            return Some(Err(unavailable(error)));
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        self.again = true;
        None
    }

    fn next_look(&self) -> Instant {
        if self.silence.is_some() { self.deadline.min(Instant::now() + STEP) } else { self.deadline }
    }

    fn goes_on(&mut self) -> bool {
        let Some(silence) = &mut self.silence else { return false };
        let heard = self.heard.count();
        let steps = if heard == silence.heard { silence.steps + 1 } else { 0 };
        *silence = Silence { steps, heard };
        STEP * steps < SILENCE && Instant::now() < self.deadline
    }
}

impl Heard {
    fn more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn after<T>(millis: u64, value: T) -> RedisResult<T> {
        sleep(Duration::from_millis(millis)).await;
        Ok(value)
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_question_ends_with_silence_and_not_with_a_flood() {
        let heard = Heard::default();
        assert!(matches!(Tries::quick(&heard).run(after(400, 1)).await, Some(Ok(1))));
        assert!(matches!(Tries::quick(&heard).run(after(600, 2)).await, Some(Err(_))), "nobody was answered");

        // Others are answered, so it is waited for; but not for ever.
        let others = async {
            loop {
                let _ = Tries::quick(&heard).run(after(300, 0)).await;
            }
        };
        let asked = async {
            assert!(matches!(Tries::quick(&heard).run(after(1900, 3)).await, Some(Ok(3))));
            assert!(matches!(Tries::quick(&heard).run(after(2100, 4)).await, Some(Err(_))));
        };
        tokio::select! {
            () = others => {}
            () = asked => {}
        }
    }
}
