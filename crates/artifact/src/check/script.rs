//! Syntax and imports of JavaScript and TypeScript, with JSX or without, by oxc.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;

/// The parser recurses without a guard (oxc issues 21953 and 24375), and a stack that overflows ends the process. So it runs
/// on a stack that is large enough for the deepest nesting that a text with so many nesting words can hold: measured, no
/// word takes more than 4 KiB in a build without optimisation.
const STACK_PER_WORD: usize = 10 * 1024;
const STACK_BASE: usize = 1 << 20;
/// A text with more words that can nest is not parsed: some nestings take the parser time that grows with their square
/// (seconds at this bound). About 60 KB of usual code.
const MAX_NESTING_WORDS: usize = 6_000;
/// The same for a text that nests as nobody writes.
const MAX_WORDS_IF_DEEP: usize = 1_500;
/// How many of these words are parsed of one artifact; each script counts as some more.
pub(super) const ARTIFACT_WORDS: usize = 30_000;
const WORDS_PER_SCRIPT: usize = 30;
/// So many brackets open at once are such a nesting.
const DEEP: usize = 250;

/// One at a time, so that hostile texts cannot take many such stacks at once.
static TURN: Mutex<()> = Mutex::new(());

/// What a script was found to be.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The byte of the first error and what it is.
    pub error: Option<(usize, String)>,
    /// The relative paths that it imports.
    pub imports: Vec<String>,
}

/// The way to read a file of this name; `None` when it is no script.
pub(super) fn source_type(path: &str) -> Option<SourceType> {
    let (stem, extension) = path.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    if matches!(extension.as_str(), "ts" | "mts" | "cts") && stem.rsplit('.').next() == Some("d") {
        return Some(SourceType::d_ts());
    }
    Some(match extension.as_str() {
        "ts" | "mts" | "cts" => SourceType::ts(),
        "tsx" => SourceType::tsx(),
        // What is called .js may be either kind of script, and often holds JSX.
        "js" | "jsx" | "mjs" => SourceType::unambiguous().with_jsx(true),
        "cjs" => SourceType::cjs(),
        _ => return None,
    })
}

/// Parses a script. `None` when it is too much to be parsed, or more than `room` still has; what was parsed is taken off that.
pub(super) fn read(content: &str, source: SourceType, room: &mut usize) -> Option<Script> {
    let words = nesting_words(content);
    if words > MAX_NESTING_WORDS || (words > MAX_WORDS_IF_DEEP && depth(content) > DEEP) {
        return None;
    }
    *room = room.checked_sub(words + WORDS_PER_SCRIPT)?;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        let parse = || parse(content, source);
        let stack = STACK_BASE + words * STACK_PER_WORD;
        thread::Builder::new()
            .name("script".into())
            .stack_size(stack)
            .spawn_scoped(scope, parse)
            .ok()?
            .join()
            .ok()
    })
}

fn parse(content: &str, source: SourceType) -> Script {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, content, source).parse();
    let error = parsed.diagnostics.first().map(|error| {
        let at = error.labels.first().map_or(0, |label| label.offset() as usize);
        (at, error.message.to_string())
    });
    let mut imports: Vec<String> =
        parsed.module_record.requested_modules.keys().map(ToString::to_string).collect();
    for import in &parsed.module_record.dynamic_imports {
        let text = content.get(import.module_request.start as usize..import.module_request.end as usize);
        let quoted = text.filter(|text| text.len() > 2 && text.starts_with(['\'', '"']));
        imports.extend(quoted.map(|text| text[1..text.len() - 1].to_owned()));
    }
    imports.retain(|path| path.starts_with("./") || path.starts_with("../"));
    imports.sort();
    imports.dedup();
    Script { error, imports }
}

/// How many words and signs can open a deeper level of the grammar; those within texts and comments are counted too, so
/// that no trick with quotes can hide one.
fn nesting_words(content: &str) -> usize {
    const WORDS: [&str; 41] = [
        "typeof",
        "void",
        "delete",
        "await",
        "yield",
        "new",
        "if",
        "else",
        "for",
        "while",
        "do",
        "with",
        "try",
        "catch",
        "finally",
        "switch",
        "case",
        "class",
        "function",
        "async",
        "import",
        "export",
        "return",
        "throw",
        "extends",
        "keyof",
        "unique",
        "readonly",
        "infer",
        "is",
        "asserts",
        "as",
        "satisfies",
        "abstract",
        "in",
        "of",
        "instanceof",
        "namespace",
        "module",
        "declare",
        "default",
    ];
    let bytes = content.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_lowercase() {
            let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            count += usize::from(WORDS.iter().any(|word| word.as_bytes() == &bytes[at..at + length]));
            at += length;
            continue;
        }
        count += usize::from(byte.is_ascii_punctuation() && !b")]};,'\"_$#\\".contains(&byte));
        at += 1;
    }
    count
}

