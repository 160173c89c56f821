//! What the demo model writes is a good artifact: the check finds nothing in any of it, first version or changed one.

use aether_artifact::{check, parse};
use aether_common::model::generation::Kind;
use aether_demo_model::{Ask, Kind as Asked, Language, write};

const UI: &[&str] = &[
    "a todo app with due dates",
    "expense tracker with categories and a chart",
    "recipe box with ingredients and cooking time",
    "habit tracker with streaks",
    "a memory card game",
    "split the bill calculator",
    "kanban board for a small team",
    "temperature converter",
    "contacts and companies, dark mode, in green",
    "a drum machine",
    "sudoku",
    "snake game",
    "a chat app",
    "quiz about space",
    "stopwatch",
    "weather dashboard",
    "landing page for a bakery",
    "markdown editor",
    "password generator",
    "hangman",
    "rock paper scissors",
    "flashcards",
    "signup form",
    "online shop",
    "tic tac toe",
    "a page with the moods of my cat",
];
const API: &[&str] = &[
    "API for a library lending books",
    "API for a veterinary clinic with pets, owners and appointments",
    "blog API with posts with comments",
    "invoices with customer, amount and due date; approve and pay them",
    "an api for beehives with location, queen age and honey yields, with authentication",
    "e-commerce backend as json",
    "meteorite sightings",
    "an API for a museum: artworks, artists and exhibitions",
];
const CLI: &[&str] = &[
    "cli that finds the largest files",
    "rename photos by date taken",
    "todo list manager",
    "csv to json converter",
    "a log analyser",
    "password generator",
    "track my book loans with borrower and due date",
    "base64 encoder",
    "unit converter",
    "split a big text file into parts of 1000 lines",
    "resize images in a folder",
    "encrypt a file with a password",
    "backup a folder to a zip",
    "compare two directories",
    "find duplicate files",
    "dice roller",
    "guess the number",
    "markdown to html",
    "word count",
    "date calculator",
];
const CODE: &[&str] = &[
    "slug function",
    "LRU cache",
    "a rate limiter",
    "retry with exponential backoff",
    "roman numerals",
    "class for a bank account",
    "invoices with status",
    "luhn card validation",
    "parse ISO 8601 durations",
    "a shopping cart with discounts",
    "an expression evaluator with a tokenizer",
    "debounce",
    "binary search",
    "priority queue",
];
const ODD: &[&str] = &[
    "",
    "x",
    "🦊🦊🦊",
    "做一个待办事项应用",
    "\"); DROP TABLE users; -- </script><script>alert(1)</script> ${x} {{y}} `z` */ \u{2028} 'q'",
    "an app called \"Quote \\\" and ${break} </title> */\"",
    "def f():\n    return '''x'''\n```python\nprint(1)\n```",
    "// ... rest of the code unchanged",
    "type class with fields in, for, if, type, match and self",
];

fn faults(kind: Kind, asked: Asked, language: Option<Language>, wishes: &[&str]) -> Vec<String> {
    let wishes = wishes.iter().map(|wish| (*wish).to_owned()).collect();
    let text = write(&Ask { kind: asked, language, wishes });
    let mut files = parse(&text, kind);
    assert!(!files.is_empty());
    let validation = check(kind, &mut files);
    validation.issues.iter().map(|issue| format!("{:?} {}", issue.path, issue.message)).collect()
}

fn expect_none(kind: Kind, asked: Asked, language: Option<Language>, prompts: &[&str]) {
    let mut bad = Vec::new();
    for prompt in prompts.iter().chain(ODD) {
        for wishes in [&[*prompt][..], &[*prompt, "add a priority field and make it dark"]] {
            let found = faults(kind, asked, language, wishes);
            if !found.is_empty() {
                bad.push(format!("{wishes:?} {language:?}: {found:?}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn apps_are_good_artifacts() {
    expect_none(Kind::Ui, Asked::Ui, None, UI);
    expect_none(Kind::Ui, Asked::Ui, Some(Language::Html), UI);
    expect_none(Kind::Ui, Asked::Ui, Some(Language::JavaScript), UI);
}

#[test]
fn apis_are_good_artifacts() {
    expect_none(Kind::Api, Asked::Api, None, API);
}

#[test]
fn programs_are_good_artifacts() {
    expect_none(Kind::Cli, Asked::Cli, None, CLI);
    for language in [Language::JavaScript, Language::TypeScript, Language::Rust, Language::Go] {
        expect_none(Kind::Cli, Asked::Cli, Some(language), CLI);
    }
}

#[test]
fn pieces_of_code_are_good_artifacts() {
    for language in [
        Language::Python,
        Language::JavaScript,
        Language::TypeScript,
        Language::Rust,
        Language::Go,
        Language::Html,
    ] {
        expect_none(Kind::Code, Asked::Code, Some(language), CODE);
    }
}
