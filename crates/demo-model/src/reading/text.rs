//! A wish as words: whole-word search, language, colours, titles. Knows nothing of nouns.

use crate::{ask::Language, literal};

/// A piece of text, as given and as lower-case words.
#[derive(Clone, Debug, Default)]
pub struct Text {
    raw: String,
    /// Words apart by one space, a space at both ends, punctuation dropped.
    flat: String,
    tokens: Vec<String>,
}

impl Text {
    /// Only the first 32 000 characters are read.
    pub fn new(raw: &str) -> Self {
        let raw: String = raw.chars().filter(|c| *c != '\0').take(32_000).collect();
        let tokens = tokenize(&raw);
        let words: Vec<&str> = tokens.iter().map(String::as_str).filter(|t| is_word(t)).collect();
        let flat = format!(" {} ", words.join(" "));
        Self { raw, flat, tokens }
    }

    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Lower-case words, and punctuation as tokens of its own; a line end is `\n`.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Whether one of these words, or runs of words, is there as whole words; in scripts without spaces, as a part.
    pub fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|word| {
            if word.chars().any(|c| ('\u{3000}'..='\u{9fff}').contains(&c)) {
                self.raw.contains(word)
            } else {
                self.flat.contains(&format!(" {word} "))
            }
        })
    }

    /// Whether a word starts like this.
    pub fn has_stem(&self, stems: &[&str]) -> bool {
        stems.iter().any(|stem| self.flat.contains(&format!(" {stem}")))
    }

    /// The whole numbers in it, in order.
    pub fn numbers(&self) -> Vec<u64> {
        self.tokens.iter().filter_map(|token| token.parse().ok()).collect()
    }

    pub fn language(&self) -> Option<Language> {
        let script = [
            (Language::TypeScript, &["typescript", "in ts", "tsx"][..]),
            (Language::JavaScript, &["javascript", "nodejs", "node js", "in js", "in node", "node", "mjs"]),
            (Language::Rust, &["rust", "in rs"]),
            (
                Language::Go,
                &[
                    "golang",
                    "in go",
                    "go function",
                    "go program",
                    "go library",
                    "go code",
                    "go package",
                    "using go",
                    "go module",
                ],
            ),
            (Language::Python, &["python", "python3", "in py"]),
            (
                Language::Html,
                &[
                    "html",
                    "single file",
                    "no framework",
                    "vanilla js",
                    "without react",
                    "no react",
                    "plain javascript",
                ],
            ),
        ];
        let mut found: Option<(usize, Language)> = None;
        for (language, names) in script {
            for name in names {
                if let Some(at) = self.flat.rfind(&format!(" {name} "))
                    && found.is_none_or(|(best, _)| at > best)
                {
                    found = Some((at, language));
                }
            }
        }
        found.map(|(_, language)| language)
    }

    pub fn other_language(&self) -> Option<&'static str> {
        let others = [
            ("Java", &["java"][..]),
            ("C#", &["c #", "csharp", "dotnet"]),
            ("C++", &["c + +", "cpp"]),
            ("C", &["in c"]),
            ("Ruby", &["ruby"]),
            ("PHP", &["php"]),
            ("Kotlin", &["kotlin"]),
            ("Swift", &["swift"]),
            ("Bash", &["bash", "shell script", "in shell", "zsh", "powershell"]),
            ("Haskell", &["haskell"]),
            ("Elixir", &["elixir"]),
            ("Scala", &["scala"]),
            ("Lua", &["lua"]),
            ("Perl", &["perl"]),
            ("R", &["in r"]),
            ("Zig", &["zig"]),
            ("Dart", &["dart"]),
        ];
        let with_signs = format!(" {} ", self.tokens.join(" "));
        let found = others
            .iter()
            .find(|(_, names)| names.iter().any(|name| with_signs.contains(&format!(" {name} "))));
        found.map(|(name, _)| *name).filter(|_| self.language().is_none())
    }

    pub fn accent(&self) -> &'static str {
        let colours = [
            ("blue", "blue"),
            ("navy", "blue"),
            ("green", "emerald"),
            ("red", "red"),
            ("purple", "violet"),
            ("violet", "violet"),
            ("pink", "pink"),
            ("orange", "orange"),
            ("yellow", "amber"),
            ("gold", "amber"),
            ("amber", "amber"),
            ("teal", "teal"),
            ("turquoise", "teal"),
            ("cyan", "cyan"),
            ("indigo", "indigo"),
            ("rose", "rose"),
            ("lime", "lime"),
            ("black", "neutral"),
            ("grey", "neutral"),
            ("gray", "neutral"),
        ];
        let mut found: Option<(usize, &'static str)> = None;
        for (word, family) in colours {
            if let Some(at) = self.flat.rfind(&format!(" {word} "))
                && found.is_none_or(|(best, _)| at > best)
            {
                found = Some((at, family));
            }
        }
        found.map_or("indigo", |(_, family)| family)
    }

    /// A title the user gave: after "called", "named", "titled" or "rename it to".
    pub fn given_title(&self) -> Option<String> {
        let lower = self.raw.to_lowercase();
        if lower.len() != self.raw.len() {
            return None;
        }
        let marks = [
            "called ",
            "named ",
            "titled ",
            "rename it to ",
            "rename it ",
            "call it ",
            "change the title to ",
            "name it ",
            "title: ",
        ];
        let at = marks.iter().filter_map(|mark| lower.rfind(mark).map(|at| at + mark.len())).max()?;
        let rest = self.raw.get(at..)?.trim_start();
        let quotes = [('"', '"'), ('\'', '\''), ('“', '”'), ('«', '»'), ('`', '`')];
        let title = if let Some((_, close)) = quotes.iter().find(|(open, _)| rest.starts_with(*open)) {
            rest.chars().skip(1).take_while(|c| c != close && *c != '\n').collect::<String>()
        } else {
            let words = rest.split_whitespace().take(4);
            let mut title: Vec<&str> = Vec::new();
            for word in words {
                if ["with", "that", "and", "for", "which", "where", "in", "to", "using"].contains(&word) {
                    break;
                }
                title.push(word.trim_end_matches(['.', ',', ';', ':', '!', '?']));
                if word.ends_with(['.', ',', ';', ':', '!', '?']) {
                    break;
                }
            }
            title.join(" ")
        };
        let title = literal::shortened(&literal::words(&title), 40);
        (!title.is_empty()).then_some(title)
    }

    /// Names of fields that a change wants gone, in camelCase.
    pub fn dropped(&self) -> Vec<String> {
        let mut gone = Vec::new();
        let mut dropping = false;
        for window in 0..self.tokens.len() {
            let word = self.tokens[window].as_str();
            match word {
                "remove" | "drop" | "delete" | "without" | "hide" => dropping = true,
                "add" | "." | "\n" | "with" => dropping = false,
                _ if dropping => {
                    let two = self.tokens.get(window + 1).map(|next| format!("{word} {next}"));
                    let known =
                        two.and_then(|two| crate::words::field(&two)).or_else(|| crate::words::field(word));
                    gone.push(known.map_or_else(|| crate::words::camel(word), |field| field.name.clone()));
                }
                _ => {}
            }
        }
        gone
    }
}

