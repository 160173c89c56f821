//! The demo model as a program of its own, for servers whose model shall be faster, or fail when asked to.

use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use crate::stack::supervisor::{Spec, Supervisor};
use crate::{ports, tools};

/// Starts it at full speed; a model's name may ask for another speed, for a fault, for a length. Gives the settings of
/// a server that shall use it.
pub fn start(servers: &mut Supervisor) -> Result<[(&'static str, String); 3]> {
    let port = ports::free()?;
    let address = format!("127.0.0.1:{port}");
    servers.start(Spec {
        name: "demo-model".to_owned(),
        program: tools::built("aether-demo-model", false),
        args: ["--faults", "--speed", "0", "--bind", &address].map(str::to_owned).to_vec(),
        env: Vec::new(),
        without_env: Vec::new(),
        folder: servers.dir().to_owned(),
        user: None,
        stop: (Signal::TERM, Duration::from_secs(5)),
    })?;
    servers.wait_ready("demo-model", port, "/v1/models", Duration::from_secs(20))?;
    Ok([
        ("OPENAI_BASE_URL", format!("http://{address}/v1")),
        ("AETHER_MODEL_COMPLEX", "aether-demo".to_owned()),
        ("AETHER_MODEL_SIMPLE", "aether-demo-mini".to_owned()),
    ])
}
