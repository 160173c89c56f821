//! The check of files of every language that is read: no content makes it panic, hang or overflow the stack.

#![no_main]

use aether_artifact::{File, check};
use aether_common::model::generation::{FileStatus, Kind};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 18] = [
    "a.ts", "a.tsx", "a.js", "a.cjs", "a.d.ts", "a.py", "a.rs", "a.go", "a.sh", "a.java", "a.rb", "a.c", "openapi.json",
    "openapi.yaml", "a.toml", "index.html", "tsconfig.json", "a.css",
];

fuzz_target!(|input: (u8, u8, String)| {
    let (kind, name, content) = input;
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let path = NAMES[usize::from(name) % NAMES.len()].to_owned();
    let mut files = [File { path, language: String::new(), content, status: FileStatus::Complete }];
    let validation = check(kind, &mut files);
    assert!(validation.issues.len() <= 50);
    assert_eq!(validation.ok, validation.issues.is_empty());
});
