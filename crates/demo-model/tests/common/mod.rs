//! What the artifact tests share: asking, and taking the files out of an answer.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panicking")]

use aether_demo_model::{Ask, Kind, Language, write};
use std::{collections::BTreeMap, path::Path};

pub fn ask(kind: Kind, language: Option<Language>, wishes: &[&str]) -> String {
    write(&Ask { kind, language, wishes: wishes.iter().map(|wish| (*wish).to_owned()).collect() })
}

/// Path and text of each fenced file; panics when a fence is not closed or a path is not relative.
pub fn files(answer: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut lines = answer.lines();
    while let Some(line) = lines.next() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if ticks < 3 {
            continue;
        }
        let (language, path) = line[ticks..].split_once(" path=").expect("an info string with a path");
        assert!(!language.is_empty() && !path.starts_with('/') && !path.contains(".."), "{line}");
        let fence = "`".repeat(ticks);
        let mut body = String::new();
        loop {
            match lines.next() {
                Some(end) if end == fence => break,
                Some(inner) => {
                    body.push_str(inner);
                    body.push('\n');
                }
                None => panic!("the fence of {path} is never closed"),
            }
        }
        assert!(files.insert(path.to_owned(), body).is_none(), "{path} is there twice");
    }
    assert!(!files.is_empty(), "no files in: {answer}");
    files
}

pub fn save(files: &BTreeMap<String, String>, folder: &Path) {
    for (path, body) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, body).expect("a file");
    }
}
