//! Data made from a schema: the same for the same seed.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Map, Number, Value, json};
use uuid::Uuid;

use crate::{
    checks::Check,
    pattern,
    schema::{Side, flat, has_type, is_marked},
};

/// How often another try is made when what was made does not keep its schema.
const TRIES: u64 = 12;
/// From this depth on only what must be there is made.
const SHALLOW: usize = 4;
/// Nothing is made below this.
const DEEPEST: usize = 24;
/// How many values one sample has at most.
const MAX_VALUES: usize = 2_000;

/// A value that keeps the schema, or, where none was found, the last one tried.
pub fn make(root: &Value, check: &Check, seed: u64) -> Value {
    let schema = root.pointer(&check.pointer).unwrap_or(&Value::Null);
    let mut made = Value::Null;
    for attempt in 0..TRIES {
        made = of(root, schema, "", seed.wrapping_add(attempt.wrapping_mul(0x9E37_79B9)), attempt == 0);
        if check.passes(&made) {
            break;
        }
    }
    made
}

/// A value made from a schema, which stands for a property of this name. With `examples`, those in the schema come first.
pub fn of(root: &Value, schema: &Value, name: &str, seed: u64, examples: bool) -> Value {
    let mut sampler = Sampler { root, rng: StdRng::seed_from_u64(seed), examples, left: MAX_VALUES };
    sampler.value(schema, name, 0)
}

struct Sampler<'a> {
    root: &'a Value,
    rng: StdRng,
    examples: bool,
    left: usize,
}

