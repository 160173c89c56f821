//! `cargo xtask test`: every test there is, from a fresh clone, in stages with time budgets.

mod journey;
mod model;
mod readme;
mod rust;
mod schemathesis;
mod switches;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::{front_end, generate, out, process, signals, tools};

/// What all stages together should take at most, on two cores and from cold: more is said, so that somebody makes a stage cheaper.
const GOAL: Duration = Duration::from_mins(45);
/// After so long no other stage begins: the machine is too slow, or something hangs.
const LIMIT: Duration = Duration::from_mins(75);

#[derive(Args)]
pub struct Options {
    /// Run only this stage (may be given more than once); it builds what it needs by itself
    #[arg(long, value_enum)]
    only: Vec<Stage>,
}

/// In the order they run: what fails fast comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// cargo fmt --check: names the files that differ
    Fmt,
    /// npm ci, Biome, TypeScript, Vitest, the build of the web UI
    FrontEnd,
    /// cargo clippy, warnings are errors
    Clippy,
    /// One debug build of everything; the later stages use it
    Build,
    /// All Rust tests, with a private PostgreSQL and Redis
    Rust,
    /// The files made from the code are those in the repository
    Generate,
    /// Every operation of the OpenAPI documents, asked with good and bad input by schemathesis
    Schemathesis,
    /// Readers that are cut off at random and come back another way, against `aether` and two of each service
    Switches,
    /// The README's curl calls and the browser journey against `aether`
    JourneyEmbedded,
    /// The same through nginx, on three services, PostgreSQL and Redis
    JourneyStack,
}

impl Stage {
    fn budget(self) -> Duration {
        let minutes = match self {
            Self::Fmt => 2,
            Self::FrontEnd | Self::Schemathesis => 8,
            Self::JourneyEmbedded | Self::JourneyStack | Self::Clippy => 15,
            // From cold, with optimised libraries, on two slow cores: a quarter of an hour.
            Self::Build => 25,
            Self::Rust => 30,
            Self::Generate => 3,
            Self::Switches => 5,
        };
        Duration::from_mins(minutes)
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn tools(self) -> &'static [&'static tools::Tool] {
        match self {
            Self::Fmt | Self::Clippy | Self::Build | Self::FrontEnd | Self::Generate => &[],
            // The gateway's own tests run a real nginx.
            Self::Rust => &[&tools::POSTGRES, &tools::REDIS, &tools::NGINX, &tools::PYTHON],
            Self::Schemathesis => &[&tools::PYTHON_ENVIRONMENTS],
            Self::Switches => &[&tools::POSTGRES, &tools::REDIS, &tools::NGINX],
            Self::JourneyEmbedded => &[&tools::BROWSER, &tools::CURL, &tools::PYTHON_ENVIRONMENTS],
            Self::JourneyStack => &[
                &tools::BROWSER,
                &tools::CURL,
                &tools::PYTHON_ENVIRONMENTS,
                &tools::POSTGRES,
                &tools::REDIS,
                &tools::NGINX,
            ],
        }
    }

    fn run(self, alone: bool) -> Result<()> {
        let budget = Budget::new(self.budget());
        match self {
            Self::Fmt => cargo(&["fmt", "--all", "--", "--check", "-l"], &budget)
                .context("these files are not formatted; run `cargo fmt`"),
            Self::FrontEnd => front_end(&budget),
            Self::Clippy => {
                cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], &budget)
            }
            Self::Build => cargo(&["build", "--workspace", "--all-targets"], &budget),
            Self::Rust => rust::run(&budget),
            Self::Generate => {
                if alone {
                    build_for_journeys(&budget)?;
                }
                generate::check()
            }
            Self::Schemathesis => {
                if alone {
                    cargo(&["build", "-p", "aether", "-p", "aether-demo-model"], &budget)?;
                }
                schemathesis::run(&budget)
            }
            Self::Switches => {
                if alone {
                    build_for_journeys(&budget)?;
                }
                switches::run(&budget)
            }
            Self::JourneyEmbedded => {
                if alone {
                    build_for_journeys(&budget)?;
                }
                journey::embedded(&budget)
            }
            Self::JourneyStack => {
                if alone {
                    build_for_journeys(&budget)?;
                }
                journey::stack(&budget)
            }
        }
    }
}

/// The time a stage has, shared by the commands it runs.
pub struct Budget {
    until: Instant,
}

impl Budget {
    fn new(time: Duration) -> Self {
        Self { until: Instant::now() + time }
    }

