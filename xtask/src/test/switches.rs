//! Readers that are cut off at random and come back another way (`frontend/e2e/switches.spec.ts`), on the embedded
//! default and on two of each service behind nginx, with a model that plays faults.

use std::path::Path;

use anyhow::{Context, Result};

use super::journey::{all_settings, start_aether, with_logs};
use super::{Budget, model};
use crate::stack::postgres::Durability;
use crate::stack::supervisor::Supervisor;
use crate::stack::{Plan, Stack};
use crate::{front_end, out, ports, process, temp};

pub fn run(budget: &Budget) -> Result<()> {
    let embedded = embedded(budget);
    if let Err(error) = &embedded {
        out::say(format!("    FAILED: {error:#}"));
    }
    stack(budget).and(embedded)
}

fn embedded(budget: &Budget) -> Result<()> {
    let mut servers = Supervisor::new("switches")?;
    let settings = settings(&mut servers)?;
    let url = start_aether(&mut servers, &settings)?;
    let read = read(&url, &servers.logs(), budget);
    with_logs(read, &mut servers, &["aether"])
}

fn stack(budget: &Budget) -> Result<()> {
    let folder = temp::TempDir::new("switches-folder")?;
    // Stands longer than what uses it: it is dropped last.
    let mut servers = Supervisor::new("switches")?;
    let settings = settings(&mut servers)?;
    let mut stack = Stack::start(&Plan {
        replicas: 2,
        port: ports::free()?,
        durability: Durability::ProcessOnly,
        folder: folder.path().to_owned(),
        env: settings.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        without_env: all_settings(),
    })?;
    let read = read(&stack.gateway, &stack.supervisor.logs(), budget);
    let names = ["generation-1", "generation-2", "realtime-1", "realtime-2", "nginx"];
    let read = with_logs(read, &mut stack.supervisor, &names);
    stack.end();
    read
}

/// The scripted model, and no rate limits: readers that are cut off on purpose come back more often than a person.
fn settings(servers: &mut Supervisor) -> Result<[(&'static str, String); 4]> {
    let [url, complex, simple] = model::start(servers)?;
    Ok([url, complex, simple, ("AETHER_RATE_LIMITS", "off".to_owned())])
}

fn read(url: &str, logs: &Path, budget: &Budget) -> Result<()> {
    let step = out::step(format!("readers that are cut off at random, against {url}"));
    let traces = format!("--output={}", logs.join("switches").display());
    let mut command = front_end::npm_command(&["run", "e2e", "--", "switches.spec.ts", &traces]);
    command.env("AETHER_URL", url).env("AETHER_FAULTS", "1").env("CI", "true");
    process::run(&mut command, budget.left()).context("the readers that are cut off")?;
    step.done();
    Ok(())
}
