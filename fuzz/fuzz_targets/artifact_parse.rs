//! The model's text to files: any cut of it gives the same files, their paths are safe, and what is put into one of them
//! comes out of it.

#![no_main]

use aether_artifact::{Parser, is_safe, parse, replace_file};
use aether_common::model::generation::{FileStatus, Kind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<u8>, String, String)| {
    let (kind, cuts, text, content) = input;
    let kind = Kind::ALL[usize::from(kind) % Kind::ALL.len()];
    let files = parse(&text, kind);

    let mut parser = Parser::new(kind);
    let mut rest = text.as_str();
    for cut in cuts {
        let mut end = usize::from(cut).min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        parser.push(&rest[..end]);
        rest = &rest[end..];
    }
    parser.push(rest);
    assert_eq!(parser.finish(), files);

    for file in files.iter().filter(|file| file.status != FileStatus::Invalid) {
        assert!(is_safe(&file.path));
        // `None` is an answer too: the text may end inside another block.
        if let Some(changed) = replace_file(&text, kind, &file.path, &content) {
            let held = parse(&changed, kind).into_iter().find(|other| other.path == file.path);
            assert_eq!(held.map(|held| held.content), Some(content.clone()));
        }
    }
});
