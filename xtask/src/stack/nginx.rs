//! The gateway: fills the variables of `gateway/nginx.conf` as the official image's envsubst would,
//! and runs nginx on the result.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::supervisor::{Spec, Supervisor};
use crate::{ports, process, tools};

/// The name in the supervisor.
pub const NAME: &str = "nginx";

/// Where the gateway listens and what stands behind it.
pub struct Gateway<'a> {
    pub port: u16,
    pub auth: &'a [u16],
    pub generation: &'a [u16],
    pub realtime: &'a [u16],
    pub pages: &'a Path,
}

/// Writes the configuration, has nginx check it, starts nginx. Gives its pid.
pub fn start(supervisor: &mut Supervisor, gateway: &Gateway<'_>) -> Result<u32> {
    let program = tools::need(&tools::NGINX)?;
    let folder = supervisor.dir().join("nginx");
    fs::create_dir(&folder)?;
    let template =
        fs::read_to_string(tools::root().join("gateway/nginx.conf")).context("gateway/nginx.conf")?;
    let file = folder.join("nginx.conf");
    fs::write(&file, fill(&template, &variables(gateway, &folder))?)?;

    // What the template leaves to whoever runs it.
    let mut globals = format!("daemon off; pid {}/nginx.pid;", folder.display());
    if rustix::process::geteuid().is_root() {
        // The pages may lie in a home that nobody else may enter.
        globals.push_str(" user root;");
    }
    let args: Vec<String> =
        ["-e", "stderr", "-c", &file.display().to_string(), "-g", &globals].map(str::to_owned).to_vec();
    let mut check = Command::new(&program);
    check.arg("-t").args(&args);
    process::run_logged(&mut check, Duration::from_secs(10), &supervisor.log("nginx-check"))?;
    supervisor.start(Spec {
        name: NAME.to_owned(),
        program,
        args,
        env: Vec::new(),
        without_env: Vec::new(),
        folder,
        user: None,
        stop: (Signal::TERM, Duration::from_secs(5)),
    })
}

fn variables(gateway: &Gateway<'_>, folder: &Path) -> Vec<(&'static str, String)> {
    let servers = |ports: &[u16]| -> String {
        // A dead replica is left out for a moment; with a single one nginx always tries.
        let one = |port: &u16| format!("server 127.0.0.1:{port} fail_timeout=2s;");
        ports.iter().map(one).collect::<Vec<_>>().join(" ")
    };
    let port = gateway.port;
    let also = if ports::has_ipv6() { format!(" listen [::1]:{port};") } else { String::new() };
    let listen = format!("listen 127.0.0.1:{port};{also}");
    vec![
        ("AETHER_LISTEN", listen),
        ("AETHER_AUTH_SERVERS", servers(gateway.auth)),
        ("AETHER_GENERATION_SERVERS", servers(gateway.generation)),
        ("AETHER_REALTIME_SERVERS", servers(gateway.realtime)),
        ("AETHER_WEB_ROOT", gateway.pages.display().to_string()),
        ("AETHER_NGINX_TEMP", folder.display().to_string()),
    ]
}

/// Puts the values in; a placeholder without a value, or a value without a placeholder, is an error.
fn fill(template: &str, variables: &[(&str, String)]) -> Result<String> {
    let mut text = template.to_owned();
    for (name, value) in variables {
        let placeholder = format!("${{{name}}}");
        if !text.contains(&placeholder) {
            bail!("gateway/nginx.conf does not use {placeholder}");
        }
        text = text.replace(&placeholder, value);
    }
    if let Some((_, rest)) = text.split_once("${AETHER_") {
        bail!(
            "gateway/nginx.conf uses ${{AETHER_{}, which has no value",
            rest.split('\n').next().unwrap_or("")
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn every_placeholder_is_filled_and_nothing_else_is_touched() {
        let variables = [("AETHER_LISTEN", "listen 1;".to_owned())];
        assert_eq!(fill("${AETHER_LISTEN} $host", &variables).unwrap(), "listen 1; $host");
        assert!(fill("${AETHER_LISTEN} ${AETHER_OTHER}", &variables).is_err());
        assert!(fill("nothing", &variables).is_err());
    }
}
