//! One listener of a topic, as users of the bus hold it.

use std::sync::Arc;

use crate::fanout::{Ear, Heard, Note};

/// A place in the audience of a topic. Dropping it leaves.
pub struct Subscription {
    ear: Ear,
}

/// What a subscription brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A published payload.
    Message(Arc<[u8]>),
    /// Something may have been missed: this reader fell more than 1024 payloads behind, or the connection to Redis
    /// was lost and is back. Read the state again; what follows continues from here.
    Lost,
    /// The bus was shut down; nothing comes any more.
    Closed,
}

impl Subscription {
    pub(crate) fn new(ear: Ear) -> Self {
        Self { ear }
    }

    /// Waits for what comes next. Nothing is lost when the wait is dropped.
    pub async fn next(&mut self) -> Delivery {
        loop {
            match self.ear.next().await {
                Heard::Note(Note::Bytes(payload)) => return Delivery::Message(payload),
                Heard::Note(Note::Events(_)) => {}
                Heard::Lost => return Delivery::Lost,
                Heard::Closed => return Delivery::Closed,
            }
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subscription({})", self.ear.topic())
    }
}
