//! What a worker has written so far, and the one way to write more: into the journal, at the next seq. Waiting is only ever
//! given up between two appends, so a draft's text is what the journal holds.

use std::{sync::atomic::Ordering, time::Duration};

use aether_bus::AppendError;
use aether_common::{
    event::{Happening, Position, Stage},
    model::generation::Metadata,
    money,
};
use aether_store::{StoreError, generations, jobs};

use super::job::{Job, Stop, millis};
use crate::domain::progress;

/// How often a whole text is told again when the journal is lost meanwhile.
const MAX_TELLINGS: usize = 3;
/// A longer answer is cut off: no artifact needs it.
const MAX_RESULT_BYTES: usize = 4 * 1024 * 1024;
/// Text that is there already is told in pieces of this size.
pub(super) const PIECE_BYTES: usize = 16 * 1024;

/// The text of the attempt that is being written, and what is known of how it came to be.
pub(super) struct Draft {
    /// The last position in the journal.
    pub head: Position,
    pub text: String,
    pub metadata: Metadata,
    pub first_token: Option<Duration>,
    /// What all calls have cost so far, in micro-dollars.
    pub cost_micros: i64,
    /// The key under which the answer may be given again, when this generation makes it.
    pub cache_key: Option<String>,
    /// Whether the journal says that the text is whole.
    pub is_whole: bool,
    /// Whether the artifact has been mended, or an attempt to do so was made.
    pub repaired: bool,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Readers have it.
    Whole,
    /// The journal was lost: what readers hold no longer joins to the text.
    Torn,
}

impl Draft {
    /// Nothing yet, in this attempt.
    pub fn new(attempt: u32) -> Self {
        Self {
            head: Position { attempt, seq: 0 },
            text: String::new(),
            metadata: Metadata { attempts: attempt, ..Metadata::default() },
            first_token: None,
            cost_micros: 0,
            cache_key: None,
            is_whole: false,
            repaired: false,
        }
    }

    /// Journals a step without text.
    pub async fn step(&mut self, job: &Job, progress: u8, status: Stage) -> Result<Told, Stop> {
        self.append(job, Happening::Progress { progress, status, delta: None }).await
    }

    /// Journals a delta.
    pub async fn tell(&mut self, job: &Job, mut delta: String) -> Result<Told, Stop> {
        // No text may hold it (CONTRACT.md "Everywhere"), and PostgreSQL keeps none that does.
        if delta.contains('\0') {
            delta = delta.replace('\0', "\u{fffd}");
        }
        if self.text.len() + delta.len() > MAX_RESULT_BYTES {
            return Err(Stop::failed(
                "too_long",
                "The answer is longer than 4 MiB. What was written is kept.",
            ));
        }
        self.text.push_str(&delta);
        let progress = progress::streaming(self.text.len());
        job.told.store(progress, Ordering::Relaxed);
        self.append(job, Happening::Progress { progress, status: Stage::Streaming, delta: Some(delta) }).await
    }

    /// Journals a text that is there already, after what is told; `Torn` as with a delta.
    pub async fn tell_all(&mut self, job: &Job, text: &str) -> Result<Told, Stop> {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE_BYTES));
            if self.tell(job, piece.to_owned()).await? == Told::Torn {
                return Ok(Told::Torn);
            }
            rest = after;
        }
        Ok(Told::Whole)
    }

    /// Starts the text over in the next attempt, whose first event says why.
    pub async fn start_over(&mut self, job: &Job, status: Stage) -> Result<(), Stop> {
        let started = async {
            let mut tx = job.worker.deps.store.begin().await?;
            let attempt = jobs::start_attempt(&mut tx, job.claim.generation_id, job.claim.fence).await?;
            tx.save().await?;
            Ok::<_, StoreError>(attempt)
        };
        let Ok(Some(attempt)) = started.await else { return Err(Stop::Lost) };
        self.head = Position { attempt, seq: 0 };
        self.text.clear();
        self.is_whole = false;
        self.metadata.attempts = attempt;
        self.step(job, progress::RUNNING, status).await.map(|_| ())
    }

    /// Notes that the text is whole: from here on no second call is needed, whatever becomes of this process. Called once when
    /// the provider says so, and again when it is known what it cost.
    pub async fn whole(&mut self, job: &Job) -> Result<(), Stop> {
        self.metadata.first_token_ms = self.first_token.map(millis);
        self.metadata.cost_usd = money::usd(self.cost_micros);
        let noted = async {
            let mut db = job.worker.deps.store.conn().await?;
            generations::save_draft(&mut db, job.claim.generation_id, job.claim.fence, &self.metadata).await
        };
        match noted.await {
            Ok(true) => {}
            Ok(false) => return Err(Stop::Lost),
            Err(error) => {
                tracing::warn!(generation.id = %job.claim.generation_id, %error, "what it cost is not noted yet");
            }
        }
        for _ in 0..MAX_TELLINGS {
            if self.is_whole {
                return Ok(());
            }
            job.told.store(progress::VALIDATING, Ordering::Relaxed);
            if self.step(job, progress::VALIDATING, Stage::Validating).await? == Told::Whole {
                self.is_whole = true;
                continue;
            }
            // The journal was lost after the last word: what readers hold, and who takes the job over finds, is no text.
            let text = self.text.clone();
            self.start_over(job, Stage::Running).await?;
            self.tell_all(job, &text).await?;
        }
        if self.is_whole { Ok(()) } else { Err(Stop::Lost) }
    }

    async fn append(&mut self, job: &Job, happening: Happening) -> Result<Told, Stop> {
        let id = job.claim.generation_id;
        match job.worker.deps.bus.append(id, self.head.attempt, &happening).await {
            Ok(position) => {
                let torn = position < self.head.next();
                self.head = position;
                Ok(if torn { Told::Torn } else { Told::Whole })
            }
            Err(AppendError::Stale { current }) => {
                tracing::warn!(event = "fenced", generation.id = %id, current, "a later attempt is written");
                Err(Stop::Lost)
            }
            Err(AppendError::Ended) => Err(Stop::Lost),
            // Without the journal nobody sees the text come: hand the job over rather than write blindly.
            Err(AppendError::Bus(error)) => {
                tracing::warn!(event = "journal_failed", generation.id = %id, %error, "cannot journal");
                Err(Stop::Lost)
            }
        }
    }
}
