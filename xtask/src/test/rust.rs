//! The Rust tests, with one private PostgreSQL and Redis for the whole run.
//! Each test makes a database of its own in that server.

use std::process::Command;

use anyhow::Result;

use super::Budget;
use crate::stack::postgres::{self, Durability};
use crate::stack::redis;
use crate::stack::supervisor::Supervisor;
use crate::{front_end, out, process, signals, tools};

pub fn run(budget: &Budget) -> Result<()> {
    // The socket tests are told by the official JavaScript client, which the web UI's packages bring.
    front_end::install()?;
    let mut servers = Supervisor::new("tests")?;
    let step = out::step("PostgreSQL and Redis, private to this run");
    let postgres = postgres::start(&mut servers, Durability::ProcessOnly)?;
    let redis = redis::start(&mut servers)?;
    step.done();
    let with_servers = |command: &mut Command| -> Result<()> {
        command.env("AETHER_TEST_DATABASE_URL", &postgres.url).env("AETHER_TEST_REDIS_URL", &redis.url);
        for name in super::journey::all_settings() {
            command.env_remove(name);
        }
        process::run(command, budget.left())
    };
    let mut tests = tools::cargo();
    if tools::find("cargo-nextest").is_some() {
        // Tests wait for clocks and servers for much of their time: one more than there are cores keeps those busy.
        let threads = std::thread::available_parallelism().map_or(2, usize::from) + 1;
        tests.args([
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--test-threads",
            &threads.to_string(),
        ]);
    } else {
        tests.args(["test", "--workspace", "--all-targets", "--no-fail-fast"]);
    }
    let tested = with_servers(&mut tests);
    // nextest does not run the examples in doc comments.
    let documented = with_servers(tools::cargo().args(["test", "--workspace", "--doc", "--quiet"]));
    if tested.is_err() && !signals::stop_asked() {
        servers.keep_dir();
        out::say(format!("the servers' logs: {}", servers.logs().display()));
    }
    tested.and(documented)
}
