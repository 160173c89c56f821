//! Finds where a model wrote "the rest stays as it is" instead of the rest. A whole line must be a comment that stands
//! for code; a comment that merely speaks of the rest of something is left alone.

/// The number (from 1) and text of the first line that stands for left-out code. `None` in languages whose comments are not known.
pub(super) fn find<'a>(extension: &str, content: &'a str) -> Option<(usize, &'a str)> {
    let signs = signs(extension)?;
    let mut inside = None;
    let mut lines: Vec<(&str, Line<'_>)> = Vec::new();
    for line in content.lines() {
        // What stands in a comment or text of several lines is an example, or speaks of the code.
        if let Some(end) = inside {
            if line.contains(end) {
                inside = None;
            }
            lines.push((line, Line::Comment("")));
            continue;
        }
        inside = opens(extension, line.trim());
        let is_doc =
            extension == "rs" && ["///", "//!"].iter().any(|sign| line.trim_start().starts_with(sign));
        let kind = if inside.is_some() || is_doc { Line::Comment("") } else { classify(line, signs) };
        lines.push((line, kind));
    }
    let is_comment = |at: Option<usize>| {
        at.and_then(|at| lines.get(at)).is_some_and(|(_, line)| matches!(line, Line::Comment(_)))
    };
    lines.iter().enumerate().find_map(|(at, (line, kind))| {
        let Line::Comment(text) = *kind else { return None };
        let before = is_comment(at.checked_sub(1));
        let after = is_comment(Some(at + 1));
        // Amid a longer comment words and dots are part of what it says; at its edge only clear words are not.
        let found = match (before, after) {
            (true, true) => false,
            (false, false) => is_dots(text) || stands_for_code(text, false),
            _ => stands_for_code(text, true),
        };
        found.then_some((at + 1, *line))
    })
}

/// What ends the comment or text of several lines that begins on this line and does not end on it.
fn opens(extension: &str, line: &str) -> Option<&'static str> {
    let unended = |end: &'static str, from: usize| (!line[from..].contains(end)).then_some(end);
    match extension {
        "py" => ["\"\"\"", "'''"].into_iter().find(|quote| line.matches(quote).count() % 2 == 1),
        "rb" | "sh" | "bash" | "yaml" | "yml" | "toml" | "sql" | "lua" | "dockerfile" | "makefile" => None,
        _ if line.starts_with("/*") => unended("*/", 2),
        _ if line.starts_with("<!--") => unended("-->", 4),
        _ => None,
    }
}

/// The number and text of the first line of nothing but dots: an error in nearly every language, but not in all.
pub(super) fn lone_dots(content: &str) -> Option<(usize, &str)> {
    content
        .lines()
        .enumerate()
        .find(|(_, line)| is_dots(line.trim()))
        .map(|(number, line)| (number + 1, line))
}

#[derive(Clone, Copy)]
enum Line<'a> {
    Comment(&'a str),
    Code,
}

/// What begins a comment, longest first, in files of this extension.
fn signs(extension: &str) -> Option<&'static [&'static str]> {
    Some(match extension {
        "ts" | "tsx" | "js" | "jsx" | "mjs" | "cjs" | "mts" | "cts" | "rs" | "go" | "java" | "c" | "h"
        | "cc" | "cpp" | "hpp" | "cs" | "kt" | "swift" | "dart" | "scala" | "scss" | "less" | "css" => {
            &["{/*", "/*", "//"]
        }
        "php" => &["/*", "//", "#"],
        "vue" | "svelte" | "html" | "htm" => &["<!--", "{/*", "/*", "//"],
        "py" | "rb" | "sh" | "bash" | "yaml" | "yml" | "toml" | "dockerfile" | "makefile" => &["#"],
        "xml" | "svg" => &["<!--"],
        "sql" | "lua" => &["--"],
        _ => return None,
    })
}

fn classify<'a>(line: &'a str, signs: &[&str]) -> Line<'a> {
    let line = line.trim();
    let Some(rest) = signs.iter().find_map(|sign| line.strip_prefix(sign)) else { return Line::Code };
    let rest = rest.trim_end_matches("-->").trim_end_matches('}').trim_end_matches("*/");
    Line::Comment(rest.trim_start_matches(['/', '#', '*', '!']).trim())
}

