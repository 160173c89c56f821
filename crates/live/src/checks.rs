//! Whether a value keeps a schema of the document, and what is wrong with it when it does not.

use std::{collections::HashMap, sync::Arc};

use jsonschema::{Draft, PatternOptions, Registry, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};

use crate::{
    answer::Flaw,
    schema::{escape, follow, reference},
};

/// A pattern that looks around may go back so often in a text; then the text counts as wrong.
const MAX_BACKTRACKS: usize = 20_000;
/// The size of one compiled pattern, in bytes.
const MAX_PATTERN: usize = 1 << 20;
/// Of how many things it is said that they are wrong.
const MAX_FLAWS: usize = 20;
/// Words about one of them, in characters.
const MAX_WORDS: usize = 300;

/// One schema of the document, ready to check values; cheap to clone.
#[derive(Clone)]
pub struct Check {
    /// Where the schema is, after its references.
    pub pointer: Arc<str>,
    validator: Arc<Validator>,
}

/// What the document is called among schemas, so that they can point into it.
const DOCUMENT: &str = "urn:aether:document";

/// The checks of one document for one side, made once for each schema.
pub struct Checks {
    root: Value,
    registry: Result<Registry<'static>, String>,
    known: HashMap<String, Check>,
}

impl Checks {
    pub fn new(root: Value) -> Self {
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(DOCUMENT, root.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| words(&error.to_string()));
        Self { root, registry, known: HashMap::new() }
    }

    /// The check of the schema at this pointer; the words say why there can be none.
    pub fn at(&mut self, pointer: &str) -> Result<Check, String> {
        // A schema may be a reference with keywords beside it: then it is a schema of its own.
        let plain =
            self.root.pointer(pointer).and_then(Value::as_object).is_some_and(|schema| schema.len() == 1);
        let place = if plain { follow(&self.root, pointer).map(|(place, _)| place) } else { None };
        let place = place.unwrap_or_else(|| pointer.to_owned());
        if let Some(known) = self.known.get(&place) {
            return Ok(known.clone());
        }
        let registry = self.registry.as_ref().map_err(Clone::clone)?;
        let validator = jsonschema::options()
            .with_registry(registry)
            .with_draft(Draft::Draft202012)
            .offline()
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .with_pattern_options(
                PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS).size_limit(MAX_PATTERN),
            )
            .build(&json!({ "$ref": format!("{DOCUMENT}{}", reference(&place)) }))
            .map_err(|error| words(&error.to_string()))?;
        let check = Check { pointer: place.as_str().into(), validator: Arc::new(validator) };
        self.known.insert(place, check.clone());
        Ok(check)
    }

    pub fn into_root(self) -> Value {
        self.root
    }

    pub fn root(&self) -> &Value {
        &self.root
    }
}

impl Check {
    pub fn passes(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// What is wrong with a value, as pointers into it with `prefix` before them.
    pub fn flaws(&self, value: &Value, prefix: &str) -> Vec<Flaw> {
        self.validator
            .iter_errors(value)
            .take(MAX_FLAWS)
            .map(|error| {
                let mut field = format!("{prefix}{}", error.instance_path().as_str());
                if let ValidationErrorKind::Required { property: Value::String(name) } = error.kind() {
                    field = format!("{field}/{}", escape(name));
                }
                Flaw { field, message: words(&error.to_string()) }
            })
            .collect()
    }
}

fn words(text: &str) -> String {
    if text.chars().count() <= MAX_WORDS {
        text.to_owned()
    } else {
        text.chars().take(MAX_WORDS).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let mut checks = Checks::new(json!({
            "openapi": "3.1.0",
            "paths": { "/a/{b}": { "schema": { "$ref": "#/components/schemas/Pet" } } },
            "components": { "schemas": { "Pet": {
                "type": "object", "required": ["na/me"],
                "properties": { "na/me": { "type": "string" }, "kids": { "type": "array", "items": { "$ref": "#/components/schemas/Pet" } } }
            } } }
        }));
        let check = checks.at("/paths/~1a~1{b}/schema").unwrap();
        assert_eq!(&*check.pointer, "/components/schemas/Pet");
        assert!(check.passes(&json!({ "na/me": "x", "kids": [{ "na/me": "y" }] })));
        let flaws = check.flaws(&json!({ "na/me": "x", "kids": [{}, { "na/me": 3 }] }), "");
        let fields: Vec<&str> = flaws.iter().map(|flaw| flaw.field.as_str()).collect();
        assert_eq!(fields, ["/kids/0/na~1me", "/kids/1/na~1me"]);
    }

    #[test]
    fn a_pattern_that_explodes_ends_and_a_bad_one_is_refused() {
        let mut checks = Checks::new(json!({
            "slow": { "type": "string", "pattern": "^(?=a)(a+)+$" }, "bad": { "pattern": "(" },
            "out": { "$ref": "https://example.com/schema.json" }
        }));
        let check = checks.at("/slow").unwrap();
        assert!(check.passes(&json!("aaaa")));
        assert!(!check.passes(&json!("a".repeat(40) + "!")));
        assert!(checks.at("/bad").is_err());
        assert!(checks.at("/out").is_err(), "nothing is fetched");
    }
}
