//! Syntax of Python, Rust, Go, shell, Java, Ruby and C by their tree-sitter grammars. A grammar that does not know a new form of its
//! language would call a good file bad, so what the grammars are known to miss is no issue here.

use std::ops::ControlFlow;

use super::closed;
use tree_sitter::{Language, Node, ParseOptions, ParseState, Parser, Tree};

/// A parse reports back about every hundred steps. One that takes more than this, plus one report for so many bytes, is given up,
/// as "nothing found": usual code takes a third of it, and hostile text can take time and memory without end.
const REPORTS: usize = 100;
const BYTES_PER_REPORT: usize = 100;
/// A longer file is not parsed.
const MAX_BYTES: usize = 256 << 10;
/// The same for languages with here-documents, whose scanners take time that grows with the square of how many are open.
const MAX_BYTES_WITH_DOCUMENTS: usize = 48 << 10;

/// What the grammar of Rust does not know (0.24): an error on a line that holds one of these is none.
const NEW_IN_RUST: [&str; 7] = ["safe fn", "safe static", "gen ", "![[", "#[", "pub type ", "$"];

/// Where (line and column, from 1) and how a file breaks its language's rules; `None` when nothing was found.
pub(super) fn find(extension: &str, content: &str) -> Option<(usize, usize, String)> {
    let most = if matches!(extension, "sh" | "bash" | "rb") { MAX_BYTES_WITH_DOCUMENTS } else { MAX_BYTES };
    let tree = tree(&language(extension).filter(|_| content.len() <= most)?, content)?;
    let node = first_error(&tree)?;
    let (line, column) = place(content, node.start_byte());
    let known = match extension {
        "rs" => {
            let text = content.lines().nth(line - 1).unwrap_or("");
            NEW_IN_RUST.iter().any(|form| text.contains(form))
        }
        "c" => closed::c(content),
        "sh" | "bash" => closed::shell(content),
        _ => false,
    };
    if known {
        return None;
    }
    let what = if node.is_missing() {
        format!("`{}` is missing", node.kind())
    } else {
        "this cannot be read".to_owned()
    };
    Some((line, column, what))
}

fn language(extension: &str) -> Option<Language> {
    Some(match extension {
        "py" | "pyi" => tree_sitter_python::LANGUAGE.into(),
        "rs" => tree_sitter_rust::LANGUAGE.into(),
        "go" => tree_sitter_go::LANGUAGE.into(),
        "sh" | "bash" => tree_sitter_bash::LANGUAGE.into(),
        "java" => tree_sitter_java::LANGUAGE.into(),
        "rb" => tree_sitter_ruby::LANGUAGE.into(),
        "c" => tree_sitter_c::LANGUAGE.into(),
        _ => return None,
    })
}

fn tree(language: &Language, content: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let mut reports = 0;
    let most = REPORTS + content.len() / BYTES_PER_REPORT;
    let mut progress = |_: &ParseState| {
        reports += 1;
        if reports < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = content.as_bytes();
    let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
    parser.parse_with_options(&mut read, None, Some(options))
}

/// The first node that is an error and holds no smaller one. No recursion: a tree can be as deep as the text is long.
fn first_error(tree: &Tree) -> Option<Node<'_>> {
    let mut node = tree.root_node();
    if !node.has_error() {
        return None;
    }
    let mut cursor = node.walk();
    loop {
        if node.is_missing() {
            return Some(node);
        }
        let mut child = cursor.goto_first_child();
        while child && !cursor.node().has_error() {
            child = cursor.goto_next_sibling();
        }
        if !child {
            return Some(node);
        }
        node = cursor.node();
    }
}

/// Line and column, both from 1, of a byte.
pub(super) fn place(content: &str, byte: usize) -> (usize, usize) {
    let mut byte = byte.min(content.len());
    while !content.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &content[..byte];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
