//! The demo model as a process of its own, for benchmarks and for the stack command. Prints its base URL as one line
//! when it listens, and runs until it is interrupted.

use aether_demo_model::{Options, serve};
use clap::Parser;
use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[derive(Parser)]
#[command(
    name = "aether-demo-model",
    version,
    about = "An OpenAI-compatible model that needs no key and no network."
)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// Lets model names and the X-Demo-Fault header choose faults. For tests only.
    #[arg(long)]
    faults: bool,
    /// Tokens a second of one stream; 0 is as fast as it can.
    #[arg(long, default_value_t = 120.0)]
    speed: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "aether-demo-model: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let options =
        Options { bind: arguments.bind, faults: arguments.faults, tokens_per_second: arguments.speed };
    let shutdown = CancellationToken::new();
    let tasks = TaskTracker::new();
    let model = serve(options, shutdown.clone(), &tasks).await?;
    writeln!(io::stdout(), "{}", model.base_url())?;
    io::stdout().flush()?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}
