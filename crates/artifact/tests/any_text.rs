//! What holds for every text: the cut of the pieces changes nothing, nothing panics, no path leads out, and what was put
//! into a file comes out of it. The fuzz targets of `fuzz/` enter at the same places.

use std::collections::HashSet;

use aether_artifact::{File, Parser, check, is_safe, parse, replace_file, writable};
use aether_common::model::generation::{FileStatus, Kind};
use proptest::prelude::*;

/// Texts of the things that matter to a reader of fences.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just("```"),
        2 => Just("````"),
        1 => Just("~~~"),
        4 => Just("\n"),
        1 => Just("\r\n"),
        1 => Just(" "),
        1 => Just("   "),
        2 => Just("path=a.py"),
        1 => Just("path=\"../b c\""),
        1 => Just("path=A.py final-newline=no"),
        1 => Just("py"),
        1 => Just("md "),
        1 => Just("tsx:src/App.tsx"),
        1 => Just("### `src/x.ts`"),
        1 => Just("// a/b.c"),
        1 => Just("é😀"),
        1 => Just("{\"a\": 1}"),
        1 => Just("x = [1]"),
        1 => Just("# ..."),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(&Kind::ALL[..])
}

/// Content of any of the languages that are read, much of it broken.
fn content() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        &[
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "<",
            ">",
            "\"",
            "'",
            "`",
            "${",
            "\n",
            "  ",
            "a",
            "=",
            ":",
            "- ",
            "&a ",
            "*a",
            "#",
            "//",
            "/*",
            "*/",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<<EOF\n",
            "EOF\n",
            "if ",
            "def f():",
            "class A",
            "fn ",
            "let ",
            "=>",
            "...",
            "$ref: '#/a'",
            "openapi: 3.1.0\n",
            "paths:\n",
            "  /a/{b}: ",
            "import './x'",
            "\0",
            "é",
            "\u{2028}",
            "\\",
            "%",
            "r#\"",
            "\"\"\"",
            "1e999",
            "!!x ",
            "? ",
        ][..],
    );
    prop_oneof![
        6 => prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a.py".to_owned()),
        Just("src/B c.tsx".to_owned()),
        Just("Ä/é`.md".to_owned()),
        "[a-zA-Z./ \\-_]{1,30}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cut_of_the_pieces_changes_nothing(text in markdown(), kind in kind(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).filter(|cut| text.is_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let mut parser = Parser::new(kind);
        let mut from = 0;
        for cut in cuts {
            parser.push(&text[from..cut]);
            prop_assert_eq!(parser.files(), parse(&text[..cut], kind));
            from = cut;
        }
        parser.push(&text[from..]);
        prop_assert_eq!(parser.finish(), parse(&text, kind));
    }

    #[test]
    fn paths_that_can_be_used_are_safe_and_do_not_clash(text in markdown(), kind in kind()) {
        let files = parse(&text, kind);
        let mut seen = HashSet::new();
        for file in files.iter().filter(|file| file.status != FileStatus::Invalid) {
            prop_assert!(is_safe(&file.path), "{:?}", file.path);
            prop_assert!(seen.insert(file.path.to_lowercase()));
        }
        for file in files.iter().filter(|file| file.status == FileStatus::Complete) {
            prop_assert!(writable(&files).any(|other| other.path == file.path));
        }
    }

    #[test]
    fn what_is_put_into_a_file_comes_out_of_it(text in markdown(), kind in kind(), path in path(), new in content()) {
        if let Some(changed) = replace_file(&text, kind, &path, &new) {
            let files = parse(&changed, kind);
            let held: Vec<&File> = files.iter().filter(|file| file.status == FileStatus::Complete && file.content == new).collect();
            prop_assert!(!held.is_empty());
            // It can be done again, and then changes nothing more.
            prop_assert_eq!(replace_file(&changed, kind, &path, &new), Some(changed));
        }
    }

    #[test]
    fn every_safe_path_can_be_put_into_a_text_that_has_no_file(path in path(), new in content()) {
        prop_assert_eq!(replace_file("Hello.", Kind::Code, &path, &new).is_some(), is_safe(&path) || replace_file("", Kind::Code, &path, "").is_some());
    }

    #[test]
    fn no_content_makes_the_check_panic(new in content(), kind in kind(), extension in prop::sample::select(&["ts", "tsx", "js", "py", "rs", "go", "sh", "java", "rb", "c", "json", "yaml", "toml", "html", "css", "d.ts"][..])) {
        let path = format!("a.{extension}");
        let mut files = [File { path, language: String::new(), content: new, status: FileStatus::Complete }];
        let validation = check(kind, &mut files);
        prop_assert!(validation.issues.len() <= 50);
        prop_assert_eq!(validation.ok, validation.issues.is_empty());
    }
}
