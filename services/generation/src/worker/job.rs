//! One claimed job, from the first call to its end. Whatever happens, the generation ends in exactly one last event, or the
//! job goes on in another process.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use aether_bus::AppendError;
use aether_common::{
    event::{Happening, Position, Stage},
    model::generation::{Failure, Generation, Metadata, Routing, Status, Usage},
    notice::Notice,
};
use aether_store::{
    StoreError,
    generations::{self, End},
    jobs::{self, Claim},
};
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{HEARTBEAT, LEASE, Worker};
use crate::{
    domain::{cost, progress, prompt, retry, routing},
    provider::{Call, Chunk, Chunks, Finish, ProviderError, Route, Speaker, Turn},
};

/// An answer that reached its length is continued so many times.
const MAX_CONTINUATIONS: u32 = 2;
/// Pieces that the provider has already delivered are joined up to this length before they get a seq.
const MAX_JOINED_BYTES: usize = 16 * 1024;
/// A longer answer is cut off: no artifact needs it.
const MAX_RESULT_BYTES: usize = 4 * 1024 * 1024;
/// How long a stopping process lets a job go on before it hands it over.
const FINISHING: Duration = Duration::from_secs(20);

/// Why the making stopped.
enum Stop {
    /// The text is whole.
    Done,
    /// It ends as failed.
    Failed(Failure),
    /// Its owner stopped it.
    Cancelled,
    /// Another worker has the job, or shall have it: nothing may be written.
    Lost,
}

/// What bounds the waiting for a provider.
struct Patience<'a> {
    cancel: &'a CancellationToken,
    /// For the whole generation.
    deadline: Instant,
    total: Duration,
}

/// What stands so far. Its text is what the journal holds: waiting is only ever given up between two appends.
struct Draft {
    attempt: u32,
    /// The last position in the journal.
    head: Position,
    text: String,
    metadata: Metadata,
    first_token: Option<Duration>,
}

/// How a call ended that did not fail.
enum Called {
    Finished(Finish),
    /// The journal was lost or the attempt is no longer ours.
    Restart,
}

enum CallError {
    Provider(ProviderError),
    Stop(Stop),
}

impl From<ProviderError> for CallError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl Patience<'_> {
    /// Waits for the provider until `by`, the generation's deadline, or its cancelling.
    async fn wait<T>(&self, by: Instant, future: impl Future<Output = T>) -> Result<T, CallError> {
        let from = Instant::now();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(CallError::Stop(Stop::Cancelled)),
            done = future => Ok(done),
            () = tokio::time::sleep_until(self.deadline) => Err(CallError::Stop(Stop::Failed(Failure {
                code: "deadline".into(),
                message: format!("It took longer than {} minutes.", self.total.as_secs() / 60),
            }))),
            () = tokio::time::sleep_until(by) => Err(ProviderError::Silent(by - from).into()),
        }
    }
}

/// Makes the generation of this claim.
pub(super) async fn run(worker: &Worker, claim: Claim, cancel: CancellationToken) {
    let id = claim.generation_id;
    let began = Instant::now();
    let (model, routing) = routing::choose(
        claim.model.as_deref(),
        claim.kind,
        &claim.prompt,
        claim.parent_id.is_some(),
        &worker.deps.settings.model_complex,
        &worker.deps.settings.model_simple,
    );
    tracing::info!(
        event = "generation_claimed",
        generation.id = %id,
        user.id = %claim.user_id,
        attempt = claim.attempt,
        model,
        "a generation begins"
    );
    let lost = CancellationToken::new();
    let told_progress = Arc::new(AtomicU8::new(progress::RUNNING));
    let heart = beat(worker, &claim, &cancel, &lost, &told_progress);
    let mut draft = Draft {
        attempt: claim.attempt,
        head: Position { attempt: claim.attempt, seq: 0 },
        text: String::new(),
        metadata: metadata(worker, &claim, &model, routing),
        first_token: None,
    };
    let making = async {
        if claim.cancel_requested {
            return Stop::Cancelled;
        }
        let patience = Patience {
            cancel: &cancel,
            deadline: began + worker.deadlines.total,
            total: worker.deadlines.total,
        };
        make(worker, &claim, &model, &mut draft, &told_progress, &patience).await
    };
    let stop = {
        let mut making = pin!(making);
        let mut heart = pin!(heart);
        let handing_over = async {
            worker.deps.lifecycle.shutdown.cancelled().await;
            tokio::time::sleep(FINISHING).await;
        };
        tokio::select! {
            biased;
            () = lost.cancelled() => Stop::Lost,
            stop = &mut making => stop,
            () = &mut heart => Stop::Lost,
            () = handing_over => Stop::Lost,
        }
    };
    draft.metadata.duration_ms = Some(millis(began.elapsed()));
    if let Stop::Lost = stop {
        release(worker, &claim, &lost).await;
        return;
    }
    end(worker, &claim, draft, stop).await;
}

