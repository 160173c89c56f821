//! Following a generation: what is held, then what comes, to the end, each event once and in order. The reader pulls:
//! what it does not take stays in the journal, never in this process's memory.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use aether_common::{
    event::{Event, Position},
    id::GenerationId,
};
use futures::{StreamExt, stream::BoxStream};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    Backend, Bus, BusError,
    entry::{Live, channel},
    fanout::{Ear, Heard, Note},
    journal::{After, Opening, PAGE, Page},
    memory::Journal,
};

/// When nothing came for this long, journal and database are asked whether something was missed.
const RECHECK: Duration = Duration::from_secs(5);

/// A reader does not wait longer for the journal, so that it gets its end from the database in time.
const READ: Duration = Duration::from_secs(2);

/// After a failed read the next one waits at least this long.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// The events of a generation for one reader.
pub struct Following {
    /// Whether the named position was honoured. False also when none was named.
    pub recovered: bool,
    /// The named position is that of the last event: nothing will come (SSE answers 204).
    pub over: bool,
    /// In order; ends after the last event, or when the bus is shut down. A higher attempt, or seq 1 again, means:
    /// drop the text so far.
    pub events: BoxStream<'static, Event>,
}

struct Follower<F> {
    bus: Bus,
    id: GenerationId,
    feed: Feed,
    last: F,
    // Read, and not yet taken.
    ready: VecDeque<Event>,
    // The newest event that was put into `ready`, or the position that the reader named.
    seen: Option<Position>,
    // The life of the journal that `seen` belongs to.
    epoch: Option<u64>,
    next: Next,
    // Whether the database is to be asked when the journal has nothing new.
    doubt: bool,
    // Failed reads in a row.
    failures: u32,
    over: bool,
}

#[derive(Clone, Copy)]
enum Next {
    Read,
    Ask,
    Wait,
}

// What tells that there may be something new.
enum Feed {
    Memory { changed: watch::Receiver<()>, closed: CancellationToken, _place: Arc<Journal> },
    Redis(Ear),
}

enum Sign {
    Live(Arc<Live>),
    Changed,
    Lost,
    Closed,
}

impl Bus {
    /// Subscribes, reads what is held after `after`, then waits for what comes, until the last event.
    ///
    /// `last` asks the database for the last event of the generation; none while it runs. It is called when nothing
    /// is held, when nothing came for 5 s, and when something may have been missed, so that a reader never hangs and
    /// gets its end also when the journal is gone. While Redis does not answer the stream waits; it never fails.
    pub async fn follow<F, Fut>(&self, id: GenerationId, after: After, last: F) -> Result<Following, BusError>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<Event>, BusError>> + Send + 'static,
    {
        let feed = self.feed(id).await?;
        let mut opening = self.open(id, &after).await?;
        let mut ended = None;
        if opening.is_none() {
            ended = last().await?;
            if ended.is_some() {
                // It may have been written, and have ended, between the two looks.
                opening = self.open(id, &after).await?;
            }
        }
        let named = match after {
            After::Position(position) => Some(position),
            After::Beginning | After::Unreadable => None,
        };
        let mut follower = Follower {
            bus: self.clone(),
            id,
            feed,
            last,
            ready: VecDeque::new(),
            seen: None,
            epoch: None,
            next: Next::Wait,
            doubt: false,
            failures: 0,
            over: false,
        };
        let mut recovered = false;
        let mut over = false;
        if let Some(opening) = opening {
            recovered = opening.recovered;
            over = recovered && opening.page.ended && opening.page.events.is_empty();
            follower.start(opening, named);
        } else if let Some(event) = ended {
            over = named == Some(event.position);
            recovered = over;
            follower.push(event);
        }
        if over {
            follower.over = true;
        }
        let events = futures::stream::unfold(follower, |mut follower| async move {
            let event = follower.next().await?;
            Some((event, follower))
        });
        Ok(Following { recovered, over, events: events.boxed() })
    }

    async fn feed(&self, id: GenerationId) -> Result<Feed, BusError> {
        Ok(match &self.backend {
            Backend::Memory(memory) => {
                let (place, changed) = memory.watch(id);
                Feed::Memory { changed, closed: memory.closed.clone(), _place: place }
            }
            Backend::Redis(redis) => Feed::Redis(redis.listen(channel(id).into()).await?),
        })
    }
}

