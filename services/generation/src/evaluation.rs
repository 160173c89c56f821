//! How good the prompts are with a model: asks it a set of prompts as the worker would, checks what comes, and counts. Keeps
//! nothing and costs what the calls cost; `aether prompts eval` shows it.

use std::time::Duration;

use aether_artifact as artifact;
use aether_common::model::generation::{Issue, Kind, Usage, Validation};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    domain::{
        context::{self, Sources},
        prompt,
        routing::{self, Asked},
        tokens,
    },
    prompts::Prompts,
    provider::{Call, Chunk, Finish, Plan, ProviderError, Providers, Route, Speaker, Step, Turn},
    worker::Deadlines,
};

/// The set that comes with the program.
const SET: &str = include_str!("../prompts/eval.yaml");
/// A set holds so many prompts at most.
const MAX_CASES: usize = 1_000;
/// An answer that reached its length is continued so many times, as by the worker.
const MAX_CONTINUATIONS: u32 = 2;

/// One prompt of a set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What is asked for.
    pub kind: Kind,
    /// In these words.
    pub prompt: String,
    /// In this language.
    pub language: Option<String>,
}

/// What is evaluated.
#[derive(Clone)]
pub struct Evaluation {
    /// Who answers.
    pub providers: Providers,
    /// The instructions.
    pub prompts: Prompts,
    /// This model; `None`: as the router chooses.
    pub model: Option<String>,
    /// The router's model for much.
    pub model_complex: String,
    /// The router's model for little.
    pub model_simple: String,
    /// Calls at once: at least 1.
    pub concurrency: usize,
    /// How long a call may take.
    pub deadlines: Deadlines,
}

/// How one prompt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// The artifact is good.
    Valid,
    /// It is good since its mistakes were told.
    ValidAfterRepair,
    /// It has mistakes.
    Invalid,
    /// It is longer than the model may write.
    Truncated,
    /// The provider did not answer.
    Failed,
}

/// What became of one prompt.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What was asked for.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// In these words.
    pub prompt: String,
    /// Of this model.
    pub model: String,
    /// With these instructions.
    pub prompt_version: String,
    /// How it ended.
    pub ended: Ended,
    /// What was found last, or why it failed.
    pub issues: Vec<Issue>,
    /// Tokens that the model wrote, the repair's too.
    pub output_tokens: u64,
    /// From the question to the end.
    pub seconds: f64,
}

/// The figures of one kind, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Prompts.
    pub asked: usize,
    /// Good at once.
    pub valid: usize,
    /// Good since their mistakes were told.
    pub valid_after_repair: usize,
    /// With mistakes.
    pub invalid: usize,
    /// Cut off.
    pub truncated: usize,
    /// Without an answer.
    pub failed: usize,
    /// Half of the answers have fewer tokens.
    pub median_tokens: u64,
    /// Half of the answers took less time.
    pub median_seconds: f64,
}

/// The figures of one kind.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OfKind {
    /// It.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// With these instructions.
    pub prompt_version: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What came of a set.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Every kind that was asked.
    pub kinds: Vec<OfKind>,
    /// All together.
    pub all: Figures,
    /// What did not end well, in the set's order.
    pub failures: Vec<Outcome>,
}

/// What a model wrote.
#[derive(Default)]
struct Written {
    text: String,
    output_tokens: u64,
    truncated: bool,
}

/// Reads a set: a YAML list of `{kind, prompt, language?}`; `None` is the one that comes with the program.
pub fn read_set(text: Option<&str>) -> Result<Vec<Case>, String> {
    let cases: Vec<Case> = yaml_serde::from_str(text.unwrap_or(SET)).map_err(|error| error.to_string())?;
    if cases.is_empty() || cases.len() > MAX_CASES {
        return Err(format!("a set has 1 to {MAX_CASES} prompts; this one has {}", cases.len()));
    }
    for (case, number) in cases.iter().zip(1..) {
        if case.prompt.trim().is_empty() {
            return Err(format!("prompt {number} is blank"));
        }
        if case.language.as_deref().is_some_and(|language| !prompt::is_language(language)) {
            return Err(format!("prompt {number} has a language that cannot be one"));
        }
    }
    Ok(cases)
}

