//! The auth service as a process of its own.

use std::process::ExitCode;

use aether_boot::{Process, run, serve::stand_alone};

fn main() -> ExitCode {
    run(Process::Auth, |deps| async move { stand_alone(aether_auth::build(&deps).await?.service, &deps) })
}
