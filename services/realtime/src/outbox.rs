//! What leaves one socket, in order. socketioxide drops what does not fit its buffer; here it waits its turn instead.
//! Followers wait for room; the fan-out never waits: what finds no room becomes `resync_required`. While nothing waits, what
//! comes goes straight into socketioxide's buffer.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aether_common::{
    event::Event,
    id::{GenerationId, RoomId},
};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use socketioxide::{
    SendError, SocketError,
    extract::AckSender,
    handler::{FromMessageParts, Value as Packet},
    socket::Socket,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// Packets in socketioxide's own buffer of one socket.
pub const BUFFER: usize = 1024;
/// What waits here at most, and how much of it may be events of generations.
const CAPACITY: usize = 1024;
const EVENTS: usize = 256;
/// A socket whose buffer takes nothing for so long is given up; the heartbeat closes it.
const STUCK: Duration = Duration::from_secs(30);
/// The writer gets its turn after so many packets.
const TURN: u32 = 64;

/// The sending half: cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    queue: mpsc::Sender<Item>,
    events: Arc<Semaphore>,
    way: Arc<Way>,
}

/// The half that a socket's task drains.
pub struct Drain {
    queue: mpsc::Receiver<Item>,
    way: Arc<Way>,
}

/// What both halves know.
#[derive(Default)]
struct Way {
    /// From when the drain runs.
    socket: OnceLock<Weak<Socket>>,
    /// What was queued and is not sent yet: it comes first.
    waiting: AtomicUsize,
    /// The socket takes less than it is given: its drain sets the pace.
    slow: AtomicBool,
    behind: Mutex<BTreeSet<Behind>>,
}

/// The payload of an event, written once however many sockets are told.
pub type Payload = Arc<RawValue>;

/// Writes a payload.
pub fn payload(value: &Value) -> Payload {
    // A `Value` can always be written.
    to_raw_value(value).map_or_else(|_| Arc::from(RawValue::NULL.to_owned()), Arc::from)
}

/// What a socket must read again, because something about it did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behind {
    Everything,
    Room(RoomId),
    Generation(GenerationId),
}

/// The socket is gone.
#[derive(Debug, PartialEq, Eq)]
pub struct Gone;

/// Small, because a channel keeps room for 32 of them from the start.
enum Item {
    Ack(i64, Box<Value>),
    Said(&'static str, Payload),
    // The place among the events is free again when the item is dropped.
    Happened { event: Box<Event>, _place: Option<OwnedSemaphorePermit> },
    Disconnect,
    Wake,
}

/// An outbox and its drain.
pub fn outbox() -> (Outbox, Drain) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let way = Arc::<Way>::default();
    let outbox = Outbox { queue: sender, events: Arc::new(Semaphore::new(EVENTS)), way: way.clone() };
    (outbox, Drain { queue: receiver, way })
}

impl Outbox {
    /// Answers an event that asked for it. Waits for room.
    pub async fn ack(&self, id: Option<i64>, answer: Value) -> Result<(), Gone> {
        let Some(id) = id else { return Ok(()) };
        self.wait(Item::Ack(id, Box::new(answer))).await
    }

    /// Answers now or never: for answers that say that there is too much to do.
    pub fn ack_now(&self, id: Option<i64>, answer: Value) {
        if let Some(id) = id {
            self.send(Item::Ack(id, Box::new(answer)));
        }
    }

    /// Says something; when there is no room, `about` is to be read again.
    pub fn say(&self, event: &'static str, payload: Payload, about: Behind) {
        if !self.send(Item::Said(event, payload)) {
            self.fall_behind(about);
        }
    }

    /// Says something that nobody misses when there is no room.
    pub fn mention(&self, event: &'static str, payload: Payload) {
        self.send(Item::Said(event, payload));
    }

    /// An event of a generation. Waits for room.
    pub async fn happened(&self, event: Event) -> Result<(), Gone> {
        // The writer gets its turn when many come at once. It comes first: nothing is waited for once the event is on its way,
        // so that whoever is stopped here knows whether it is.
        tokio::task::consume_budget().await;
        let item = Item::Happened { event: Box::new(event), _place: None };
        let Some(mut item) = self.way.pass(item) else { return Ok(()) };
        let permit = self.events.clone().acquire_owned().await.map_err(|_| Gone)?;
        if let Item::Happened { _place, .. } = &mut item {
            *_place = Some(permit);
        }
        self.wait(item).await
    }

