//! `cargo xtask stack`: builds, starts the stack, looks after it until Ctrl-C.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use super::postgres::Durability;
use super::{PACKAGES, Plan, Stack};
use crate::{front_end, out, ports, process, run, signals, tools};

#[derive(Args)]
pub struct Options {
    /// How many of each service
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    replicas: u8,
    /// The gateway's port; 0 chooses a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Print one line of JSON on stdout when all is ready
    #[arg(long)]
    json: bool,
    /// Leave dead what dies
    #[arg(long)]
    no_restart: bool,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    let began = Instant::now();
    front_end::check_node()?;
    tools::ensure(&[&tools::POSTGRES, &tools::REDIS, &tools::NGINX])?;
    if options.port != 0 && !ports::is_free(options.port) {
        bail!("port {} is in use; choose another with --port, or --port 0 for a free one", options.port);
    }
    run::build_all(&PACKAGES)?;
    let port = if options.port == 0 { ports::free()? } else { options.port };
    let demo_model = !provider_is_set();
    let mut stack = Stack::start(&Plan {
        replicas: usize::from(options.replicas),
        port,
        durability: Durability::Full,
        folder: tools::root().to_owned(),
        env: Vec::new(),
        without_env: Vec::new(),
    })?;
    if options.json {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{}", stack.summary())?;
        stdout.flush()?;
    }
    let model =
        if demo_model { "the built-in demo model; set OPENAI_API_KEY for a real one" } else { "as set" };
    out::say(format!(
        "\nThe stack is running: {}   (ready after {})\n\n\
         \x20 Model: {model}.\n\
         \x20 Logs: {}\n\
         \x20 Next: open {} in a browser. Ctrl-C ends everything and removes its data.\n",
        stack.gateway,
        out::seconds(began.elapsed()),
        stack.supervisor.logs().display(),
        stack.gateway,
    ));
    while !signals::stop_asked() {
        stack.supervisor.look_after(!options.no_restart)?;
        process::pause(Duration::from_millis(100));
    }
    out::say("\nending the stack (Ctrl-C again: at once)");
    stack.end();
    out::say("the stack has ended");
    Ok(ExitCode::SUCCESS)
}

/// True when the person has chosen a model provider, in the environment, in `.env` or in `aether.toml`.
fn provider_is_set() -> bool {
    let listed = std::fs::read_to_string(tools::root().join("aether.toml")).unwrap_or_default();
    if listed.lines().any(|line| line.trim() == "[[providers]]") {
        return true;
    }
    let names = ["OPENAI_API_KEY", "OPENAI_BASE_URL"];
    let file = std::fs::read_to_string(tools::root().join(".env")).unwrap_or_default();
    names.iter().any(|name| {
        std::env::var(name).is_ok_and(|value| !value.is_empty())
            || file
                .lines()
                .filter_map(|line| line.trim().trim_start_matches("export ").split_once('='))
                .any(|(key, value)| key.trim() == *name && !value.trim().trim_matches('"').is_empty())
    })
}
