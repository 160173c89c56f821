//! `aether prompts eval`: asks a set of prompts of a model and tells how many artifacts are good. Progress goes to standard
//! error, the figures to standard output.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use aether_boot::{Deps, Lifecycle, Process, Settings, StartError, deps::http_client, serve::complain};
use aether_common::{clock::Clock, model::generation::Kind};
use aether_demo_model as demo;
use aether_generation::{
    evaluation::{Evaluation, Figures, Outcome, Report, read_set},
    prompts::Prompts,
    provider::{Providers, openai::OpenAi, setup},
    worker::Deadlines,
};
use aether_store::Store;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::block_on;

/// How long the database may take to answer before the built-in templates are taken.
const PATIENCE: Duration = Duration::from_secs(3);
/// So many issues of a failure are shown.
const SHOWN_ISSUES: usize = 5;

/// What to ask, and of whom.
#[derive(Args)]
pub struct EvalArgs {
    /// Only this kind: ui, api, cli or code.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Ask this model; without it the router chooses for each prompt.
    #[arg(long)]
    model: Option<String>,
    /// A YAML file with a list of {kind, prompt, language?} in place of the built-in set.
    #[arg(long)]
    set: Option<PathBuf>,
    /// Ask at most so many prompts.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Print the figures and failures as JSON.
    #[arg(long)]
    json: bool,
    /// Calls at once.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Exit with 1 when a smaller share of the artifacts is good: 0 to 1.
    #[arg(long, value_parser = share)]
    min_valid: Option<f64>,
}

/// `aether prompts eval`. Exit code 1: the share of good artifacts is below `--min-valid`, or it could not be found out.
pub fn eval(args: &EvalArgs) -> ExitCode {
    match block_on(evaluate(args)) {
        Ok(report) => {
            show(&report, args.json);
            let share = report.all.share();
            match args.min_valid.filter(|least| share < *least) {
                Some(least) => {
                    complain(&format!(
                        "{} of the artifacts are good, fewer than {}",
                        percent(share),
                        percent(least)
                    ));
                    ExitCode::FAILURE
                }
                None => ExitCode::SUCCESS,
            }
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn evaluate(args: &EvalArgs) -> Result<Report, StartError> {
    let settings = Settings::load(Process::Aether)?;
    let text = args.set.as_deref().map(read_file).transpose()?;
    let named = args.set.as_ref().map_or("the built-in set".into(), |path| path.display().to_string());
    let mut cases =
        read_set(text.as_deref()).map_err(|error| StartError::Other(format!("{named}: {error}")))?;
    cases.retain(|case| args.kind.is_none_or(|kind| case.kind == kind));
    cases.truncate(args.limit.map_or(usize::MAX, |limit| limit as usize));
    if cases.is_empty() {
        return Err(StartError::Other(format!("{named} has no prompt of this kind")));
    }
    let prompts = prompts(&settings).await;
    let lifecycle = Lifecycle::new();
    let folder = std::env::temp_dir().join(format!("aether-eval-{}", std::process::id()));
    let evaluation = Evaluation {
        providers: providers(&settings, &folder, &lifecycle).await?,
        prompts,
        model: args.model.clone(),
        model_complex: settings.model_complex.clone(),
        model_simple: settings.model_simple.clone(),
        concurrency: args.concurrency as usize,
        deadlines: Deadlines::from_settings(&settings),
    };
    let (mut done, all) = (0, cases.len());
    let report = evaluation
        .run(&cases, |outcome| {
            done += 1;
            progress(done, all, outcome);
        })
        .await;
    lifecycle.stop().await;
    // The folder is ours and holds nothing that anybody needs.
    let _ = std::fs::remove_dir_all(folder);
    Ok(report)
}

fn read_file(path: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(path).map_err(|error| StartError::Other(format!("{}: {error}", path.display())))
}

/// The templates in use where the settings' database answers, else the built-in ones. Changes nothing there.
async fn prompts(settings: &Settings) -> Prompts {
    let url = settings.database_url.expose_secret();
    let missing = url
        .strip_prefix("sqlite://")
        .is_some_and(|path| !Path::new(path.split('?').next().unwrap_or(path)).exists());
    if missing {
        return Prompts::built_in();
    }
    if let Ok(Ok(store)) = tokio::time::timeout(PATIENCE, Store::open(url)).await {
        return Prompts::new(store);
    }
    say("The database does not answer: the built-in prompts are measured.");
    Prompts::built_in()
}

/// The providers of the settings, or the demo model without its natural pace.
async fn providers(
    settings: &Settings,
    folder: &Path,
    lifecycle: &Lifecycle,
) -> Result<Providers, StartError> {
    if settings.providers.is_empty() {
        let options = demo::Options { tokens_per_second: 0.0, ..demo::Options::default() };
        let other = |error: String| StartError::Other(format!("demo model: {error}"));
        let served = demo::serve(options, lifecycle.shutdown.clone(), &lifecycle.tasks)
            .await
            .map_err(|error| other(error.to_string()))?;
        let url = served.base_url().parse().map_err(|_| other("no address".into()))?;
        let client = OpenAi::new("demo", &url, None, http_client()?, Clock::system());
        return Ok(Providers::single(Arc::new(client), Vec::new()));
    }
    // Providers need no database: they are built on a throw-away one.
    let settings = Settings {
        data_dir: folder.to_owned(),
        database_url: SecretString::from(Store::sqlite_url(&folder.join("eval.db"))),
        redis_url: None,
        storage_url: None,
        ..settings.clone()
    };
    let deps = Deps::connect(settings, lifecycle.clone()).await?;
    Ok(setup::from_settings(&deps).await?.0)
}

#[expect(clippy::print_stderr, reason = "this is for who waits, not for who reads the figures")]
fn say(line: &str) {
    eprintln!("{line}");
}

fn progress(done: usize, all: usize, outcome: &Outcome) {
    let prompt = line(&outcome.prompt, 60);
    say(&format!("{done:>4}/{all} {:<4} {:<18} {prompt}", outcome.kind.as_str(), word(outcome)));
}

#[expect(clippy::print_stdout, reason = "a command answers on standard output")]
fn show(report: &Report, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).unwrap_or_default());
    } else {
        print!("{}", table(report));
    }
}