/// Renews the lease until it is lost. Never resolves while the job is ours.
async fn beat(
    worker: &Worker,
    claim: &Claim,
    cancel: &CancellationToken,
    lost: &CancellationToken,
    told: &AtomicU8,
) {
    let mut good_until = worker.deps.clock.now() + LEASE;
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let until = worker.deps.clock.now() + LEASE;
        let beaten = async {
            let mut db = worker.deps.store.conn().await?;
            let beaten = jobs::heartbeat(&mut db, claim.generation_id, claim.fence, until).await?;
            jobs::save_progress(&mut db, claim.generation_id, claim.fence, told.load(Ordering::Relaxed))
                .await?;
            Ok::<_, StoreError>(beaten)
        };
        match beaten.await {
            Ok(Some(cancel_requested)) => {
                good_until = until;
                if cancel_requested {
                    cancel.cancel();
                }
            }
            Ok(None) => {
                tracing::warn!(event = "lease_lost", generation.id = %claim.generation_id, "another worker has the job");
                lost.cancel();
                return;
            }
            // The lease holds for a while without the database; once it has ended, another may have begun.
            Err(error) if worker.deps.clock.now() >= good_until => {
                tracing::warn!(event = "lease_lost", generation.id = %claim.generation_id, %error, "no heartbeat");
                lost.cancel();
                return;
            }
            Err(error) => tracing::warn!(generation.id = %claim.generation_id, %error, "a heartbeat failed"),
        }
    }
}

/// Calls the provider, again where that may help, until the text is whole or the job must end.
async fn make(
    worker: &Worker,
    claim: &Claim,
    model: &str,
    draft: &mut Draft,
    told: &AtomicU8,
    patience: &Patience<'_>,
) -> Stop {
    let running = Happening::Progress { progress: progress::RUNNING, status: Stage::Running, delta: None };
    if let Err(stop) = append(worker, claim, draft, running).await {
        return stop;
    }
    let earlier = match earlier(worker, claim).await {
        Ok(earlier) => earlier,
        Err(error) => {
            tracing::warn!(generation.id = %claim.generation_id, %error, "earlier versions cannot be read");
            return Stop::Lost;
        }
    };
    let Some(route) = worker.providers.routes(model).into_iter().next() else {
        return Stop::Failed(ProviderError::NoModel.failure());
    };
    let base = prompt::turns(claim.kind, claim.language.as_deref(), &earlier, &claim.prompt);
    let (mut calls, mut continuations) = (1, 0);
    loop {
        let mut turns = base.clone();
        if !draft.text.is_empty() {
            turns.push(Turn { speaker: Speaker::Assistant, text: draft.text.clone() });
            turns.push(Turn { speaker: Speaker::User, text: prompt::CONTINUE.into() });
        }
        let call = Call {
            model: route.upstream.clone(),
            turns,
            temperature: claim.payload.temperature,
            max_output_tokens: None,
        };
        let error = match self::call(worker, &route, claim, call, draft, told, patience).await {
            Ok(Called::Finished(Finish::Stop)) if draft.text.trim().is_empty() => {
                return Stop::Failed(Failure {
                    code: "empty_answer".into(),
                    message: "The model answered with no text.".into(),
                });
            }
            Ok(Called::Finished(Finish::Stop)) => return Stop::Done,
            Ok(Called::Finished(Finish::Filtered)) => {
                return Stop::Failed(Failure {
                    code: "content_filter".into(),
                    message: "The model's filter stopped the answer. What was written is kept.".into(),
                });
            }
            Ok(Called::Finished(Finish::Length)) => {
                continuations += 1;
                if continuations > MAX_CONTINUATIONS || draft.text.is_empty() {
                    return Stop::Failed(Failure {
                        code: "truncated".into(),
                        message: "The answer is longer than the model may write. What was written is kept."
                            .into(),
                    });
                }
                continue;
            }
            Ok(Called::Restart) => None,
            Err(CallError::Stop(stop)) => return stop,
            Err(CallError::Provider(error)) => Some(error),
        };
        calls += 1;
        match again(worker, claim, draft, calls, error, patience).await {
            Ok(()) => continuations = 0,
            Err(stop) => return stop,
        }
    }
}

