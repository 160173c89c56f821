//! A private PostgreSQL: its own data folder, user, password and port; gone when the run ends.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::supervisor::{Spec, Supervisor};
use crate::process::{self, User};
use crate::{ports, temp, tools};

/// The name in the supervisor.
pub const NAME: &str = "postgres";

/// What a client needs.
pub struct Postgres {
    pub url: String,
    pub pid: u32,
}

/// How careful the server is with its disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As PostgreSQL comes.
    Full,
    /// Survives the death of its process, not of the machine; much faster for tests.
    ProcessOnly,
}

impl Durability {
    fn sign_in(self) -> &'static str {
        match self {
            Self::Full => "--auth=scram-sha-256",
            // 4096 rounds of a hash for each connection take an unoptimised client longer than most tests.
            Self::ProcessOnly => "--auth=md5",
        }
    }
}

/// Makes a cluster, starts it, waits until it takes connections.
pub fn start(supervisor: &mut Supervisor, durability: Durability) -> Result<Postgres> {
    let initdb = tools::need(&tools::POSTGRES)?;
    let server = initdb.with_file_name("postgres");
    if !server.is_file() {
        bail!("{} is there, postgres beside it is not", initdb.display());
    }
    // PostgreSQL refuses to run as root.
    let user = if rustix::process::geteuid().is_root() {
        Some(User::find("postgres").context("no user `postgres`: install the package postgresql")?)
    } else {
        None
    };
    let folder = supervisor.dir().join("postgres");
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let password = format!("{:016x}", temp::random_number()?);
    let password_file = folder.join("password");
    fs::write(&password_file, &password)?;
    if let Some(user) = &user {
        for path in [&folder, &password_file] {
            chown(path, Some(user.uid), Some(user.gid))?;
        }
    }
    let data = folder.join("data");
    let mut command = process::bound_to_us(&initdb, user.as_ref(), "TERM");
    command.args([
        "--username=aether",
        durability.sign_in(),
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    command.arg("--pwfile").arg(&password_file).arg("-D").arg(&data).current_dir(&folder);
    process::run_logged(&mut command, Duration::from_mins(2), &supervisor.log("initdb"))?;
    fs::remove_file(&password_file)?;

    let port = ports::free()?;
    let mut args = vec!["-D".to_owned(), data.display().to_string()];
    let settings = [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("port", port.to_string()),
        ("unix_socket_directories", folder.display().to_string()),
        ("max_connections", "300".to_owned()),
    ];
    let fast = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
    for (name, value) in settings {
        args.extend(["-c".to_owned(), format!("{name}={value}")]);
    }
    if durability == Durability::ProcessOnly {
        for (name, value) in fast {
            args.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
    }
    let pid = supervisor.start(Spec {
        name: NAME.to_owned(),
        program: server,
        args,
        env: Vec::new(),
        without_env: Vec::new(),
        folder,
        user,
        // A fast shutdown: clients are cut off, the data is written.
        stop: (Signal::INT, Duration::from_secs(15)),
    })?;
    supervisor.wait_until(NAME, Duration::from_mins(1), || takes_connections(&data))?;
    Ok(Postgres { url: format!("postgres://aether:{password}@127.0.0.1:{port}/postgres"), pid })
}

/// The eighth line of postmaster.pid says so; only root or its owner can read it.
fn takes_connections(data: &Path) -> bool {
    fs::read_to_string(data.join("postmaster.pid"))
        .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
}