    /// The last event of a generation, to a socket that does not follow it.
    pub fn ended(&self, event: Event) {
        let id = event.generation_id;
        if !self.send(Item::Happened { event: Box::new(event), _place: None }) {
            self.fall_behind(Behind::Generation(id));
        }
    }

    /// Notes that something must be read again; the socket is told when its queue is empty.
    pub fn fall_behind(&self, about: Behind) {
        metrics::counter!("realtime_resyncs_total").increment(1);
        self.way.behind.lock().unwrap_or_else(PoisonError::into_inner).insert(about);
        // Wakes the drain when it sleeps; when the queue is full it is awake.
        self.enqueue(Item::Wake);
    }

    /// `false` when there is no room.
    fn send(&self, item: Item) -> bool {
        self.way.pass(item).is_none_or(|item| self.enqueue(item))
    }

    async fn wait(&self, item: Item) -> Result<(), Gone> {
        let Some(item) = self.way.pass(item) else { return Ok(()) };
        let place = self.queue.reserve().await.map_err(|_| Gone)?;
        self.way.waiting.fetch_add(1, Ordering::SeqCst);
        place.send(item);
        Ok(())
    }

    fn enqueue(&self, item: Item) -> bool {
        let Ok(place) = self.queue.try_reserve() else { return false };
        self.way.waiting.fetch_add(1, Ordering::SeqCst);
        place.send(item);
        true
    }

    /// Says why and disconnects, after what waits already.
    ///
    /// `false` when there is no room for it now.
    pub fn dismiss(&self, event: &'static str, reason: &str) -> bool {
        let Ok(mut places) = self.queue.try_reserve_many(2) else { return false };
        self.way.waiting.fetch_add(2, Ordering::SeqCst);
        for item in [Item::Said(event, payload(&json!({ "reason": reason }))), Item::Disconnect] {
            if let Some(place) = places.next() {
                place.send(item);
            }
        }
        true
    }
}

impl Way {
    /// Sends it now unless something waits, which comes first. Gives it back when it must wait too.
    fn pass(&self, item: Item) -> Option<Item> {
        if self.waiting.load(Ordering::SeqCst) > 0 || self.slow.load(Ordering::Relaxed) {
            return Some(item);
        }
        let Some(socket) = self.socket.get().and_then(Weak::upgrade) else { return Some(item) };
        match item.send(&socket) {
            // It waits for room, or meets the end of the socket, in the queue.
            Err(_) => Some(item),
            Ok(()) => None,
        }
    }
}

