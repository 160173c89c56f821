//! The one connection over which this process hears what is published in Redis. It reconnects for ever, subscribes
//! again to every topic that has listeners, and then tells them that something may have been missed.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use redis::{
    Client, Msg,
    aio::{PubSub, PubSubSink},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    entry::{generation_of, read_live},
    fanout::{Fanout, Note},
    redis::{CONNECT, RESPONSE},
};

const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// A silent connection is asked this often whether it still lives.
const PING: Duration = Duration::from_secs(3);

/// How many channels one command names.
const BATCH: usize = 500;

/// What listeners ask of the relay.
pub(crate) enum Order {
    /// Confirm when Redis sends what is published on this channel.
    Join(Arc<str>, oneshot::Sender<()>),
    /// The last listener of this channel has left.
    Left(Arc<str>),
}

/// The task behind every subscription of this process.
pub(crate) struct Relay {
    client: Client,
    fanout: Arc<Fanout>,
    orders: mpsc::Receiver<Order>,
    up: watch::Sender<bool>,
    shutdown: CancellationToken,
    // Who waits for which channel; kept over a lost connection.
    waiting: HashMap<Arc<str>, Vec<oneshot::Sender<()>>>,
}

enum Step {
    Subscribe(Vec<Arc<str>>),
    Unsubscribe(Vec<Arc<str>>),
    Ping,
}

// Why a connection is left.
enum End {
    Broken,
    Over,
}

struct Session {
    sink: PubSubSink,
    // What Redis has confirmed.
    active: HashSet<Arc<str>>,
    left: HashSet<Arc<str>>,
    ping_due: bool,
}

impl Relay {
    pub(crate) fn new(
        client: Client,
        fanout: Arc<Fanout>,
        orders: mpsc::Receiver<Order>,
        up: watch::Sender<bool>,
        shutdown: CancellationToken,
    ) -> Self {
        Self { client, fanout, orders, up, shutdown, waiting: HashMap::new() }
    }

    pub(crate) async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        shutdown.run_until_cancelled(self.relay()).await;
        self.up.send_replace(false);
        self.fanout.close();
    }

    async fn relay(&mut self) {
        let mut first = true;
        let mut pause = PAUSE_MIN;
        loop {
            match self.connect().await {
                Ok((pubsub, active)) => {
                    pause = PAUSE_MIN;
                    if !first {
                        tracing::info!("the bus hears Redis again");
                        self.fanout.lose(None);
                    }
                    first = false;
                    self.up.send_replace(true);
                    if let End::Over = self.serve(pubsub, active).await {
                        return;
                    }
                    self.up.send_replace(false);
                    tracing::warn!("the bus lost its connection to Redis");
                }
                Err(error) => tracing::warn!(error, "the bus cannot hear Redis"),
            }
            if self.orders.is_closed() {
                return;
            }
            // Processes that lost the same Redis must not come back all at once.
            sleep(pause.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn connect(&self) -> Result<(PubSub, HashSet<Arc<str>>), String> {
        let mut pubsub = timeout(CONNECT, self.client.get_async_pubsub())
            .await
            .map_err(|_| "no answer".to_owned())?
            .map_err(|e| e.to_string())?;
        let topics = self.fanout.topics();
        for some in topics.chunks(BATCH) {
            timeout(RESPONSE, pubsub.subscribe(names(some)))
                .await
                .map_err(|_| "no answer".to_owned())?
                .map_err(|e| e.to_string())?;
        }
        Ok((pubsub, topics.into_iter().collect()))
    }

    async fn serve(&mut self, pubsub: PubSub, active: HashSet<Arc<str>>) -> End {
        let (sink, mut messages) = pubsub.split();
        let mut session = Session { sink, active, left: HashSet::new(), ping_due: false };
        self.confirm(&session.active);
        // Who gave up while there was no connection has no use for the channel.
        self.waiting.retain(|_, listeners| listeners.iter().any(|listener| !listener.is_closed()));
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // At most one command is on its way, so that its answer cannot be taken for another's.
        let mut busy: Option<BoxFuture<'static, Option<Step>>> = None;
        loop {
            if busy.is_none() {
                busy = self.next_step(&mut session).map(|step| carry_out(session.sink.clone(), step).boxed());
            }
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => self.hand_on(&message, &mut session),
                    None => return End::Broken,
                },
                step = async { busy.as_mut()?.await }, if busy.is_some() => {
                    busy = None;
                    match step {
                        Some(Step::Subscribe(topics)) => {
                            session.active.extend(topics);
                            self.confirm(&session.active);
                        }
                        Some(Step::Unsubscribe(_) | Step::Ping) => {}
                        None => return End::Broken,
                    }
                }
                order = self.orders.recv() => match order {
                    Some(Order::Join(topic, confirm)) if session.active.contains(&topic) => {
                        let _ = confirm.send(());
                    }
                    Some(Order::Join(topic, confirm)) => {
                        self.waiting.entry(topic).or_default().push(confirm);
                    }
                    Some(Order::Left(topic)) => {
                        session.left.insert(topic);
                    }
                    None => return End::Over,
                },
                _ = ping.tick() => session.ping_due = true,
            }
        }
    }

    fn next_step(&self, session: &mut Session) -> Option<Step> {
        if !self.waiting.is_empty() {
            return Some(Step::Subscribe(self.waiting.keys().take(BATCH).cloned().collect()));
        }
        let left: Vec<_> = session
            .left
            .drain()
            .filter(|topic| !self.fanout.has(topic) && session.active.remove(topic))
            .collect();
        if !left.is_empty() {
            return Some(Step::Unsubscribe(left));
        }
        std::mem::take(&mut session.ping_due).then_some(Step::Ping)
    }

    fn confirm(&mut self, active: &HashSet<Arc<str>>) {
        self.waiting.retain(|topic, listeners| {
            let confirmed = active.contains(topic);
            if confirmed {
                for listener in listeners.drain(..) {
                    let _ = listener.send(());
                }
            }
            !confirmed
        });
    }

    fn hand_on(&self, message: &Msg, session: &mut Session) {
        let topic = message.get_channel_name();
        let wanted = match generation_of(topic) {
            Some(id) if self.fanout.has(topic) => match read_live(id, message.get_payload_bytes()) {
                Ok(live) => self.fanout.send(topic, &Note::Events(Arc::new(live))),
                Err(error) => {
                    // The journal will tell whether it is damaged too.
                    tracing::error!(%error, "a published event cannot be read");
                    self.fanout.lose(Some(topic));
                    true
                }
            },
            Some(_) => false,
            None => self.fanout.send(topic, &Note::Bytes(message.get_payload_bytes().into())),
        };
        if !wanted {
            session.left.insert(topic.into());
        }
    }
}

// None when the connection is no longer of use.
async fn carry_out(mut sink: PubSubSink, step: Step) -> Option<Step> {
    let done = async {
        match &step {
            Step::Subscribe(topics) => sink.subscribe(names(topics)).await,
            Step::Unsubscribe(topics) => sink.unsubscribe(names(topics)).await,
            Step::Ping => sink.ping().await,
        }
    };
    matches!(timeout(RESPONSE, done).await, Ok(Ok(()))).then_some(step)
}

fn names(topics: &[Arc<str>]) -> Vec<&str> {
    topics.iter().map(AsRef::as_ref).collect()
}