/// Waits before the next call, and starts the text over if some of it was told. `Err`: there is no next call.
async fn again(
    worker: &Worker,
    claim: &Claim,
    draft: &mut Draft,
    next: u32,
    error: Option<ProviderError>,
    patience: &Patience<'_>,
) -> Result<(), Stop> {
    let asked = error.as_ref().and_then(ProviderError::retry_after);
    let wait = retry::wait_before(next, asked, rand::random());
    if let Some(error) = error {
        tracing::warn!(
            event = "provider_failed",
            generation.id = %claim.generation_id,
            call = next - 1,
            %error,
            "a call to the provider failed"
        );
        if !error.may_pass() || wait.is_none() {
            return Err(Stop::Failed(error.failure()));
        }
    } else if wait.is_none() {
        return Err(Stop::Failed(Failure {
            code: "interrupted".into(),
            message: "The event log was lost again and again. What was written is kept.".into(),
        }));
    }
    tokio::select! {
        () = patience.cancel.cancelled() => return Err(Stop::Cancelled),
        () = tokio::time::sleep(wait.unwrap_or_default()) => {}
    }
    if draft.text.is_empty() && draft.head.seq > 0 {
        return Ok(());
    }
    let started = async {
        let mut tx = worker.deps.store.begin().await?;
        let attempt = jobs::start_attempt(&mut tx, claim.generation_id, claim.fence).await?;
        tx.save().await?;
        Ok::<_, StoreError>(attempt)
    };
    match started.await {
        Ok(Some(attempt)) => {
            draft.attempt = attempt;
            draft.head = Position { attempt, seq: 0 };
            draft.text.clear();
            draft.metadata.attempts = attempt;
            let running =
                Happening::Progress { progress: progress::RUNNING, status: Stage::Running, delta: None };
            append(worker, claim, draft, running).await
        }
        Ok(None) | Err(_) => Err(Stop::Lost),
    }
}

