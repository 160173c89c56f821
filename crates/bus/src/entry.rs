//! The kept and the published form of events in Redis: [`StoredEvent`] as JSON, and how it is read back. Whatever
//! cannot be read is [`BusError::Corrupt`].

use aether_common::{
    event::{Event, Happening, Position, StoredEvent},
    id::GenerationId,
};
use redis::Value;

use crate::BusError;

const VERSION: u8 = 1;

/// Events that were appended to one journal in one step.
pub(crate) struct Live {
    /// Which life of the journal; another one after Redis was emptied.
    pub(crate) epoch: u64,
    /// In order, without gap.
    pub(crate) events: Vec<Event>,
}

/// An entry of the stream.
pub(crate) struct Entry<'a> {
    pub(crate) position: Position,
    pub(crate) epoch: u64,
    pub(crate) is_last: bool,
    payload: &'a [u8],
}

/// The stored form without its opening brace: the script writes `v`, `attempt` and `seq` in front of it.
pub(crate) fn tail(happening: &Happening) -> Result<String, BusError> {
    let mut json = serde_json::to_string(happening)
        .map_err(|e| BusError::Corrupt(format!("cannot write an event: {e}")))?;
    json.remove(0);
    Ok(json)
}

/// The channel on which the events of a generation are published.
pub(crate) fn channel(id: GenerationId) -> String {
    format!("aether:{{{id}}}:events")
}

/// The generation whose events are published on this channel, if it is such a channel.
pub(crate) fn generation_of(channel: &str) -> Option<GenerationId> {
    channel.strip_prefix("aether:{")?.strip_suffix("}:events")?.parse().ok()
}

/// Reads a published message: the epoch, then a line per event.
pub(crate) fn read_live(id: GenerationId, message: &[u8]) -> Result<Live, BusError> {
    let mut lines = message.split(|byte| *byte == b'\n');
    let epoch =
        number(lines.next().unwrap_or_default()).ok_or_else(|| corrupt(id, "a message without epoch"))?;
    let events = lines.map(|line| read_event(id, line)).collect::<Result<_, _>>()?;
    Ok(Live { epoch, events })
}

impl<'a> Entry<'a> {
    /// Reads an entry of the answer to XRANGE.
    pub(crate) fn read(id: GenerationId, value: &'a Value) -> Result<Self, BusError> {
        Self::parts(value).ok_or_else(|| corrupt(id, "an entry of another shape"))
    }

    pub(crate) fn event(&self, id: GenerationId) -> Result<Event, BusError> {
        let event = read_event(id, self.payload)?;
        if event.position == self.position {
            Ok(event)
        } else {
            Err(corrupt(id, "an event that names another position"))
        }
    }

    fn parts(value: &'a Value) -> Option<Self> {
        let [position, Value::Array(fields)] = array(value)? else { return None };
        let position = std::str::from_utf8(bytes(position)?).ok()?.parse().ok()?;
        let field = |name: &[u8]| {
            fields.chunks_exact(2).find(|pair| bytes(&pair[0]) == Some(name)).and_then(|pair| bytes(&pair[1]))
        };
        Some(Self {
            position,
            epoch: number(field(b"epoch")?)?,
            is_last: field(b"last")? == b"1",
            payload: field(b"event")?,
        })
    }
}

/// The items of an array answer.
pub(crate) fn array(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

pub(crate) fn corrupt(id: GenerationId, what: &str) -> BusError {
    BusError::Corrupt(format!("{what}, in the journal of {id}"))
}

fn read_event(id: GenerationId, json: &[u8]) -> Result<Event, BusError> {
    let stored: StoredEvent = serde_json::from_slice(json)
        .map_err(|e| corrupt(id, &format!("an event that does not read ({e})")))?;
    if stored.v != VERSION {
        return Err(corrupt(id, &format!("an event of version {}", stored.v)));
    }
    Ok(Event { generation_id: id, position: stored.position, happening: stored.happening })
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> GenerationId {
        "0193b0c4-0000-7000-8000-000000000001".parse().unwrap()
    }

    #[test]
    fn a_message_that_does_not_read_is_corrupt_and_never_a_panic() {
        for bad in [
            &b""[..],
            b"x\n{}",
            b"1\n",
            b"1\n{}",
            b"1\n{\"v\":2,\"attempt\":1,\"seq\":1,\"kind\":\"cancelled\"}",
            b"1\n{\"v\":1,\"attempt\":1,\"seq\":1,\"kind\":\"new\"}",
            b"1\n\xff",
        ] {
            assert!(matches!(read_live(id(), bad), Err(BusError::Corrupt(_))), "{bad:?}");
        }
        let good = read_live(id(), b"7\n{\"v\":1,\"attempt\":1,\"seq\":2,\"kind\":\"cancelled\"}").unwrap();
        assert_eq!((good.epoch, good.events[0].position), (7, Position { attempt: 1, seq: 2 }));
    }

    #[test]
    fn the_channel_names_its_generation() {
        assert_eq!(generation_of(&channel(id())), Some(id()));
        assert_eq!(generation_of("aether:jobs"), None);
    }
}