impl Evaluation {
    /// Asks every prompt of the set. `told` hears of each as it ends.
    pub async fn run(&self, cases: &[Case], mut told: impl FnMut(&Outcome)) -> Report {
        let mut asked = futures::stream::iter(cases.iter().enumerate())
            .map(|(index, case)| async move { (index, self.ask(case).await) })
            .buffer_unordered(self.concurrency.max(1));
        let mut outcomes = Vec::with_capacity(cases.len());
        while let Some((index, outcome)) = asked.next().await {
            told(&outcome);
            outcomes.push((index, outcome));
        }
        outcomes.sort_by_key(|(index, _)| *index);
        Report::of(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    async fn ask(&self, case: &Case) -> Outcome {
        let began = Instant::now();
        let template = self.prompts.current(case.kind).await;
        let asked = Asked {
            explicit: self.model.as_deref(),
            kind: case.kind,
            prompt: &case.prompt,
            context_bytes: 0,
            uploads: 0,
        };
        let (model, _) = routing::choose(&asked, &self.model_complex, &self.model_simple);
        let routes = self.providers.routes(&model);
        let sources = Sources {
            kind: case.kind,
            language: case.language.as_deref(),
            template: &template,
            earlier: &[],
            room_prompts: &[],
            uploads: &[],
            prompt: &case.prompt,
        };
        let mut outcome = Outcome {
            kind: case.kind,
            prompt: case.prompt.clone(),
            model,
            prompt_version: template.version.clone(),
            ended: Ended::Failed,
            issues: Vec::new(),
            output_tokens: 0,
            seconds: 0.0,
        };
        let limit = routes.first().and_then(|route| route.model.context_tokens);
        let made = match context::build(&sources, limit, &tokens::count) {
            Ok(built) => self.make(case.kind, built.turns, &routes, &mut outcome).await,
            Err(error) => Err(issue("context_too_long", error.to_string())),
        };
        match made {
            Ok(ended) => outcome.ended = ended,
            Err(issue) => outcome.issues = vec![issue],
        }
        outcome.seconds = began.elapsed().as_secs_f64();
        outcome
    }

    /// Asks, and once more when there are mistakes.
    async fn make(
        &self,
        kind: Kind,
        mut turns: Vec<Turn>,
        routes: &[std::sync::Arc<Route>],
        outcome: &mut Outcome,
    ) -> Result<Ended, Issue> {
        for good in [Ended::Valid, Ended::ValidAfterRepair] {
            let written = self.write(&turns, routes).await.map_err(|error| {
                let failure = error.failure();
                issue(&failure.code, failure.message)
            })?;
            outcome.output_tokens += written.output_tokens;
            let mut files = artifact::parse(&written.text, kind);
            let Validation { ok, issues } = artifact::check(kind, &mut files);
            outcome.issues = issues;
            if written.truncated {
                return Ok(Ended::Truncated);
            }
            if ok {
                return Ok(good);
            }
            let found = Validation { ok, issues: outcome.issues.clone() };
            turns.push(Turn { speaker: Speaker::Assistant, text: written.text });
            turns.push(Turn { speaker: Speaker::User, text: prompt::repair(&found) });
        }
        Ok(Ended::Invalid)
    }

    /// One whole answer, with new tries as the worker makes them.
    async fn write(
        &self,
        turns: &[Turn],
        routes: &[std::sync::Arc<Route>],
    ) -> Result<Written, ProviderError> {
        let deadline = Instant::now() + self.deadlines.total;
        let mut plan = Plan::new(routes.to_vec());
        let mut written = Written::default();
        let mut continuations = 0;
        loop {
            let route = match plan.next(Instant::now(), rand::random()) {
                Step::Call(route) => route,
                Step::Wait(time) if Instant::now() + time < deadline => {
                    tokio::time::sleep(time).await;
                    continue;
                }
                Step::Wait(_) => return Err(ProviderError::Silent(self.deadlines.total)),
                Step::GiveUp(error) => return Err(error),
            };
            let mut said = turns.to_vec();
            if !written.text.is_empty() {
                said.push(Turn { speaker: Speaker::Assistant, text: written.text.clone() });
                said.push(Turn { speaker: Speaker::User, text: prompt::CONTINUE.into() });
            }
            match self.call(&route, said, deadline, &mut written).await {
                Ok(finish) => {
                    plan.succeeded(&route);
                    if finish == Finish::Length
                        && continuations < MAX_CONTINUATIONS
                        && !written.text.is_empty()
                    {
                        continuations += 1;
                        continue;
                    }
                    written.truncated = finish != Finish::Stop;
                    return Ok(written);
                }
                Err(error) => {
                    plan.failed(&route, error, Instant::now());
                    (written, continuations) = (Written::default(), 0);
                }
            }
        }
    }

    async fn call(
        &self,
        route: &Route,
        turns: Vec<Turn>,
        deadline: Instant,
        written: &mut Written,
    ) -> Result<Finish, ProviderError> {
        let _slot = route.slot().await;
        let call = Call {
            model: route.upstream.clone(),
            turns,
            temperature: None,
            max_output_tokens: route.model.max_output_tokens,
        };
        let by = |patience: Duration| deadline.min(Instant::now() + patience);
        let silent = |patience| move |_| ProviderError::Silent(patience);
        let first = self.deadlines.first_token;
        let first_by = by(first);
        let mut chunks =
            tokio::time::timeout_at(first_by, route.provider.stream(call)).await.map_err(silent(first))??;
        let (mut finish, mut usage, mut text) = (None, None::<Usage>, String::new());
        loop {
            let (until, patience) = if text.is_empty() {
                (first_by, first)
            } else {
                (by(self.deadlines.idle), self.deadlines.idle)
            };
            let chunk = tokio::time::timeout_at(until, chunks.next()).await.map_err(silent(patience))?;
            match chunk.transpose()? {
                Some(Chunk::Text(more)) => text.push_str(&more),
                Some(Chunk::Usage(told)) => usage = Some(told),
                Some(Chunk::Finish(reason)) => finish = Some(reason),
                None => break,
            }
        }
        let finish = finish.ok_or_else(|| ProviderError::Cut("no finish reason".into()))?;
        written.output_tokens += usage.map_or_else(|| tokens::count(&text), |usage| usage.output_tokens);
        written.text.push_str(&text);
        Ok(finish)
    }
}

impl Report {
    fn of(outcomes: Vec<Outcome>) -> Self {
        let figures = |kind: Option<Kind>| {
            Figures::of(outcomes.iter().filter(|one| kind.is_none_or(|kind| one.kind == kind)))
        };
        let kinds = Kind::ALL.into_iter().filter_map(|kind| {
            let first = outcomes.iter().find(|one| one.kind == kind)?;
            Some(OfKind { kind, prompt_version: first.prompt_version.clone(), figures: figures(Some(kind)) })
        });
        Self {
            kinds: kinds.collect(),
            all: figures(None),
            failures: outcomes.into_iter().filter(|one| !one.ended.is_good()).collect(),
        }
    }
}

impl Figures {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut figures = Self::default();
        let (mut tokens, mut seconds) = (Vec::new(), Vec::new());
        for one in outcomes {
            figures.asked += 1;
            *match one.ended {
                Ended::Valid => &mut figures.valid,
                Ended::ValidAfterRepair => &mut figures.valid_after_repair,
                Ended::Invalid => &mut figures.invalid,
                Ended::Truncated => &mut figures.truncated,
                Ended::Failed => &mut figures.failed,
            } += 1;
            if one.ended != Ended::Failed {
                tokens.push(one.output_tokens);
                seconds.push(one.seconds);
            }
        }
        tokens.sort_unstable();
        seconds.sort_by(f64::total_cmp);
        figures.median_tokens = tokens.get(tokens.len() / 2).copied().unwrap_or(0);
        figures.median_seconds = seconds.get(seconds.len() / 2).copied().unwrap_or(0.0);
        figures
    }

    /// The share that ended well, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a set has at most a thousand prompts")]
    pub fn share(&self) -> f64 {
        if self.asked == 0 {
            return 0.0;
        }
        (self.valid + self.valid_after_repair) as f64 / self.asked as f64
    }
}

impl Ended {
    /// Whether there is an artifact that can be used.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Valid | Self::ValidAfterRepair)
    }
}

