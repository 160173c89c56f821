//! How parts that do not call each other talk: topics (publish, subscribe) and the journal of a generation
//! (append, replay, follow), and rate limits, in one process or over Redis. Nothing here is kept for good: the database is
//! the truth.
//!
//! What is promised:
//! - A payload published after [`Bus::subscribe`] returned reaches that subscription, in the order in which one
//!   publisher sent it, or the subscription says [`Delivery::Lost`].
//! - An event that [`Bus::append`] gave a position reaches every follower once and in order while its journal is held,
//!   also over a lost connection and a restarted Redis.
//!
//! What is not: topics are not kept, so who is not subscribed gets nothing; a payload may come twice after a
//! connection to Redis broke; a journal is gone some time after its last event ([`ENDED_TTL`], [`RUNNING_TTL`]) or
//! when Redis is emptied. Readers then ask the database, see [`Bus::follow`].

mod appends;
mod entry;
mod fanout;
mod follow;
mod journal;
mod limits;
mod log;
mod memory;
mod redis;
mod relay;
mod subscription;
mod topic;

use std::sync::Arc;

use aether_common::problem::Problem;
use secrecy::SecretString;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::{
    follow::Following,
    journal::{After, AppendError, ENDED_TTL, MAX_EVENTS, RUNNING_TTL, Replay},
    limits::{Bucket, Decision, Level, LocalLimits, Rate},
    subscription::{Delivery, Subscription},
    topic::Topic,
};
use self::{memory::Memory, redis::Redis};

/// A cheap handle on the bus. Clones share everything.
#[derive(Clone)]
pub struct Bus {
    backend: Backend,
}

/// Why the bus could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// Redis did not answer in time, refused, or the bus was shut down. Trying again later may help.
    #[error("the bus is not available: {0}")]
    Unavailable(String),
    /// Something kept or published cannot be read: another version wrote it, or it was damaged.
    #[error("the bus holds what cannot be read: {0}")]
    Corrupt(String),
}

#[derive(Clone)]
enum Backend {
    Memory(Arc<Memory>),
    Redis(Arc<Redis>),
}

impl Bus {
    /// A bus within this process. It ends when its last handle is dropped.
    pub fn memory() -> Self {
        Self { backend: Backend::Memory(Arc::new(Memory::new(CancellationToken::new()))) }
    }

    /// A bus over the Redis (7.0 or newer) at this URL, or within this process when there is none.
    ///
    /// The connection is made before this returns, within some seconds; later the bus reconnects by itself. Its one
    /// task runs on `tasks`. When `shutdown` is cancelled, every subscription gets [`Delivery::Closed`] and every
    /// follower ends; appending and publishing still work.
    pub async fn connect(
        redis_url: Option<&SecretString>,
        shutdown: CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<Self, BusError> {
        let backend = if let Some(url) = redis_url {
            Backend::Redis(Arc::new(Box::pin(Redis::connect(url, shutdown, tasks)).await?))
        } else {
            let memory = Arc::new(Memory::new(shutdown.clone()));
            let topics = memory.topics.clone();
            tasks.spawn(async move {
                shutdown.cancelled().await;
                topics.close();
            });
            Backend::Memory(memory)
        };
        Ok(Self { backend })
    }

    /// Whether the bus works now; answers within a second.
    pub async fn check(&self) -> Result<(), BusError> {
        match &self.backend {
            Backend::Memory(_) => Ok(()),
            Backend::Redis(redis) => Box::pin(redis.check()).await,
        }
    }

    /// Whether other processes are on this bus.
    pub fn is_shared(&self) -> bool {
        matches!(self.backend, Backend::Redis(_))
    }

    /// Sends to every subscription of the topic, in every process. Succeeds also when there is none.
    pub async fn publish(&self, topic: &Topic, payload: impl Into<Vec<u8>>) -> Result<(), BusError> {
        match &self.backend {
            Backend::Memory(memory) => {
                memory.topics.send(topic.as_str(), &fanout::Note::Bytes(payload.into().into()));
                Ok(())
            }
            Backend::Redis(redis) => Box::pin(redis.publish(topic.as_str(), &payload.into())).await,
        }
    }

    /// Listens to a topic. When this returns the subscription is active: nothing that is published afterwards is
    /// missed without a [`Delivery::Lost`]. Waits at most some seconds for Redis.
    pub async fn subscribe(&self, topic: &Topic) -> Result<Subscription, BusError> {
        let ear = match &self.backend {
            Backend::Memory(memory) => memory.topics.join(topic.as_str().into(), None)?,
            Backend::Redis(redis) => redis.listen(topic.as_str().into()).await?,
        };
        Ok(Subscription::new(ear))
    }
}

impl std::fmt::Debug for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_shared() { "Bus(redis)" } else { "Bus(memory)" })
    }
}

impl From<BusError> for Problem {
    fn from(error: BusError) -> Self {
        Self::unavailable(error)
    }
}
