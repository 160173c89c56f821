//! The main job end to end, in a real browser and by curl: once on the embedded default, once on the
//! distributed system. Nothing that the person has set reaches these servers.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;

use super::{Budget, readme};
use crate::stack::postgres::Durability;
use crate::stack::supervisor::{Spec, Supervisor};
use crate::stack::{Plan, Stack};
use crate::{front_end, out, ports, process, python, signals, tools};

/// What a person may have set for their own use, and a test must not see: all that the product reads.
pub fn all_settings() -> Vec<String> {
    const OTHERS: [&str; 11] = [
        "BIND_ADDR",
        "METRICS_ADDR",
        "DATABASE_URL",
        "REDIS_URL",
        "STORAGE_URL",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "AUTH_URL",
        "GENERATION_URL",
        "SMTP_URL",
        "RUST_LOG",
    ];
    let ours = |name: &String| {
        let family = ["AETHER_", "OAUTH_"].iter().any(|prefix| name.starts_with(prefix));
        (family && !name.starts_with("AETHER_TEST_")) || OTHERS.contains(&name.as_str())
    };
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(ours).collect()
}

/// `aether` with a fresh data folder.
pub fn embedded(budget: &Budget) -> Result<()> {
    let mut servers = Supervisor::new("embedded")?;
    let url = start_aether(&mut servers, &[])?;
    let walked = walk(&url, &servers.logs(), &[], budget);
    with_logs(walked, &mut servers, &["aether"])
}

/// Starts `aether` on a free port with a fresh data folder, and these settings beside the defaults. Gives its URL.
pub fn start_aether(servers: &mut Supervisor, settings: &[(&str, String)]) -> Result<String> {
    let port = ports::free()?;
    let url = format!("http://localhost:{port}");
    let folder = servers.dir().join("aether");
    std::fs::create_dir(&folder)?;
    let step = out::step(format!("aether at {url}"));
    let own = [
        ("BIND_ADDR", format!("127.0.0.1:{port}")),
        ("METRICS_ADDR", "off".to_owned()),
        ("AETHER_PUBLIC_URL", url.clone()),
        ("AETHER_DATA_DIR", folder.join("data").display().to_string()),
    ];
    let env = own.iter().chain(settings);
    servers.start(Spec {
        name: "aether".to_owned(),
        program: tools::built("aether", false),
        args: vec!["serve".to_owned()],
        env: env.map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        without_env: all_settings(),
        folder,
        user: None,
        stop: (Signal::TERM, Duration::from_secs(36)),
    })?;
    servers.wait_ready("aether", port, "/health", Duration::from_mins(1))?;
    step.done();
    Ok(url)
}

/// Three services, PostgreSQL, Redis and nginx.
pub fn stack(budget: &Budget) -> Result<()> {
    let folder = crate::temp::TempDir::new("stack-folder")?;
    let mut stack = Stack::start(&Plan {
        replicas: 1,
        port: ports::free()?,
        durability: Durability::ProcessOnly,
        folder: folder.path().to_owned(),
        env: Vec::new(),
        without_env: all_settings(),
    })?;
    let url = stack.gateway.clone();
    // How a screen looks was seen in the embedded journey, and does not depend on what is behind it.
    let walked = walk(&url, &stack.supervisor.logs(), &["--grep-invert=@look"], budget);
    let walked = with_logs(walked, &mut stack.supervisor, &["auth", "generation", "realtime", "nginx"]);
    stack.end();
    walked
}

fn walk(url: &str, logs: &Path, which: &[&str], budget: &Budget) -> Result<()> {
    let curl = readme::check(url, logs);
    if let Err(error) = &curl {
        out::say(format!("    FAILED: {error:#}"));
    }
    let sockets = speak_python(url, logs, budget);
    if let Err(error) = &sockets {
        out::say(format!("    FAILED: {error:#}"));
    }
    let step = out::step(format!("the browser journey against {url}"));
    // Away from a run that somebody does by hand: Playwright empties the folder when it starts.
    let traces = format!("--output={}", logs.join("browser").display());
    let mut command = front_end::npm_command(&["run", "e2e", "--", &traces]);
    command.args(which);
    command.env("AETHER_URL", url).env("CI", "true");
    command.env("CHROMIUM_PATH", tools::need(&tools::BROWSER)?);
    let browser = process::run(&mut command, budget.left()).context("the browser journey");
    if browser.is_ok() {
        step.done();
    }
    browser.and(curl).and(sockets)
}

/// The official Python client over every transport. The JavaScript one is the browser's, and the Rust tests' too.
fn speak_python(url: &str, logs: &Path, budget: &Budget) -> Result<()> {
    let program = python::program("python")?;
    let step = out::step(format!("python-socketio against {url}"));
    let mut command = Command::new(program);
    command
        .arg(python::folder().join("sockets.py"))
        .env("AETHER_URL", url)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    process::run_logged(&mut command, budget.left(), &logs.join("python-socketio.log"))?;
    step.done();
    Ok(())
}

/// On failure the logs stay, and the last lines of each are shown.
pub fn with_logs(walked: Result<()>, servers: &mut Supervisor, names: &[&str]) -> Result<()> {
    if signals::stop_asked() {
        servers.hurry();
    } else if walked.is_err() {
        servers.keep_dir();
        for name in names {
            let log = servers.log(name);
            out::say(format!("    the end of {}:\n{}", log.display(), out::tail(&log, 15)));
        }
    }
    walked
}
