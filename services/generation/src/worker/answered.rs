//! Answers without a call of our own: one that is kept is told again, and one that an equal request is getting now is
//! followed, live. Exactly one of equal requests calls the provider, in whichever processes they run.

use std::time::Duration;

use aether_boot::CacheSetting;
use aether_bus::After;
use aether_common::{
    event::{Happening, Stage},
    id::{GenerationId, UserId},
    model::generation::{Metadata, Usage},
};
use aether_store::{
    StoreError,
    cache::{self, Answerer},
    generations,
};
use chrono::TimeDelta;
use futures::StreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    brief::Brief,
    draft::{Draft, Told},
    job::{Job, Stop},
};
use crate::{generations::hex, ledger::Ask};

/// A maker that is silent for this much longer than a provider may be is not waited for any more: its process may be gone and
/// every slot of the others may be taken by those who follow it.
const GRACE: Duration = Duration::from_secs(15);
/// How often equal requests look for who answers before they ask for themselves.
const MAX_LOOKS: usize = 5;

/// Everything that shapes an answer. What is added here changes every key, which only costs calls.
#[derive(Serialize)]
struct Inputs<'a> {
    v: u8,
    /// Whose answers these are; `None` with a common cache.
    user: Option<UserId>,
    kind: &'a str,
    providers: Vec<&'a str>,
    model: &'a str,
    /// Whether a person asked for this model: what the router asks for, another one may answer.
    explicit: bool,
    temperature: Option<f32>,
    prompt_version: &'a str,
    turns: Vec<(&'static str, &'a str)>,
}

/// How following another generation ended.
enum Followed {
    /// It completed, with this.
    Whole(Box<Metadata>),
    /// It failed, was cancelled or went silent.
    Gone,
}

/// Tells an answer that is kept or in flight, to its end. `false`: there is none, and this generation is to make it.
pub(super) async fn answer(job: &Job, brief: &Brief, draft: &mut Draft) -> Result<bool, Stop> {
    let settings = &job.worker.deps.settings;
    if job.claim.payload.no_cache || settings.cache == CacheSetting::Off {
        count("off");
        return Ok(false);
    }
    let key = key(job, brief, settings.cache);
    for _ in 0..MAX_LOOKS {
        let maker = match look(job, &key).await {
            Ok(Answerer::Nobody) => {
                count("miss");
                draft.cache_key = Some(key);
                return Ok(false);
            }
            Ok(Answerer::Kept(maker)) => {
                if tell_kept(job, draft, maker).await? {
                    count("hit");
                    note(job, brief).await;
                    return Ok(true);
                }
                maker
            }
            Ok(Answerer::Flight(maker)) => match follow(job, draft, maker).await? {
                Followed::Whole(metadata) => {
                    count("flight");
                    given(draft, *metadata);
                    note(job, brief).await;
                    return Ok(true);
                }
                Followed::Gone => maker,
            },
            Err(error) => {
                tracing::warn!(generation.id = %job.claim.generation_id, %error, "kept answers cannot be read");
                break;
            }
        };
        // Only this entry is replaced: when another follower was faster, the next look finds it.
        let now = job.worker.deps.clock.now();
        let replaced = async {
            let mut db = job.worker.deps.store.conn().await?;
            cache::replace(&mut db, &key, maker, job.claim.generation_id, now).await
        };
        if let Err(error) = replaced.await {
            tracing::warn!(generation.id = %job.claim.generation_id, %error, "a maker that is gone stays noted");
            break;
        }
    }
    count("miss");
    Ok(false)
}

fn count(outcome: &'static str) {
    metrics::counter!("generation_cache_total", "outcome" => outcome).increment(1);
}

/// Notes in the books that an answer was given for nothing.
async fn note(job: &Job, brief: &Brief) {
    let Some(route) = brief.routes.first() else { return };
    let ask = Ask {
        generation_id: job.claim.generation_id,
        user_id: job.claim.user_id,
        kind: job.claim.kind,
        provider: route.provider.name(),
        model: &route.model,
        input_tokens: 0,
        max_output_tokens: 0,
    };
    if let Err(error) = job.worker.ledger.note_cached(&ask).await {
        tracing::warn!(generation.id = %job.claim.generation_id, %error, "an answer for nothing is not in the books");
    }
}

