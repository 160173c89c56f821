//! The realtime service as a process of its own: generations are started over HTTP.

use std::{process::ExitCode, sync::Arc};

use aether_boot::{
    Process, run,
    serve::{remote_verifier, stand_alone},
};
use aether_realtime::ports::HttpGenerations;

fn main() -> ExitCode {
    run(Process::Realtime, |deps| async move {
        let generations = HttpGenerations::new(deps.http.clone(), &deps.settings.generation_url);
        let service =
            aether_realtime::build(&deps, remote_verifier(&deps).await?, Arc::new(generations)).await?;
        stand_alone(service, &deps)
    })
}
