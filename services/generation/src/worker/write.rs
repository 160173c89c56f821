//! The text from a provider: call, again where that may help, elsewhere if possible, until it is whole. What a call may cost is
//! reserved before it and settled after it, however it ends.

use std::{sync::Arc, time::Duration};

use aether_common::{
    event::Stage,
    model::generation::{Routing, Usage},
};
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::{
    brief::Brief,
    draft::{Draft, PIECE_BYTES, Told},
    job::{Job, Stop},
};
use crate::{
    domain::{cost::price_micros, prompt, tokens::Meter},
    ledger::{self, Ask, Reservation, ReserveError},
    provider::{Call, Chunk, Finish, Plan, ProviderError, Route, Speaker, Step, Turn},
};

/// An answer that reached its length is continued so many times.
const MAX_CONTINUATIONS: u32 = 2;
/// What an answer may have when nobody says what the model can write.
const USUAL_OUTPUT_TOKENS: u64 = 16_384;
/// How long a provider may take to tell its count after its last word.
const TAIL: Duration = Duration::from_secs(2);
/// More than a piece of a stream usually has.
const PIECE_TOKENS: u64 = 32;
/// A provider may count what it reads a little differently: so much of it is reserved beside our own count (an eighth).
const INPUT_MARGIN: u64 = 8;

/// How a call ended that the provider did not fail.
enum Called {
    Finished(Finish),
    /// Our journal was lost: the text must be started over.
    Torn,
    /// The money that was reserved is used up.
    Spent,
}

enum CallError {
    Provider(ProviderError),
    Stop(Stop),
}

/// What the provider did for a call, as far as it is known.
#[derive(Default)]
struct Use {
    /// It took the call.
    began: bool,
    /// Its own count.
    told: Option<Usage>,
}

impl From<ProviderError> for CallError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<Stop> for CallError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// Writes the answer to these turns into the draft.
pub(super) async fn write(
    job: &Job,
    brief: &mut Brief,
    base: &[Turn],
    draft: &mut Draft,
) -> Result<(), Stop> {
    let mut plan = Plan::new(brief.routes.clone());
    let mut continuations = 0;
    // Whether what was told belongs to an answer that broke off.
    let mut broken = false;
    loop {
        let route = match next_route(job, &mut plan).await? {
            Ok(route) => route,
            Err(error) => match fall_back(job, brief, draft, &error) {
                Some(other) => {
                    plan = other;
                    continue;
                }
                None => return Err(Stop::Failed(error.failure())),
            },
        };
        if broken {
            draft.start_over(job, Stage::Running).await?;
            (broken, continuations) = (false, 0);
        }
        let mut turns = base.to_vec();
        if !draft.text.is_empty() {
            turns.push(Turn { speaker: Speaker::Assistant, text: draft.text.clone() });
            turns.push(Turn { speaker: Speaker::User, text: prompt::CONTINUE.into() });
        }
        match call(job, &route, turns, draft).await {
            Ok(Called::Finished(Finish::Stop)) => {
                plan.succeeded(&route);
                if draft.text.trim().is_empty() {
                    return Err(Stop::failed("empty_answer", "The model answered with no text."));
                }
                return Ok(());
            }
            Ok(Called::Finished(Finish::Filtered)) => {
                plan.succeeded(&route);
                return Err(Stop::failed(
                    "content_filter",
                    "The model's filter stopped the answer. What was written is kept.",
                ));
            }
            Ok(Called::Finished(Finish::Length)) => {
                plan.succeeded(&route);
                continuations += 1;
                if continuations > MAX_CONTINUATIONS || draft.text.is_empty() {
                    return Err(Stop::failed(
                        "truncated",
                        "The answer is longer than the model may write. What was written is kept.",
                    ));
                }
            }
            Ok(Called::Spent) => return Err(spent()),
            // Not the provider's doing: the same again.
            Ok(Called::Torn) => broken = true,
            Err(CallError::Stop(stop)) => return Err(stop),
            Err(CallError::Provider(error)) => {
                tracing::warn!(
                    event = "provider_failed",
                    generation.id = %job.claim.generation_id,
                    provider = route.provider.name(),
                    model = route.upstream,
                    %error,
                    "a call to the provider failed"
                );
                plan.failed(&route, error, Instant::now());
                broken = !draft.text.is_empty();
            }
        }
    }
}

