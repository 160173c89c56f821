//! The form of schemas: JSON Schema 2020-12 as OpenAPI 3.1 takes it, and the older form of 3.0.

use serde_json::Value;

use super::{Check, escape};

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

impl<'a> Check<'a> {
    /// Says what keeps a value from being a schema. Readers bound how deep a document can be, and so how deep this goes.
    pub(super) fn schema(&mut self, value: &'a Value, pointer: &str) {
        if self.is_full() {
            return;
        }
        let schema = match value {
            Value::Object(schema) => schema,
            Value::Bool(_) => return,
            _ => return self.say(pointer, "a schema must be an object, true or false"),
        };
        for (key, value) in schema {
            let at = || format!("{pointer}/{}", escape(key));
            match key.as_str() {
                "type" => self.schema_type(value, &at()),
                "properties" | "patternProperties" | "$defs" | "dependentSchemas" => match value {
                    Value::Object(properties) => {
                        for (name, value) in properties {
                            self.schema(value, &format!("{}/{}", at(), escape(name)));
                        }
                    }
                    _ => self.say(&at(), "it must be an object of schemas"),
                },
                "items" if value.is_array() => {
                    self.say(&at(), "it must be one schema: a list is written as prefixItems");
                }
                "items"
                | "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames" => {
                    self.schema(value, &at());
                }
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => match value.as_array() {
                    Some(list) if !list.is_empty() => {
                        for (index, value) in list.iter().enumerate() {
                            self.schema(value, &format!("{}/{index}", at()));
                        }
                    }
                    _ => self.say(&at(), "it must be a list of schemas that is not empty"),
                },
                "required" if !value.as_array().is_some_and(|list| list.iter().all(Value::is_string)) => {
                    self.say(&at(), "it must be a list of names");
                }
                "enum" if !value.is_array() => self.say(&at(), "it must be a list"),
                "$ref" | "format" | "pattern" | "title" | "description" if !value.is_string() => {
                    self.say(&at(), "it must be a text");
                }
                "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
                    if !is_count(value) =>
                {
                    self.say(&at(), "it must be a count");
                }
                "minimum" | "maximum" | "multipleOf" if !value.is_number() => {
                    self.say(&at(), "it must be a number");
                }
                _ => {}
            }
        }
    }

    fn schema_type(&mut self, value: &Value, pointer: &str) {
        let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
        let ok = match value {
            Value::Array(list) => !self.old && !list.is_empty() && list.iter().all(known),
            value => known(value),
        };
        if !ok {
            self.say(pointer, "it must be string, number, integer, boolean, object or array (in 3.1 also null, or a list of them)");
        }
    }
}

fn is_count(value: &Value) -> bool {
    value.is_u64() || value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
}
