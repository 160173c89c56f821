//! What is known, in the shape that a schema asks for.

use serde_json::{Map, Value};

use crate::{checks::Check, sample};

/// How deep objects are gone into.
const DEEPEST: usize = 4;

/// The value, as far as the schema takes it; what is missing is made.
pub fn fit(root: &Value, check: &Check, known: &Value, seed: u64) -> Value {
    if check.passes(known) {
        return known.clone();
    }
    let mut made = sample::make(root, check, seed);
    if let (Value::Object(_), Value::Object(known)) = (&made, known) {
        for (name, value) in known {
            try_with(check, &mut made, &[name], value);
        }
    }
    made
}

/// Puts into an object, wherever its schema has a place for them, values by the names of their properties.
pub fn name_values(check: &Check, object: &mut Value, values: &dyn Fn(&str) -> Vec<Value>) {
    let mut places = Vec::new();
    if let Value::Object(object) = object {
        collect(object, &mut Vec::new(), &mut places);
    }
    for place in places {
        let names: Vec<&str> = place.iter().map(String::as_str).collect();
        let Some(last) = names.last() else { continue };
        // The first that keeps the schema.
        let _ = values(last).iter().find(|value| try_with(check, object, &names, value));
    }
}

fn collect(object: &Map<String, Value>, path: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    for (name, value) in object {
        path.push(name.clone());
        match value {
            Value::Object(inner) if path.len() < DEEPEST => collect(inner, path, places),
            Value::Array(_) => {}
            _ => places.push(path.clone()),
        }
        path.pop();
    }
}

/// Puts a value into an object, unless the whole keeps its schema with what is there and not with this.
pub fn try_with(check: &Check, object: &mut Value, path: &[&str], value: &Value) -> bool {
    let kept_before = check.passes(object);
    let Some(place) = place(object, path) else { return false };
    let before = place.insert(path.last().map_or_else(String::new, |name| (*name).to_owned()), value.clone());
    if !kept_before || check.passes(object) {
        return true;
    }
    if let (Some(place), Some(name)) = (self::place(object, path), path.last()) {
        match before {
            Some(before) => place.insert((*name).to_owned(), before),
            None => place.remove(*name),
        };
    }
    false
}

fn place<'o>(object: &'o mut Value, path: &[&str]) -> Option<&'o mut Map<String, Value>> {
    let (_, inner) = path.split_last()?;
    let mut object = object;
    for name in inner {
        object = object.get_mut(*name)?;
    }
    object.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Checks;
    use serde_json::json;

    #[test]
    fn what_is_known_goes_where_the_schema_takes_it() {
        let mut checks = Checks::new(json!({ "it": {
            "type": "object", "required": ["code", "message"], "additionalProperties": false,
            "properties": { "code": { "type": "integer" }, "message": { "type": "string" }, "status": { "enum": [404] } }
        } }));
        let check = checks.at("/it").unwrap();
        let root = checks.into_root();
        let fitted =
            fit(&root, &check, &json!({ "code": "not_found", "message": "gone", "status": 404, "x": 1 }), 1);
        assert!(check.passes(&fitted));
        assert_eq!((fitted["message"].as_str(), fitted["status"].as_i64()), (Some("gone"), Some(404)));
        assert!(fitted.get("x").is_none());
    }
}
