//! The realtime service under load, beside a Node peer. `cargo xtask bench realtime` starts the servers and calls this.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use aether_bench::realtime::{
    clock,
    figures::{Figures, Run},
    goals, graph,
    idle::{self, Idle},
    people,
    processes::Target,
    room::{self, Room},
    simulator::{self, Pace},
    streams,
};
use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use tokio::task::LocalSet;

/// Tokens a second of one live generation.
const RATE: u32 = 50;
/// Users whose sockets fill a room; a room of the product takes 100 members, and a member any number of sockets.
const ROOM_USERS: usize = 50;
/// Users whose sockets are idle.
const IDLE_USERS: usize = 100;

#[derive(Parser)]
#[command(name = "realtime", about = "The realtime service under load")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The stand-in for the model provider; runs until it is ended
    Simulate {
        /// Where on loopback; 0 takes a free port
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Measure one server, which is fresh and alone
    Measure(Measure),
    /// Make tables and a picture of what was measured
    Report {
        /// The files that `measure` has written lie here
        folder: PathBuf,
        /// A line that says when and where this was measured
        #[arg(long)]
        caption: String,
    },
}

#[derive(Args)]
struct Measure {
    /// What to measure, as JSON: see `Target`
    target: PathBuf,
    /// Where the figures go
    out: PathBuf,
    /// Live generations
    #[arg(long)]
    streams: usize,
    /// Sockets in the room
    #[arg(long)]
    room: usize,
    /// Idle sockets
    #[arg(long)]
    idle: usize,
    /// Less of everything: to see that it works
    #[arg(long)]
    quick: bool,
}

fn main() -> Result<()> {
    // One thread: what the load needs must leave the rest to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match Cli::parse().command {
        Command::Simulate { port } => runtime.block_on(simulator::serve(port)),
        Command::Measure(options) => LocalSet::new().block_on(&runtime, measure(&options)),
        Command::Report { folder, caption } => report(&folder, &caption),
    }
}

async fn measure(options: &Measure) -> Result<()> {
    let target: Target = serde_json::from_slice(&fs::read(&options.target)?)?;
    let mut figures = Figures::default();
    let fresh = target.memory()?;
    figures.set("fresh.rss_mib", fresh.values().sum());
    for (name, mib) in fresh {
        figures.set(format!("fresh.rss_mib.{name}"), mib);
    }
    let http = people::client()?;
    let wanted = options.streams.max(IDLE_USERS.min(options.idle)).max(ROOM_USERS.min(options.room)).max(1);
    say(&format!("    {wanted} accounts"))?;
    let tokens = people::register(&http, &target, wanted).await?;
    warm(&target, &tokens).await?;

    let (seconds, hold, pace) = if options.quick {
        (3, 3, Pace { tokens: 100, rate: RATE })
    } else {
        (10, 12, Pace { tokens: 300, rate: RATE })
    };
    if options.idle > 0 {
        say(&format!("    {} idle sockets", options.idle))?;
        let plan = Idle { sockets: options.idle, hold: Duration::from_secs(hold) };
        let users = &tokens[..IDLE_USERS.min(tokens.len())];
        idle::measure(&target, users, plan, &mut figures).await.context("idle sockets")?;
        // Their going is work too.
        tokio::time::sleep(Duration::from_secs(6)).await;
    }
    if options.streams > 0 {
        say(&format!("    {} streams of {} tokens", options.streams, pace.tokens))?;
        let users = &tokens[..options.streams];
        streams::measure(&target, users, pace, "measured", &mut figures).await.context("streams")?;
    }
    if options.room > 0 {
        say(&format!("    a room of {} sockets", options.room))?;
        let users = &tokens[..ROOM_USERS.min(tokens.len())];
        let id = people::open_room(&http, &target, users).await?;
        let plan = Room { sockets: options.room, time: Duration::from_secs(seconds) };
        room::measure(&target, users, &id, plan, &mut figures).await.context("the room")?;
    }
    let run = Run { server: target.server, figures };
    fs::write(&options.out, serde_json::to_vec_pretty(&run)?)?;
    Ok(())
}

/// Node compiles what runs often: its first thousand tokens cost eight times as much. Both servers get the same.
async fn warm(target: &Target, tokens: &[String]) -> Result<()> {
    let some = &tokens[..20.min(tokens.len())];
    for round in 0..2 {
        drop(idle::connect(target, some, 100).await?);
        let pace = Pace { tokens: 200, rate: 200 };
        let run = format!("warm-{round}-{}", clock::micros());
        streams::measure(target, some, pace, &run, &mut Figures::default()).await.context("warming")?;
    }
    Ok(())
}

fn report(folder: &Path, caption: &str) -> Result<()> {
    let mut runs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("run-")) {
            let run: Run = serde_json::from_slice(&fs::read(&path)?)?;
            runs.push(run);
        }
    }
    let of = |server: &str| -> Vec<&Figures> {
        runs.iter().filter(|run| run.server == server).map(|run| &run.figures).collect()
    };
    let (ours, theirs) = (of("aether"), of("node"));
    if ours.is_empty() || theirs.is_empty() {
        bail!("{} lacks the runs of a server", folder.display());
    }
    let rounds = ours.len();
    let (ours, theirs) = (Figures::median(&ours), Figures::median(&theirs));
    let caption = format!("{caption}; the medians of {rounds} round{}", if rounds == 1 { "" } else { "s" });
    let tables = goals::tables(&ours, &theirs);
    let svg = graph::draw(&goals::rows(&ours, &theirs), &ours, &theirs, &caption);
    let both = serde_json::json!({ "caption": caption, "aether": ours, "node": theirs });
    fs::write(folder.join("realtime.json"), serde_json::to_vec_pretty(&both)?)?;
    fs::write(folder.join("realtime.svg"), svg)?;
    fs::write(folder.join("realtime.md"), format!("{caption}\n\n{tables}"))?;
    say(&format!("{caption}\n\n{tables}"))
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{line}")?)
}
