//! The hot log of a generation: append with the next seq and publish in one step; read from a position.
//! Held while the generation runs and a little longer; the database keeps the result.

use std::time::Duration;

use aether_common::{
    event::{Event, Happening, Position},
    id::GenerationId,
};

use crate::{Backend, Bus, BusError};

/// How long a journal is held after its last append while the generation has not ended.
pub const RUNNING_TTL: Duration = Duration::from_hours(1);

/// How long a journal is held after the generation's last event.
pub const ENDED_TTL: Duration = Duration::from_mins(10);

/// How many events an attempt may have; more are refused as [`BusError::Unavailable`].
pub const MAX_EVENTS: u64 = 1_000_000;

/// How many events are read in one step.
pub(crate) const PAGE: usize = 500;

/// Why nothing was appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A later attempt is being written: whoever writes this one must stop.
    #[error("attempt {current} is being written")]
    Stale {
        /// The attempt that is being written.
        current: u32,
    },
    /// The last event is there; nothing follows it.
    #[error("the generation has ended")]
    Ended,
    /// The bus failed. Whether the events were appended is not known when Redis did not answer.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// From where a reader wants the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// No position was named: the current attempt from seq 1.
    Beginning,
    /// What came after this one.
    Position(Position),
    /// A position was named, but it is none.
    Unreadable,
}

/// What a journal holds for a reader.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Whether the named position was honoured: `events` are exactly what came after it. False also when none was named.
    pub recovered: bool,
    /// In order.
    pub events: Vec<Event>,
    /// The place of the newest event; none when the journal is empty or gone.
    pub head: Option<Position>,
    /// Whether the newest event is the generation's last.
    pub ended: bool,
}

/// Some events of a journal, read in one atomic step.
pub(crate) struct Page {
    /// Which life of the journal.
    pub(crate) epoch: u64,
    pub(crate) head: Position,
    pub(crate) ended: bool,
    /// What comes after the asked position in the order of positions, at most as many as asked.
    pub(crate) events: Vec<Event>,
}

/// The first page for a reader, and how it relates to what was asked.
pub(crate) struct Opening {
    pub(crate) recovered: bool,
    pub(crate) page: Page,
}

impl Bus {
    /// Appends with the next seq of `attempt` (which starts at 1) and publishes, in one atomic step.
    ///
    /// A higher attempt than the current one starts at seq 1 and drops what the older ones wrote. When the journal is
    /// gone (Redis was emptied, its time is over) it starts at seq 1 again: a writer that gets a lower position than it
    /// expects must start a new attempt. Tries again by itself for some seconds when the connection breaks, and never
    /// appends twice.
    pub async fn append(
        &self,
        id: GenerationId,
        attempt: u32,
        happening: &Happening,
    ) -> Result<Position, AppendError> {
        let first = self.append_all(id, attempt, std::slice::from_ref(happening)).await?;
        Ok(Position { attempt, seq: first })
    }

    /// Appends these in order, in one step and one round trip: all or none.
    pub async fn append_many(
        &self,
        id: GenerationId,
        attempt: u32,
        happenings: &[Happening],
    ) -> Result<Vec<Position>, AppendError> {
        let Some((_, before)) = happenings.split_last() else { return Ok(Vec::new()) };
        if before.iter().any(Happening::is_last) {
            return Err(AppendError::Ended);
        }
        let first = self.append_all(id, attempt, happenings).await?;
        Ok((first..).zip(happenings).map(|(seq, _)| Position { attempt, seq }).collect())
    }

    /// The place of the newest event and the text so far: the deltas of the current attempt, joined. None when the
    /// journal is empty or gone.
    pub async fn text(&self, id: GenerationId) -> Result<Option<(Position, String)>, BusError> {
        if let Backend::Memory(memory) = &self.backend {
            return Ok(memory.text(id));
        }
        let replay = self.replay(id, &After::Beginning).await?;
        let mut text = String::new();
        for event in &replay.events {
            if let Happening::Progress { delta: Some(delta), .. } = &event.happening {
                text.push_str(delta);
            }
        }
        Ok(replay.head.map(|head| (head, text)))
    }