fn table(report: &Report) -> String {
    let mut out = format!(
        "{:<10}{:>6}{:>7}{:>14}{:>9}{:>11}{:>8}{:>8}{:>9}{:>9}\n",
        "prompt",
        "asked",
        "valid",
        "after repair",
        "invalid",
        "truncated",
        "failed",
        "good",
        "tokens",
        "seconds"
    );
    let mut row = |name: &str, figures: &Figures| {
        // Writing to a String never fails.
        let _ = writeln!(
            out,
            "{name:<10}{:>6}{:>7}{:>14}{:>9}{:>11}{:>8}{:>8}{:>9}{:>9.1}",
            figures.asked,
            figures.valid,
            figures.valid_after_repair,
            figures.invalid,
            figures.truncated,
            figures.failed,
            percent(figures.share()),
            figures.median_tokens,
            figures.median_seconds
        );
    };
    for one in &report.kinds {
        row(&one.prompt_version, &one.figures);
    }
    row("all", &report.all);
    for failure in &report.failures {
        let _ = writeln!(
            out,
            "\n{} ({}, {}, {}): {}",
            word(failure),
            failure.kind.as_str(),
            failure.model,
            failure.prompt_version,
            line(&failure.prompt, 100)
        );
        for issue in failure.issues.iter().take(SHOWN_ISSUES) {
            let path = issue.path.as_deref().map_or(String::new(), |path| format!("{}: ", line(path, 80)));
            let _ = writeln!(out, "  {path}{} ({})", line(&issue.message, 160), issue.code);
        }
        if failure.issues.len() > SHOWN_ISSUES {
            let _ = writeln!(out, "  and {} more", failure.issues.len() - SHOWN_ISSUES);
        }
    }
    out
}

fn word(outcome: &Outcome) -> &'static str {
    use aether_generation::evaluation::Ended;
    match outcome.ended {
        Ended::Valid => "valid",
        Ended::ValidAfterRepair => "valid after repair",
        Ended::Invalid => "invalid",
        Ended::Truncated => "truncated",
        Ended::Failed => "failed",
    }
}

/// On one line of a terminal, without what would steer it.
fn line(text: &str, most: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = flat.chars().filter(|c| !c.is_control()).take(most).collect();
    if flat.chars().count() > most {
        short.push('…');
    }
    short
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::parse(word).ok_or_else(|| "it may be ui, api, cli or code".into())
}

fn share(word: &str) -> Result<f64, String> {
    let share = word.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it must be a number from 0 to 1".into())
}