impl Sampler<'_> {
    fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEEPEST || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let mut schema = flat(self.root, schema);
        for choice in ["oneOf", "anyOf"] {
            if let Some(Value::Array(ways)) = schema.remove(choice) {
                // Deep down the first way that is no object ends a circle.
                let ends = |way: &&Value| {
                    let way = flat(self.root, way);
                    !has_type(&way, "object") && !has_type(&way, "array") && !way.contains_key("properties")
                };
                let way = if depth >= SHALLOW { ways.iter().find(ends) } else { None };
                let at = if self.examples { 0 } else { self.rng.random_range(0..ways.len().max(1)) };
                if let Some(way) = way.or_else(|| ways.get(at)) {
                    let way = flat(self.root, way);
                    merge(&mut schema, way);
                }
            }
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if self.examples {
            let listed = schema.get("examples").and_then(Value::as_array).and_then(|some| some.first());
            if let Some(example) = schema.get("example").or(listed).or_else(|| schema.get("default")) {
                return example.clone();
            }
        }
        if let Some(Value::Array(values)) = schema.get("enum") {
            let at = self.rng.random_range(0..values.len().max(1));
            return values.get(at).cloned().unwrap_or(Value::Null);
        }
        match kind(&schema, depth) {
            "object" => self.object(&schema, depth),
            "array" => self.array(&schema, name, depth),
            "integer" => self.number(&schema, true),
            "number" => self.number(&schema, false),
            "boolean" => Value::Bool(self.rng.random_range(0..2) == 1),
            "null" => Value::Null,
            _ => Value::String(self.string(&schema, name)),
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Value {
        let mut object = Map::new();
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for (name, property) in properties {
            // Nobody is told what is only written.
            if is_marked(self.root, property, Side::Answer) {
                continue;
            }
            if depth < SHALLOW || required.contains(&name.as_str()) {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        let others = schema.get("additionalProperties").filter(|others| others.is_object()).cloned();
        let others = others.unwrap_or_else(|| json!({ "type": "string" }));
        for name in required {
            if !object.contains_key(name) {
                let made = self.value(&others, name, depth + 1);
                object.insert(name.to_owned(), made);
            }
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let pattern = patterns.and_then(|patterns| patterns.iter().next());
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let open = pattern.is_some() || (schema.contains_key("additionalProperties") && !closed);
        let least = size(schema, "minProperties")
            .unwrap_or(usize::from(properties.is_empty() && open && depth < SHALLOW));
        for n in object.len()..least.min(50) {
            let (name, schema) = match pattern {
                Some((pattern, schema)) => {
                    (pattern::text(pattern, &mut self.rng).unwrap_or_default(), schema)
                }
                None if closed => break,
                None => (format!("key{}", n + 1), &others),
            };
            let made = self.value(schema, "", depth + 1);
            object.insert(name, made);
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &Map<String, Value>, name: &str, depth: usize) -> Value {
        let anything = json!({ "type": "string" });
        let least = size(schema, "minItems").unwrap_or(0);
        let wanted = if depth >= SHALLOW { least } else { least.max(2) };
        let count = wanted.min(size(schema, "maxItems").unwrap_or(usize::MAX)).min(100);
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let items = schema.get("items").filter(|items| items.is_object()).unwrap_or(&anything);
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let mut list: Vec<Value> = Vec::new();
        for n in 0..count {
            let schema = first.and_then(|first| first.get(n)).unwrap_or(items);
            let examples = self.examples;
            for attempt in 0..8 {
                self.examples = examples && n == 0 && attempt == 0;
                let made = self.value(schema, singular(name), depth + 1);
                if !unique || !list.contains(&made) {
                    list.push(made);
                    break;
                }
            }
            self.examples = examples;
        }
        Value::Array(list)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a sample may be a little off"
    )]
    fn number(&mut self, schema: &Map<String, Value>, whole: bool) -> Value {
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let step = bound("multipleOf").filter(|step| *step > 0.0);
        let least = if whole { 1.0 } else { step.unwrap_or(0.01) };
        let low = match (bound("minimum"), bound("exclusiveMinimum")) {
            (Some(low), None) => low,
            (low, Some(above)) => low.unwrap_or(f64::MIN).max(above + least),
            (None, None) => bound("maximum")
                .or_else(|| bound("exclusiveMaximum"))
                .map_or(1.0, |high| (high - 100.0).min(1.0)),
        };
        let high = match (bound("maximum"), bound("exclusiveMaximum")) {
            (Some(high), None) => high,
            (high, Some(below)) => high.unwrap_or(f64::MAX).min(below - least),
            (None, None) => low + 99.0,
        };
        let high = high.min(low + 1_000.0).max(low);
        let mut value = if high > low { self.rng.random_range(low..=high) } else { low };
        if let Some(step) = step {
            value = (value / step).floor() * step;
            if value < low {
                value += step;
            }
        }
        if whole {
            let rounded = value.floor().max(low.ceil()).clamp(i64::MIN as f64, i64::MAX as f64);
            return Value::from(rounded as i64);
        }
        if step.is_none() {
            let cents = (value * 100.0).round() / 100.0;
            value = if cents >= low && cents <= high { cents } else { value };
        }
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }

    fn string(&mut self, schema: &Map<String, Value>, name: &str) -> String {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or("");
        let mut text = match schema.get("pattern").and_then(Value::as_str) {
            Some(pattern) => pattern::text(pattern, &mut self.rng).unwrap_or_default(),
            None => self.formatted(format).unwrap_or_else(|| self.words(name)),
        };
        let least = size(schema, "minLength").unwrap_or(0).min(10_000);
        let most = size(schema, "maxLength").unwrap_or(usize::MAX);
        let mut length = text.chars().count();
        while length < least {
            text.push(char::from(b'a' + u8::try_from(length % 26).unwrap_or(0)));
            length += 1;
        }
        if length > most {
            text = text.chars().take(most).collect();
        }
        text
    }

    fn formatted(&mut self, format: &str) -> Option<String> {
        let day = self.rng.random_range(0..700);
        let at: DateTime<Utc> = DateTime::from_timestamp(1_767_225_600, 0)? + TimeDelta::days(day);
        let n: u32 = self.rng.random_range(1..250);
        Some(match format {
            "date-time" => at.format("%Y-%m-%dT09:30:00Z").to_string(),
            "date" => at.format("%Y-%m-%d").to_string(),
            "time" => "09:30:00Z".to_owned(),
            "duration" => "PT30M".to_owned(),
            "email" | "idn-email" => format!("person{n}@example.com"),
            "uuid" => uuid::Builder::from_random_bytes(self.rng.random()).into_uuid().to_string(),
            "uri" | "url" | "iri" => format!("https://example.com/{n}"),
            "uri-reference" | "iri-reference" | "json-pointer" => format!("/{n}"),
            "uri-template" => "/things/{id}".to_owned(),
            "hostname" | "idn-hostname" => "example.com".to_owned(),
            "ipv4" => format!("192.0.2.{n}"),
            "ipv6" => format!("2001:db8::{n:x}"),
            "byte" => "QWV0aGVyT1M=".to_owned(),
            "relative-json-pointer" => "0".to_owned(),
            "regex" => "^[a-z]+$".to_owned(),
            "password" => "correct horse".to_owned(),
            _ => return None,
        })
    }

    /// What a property of this name might hold.
    fn words(&mut self, name: &str) -> String {
        const NAMES: [&str; 6] =
            ["Ana Costa", "Ben Okoro", "Chen Wei", "Dina Haddad", "Emil Novak", "Farah Khan"];
        const THINGS: [&str; 6] =
            ["Morning light", "Green river", "Paper boat", "Quiet harbour", "Red kite", "Winter fern"];
        const PLACES: [&str; 6] = ["Lisbon", "Lagos", "Taipei", "Oslo", "Lima", "Nairobi"];
        const COLOURS: [&str; 6] = ["teal", "amber", "coral", "indigo", "olive", "plum"];
        let at = self.rng.random_range(0..6);
        let n: u32 = self.rng.random_range(100..1000);
        let name = name.to_ascii_lowercase();
        let has = |some: &[&str]| some.iter().any(|word| name.contains(word));
        if name == "id" || name.ends_with("_id") {
            format!("{n}")
        } else if has(&["email"]) {
            format!("person{n}@example.com")
        } else if has(&["url", "link", "href", "website"]) {
            format!("https://example.com/{n}")
        } else if has(&["phone"]) {
            format!("+1 555 0{n}")
        } else if has(&["author", "user", "owner", "person", "customer"])
            || name.ends_with("name") && name != "name"
        {
            NAMES[at].to_owned()
        } else if has(&["city", "country", "location", "place"]) {
            PLACES[at].to_owned()
        } else if has(&["colour", "color", "tag", "category", "label"]) {
            COLOURS[at].to_owned()
        } else if has(&["description", "note", "summary", "content", "body", "text", "message", "comment"]) {
            format!("{}, made from the document.", THINGS[at])
        } else {
            THINGS[at].to_owned()
        }
    }
}

/// What the keywords speak of, when no type is named.
fn kind(schema: &Map<String, Value>, depth: usize) -> &str {
    let named = match schema.get("type") {
        Some(Value::String(one)) => Some(one.as_str()),
        Some(Value::Array(some)) if depth >= SHALLOW && some.iter().any(|one| one == "null") => Some("null"),
        Some(Value::Array(some)) => {
            some.iter().filter_map(Value::as_str).find(|one| *one != "null").or(Some("null"))
        }
        _ => None,
    };
    let has = |some: &[&str]| some.iter().any(|name| schema.contains_key(*name));
    match named {
        Some(named) => named,
        None if has(&["properties", "additionalProperties", "required", "minProperties"]) => "object",
        None if has(&["items", "prefixItems", "minItems", "uniqueItems"]) => "array",
        None if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) => {
            "number"
        }
        None => "string",
    }
}

fn size(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    schema.get(name).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
}

fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

/// A way of a choice, with what stands beside the choice.
fn merge(schema: &mut Map<String, Value>, way: Map<String, Value>) {
    for (key, value) in way {
        match (schema.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) if key == "properties" => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) if key == "required" => known.extend(more),
            (_, value) => {
                schema.insert(key, value);
            }
        }
    }
}

/// What stands where nobody has said anything: null or nothing where the schema takes it, no, else a sample.
pub fn blank(root: &Value, schema: &Value, name: &str, seed: u64) -> Value {
    let flat = flat(root, schema);
    let takes = |name: &str| has_type(&flat, name);
    if takes("null") {
        return Value::Null;
    }
    if takes("array") && size(&flat, "minItems").unwrap_or(0) == 0 {
        return Value::Array(Vec::new());
    }
    if takes("boolean") && !flat.contains_key("enum") && !flat.contains_key("const") {
        return Value::Bool(false);
    }
    of(root, schema, name, seed, false)
}

/// A new name for something whose schema asks for nothing else.
pub fn short_name(seed: u64) -> String {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..10).map(|_| char::from(b"23456789abcdefghjkmnpqrstuvwxyz"[rng.random_range(0..31)])).collect()
}

