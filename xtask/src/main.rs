//! `cargo xtask`: every command a person who works on this repository needs.
//! It starts programs and waits for them; what the product does lives in `crates/` and `services/`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool; printing is its job")]

mod bench;
mod front_end;
mod generate;
mod http;
mod out;
mod ports;
mod process;
mod python;
mod run;
mod signals;
mod stack;
mod stamp;
mod temp;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The commands of AetherOS")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the web UI and the server, start `aether` on the embedded default, say where it listens
    Run(run::Options),
    /// Install what the tests need, then run every test there is
    Test(test::Options),
    /// Start the distributed system on this machine: PostgreSQL, Redis, N of each service, nginx
    Stack(stack::command::Options),
    /// Measure, each figure beside a peer in the same run
    Bench(bench::Options),
    /// Write the OpenAPI document and the TypeScript types that are made from the code
    Generate(generate::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = signals::listen().and_then(|()| match cli.command {
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Stack(options) => stack::command::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Generate(options) => generate::run(&options),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            if signals::stop_asked() { ExitCode::from(130) } else { ExitCode::FAILURE }
        }
    }
}
