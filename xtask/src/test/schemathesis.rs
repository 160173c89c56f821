//! Asks every operation of the OpenAPI documents with input made from their schemas, good and bad, and holds the answers
//! against the documents. What is asked and what is checked: `xtask/python/schemathesis.toml`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow};
use rustix::process::Signal;

use super::{Budget, journey};
use crate::stack::supervisor::{Spec, Supervisor};
use crate::{out, ports, process, python, signals, tools};

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

pub fn run(budget: &Budget) -> Result<()> {
    let program = python::program("schemathesis")?;
    let mut servers = Supervisor::new("schemathesis")?;
    let model = start_model(&mut servers)?;
    let url = journey::start_aether(&mut servers, &[("OPENAI_BASE_URL", model)])?;
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
    let asked = if failed.is_empty() { Ok(()) } else { Err(anyhow!("not as said by {}", failed.join(", "))) };
    journey::with_logs(asked, &mut servers, &["aether"])
}

/// The demo model at full speed: nothing that is asked then waits for words. Gives its base URL.
fn start_model(servers: &mut Supervisor) -> Result<String> {
    let port = ports::free()?;
    let args = ["--speed".to_owned(), "0".to_owned(), "--bind".to_owned(), format!("127.0.0.1:{port}")];
    servers.start(Spec {
        name: "demo-model".to_owned(),
        program: tools::built("aether-demo-model", false),
        args: args.to_vec(),
        env: Vec::new(),
        without_env: Vec::new(),
        folder: servers.dir().to_owned(),
        user: None,
        stop: (Signal::TERM, Duration::from_secs(5)),
    })?;
    servers.wait_ready("demo-model", port, "/v1/models", Duration::from_secs(20))?;
    Ok(format!("http://127.0.0.1:{port}/v1"))
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