fn is_dots(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| matches!(c, '.' | '…'))
        && (text.contains('…') || text.len() >= 3)
}

/// `surely`: only what cannot be a part of a longer comment.
fn stands_for_code(comment: &str, surely: bool) -> bool {
    // A comment of a paragraph's length says something.
    if comment.len() > 160 {
        return false;
    }
    let comment = comment.to_lowercase();
    let bare = comment.trim_matches(['[', ']', '(', ')', '<', '>', '-', '=', '*', ' ']);
    let body = bare.trim_matches(['.', '…', ' ', ':', '!', ')', '(']);
    let dotted =
        bare.starts_with("...") || bare.starts_with('…') || bare.ends_with("...") || bare.ends_with('…');
    let words: Vec<&str> = body
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| {
            !matches!(
                *word,
                "" | "the" | "your" | "our" | "my" | "all" | "of" | "this" | "that" | "is" | "are" | "and"
            )
        })
        .collect();
    let pair = |first: &[&str], second: &[&str]| {
        words.windows(2).any(|two| first.contains(&two[0]) && second.contains(&two[1]))
    };
    if pair(&["omitted", "truncated", "skipped", "shortened", "abbreviated", "removed", "out"], &["for"])
        && words.contains(&"brevity")
    {
        return true;
    }
    if dotted && speaks_of_other_code(&words) {
        return true;
    }
    if surely {
        return false;
    }
    let Some((first, rest)) = words.split_first() else { return false };
    match *first {
        // "rest of the code unchanged", "remaining methods stay the same", "existing code here"
        "rest" | "remaining" | "existing" | "previous" | "other" | "same" | "unchanged" => {
            rest.iter().any(|word| CODE.contains(word)) && ends_as_placeholder(rest)
        }
        // "code unchanged", "implementation goes here", "imports remain the same"
        word if CODE.contains(&word) => {
            (1..=4).contains(&rest.len()) && rest.iter().all(|word| STAYS.contains(word))
        }
        // "keep the existing code", "add your code here", "insert the rest of the code"
        "keep" | "add" | "insert" | "put" | "paste" | "include" | "copy" => {
            rest.iter().any(|word| matches!(*word, "code" | "implementation" | "logic"))
                && (rest.last() == Some(&"here")
                    || rest
                        .iter()
                        .any(|word| matches!(*word, "existing" | "rest" | "remaining" | "unchanged")))
        }
        "no" => words == ["no", "changes", "here"] || words == ["no", "change", "here"],
        _ => false,
    }
}

const CODE: [&str; 34] = [
    "code",
    "implementation",
    "implementations",
    "logic",
    "file",
    "component",
    "components",
    "function",
    "functions",
    "method",
    "methods",
    "class",
    "classes",
    "module",
    "imports",
    "styles",
    "css",
    "html",
    "markup",
    "jsx",
    "template",
    "content",
    "script",
    "routes",
    "handlers",
    "endpoints",
    "props",
    "state",
    "fields",
    "tests",
    "cases",
    "schemas",
    "definitions",
    "program",
];

const STAYS: [&str; 19] = [
    "unchanged",
    "same",
    "here",
    "remains",
    "remain",
    "stays",
    "stay",
    "goes",
    "go",
    "before",
    "as",
    "omitted",
    "continues",
    "above",
    "below",
    "intact",
    "untouched",
    "follows",
    "identical",
];

/// The words after what is left out say that it stays, or there is no word after it.
fn ends_as_placeholder(words: &[&str]) -> bool {
    match words.iter().rposition(|word| CODE.contains(word)) {
        // "existing code" alone is one; "existing methods" may be a heading over them.
        Some(at) if at + 1 == words.len() => matches!(words, ["code" | "implementation"]),
        Some(at) => words[at + 1..].iter().all(|word| STAYS.contains(word)),
        None => words.iter().all(|word| STAYS.contains(word)),
    }
}

