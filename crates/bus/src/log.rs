//! One attempt's events as this process keeps them: the text once, and some bytes per event beside it.

use aether_common::{
    event::{Event, Happening, Position, Stage},
    id::GenerationId,
};

/// The events of the attempt that is being written.
pub(crate) struct Log {
    pub(crate) attempt: u32,
    text: String,
    steps: Vec<Step>,
    last: Option<Happening>,
}

// One progress event; its delta is the text from the end of the step before to `end`.
struct Step {
    end: u32,
    progress: u8,
    status: Stage,
    has_delta: bool,
}

impl Log {
    pub(crate) fn new(attempt: u32) -> Self {
        Self { attempt, text: String::new(), steps: Vec::new(), last: None }
    }

    pub(crate) fn head(&self) -> Position {
        Position { attempt: self.attempt, seq: self.steps.len() as u64 + u64::from(self.last.is_some()) }
    }

    pub(crate) fn ended(&self) -> bool {
        self.last.is_some()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Appends all or, when they do not fit, none.
    pub(crate) fn append(&mut self, happenings: &[Happening]) -> bool {
        let added: usize = happenings.iter().map(|happening| delta(happening).map_or(0, str::len)).sum();
        if u32::try_from(self.text.len() + added).is_err() {
            return false;
        }
        for happening in happenings {
            match happening {
                Happening::Progress { progress, status, delta } => {
                    self.text.push_str(delta.as_deref().unwrap_or_default());
                    self.steps.push(Step {
                        end: u32::try_from(self.text.len()).unwrap_or(u32::MAX),
                        progress: *progress,
                        status: *status,
                        has_delta: delta.is_some(),
                    });
                }
                last => self.last = Some(last.clone()),
            }
        }
        true
    }

    /// The events after this seq, at most so many.
    pub(crate) fn after(&self, id: GenerationId, seq: u64, limit: usize) -> Vec<Event> {
        let from = usize::try_from(seq).unwrap_or(usize::MAX).min(self.steps.len());
        let to = from.saturating_add(limit).min(self.steps.len());
        let event = |seq: u64, happening| Event {
            generation_id: id,
            position: Position { attempt: self.attempt, seq },
            happening,
        };
        let mut events: Vec<Event> =
            (from..to).map(|index| event(index as u64 + 1, self.progress(index))).collect();
        let last_seq = self.steps.len() as u64 + 1;
        if let Some(last) = &self.last
            && seq < last_seq
            && to == self.steps.len()
            && events.len() < limit
        {
            events.push(event(last_seq, last.clone()));
        }
        events
    }

    fn progress(&self, index: usize) -> Happening {
        let step = &self.steps[index];
        let start = index.checked_sub(1).map_or(0, |before| self.steps[before].end as usize);
        let delta = step.has_delta.then(|| self.text[start..step.end as usize].to_owned());
        Happening::Progress { progress: step.progress, status: step.status, delta }
    }
}

fn delta(happening: &Happening) -> Option<&str> {
    match happening {
        Happening::Progress { delta, .. } => delta.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(delta: Option<&str>) -> Happening {
        Happening::Progress { progress: 3, status: Stage::Streaming, delta: delta.map(str::to_owned) }
    }

    #[test]
    fn what_was_appended_is_read_back_in_pages_of_any_size() {
        let happenings =
            [step(None), step(Some("é")), step(Some("")), step(Some("xyz")), Happening::Cancelled];
        let id = GenerationId(uuid::Uuid::nil());
        let mut log = Log::new(2);
        assert!(log.append(&happenings));
        assert_eq!((log.text(), log.head()), ("éxyz", Position { attempt: 2, seq: 5 }));
        for limit in 1..7 {
            let mut read = Vec::new();
            loop {
                let page = log.after(id, read.len() as u64, limit);
                if page.is_empty() {
                    break;
                }
                read.extend(page);
            }
            assert!(read.iter().map(|event| &event.happening).eq(&happenings), "pages of {limit}");
            assert!((1..).zip(&read).all(|(seq, event)| event.position == Position { attempt: 2, seq }));
        }
        assert!(log.after(id, u64::MAX, 9).is_empty());
    }
}
