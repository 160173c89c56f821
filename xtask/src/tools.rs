//! Finding the programs that we start, and installing what is missing where we may.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::{out, process};

/// A program the tests need.
pub struct Tool {
    /// Any of these names will do.
    pub programs: &'static [&'static str],
    /// The Debian packages that bring it.
    pub packages: &'static [&'static str],
    /// The system service that installing it starts, which we do not want.
    pub service: Option<&'static str>,
    /// What the program must be able to run for the tool to be there; nothing: to exist is enough.
    pub able: &'static [&'static str],
}

pub const POSTGRES: Tool =
    Tool { programs: &["initdb"], packages: &["postgresql"], service: Some("postgresql"), able: &[] };
pub const REDIS: Tool = Tool {
    programs: &["redis-server"],
    packages: &["redis-server"],
    service: Some("redis-server"),
    able: &[],
};
pub const NGINX: Tool =
    Tool { programs: &["nginx"], packages: &["nginx"], service: Some("nginx"), able: &[] };
/// The demo model's Python programs are run.
pub const PYTHON: Tool = Tool { programs: &["python3"], packages: &["python3"], service: None, able: &[] };
/// Debian keeps what makes an environment apart from Python. The tools in it need 3.11.
pub const PYTHON_ENVIRONMENTS: Tool = Tool {
    programs: &["python3"],
    packages: &["python3", "python3-venv"],
    service: None,
    able: &["-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"],
};
pub const CURL: Tool =
    Tool { programs: &["curl"], packages: &["curl", "ca-certificates"], service: None, able: &[] };
pub const BROWSER: Tool = Tool {
    programs: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    packages: &["chromium", "fonts-liberation"],
    service: None,
    able: &[],
};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The same cargo that started us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // Set by the cargo that runs us; left in place they would change what the inner cargo rebuilds.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_BIN_NAME" {
            command.env_remove(name);
        }
    }
    command
}

/// A program built by cargo in this workspace.
pub fn built(name: &str, release: bool) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(if release { "release" } else { "debug" }).join(name)
}

/// A program on the PATH or where Debian keeps what it leaves off the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend(["/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin"].map(PathBuf::from));
    places.extend(postgres_places());
    places.into_iter().map(|place| place.join(program)).find(|file| file.is_file())
}

/// Like `find`, with a line that says what to install when it is not there.
pub fn need(tool: &Tool) -> Result<PathBuf> {
    let name = tool.programs.first().unwrap_or(&"a tool");
    match tool.programs.iter().find_map(|program| find(program)) {
        Some(path) if is_able(&path, tool.able) => Ok(path),
        Some(path) => bail!(
            "{} is too old, or parts of it are missing; install it with: apt-get install {}",
            path.display(),
            tool.packages.join(" ")
        ),
        None => {
            bail!("{name} is not installed; install it with: apt-get install {}", tool.packages.join(" "))
        }
    }
}

fn is_able(program: &Path, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    args.is_empty() || command.status().is_ok_and(|status| status.success())
}

/// Makes sure that every tool is there: as root by the system's packages, else it says what to do.
pub fn ensure(tools: &[&Tool]) -> Result<()> {
    let missing: Vec<_> = tools.iter().filter(|tool| need(tool).is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: BTreeSet<_> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    let packages: Vec<_> = packages.into_iter().collect();
    if !rustix::process::geteuid().is_root() || find("apt-get").is_none() {
        bail!(
            "these are missing: {}. Install them and run this again, for example: sudo apt-get install {}",
            missing.iter().filter_map(|tool| tool.programs.first()).copied().collect::<Vec<_>>().join(", "),
            packages.join(" ")
        );
    }
    let services: Vec<_> =
        missing.iter().filter_map(|tool| tool.service).filter(|name| !is_active(name)).collect();
    let step = out::step(format!("installing {}", packages.join(" ")));
    if let Err(error) = apt(&["update", "-qq"]) {
        out::say(format!("    {error}; trying with the lists that are there"));
    }
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    let installed = apt(&install);
    // Only those that this install started: one that ran before is somebody's own.
    for service in services.into_iter().filter(|name| is_active(name)) {
        out::say(format!("    stopping the system's {service}, which the install started"));
        process::run(
            Command::new("service").args([service, "stop"]).stdout(Stdio::null()),
            Duration::from_mins(1),
        )?;
    }
    installed?;
    for tool in missing {
        need(tool)?;
    }
    step.done();
    Ok(())
}

fn apt(args: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    process::run(&mut command, Duration::from_mins(10))
}

fn is_active(service: &str) -> bool {
    let output = Command::new("service").args([service, "status"]).stderr(Stdio::null()).output();
    output.is_ok_and(|output| {
        // Debian's script for postgresql has answered 0 while it is down: read what it prints too.
        let text = String::from_utf8_lossy(&output.stdout);
        output.status.success() && !text.contains("down") && !text.contains("inactive")
    })
}

/// `/usr/lib/postgresql/<version>/bin`, the newest first.
fn postgres_places() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|left, right| right.cmp(left));
    versions.iter().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin"))).collect()
}