/// The route of the next call, when its time has come.
async fn next_route(job: &Job, plan: &mut Plan) -> Result<Result<Arc<Route>, ProviderError>, Stop> {
    loop {
        match plan.next(Instant::now(), rand::random()) {
            Step::Call(route) => return Ok(Ok(route)),
            Step::Wait(time) => job.pause(time).await?,
            Step::GiveUp(error) => return Ok(Err(error)),
        }
    }
}

/// The router's other choice, when nobody takes the model that it chose.
fn fall_back(job: &Job, brief: &mut Brief, draft: &mut Draft, error: &ProviderError) -> Option<Plan> {
    let settings = &job.worker.deps.settings;
    let other = match brief.routing.choice.as_str() {
        "complex" => &settings.model_simple,
        "simple" => &settings.model_complex,
        _ => return None,
    };
    let routes = job.worker.providers.routes(other);
    if *error != ProviderError::NoModel || *other == brief.model || routes.is_empty() {
        return None;
    }
    let reason = format!("`{}` was refused; {}", brief.model, brief.routing.reason);
    brief.routing = Routing { choice: "fallback".into(), reason, ..brief.routing.clone() };
    brief.model.clone_from(other);
    brief.routes.clone_from(&routes);
    draft.metadata.routing = Some(brief.routing.clone());
    Some(Plan::new(routes))
}

/// One call, paid for.
async fn call(
    job: &Job,
    route: &Arc<Route>,
    turns: Vec<Turn>,
    draft: &mut Draft,
) -> Result<Called, CallError> {
    let model = &route.model;
    draft.metadata.provider = Some(route.provider.name().to_owned());
    draft.metadata.model = Some(model.id.clone());
    // What cannot be priced needs no counting before the call.
    let input = if model.prices().is_free() { 0 } else { ledger::count_turns(&turns).await };
    let ask = Ask {
        generation_id: job.claim.generation_id,
        user_id: job.claim.user_id,
        kind: job.claim.kind,
        provider: route.provider.name(),
        model,
        input_tokens: input + input / INPUT_MARGIN,
        max_output_tokens: usual_output(route),
    };
    let (reservation, slot) = loop {
        // The slot first, so that no money is held while others are called.
        let slot = job.wait(route.slot()).await?;
        match job.worker.ledger.reserve(&ask).await {
            Ok(reservation) => break (reservation, slot),
            Err(ReserveError::Busy) => {
                drop(slot);
                job.wait(job.worker.ledger.wait_for_settlement()).await?;
            }
            Err(ReserveError::Spent) => return Err(spent().into()),
            Err(ReserveError::Unpriced) => {
                return Err(Stop::failed(
                    "model_unpriced",
                    "A budget applies, and nobody has said what this model costs. List it with its price in aether.toml.",
                )
                .into());
            }
            Err(ReserveError::Store(error)) => {
                tracing::warn!(generation.id = %job.claim.generation_id, %error, "no money can be reserved");
                return Err(Stop::Lost.into());
            }
        }
    };
    let told_before = draft.text.len();
    let mut used = Use::default();
    let called = stream(job, route, &reservation, &turns, draft, &mut used).await;
    drop(slot);
    let usage = match used.told {
        Some(usage) => usage,
        None if !used.began => Usage::default(),
        None => {
            let written = draft.text.get(told_before..).unwrap_or_default();
            Usage {
                input_tokens: ledger::count_turns(&turns).await,
                output_tokens: ledger::count(written).await,
            }
        }
    };
    // What a provider tells may be any number.
    let total = &mut draft.metadata.usage;
    total.input_tokens = total.input_tokens.saturating_add(usage.input_tokens);
    total.output_tokens = total.output_tokens.saturating_add(usage.output_tokens);
    match job.worker.ledger.settle(reservation, usage).await {
        Ok(cost) => draft.cost_micros += cost,
        Err(error) => {
            draft.cost_micros += price_micros(model, usage);
            tracing::warn!(generation.id = %job.claim.generation_id, %error, "a call is not settled yet");
        }
    }
    called
}

