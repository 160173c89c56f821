//! The bus within one process: topics, and journals that expire like those in Redis.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aether_common::{
    event::{Happening, Position},
    id::GenerationId,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    AppendError, BusError, ENDED_TTL, MAX_EVENTS, RUNNING_TTL, fanout::Fanout, journal::Page,
    limits::memory::Buckets, log::Log,
};

/// How many journals are held; above it those that expire first go first.
const MAX_JOURNALS: usize = 10_000;

/// Expired journals are looked for no more often than this.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Topics, journals and buckets of one process.
pub(crate) struct Memory {
    pub(crate) topics: Arc<Fanout>,
    pub(crate) buckets: Buckets,
    /// Cancelled when followers are to end.
    pub(crate) closed: CancellationToken,
    journals: Mutex<Journals>,
}

struct Journals {
    by_id: HashMap<GenerationId, Arc<Journal>>,
    swept: Instant,
    epochs: u64,
}

/// The journal of one generation; stays in its place while somebody follows, also when it holds nothing.
#[derive(Default)]
pub(crate) struct Journal {
    held: Mutex<Option<Held>>,
    changed: watch::Sender<()>,
}

struct Held {
    epoch: u64,
    log: Log,
    expires: Instant,
}

impl Memory {
    pub(crate) fn new(closed: CancellationToken) -> Self {
        let journals = Journals { by_id: HashMap::new(), swept: Instant::now(), epochs: 0 };
        Self { topics: Arc::default(), buckets: Buckets::default(), closed, journals: Mutex::new(journals) }
    }

    pub(crate) fn append(
        &self,
        id: GenerationId,
        attempt: u32,
        happenings: &[Happening],
    ) -> Result<u64, AppendError> {
        let (journal, epoch) = self.journal(id);
        let mut held = journal.held();
        let log = match held.as_mut() {
            Some(held) if attempt < held.log.attempt => {
                return Err(AppendError::Stale { current: held.log.attempt });
            }
            Some(held) if held.log.ended() => return Err(AppendError::Ended),
            Some(held) => {
                if attempt > held.log.attempt {
                    held.log = Log::new(attempt);
                }
                held
            }
            None => held.insert(Held { epoch, log: Log::new(attempt), expires: Instant::now() }),
        };
        let before = log.log.head().seq;
        if before + happenings.len() as u64 > MAX_EVENTS || !log.log.append(happenings) {
            return Err(full(id));
        }
        log.expires = Instant::now() + if log.log.ended() { ENDED_TTL } else { RUNNING_TTL };
        drop(held);
        journal.changed.send_replace(());
        Ok(before + 1)
    }

    pub(crate) fn page(&self, id: GenerationId, after: Option<Position>, limit: usize) -> Option<Page> {
        let journal = self.find(id)?;
        let held = journal.held();
        let Held { epoch, log, .. } = held.as_ref()?;
        let head = log.head();
        let events = match after {
            Some(after) if after.attempt > head.attempt => Vec::new(),
            Some(after) if after.attempt == head.attempt => log.after(id, after.seq, limit),
            _ => log.after(id, 0, limit),
        };
        Some(Page { epoch: *epoch, head, ended: log.ended(), events })
    }

    pub(crate) fn text(&self, id: GenerationId) -> Option<(Position, String)> {
        let journal = self.find(id)?;
        let held = journal.held();
        held.as_ref().map(|held| (held.log.head(), held.log.text().to_owned()))
    }

    pub(crate) fn forget(&self, id: GenerationId) {
        if let Some(journal) = self.find(id) {
            journal.clear();
        }
    }

    /// What tells a follower that the journal changed. It keeps the journal's place.
    pub(crate) fn watch(&self, id: GenerationId) -> (Arc<Journal>, watch::Receiver<()>) {
        let (journal, _) = self.journal(id);
        let changed = journal.changed.subscribe();
        (journal, changed)
    }

    fn find(&self, id: GenerationId) -> Option<Arc<Journal>> {
        self.journals().by_id.get(&id).cloned()
    }

