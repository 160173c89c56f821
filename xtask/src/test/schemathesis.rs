//! Asks every operation of the OpenAPI documents with input made from their schemas, good and bad, and holds the answers
//! against the documents: first our own, then those of live APIs. What is asked and what is checked:
//! `xtask/python/schemathesis.toml` and `live.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use super::{Budget, journey, model};
use crate::stack::supervisor::Supervisor;
use crate::{out, process, python, signals, tools};

/// A document, the path that its paths are below, and which of them are asked.
struct Document {
    path: &'static str,
    base: &'static str,
    paths: &'static str,
}

const DOCUMENTS: [Document; 3] = [
    Document { path: "/api/generate/openapi.json", base: "/api/generate", paths: "" },
    Document { path: "/api/auth/openapi.json", base: "/api/auth", paths: "" },
    // Its other two routes are below the service's prefix, and the same as the others'.
    Document { path: "/api/realtime/openapi.json", base: "", paths: "^/api/rooms" },
];

/// Documents that are mounted and asked, as models write them and as public APIs have them.
const LIVE: [&str; 2] = ["generated", "public"];

pub fn run(budget: &Budget) -> Result<()> {
    let program = python::program("schemathesis")?;
    let mut servers = Supervisor::new("schemathesis")?;
    // At full speed, so that nothing that is asked waits for words.
    let mut settings = model::start(&mut servers)?.to_vec();
    // One user asks as much as it can.
    settings.push(("AETHER_RATE_LIMITS", "off".to_owned()));
    let url = journey::start_aether(&mut servers, &settings)?;
    let mut failed = Vec::new();
    for document in &DOCUMENTS {
        let step = out::step(format!("schemathesis {url}{}", document.path));
        match ask(&program, &url, document, &servers, budget) {
            Ok(()) => step.done(),
            Err(error) => {
                out::say(format!("    FAILED: {error:#}"));
                failed.push(document.path);
            }
        }
        if signals::stop_asked() {
            break;
        }
    }
    if !signals::stop_asked() {
        let step = out::step("schemathesis with live APIs");
        match ask_live(&url, &servers, budget) {
            Ok(()) => step.done(),
            Err(error) => {
                out::say(format!("    FAILED: {error:#}"));
                failed.push("live APIs");
            }
        }
    }
    let asked = if failed.is_empty() { Ok(()) } else { Err(anyhow!("not as said by {}", failed.join(", "))) };
    journey::with_logs(asked, &mut servers, &["aether"])
}

fn ask(program: &Path, url: &str, document: &Document, servers: &Supervisor, budget: &Budget) -> Result<()> {
    let Document { path, base, paths } = document;
    let mut command = Command::new(program);
    command.arg("--config-file").arg(python::folder().join("schemathesis.toml")).arg("run");
    command.arg(format!("{url}{path}")).arg("--url").arg(format!("{url}{base}"));
    if !paths.is_empty() {
        command.arg("--include-path-regex").arg(paths);
    }
    // What it writes (caches, reports) goes where the servers' files go.
    command.current_dir(servers.dir());
    command.env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", python::folder());
    command.env("AETHER_URL", url).env("PYTHONDONTWRITEBYTECODE", "1").env("NO_COLOR", "1");
    let log = servers.logs().join(format!("schemathesis{}.log", path.replace('/', "-")));
    process::run_logged(&mut command, budget.left(), &log)
}

/// One program for all of them: to load schemathesis takes longer than to ask a small API.
fn ask_live(url: &str, servers: &Supervisor, budget: &Budget) -> Result<()> {
    let mut command = Command::new(python::program("python")?);
    command.arg(python::folder().join("live.py")).arg(url).args(live_documents()?);
    // What schemathesis says of each document stays beside the servers' logs.
    command.current_dir(servers.logs());
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("NO_COLOR", "1");
    process::run_logged(&mut command, budget.left(), &servers.logs().join("live.log"))
}

fn live_documents() -> Result<Vec<PathBuf>> {
    let mut documents = Vec::new();
    for kind in LIVE {
        let folder = tools::root().join("services/generation/tests/live/documents").join(kind);
        for entry in fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            documents.push(entry?.path());
        }
    }
    documents.sort();
    Ok(documents)
}