/// How many brackets are open at once, at most, quotes and comments not regarded: a guess, to be quick.
fn depth(content: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let mut last = b' ';
    for byte in content.bytes() {
        match byte {
            b'(' | b'[' | b'{' | b'<' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'>' if last != b'=' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
        last = byte;
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_one(content: &str, source: SourceType) -> Option<Script> {
        read(content, source, &mut { ARTIFACT_WORDS })
    }

    fn error(content: &str, extension: &str) -> Option<String> {
        parse_one(content, source_type(&format!("a.{extension}")).unwrap())
            .unwrap()
            .error
            .map(|(_, message)| message)
    }

    #[test]
    fn modern_code_is_read() {
        for (extension, content) in [
            (
                "tsx",
                "import type { A } from './a';\nexport default function App<T,>({ x }: { x: T }) {\n  const y = x satisfies unknown as string | undefined;\n  return <><p key={y}>{y ?? 'a'}</p></>;\n}\n",
            ),
            (
                "ts",
                "enum E { A = 1 }\nabstract class C<const T extends readonly unknown[]> { #p = 1; accessor q = 2; static { this; } }\nusing x = f();\ntype M = { [K in keyof C<[]> as `get${Capitalize<K & string>}`]?: () => C<[]>[K] };\nexport {};\n",
            ),
            (
                "ts",
                "@dec() export class A { constructor(private readonly b: B) {} }\ndeclare module 'x' { export const y: number }\n",
            ),
            (
                "js",
                "const a = await import('./x.js');\nexport const f = async function* () { for await (const b of a?.c ?? []) yield b; };\nlabel: for (;;) break label;\n",
            ),
            (
                "js",
                "const App = () => <div className=\"a\">Don't &amp; {`x${1}`}</div>;\nmodule.exports = { App };\n",
            ),
            (
                "mjs",
                "#!/usr/bin/env node\nimport { a } from 'node:fs';\nconst { b = 1, ...c } = a, d = 1_000n, e = /[/]\\/(?<x>y)/v;\nb ||= c; e?.[0]?.(); class X { static #y; static has(o) { return #y in o; } }\n",
            ),
            ("cjs", "const fs = require('fs');\nif (!fs) return;\nmodule.exports = 1;\n"),
            ("d.ts", "export const a: string;\ndeclare function f(): void;\n"),
            ("jsx", "export default () => <A.B {...p} c:d=\"e\">{/* x */}</A.B>;\n"),
        ] {
            assert_eq!(error(content, extension), None, "{content}");
        }
    }

    #[test]
    fn what_is_cut_off_or_broken_is_found_with_its_place() {
        for content in
            ["function f() {\n  return 1;\n", "const a = `x", "let x = ;", "<div><p></div>", "a b c", "...\n"]
        {
            assert!(error(content, "tsx").is_some(), "{content}");
        }
        let (at, _) = parse_one("let a = 1;\nlet b = ;\n", SourceType::ts()).unwrap().error.unwrap();
        assert_eq!(at, 19);
    }

    #[test]
    fn relative_imports_are_told() {
        let script = parse_one(
            "import a from './a';\nimport './b.css';\nexport * from '../c';\nimport 'react';\nconst d = () => import(\"./d\");\nimport type { E } from './e';\n",
            SourceType::tsx(),
        );
        assert_eq!(script.unwrap().imports, ["../c", "./a", "./b.css", "./d", "./e"]);
    }

    #[test]
    fn no_nesting_overflows_the_stack() {
        let deep = [
            ("(", "1", ")"),
            ("[", "", "]"),
            ("{a:", "1", "}"),
            ("!", "1", ""),
            ("a=", "1", ""),
            ("x=>", "1", ""),
            ("a?", "1", ":1"),
            ("if(a)", "b", ""),
            ("if(a);else ", "b", ""),
            ("{", "", "}"),
            ("<a>", "", "</a>"),
            ("`${", "1", "}`"),
            ("typeof ", "a", ""),
            ("new ", "a", ""),
            ("(a,b?", "1", ":1)"),
            ("(x)=>{", "1", "}"),
            ("async (", "1", ")"),
            ("a<b>(", "1", ")"),
            ("class A{a=", "1", "}"),
            ("function f(){", "", "}"),
            ("a**", "1", ""),
            ("for(;;)", "1", ""),
            ("<a b={", "1", "}/>"),
            ("@a(", "1", ")class A{}"),
            ("let x:()=>", "1", ""),
            ("try{", "", "}catch{}"),
            ("<T,>(x=", "1", ")=>1"),
            ("- ", "1", ""),
            ("(x=", "1", ")=>1"),
            ("class A extends ", "B", "{}"),
            ("namespace a.", "b", "{}"),
            ("a:", "1", ""),
            ("switch(a){case ", "1", ":}"),
            ("async(x=", "1", ")=>1"),
            ("import(", "a", ")"),
            ("await ", "1", ""),
            ("yield ", "1", ""),
            ("do ", "1;", " while(1)"),
        ];
        for (open, middle, close) in deep {
            let words = nesting_words(open).max(1);
            let levels = (MAX_WORDS_IF_DEEP - 100) / (words + nesting_words(close)).max(1);
            for extension in ["tsx", "ts"] {
                let text = [&open.repeat(levels), middle, &close.repeat(levels)].concat();
                assert!(
                    parse_one(&text, source_type(&format!("a.{extension}")).unwrap()).is_some(),
                    "{open}"
                );
                assert!(
                    parse_one(&open.repeat(levels), source_type(&format!("a.{extension}")).unwrap())
                        .is_some(),
                    "{open}"
                );
            }
        }
        assert!(parse_one(&"(".repeat(MAX_WORDS_IF_DEEP + 1), SourceType::ts()).is_none());
        // No bracket, and as deep as it may be.
        assert!(parse_one(&["!".repeat(MAX_NESTING_WORDS), "a".into()].concat(), SourceType::ts()).is_some());
        assert!(parse_one(&"!".repeat(MAX_NESTING_WORDS + 1), SourceType::ts()).is_none());
    }
}
