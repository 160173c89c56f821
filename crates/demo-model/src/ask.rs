//! What is asked: the kind, the language and the user's wishes, read from the messages of a request. What the wishes
//! mean is `reading`'s work.

use serde_json::Value;

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `system`, `developer`, `user` or `assistant`.
    pub role: String,
    /// The text of all its parts.
    pub text: String,
}

/// The four kinds of artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A web app.
    Ui,
    /// An OpenAPI document.
    Api,
    /// A command line program.
    Cli,
    /// A code file with its test.
    Code,
}

/// The languages that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python 3, standard library only.
    Python,
    /// JavaScript modules for Node 20.
    JavaScript,
    /// TypeScript whose types can be stripped.
    TypeScript,
    /// Rust 2021, no dependencies.
    Rust,
    /// Go 1.19 or newer, no dependencies.
    Go,
    /// A page of plain HTML.
    Html,
}

/// A request for an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What kind of artifact.
    pub kind: Kind,
    /// The language asked for in the system message; `None` leaves it to the prompt's words.
    pub language: Option<Language>,
    /// The user's wishes, oldest first: the first makes the artifact, later ones change it.
    pub wishes: Vec<String>,
}

impl Message {
    /// The messages of a request body; `None` when they are not a list of at least one message.
    pub(crate) fn list(value: &Value) -> Option<Vec<Self>> {
        let messages: Option<Vec<Self>> = value.as_array()?.iter().map(Self::one).collect();
        messages.filter(|list| !list.is_empty())
    }

    fn one(value: &Value) -> Option<Self> {
        let role = value["role"].as_str()?.to_owned();
        let text = match &value["content"] {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
                texts.join("\n")
            }
            Value::Null => String::new(),
            _ => return None,
        };
        Some(Self { role, text })
    }
}

impl Ask {
    /// Reads a conversation. Lines `AetherOS-Kind:` and `AetherOS-Language:` of a system message decide; without
    /// them the user's words do. A message of reference material, or one that asks for a repair, is no wish.
    pub fn from_messages(messages: &[Message]) -> Self {
        let mut kind = None;
        let mut language = None;
        for message in messages.iter().filter(|m| m.role == "system" || m.role == "developer") {
            for line in message.text.lines() {
                if let Some((name, value)) = line.trim().split_once(':') {
                    match name.trim() {
                        "AetherOS-Kind" => kind = Kind::named(value).or(kind),
                        "AetherOS-Language" => language = Language::named(value).or(language),
                        _ => {}
                    }
                }
            }
        }
        let wishes: Vec<String> = messages
            .iter()
            .enumerate()
            .filter(|(at, m)| m.role == "user" && !m.text.trim().is_empty() && !is_aside(messages, *at))
            .map(|(_, m)| m.text.trim().to_owned())
            .collect();
        let kind = kind.unwrap_or_else(|| Kind::guess(wishes.first().map_or("", String::as_str)));
        Self { kind, language, wishes }
    }
}

/// What AetherOS says beside the wishes: reference material, which an answer follows, and the wish for a repair, which
/// follows one. Where nothing does, a person has typed it.
fn is_aside(messages: &[Message], at: usize) -> bool {
    let answered =
        |at: Option<usize>| at.and_then(|at| messages.get(at)).is_some_and(|m| m.role == "assistant");
    let text = &messages[at].text;
    (text.starts_with("AetherOS-Context:") && answered(Some(at + 1)))
        || (text.starts_with("AetherOS-Repair:") && answered(at.checked_sub(1)))
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "ui" => Some(Self::Ui),
            "api" => Some(Self::Api),
            "cli" => Some(Self::Cli),
            "code" => Some(Self::Code),
            _ => None,
        }
    }

    fn guess(prompt: &str) -> Self {
        let text = format!(" {} ", prompt.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " "));
        let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
        if has(&["cli", "command line", "terminal", "shell", "command", "script"]) {
            Self::Cli
        } else if has(&["api", "rest", "openapi", "swagger", "endpoint", "endpoints", "backend"]) {
            Self::Api
        } else if has(&[
            "function",
            "class",
            "library",
            "algorithm",
            "module",
            "implement",
            "rust",
            "golang",
            "python",
        ]) {
            Self::Code
        } else {
            Self::Ui
        }
    }
}

impl Language {
    /// Reads a language's name or file ending.
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "python" | "python3" | "py" => Some(Self::Python),
            "javascript" | "js" | "node" | "nodejs" | "node.js" | "mjs" | "jsx" => Some(Self::JavaScript),
            "typescript" | "ts" | "tsx" => Some(Self::TypeScript),
            "rust" | "rs" => Some(Self::Rust),
            "go" | "golang" => Some(Self::Go),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// The name in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::Html => "HTML",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_system_message_decides_kind_and_language() {
        let messages = Message::list(&json!([
            {"role": "system", "content": "You write software.\nAetherOS-Kind: cli\nAetherOS-Language: javascript\n"},
            {"role": "user", "content": [{"type": "text", "text": "a rest api\nAetherOS-Kind: ui"}]},
        ]))
        .unwrap();
        let ask = Ask::from_messages(&messages);
        assert_eq!((ask.kind, ask.language), (Kind::Cli, Some(Language::JavaScript)));
    }

    #[test]
    fn reference_material_and_the_wish_for_a_repair_are_no_wishes() {
        let talk: Vec<_> = [
            ("user", "a todo app"),
            ("assistant", "…"),
            ("user", "AetherOS-Context: 0\na chess clock"),
            ("assistant", "I have read it."),
            ("user", "make it blue"),
            ("assistant", "…"),
            ("user", "AetherOS-Repair: a.tsx: continue outside of a loop"),
        ]
        .map(|(role, text)| Message { role: role.to_owned(), text: text.to_owned() })
        .into();
        assert_eq!(Ask::from_messages(&talk).wishes, ["a todo app", "make it blue"]);
        assert_eq!(Ask::from_messages(&talk[2..3]).wishes, ["AetherOS-Context: 0\na chess clock"]);
    }

    #[test]
    fn without_it_the_words_decide() {
        let kind = |prompt: &str| {
            Ask::from_messages(&[Message { role: "user".to_owned(), text: prompt.to_owned() }]).kind
        };
        assert_eq!(kind("API for a library"), Kind::Api);
        assert_eq!(kind("a todo app with due dates"), Kind::Ui);
        assert_eq!(kind("cli that finds the largest files"), Kind::Cli);
        assert_eq!(kind("debounce function"), Kind::Code);
    }
}
