//! One claimed job, from its claim to its end. Whatever happens, the generation ends in exactly one last event, or the job
//! goes on in another process.

use std::{
    pin::pin,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use aether_bus::After;
use aether_common::{
    event::{Happening, Position, Stage},
    model::generation::{Failure, Metadata, Status},
    money,
    notice::Notice,
};
use aether_store::{
    StoreError, cache,
    generations::{self, End},
    jobs::{self, Claim},
};
use chrono::TimeDelta;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{HEARTBEAT, LEASE, Worker, answered, brief, draft::Draft, draft::Told, write};
use crate::{
    domain::{progress, prompt},
    examination::examine,
    provider::{ProviderError, Speaker, Turn},
};

/// How long a stopping process lets a job go on before it hands it over.
const FINISHING: Duration = Duration::from_secs(20);
/// How long the giving back may take; after that the lease runs out by itself.
const RELEASING: Duration = Duration::from_secs(5);
/// A job that was claimed more often ends its workers: it fails instead of going round for ever.
const MAX_CLAIMS: i64 = 8;
/// The longest pause before a job that could not be made is claimed again.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(30);

/// Why the making stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// It ends as failed.
    Failed(Failure),
    /// Its owner stopped it.
    Cancelled,
    /// Another worker has the job, or shall have it: nothing may be written.
    Lost,
}

/// A claimed job and what bounds it.
pub(super) struct Job {
    pub worker: Worker,
    pub claim: Claim,
    pub cancel: CancellationToken,
    /// When this worker asked for it.
    pub claimed: Instant,
    /// How long others had it before.
    pub spent: Duration,
    /// For the whole generation, whoever makes it.
    pub deadline: Instant,
    /// What the row will say of the progress.
    pub told: AtomicU8,
}

impl Stop {
    /// It ends as failed, with this stable code and these words for its owner.
    pub fn failed(code: &str, message: impl Into<String>) -> Self {
        Self::Failed(Failure { code: code.into(), message: message.into() })
    }
}

impl Job {
    /// Waits, until the generation's deadline or its cancelling.
    pub async fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, Stop> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            done = future => Ok(done),
            () = tokio::time::sleep_until(self.deadline) => Err(Stop::failed(
                "deadline",
                format!("It took longer than {} seconds.", self.worker.deadlines.total.as_secs()),
            )),
        }
    }

    /// The same for so long at most; `None` when that is over.
    pub async fn within<T>(
        &self,
        time: Duration,
        future: impl Future<Output = T>,
    ) -> Result<Option<T>, Stop> {
        Ok(self.wait(tokio::time::timeout(time, future)).await?.ok())
    }

    /// The same for a provider, which is silent when `by` has passed.
    pub async fn by<T>(
        &self,
        by: Instant,
        future: impl Future<Output = T>,
    ) -> Result<Result<T, ProviderError>, Stop> {
        let from = Instant::now();
        let done = self.wait(tokio::time::timeout_at(by, future)).await?;
        Ok(done.map_err(|_| ProviderError::Silent(by - from)))
    }

    /// Does nothing for so long.
    pub async fn pause(&self, time: Duration) -> Result<(), Stop> {
        self.wait(tokio::time::sleep(time)).await
    }

    /// Whether it was cancelled.
    pub fn check(&self) -> Result<(), Stop> {
        if self.cancel.is_cancelled() { Err(Stop::Cancelled) } else { Ok(()) }
    }
}

/// Makes the generation of this claim, which was asked for at `asked`.
pub(super) async fn run(worker: &Worker, claim: Claim, asked: Instant, cancel: CancellationToken) {
    let id = claim.generation_id;
    let attempt = claim.attempt;
    tracing::info!(
        event = "generation_claimed",
        generation.id = %id,
        user.id = %claim.user_id,
        attempt,
        claims = claim.fence,
        "a generation begins"
    );
    let spent = (claim.claimed_at - claim.started_at).to_std().unwrap_or_default();
    let job = Job {
        worker: worker.clone(),
        claim,
        cancel,
        claimed: asked,
        spent,
        deadline: asked + worker.deadlines.total.saturating_sub(spent),
        told: AtomicU8::new(progress::RUNNING),
    };
    let lost = CancellationToken::new();
    let mut draft = Draft::new(attempt);
    let stop = {
        let mut making = pin!(make(&job, &mut draft));
        let mut heart = pin!(beat(&job, &lost));
        let handing_over = async {
            worker.deps.lifecycle.shutdown.cancelled().await;
            tokio::time::sleep(FINISHING).await;
        };
        tokio::select! {
            biased;
            () = lost.cancelled() => Err(Stop::Lost),
            made = &mut making => made,
            () = &mut heart => Err(Stop::Lost),
            () = handing_over => Err(Stop::Lost),
        }
    };
    match stop {
        Err(Stop::Lost) => release(&job, &lost).await,
        Ok(()) => end(&job, draft, Status::Completed, None).await,
        Err(Stop::Cancelled) => end(&job, draft, Status::Cancelled, None).await,
        Err(Stop::Failed(failure)) => end(&job, draft, Status::Failed, Some(failure)).await,
    }
}

