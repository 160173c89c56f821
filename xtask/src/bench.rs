//! `cargo xtask bench`: the benchmarks, each figure beside a peer that is measured in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use rustix::process::{Resource, Signal, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::stack::postgres::{self, Durability};
use crate::stack::redis;
use crate::stack::supervisor::{Spec, Supervisor};
use crate::stamp::{Stamp, hash};
use crate::{front_end, out, ports, process, run, stack, temp, tools};

#[derive(Args)]
pub struct Options {
    /// Only this one (accounts, realtime)
    which: Option<String>,
    #[command(flatten)]
    realtime: Realtime,
}

/// What only `realtime` takes.
#[derive(Args)]
struct Realtime {
    /// realtime: live generations at 50 tokens a second; 0 leaves them out [default: 100]
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=2_000))]
    streams: Option<u32>,
    /// realtime: sockets in one room; 0 leaves it out [default: 1000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=10_000))]
    room: Option<u32>,
    /// realtime: idle sockets; 0 leaves them out [default: 1000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=20_000))]
    idle: Option<u32>,
    /// realtime: how often both servers are measured, in turn [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: Option<u32>,
    /// realtime: one short round of little: to see that it works, not to measure
    #[arg(long)]
    quick: bool,
    /// realtime: with debug builds: to try the benchmark, not to measure
    #[arg(long)]
    debug: bool,
}

/// Every benchmark, by the name of its program.
const ALL: [&str; 2] = ["accounts", REALTIME];
const REALTIME: &str = "realtime";

const START: Duration = Duration::from_mins(1);
const DRAIN: Duration = Duration::from_secs(36);
const MEASURE: Duration = Duration::from_mins(10);

pub fn run(options: &Options) -> Result<ExitCode> {
    let chosen: Vec<&str> = match &options.which {
        None => ALL.to_vec(),
        Some(name) => match ALL.iter().find(|known| *known == name) {
            Some(known) => vec![known],
            None => bail!("there is no benchmark `{name}`; there are: {}", ALL.join(", ")),
        },
    };
    for name in chosen {
        out::say(format!("benchmark {name} (release build; best on an idle machine)"));
        if name == REALTIME { options.realtime.run()? } else { run_alone(name)? }
    }
    Ok(ExitCode::SUCCESS)
}

/// A benchmark that is one program.
fn run_alone(name: &str) -> Result<()> {
    // The Node peers' packages are there.
    front_end::install()?;
    let status = tools::cargo()
        .args(["run", "--release", "--quiet", "--package", "aether-bench", "--bin", name])
        .status()?;
    if !status.success() {
        bail!("the benchmark {name} failed");
    }
    Ok(())
}