impl<F, Fut> Follower<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<Event>, BusError>> + Send + 'static,
{
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.over {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                self.over = event.is_last();
                return Some(event);
            }
            match self.next {
                Next::Read => self.read().await,
                Next::Ask => self.ask().await,
                Next::Wait => match timeout(self.patience(), self.feed.next()).await {
                    Ok(Sign::Live(live)) => self.take(&live),
                    Ok(Sign::Changed) => self.next = Next::Read,
                    Ok(Sign::Lost) | Err(_) => {
                        self.doubt = true;
                        self.next = Next::Read;
                    }
                    Ok(Sign::Closed) => return None,
                },
            }
        }
    }

    fn start(&mut self, opening: Opening, named: Option<Position>) {
        if opening.recovered {
            self.seen = named;
        }
        self.add(opening.page);
    }

    // Takes a page that was read after `seen`; more may be held.
    fn add(&mut self, page: Page) {
        self.epoch = Some(page.epoch);
        page.events.into_iter().for_each(|event| self.push(event));
        self.next = if self.seen == Some(page.head) { Next::Wait } else { Next::Read };
    }

    fn push(&mut self, event: Event) {
        self.seen = Some(event.position);
        self.ready.push_back(event);
    }

    async fn read(&mut self) {
        let news = timeout(READ, self.news()).await;
        match news.unwrap_or_else(|_| Err(BusError::Unavailable("the journal is not read in time".into()))) {
            Ok(Some(page)) => {
                self.failures = 0;
                let found = !page.events.is_empty();
                if found {
                    self.add(page);
                    self.doubt = false;
                } else {
                    self.next = if std::mem::take(&mut self.doubt) { Next::Ask } else { Next::Wait };
                }
            }
            Ok(None) => {
                self.failures = 0;
                self.doubt = false;
                self.next = Next::Ask;
            }
            Err(error) => {
                tracing::warn!(%error, generation.id = %self.id, "a journal cannot be read now");
                self.failures += 1;
                self.next = Next::Ask;
            }
        }
    }

    // How long to wait for the feed before looking again.
    fn patience(&self) -> Duration {
        match self.failures {
            0 => RECHECK,
            failures => PAUSE_MIN * (1 << failures.min(5)),
        }
    }

    // What the journal holds beyond `seen`. None when it is gone, or was begun anew by a writer of an older attempt.
    async fn news(&self) -> Result<Option<Page>, BusError> {
        match (self.bus.page(self.id, self.seen, PAGE).await?, self.seen) {
            (Some(page), Some(seen)) if Some(page.epoch) != self.epoch => {
                if page.head.attempt < seen.attempt {
                    return Ok(None);
                }
                self.bus.page(self.id, None, PAGE).await
            }
            (page, _) => Ok(page),
        }
    }

    async fn ask(&mut self) {
        self.next = Next::Wait;
        match (self.last)().await {
            // What was written since the last look comes before the end.
            Ok(Some(event)) => match self.news().await {
                Ok(Some(page)) if !page.events.is_empty() => self.add(page),
                _ => self.push(event),
            },
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, generation.id = %self.id, "the end of a generation cannot be asked for now");
            }
        }
    }

    fn take(&mut self, live: &Live) {
        if self.epoch.is_some_and(|epoch| epoch != live.epoch) {
            self.next = Next::Read;
            return;
        }
        for event in &live.events {
            let position = event.position;
            let follows = match self.seen {
                Some(seen) if position <= seen => continue,
                Some(seen) => {
                    position == seen.next() || (position.attempt > seen.attempt && position.seq == 1)
                }
                None => position.seq == 1,
            };
            if !follows {
                self.next = Next::Read;
                return;
            }
            self.epoch = Some(live.epoch);
            self.push(event.clone());
        }
    }
}

impl Feed {
    // Nothing is lost when the wait is dropped.
    async fn next(&mut self) -> Sign {
        match self {
            Self::Memory { changed, closed, .. } => tokio::select! {
                change = changed.changed() => if change.is_ok() { Sign::Changed } else { Sign::Closed },
                () = closed.cancelled() => Sign::Closed,
            },
            Self::Redis(ear) => match ear.next().await {
                Heard::Note(Note::Events(live)) => Sign::Live(live),
                Heard::Note(Note::Bytes(_)) => Sign::Changed,
                Heard::Lost => Sign::Lost,
                Heard::Closed => Sign::Closed,
            },
        }
    }
}
