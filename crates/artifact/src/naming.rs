//! Which file a fenced block is: named by its info string, by the line before it, by the comment on its first line, or,
//! for a block that stands alone, by its language.

use aether_common::model::generation::Kind;

use crate::{
    fence::Fence,
    path::{MAX_PATH_BYTES, normalise},
};

/// The language word of an info string, lower-case; may be empty.
pub(crate) fn language(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or("");
    // ```tsx:src/App.tsx
    let word = word.split_once(':').filter(|(_, path)| looks_like_path(path)).map_or(word, |(word, _)| word);
    let word = word.trim_start_matches('{').trim_end_matches(['}', ',']);
    if word.contains('=') || word.contains('/') || word.len() > 40 {
        String::new()
    } else {
        word.to_lowercase()
    }
}

/// The path that a block names; `None` for a block that names none.
pub(crate) fn path(fence: &Fence, language: &str) -> Option<String> {
    let info = fence.info.as_str();
    if let Some(path) = ["path", "file", "filename", "title"].iter().find_map(|name| attribute(info, name)) {
        return Some(normalise(path));
    }
    let mut words = info.split_whitespace();
    let first = words.next().unwrap_or("");
    // ```tsx src/App.tsx, ```tsx:src/App.tsx, ```src/App.tsx
    if let Some(word) = words
        .next()
        .or_else(|| first.split_once(':').map(|(_, path)| path))
        .or_else(|| first.contains('/').then_some(first))
        .filter(|word| looks_like_path(word))
    {
        return Some(normalise(word));
    }
    // **src/App.tsx**, ### `src/App.tsx`, src/App.tsx:, File: src/App.tsx
    let named = heading(&fence.before);
    if looks_like_path(named) && !is_example_of_use(language, named) {
        return Some(normalise(named));
    }
    // The first line is a comment that holds nothing but a path.
    let first = fence.content.lines().next().unwrap_or("").trim();
    let commented = ["//", "#", "--", "<!--", "/*"].iter().find_map(|sign| first.strip_prefix(sign))?;
    let word = commented.trim_end_matches("-->").trim_end_matches("*/").trim();
    (looks_like_path(word) && !word.starts_with('!')).then(|| normalise(word))
}

/// The path of a block that stands alone and names none.
pub(crate) fn usual_path(kind: Kind, language: &str) -> Option<&'static str> {
    Some(match (kind, language) {
        (Kind::Api, "yaml" | "yml") => "openapi.yaml",
        (Kind::Api, "json") => "openapi.json",
        (Kind::Ui | Kind::Code, "html") => "index.html",
        (Kind::Ui, "tsx" | "jsx" | "ts" | "js" | "typescript" | "javascript") => "src/App.tsx",
        (Kind::Code | Kind::Cli, "python" | "py") => "main.py",
        (Kind::Code | Kind::Cli, "javascript" | "js") => "main.js",
        (Kind::Code | Kind::Cli, "typescript" | "ts") => "main.ts",
        (Kind::Code | Kind::Cli, "rust" | "rs") => "main.rs",
        (Kind::Code | Kind::Cli, "go") => "main.go",
        (Kind::Code | Kind::Cli, "ruby" | "rb") => "main.rb",
        (Kind::Code | Kind::Cli, "java") => "Main.java",
        (Kind::Code | Kind::Cli, "c") => "main.c",
        (Kind::Code | Kind::Cli, "bash" | "sh") => "main.sh",
        (Kind::Code, "sql") => "main.sql",
        _ => return None,
    })
}

fn heading(line: &str) -> &str {
    const FRAME: [char; 7] = ['#', '*', '`', ':', ' ', '_', '-'];
    let line = line.trim_matches(FRAME);
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ')', ' ']);
    let line = ["File:", "Filename:", "Path:", "file:", "filename:", "path:"]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    line.trim_matches(FRAME)
}

/// `main.py:` before a block of shell is how to run it, not what it is.
fn is_example_of_use(language: &str, path: &str) -> bool {
    let shell =
        matches!(language, "sh" | "bash" | "shell" | "console" | "zsh" | "text" | "txt" | "plaintext");
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    shell && !matches!(extension, "sh" | "bash" | "zsh" | "txt" | "env" | "example")
}

fn attribute<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = info;
    let mut at_start = true;
    loop {
        let at = rest.find(name)?;
        let starts_word = if at == 0 { at_start } else { rest[..at].ends_with([' ', '\t', '{', ',']) };
        let after = &rest[at + name.len()..];
        if let Some(value) = after.strip_prefix('=').filter(|_| starts_word) {
            let value = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split(quote).next()?,
                _ => value.split([' ', '\t', '}', ',']).next()?,
            };
            return (!value.is_empty()).then_some(value);
        }
        rest = after;
        at_start = false;
    }
}

fn looks_like_path(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or("");
    let dotted = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=10).contains(&extension.len())
            && extension.chars().all(char::is_alphanumeric)
            && extension.chars().any(|c| !c.is_ascii_digit())
    });
    let known =
        matches!(name, "Dockerfile" | "Makefile" | "Procfile" | ".gitignore" | ".env.example" | ".env");
    (dotted || known)
        && word.len() <= MAX_PATH_BYTES
        && !word.contains(char::is_whitespace)
        && !word.contains("://")
}
