//! The demo model: an OpenAI-compatible server on loopback that needs no key and no network. It is the model of a
//! fresh start, the scripted provider of tests and the load of benchmarks. It is not a language model: it reads the
//! prompt's nouns, fields and verbs and writes a small working program from them, the same for the same prompt.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "writing to a String never fails; `write!` would need its result ignored each time"
)]

mod api;
mod ask;
mod cli;
mod code;
mod doc;
mod faults;
mod literal;
mod markdown;
mod pace;
mod reading;
mod recall;
mod samples;
mod server;
mod template;
mod ui;
mod wire;
mod words;

pub use ask::{Ask, Kind, Language, Message};
pub use server::{DemoModel, Options, router, serve};

/// Writes the whole answer for a request: the same request gives the same text, byte for byte.
///
/// The answer is Markdown: a sentence or two, each file as a fenced block whose info string is
/// `LANGUAGE path=RELATIVE/PATH`, and a closing line. It never fails and never panics, whatever the prompt holds.
pub fn write(request: &Ask) -> String {
    artifact(request).to_markdown()
}

/// The same with a syntax error in its main file.
fn write_broken(request: &Ask) -> String {
    let mut artifact = artifact(request);
    artifact.break_main();
    artifact.to_markdown()
}

fn artifact(request: &Ask) -> markdown::Artifact {
    let reading = reading::Reading::of(request);
    match request.kind {
        Kind::Ui => ui::write(&reading),
        Kind::Api => api::write(&reading),
        Kind::Cli => cli::write(&reading),
        Kind::Code => code::write(&reading),
    }
}
