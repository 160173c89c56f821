//! Fields that a wish implies with verbs and questions instead of naming them: "mark as read", "rate them", "who
//! borrowed it", "how much I paid".

use super::text::Text;
use crate::words::{self, Field, Type};

/// Words, the field they imply. A word list entry keeps its type and samples.
const PHRASES: &[(&[&str], &str)] = &[
    (&["rate", "rates", "rated", "rate them", "star rating", "give stars", "ratings"], "rating"),
    (&["rsvp", "rsvps", "who is coming", "who said yes"], "rsvp"),
    (&["table assignment", "table assignments", "assign tables", "seating plan", "seating chart"], "table"),
    (&["seat assignment", "seat assignments", "assign seats"], "seat"),
    (&["prioritize", "prioritise", "prioritized", "set priorities"], "priority"),
    (&["tag them", "tagging", "tag each", "tag my", "add tags"], "tags"),
    (&["categorize", "categorise", "categorized", "by category", "grouped by category"], "category"),
    (
        &["favorite them", "favourite them", "star them", "mark favorites", "mark favourites", "favoriting"],
        "favorite",
    ),
    (
        &["assign them", "assigned to", "assign to people", "assign tasks", "who does what", "whose turn"],
        "assignee",
    ),
    (&["how much", "how much it cost", "what it cost", "what i paid", "paid for it"], "price"),
    (&["how many pages"], "pages"),
    (&["how many i have", "how many are left", "how much is left", "running low"], "quantity"),
    (&["how long", "how long it took"], "duration"),
    (
        &[
            "who borrowed",
            "who has borrowed",
            "lent to",
            "lent out",
            "who has it",
            "who has them",
            "lend them",
            "lend books to",
            "lend tools to",
            "lend games to",
        ],
        "borrower",
    ),
    (&["where it is kept", "where i put", "where they are", "where it was"], "location"),
    (&["remind me", "reminders", "when it is due", "renewal date", "due dates", "deadlines"], "due date"),
    (&["attach photos", "upload photos", "attach a photo", "with photos", "add photos"], "photo"),
    (&["take notes", "add notes", "leave notes", "write notes", "jot down"], "notes"),
    (&["expire", "expires", "expiry", "best before", "goes off", "go bad"], "expiry"),
];

/// Words after "as" that are no state of a thing.
const NOT_STATES: &str =
    "a an the well soon such many much csv json pdf my it they this that if possible new one";

pub fn fields(text: &Text) -> Vec<Field> {
    let mut out: Vec<Field> = Vec::new();
    let mut push = |field: Field| {
        if out.len() < 6 && !out.iter().any(|has| has.name == field.name) {
            out.push(field);
        }
    };
    for state in marked(text) {
        push(match words::field(&state) {
            Some(known) if known.of == Type::Bool => known.clone(),
            _ => words::make_field(&words::camel(&state), Type::Bool, false),
        });
    }
    for (phrases, name) in PHRASES {
        if text.has(phrases) {
            push(words::field(name).cloned().unwrap_or_else(|| words::guess_field(name)));
        }
    }
    for name in last_times(text) {
        push(words::make_field(&words::camel(&name), Type::Date, false));
    }
    out
}

/// `read` for "mark books as read", each state that things are marked with.
fn marked(text: &Text) -> Vec<String> {
    let tokens = text.tokens();
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !matches!(token.as_str(), "mark" | "marks" | "marked" | "marking" | "tick" | "flag") {
            continue;
        }
        let Some(after) = tokens.iter().skip(at).take(7).position(|word| word == "as") else { continue };
        let mut rest = tokens.iter().skip(at + after + 1);
        while let Some(state) = rest.next() {
            if state.len() < 3
                || !state.chars().all(|c| c.is_ascii_alphabetic())
                || NOT_STATES.split_whitespace().any(|word| word == state)
            {
                break;
            }
            out.push(state.clone());
            match rest.next() {
                Some(next) if next == "or" || next == "/" => {}
                _ => break,
            }
        }
    }
    // "read or unread" is one yes or no.
    let all = out.clone();
    out.retain(|state| !state.strip_prefix("un").is_some_and(|rest| all.iter().any(|other| other == rest)));
    out.truncate(3);
    out
}

/// `last watered` for "when I last watered them".
fn last_times(text: &Text) -> Vec<String> {
    let tokens = text.tokens();
    let hits =
        tokens.windows(2).filter(|pair| pair[0] == "last" && pair[1].ends_with("ed") && pair[1].len() > 4);
    hits.map(|pair| format!("last {}", pair[1]))
        .filter(|name| words::field(name).is_none())
        .chain(
            tokens
                .windows(2)
                .filter(|pair| pair[0] == "last")
                .filter_map(|pair| words::field(&pair.join(" ")).map(|field| words::spaced(&field.name))),
        )
        .take(2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_and_questions_imply_fields() {
        let cases: &[(&str, &[(&str, bool)])] = &[
            (
                "reading list where I can mark books as read and rate them",
                &[("read", true), ("rating", false)],
            ),
            ("mark messages as read or unread", &[("read", true)]),
            ("guest list with table assignments", &[("table", false)]),
            ("save the list as a csv file", &[]),
            ("mark tools as broken", &[("broken", true)]),
            ("when I last cleaned each filter", &[("lastCleaned", false)]),
        ];
        for (prompt, wanted) in cases {
            let found: Vec<(String, bool)> =
                fields(&Text::new(prompt)).into_iter().map(|f| (f.name, f.of == Type::Bool)).collect();
            let wanted: Vec<(String, bool)> = wanted.iter().map(|(n, b)| ((*n).to_owned(), *b)).collect();
            assert_eq!(found, wanted, "{prompt}");
        }
    }
}