pub fn is_word(token: &str) -> bool {
    token.starts_with(char::is_alphanumeric)
}

fn tokenize(raw: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = raw.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
            continue;
        }
        // An apostrophe inside a word stays out of it: "don't" is "dont", "user's" is "users".
        let inside = at > 0
            && letters[at - 1].is_alphanumeric()
            && letters.get(at + 1).is_some_and(|c| c.is_alphanumeric());
        if inside && matches!(letter, '\'' | '’') {
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if *letter == '\n' {
            tokens.push("\n".to_owned());
        } else if !(letter.is_whitespace() || inside && matches!(letter, '-' | '_' | '/')) {
            tokens.push(letter.to_string());
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_read_from_words() {
        let language = |text: &str| Text::new(text).language();
        assert_eq!(language("a debounce function in TypeScript"), Some(Language::TypeScript));
        assert_eq!(language("go to the shop"), None);
        assert_eq!(language("LRU cache in Go"), Some(Language::Go));
        assert_eq!(Text::new("a stack in Java").other_language(), Some("Java"));
        assert_eq!(Text::new("a stack in C++").other_language(), Some("C++"));
    }

    #[test]
    fn titles_that_were_given_are_taken() {
        assert_eq!(
            Text::new("a todo app called \"Ship it\" with tags").given_title().as_deref(),
            Some("Ship it")
        );
        assert_eq!(Text::new("a todo app named Slate with tags").given_title().as_deref(), Some("Slate"));
        assert_eq!(Text::new("a todo app").given_title(), None);
    }
}