/// Renews the lease until it is lost. Never resolves while the job is ours.
async fn beat(job: &Job, lost: &CancellationToken) {
    let (deps, id, fence) = (&job.worker.deps, job.claim.generation_id, job.claim.fence);
    // By the clock that nobody sets: counted from before the lease was written, so it never ends later here than there.
    let lease = LEASE.to_std().unwrap_or_default();
    let mut good_until = job.claimed + lease;
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let began = Instant::now();
        let beaten = async {
            let mut db = deps.store.conn().await?;
            let until = jobs::now(&mut db, deps.clock.now()).await? + LEASE;
            let beaten = jobs::heartbeat(&mut db, id, fence, until).await?;
            jobs::save_progress(&mut db, id, fence, job.told.load(Ordering::Relaxed)).await?;
            Ok::<_, StoreError>(beaten)
        };
        // A database that says nothing at all is away too.
        let beaten = match tokio::time::timeout_at(good_until.max(began), beaten).await {
            Ok(beaten) => beaten,
            Err(_) => Err(StoreError::Unavailable("no answer".into())),
        };
        match beaten {
            Ok(Some(cancel_requested)) => {
                good_until = began + lease;
                if cancel_requested {
                    job.cancel.cancel();
                }
            }
            Ok(None) => {
                tracing::warn!(event = "lease_lost", generation.id = %id, "another worker has the job");
                lost.cancel();
                return;
            }
            // The lease holds for a while without the database; once it has ended, another may have begun.
            Err(error) if Instant::now() >= good_until => {
                tracing::warn!(event = "lease_lost", generation.id = %id, %error, "no heartbeat");
                lost.cancel();
                return;
            }
            Err(error) => tracing::warn!(generation.id = %id, %error, "a heartbeat failed"),
        }
    }
}

/// Makes the text and its artifact: from the journal of a worker that died at its end, from an answer that is there, or
/// from a provider.
async fn make(job: &Job, draft: &mut Draft) -> Result<(), Stop> {
    let claim = &job.claim;
    if claim.fence > 1 && take_over(job, draft).await {
        job.check()?;
        return check(job, draft).await;
    }
    if claim.cancel_requested {
        return Err(Stop::Cancelled);
    }
    if claim.fence > MAX_CLAIMS {
        return Err(Stop::failed("interrupted", "It was interrupted again and again. Try once more."));
    }
    draft.step(job, progress::RUNNING, Stage::Running).await?;
    let mut brief = brief::read(job).await?;
    draft.metadata.routing = Some(brief.routing.clone());
    draft.metadata.prompt_version = Some(brief.prompt_version.clone());
    draft.metadata.context.clone_from(&brief.context);
    if !answered::answer(job, &brief, draft).await? {
        let turns = std::mem::take(&mut brief.turns);
        write::write(job, &mut brief, &turns, draft).await?;
    }
    draft.whole(job).await?;
    check(job, draft).await
}