/// A new UUID (version 4).
pub fn uuid(seed: u64) -> Uuid {
    uuid::Builder::from_random_bytes(StdRng::seed_from_u64(seed).random()).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Checks;

    fn check(schema: Value) -> (Value, Check) {
        let root = json!({ "components": { "schemas": {
            "it": schema,
            "Node": {
                "type": "object", "required": ["name", "children"],
                "properties": {
                    "name": { "type": "string", "minLength": 3 },
                    "children": { "type": "array", "items": { "$ref": "#/components/schemas/Node" } }
                }
            }
        } } });
        let mut checks = Checks::new(root);
        let check = checks.at("/components/schemas/it").unwrap();
        (checks.into_root(), check)
    }

    #[test]
    fn what_is_made_keeps_its_schema() {
        for schema in [
            json!({ "type": "integer", "minimum": 5, "maximum": 6 }),
            json!({ "type": "integer", "exclusiveMinimum": 0 }),
            json!({ "type": "integer", "maximum": -3, "multipleOf": 7 }),
            json!({ "type": "number", "multipleOf": 0.5, "minimum": 0.3, "maximum": 0.9 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "type": "string", "minLength": 40 }),
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": "string", "format": "uuid" }),
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": "string", "format": "email", "maxLength": 60 }),
            json!({ "type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$" }),
            json!({ "type": "array", "items": { "enum": ["a", "b", "c"] }, "uniqueItems": true, "minItems": 3 }),
            json!({ "type": "object", "additionalProperties": { "type": "integer" }, "minProperties": 2 }),
            json!({ "type": ["string", "null"], "enum": ["x", null] }),
            json!({ "oneOf": [{ "type": "integer" }, { "type": "object", "required": ["a"], "properties": { "a": { "const": 1 } } }] }),
            json!({ "allOf": [{ "type": "object", "required": ["a"] }, { "properties": { "a": { "type": "boolean" } } }] }),
            json!({ "$ref": "#/components/schemas/Node" }),
            json!({ "type": "string", "example": "too long for it", "maxLength": 4 }),
            json!({ "const": { "__proto__": 1 } }),
            json!({}),
            json!(true),
        ] {
            let (root, check) = check(schema.clone());
            for seed in 0..20 {
                let made = make(&root, &check, seed);
                assert!(check.passes(&made), "{schema}: {made}");
                assert_eq!(made, make(&root, &check, seed), "the same again");
            }
        }
    }

    #[test]
    fn an_example_comes_first() {
        let (root, check) = check(json!({ "type": "string", "example": "Rex" }));
        assert_eq!(make(&root, &check, 3), json!("Rex"));
    }
}