impl Realtime {
    fn run(&self) -> Result<()> {
        front_end::check_node()?;
        tools::ensure(&[&tools::POSTGRES, &tools::REDIS])?;
        install_peer()?;
        allow_many_files()?;
        let packages: Vec<&str> = stack::PACKAGES.into_iter().chain(["aether-bench"]).collect();
        run::cargo_build(&packages, !self.debug)?;

        let folder = tools::root().join("target/bench");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("run-") {
                fs::remove_file(entry.path())?;
            }
        }
        let caption = caption(self.debug)?;
        let rounds = self.rounds.unwrap_or(if self.quick { 1 } else { 3 });
        for round in 1..=rounds {
            // In turn, each alone on the machine; who begins changes, since the machine may become slower or faster.
            let mut servers = ["aether", "node"];
            if round % 2 == 0 {
                servers.reverse();
            }
            for server in servers {
                let step = out::step(format!("round {round} of {rounds}: {server}"));
                let file = folder.join(format!("run-{round}-{server}.json"));
                self.measure(server, &file).with_context(|| format!("{server}, round {round}"))?;
                step.done();
            }
        }
        let mut report = Command::new(self.program());
        report.arg("report").arg(&folder).args(["--caption", &caption]);
        process::run(&mut report, START)?;
        out::say(format!("picture: {}", folder.join("realtime.svg").display()));
        Ok(())
    }

    fn program(&self) -> PathBuf {
        tools::built(REALTIME, !self.debug)
    }

    fn measure(&self, server: &str, out: &Path) -> Result<()> {
        let mut supervisor = Supervisor::new(&format!("bench-{server}"))?;
        let measured = self.measure_in(&mut supervisor, server, out);
        if measured.is_err() {
            supervisor.keep_dir();
            out::say(format!("    logs: {}", supervisor.logs().display()));
        }
        // Asked to end in order: a server that is cut off would look at its end like one that crashed.
        supervisor.end(|name| name != postgres::NAME && name != redis::NAME);
        measured
    }

    fn measure_in(&self, supervisor: &mut Supervisor, server: &str, out: &Path) -> Result<()> {
        let target = if server == "aether" { self.aether(supervisor)? } else { self.node(supervisor)? };
        let file = supervisor.dir().join("target.json");
        fs::write(&file, target.to_string())?;
        let size = |asked: Option<u32>, usual: u32, little: u32| {
            asked.unwrap_or(if self.quick { little } else { usual }).to_string()
        };
        let mut load = process::bound_to_us(&self.program(), None, "TERM");
        load.arg("measure").arg(&file).arg(out);
        load.args(["--streams", &size(self.streams, 100, 20)]);
        load.args(["--room", &size(self.room, 1000, 100)]);
        load.args(["--idle", &size(self.idle, 1000, 200)]);
        if self.quick {
            load.arg("--quick");
        }
        process::run(&mut load, MEASURE)
    }

    /// The three services, each a process, on PostgreSQL and Redis of their own; no gateway before them, as before the peer.
    fn aether(&self, supervisor: &mut Supervisor) -> Result<Value> {
        let (model, simulator) = self.simulator(supervisor)?;
        let postgres = postgres::start(supervisor, Durability::Full)?;
        let redis = redis::start(supervisor)?;
        let folder = supervisor.dir().join("aether");
        fs::create_dir(&folder)?;
        let provider =
            format!("[[providers]]\nname = \"simulator\"\nbase_url = \"{model}\"\nmax_concurrent = 4096\n");
        fs::write(folder.join("aether.toml"), provider)?;
        let (auth, generation, realtime) = (ports::free()?, ports::free()?, ports::free()?);
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let shared = [
            ("AETHER_RATE_LIMITS", "off".to_owned()),
            ("AETHER_JOBS_PER_PROCESS", "4096".to_owned()),
            ("AETHER_MODEL_COMPLEX", "paced".to_owned()),
            ("AETHER_MODEL_SIMPLE", "paced".to_owned()),
            ("AETHER_DATA_DIR", folder.join("data").display().to_string()),
            ("DATABASE_URL", postgres.url),
            ("REDIS_URL", redis.url),
            ("AUTH_URL", url(auth)),
            ("GENERATION_URL", url(generation)),
        ];
        let mut pids = json!({"postgres": postgres.pid, "redis": redis.pid});
        for (name, port) in [("auth", auth), ("generation", generation), ("realtime", realtime)] {
            let own = [
                ("BIND_ADDR", format!("127.0.0.1:{port}")),
                ("METRICS_ADDR", format!("127.0.0.1:{}", ports::free()?)),
            ];
            let program = tools::built(&format!("aether-{name}"), !self.debug);
            let pid =
                supervisor.start(spec(name, program, Vec::new(), &folder, [&shared[..], &own].concat()))?;
            supervisor.wait_ready(name, port, "/health/ready", START)?;
            pids[name] = pid.into();
        }
        Ok(json!({
            "server": "aether", "auth": url(auth), "realtime": url(realtime), "processes": pids, "simulator": simulator,
        }))
    }

    /// The peer's two processes on a Redis of their own.
    fn node(&self, supervisor: &mut Supervisor) -> Result<Value> {
        let (model, simulator) = self.simulator(supervisor)?;
        let redis = redis::start(supervisor)?;
        let node = tools::find("node").context("node")?;
        let secret = format!("{:016x}{:016x}", temp::random_number()?, temp::random_number()?);
        let mut pids = json!({"redis": redis.pid});
        let mut url = String::new();
        for name in ["generation", "realtime"] {
            let port = ports::free()?;
            let env = [
                ("NODE_ENV", "production".to_owned()),
                ("PORT", port.to_string()),
                ("REDIS_URL", redis.url.clone()),
                ("OPENAI_BASE_URL", model.clone()),
                ("JWT_SECRET", secret.clone()),
            ];
            let args = vec![format!("{name}.mjs")];
            let pid = supervisor.start(spec(name, node.clone(), args, &peer(), env.to_vec()))?;
            supervisor.wait_ready(name, port, "/health", START)?;
            pids[name] = pid.into();
            url = format!("http://127.0.0.1:{port}");
        }
        Ok(json!({"server": "node", "auth": url, "realtime": url, "processes": pids, "simulator": simulator}))
    }

    /// The stand-in for the model provider; gives its URL and its pid.
    fn simulator(&self, supervisor: &mut Supervisor) -> Result<(String, u32)> {
        let port = ports::free()?;
        let args = vec!["simulate".to_owned(), "--port".to_owned(), port.to_string()];
        let folder = supervisor.dir().to_owned();
        let pid = supervisor.start(spec("simulator", self.program(), args, &folder, Vec::new()))?;
        supervisor.wait_ready("simulator", port, "/v1/models", START)?;
        Ok((format!("http://127.0.0.1:{port}/v1"), pid))
    }
}

