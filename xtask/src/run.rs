//! `cargo xtask run`: from a fresh clone to a running `aether`, on the embedded default.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use rustix::process::Signal;

use crate::process::{self, Running};
use crate::{front_end, http, out, ports, signals, tools};

/// `aether` drains for at most 30 s and is gone within 35 s.
const DRAIN: Duration = Duration::from_secs(36);
const START: Duration = Duration::from_mins(1);
const BUILD: Duration = Duration::from_hours(1);

#[derive(Args)]
pub struct Options {
    /// Build with optimisations (slower to build, faster to run)
    #[arg(long)]
    release: bool,
    /// The port to listen on (default: that of BIND_ADDR, or 8080)
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

impl Options {
    fn port(&self) -> u16 {
        let bound = || std::env::var("BIND_ADDR").ok()?.rsplit_once(':')?.1.parse().ok();
        self.port.or_else(bound).unwrap_or(8080)
    }
}

pub fn run(options: &Options) -> Result<ExitCode> {
    let began = Instant::now();
    front_end::check_node()?;
    check_port(options.port())?;
    if options.release {
        // A release build carries the pages inside, so they must be there first.
        build_web_ui()?;
        cargo_build(&["aether"], true)?;
    } else {
        build_all(&["aether"])?;
    }
    // The build took a while; somebody may have come meanwhile.
    check_port(options.port())?;
    serve(options, began)
}

/// The web UI and the binaries of these packages, side by side.
pub fn build_all(packages: &[&str]) -> Result<()> {
    std::thread::scope(|scope| {
        let web_ui = scope.spawn(build_web_ui);
        let server = cargo_build(packages, false);
        let web_ui = web_ui.join().unwrap_or_else(|_| bail!("the build of the web UI panicked"));
        server.and(web_ui)
    })
}

fn build_web_ui() -> Result<()> {
    let step = out::step("web UI: npm ci, npm run build");
    let installed = front_end::install()?;
    let built = front_end::build()?;
    match (installed, built) {
        (false, false) => out::say("    web UI: unchanged, nothing to do"),
        (true, _) => out::say("    web UI: packages installed and pages built"),
        (false, true) => out::say("    web UI: pages built, packages unchanged"),
    }
    step.done();
    Ok(())
}

/// `cargo build` of these packages.
pub fn cargo_build(packages: &[&str], release: bool) -> Result<()> {
    let step = out::step(format!("server: cargo build -p {}", packages.join(" -p ")));
    // The pages' folder is read when the server is compiled; it may be empty then, not absent.
    std::fs::create_dir_all(front_end::dist())?;
    let mut command = tools::cargo();
    command.arg("build").args(packages.iter().flat_map(|name| ["-p", name]));
    if release {
        command.arg("--release");
    }
    process::run(&mut command, BUILD)?;
    step.done();
    Ok(())
}

fn check_port(port: u16) -> Result<()> {
    if !ports::is_free(port) {
        bail!(
            "port {port} is in use; end the program that listens on it, or choose another: cargo xtask run --port {}",
            port.checked_add(1).unwrap_or(8080)
        );
    }
    Ok(())
}

fn serve(options: &Options, began: Instant) -> Result<ExitCode> {
    let port = options.port();
    let url = format!("http://localhost:{port}");
    let step = out::step("starting aether");
    let mut command = process::bound_to_us(&tools::built("aether", options.release), None, "TERM");
    command.arg("serve").current_dir(tools::root());
    // Said only when asked for, so that aether.toml and .env stay in charge of the rest.
    if options.port.is_some() {
        command.env("BIND_ADDR", format!("127.0.0.1:{port}")).env("AETHER_PUBLIC_URL", &url);
    }
    let mut aether = Running::start(&mut command)?;
    let ready = http::wait_for_200(port, "/health", START, || match aether.ended()? {
        Some(status) => bail!("aether ended while starting ({status}); its last lines above say why"),
        None => Ok(()),
    });
    if signals::stop_asked() {
        return end(&mut aether);
    }
    ready?;
    step.done();
    out::say(format!(
        "\nAetherOS is running: {url}   (ready after {})\n\n\
         \x20 Next: open {url} in a browser, register, and ask for something.\n\
         \x20 REST: {url}/api/generate/docs   Health: {url}/health\n\
         \x20 Ctrl-C ends it. Its data stays in {}.\n",
        out::seconds(began.elapsed()),
        std::env::var("AETHER_DATA_DIR").unwrap_or("./data".to_owned()),
    ));
    loop {
        if let Some(status) = aether.ended()? {
            bail!("aether ended by itself ({status})");
        }
        if signals::stop_asked() {
            return end(&mut aether);
        }
        process::pause(Duration::from_millis(100));
    }
}

fn end(aether: &mut Running) -> Result<ExitCode> {
    out::say("\nending aether (Ctrl-C again: at once)");
    aether.signal(Signal::TERM);
    let until = Instant::now() + DRAIN;
    while aether.ended()?.is_none() && Instant::now() < until && !signals::stop_asked_twice() {
        process::pause(Duration::from_millis(50));
    }
    let clean = aether.ended()?.is_some_and(|status| status.success());
    aether.kill_group();
    if clean {
        out::say("aether has ended");
        return Ok(ExitCode::SUCCESS);
    }
    bail!("aether did not end cleanly")
}
