//! The document's schemas as JSON Schema 2020-12, once as requests keep them and once as answers do, and where references lead.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value, json};

/// A longer chain of references is taken for a circle.
const MAX_HOPS: usize = 32;
/// How deep schemas are looked into.
const MAX_DEPTH: usize = 64;

const FRAGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Who writes what a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `readOnly` properties are not needed, and whatever is sent for them is let pass.
    Request,
    /// `writeOnly` properties are not needed.
    Answer,
}

impl Side {
    /// The mark of the properties that the other side writes.
    fn mark(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Answer => "writeOnly",
        }
    }
}

/// A JSON pointer as the fragment of a reference.
pub fn reference(pointer: &str) -> String {
    format!("#{}", utf8_percent_encode(pointer, FRAGMENT))
}

/// One key as part of a JSON pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The value at a pointer, or where its `$ref` leads in the end, with that pointer.
pub fn follow<'a>(root: &'a Value, pointer: &str) -> Option<(String, &'a Value)> {
    let mut pointer = pointer.to_owned();
    for _ in 0..MAX_HOPS {
        let value = root.pointer(&pointer)?;
        match value.get("$ref").and_then(Value::as_str) {
            Some(target) => {
                pointer = percent_decode_str(target.strip_prefix('#')?).decode_utf8().ok()?.into_owned();
            }
            None => return Some((pointer, value)),
        }
    }
    None
}

/// The schema itself, or where its `$ref` leads. A reference with keywords beside it (3.1) stays as it is.
pub fn target<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_HOPS {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return schema };
        if schema.as_object().is_some_and(|object| object.keys().any(|key| !is_note(key))) {
            return schema;
        }
        let found = target
            .strip_prefix('#')
            .and_then(|fragment| percent_decode_str(fragment).decode_utf8().ok())
            .and_then(|pointer| root.pointer(&pointer));
        match found {
            Some(found) => schema = found,
            None => return schema,
        }
    }
    schema
}

/// Whether a keyword beside `$ref` says nothing about what is valid.
fn is_note(key: &str) -> bool {
    matches!(
        key,
        "$ref"
            | "description"
            | "summary"
            | "title"
            | "example"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "default"
    )
}

/// A schema with all that `$ref` and `allOf` bring to it, one level deep: properties, what is required, and the other keywords.
pub fn flat(root: &Value, schema: &Value) -> Map<String, Value> {
    let mut whole = Map::new();
    gather(root, schema, &mut whole, 0);
    whole
}

fn gather(root: &Value, schema: &Value, whole: &mut Map<String, Value>, depth: usize) {
    let Some(object) = schema.as_object() else { return };
    if depth > MAX_HOPS {
        return;
    }
    if let Some(target) = object.get("$ref").and_then(Value::as_str) {
        let pointer =
            target.strip_prefix('#').and_then(|fragment| percent_decode_str(fragment).decode_utf8().ok());
        if let Some(found) = pointer.and_then(|pointer| root.pointer(&pointer)) {
            gather(root, found, whole, depth + 1);
        }
    }
    for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        gather(root, part, whole, depth + 1);
    }
    for (key, value) in object {
        match (key.as_str(), value) {
            ("$ref" | "allOf", _) => {}
            ("properties", Value::Object(more)) => {
                if let Value::Object(known) = whole.entry("properties").or_insert_with(|| json!({})) {
                    known.extend(more.clone());
                }
            }
            ("required", Value::Array(more)) => {
                if let Value::Array(known) = whole.entry("required").or_insert_with(|| json!([])) {
                    known.extend(
                        more.iter().filter(|name| !known.contains(name)).cloned().collect::<Vec<_>>(),
                    );
                }
            }
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Whether a schema describes objects.
pub fn is_object(root: &Value, schema: &Value) -> bool {
    let flat = flat(root, schema);
    has_type(&flat, "object") || (!flat.contains_key("type") && flat.contains_key("properties"))
}

/// A schema with what the ways of its choices bring to it as well: all that one of its values may have.
pub fn wide(root: &Value, schema: &Value) -> Map<String, Value> {
    let mut whole = flat(root, schema);
    for choice in ["oneOf", "anyOf"] {
        let Some(Value::Array(ways)) = whole.get(choice).cloned() else { continue };
        for way in &ways {
            let Some(Value::Object(more)) = flat(root, way).remove("properties") else { continue };
            if let Value::Object(known) = whole.entry("properties").or_insert_with(|| json!({})) {
                for (name, property) in more {
                    known.entry(name).or_insert(property);
                }
            }
        }
    }
    whole
}

/// Whether a schema names this type.
pub fn has_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(some)) => some.iter().any(|one| one == name),
        _ => false,
    }
}