fn spec(
    name: &str,
    program: PathBuf,
    args: Vec<String>,
    folder: &Path,
    env: Vec<(&'static str, String)>,
) -> Spec {
    // What a person has set for their own use would change what is measured.
    let theirs = |name: &String| {
        ["AETHER_", "OAUTH_", "OPENAI_", "SMTP_", "STORAGE_", "NODE_", "RUST_LOG"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let inherited = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    Spec {
        name: name.to_owned(),
        program,
        args,
        env: env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        without_env: inherited.filter(theirs).collect(),
        folder: folder.to_owned(),
        user: None,
        stop: (Signal::TERM, DRAIN),
    }
}

/// Where the Node peer lies.
fn peer() -> PathBuf {
    tools::root().join("bench/peers/node-stack")
}

/// `npm ci` for the peer, unless it last ran for this very lock file.
fn install_peer() -> Result<()> {
    let lock =
        fs::read(peer().join("package-lock.json")).context("bench/peers/node-stack/package-lock.json")?;
    let stamp = Stamp::new(peer().join("node_modules/.aether-installed"), hash(&[&lock]));
    if stamp.is_current() {
        return Ok(());
    }
    let step = out::step("the Node peer: npm ci");
    let logs = tools::root().join("target/xtask");
    fs::create_dir_all(&logs)?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(peer()).env("NO_UPDATE_NOTIFIER", "1");
    process::run_logged(&mut npm, Duration::from_mins(10), &logs.join("npm-ci-node-peer.log"))?;
    stamp.write()?;
    step.done();
    Ok(())
}

/// Ten thousand sockets are as many open files, at both ends.
fn allow_many_files() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("the limit of open files")
}

/// When and where this is measured, and how busy the machine is already.
fn caption(debug: bool) -> Result<String> {
    let date = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output().context("date")?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(format!(
        "{}, {cores} cores, load average {} before it began{}",
        String::from_utf8_lossy(&date.stdout).trim(),
        load.split(' ').next().unwrap_or("unknown"),
        if debug { ", DEBUG BUILD" } else { "" },
    ))
}