/// Settles what the worker before this one spent. `true`: it died after the last word, and its text is taken from the journal.
async fn take_over(job: &Job, draft: &mut Draft) -> bool {
    let id = job.claim.generation_id;
    let bus = &job.worker.deps.bus;
    let held = bus.text(id).await.ok().flatten();
    match job.worker.ledger.settle_lost(id, held.as_ref().map(|(_, text)| text.as_str())).await {
        // What those before spent is part of what it costs.
        Ok((used, cost)) => (draft.metadata.usage, draft.cost_micros) = (used, cost),
        Err(error) => {
            tracing::warn!(generation.id = %id, %error, "what the worker before spent is not settled yet");
        }
    }
    let Some((head, text)) = held.filter(|(head, _)| head.seq > 0) else { return false };
    // What ended so many workers may be in the text.
    if job.claim.fence > MAX_CLAIMS {
        return false;
    }
    let last_but_one = Position { seq: head.seq - 1, ..head };
    let last = bus
        .replay(id, &After::Position(last_but_one))
        .await
        .ok()
        .and_then(|replay| replay.events.into_iter().next());
    if !matches!(
        last.map(|event| event.happening),
        Some(Happening::Progress { status: Stage::Validating, .. })
    ) {
        return false;
    }
    tracing::info!(event = "completed_from_journal", generation.id = %id, attempt = head.attempt, "its text is whole");
    draft.metadata = Metadata { usage: draft.metadata.usage, ..job.claim.draft.clone() };
    draft.metadata.attempts = head.attempt;
    draft.is_whole = true;
    draft.first_token = draft.metadata.first_token_ms.map(Duration::from_millis);
    draft.repaired = head.attempt > 1;
    draft.head = head;
    draft.text = text;
    true
}

/// Checks the artifact of a whole text, and lets the model mend it once.
async fn check(job: &Job, draft: &mut Draft) -> Result<(), Stop> {
    let (files, validation) = examine(&draft.text, job.claim.kind).await;
    let mendable = !validation.ok && !files.is_empty() && !draft.metadata.cached && !draft.repaired;
    draft.metadata.files = files;
    draft.metadata.validation = validation;
    if mendable { mend(job, draft).await } else { Ok(()) }
}

/// Asks for the artifact once more, with what is wrong with it. When there is no second answer the first one stays.
async fn mend(job: &Job, draft: &mut Draft) -> Result<(), Stop> {
    draft.repaired = true;
    let mut brief = match brief::read(job).await {
        Ok(brief) => brief,
        // What it was made from is gone: it stays as it is.
        Err(Stop::Failed(_)) => return Ok(()),
        Err(stop) => return Err(stop),
    };
    // The model that wrote it knows it best, if the router had to fall back.
    if let Some(model) = &draft.metadata.model {
        let routes = job.worker.providers.routes(model);
        if !routes.is_empty() {
            brief.routes = routes;
        }
    }
    let first = draft.text.clone();
    let (files, validation) = (draft.metadata.files.clone(), draft.metadata.validation.clone());
    let mut turns = std::mem::take(&mut brief.turns);
    turns.push(Turn { speaker: Speaker::Assistant, text: first.clone() });
    turns.push(Turn { speaker: Speaker::User, text: prompt::repair(&validation) });
    draft.start_over(job, Stage::Repairing).await?;
    match write::write(job, &mut brief, &turns, draft).await {
        Ok(()) => {
            draft.whole(job).await?;
            (draft.metadata.files, draft.metadata.validation) = examine(&draft.text, job.claim.kind).await;
            Ok(())
        }
        Err(Stop::Failed(failure)) => {
            tracing::info!(generation.id = %job.claim.generation_id, code = failure.code, "the artifact was not mended");
            if !draft.text.is_empty() {
                draft.start_over(job, Stage::Running).await?;
            }
            if draft.tell_all(job, &first).await? == Told::Torn {
                return Err(Stop::Lost);
            }
            (draft.metadata.files, draft.metadata.validation) = (files, validation);
            draft.whole(job).await
        }
        Err(stop) => Err(stop),
    }
}

