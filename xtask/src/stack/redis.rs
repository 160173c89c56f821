//! A private Redis on a free port; it keeps nothing on disk.

use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::supervisor::{Spec, Supervisor};
use crate::{ports, tools};

/// The name in the supervisor.
pub const NAME: &str = "redis";

/// What a client needs.
pub struct Redis {
    pub url: String,
    pub pid: u32,
}

/// Starts it and waits until it listens.
pub fn start(supervisor: &mut Supervisor) -> Result<Redis> {
    let port = ports::free()?;
    let folder = supervisor.dir().join("redis");
    std::fs::create_dir(&folder)?;
    let settings: [(&str, &str); 6] = [
        ("--port", &port.to_string()),
        ("--bind", "127.0.0.1"),
        ("--dir", &folder.display().to_string()),
        ("--save", ""),
        ("--appendonly", "no"),
        ("--daemonize", "no"),
    ];
    let pid = supervisor.start(Spec {
        name: NAME.to_owned(),
        program: tools::need(&tools::REDIS)?,
        args: settings.iter().flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()]).collect(),
        env: Vec::new(),
        without_env: Vec::new(),
        folder,
        user: None,
        stop: (Signal::TERM, Duration::from_secs(10)),
    })?;
    supervisor.wait_until(NAME, Duration::from_secs(20), || !ports::is_free(port))?;
    Ok(Redis { url: format!("redis://127.0.0.1:{port}"), pid })
}
