//! From the model's Markdown to files. The prompts ask that each file be a fenced block whose info string is
//! `LANGUAGE path=RELATIVE/PATH`; what comes in another form is inferred from its surroundings or marked invalid.

use std::collections::HashSet;

use aether_common::model::generation::{FileInfo, FileStatus, Kind};

/// A longer path is refused.
const MAX_PATH_BYTES: usize = 200;
/// What comes after is not looked at: no artifact of ours has as many files.
const MAX_FILES: usize = 200;

/// A file of the artifact with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/`, unique without regard to case.
    pub path: String,
    /// The fence's language word, lower-case; may be empty.
    pub language: String,
    /// The text between the fences.
    pub content: String,
    /// Whether it can be used.
    pub status: FileStatus,
}

struct Fence<'a> {
    info: &'a str,
    /// The line of text before the fence that is not blank: often names the file.
    before: &'a str,
    content: String,
    closed: bool,
}

/// The files in `text`, in its order. A fence that is still open at the end gives a truncated file.
pub fn parse(text: &str, kind: Kind) -> Vec<File> {
    let fences = fences(text);
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for fence in &fences {
        let language = fence.info.split_whitespace().next().unwrap_or("").to_lowercase();
        let language = if language.contains('=') { String::new() } else { language };
        let Some(path) = path_of(fence, &language, kind, fences.len()) else { continue };
        let usable = is_safe(&path) && seen.insert(path.to_lowercase());
        let status = match (usable, fence.closed) {
            (false, _) => FileStatus::Invalid,
            (true, false) => FileStatus::Truncated,
            (true, true) => FileStatus::Complete,
        };
        files.push(File { path, language, content: fence.content.clone(), status });
        if files.len() == MAX_FILES {
            break;
        }
    }
    files
}

/// Whether a path can be written under any folder on any system: relative, no `..`, no drive, no device name.
pub fn is_safe(path: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com1", "lpt1"];
    !path.is_empty()
        && path.len() <= MAX_PATH_BYTES
        && !path
            .chars()
            .any(|c| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
        && path.split('/').all(|part| {
            let stem = part.split('.').next().unwrap_or("").to_lowercase();
            !part.is_empty()
                && part != "."
                && part != ".."
                && !part.ends_with(['.', ' '])
                && !DEVICES.contains(&stem.as_str())
        })
}

impl File {
    /// What is told of the file.
    pub fn info(&self) -> FileInfo {
        FileInfo {
            path: self.path.clone(),
            language: self.language.clone(),
            bytes: self.content.len() as u64,
            status: self.status,
        }
    }
}

/// The fenced code blocks of `text` (CommonMark 0.31 section 4.5), outermost only.
fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize, usize, Fence<'_>)> = None;
    let mut before = "";
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let indent = bare.len() - bare.trim_start_matches(' ').len();
        let body = &bare[indent..];
        if let Some((mark, length, fence_indent, fence)) = &mut open {
            let run = body.chars().take_while(|c| c == mark).count();
            if indent <= 3 && run >= *length && body[run..].trim().is_empty() {
                let (.., mut done) = (0, 0, std::mem::replace(fence, empty()));
                done.closed = true;
                found.push(done);
                open = None;
                before = "";
            } else {
                // A fence's own indentation is taken off its lines, as CommonMark says.
                let strip = indent.min(*fence_indent);
                fence.content.push_str(&line[strip.min(line.len())..]);
            }
            continue;
        }
        let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'));
        let run = mark.map_or(0, |mark| body.chars().take_while(|c| *c == mark).count());
        let info = body.get(run..).unwrap_or("").trim();
        if let Some(mark) = mark
            && indent <= 3
            && run >= 3
            && !(mark == '`' && info.contains('`'))
        {
            open = Some((mark, run, indent, Fence { info, before, content: String::new(), closed: false }));
        } else if !bare.trim().is_empty() {
            before = bare.trim();
        }
    }
    if let Some((.., fence)) = open {
        found.push(fence);
    }
    found
}

fn empty() -> Fence<'static> {
    Fence { info: "", before: "", content: String::new(), closed: false }
}

/// The path that a fence names, or that its surroundings let infer; `None` for a block that is no file.
fn path_of(fence: &Fence<'_>, language: &str, kind: Kind, fences: usize) -> Option<String> {
    if let Some(path) = attribute(fence.info, "path")
        .or_else(|| attribute(fence.info, "file"))
        .or_else(|| attribute(fence.info, "filename"))
        .or_else(|| attribute(fence.info, "title"))
    {
        return Some(path.trim_start_matches("./").to_owned());
    }
    // ```tsx src/App.tsx
    if let Some(word) = fence.info.split_whitespace().nth(1).filter(|word| looks_like_path(word)) {
        return Some(word.trim_start_matches("./").to_owned());
    }
    // **src/App.tsx**, ### `src/App.tsx`, src/App.tsx:
    let named = fence.before.trim_matches(|c: char| matches!(c, '#' | '*' | '`' | ':' | ' ' | '_'));
    if looks_like_path(named) {
        return Some(named.trim_start_matches("./").to_owned());
    }
    // The first line is a comment that holds nothing but a path.
    let first = fence.content.lines().next().unwrap_or("").trim();
    let commented = ["//", "#", "--", "<!--", "/*"].iter().find_map(|sign| first.strip_prefix(sign));
    if let Some(word) = commented.map(|rest| rest.trim_end_matches("-->").trim_end_matches("*/").trim())
        && looks_like_path(word)
    {
        return Some(word.to_owned());
    }
    let usual = usual_path(kind, language)?;
    // One block alone is the artifact; among several, a block without a name is an example of use.
    (fences == 1).then(|| usual.to_owned())
}

