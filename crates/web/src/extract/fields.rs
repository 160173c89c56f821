//! Turns what serde and garde say into the contract's `errors: [{field, message}]`, in JSON names and plain words.

use aether_common::problem::FieldError;
use garde::Report;
use serde_json::Value;
use serde_path_to_error::Path;

/// A name that a client made up is cut here.
const MAX_FIELD: usize = 100;

/// The error that serde met at this place.
pub(super) fn at(path: &Path, message: &str) -> FieldError {
    let place = match path.to_string() {
        root if root == "." => String::new(),
        place => place,
    };
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    for (start, words) in [
        ("unknown field `", "is not known here"),
        ("missing field `", "is required"),
        ("duplicate field `", "is given twice"),
    ] {
        if let Some((name, _)) = message.strip_prefix(start).and_then(|rest| rest.split_once('`')) {
            return field(join(&place, name), words.into());
        }
    }
    // Types that read a word themselves name their field in the message: `limit: must be ...`.
    if place.is_empty()
        && let Some((name, words)) = message.split_once(": ")
        && words.starts_with("must ")
    {
        return field(name.into(), words.into());
    }
    field(place, words(message))
}

/// A body that is an array.
pub(super) fn not_an_object() -> FieldError {
    field(String::new(), "must be an object".into())
}

/// Text that holds U+0000.
pub(super) fn nul(name: &str) -> FieldError {
    field(name.replace('\0', ""), "must not hold the character U+0000".into())
}

/// Every field that broke a garde rule.
pub(super) fn of_report(report: &Report) -> Vec<FieldError> {
    report.iter().map(|(path, error)| field(camel_case(&path.to_string()), error.message().into())).collect()
}

/// Where a JSON text holds U+0000, which PostgreSQL cannot keep.
pub(super) fn find_nul(body: &[u8]) -> Option<String> {
    // JSON can only write it as an escape; nearly no body has one, so that a search is all it costs.
    let text = std::str::from_utf8(body).ok()?;
    if !text.contains("\\u0000") {
        return None;
    }
    search(&serde_json::from_str(text).ok()?, String::new())
}

fn search(value: &Value, place: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(place),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| search(item, format!("{place}[{index}]")))
        }
        Value::Object(members) => members.iter().find_map(|(name, item)| {
            let inner = join(&place, name);
            if name.contains('\0') { Some(inner) } else { search(item, inner) }
        }),
        _ => None,
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.into()
    } else if place == name || place.ends_with(&format!(".{name}")) {
        place.into()
    } else {
        format!("{place}.{name}")
    }
}

fn field(mut name: String, message: String) -> FieldError {
    if let Some((end, _)) = name.char_indices().nth(MAX_FIELD) {
        name.truncate(end);
    }
    FieldError { field: name, message }
}

/// serde's words name Rust types, which mean nothing to a client.
fn words(message: &str) -> String {
    if message.contains("found in string")
        || message.contains("parse integer")
        || message.starts_with("number too")
    {
        return "must be a whole number".into();
    }
    let Some((_, expected)) = message.split_once(", expected ") else {
        return message.into();
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more, in range",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number, in range",
        "f32" | "f64" => "a number",
        "a borrowed string" => "a string",
        "a sequence" => "a list",
        "a map" => "an object",
        name if name.starts_with("struct ") || name.starts_with("internally tagged") => "an object",
        name if name.starts_with("tuple") => "a list",
        other => other,
    };
    format!("must be {expected}")
}

/// garde names the Rust field; clients know its JSON name.
fn camel_case(path: &str) -> String {
    let mut upper = false;
    path.chars()
        .filter_map(|c| {
            if c == '_' {
                upper = true;
                return None;
            }
            let c = if upper { c.to_ascii_uppercase() } else { c };
            upper = false;
            Some(c)
        })
        .collect()
}
