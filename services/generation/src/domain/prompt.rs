//! The prompts, as versioned files. A changed prompt is a new file with the next number: `metadata.promptVersion` says
//! which one made a result.

use aether_common::model::generation::{Generation, Kind};
use serde::Serialize;

use crate::provider::{Speaker, Turn};

/// How many earlier versions the model is shown.
const MAX_EARLIER: usize = 3;
/// How much of them, in bytes, newest first.
const MAX_EARLIER_BYTES: usize = 200_000;

/// A prompt file.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// What it asks for.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Name and version, as `ui@1`.
    pub version: &'static str,
    /// The instructions, with `{{language}}` to be filled.
    pub text: &'static str,
}

/// The prompts in use.
pub const TEMPLATES: [Template; 4] = [
    Template { kind: Kind::Code, version: "code@1", text: include_str!("../../prompts/code@1.md") },
    Template { kind: Kind::Api, version: "api@1", text: include_str!("../../prompts/api@1.md") },
    Template { kind: Kind::Ui, version: "ui@1", text: include_str!("../../prompts/ui@1.md") },
    Template { kind: Kind::Cli, version: "cli@1", text: include_str!("../../prompts/cli@1.md") },
];

/// What the model is told when an answer reached its length: it goes on, and the texts are joined without a seam.
pub const CONTINUE: &str = "Continue exactly where you stopped, with the very next character. Do not repeat anything, do \
not open a new fence for a file that is already open, and do not comment.";

/// The prompt in use for a kind.
pub fn template(kind: Kind) -> Template {
    TEMPLATES[match kind {
        Kind::Code => 0,
        Kind::Api => 1,
        Kind::Ui => 2,
        Kind::Cli => 3,
    }]
}

/// The conversation for a call: instructions, the versions that this one is made from (oldest first), the prompt.
pub fn turns(kind: Kind, language: Option<&str>, earlier: &[Generation], prompt: &str) -> Vec<Turn> {
    let language = language.map(str::trim).filter(|language| !language.is_empty());
    let wanted = match language {
        Some(language) => format!("AetherOS-Language: {language}"),
        None => "Choose the language that fits best.".to_owned(),
    };
    let mut turns = vec![turn(Speaker::System, template(kind).text.replace("{{language}}", &wanted))];
    let mut room = MAX_EARLIER_BYTES;
    let mut kept = Vec::new();
    for one in earlier.iter().rev().take(MAX_EARLIER) {
        let result = one.result.as_deref().unwrap_or("");
        room = match room.checked_sub(result.len() + one.prompt.len()) {
            Some(rest) => rest,
            None => break,
        };
        if !result.is_empty() {
            kept.push((one.prompt.clone(), result.to_owned()));
        }
    }
    for (asked, answered) in kept.into_iter().rev() {
        turns.push(turn(Speaker::User, asked));
        turns.push(turn(Speaker::Assistant, answered));
    }
    turns.push(turn(Speaker::User, prompt.to_owned()));
    turns
}

fn turn(speaker: Speaker, text: String) -> Turn {
    Turn { speaker, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_prompt_with_a_version() {
        for kind in Kind::ALL {
            let template = template(kind);
            assert_eq!(template.kind, kind);
            assert!(template.version.starts_with(kind.as_str()));
            assert!(template.text.contains(&format!("AetherOS-Kind: {}", kind.as_str())));
            assert!(template.text.contains("{{language}}"));
        }
    }

    #[test]
    fn the_prompt_comes_last_and_as_typed() {
        let turns = turns(Kind::Code, Some("rust"), &[], "  {{language}} \n");
        assert!(turns[0].text.contains("AetherOS-Language: rust"));
        assert_eq!(turns.last().unwrap().text, "  {{language}} \n");
    }
}