impl Drain {
    /// Sends what comes until the socket is closed.
    pub async fn run(mut self, socket: Arc<Socket>, closed: CancellationToken) {
        let mut pace = Pace::default();
        let _ = self.way.socket.set(Arc::downgrade(&socket));
        loop {
            let item = tokio::select! {
                biased;
                () = closed.cancelled() => return,
                item = self.queue.recv() => item,
            };
            let Some(item) = item else { return };
            let sent = tokio::select! {
                biased;
                () = closed.cancelled() => return,
                sent = pace.send(&socket, &item) => sent,
            };
            drop(item);
            if sent.is_err() {
                return;
            }
            if self.queue.is_empty() {
                for about in self.take_behind() {
                    let item = Item::Said("resync_required", payload(&about.payload()));
                    if pace.send(&socket, &item).await.is_err() {
                        return;
                    }
                }
            }
            self.way.slow.store(!pace.wait.is_zero(), Ordering::Relaxed);
            self.way.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn take_behind(&self) -> BTreeSet<Behind> {
        std::mem::take(&mut *self.way.behind.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Behind {
    fn payload(self) -> Value {
        match self {
            Self::Everything => json!({}),
            Self::Room(id) => json!({ "roomId": id }),
            Self::Generation(id) => json!({ "generationId": id }),
        }
    }
}

/// How fast a socket takes packets. The heartbeat's own packets need room in the same buffer, so a full buffer is
/// filled again in small steps and not to the brim.
#[derive(Default)]
struct Pace {
    /// Zero while the socket keeps up.
    wait: Duration,
    credit: u32,
    turn: u32,
}

impl Pace {
    const WAIT_MIN: Duration = Duration::from_millis(5);
    const WAIT_MAX: Duration = Duration::from_millis(500);
    /// A quarter of the buffer.
    const STEP: u32 = 256;

    async fn send(&mut self, socket: &Arc<Socket>, item: &Item) -> Result<(), Gone> {
        self.turn += 1;
        if self.turn >= TURN {
            self.turn = 0;
            tokio::task::yield_now().await;
        }
        if !self.wait.is_zero() {
            if self.credit == 0 {
                sleep(self.wait).await;
                self.wait /= 2;
                self.credit = Self::STEP;
                if self.wait < Self::WAIT_MIN {
                    self.wait = Duration::ZERO;
                }
            }
            self.credit = self.credit.saturating_sub(1);
        }
        let mut full_since = None;
        loop {
            match item.send(socket) {
                Ok(()) => return Ok(()),
                Err(SocketError::InternalChannelFull) => {}
                Err(SocketError::Closed) => return Err(Gone),
            }
            if full_since.get_or_insert_with(Instant::now).elapsed() > STUCK {
                return Err(Gone);
            }
            self.wait = (self.wait * 2).clamp(Self::WAIT_MIN * 2, Self::WAIT_MAX);
            self.credit = Self::STEP;
            sleep(self.wait).await;
        }
    }
}

impl Item {
    fn send(&self, socket: &Arc<Socket>) -> Result<(), SocketError> {
        let sent = match self {
            Self::Wake => Ok(()),
            Self::Ack(id, answer) => {
                let mut none = Packet::Str("".into(), None);
                let Ok(sender) = AckSender::from_message_parts(socket, &mut none, &Some(*id));
                sender.send(&**answer)
            }
            Self::Said(event, payload) => socket.emit(*event, &**payload),
            Self::Happened { event, .. } => socket.emit(event.socket_name(), &event.payload()),
            Self::Disconnect => socket.clone().disconnect().map_err(SendError::Socket),
        };
        match sent {
            Ok(()) => Ok(()),
            Err(SendError::Socket(error)) => Err(error),
            Err(SendError::Serialize(error)) => {
                // A defect of ours; the socket lives on without this packet.
                tracing::error!(%error, "a packet cannot be written");
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_common::{
        event::{Happening, Position},
        id::MessageId,
    };
    use uuid::Uuid;

    fn event(id: GenerationId) -> Event {
        Event { generation_id: id, position: Position::START.next(), happening: Happening::Cancelled }
    }

    #[test]
    fn what_finds_no_room_must_be_read_again() {
        let (outbox, drain) = outbox();
        let (room, generation) = (RoomId(Uuid::from_u128(1)), GenerationId(Uuid::from_u128(2)));
        let payload = payload(&json!({ "id": MessageId(Uuid::nil()) }));
        for _ in 0..CAPACITY {
            outbox.say("message_received", payload.clone(), Behind::Room(room));
        }
        assert!(drain.take_behind().is_empty());
        for _ in 0..3 {
            outbox.say("message_received", payload.clone(), Behind::Room(room));
        }
        outbox.mention("typing", payload);
        outbox.ended(event(generation));
        let behind = drain.take_behind();
        assert_eq!(
            behind.into_iter().collect::<Vec<_>>(),
            [Behind::Room(room), Behind::Generation(generation)]
        );
        assert!(!outbox.dismiss("session_expired", "no room now"));
    }

    #[tokio::test]
    async fn events_leave_room_for_the_rest_and_wait_for_theirs() {
        let (outbox, mut drain) = outbox();
        let id = GenerationId(Uuid::nil());
        for _ in 0..EVENTS {
            outbox.happened(event(id)).await.unwrap();
        }
        let mut waits = Box::pin(outbox.happened(event(id)));
        assert!(futures::poll!(waits.as_mut()).is_pending());
        outbox.ack(Some(1), Value::Null).await.unwrap();
        drop(drain.queue.recv().await);
        assert_eq!(waits.await, Ok(()));
    }
}