    // With the epoch for the case that it holds nothing yet.
    fn journal(&self, id: GenerationId) -> (Arc<Journal>, u64) {
        let mut journals = self.journals();
        journals.epochs += 1;
        let epoch = journals.epochs;
        if let Some(journal) = journals.by_id.get(&id) {
            return (journal.clone(), epoch);
        }
        journals.sweep();
        let journal = Arc::<Journal>::default();
        journals.by_id.insert(id, journal.clone());
        (journal, epoch)
    }

    fn journals(&self) -> MutexGuard<'_, Journals> {
        self.journals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journals {
    fn sweep(&mut self) {
        let now = Instant::now();
        let crowded = self.by_id.len() >= MAX_JOURNALS;
        if !crowded && now.duration_since(self.swept) < SWEEP_EVERY {
            return;
        }
        self.swept = now;
        // A journal that is in use has more owners than this map; `held` drops what has expired.
        self.by_id.retain(|_, journal| journal.held().is_some() || Arc::strong_count(journal) > 1);
        if self.by_id.len() >= MAX_JOURNALS {
            let mut by_time: Vec<_> = self
                .by_id
                .values()
                .filter_map(|journal| Some((journal.held().as_ref()?.expires, journal)))
                .collect();
            by_time.sort_unstable_by_key(|(expires, _)| *expires);
            // An eighth at once, so that a crowd is not counted at every new journal.
            for (_, journal) in by_time.iter().take(MAX_JOURNALS / 8) {
                journal.clear();
            }
            self.by_id.retain(|_, journal| journal.held().is_some() || Arc::strong_count(journal) > 1);
        }
    }
}

impl Journal {
    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.expires <= Instant::now()) {
            *held = None;
        }
        held
    }

    fn clear(&self) {
        *self.held() = None;
        self.changed.send_replace(());
    }
}

fn full(id: GenerationId) -> AppendError {
    BusError::Unavailable(format!("the journal of {id} is full")).into()
}

#[cfg(test)]
mod tests {
    use aether_common::id::Ids;
    use tokio::time::advance;

    use super::*;

    fn memory() -> Memory {
        Memory::new(CancellationToken::new())
    }

    fn held(memory: &Memory, id: GenerationId) -> bool {
        memory.page(id, None, 1).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_is_held_for_its_time_and_then_takes_no_room() {
        let memory = memory();
        let (running, ended): (GenerationId, GenerationId) = (Ids::system().mint(), Ids::system().mint());
        let delta = Happening::Progress {
            progress: 1,
            status: aether_common::event::Stage::Streaming,
            delta: Some("x".into()),
        };
        memory.append(running, 1, std::slice::from_ref(&delta)).unwrap();
        memory.append(ended, 1, &[delta, Happening::Cancelled]).unwrap();
        advance(ENDED_TTL.saturating_sub(Duration::from_secs(1))).await;
        assert!(held(&memory, running) && held(&memory, ended));
        advance(Duration::from_secs(2)).await;
        assert!(held(&memory, running) && !held(&memory, ended));
        advance(RUNNING_TTL).await;
        assert!(!held(&memory, running));
        memory.append(Ids::system().mint(), 1, &[Happening::Cancelled]).unwrap();
        assert_eq!(memory.journals().by_id.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_journals_is_bounded_and_the_oldest_go_first() {
        let memory = memory();
        let ids = Ids::system();
        let first = ids.mint();
        let (place, changed) = memory.watch(first);
        memory.append(first, 1, &[Happening::Cancelled]).unwrap();
        let mut newest = first;
        for _ in 0..MAX_JOURNALS + 100 {
            advance(Duration::from_millis(1)).await;
            newest = ids.mint();
            memory.append(newest, 1, &[Happening::Cancelled]).unwrap();
        }
        assert!(memory.journals().by_id.len() <= MAX_JOURNALS);
        assert!(held(&memory, newest) && !held(&memory, first));
        // Its follower keeps the place, and is told.
        assert!(changed.has_changed().unwrap() && Arc::ptr_eq(&place, &memory.find(first).unwrap()));
    }
}