fn attribute<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = info;
    loop {
        let at = rest.find(name)?;
        let starts_word = at == 0 || rest[..at].ends_with([' ', '\t', '{', ',']);
        let after = &rest[at + name.len()..];
        if let Some(value) = after.strip_prefix('=').filter(|_| starts_word) {
            let value = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split(quote).next()?,
                _ => value.split([' ', '\t', '}', ',']).next()?,
            };
            return (!value.is_empty()).then_some(value);
        }
        rest = after;
    }
}

fn looks_like_path(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or("");
    let dotted = name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=10).contains(&extension.len())
            && extension.chars().all(char::is_alphanumeric)
    });
    let known = matches!(name, "Dockerfile" | "Makefile" | ".gitignore" | ".env.example");
    (dotted || known)
        && word.len() <= MAX_PATH_BYTES
        && !word.contains(char::is_whitespace)
        && !word.contains("://")
}

fn usual_path(kind: Kind, language: &str) -> Option<&'static str> {
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
        (Kind::Cli, "bash" | "sh") => "main.sh",
        (Kind::Code, "sql") => "main.sql",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str, kind: Kind) -> Vec<(String, FileStatus)> {
        parse(text, kind).into_iter().map(|file| (file.path, file.status)).collect()
    }

    #[test]
    fn reads_what_the_prompts_ask_for() {
        let text = "Here.\n\n```tsx path=src/App.tsx\nexport default 1;\n```\n\n```css path=\"src/my file.css\"\na{}\n```\nDone.";
        let files = parse(text, Kind::Ui);
        assert_eq!(files[0].path, "src/App.tsx");
        assert_eq!(files[0].language, "tsx");
        assert_eq!(files[0].content, "export default 1;\n");
        assert_eq!(files[1].path, "src/my file.css");
        assert!(files.iter().all(|file| file.status == FileStatus::Complete));
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let text = "````md path=README.md\n```sh\nrun\n```\n````\n";
        let files = parse(text, Kind::Cli);
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].content, "```sh\nrun\n```\n");
    }

    #[test]
    fn an_open_fence_is_a_truncated_file() {
        assert_eq!(paths("```py path=a.py\nprint(", Kind::Code), [("a.py".into(), FileStatus::Truncated)]);
    }

    #[test]
    fn a_path_is_inferred_from_the_heading_the_comment_or_the_kind() {
        assert_eq!(paths("### `src/a.ts`\n```ts\nx\n```", Kind::Ui)[0].0, "src/a.ts");
        assert_eq!(paths("```ts\n// src/b.ts\nx\n```", Kind::Ui)[0].0, "src/b.ts");
        assert_eq!(paths("```python\nx\n```", Kind::Code)[0].0, "main.py");
        assert_eq!(paths("```yaml\nopenapi: 3.1.0\n```", Kind::Api)[0].0, "openapi.yaml");
    }

    #[test]
    fn a_shell_example_beside_a_file_is_no_file() {
        assert_eq!(paths("```py path=a.py\nx\n```\nRun:\n```sh\npython a.py\n```", Kind::Cli).len(), 1);
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_invalid() {
        for path in
            ["../x", "/etc/x", "a/../b", "C:\\x", "CON", "nul.txt", "a//b", "a\u{7}b", "x ", &"a".repeat(300)]
        {
            assert!(!is_safe(path), "{path}");
        }
        for path in ["a", "src/App.tsx", ".gitignore", "a b/c.d", "ünï/códe.py"] {
            assert!(is_safe(path), "{path}");
        }
        let files =
            paths("```py path=../x.py\nx\n```\n```py path=A.py\n1\n```\n```py path=a.py\n2\n```", Kind::Code);
        let status: Vec<_> = files.iter().map(|(_, status)| *status).collect();
        assert_eq!(status, [FileStatus::Invalid, FileStatus::Complete, FileStatus::Invalid]);
    }

    #[test]
    fn no_cut_of_a_text_panics() {
        let text = "Ä ```` ~~~\n~~~js path='é.js' x\n  ```\n~~~\n   ```ts\n// a.ts\r\nx\r\n   ```";
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            for kind in Kind::ALL {
                parse(&text[..end], kind);
            }
        }
    }
}