/// Commits the end, then tells it. If the telling fails, readers find the end in the row.
async fn end(job: &Job, mut draft: Draft, status: Status, error: Option<Failure>) {
    let (worker, claim) = (&job.worker, &job.claim);
    let id = claim.generation_id;
    if status != Status::Completed {
        (draft.metadata.files, draft.metadata.validation) = examine(&draft.text, job.claim.kind).await;
    }
    let now = worker.deps.clock.now();
    let metadata = &mut draft.metadata;
    metadata.duration_ms = Some(millis(job.spent + job.claimed.elapsed()));
    metadata.first_token_ms = draft.first_token.map(millis);
    metadata.cost_usd = money::usd(draft.cost_micros);
    let committed = async {
        let mut tx = worker.deps.store.begin().await?;
        // Who was told that it is being stopped is not given it whole: the wish is looked for once more, in the last moment.
        let status = match jobs::lock_cancel(&mut tx, id, claim.fence).await? {
            None => return Ok(None),
            Some(true) if status == Status::Completed => Status::Cancelled,
            Some(_) => status,
        };
        let done = status == Status::Completed;
        let end = End {
            status,
            result: &draft.text,
            error: error.as_ref(),
            metadata: &draft.metadata,
            position: draft.head.next(),
            progress: if done { progress::DONE } else { progress::streaming(draft.text.len()) },
            at: now,
        };
        let held = generations::end(&mut tx, id, Some(claim.fence), &end).await?;
        if held && let Some(key) = &draft.cache_key {
            if done && draft.metadata.validation.ok {
                cache::keep(&mut tx, key, id, now).await?;
            } else {
                cache::drop(&mut tx, key, id).await?;
            }
        }
        tx.save().await?;
        Ok::<_, StoreError>(held.then_some(status))
    };
    let status = match committed.await {
        Ok(Some(status)) => status,
        Ok(None) => {
            tracing::warn!(event = "fenced", generation.id = %id, "the end was refused: the job is no longer ours");
            return;
        }
        Err(error) => {
            tracing::error!(event = "end_failed", generation.id = %id, %error, "the end is not kept; the job will be taken over");
            return;
        }
    };
    log_end(job, &draft.metadata, status, error.as_ref());
    let attempt = draft.head.attempt;
    let last = match (status, error) {
        (Status::Completed, _) => {
            Happening::Complete { result: draft.text, metadata: Box::new(draft.metadata) }
        }
        (_, Some(error)) => Happening::Failed { error },
        _ => Happening::Cancelled,
    };
    if let Err(error) = worker.deps.bus.append(id, attempt, &last).await {
        tracing::warn!(generation.id = %id, %error, "the end is kept but not journalled");
    }
    worker
        .generations
        .tell_readers(claim.user_id, claim.room_id, &Notice::GenerationEnded { generation_id: id })
        .await;
}

fn log_end(job: &Job, metadata: &Metadata, status: Status, error: Option<&Failure>) {
    let (worker, claim) = (&job.worker, &job.claim);
    let duration = metadata.duration_ms.unwrap_or(0);
    tracing::info!(
        event = "generation_ended",
        generation.id = %claim.generation_id,
        user.id = %claim.user_id,
        status = status.as_str(),
        code = error.map_or("", |failure| failure.code.as_str()),
        attempt = metadata.attempts,
        cached = metadata.cached,
        duration_ms = duration,
        output_tokens = metadata.usage.output_tokens,
        "a generation ended"
    );
    let model = worker.providers.label(metadata.model.as_deref().unwrap_or_default()).to_owned();
    metrics::counter!("generations_total", "kind" => claim.kind.as_str(), "status" => status.as_str())
        .increment(1);
    metrics::histogram!("generation_duration_seconds", "model" => model)
        .record(Duration::from_millis(duration).as_secs_f64());
}

/// Gives the job back: at once when this process is stopping, else, since what it needs is away, after a pause that grows with
/// its claims. When it was lost there is nothing to give.
async fn release(job: &Job, lost: &CancellationToken) {
    if lost.is_cancelled() {
        return;
    }
    let id = job.claim.generation_id;
    let deps = &job.worker.deps;
    let stopping = deps.lifecycle.shutdown.is_cancelled();
    let rest = if stopping { TimeDelta::zero() } else { pause(job.claim.fence) };
    let released = async {
        let mut db = deps.store.conn().await?;
        let run_at = jobs::now(&mut db, deps.clock.now()).await? + rest;
        jobs::release(&mut db, id, job.claim.fence, run_at).await
    };
    let released = match tokio::time::timeout(RELEASING, released).await {
        Ok(released) => released,
        Err(_) => Err(StoreError::Unavailable("no answer".into())),
    };
    match released {
        Ok(true) => {
            tracing::info!(event = "handed_over", generation.id = %id, "the job waits for another worker");
        }
        Ok(false) => {
            tracing::warn!(event = "lease_lost", generation.id = %id, "another worker has the job");
        }
        Err(error) => {
            tracing::warn!(generation.id = %id, %error, "the job's lease must run out");
        }
    }
}

/// 1, 2, 4, 8, 16 seconds and then half a minute: together longer than a minute's outage, with the claims that are left.
fn pause(claims: i64) -> TimeDelta {
    TimeDelta::seconds(1 << (claims - 1).clamp(0, 5)).min(LONGEST_PAUSE)
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