    /// What is held for a reader now. Does not wait and does not ask the database.
    pub async fn replay(&self, id: GenerationId, after: &After) -> Result<Replay, BusError> {
        let Some(Opening { recovered, mut page }) = self.open(id, after).await? else {
            return Ok(Replay { recovered: false, events: Vec::new(), head: None, ended: false });
        };
        let mut events = std::mem::take(&mut page.events);
        while let Some(last) = events.last().map(|event| event.position)
            && last < page.head
        {
            let Some(next) = self.page(id, Some(last), PAGE).await? else { break };
            if next.epoch != page.epoch || next.head.attempt != page.head.attempt {
                // It was started over meanwhile: from its beginning, which is no answer to the named position.
                return Ok(Replay {
                    recovered: false,
                    ..Box::pin(self.replay(id, &After::Beginning)).await?
                });
            }
            page = next;
            events.append(&mut page.events);
        }
        Ok(Replay { recovered, events, head: Some(page.head), ended: page.ended })
    }

    /// Deletes the journal. Followers then ask the database.
    pub async fn forget(&self, id: GenerationId) -> Result<(), BusError> {
        match &self.backend {
            Backend::Memory(memory) => {
                memory.forget(id);
                Ok(())
            }
            Backend::Redis(redis) => Box::pin(redis.forget(id)).await,
        }
    }

    /// The first page of what `after` asks for, as CONTRACT.md says under "To resume"; none when nothing is held.
    pub(crate) async fn open(&self, id: GenerationId, after: &After) -> Result<Option<Opening>, BusError> {
        if let After::Position(named) = after {
            let Some(page) = self.page(id, Some(*named), PAGE).await? else { return Ok(None) };
            let joins = page.events.first().map_or(page.head, |event| event.position);
            let honoured = page.head.attempt == named.attempt
                && joins == if page.events.is_empty() { *named } else { named.next() };
            if honoured {
                return Ok(Some(Opening { recovered: true, page }));
            }
        }
        let page = self.page(id, None, PAGE).await?;
        let alone = match &page {
            Some(page) => page.ended && *after != After::Beginning,
            None => return Ok(None),
        };
        let page = match page {
            Some(page) if alone => {
                let before = Position { seq: page.head.seq - 1, ..page.head };
                self.page(id, Some(before), PAGE).await?
            }
            page => page,
        };
        Ok(page.map(|page| Opening { recovered: false, page }))
    }

    pub(crate) async fn page(
        &self,
        id: GenerationId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Option<Page>, BusError> {
        match &self.backend {
            Backend::Memory(memory) => Ok(memory.page(id, after, limit)),
            // Boxed: a follower is small while it waits, which is nearly always.
            Backend::Redis(redis) => Box::pin(redis.page(id, after, limit)).await,
        }
    }

    async fn append_all(
        &self,
        id: GenerationId,
        attempt: u32,
        happenings: &[Happening],
    ) -> Result<u64, AppendError> {
        if attempt == 0 {
            return Err(AppendError::Stale { current: 1 });
        }
        match &self.backend {
            Backend::Memory(memory) => memory.append(id, attempt, happenings),
            Backend::Redis(redis) => Box::pin(redis.append(id, attempt, happenings)).await,
        }
    }
}

impl After {
    /// Reads `<attempt>-<seq>`, as in `Last-Event-ID`.
    pub fn from_text(text: Option<&str>) -> Self {
        match text {
            None => Self::Beginning,
            Some(text) => text.trim().parse().map_or(Self::Unreadable, Self::Position),
        }
    }

    /// Reads the two numbers that a socket names. One without the other names nothing that can be honoured.
    pub fn from_parts(attempt: Option<i64>, last_seq: Option<i64>) -> Self {
        match (attempt, last_seq) {
            (None, None) => Self::Beginning,
            (Some(attempt), Some(seq)) => match (u32::try_from(attempt), u64::try_from(seq)) {
                (Ok(attempt @ 1..), Ok(seq)) => Self::Position(Position { attempt, seq }),
                _ => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_position_is_read_or_known_to_be_unreadable() {
        let position = After::Position(Position { attempt: 2, seq: 7 });
        assert_eq!(After::from_text(None), After::Beginning);
        assert_eq!(After::from_text(Some("2-7")), position);
        assert_eq!(After::from_text(Some("")), After::Unreadable);
        assert_eq!(After::from_text(Some("7")), After::Unreadable);
        assert_eq!(After::from_parts(None, None), After::Beginning);
        assert_eq!(After::from_parts(Some(2), Some(7)), position);
        for bad in [
            (None, Some(1)),
            (Some(1), None),
            (Some(0), Some(1)),
            (Some(1), Some(-1)),
            (Some(i64::MAX), Some(1)),
        ] {
            assert_eq!(After::from_parts(bad.0, bad.1), After::Unreadable, "{bad:?}");
        }
    }
}