/// One call: its text goes to the journal as it comes.
async fn stream(
    job: &Job,
    route: &Route,
    reservation: &Reservation,
    turns: &[Turn],
    draft: &mut Draft,
    used: &mut Use,
) -> Result<Called, CallError> {
    let call = Call {
        model: route.upstream.clone(),
        turns: turns.to_vec(),
        temperature: job.claim.payload.temperature,
        max_output_tokens: reservation.max_output_tokens.or(route.model.max_output_tokens),
    };
    let full = usual_output(route);
    // Where money is short, what one piece may hold is kept back. Else the provider's own count ends the answer; ours, which
    // may differ a little, only stops one who keeps to no bound.
    let short = reservation.max_output_tokens.filter(|cap| *cap < full);
    let mut meter = Meter::new(match (short, reservation.max_output_tokens) {
        (Some(cap), _) => Some(cap - (cap / 4).min(PIECE_TOKENS)),
        (None, Some(full)) => Some(full + full / 4 + PIECE_TOKENS),
        (None, None) => None,
    });
    let deadlines = &job.worker.deadlines;
    let asked = Instant::now();
    let first_by = asked + deadlines.first_token;
    let mut chunks = job.by(first_by, route.provider.stream(call)).await???;
    used.began = true;
    let mut finish = None;
    let mut has_text = false;
    let mut ready: Option<Chunk> = None;
    loop {
        let chunk = if let Some(chunk) = ready.take() {
            Some(chunk)
        } else {
            match finish {
                None => {
                    let by = if has_text { Instant::now() + deadlines.idle } else { first_by };
                    job.by(by, chunks.next()).await??.transpose()?
                }
                // The text is whole: only the count is still waited for, and not for long.
                Some(_) => match job.within(TAIL, chunks.next()).await? {
                    Some(Some(Ok(chunk))) => Some(chunk),
                    _ => None,
                },
            }
        };
        match chunk {
            // The stream ends without an error only after a finish reason.
            None => {
                return match finish {
                    // The provider kept to the bound that our money set.
                    Some(Finish::Length) if short.is_some() => Ok(Called::Spent),
                    Some(finish) => Ok(Called::Finished(finish)),
                    None => Err(ProviderError::Cut("no finish reason".into()).into()),
                };
            }
            Some(Chunk::Finish(reason)) => {
                finish = Some(reason);
                if reason == Finish::Stop && !draft.text.trim().is_empty() {
                    draft.whole(job).await?;
                }
            }
            Some(Chunk::Usage(usage)) => used.told = Some(usage),
            Some(Chunk::Text(mut delta)) => {
                has_text = true;
                if draft.first_token.is_none() {
                    let time = asked.elapsed();
                    draft.first_token = Some(time);
                    metrics::histogram!("generation_first_token_seconds", "model" => route.label().to_owned())
                        .record(time.as_secs_f64());
                }
                let mut broke_off = None;
                // What has already come is joined; nothing is waited for.
                while delta.len() < PIECE_BYTES {
                    match chunks.next().now_or_never() {
                        Some(Some(Ok(Chunk::Text(more)))) => delta.push_str(&more),
                        Some(Some(Ok(other))) => {
                            ready = Some(other);
                            break;
                        }
                        Some(Some(Err(error))) => {
                            broke_off = Some(error);
                            break;
                        }
                        Some(None) | None => break,
                    }
                }
                let over = meter.push(&delta);
                if draft.tell(job, delta).await? == Told::Torn {
                    return Ok(Called::Torn);
                }
                if let Some(error) = broke_off {
                    return Err(error.into());
                }
                if over {
                    return if short.is_some() {
                        Ok(Called::Spent)
                    } else {
                        Err(Stop::failed(
                            "too_long",
                            "The model wrote more than it was allowed to. What was written is kept.",
                        )
                        .into())
                    };
                }
            }
        }
    }
}

/// The most that an answer has when money is no question.
fn usual_output(route: &Route) -> u64 {
    route.model.max_output_tokens.unwrap_or(USUAL_OUTPUT_TOKENS)
}

fn spent() -> Stop {
    Stop::failed(
        "budget_exceeded",
        "The budget is used up. What was written is kept; more can be made when the next period begins.",
    )
}
