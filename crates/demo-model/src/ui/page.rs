//! One HTML page with no framework, for those who ask for it: a calculator, a counter, a timer, or a list of things.

use super::{crud, hex};
use crate::{
    literal::{quoted, words as plain},
    markdown::{Artifact, File},
    reading::{Entity, Reading},
    samples,
    template::fill,
    words::{self, Type},
};

macro_rules! html {
    ($file:literal) => {
        include_str!(concat!("../../templates/html/", $file))
    };
}

pub fn write(reading: &Reading) -> Artifact {
    let text = &reading.base;
    let (own, about, body, script) = if text.has(&["calculator", "calculadora", "taschenrechner", "rechner"])
    {
        (
            "Calculator".to_owned(),
            "A calculator with brackets and the whole keyboard".to_owned(),
            html!("calculator.body.html"),
            html!("calculator.js").to_owned(),
        )
    } else if text.has(&["counter", "tally"]) && !text.has(&["word counter"]) {
        (
            "Counter".to_owned(),
            "A counter that keeps its number".to_owned(),
            html!("counter.body.html"),
            html!("counter.js").to_owned(),
        )
    } else if text.has(&["timer", "pomodoro", "countdown"]) {
        (
            "Timer".to_owned(),
            "A timer with start, pause, reset and its own length".to_owned(),
            html!("timer.body.html"),
            html!("timer.js").to_owned(),
        )
    } else {
        let entity = reading.main();
        let about = format!("A list of {}: add, edit, delete with undo, search and sort", entity.plural);
        (words::capital(&entity.plural), about, html!("crud.body.html"), list(entity))
    };
    let title = plain(reading.given_title.as_deref().unwrap_or(&own)).replace('&', "and");
    let [page, card, ink, soft, line] = if reading.dark {
        ["#0b1120", "#111827", "#f1f5f9", "#94a3b8", "#1f2937"]
    } else {
        ["#f8fafc", "#ffffff", "#0f172a", "#475569", "#cbd5e1"]
    };
    let html = fill(
        html!("frame.html"),
        &[
            ("title", &title),
            ("hex", hex(reading.accent)),
            ("page", page),
            ("card", card),
            ("ink", ink),
            ("soft", soft),
            ("line", line),
            ("body", body.trim_end()),
            ("script", script.trim_end()),
        ],
    );
    Artifact {
        intro: format!("{about}, in one HTML file with no framework and nothing to install."),
        files: vec![File::new("html", "index.html", html)],
        closing: "Open index.html in a browser.".to_owned(),
    }
}

fn list(entity: &Entity) -> String {
    let check = crud::check(entity).map_or("", |field| field.name.as_str());
    let due = crud::due(entity).map_or("", |(field, _)| field.name.as_str());
    // The field that names a thing comes first in the form and in the list.
    let title = entity.title();
    let ordered = std::iter::once(title).chain(entity.fields.iter().filter(|field| field.name != title.name));
    let ordered: Vec<_> = ordered.collect();
    let fields: String = ordered
        .iter()
        .map(|field| {
            let kind = match &field.of {
                Type::Long => "'textarea'",
                Type::Int | Type::Rating => "'number', step: '1'",
                Type::Number => "'number', step: 'any'",
                Type::Money => "'number', step: '0.01', sum: true",
                Type::Bool => "'checkbox'",
                Type::Date => "'date'",
                Type::DateTime => "'datetime-local'",
                Type::Time => "'time'",
                Type::Email => "'email'",
                Type::Url => "'url'",
                Type::Choice(_) => "'select'",
                _ => "'text'",
            };
            let options = match &field.of {
                Type::Choice(choices) => {
                    format!(
                        ", options: [{}]",
                        choices.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ")
                    )
                }
                _ => String::new(),
            };
            format!(
                "\n  {{ name: '{}', label: {}, type: {kind}, needed: {}{options} }},",
                field.name,
                quoted(&field.label),
                field.required
            )
        })
        .collect();
    let rows: String = (0..entity.rows.min(4))
        .map(|row| {
            let cells: Vec<String> = ordered
                .iter()
                .map(|field| {
                    let cell = samples::cell(field, row);
                    let value = match field.of {
                        Type::Bool => (cell == "true").to_string(),
                        Type::Date if !cell.is_empty() => format!("inDays({})", cell.trim_start_matches('+')),
                        Type::DateTime if !cell.is_empty() => {
                            let (days, time) = cell.split_once('T').unwrap_or((cell, "09:00"));
                            format!("inDays({}) + 'T{time}'", days.trim_start_matches('+'))
                        }
                        _ => quoted(cell),
                    };
                    format!("{}: {value}", field.name)
                })
                .collect();
            format!("\n  {{ id: '{}', {} }},", row + 1, cells.join(", "))
        })
        .collect();
    fill(
        html!("crud.js"),
        &[
            ("fields", &format!("[{fields}\n]")),
            ("rows", &format!("[{rows}\n]")),
            ("key", &entity.many()),
            ("check", check),
            ("due", due),
            ("singular", &entity.singular),
            ("plural", &entity.plural),
        ],
    )
}
