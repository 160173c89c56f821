//! Who in this process listens to what: a bounded queue per listener. A listener that falls behind loses payloads and
//! is told so; it never holds up the sender or the others.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{BusError, entry::Live, relay::Order};

/// How many notes wait for one listener.
pub(crate) const QUEUE: usize = 1024;

/// What is handed to listeners; cheap to clone.
#[derive(Clone)]
pub(crate) enum Note {
    /// A published payload.
    Bytes(Arc<[u8]>),
    /// Events that were appended in one step.
    Events(Arc<Live>),
}

/// What a listener hears.
pub(crate) enum Heard {
    Note(Note),
    Lost,
    Closed,
}

/// The audience of every topic.
#[derive(Default)]
pub(crate) struct Fanout {
    audience: Mutex<Audience>,
}

#[derive(Default)]
struct Audience {
    closed: bool,
    topics: HashMap<Arc<str>, Vec<Seat>>,
}

struct Seat {
    queue: mpsc::Sender<Option<Note>>,
    // Set when a note found the queue full. Also the seat's identity.
    lost: Arc<AtomicBool>,
}

/// One listener. Dropping it leaves the audience.
pub(crate) struct Ear {
    topic: Arc<str>,
    queue: mpsc::Receiver<Option<Note>>,
    lost: Arc<AtomicBool>,
    fanout: Arc<Fanout>,
    // Told when the last listener of the topic has left.
    relay: Option<mpsc::Sender<Order>>,
}

impl Fanout {
    /// Takes a seat.
    pub(crate) fn join(
        self: &Arc<Self>,
        topic: Arc<str>,
        relay: Option<mpsc::Sender<Order>>,
    ) -> Result<Ear, BusError> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicBool::new(false));
        let mut audience = self.audience();
        if audience.closed {
            return Err(BusError::Unavailable("it was shut down".into()));
        }
        let seat = Seat { queue: sender, lost: lost.clone() };
        audience.topics.entry(topic.clone()).or_default().push(seat);
        drop(audience);
        Ok(Ear { topic, queue, lost, fanout: self.clone(), relay })
    }

    /// Hands the note to everybody who listens; false when nobody does.
    pub(crate) fn send(&self, topic: &str, note: &Note) -> bool {
        let audience = self.audience();
        let Some(seats) = audience.topics.get(topic) else { return false };
        for seat in seats {
            seat.offer(Some(note.clone()));
        }
        true
    }

    /// Tells everybody, or everybody on one topic, that something may have been missed.
    pub(crate) fn lose(&self, topic: Option<&str>) {
        let audience = self.audience();
        match topic {
            Some(topic) => audience.topics.get(topic).into_iter().flatten().for_each(|seat| seat.offer(None)),
            None => audience.topics.values().flatten().for_each(|seat| seat.offer(None)),
        }
    }

    pub(crate) fn has(&self, topic: &str) -> bool {
        self.audience().topics.contains_key(topic)
    }

    pub(crate) fn topics(&self) -> Vec<Arc<str>> {
        self.audience().topics.keys().cloned().collect()
    }

    /// Ends every listener, now and later.
    pub(crate) fn close(&self) {
        let mut audience = self.audience();
        audience.closed = true;
        audience.topics.clear();
    }

    fn audience(&self) -> MutexGuard<'_, Audience> {
        self.audience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // True when it was the last one of the topic.
    fn leave(&self, topic: &Arc<str>, lost: &Arc<AtomicBool>) -> bool {
        let mut audience = self.audience();
        let Some(seats) = audience.topics.get_mut(topic) else { return false };
        seats.retain(|seat| !Arc::ptr_eq(&seat.lost, lost));
        let empty = seats.is_empty();
        if empty {
            audience.topics.remove(topic);
        }
        empty
    }
}

impl Seat {
    fn offer(&self, note: Option<Note>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(note) {
            self.lost.store(true, Ordering::Release);
        }
    }
}

impl Ear {
    pub(crate) fn topic(&self) -> &str {
        &self.topic
    }

    /// Waits for what comes next; nothing is lost when the wait is dropped.
    pub(crate) async fn next(&mut self) -> Heard {
        if self.lost.swap(false, Ordering::AcqRel) {
            return Heard::Lost;
        }
        match self.queue.recv().await {
            Some(Some(note)) => Heard::Note(note),
            Some(None) => Heard::Lost,
            None => Heard::Closed,
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if self.fanout.leave(&self.topic, &self.lost)
            && let Some(relay) = &self.relay
        {
            // When the relay's queue is full it finds out itself, at the next payload that nobody wants.
            let _ = relay.try_send(Order::Left(self.topic.clone()));
        }
    }
}
