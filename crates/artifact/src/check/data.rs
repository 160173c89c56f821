//! Reads JSON, YAML and TOML. What is read is bounded, since a few lines of YAML can stand for gigabytes.

use std::{cell::Cell, fmt};

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor},
};
use serde_json::{Map, Value};

/// A document that stands for more values than this, aliases counted each time, is refused.
const MAX_VALUES: usize = 500_000;
/// The same for the bytes of its texts.
const MAX_BYTES: usize = 16 << 20;

/// Reads JSON; with `comments`, as the files of editors and compilers are written (`tsconfig.json`).
pub(super) fn json(content: &str, comments: bool) -> Result<Value, String> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let parsed = if comments {
        serde_json::from_str(&without_comments(content))
    } else {
        serde_json::from_str(content)
    };
    parsed.map_err(|error| error.to_string())
}

/// Whether a file of this name may hold comments though it ends in `.json`.
pub(super) fn may_hold_comments(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("tsconfig")
        || name.starts_with("jsconfig")
        || name.rsplit_once('.').is_some_and(|(_, extension)| extension == "jsonc")
        || matches!(
            name,
            ".eslintrc.json"
                | "devcontainer.json"
                | ".swcrc"
                | "deno.json"
                | "biome.json"
                | "turbo.json"
                | "angular.json"
        )
        || path.contains(".vscode/")
}

/// Reads the first document of a YAML text, and looks at the others.
pub(super) fn yaml(content: &str) -> Result<Value, String> {
    let budget = Budget { values: Cell::new(MAX_VALUES), bytes: Cell::new(MAX_BYTES) };
    let mut first = None;
    for document in yaml_serde::Deserializer::from_str(content) {
        let value = Node(&budget).deserialize(document).map_err(|error| error.to_string())?;
        first.get_or_insert(value);
    }
    Ok(first.unwrap_or(Value::Null))
}

/// Reads TOML.
pub(super) fn toml(content: &str) -> Result<(), String> {
    toml::from_str::<toml::Table>(content).map(drop).map_err(|error| error.to_string())
}

/// Comments and trailing commas become spaces, so that lines and columns stay.
fn without_comments(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut characters = content.chars().peekable();
    let mut comma = None;
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('"', _) => {
                comma = None;
                out.push(c);
                while let Some(c) = characters.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ('/', Some('/')) => {
                while characters.next_if(|c| *c != '\n').is_some() {
                    out.push(' ');
                }
            }
            ('/', Some('*')) => {
                characters.next();
                let mut last = ' ';
                for c in characters.by_ref() {
                    out.push(if c == '\n' { '\n' } else { ' ' });
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
            }
            (',', _) => {
                comma = Some(out.len());
                out.push(c);
            }
            _ => {
                if let (']' | '}', Some(at)) = (c, comma) {
                    out.replace_range(at..=at, " ");
                }
                if !c.is_whitespace() {
                    comma = None;
                }
                out.push(c);
            }
        }
    }
    out
}

struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn spend<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match (self.values.get().checked_sub(1), self.bytes.get().checked_sub(bytes)) {
            (Some(values), Some(bytes)) => {
                self.values.set(values);
                self.bytes.set(bytes);
                Ok(())
            }
            _ => Err(E::custom("its aliases stand for too much")),
        }
    }
}

/// Any YAML value as JSON: keys become texts, tags are dropped, merge keys (`<<`) are merged.
struct Node<'a>(&'a Budget);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::from(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::String(value.to_string()))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::String(value.to_string()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::from(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.spend(value.len()).map(|()| Value::String(value.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.0.spend(0).map(|()| Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Node(self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.0.spend(0)?;
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(key) = entries.next_key_seed(Node(self.0))? {
            let key = match key {
                Value::String(key) => key,
                Value::Array(_) | Value::Object(_) => return Err(de::Error::custom("a key that is no text")),
                other => other.to_string(),
            };
            let value = entries.next_value_seed(Node(self.0))?;
            if key == "<<" {
                merged.push(value);
            } else if map.contains_key(&key) {
                return Err(de::Error::custom(format!("the key `{key}` stands here twice")));
            } else {
                map.insert(key, value);
            }
        }
        for value in merged {
            let sources = if let Value::Array(list) = value { list } else { vec![value] };
            for (key, value) in sources.into_iter().filter_map(object).flatten() {
                map.entry(key).or_insert(value);
            }
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (_, content) = tagged.variant::<Tag>()?;
        content.newtype_variant_seed(self)
    }
}

/// The name of a tag; any is taken.
struct Tag;

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(de::IgnoredAny).map(|_| Self)
    }
}

fn object(value: Value) -> Option<Map<String, Value>> {
    if let Value::Object(map) = value { Some(map) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_is_read_as_it_is_written() {
        let text = "a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  m: !Ref name\n200: [yes, ~, 1.5, '2']\n---\nd: 1\n";
        let expected =
            json!({"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "m": "name"}, "200": ["yes", null, 1.5, "2"]});
        assert_eq!(yaml(text).unwrap(), expected);
        assert_eq!(yaml("").unwrap(), Value::Null);
        assert!(yaml("a: 1\na: 2").is_err());
        assert!(yaml("a: [").is_err());
    }

    #[test]
    fn a_few_lines_that_stand_for_very_much_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..20 {
            let items = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb = [bomb, format!("a{level}: &a{level} [{items}]\n")].concat();
        }
        assert!(yaml(&bomb).is_err());
        // Flat and wide: the reader's own limit on jumps does not see it.
        let wide = format!("a: &a [{}]\nb: [{}]\n", "1, ".repeat(20_000), "*a, ".repeat(20_000));
        assert!(yaml(&wide).unwrap_err().contains("too much"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(400_000), "*a, ".repeat(1000));
        assert!(yaml(&long).unwrap_err().contains("too much"));
        assert!(yaml(&"[".repeat(100_000)).is_err());
        assert!(json(&"[".repeat(100_000), false).is_err());
        assert!(toml(&format!("a = {}", "[".repeat(100_000))).is_err());
        assert!(yaml("a: &a [*a]").is_err());
    }

    #[test]
    fn files_of_compilers_may_hold_comments() {
        let text = "{\n  // one\n  \"a\": \"x // y\\\"\", /* two\n */ \"b\": [1, 2,],\n}\n";
        assert_eq!(json(text, true).unwrap(), json!({"a": "x // y\"", "b": [1, 2]}));
        assert!(json(text, false).is_err());
        assert!(json("{,}", true).is_err() || json("{,}", true).is_ok());
        assert!(may_hold_comments("web/tsconfig.app.json"));
        assert!(!may_hold_comments("package.json"));
    }
}