/// One call: its text goes to the journal as it comes.
async fn call(
    worker: &Worker,
    route: &Route,
    claim: &Claim,
    call: Call,
    draft: &mut Draft,
    told: &AtomicU8,
    patience: &Patience<'_>,
) -> Result<Called, CallError> {
    let asked = Instant::now();
    let first_by = asked + worker.deadlines.first_token;
    let mut chunks: Chunks = patience.wait(first_by, route.provider.stream(call)).await??;
    let mut finish = None;
    let mut has_text = false;
    let mut ready: Option<Chunk> = None;
    loop {
        let chunk = if let Some(chunk) = ready.take() {
            Some(chunk)
        } else {
            let by = if has_text { Instant::now() + worker.deadlines.idle } else { first_by };
            patience.wait(by, chunks.next()).await?.transpose()?
        };
        match chunk {
            // The stream ends without an error only after a finish reason.
            None => {
                return finish
                    .map(Called::Finished)
                    .ok_or_else(|| ProviderError::Cut("no finish reason".into()).into());
            }
            Some(Chunk::Finish(reason)) => finish = Some(reason),
            Some(Chunk::Usage(usage)) => {
                let sum: &mut Usage = &mut draft.metadata.usage;
                sum.input_tokens += usage.input_tokens;
                sum.output_tokens += usage.output_tokens;
            }
            Some(Chunk::Text(mut delta)) => {
                has_text = true;
                draft.first_token.get_or_insert_with(|| asked.elapsed());
                // What has already come is joined; nothing is waited for.
                while delta.len() < MAX_JOINED_BYTES {
                    match chunks.next().now_or_never() {
                        Some(Some(Ok(Chunk::Text(more)))) => delta.push_str(&more),
                        Some(Some(Ok(other))) => {
                            ready = Some(other);
                            break;
                        }
                        Some(Some(Err(error))) => {
                            tell(worker, claim, draft, delta, told).await?;
                            return Err(error.into());
                        }
                        Some(None) | None => break,
                    }
                }
                if tell(worker, claim, draft, delta, told).await? {
                    return Ok(Called::Restart);
                }
            }
        }
    }
}

/// Journals a delta. `true`: the journal was lost, so what readers hold no longer joins to the text.
async fn tell(
    worker: &Worker,
    claim: &Claim,
    draft: &mut Draft,
    delta: String,
    told: &AtomicU8,
) -> Result<bool, CallError> {
    if draft.text.len() + delta.len() > MAX_RESULT_BYTES {
        return Err(CallError::Stop(Stop::Failed(Failure {
            code: "too_long".into(),
            message: "The answer is longer than 4 MiB. What was written is kept.".into(),
        })));
    }
    draft.text.push_str(&delta);
    let progress = progress::streaming(draft.text.len());
    told.store(progress, Ordering::Relaxed);
    let expected = draft.head.next();
    let happening = Happening::Progress { progress, status: Stage::Streaming, delta: Some(delta) };
    append(worker, claim, draft, happening).await.map_err(CallError::Stop)?;
    Ok(draft.head.seq < expected.seq)
}

async fn append(worker: &Worker, claim: &Claim, draft: &mut Draft, happening: Happening) -> Result<(), Stop> {
    match worker.deps.bus.append(claim.generation_id, draft.attempt, &happening).await {
        Ok(position) => {
            draft.head = position;
            Ok(())
        }
        Err(AppendError::Stale { current }) => {
            tracing::warn!(event = "fenced", generation.id = %claim.generation_id, current, "a later attempt is written");
            Err(Stop::Lost)
        }
        Err(AppendError::Ended) => Err(Stop::Lost),
        // Without the journal nobody sees the text come: hand the job over rather than write blindly.
        Err(AppendError::Bus(error)) => {
            tracing::warn!(event = "journal_failed", generation.id = %claim.generation_id, %error, "cannot journal");
            Err(Stop::Lost)
        }
    }
}

