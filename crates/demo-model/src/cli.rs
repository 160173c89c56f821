//! Writes command line programs: a known one (converter, renamer, counter, …) where the prompt asks for one, else a
//! keeper of the things it names. Python, or JavaScript for Node when that is asked for.

mod known;
mod manager;
mod script;

use crate::{
    ask::Language,
    markdown::{Artifact, File},
    reading::Reading,
};

pub use known::weight;

/// The whole answer of the kind `cli`.
pub fn write(reading: &Reading) -> Artifact {
    let script = matches!(reading.language, Some(Language::JavaScript | Language::TypeScript));
    let ready = if script {
        // What is not there in JavaScript and works on files is there in Python, and the answer says so.
        script::find(reading).or_else(|| known::find_exact(reading))
    } else {
        known::find_exact(reading)
    };
    let Some(program) = ready else {
        let keeper = if script { script::manager(reading) } else { manager::write(reading) };
        let meant = reading.main().known && reading.named_thing
            || known::keeps(reading)
            || !reading.wished.is_empty();
        let mut artifact = keeper.into_artifact(reading);
        if !meant && !reading.line.is_empty() {
            artifact.intro = format!(
                "This model has no ready program for “{}”; here is one that keeps things instead. {}",
                reading.line, artifact.intro
            );
        }
        return artifact;
    };
    program.into_artifact(reading)
}

/// A program and what is said of it.
pub struct Program {
    /// File name without its ending.
    pub name: String,
    pub script: bool,
    /// What it does, as a sentence without a full stop.
    pub about: String,
    pub code: String,
    pub test: String,
    /// Calls without the interpreter, with what they do.
    pub examples: Vec<(String, String)>,
}

impl Program {
    /// `python3 todos.py`
    fn call(&self) -> String {
        if self.script { format!("node {}.mjs", self.name) } else { format!("python3 {}.py", self.name) }
    }

    fn into_artifact(self, reading: &Reading) -> Artifact {
        let call = self.call();
        let (ending, language, test, run) = if self.script {
            ("mjs", "javascript", format!("{}.test.mjs", self.name), "node --test".to_owned())
        } else {
            ("py", "python", format!("test_{}.py", self.name), "python3 -m unittest".to_owned())
        };
        let asked = match reading.language {
            Some(language @ (Language::JavaScript | Language::TypeScript)) if !self.script => {
                format!(" It is in Python: this model does not know this one in {}.", language.name())
            }
            Some(Language::Rust | Language::Go | Language::Html) | None
                if reading.other_language.is_some() || reading.language.is_some() =>
            {
                let name =
                    reading.other_language.unwrap_or_else(|| reading.language.map_or("", Language::name));
                format!(
                    " It is in Python: this model writes command line programs in Python and JavaScript, not in {name}."
                )
            }
            _ => String::new(),
        };
        let mut readme = format!("# {}\n\n{}.\n\n## Use\n\n```sh\n{call} --help\n", self.name, self.about);
        for (example, what) in &self.examples {
            readme.push_str(&format!("{call} {example}  # {what}\n"));
        }
        readme.push_str(&format!(
            "```\n\nExit codes: 0 all went well, 1 it could not be done, 2 wrong usage. Errors go to standard error.\n\n## Test\n\n```sh\n{run}\n```\n"
        ));
        let first = self.examples.first().map_or(String::new(), |(example, _)| format!(" {example}"));
        Artifact {
            intro: format!(
                "{}. A command line program with help, exit codes and tests; it needs nothing installed.{asked}",
                self.about
            ),
            closing: format!(
                "Try `{call}{first}`, or `{call} --help` for all of it; `{run}` runs the tests."
            ),
            files: vec![
                File::new(language, format!("{}.{ending}", self.name), self.code),
                File::new(language, test, self.test),
                File::new("markdown", "README.md", readme),
            ],
        }
    }
}
