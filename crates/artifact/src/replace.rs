//! Puts new content into one file of the model's text and leaves the rest of the text as it is.

use aether_common::model::generation::{FileStatus, Kind};

use crate::{
    parser::{Found, NO_FINAL_NEWLINE, locate},
    path::{is_safe, key, normalise},
};

/// The text in which the block of the file at `path`, or a new block at the end, holds exactly `content`. `None` when
/// the path cannot be used beside the other files, or when a new block is needed and the text ends inside another one.
pub fn replace_file(text: &str, kind: Kind, path: &str, content: &str) -> Option<String> {
    let path = normalise(path);
    if !is_safe(&path) {
        return None;
    }
    let (found, open) = locate(text, kind);
    let wanted = key(&path);
    let at =
        found.iter().position(|one| one.file.status != FileStatus::Invalid && key(&one.file.path) == wanted);
    let new = match at {
        Some(at) => put(text, &found[at], &path, content),
        None if open => return None,
        None => {
            // A block that names no file is one only while it stands alone: now it must say its name.
            let mut new = match found.iter().find(|one| !one.named) {
                Some(one) => put(text, one, &one.file.path, &one.file.content),
                None => text.to_owned(),
            };
            if !new.is_empty() {
                new.push_str(if new.ends_with('\n') { "\n" } else { "\n\n" });
            }
            new.push_str(&block(language(&path), &path, content));
            new
        }
    };
    // The promise is proved, not assumed: a path may still clash, and a text may hold too many files.
    let kept = locate(&new, kind).0;
    let holds = kept.iter().any(|one| {
        one.file.path == path && one.file.content == content && one.file.status == FileStatus::Complete
    });
    holds.then_some(new)
}

fn put(text: &str, found: &Found, path: &str, content: &str) -> String {
    let file = &found.file;
    let language = if file.language.is_empty() { language(path) } else { &file.language };
    let block = block(language, path, content);
    // A text that ended without a line's end goes on to do so.
    let after = &text[found.span.end..];
    let whole = text[found.span.clone()].ends_with('\n');
    let block = if after.is_empty() && !whole { block.trim_end_matches('\n') } else { &block };
    [&text[..found.span.start], block, after].concat()
}

fn block(language: &str, path: &str, content: &str) -> String {
    // An info string after backticks cannot hold a backtick.
    let mark = if path.contains('`') || language.contains('`') { '~' } else { '`' };
    let fence = mark.to_string().repeat((longest_run(content, mark) + 1).max(3));
    let plain = !path.contains([' ', '\t', '}', ',', '\'']);
    let quote = if plain { "" } else { "\"" };
    let unended = !content.is_empty() && !content.ends_with('\n');
    let word = if unended { format!(" {NO_FINAL_NEWLINE}") } else { String::new() };
    let end = if unended { "\n" } else { "" };
    let space = if language.is_empty() { "" } else { " " };
    format!("{fence}{language}{space}path={quote}{path}{quote}{word}\n{content}{end}{fence}\n")
}

fn longest_run(text: &str, mark: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == mark { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The language word that a new block of this path gets.
fn language(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "tsx" => "tsx",
        "jsx" => "jsx",
        "ts" | "mts" | "cts" => "ts",
        "js" | "mjs" | "cjs" => "js",
        "py" => "python",
        "rs" => "rust",
        "go" => "go",
        "rb" => "ruby",
        "java" => "java",
        "c" | "h" => "c",
        "sh" | "bash" => "sh",
        "html" | "htm" => "html",
        "css" => "css",
        "json" => "json",
        "yaml" | "yml" => "yaml",
        "toml" => "toml",
        "md" => "md",
        "sql" => "sql",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn content(text: &str, path: &str) -> Option<String> {
        parse(text, Kind::Code).into_iter().find(|file| file.path == path).map(|file| file.content)
    }

    #[test]
    fn only_the_files_own_block_changes() {
        let text = "One.\n\n```py path=a.py\n1\n```\n\nTwo.\n```py path=b.py\n2\n```\nEnd.";
        let new = replace_file(text, Kind::Code, "a.py", "3\n").unwrap();
        assert_eq!(new, text.replace("1\n", "3\n"));
        let new = replace_file(text, Kind::Code, "./A.py", "3\n").unwrap();
        assert_eq!(new, text.replace("a.py\n1", "A.py\n3"));
    }

    #[test]
    fn any_content_comes_back_byte_for_byte() {
        let text = "```py path=a.py\n1\n```\nEnd.\n";
        let run = "`".repeat(50);
        for new in [
            "",
            "\n",
            "x",
            "x\n",
            "x\r\ny\r\n",
            "x\r",
            "```\n",
            "a\n````md\n```\n````",
            run.as_str(),
            "  ~~~\n",
            "\u{feff}x\n\n",
        ] {
            for path in ["a.py", "new/file.md", "with space, and}.txt", "it's.txt", "back`tick.md"] {
                let text = replace_file(text, Kind::Code, path, new).unwrap();
                assert_eq!(content(&text, path).as_deref(), Some(new), "{path} {new:?} {text}");
                assert!(path == "a.py" || content(&text, "a.py").as_deref() == Some("1\n"));
            }
        }
    }

    #[test]
    fn a_file_that_is_inferred_stays_one_when_another_is_added() {
        let text = "```python\nprint(1)\n```";
        let new = replace_file(text, Kind::Code, "b.py", "2\n").unwrap();
        assert_eq!(content(&new, "main.py").as_deref(), Some("print(1)\n"));
        assert_eq!(content(&new, "b.py").as_deref(), Some("2\n"));
        assert!(content(&replace_file(text, Kind::Code, "main.py", "3").unwrap(), "main.py").is_some());
    }

    #[test]
    fn a_cut_off_file_is_made_whole_but_nothing_is_put_behind_it() {
        let text = "```py path=a.py\nprint(";
        assert_eq!(replace_file(text, Kind::Code, "a.py", "1\n").unwrap(), "```py path=a.py\n1\n```");
        assert_eq!(replace_file(text, Kind::Code, "b.py", "1\n"), None);
    }

    #[test]
    fn a_path_that_cannot_be_used_is_refused() {
        let text = "```py path=a.py\n1\n```\n";
        for path in ["", "../a", "/a", "a.py/b", "con", "a\0"] {
            assert_eq!(replace_file(text, Kind::Code, path, "1"), None, "{path}");
        }
    }
}