/// Takes from a value what its schema marks as the other side's to write.
pub fn strip(root: &Value, schema: &Value, side: Side, value: &mut Value) {
    strip_at(root, schema, side, value, 0);
}

fn strip_at(root: &Value, schema: &Value, side: Side, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let flat = flat(root, schema);
    for branch in ["oneOf", "anyOf"] {
        for part in flat.get(branch).and_then(Value::as_array).into_iter().flatten() {
            strip_at(root, part, side, value, depth + 1);
        }
    }
    match value {
        Value::Object(object) => {
            let Some(properties) = flat.get("properties").and_then(Value::as_object) else { return };
            object.retain(|name, _| !properties.get(name).is_some_and(|one| is_marked(root, one, side)));
            for (name, value) in object {
                if let Some(schema) = properties.get(name) {
                    strip_at(root, schema, side, value, depth + 1);
                }
            }
        }
        Value::Array(list) => {
            let Some(items) = flat.get("items") else { return };
            for value in list {
                strip_at(root, items, side, value, depth + 1);
            }
        }
        _ => {}
    }
}

/// Whether a property is the other side's to write.
pub fn is_marked(root: &Value, property: &Value, side: Side) -> bool {
    let mark = |schema: &Value| schema.get(side.mark()) == Some(&Value::Bool(true));
    mark(property) || mark(target(root, property))
}

/// The whole document with its schemas as JSON Schema 2020-12, for one side.
pub fn normal(document: &Value, side: Side) -> Value {
    let old =
        document.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3.0"));
    let mut normal = document.clone();
    Normaliser { document, old, side }.walk(&mut normal, false, 0);
    normal
}

struct Normaliser<'a> {
    document: &'a Value,
    old: bool,
    side: Side,
}

impl Normaliser<'_> {
    /// `names`: the keys of this object are names that the author chose, not words of the format.
    fn walk(&self, value: &mut Value, names: bool, depth: usize) {
        if depth > 4 * MAX_DEPTH {
            return;
        }
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter_mut() {
                    // What an example or a default holds is data.
                    let data = matches!(key.as_str(), "example" | "default" | "enum" | "const" | "value")
                        || key.starts_with("x-")
                        || (key == "examples" && value.is_array());
                    if names || !data {
                        self.walk(value, !names && holds_names(key), depth + 1);
                    }
                }
                if !names {
                    self.mend(object);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.walk(value, false, depth + 1)),
            _ => {}
        }
    }

    fn mend(&self, schema: &mut Map<String, Value>) {
        if self.old {
            modernise(schema);
        }
        if self.side == Side::Request {
            bound(schema);
        }
        let foreign: BTreeSet<String> = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(_, property)| is_marked(self.document, property, self.side))
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_none_or(|name| !foreign.contains(name)));
        }
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
            && self.side == Side::Request
        {
            for (_, property) in properties.iter_mut().filter(|(name, _)| foreign.contains(*name)) {
                *property = Value::Bool(true);
            }
        }
    }
}

/// Whole numbers as large as their format says. JSON numbers beyond 64 bits are read as the nearest float: so the least that is
/// taken of an `int64` is one above its least.
fn bound(schema: &mut Map<String, Value>) {
    if !has_type(schema, "integer") {
        return;
    }
    let (low, high) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("int64") => (i64::MIN + 1, i64::MAX),
        _ => return,
    };
    if !schema.contains_key("exclusiveMinimum") {
        schema.entry("minimum").or_insert_with(|| low.into());
    }
    if !schema.contains_key("exclusiveMaximum") {
        schema.entry("maximum").or_insert_with(|| high.into());
    }
}

