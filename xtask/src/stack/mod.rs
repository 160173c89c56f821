//! The distributed system on this machine, with no Docker: private PostgreSQL and Redis, N of each
//! service, nginx in front. Used by `cargo xtask stack` and by the journeys of `cargo xtask test`.

pub mod command;
#[cfg(test)]
mod gateway_tests;
mod nginx;
pub mod postgres;
pub mod redis;
pub mod supervisor;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{front_end, out, ports, temp, tools};
use postgres::{Durability, Postgres};
use redis::Redis;
use supervisor::{Spec, Supervisor};

/// The packages whose binaries a stack is made of.
pub const PACKAGES: [&str; 3] = ["aether-auth", "aether-generation", "aether-realtime"];

/// The services, in the order they are started.
const SERVICES: [&str; 3] = ["auth", "generation", "realtime"];
const START: Duration = Duration::from_mins(1);
/// A service drains for at most 30 s and is gone within 35 s.
const DRAIN: Duration = Duration::from_secs(36);

/// What kind of stack.
pub struct Plan {
    pub replicas: usize,
    /// The gateway's port.
    pub port: u16,
    pub durability: Durability,
    /// Where the services look for `aether.toml` and `.env`.
    pub folder: PathBuf,
    /// Set by the caller on top of the environment, for each service.
    pub env: Vec<(String, String)>,
    /// Taken out of the environment that the services inherit.
    pub without_env: Vec<String>,
}

/// A stack that is ready. Dropping it ends all of it.
pub struct Stack {
    pub supervisor: Supervisor,
    pub gateway: String,
    services: Vec<Service>,
    postgres: Postgres,
    redis: Redis,
    nginx: u32,
}

struct Service {
    kind: &'static str,
    name: String,
    port: u16,
    metrics: u16,
    pid: u32,
}

impl Stack {
    /// Starts everything and waits until the gateway answers.
    pub fn start(plan: &Plan) -> Result<Self> {
        let mut supervisor = Supervisor::new("stack")?;
        match Self::start_in(&mut supervisor, plan) {
            Ok((services, postgres, redis, nginx)) => Ok(Self {
                supervisor,
                gateway: format!("http://localhost:{}", plan.port),
                services,
                postgres,
                redis,
                nginx,
            }),
            Err(error) => {
                supervisor.end(|_| true);
                supervisor.keep_dir();
                Err(error.context(format!("the stack did not start; logs: {}", supervisor.logs().display())))
            }
        }
    }

    fn start_in(supervisor: &mut Supervisor, plan: &Plan) -> Result<(Vec<Service>, Postgres, Redis, u32)> {
        out::say(format!("    logs: {}", supervisor.logs().display()));
        let step = out::step("PostgreSQL and Redis, private to this run");
        let postgres = postgres::start(supervisor, plan.durability)?;
        let redis = redis::start(supervisor)?;
        step.done();

        let step = out::step(format!("{} of each service: {}", plan.replicas, SERVICES.join(", ")));
        let mut services = Vec::new();
        for kind in SERVICES {
            for number in 1..=plan.replicas {
                let name = if plan.replicas == 1 { kind.to_owned() } else { format!("{kind}-{number}") };
                services.push(Service { kind, name, port: ports::free()?, metrics: ports::free()?, pid: 0 });
            }
        }
        let shared = shared_env(supervisor, plan, &services, &postgres, &redis)?;
        for service in &mut services {
            service.pid = supervisor.start(service_spec(service, plan, &shared))?;
            // The first one moves the database to its newest schema; the others find it done.
            supervisor.wait_ready(&service.name, service.port, "/health/ready", START)?;
        }
        step.done();

        let step = out::step(format!("nginx at http://localhost:{}", plan.port));
        // A copy: a build of the web UI must not take its files from under pages that are open.
        let pages = supervisor.dir().join("pages");
        copy_folder(&front_end::dist(), &pages).context("frontend/dist")?;
        let of = |kind: &str| -> Vec<u16> {
            services.iter().filter(|service| service.kind == kind).map(|service| service.port).collect()
        };
        let nginx = nginx::start(
            supervisor,
            &nginx::Gateway {
                port: plan.port,
                auth: &of("auth"),
                generation: &of("generation"),
                realtime: &of("realtime"),
                pages: &pages,
            },
        )?;
        supervisor.wait_ready(nginx::NAME, plan.port, "/health", START)?;
        step.done();
        Ok((services, postgres, redis, nginx))
    }

    /// What `--json` prints.
    pub fn summary(&self) -> Value {
        let services: Vec<Value> = self
            .services
            .iter()
            .map(|service| {
                json!({
                    "name": service.kind,
                    "url": format!("http://127.0.0.1:{}", service.port),
                    "pid": service.pid,
                    "metrics": format!("http://127.0.0.1:{}/metrics", service.metrics),
                })
            })
            .collect();
        json!({
            "gateway": self.gateway,
            "services": services,
            "postgres": {"url": self.postgres.url, "pid": self.postgres.pid},
            "redis": {"url": self.redis.url, "pid": self.redis.pid},
            "nginx": {"pid": self.nginx},
        })
    }

    /// Ends all in order: the gateway, the services, what they stand on.
    pub fn end(mut self) {
        self.supervisor.end(|name| name == nginx::NAME);
        self.supervisor.end(|name| SERVICES.iter().any(|kind| name.starts_with(kind)));
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}

fn shared_env(
    supervisor: &Supervisor,
    plan: &Plan,
    services: &[Service],
    postgres: &Postgres,
    redis: &Redis,
) -> Result<Vec<(String, String)>> {
    let data = supervisor.dir().join("data");
    fs::create_dir(&data)?;
    let first = |kind: &str| -> String {
        let port = services.iter().find(|service| service.kind == kind).map_or(0, |service| service.port);
        format!("http://127.0.0.1:{port}")
    };
    let env = vec![
        ("DATABASE_URL", postgres.url.clone()),
        ("REDIS_URL", redis.url.clone()),
        ("AETHER_PUBLIC_URL", format!("http://localhost:{}", plan.port)),
        ("AETHER_DATA_DIR", data.display().to_string()),
        // Every replica must read what another has encrypted.
        ("AETHER_MASTER_KEY", base64(&temp::random_bytes::<32>()?)),
        ("AETHER_TRUSTED_PROXIES", "127.0.0.0/8,::1/128".to_owned()),
        ("AUTH_URL", first("auth")),
        ("GENERATION_URL", first("generation")),
    ];
    Ok(env.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(plan.env.clone()).collect())
}

fn service_spec(service: &Service, plan: &Plan, shared: &[(String, String)]) -> Spec {
    let mut env = shared.to_vec();
    env.push(("BIND_ADDR".to_owned(), format!("127.0.0.1:{}", service.port)));
    env.push(("METRICS_ADDR".to_owned(), format!("127.0.0.1:{}", service.metrics)));
    Spec {
        name: service.name.clone(),
        program: tools::built(&format!("aether-{}", service.kind), false),
        args: Vec::new(),
        env,
        without_env: plan.without_env.clone(),
        folder: plan.folder.clone(),
        user: None,
        stop: (Signal::TERM, DRAIN),
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_padded_as_the_standard_says() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        assert_eq!(base64(b"M"), "TQ==");
        assert_eq!(base64(&[0xff; 32]).len(), 44);
    }
}
