//! What happens to a generation, as SSE, sockets, the bus, the journal and the web UI all speak it.
//! The position of an event is `(attempt, seq)` (CONTRACT.md "Events").

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    id::GenerationId,
    model::generation::{Failure, Metadata},
};

/// Where an event stands in its generation's log. `attempt` and `seq` both start at 1; `(n, 0)` is before the
/// first event of attempt `n`. Written `<attempt>-<seq>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Grows when the text is started over.
    pub attempt: u32,
    /// Without gap or double within the attempt.
    pub seq: u64,
}

/// What the generation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waits for a worker.
    Queued,
    /// A worker has it; no text yet.
    Running,
    /// Text is coming.
    Streaming,
    /// The artifact is being checked.
    Validating,
    /// The artifact is being mended.
    Repairing,
}

/// What happened. The stored form carries the variant's name as `kind`; it is versioned by [`StoredEvent`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// A step on the way; `delta` is the next piece of the text.
    Progress {
        /// 0 to 100, never falling within an attempt.
        progress: u8,
        /// What the generation is doing.
        status: Stage,
        /// The next piece of the text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delta: Option<String>,
    },
    /// The end: the whole text is there.
    Complete {
        /// The deltas of the last attempt, joined.
        result: String,
        /// How it came to be.
        metadata: Box<Metadata>,
    },
    /// The end: an error.
    Failed {
        /// Why.
        error: Failure,
    },
    /// The end: its owner stopped it.
    Cancelled,
}

/// A happening at its place in the log of its generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Whose log.
    pub generation_id: GenerationId,
    /// Where in it.
    pub position: Position,
    /// What.
    pub happening: Happening,
}

/// The kept and published form of an event; `v` lets an old process refuse a newer form instead of guessing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Version of this form: 1.
    pub v: u8,
    /// Where in the log.
    #[serde(flatten)]
    pub position: Position,
    /// What.
    #[serde(flatten)]
    pub happening: Happening,
}

/// The payload of an event on the wire, the same over SSE and Socket.IO.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload<'a> {
    generation_id: GenerationId,
    attempt: u32,
    seq: u64,
    #[serde(flatten)]
    body: PayloadBody<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PayloadBody<'a> {
    Progress {
        progress: u8,
        status: Stage,
        #[serde(skip_serializing_if = "Option::is_none")]
        delta: Option<&'a str>,
    },
    Complete {
        result: &'a str,
        metadata: &'a Metadata,
    },
    Failed {
        error: &'a Failure,
    },
    Cancelled {},
}

impl Position {
    /// Before the first event of all.
    pub const START: Self = Self { attempt: 1, seq: 0 };

    /// The place after this one in the same attempt.
    #[must_use]
    pub fn next(self) -> Self {
        Self { attempt: self.attempt, seq: self.seq + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.attempt, self.seq)
    }
}

/// The text is not `<attempt>-<seq>`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (attempt, seq) = text.split_once('-').ok_or(NotAPosition)?;
        // `u32::from_str` takes a leading plus; a position does not.
        if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(NotAPosition);
        }
        let attempt = attempt.parse().map_err(|_| NotAPosition)?;
        let seq = seq.parse().map_err(|_| NotAPosition)?;
        if attempt == 0 { Err(NotAPosition) } else { Ok(Self { attempt, seq }) }
    }
}

impl Happening {
    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        !matches!(self, Self::Progress { .. })
    }
}

impl Event {
    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        self.happening.is_last()
    }

    /// The `event:` field over SSE.
    pub fn sse_name(&self) -> &'static str {
        match self.happening {
            Happening::Progress { .. } => "progress",
            Happening::Complete { .. } => "complete",
            Happening::Failed { .. } => "failed",
            Happening::Cancelled => "cancelled",
        }
    }

    /// The event's name over Socket.IO.
    pub fn socket_name(&self) -> &'static str {
        match self.happening {
            Happening::Progress { .. } => "generation_progress",
            Happening::Complete { .. } => "generation_complete",
            Happening::Failed { .. } => "generation_failed",
            Happening::Cancelled => "generation_cancelled",
        }
    }

    /// What clients receive.
    pub fn payload(&self) -> Payload<'_> {
        let body = match &self.happening {
            Happening::Progress { progress, status, delta } => {
                PayloadBody::Progress { progress: *progress, status: *status, delta: delta.as_deref() }
            }
            Happening::Complete { result, metadata } => PayloadBody::Complete { result, metadata },
            Happening::Failed { error } => PayloadBody::Failed { error },
            Happening::Cancelled => PayloadBody::Cancelled {},
        };
        Payload {
            generation_id: self.generation_id,
            attempt: self.position.attempt,
            seq: self.position.seq,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_position_reads_what_it_writes_and_nothing_else() {
        let position = Position { attempt: 2, seq: 17 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for bad in ["", "1", "1-", "-1", "0-1", "1-2-3", "+1-2", "a-b", "1 -2", "99999999999-1"] {
            assert_eq!(bad.parse::<Position>(), Err(NotAPosition), "{bad}");
        }
    }

    #[test]
    fn the_payload_is_the_contracts() {
        let event = Event {
            generation_id: GenerationId(uuid::Uuid::nil()),
            position: Position { attempt: 1, seq: 3 },
            happening: Happening::Progress {
                progress: 12,
                status: Stage::Streaming,
                delta: Some("hi".into()),
            },
        };
        assert_eq!(
            serde_json::to_value(event.payload()).unwrap(),
            json!({"generationId": "00000000-0000-0000-0000-000000000000", "attempt": 1, "seq": 3,
                   "progress": 12, "status": "streaming", "delta": "hi"})
        );
    }

    #[test]
    fn the_stored_form_survives_the_trip() {
        let stored = StoredEvent { v: 1, position: Position::START.next(), happening: Happening::Cancelled };
        let text = serde_json::to_string(&stored).unwrap();
        let back: StoredEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(back.position, stored.position);
        assert_eq!(back.happening, stored.happening);
    }
}