/// What OpenAPI 3.0 says in its own way.
fn modernise(schema: &mut Map<String, Value>) {
    if schema.contains_key("$ref") {
        schema.retain(|key, _| is_note(key));
    }
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => {
                match schema.remove(bound) {
                    Some(value) => schema.insert(exclusive.into(), value),
                    None => schema.remove(exclusive),
                };
            }
            Some(Value::Bool(false)) => {
                schema.remove(exclusive);
            }
            _ => {}
        }
    }
    if schema.remove("nullable") != Some(Value::Bool(true)) {
        return;
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(Value::String(name)) = schema.get("type") {
        let both = json!([name, "null"]);
        schema.insert("type".into(), both);
    } else if !schema.is_empty() {
        let rest = std::mem::take(schema);
        schema.insert("anyOf".into(), json!([rest, { "type": "null" }]));
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
            | "mapping"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_0_says_in_its_own_way_is_said_as_json_schema() {
        let document = json!({
            "openapi": "3.0.3",
            "components": { "schemas": {
                "A": { "type": "string", "nullable": true, "enum": ["x"] },
                "B": { "type": "number", "minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false },
                "C": { "nullable": true, "allOf": [{ "$ref": "#/components/schemas/A" }] },
                "D": { "type": "object", "properties": { "nullable": { "type": "boolean" } }, "example": { "nullable": true } }
            } }
        });
        let normal = normal(&document, Side::Answer);
        let schemas = &normal["components"]["schemas"];
        assert_eq!(schemas["A"], json!({ "type": ["string", "null"], "enum": ["x", null] }));
        assert_eq!(schemas["B"], json!({ "type": "number", "exclusiveMinimum": 1, "maximum": 9 }));
        assert_eq!(
            schemas["C"],
            json!({ "anyOf": [{ "allOf": [{ "$ref": "#/components/schemas/A" }] }, { "type": "null" }] })
        );
        assert_eq!(schemas["D"], document["components"]["schemas"]["D"], "names and data are left alone");
    }

    #[test]
    fn each_side_writes_its_own() {
        let document = json!({
            "openapi": "3.1.0",
            "components": { "schemas": { "User": {
                "type": "object",
                "required": ["id", "name", "password"],
                "properties": {
                    "id": { "type": "integer", "readOnly": true },
                    "name": { "type": "string" },
                    "password": { "type": "string", "writeOnly": true }
                }
            } } }
        });
        let user = |side| normal(&document, side)["components"]["schemas"]["User"].clone();
        assert_eq!(user(Side::Request)["required"], json!(["name", "password"]));
        assert_eq!(user(Side::Request)["properties"]["id"], json!(true));
        assert_eq!(user(Side::Answer)["required"], json!(["id", "name"]));
        let mut sent = json!({ "id": 7, "name": "A", "password": "p" });
        strip(&document, &document["components"]["schemas"]["User"], Side::Request, &mut sent);
        assert_eq!(sent, json!({ "name": "A", "password": "p" }));
        strip(&document, &document["components"]["schemas"]["User"], Side::Answer, &mut sent);
        assert_eq!(sent, json!({ "name": "A" }));
    }

    #[test]
    fn references_are_followed_and_circles_are_not() {
        let document =
            json!({ "a": { "$ref": "#/b~1c" }, "b/c": { "type": "string" }, "x": { "$ref": "#/x" } });
        assert_eq!(follow(&document, "/a"), Some(("/b~1c".into(), &json!({ "type": "string" }))));
        assert_eq!(follow(&document, "/x"), None);
        assert_eq!(reference("/paths/~1pets~1{id} é"), "#/paths/~1pets~1%7Bid%7D%20%C3%A9");
    }
}