/// Commits the end, then tells it. If the telling fails, readers find the end in the row.
async fn end(worker: &Worker, claim: &Claim, mut draft: Draft, stop: Stop) {
    let id = claim.generation_id;
    if let Stop::Done = stop {
        let validating =
            Happening::Progress { progress: progress::VALIDATING, status: Stage::Validating, delta: None };
        if append(worker, claim, &mut draft, validating).await.is_err() {
            return;
        }
    }
    let mut files = aether_artifact::parse(&draft.text, claim.kind);
    let validation = aether_artifact::check(claim.kind, &mut files);
    let metadata = &mut draft.metadata;
    metadata.files = files.iter().map(aether_artifact::File::info).collect();
    metadata.validation = validation;
    metadata.attempts = draft.attempt;
    metadata.first_token_ms = draft.first_token.map(millis);
    if let Some(model) =
        worker.providers.models().iter().find(|model| Some(&model.id) == metadata.model.as_ref())
    {
        metadata.cost_usd = cost::usd(cost::price_micros(model, metadata.usage));
    }
    let (status, error) = match stop {
        Stop::Done => (Status::Completed, None),
        Stop::Failed(failure) => (Status::Failed, Some(failure)),
        Stop::Cancelled | Stop::Lost => (Status::Cancelled, None),
    };
    let progress =
        if status == Status::Completed { progress::DONE } else { progress::streaming(draft.text.len()) };
    let position = draft.head.next();
    let committed = async {
        let end = End {
            status,
            result: &draft.text,
            error: error.as_ref(),
            metadata: &draft.metadata,
            position,
            progress,
            at: worker.deps.clock.now(),
        };
        let mut tx = worker.deps.store.begin().await?;
        let held = generations::end(&mut tx, id, Some(claim.fence), &end).await?;
        tx.save().await?;
        Ok::<_, StoreError>(held)
    };
    match committed.await {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(event = "fenced", generation.id = %id, "the end was refused: the job is no longer ours");
            return;
        }
        Err(error) => {
            tracing::error!(event = "end_failed", generation.id = %id, %error, "the end is not kept; the job will be taken over");
            return;
        }
    }
    tracing::info!(
        event = "generation_ended",
        generation.id = %id,
        user.id = %claim.user_id,
        status = status.as_str(),
        code = error.as_ref().map_or("", |failure| failure.code.as_str()),
        attempt = draft.attempt,
        duration_ms = draft.metadata.duration_ms.unwrap_or(0),
        output_tokens = draft.metadata.usage.output_tokens,
        "a generation ended"
    );
    metrics::counter!("generations_total", "kind" => claim.kind.as_str(), "status" => status.as_str())
        .increment(1);
    let last = match (status, error) {
        (Status::Completed, _) => {
            Happening::Complete { result: draft.text, metadata: Box::new(draft.metadata) }
        }
        (_, Some(error)) => Happening::Failed { error },
        _ => Happening::Cancelled,
    };
    if let Err(error) = worker.deps.bus.append(id, draft.attempt, &last).await {
        tracing::warn!(generation.id = %id, %error, "the end is kept but not journalled");
    }
    worker
        .generations
        .tell_readers(claim.user_id, claim.room_id, &Notice::GenerationEnded { generation_id: id })
        .await;
}

/// Gives the job back when this process is stopping; when it was lost there is nothing to give.
async fn release(worker: &Worker, claim: &Claim, lost: &CancellationToken) {
    if lost.is_cancelled() {
        return;
    }
    let released = async {
        let mut db = worker.deps.store.conn().await?;
        jobs::release(&mut db, claim.generation_id, claim.fence).await
    };
    match released.await {
        Ok(()) => {
            tracing::info!(event = "handed_over", generation.id = %claim.generation_id, "the job waits for another worker");
        }
        Err(error) => {
            tracing::warn!(generation.id = %claim.generation_id, %error, "the job's lease must run out");
        }
    }
}

/// The versions that this one is made from, oldest first, that its starter may still see.
async fn earlier(worker: &Worker, claim: &Claim) -> aether_store::Result<Vec<Generation>> {
    let Some(parent) = claim.parent_id else { return Ok(Vec::new()) };
    let mut db = worker.deps.store.conn().await?;
    let mut line = generations::list_ancestors(&mut db, claim.user_id, parent, 8).await?;
    if claim.payload.regenerate {
        line.pop();
    }
    Ok(line)
}

fn metadata(worker: &Worker, claim: &Claim, model: &str, routing: Routing) -> Metadata {
    Metadata {
        provider: Some(worker.providers.primary_name().to_owned()),
        model: Some(model.to_owned()),
        routing: Some(routing),
        prompt_version: Some(prompt::template(claim.kind).version),
        attempts: claim.attempt,
        ..Metadata::default()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