/// With dots before or after it, fewer words are enough.
fn speaks_of_other_code(words: &[&str]) -> bool {
    let has = |word: &str| words.contains(&word);
    let code = words.iter().any(|word| CODE.contains(word));
    has("unchanged")
        || has("omitted")
        || words.windows(2).any(|two| matches!(two, ["same" | "as", "before" | "above"] | ["same", "as"]))
        || (has("rest") && (code || words.len() <= 2))
        || ((has("existing") || has("remaining") || has("previous")) && (code || words.len() <= 3))
        || ((has("other") || has("more") || has("similar")) && code && words.len() <= 4)
        || (code && (has("here") || has("goes")) && words.len() <= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_that_stands_for_code_is_found() {
        for (extension, line) in [
            ("ts", "  // ... rest of the code unchanged"),
            ("ts", "// ... rest of the code ..."),
            ("js", "// ...existing code..."),
            ("py", "    # existing code here"),
            ("py", "# ... existing code ..."),
            ("py", "# rest of the code remains the same"),
            ("py", "# Rest of your code stays as before"),
            ("tsx", "{/* ... same as before ... */}"),
            ("tsx", "      {/* ... rest of the component */}"),
            ("tsx", "{/* existing JSX unchanged */}"),
            ("html", "<!-- rest of the HTML remains unchanged -->"),
            ("html", "<!-- ... -->"),
            ("css", "/* ... existing styles ... */"),
            ("css", "/* previous styles here */"),
            ("go", "// …"),
            ("rs", "// ... other methods ..."),
            ("rs", "// (implementation omitted for brevity)"),
            ("java", "// remaining methods unchanged"),
            ("java", "// Your code here"),
            ("java", "// Add your code here"),
            ("java", "// implementation goes here"),
            ("yaml", "# ... remaining paths ..."),
            ("sql", "-- ... rest of the schema unchanged"),
            ("ts", "// [rest of the file unchanged]"),
            ("ts", "// Keep existing code"),
        ] {
            let content = format!("first();\n\n{line}\nlast();\n");
            assert_eq!(find(extension, &content).map(|(number, _)| number), Some(3), "{line}");
        }
    }

    #[test]
    fn a_comment_that_says_something_is_left_alone() {
        for (extension, line) in [
            ("ts", "// The rest of the line is a comment."),
            ("ts", "// rest of the arguments"),
            ("ts", "// existing entries keep their order"),
            ("ts", "// Remaining time in seconds"),
            ("ts", "// other methods"),
            ("ts", "// Loading..."),
            ("ts", "// wait for the other side..."),
            ("ts", "// e.g. foo(a, ...rest)"),
            ("ts", "const a = [...rest]; // ..."),
            ("ts", "// The file stays open until the end."),
            ("ts", "// Same as `find`, but from the end."),
            ("py", "# Existing users keep their password."),
            ("py", "# ... and then the cache is cleared"),
            ("py", "# Skip the header, keep the code here short"),
            ("py", "    ..."),
            ("py", "# type: ignore"),
            ("rs", "//! Code here never panics."),
            ("rs", "// previous and next are swapped"),
            ("css", "/* Components */"),
            ("css", "/* Previous button */"),
            ("md", "... existing code ..."),
            ("txt", "# ... existing code ..."),
            ("rs", "// State is kept."),
        ] {
            let content = format!("first();\n\n{line}\nlast();\n");
            assert_eq!(find(extension, &content), None, "{line}");
        }
    }

    #[test]
    fn dots_amid_a_longer_comment_are_part_of_what_it_says() {
        assert!(find("py", "# Usage:\n#   a = 1\n#   ...\n#   b = 2\nx = 1\n").is_none());
        assert!(find("py", "x = 1\n# ...\ny = 2\n").is_some());
        assert!(find("ts", "// Told is what the\n// code below\n// needs.\nx();").is_none());
        assert!(find("ts", "/**\n * // ... existing code ...\n */\nx();").is_none());
        assert!(find("py", "def a():\n    \"\"\"Use:\n    # ... existing code ...\n    \"\"\"\n").is_none());
        assert!(find("rs", "/// a\n//! // ... other methods\nfn a() {}\n").is_none());
        assert!(find("ts", "// App.tsx\n// ... rest of the code unchanged\n").is_some());
    }

    #[test]
    fn lines_of_dots_are_found() {
        assert_eq!(lone_dots("a\n  ...\nb"), Some((2, "  ...")));
        assert_eq!(lone_dots("a\n…\n"), Some((2, "…")));
        assert_eq!(lone_dots("a ...\n..\n"), None);
    }
}
