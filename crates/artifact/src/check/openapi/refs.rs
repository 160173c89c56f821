//! Every `$ref` of a document, and where it leads.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Check, escape};

/// A longer chain of references is taken for a circle.
const MAX_HOPS: usize = 32;

/// Says which references lead nowhere or out of the document.
pub(super) fn find<'a>(document: &'a Value, check: &mut Check<'a>) {
    let mut known = Known::default();
    known.collect(document);
    walk(document, &mut String::new(), false, &known, check);
}

/// The value itself, or where its `$ref` leads in the end; `None` when that is nowhere.
pub(super) fn follow<'a>(document: &'a Value, value: &'a Value) -> Option<&'a Value> {
    let mut value = value;
    for _ in 0..MAX_HOPS {
        match value.get("$ref") {
            Some(Value::String(reference)) => value = resolve(document, reference)?,
            _ => return Some(value),
        }
    }
    None
}

/// The names that schemas give themselves.
#[derive(Default)]
struct Known<'a> {
    ids: HashSet<&'a str>,
    anchors: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn collect(&mut self, value: &'a Value) {
        match value {
            Value::Object(object) => {
                self.ids.extend(object.get("$id").and_then(Value::as_str));
                for name in ["$anchor", "$dynamicAnchor"] {
                    self.anchors.extend(object.get(name).and_then(Value::as_str));
                }
                object.values().for_each(|value| self.collect(value));
            }
            Value::Array(list) => list.iter().for_each(|value| self.collect(value)),
            _ => {}
        }
    }
}

/// `names`: the keys of this object are names that the author chose, not words of the format. Readers bound how deep a
/// document can be, and so how deep this goes.
fn walk<'a>(value: &'a Value, pointer: &mut String, names: bool, known: &Known<'_>, check: &mut Check<'a>) {
    if check.is_full() {
        return;
    }
    let length = pointer.len();
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                // What an example or a default holds is data.
                if !names
                    && (matches!(key.as_str(), "example" | "default" | "enum" | "const" | "value")
                        || key.starts_with("x-"))
                {
                    continue;
                }
                if !names && key == "examples" && value.is_array() {
                    continue;
                }
                pointer.push('/');
                pointer.push_str(&escape(key));
                match value {
                    Value::String(reference) if !names && key == "$ref" => {
                        reference_at(reference, pointer, known, check);
                    }
                    Value::Object(mapping) if !names && key == "mapping" => {
                        for target in mapping
                            .values()
                            .filter_map(Value::as_str)
                            .filter(|target| target.starts_with('#'))
                        {
                            reference_at(target, pointer, known, check);
                        }
                    }
                    value => walk(value, pointer, !names && holds_names(key), known, check),
                }
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                walk(value, pointer, false, known, check);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn holds_names(key: &str) -> bool {
    matches!(
        key,
        "properties"
            | "patternProperties"
            | "dependentSchemas"
            | "$defs"
            | "definitions"
            | "paths"
            | "webhooks"
            | "responses"
            | "schemas"
            | "requestBodies"
            | "headers"
            | "securitySchemes"
            | "links"
            | "callbacks"
            | "pathItems"
            | "content"
            | "examples"
            | "encoding"
            | "variables"
            | "parameters"
    )
}

fn reference_at(reference: &str, pointer: &str, known: &Known<'_>, check: &mut Check<'_>) {
    let shown: String = reference.chars().take(120).collect();
    let fragment = reference.strip_prefix('#');
    if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty() && !fragment.starts_with('/')) {
        if !known.anchors.contains(fragment) {
            check.add("broken_ref", pointer, format!("`{shown}` leads nowhere: there is no such `$anchor`"));
        }
    } else if fragment.is_none() {
        let base = reference.split('#').next().unwrap_or("");
        if !known.ids.contains(base) {
            check.add(
                "external_ref",
                pointer,
                format!("`{shown}` leads out of this document: put what it names under components"),
            );
        }
    } else {
        match resolve(check.document, reference) {
            None => check.add("broken_ref", pointer, format!("`{shown}` leads nowhere")),
            Some(value) if follow(check.document, value).is_none() && is_chain(check.document, value) => {
                check.add(
                    "broken_ref",
                    pointer,
                    format!("`{shown}` leads to references that go in a circle"),
                );
            }
            Some(_) => {}
        }
    }
}

/// Whether a value only points on, again and again, and never out of the circle.
fn is_chain(document: &Value, value: &Value) -> bool {
    let mut value = value;
    for _ in 0..MAX_HOPS {
        let Some(Value::String(reference)) = value.get("$ref") else { return false };
        let Some(next) = resolve(document, reference) else { return false };
        value = next;
    }
    true
}

/// Where a reference within the document leads (RFC 6901 in a URI fragment).
fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    let fragment = reference.strip_prefix('#')?;
    let decoded = percent_decode_str(fragment).decode_utf8().ok()?;
    document.pointer(&decoded)
}
