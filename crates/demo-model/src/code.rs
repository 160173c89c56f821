//! Writes a code file with its test: a known thing (LRU cache, slug, rate limiter, …) where the prompt asks for one,
//! else a checked type and a repository of the things it names.

mod known;
mod repository;

use crate::{
    ask::Language,
    markdown::{Artifact, File},
    reading::Reading,
};

/// The whole answer of the kind `code`.
pub fn write(reading: &Reading) -> Artifact {
    let language = match reading.language {
        Some(Language::Html) | None => Language::Python,
        Some(language) => language,
    };
    let (piece, language) = known::find(reading, language).unwrap_or_else(|| {
        let mut piece = repository::write(reading, language);
        if asks_for_work(reading) {
            piece.about = format!(
                "This model does not know the code for “{}”; here is what it can make of its nouns. {}",
                reading.line, piece.about
            );
        }
        (piece, language)
    });
    let asked = match reading.other_language {
        Some(other) => {
            format!(
                " It is in Python: this model writes Python, JavaScript, TypeScript, Rust and Go, not {other}."
            )
        }
        None => String::new(),
    };
    let run = match language {
        Language::Python | Language::Html => "python3 -m unittest".to_owned(),
        Language::JavaScript => "node --test".to_owned(),
        Language::TypeScript => "npx tsx --test".to_owned(),
        Language::Rust => "cargo test".to_owned(),
        Language::Go => "go test ./...".to_owned(),
    };
    Artifact {
        intro: format!("{} In {}, with unit tests and no dependencies.{asked}", piece.about, language.name()),
        closing: format!("Run the tests with `{run}` in the folder of the files."),
        files: piece.files,
    }
}

/// Whether the wish is for something that is done, not for things that are held.
fn asks_for_work(reading: &Reading) -> bool {
    reading.base.has_stem(&[
        "validat",
        "pars",
        "convert",
        "calculat",
        "comput",
        "algorithm",
        "function",
        "implement",
        "check",
        "find",
        "generat",
        "solve",
        "encod",
        "decod",
        "compress",
        "queue",
        "heap",
        "tree",
        "protocol",
        "transform",
        "format",
    ])
}

/// Files and a sentence about them.
pub struct Piece {
    pub about: String,
    pub files: Vec<File>,
}