fn issue(code: &str, message: String) -> Issue {
    Issue { path: None, code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aether_common::clock::Clock;
    use aether_demo_model as demo;
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::*;
    use crate::provider::openai::OpenAi;

    async fn evaluation(model: &str, stop: &CancellationToken) -> Evaluation {
        let options = demo::Options { faults: true, tokens_per_second: 0.0, ..demo::Options::default() };
        let served = demo::serve(options, stop.clone(), &TaskTracker::new()).await.unwrap();
        let http = aether_boot::deps::http_client().unwrap();
        let client = OpenAi::new("demo", &served.base_url().parse().unwrap(), None, http, Clock::system());
        Evaluation {
            providers: Providers::single(Arc::new(client), Vec::new()),
            prompts: Prompts::built_in(),
            model: Some(model.to_owned()),
            model_complex: "big".into(),
            model_simple: "small".into(),
            concurrency: 4,
            deadlines: Deadlines::default(),
        }
    }

    #[test]
    fn the_set_has_ten_prompts_of_each_kind_and_a_bad_one_is_refused() {
        let cases = read_set(None).unwrap();
        for kind in Kind::ALL {
            assert_eq!(cases.iter().filter(|case| case.kind == kind).count(), 10);
        }
        for bad in ["[]", "- {kind: ui}", "- {kind: x, prompt: y}", "- {kind: ui, prompt: ' '}", "{"] {
            assert!(read_set(Some(bad)).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn the_demo_model_makes_good_artifacts_of_the_whole_set() {
        let stop = CancellationToken::new();
        let mut heard = 0;
        let cases = read_set(None).unwrap();
        let report = evaluation("speed-max", &stop).await.run(&cases, |_| heard += 1).await;
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
        assert_eq!((report.all.valid, heard), (cases.len(), cases.len()));
        assert_eq!(report.kinds.len(), 4);
        assert!(report.all.median_tokens > 100);
        stop.cancel();
    }

    #[tokio::test]
    async fn bad_artifacts_are_counted_as_bad_and_mended_ones_as_mended() {
        let stop = CancellationToken::new();
        let cases = read_set(Some("- {kind: ui, prompt: a todo app}\n- {kind: api, prompt: books}")).unwrap();
        for (model, ended) in [
            ("fault-invalid", Ended::Invalid),
            ("fault-invalid-once", Ended::ValidAfterRepair),
            ("fault-length:forever", Ended::Truncated),
            ("fault-401", Ended::Failed),
        ] {
            let mut outcomes = Vec::new();
            let on = evaluation(model, &stop).await;
            let report = on.run(&cases, |one| outcomes.push((one.ended, one.issues.clone()))).await;
            assert!(outcomes.iter().all(|(found, _)| *found == ended), "{model}: {outcomes:?}");
            let share = if ended == Ended::ValidAfterRepair { 1.0 } else { 0.0 };
            assert!((report.all.share() - share).abs() < f64::EPSILON);
            assert_eq!(report.failures.is_empty(), ended.is_good());
        }
        stop.cancel();
    }
}
