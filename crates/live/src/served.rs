//! The document as it is served: with the API's own address, and with what is answered beside what its author declared.

use serde_json::{Map, Value, json};

use crate::{
    answer::{PROBLEM, is_safe_header, safe_media},
    document::METHODS,
    schema::{escape, follow},
};

/// How many records one API may keep.
pub const MAX_RECORDS: i64 = 1_000;

/// What an operation may answer beside what is declared, and why.
const ERRORS: [(&str, &str); 8] = [
    ("400", "The body cannot be read"),
    ("401", "Credentials are asked for; any of the right form will do"),
    ("404", "There is no such thing"),
    ("409", "There is one with this key already"),
    ("413", "The body is too large"),
    ("415", "The body has another media type"),
    ("422", "The request does not keep this document"),
    ("429", "Too many requests, or records"),
];

/// The name of the schema of our own errors.
const SCHEMA: &str = "LiveProblem";

impl crate::Api {
    /// The document for readers of this API, which is at `url`.
    pub fn served(document: &Value, url: &str) -> Value {
        let mut served = document.clone();
        let Some(root) = served.as_object_mut() else { return served };
        root.insert("servers".into(), json!([{ "url": url }]));
        let components = root.entry("components").or_insert_with(|| json!({}));
        if let Some(components) = components.as_object_mut() {
            let schemas = components.entry("schemas").or_insert_with(|| json!({}));
            if let Some(schemas) = schemas.as_object_mut() {
                schemas.insert(SCHEMA.into(), problem_schema());
            }
            for response in components
                .get_mut("responses")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flat_map(Map::values_mut)
            {
                mend_response(response);
            }
        }
        let paths: Vec<String> = root
            .get("paths")
            .and_then(Value::as_object)
            .map(|paths| paths.keys().cloned().collect())
            .unwrap_or_default();
        for path in paths {
            let Some((pointer, _)) = follow(&served, &format!("/paths/{}", escape(&path))) else { continue };
            let Some(item) = served.pointer_mut(&pointer).and_then(Value::as_object_mut) else { continue };
            item.remove("servers");
            for method in METHODS {
                if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                    operation.remove("servers");
                    mend_operation(operation);
                }
            }
        }
        served
    }
}

fn mend_operation(operation: &mut Map<String, Value>) {
    let has_body = operation.contains_key("requestBody");
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    responses.values_mut().for_each(mend_response);
    if responses.contains_key("default") {
        return;
    }
    if !responses.keys().any(|code| code.starts_with(['2', '3'])) {
        responses.insert("204".into(), json!({ "description": "Done" }));
    }
    for (code, why) in ERRORS {
        let of_body = matches!(code, "400" | "409" | "413" | "415");
        let class = format!("{}XX", code.get(..1).unwrap_or("4"));
        if (of_body && !has_body) || responses.contains_key(code) || responses.contains_key(&class) {
            continue;
        }
        responses.insert(
            code.into(),
            json!({
                "description": why,
                "content": { PROBLEM: { "schema": { "$ref": format!("#/components/schemas/{SCHEMA}") } } }
            }),
        );
    }
}

/// Media types and headers as they are answered.
fn mend_response(response: &mut Value) {
    let Some(response) = response.as_object_mut() else { return };
    if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|name, _| is_safe_header(name));
    }
    let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) else { return };
    let mut safe: Vec<(&str, Value)> = Vec::new();
    for (name, media) in std::mem::take(content) {
        let name = safe_media(&name);
        if !safe.iter().any(|(known, _)| *known == name) {
            safe.push((name, media));
        }
    }
    // One of them is answered.
    safe.sort_by_key(|(name, _)| match *name {
        crate::answer::JSON => 0,
        PROBLEM => 1,
        _ => 2,
    });
    content.extend(safe.into_iter().take(1).map(|(name, media)| (name.to_owned(), media)));
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "code": { "type": "string" }, "detail": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object", "required": ["field", "message"],
                "properties": { "field": { "type": "string" }, "message": { "type": "string" } }
            } }
        }
    })
}
