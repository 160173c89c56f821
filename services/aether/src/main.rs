//! `aether`: the whole product in one process, and its operator commands.

use std::process::ExitCode;

use aether::{commands, compose};
use aether_boot::{Process, run};
use clap::{Parser, Subcommand};

/// AetherOS: describe software in plain words, watch it being made, run it on the spot.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the product (the default).
    Serve,
    /// Bring the database's schema up to date, and stop.
    Migrate,
    /// Say whether the settings can be used, and stop.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Work with the keys that sign access tokens.
    Keys {
        #[command(subcommand)]
        action: commands::KeysAction,
    },
    /// Make accounts and administrators.
    Admin {
        #[command(subcommand)]
        action: commands::AdminAction,
    },
    /// Print the OpenAPI document of all services.
    Openapi,
    /// Work with the prompt templates.
    Prompts {
        #[command(subcommand)]
        action: PromptsAction,
    },
}

#[derive(Subcommand)]
enum ConfigAction {
    /// Check every setting.
    Check,
}

#[derive(Subcommand)]
enum PromptsAction {
    /// Ask a set of prompts of a model and tell how many artifacts are good. With a real provider this costs money.
    Eval(commands::EvalArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => run(Process::Aether, |deps| async move { compose::router(&deps).await }),
        Command::Migrate => commands::migrate(),
        Command::Config { action: ConfigAction::Check } => commands::check_config(),
        Command::Keys { action } => commands::keys(&action),
        Command::Admin { action } => commands::admin(action),
        Command::Openapi => commands::print_openapi(),
        Command::Prompts { action: PromptsAction::Eval(args) } => commands::eval(&args),
    }
}