    /// What is left, at least a moment.
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
    }
}

struct Ran {
    stage: Stage,
    time: Duration,
    error: Option<anyhow::Error>,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    let began = Instant::now();
    let alone = !options.only.is_empty();
    let stages: Vec<Stage> = Stage::value_variants()
        .iter()
        .copied()
        .filter(|stage| !alone || options.only.contains(stage))
        .collect();
    let names: Vec<_> = stages.iter().map(|stage| stage.name()).collect();
    out::say(format!("stages: {}", names.join(", ")));
    if stages.iter().any(|stage| !matches!(stage, Stage::Fmt | Stage::Clippy | Stage::Build)) {
        front_end::check_node()?;
    }
    check_components(&stages)?;
    let mut needed: Vec<&tools::Tool> = stages.iter().flat_map(|stage| stage.tools()).copied().collect();
    needed.dedup_by(|left, right| left.packages == right.packages);
    tools::ensure(&needed)?;

    let mut ran = Vec::new();
    for stage in stages {
        if signals::stop_asked() || began.elapsed() >= LIMIT {
            break;
        }
        out::say(format!("\n######## {} (budget {})", stage.name(), out::seconds(stage.budget())));
        let start = Instant::now();
        let error = stage.run(alone).err();
        let time = start.elapsed();
        if let Some(error) = &error {
            out::say(format!("\n{} FAILED after {}\n{error:#}", stage.name(), out::seconds(time)));
        }
        let broken = error.is_some() && stage == Stage::Build;
        ran.push(Ran { stage, time, error });
        if broken {
            out::say("nothing after it can run");
            break;
        }
    }
    report(&ran, names.len(), began.elapsed())
}

fn report(ran: &[Ran], planned: usize, total: Duration) -> Result<ExitCode> {
    out::say(format!("\n{:<18} {:<7} {:>12} {:>12}", "stage", "result", "time", "budget"));
    for Ran { stage, time, error } in ran {
        let result = if error.is_some() { "FAILED" } else { "ok" };
        let (time, budget) = (out::seconds(*time), out::seconds(stage.budget()));
        out::say(format!("{:<18} {result:<7} {time:>12} {budget:>12}", stage.name()));
    }
    let failed: Vec<_> = ran.iter().filter(|ran| ran.error.is_some()).map(|ran| ran.stage.name()).collect();
    let skipped = planned - ran.len();
    let slow = if total > GOAL { "slow" } else { "" };
    out::say(format!("{:<18} {slow:<7} {:>12} {:>12}\n", "all", out::seconds(total), out::seconds(GOAL)));
    if skipped > 0 {
        out::say(format!("{skipped} not run"));
    }
    for name in &failed {
        out::say(format!("Next: look at what {name} said above, then: cargo xtask test --only {name}"));
    }
    if failed.is_empty() && skipped == 0 {
        out::say("Next: cargo xtask run starts AetherOS at http://localhost:8080");
    }
    println!("{} passed, {} failed", ran.len() - failed.len(), failed.len() + skipped);
    if signals::stop_asked() {
        bail!("stopped");
    }
    Ok(if failed.is_empty() && skipped == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// rustfmt and clippy come with the usual toolchain, not with a minimal one.
fn check_components(stages: &[Stage]) -> Result<()> {
    for (stage, component) in [(Stage::Fmt, "fmt"), (Stage::Clippy, "clippy")] {
        let there = || tools::cargo().args([component, "--version"]).output();
        if stages.contains(&stage) && !there().is_ok_and(|output| output.status.success()) {
            let name = if component == "fmt" { "rustfmt" } else { component };
            bail!("{name} is missing from the Rust toolchain; install it with: rustup component add {name}");
        }
    }
    Ok(())
}

fn cargo(args: &[&str], budget: &Budget) -> Result<()> {
    let mut command = tools::cargo();
    command.args(args);
    process::run(&mut command, budget.left())
}

fn front_end(budget: &Budget) -> Result<()> {
    let step = out::step("npm ci");
    front_end::install()?;
    step.done();
    for script in ["lint", "typecheck", "test"] {
        let step = out::step(format!("npm run {script}"));
        front_end::npm(&["run", script], budget.left())?;
        step.done();
    }
    let step = out::step("npm run build");
    front_end::build()?;
    step.done();
    Ok(())
}

fn build_for_journeys(budget: &Budget) -> Result<()> {
    front_end::install()?;
    front_end::build()?;
    cargo(&["build", "--workspace", "--bins"], budget)
}