fn key(job: &Job, brief: &Brief, setting: CacheSetting) -> String {
    let claim = &job.claim;
    let common = setting == CacheSetting::Common && !brief.private;
    let inputs = Inputs {
        v: 2,
        user: (!common).then_some(claim.user_id),
        kind: claim.kind.as_str(),
        providers: brief.routes.iter().map(|route| route.provider.name()).collect(),
        model: &brief.model,
        explicit: brief.routing.choice == "explicit",
        temperature: claim.payload.temperature,
        prompt_version: &brief.prompt_version,
        turns: brief.turns.iter().map(|turn| (turn.speaker.as_str(), turn.text.as_str())).collect(),
    };
    hex(&Sha256::digest(serde_json::to_vec(&inputs).unwrap_or_default()))
}

async fn look(job: &Job, key: &str) -> aether_store::Result<Answerer> {
    let deps = &job.worker.deps;
    let now = deps.clock.now();
    let oldest = now - TimeDelta::hours(i64::from(deps.settings.cache_hours));
    let mut tx = deps.store.begin().await?;
    let answerer = cache::look(&mut tx, key, job.claim.generation_id, now, oldest).await?;
    tx.save().await?;
    Ok(answerer)
}

/// `false`: it is no longer there.
async fn tell_kept(job: &Job, draft: &mut Draft, maker: GenerationId) -> Result<bool, Stop> {
    let found = async {
        let mut db = job.worker.deps.store.conn().await?;
        generations::find_answer(&mut db, maker).await
    };
    let (text, metadata) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(false),
        Err(StoreError::Unavailable(_)) => return Err(Stop::Lost),
        Err(error) => {
            tracing::error!(generation.id = %maker, %error, "a kept answer cannot be read");
            return Ok(false);
        }
    };
    if !draft.text.is_empty() {
        draft.start_over(job, Stage::Running).await?;
    }
    tell_whole(job, draft, &text).await?;
    given(draft, metadata);
    Ok(true)
}

/// Tells the whole text, in a new attempt when the journal is lost on the way.
async fn tell_whole(job: &Job, draft: &mut Draft, text: &str) -> Result<(), Stop> {
    for _ in 0..3 {
        job.check()?;
        if draft.tell_all(job, text).await? == Told::Whole {
            return Ok(());
        }
        draft.start_over(job, Stage::Running).await?;
    }
    Err(Stop::Lost)
}

/// Tells what the maker tells, as it comes.
async fn follow(job: &Job, draft: &mut Draft, maker: GenerationId) -> Result<Followed, Stop> {
    let Ok(mut following) = job.worker.generations.follow(maker, After::Beginning).await else {
        return Ok(Followed::Gone);
    };
    let silence = job.worker.deadlines.first_token.max(job.worker.deadlines.idle) + GRACE;
    let mut attempt = None;
    loop {
        let event = match job.within(silence, following.events.next()).await? {
            Some(Some(event)) => event,
            // This process is stopping: another one goes on.
            Some(None) if job.worker.deps.lifecycle.shutdown.is_cancelled() => return Err(Stop::Lost),
            Some(None) | None => return gone(job, draft).await,
        };
        if attempt.replace(event.position.attempt).is_some_and(|before| before != event.position.attempt)
            && !draft.text.is_empty()
        {
            draft.start_over(job, Stage::Running).await?;
        }
        match event.happening {
            Happening::Progress { delta: Some(delta), .. } => {
                if draft.tell(job, delta).await? == Told::Torn {
                    // Our own journal was lost: from the maker's beginning, in an attempt of our own.
                    draft.start_over(job, Stage::Running).await?;
                    let Ok(again) = job.worker.generations.follow(maker, After::Beginning).await else {
                        return Ok(Followed::Gone);
                    };
                    following = again;
                    attempt = None;
                }
            }
            Happening::Progress { .. } => {}
            Happening::Complete { result, metadata } => {
                if draft.text != result {
                    if !draft.text.is_empty() {
                        draft.start_over(job, Stage::Running).await?;
                    }
                    tell_whole(job, draft, &result).await?;
                }
                return Ok(Followed::Whole(metadata));
            }
            Happening::Failed { .. } | Happening::Cancelled => return gone(job, draft).await,
        }
    }
}

/// What was told of a maker that does not go on is started over.
async fn gone(job: &Job, draft: &mut Draft) -> Result<Followed, Stop> {
    if !draft.text.is_empty() {
        draft.start_over(job, Stage::Running).await?;
    }
    Ok(Followed::Gone)
}

/// Who wrote it stays; what it cost was paid by its maker.
fn given(draft: &mut Draft, maker: Metadata) {
    let own = &mut draft.metadata;
    own.provider = maker.provider;
    own.model = maker.model;
    own.usage = Usage::default();
    own.cached = true;
}
