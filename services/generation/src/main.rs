//! The generation service as a process of its own.

use std::process::ExitCode;

use aether_boot::{
    Process, run,
    serve::{remote_verifier, stand_alone},
};

fn main() -> ExitCode {
    run(Process::Generation, |deps| async move {
        let built = aether_generation::build(&deps, remote_verifier(&deps).await?).await?;
        stand_alone(built.service, &deps)
    })
}
