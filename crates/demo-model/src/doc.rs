//! A document tree that keeps the order of its keys, printed as YAML or JSON. (A JSON map sorts or keeps its keys as
//! other crates of a build decide, and the same prompt must give the same bytes.)

use crate::literal::quoted;

/// A node of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Doc {
    Map(Vec<(String, Doc)>),
    List(Vec<Doc>),
    Text(String),
    /// A number or a boolean, as written.
    Bare(String),
}

impl From<&str> for Doc {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Doc {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Doc {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Doc {
    fn from(number: i64) -> Self {
        Self::Bare(number.to_string())
    }
}

impl From<bool> for Doc {
    fn from(truth: bool) -> Self {
        Self::Bare(truth.to_string())
    }
}

impl From<Vec<Doc>> for Doc {
    fn from(items: Vec<Doc>) -> Self {
        Self::List(items)
    }
}

/// A map of these pairs.
pub fn map<const N: usize>(pairs: [(&str, Doc); N]) -> Doc {
    Doc::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// `{$ref: "#/components/…"}`.
pub fn reference(path: &str) -> Doc {
    map([("$ref", Doc::Text(format!("#/components/{path}")))])
}

impl Doc {
    /// Adds a pair to a map; other nodes stay.
    pub fn with(mut self, key: &str, value: impl Into<Doc>) -> Self {
        self.put(key, value);
        self
    }

    pub fn put(&mut self, key: &str, value: impl Into<Doc>) {
        if let Self::Map(pairs) = self {
            let value = value.into();
            match pairs.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = value,
                None => pairs.push((key.to_owned(), value)),
            }
        }
    }

    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        self.yaml(0, &mut out);
        out.trim_start_matches('\n').to_owned()
    }

    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.json(0, &mut out);
        out.push('\n');
        out
    }

    /// On one line, for curl examples.
    pub fn to_line(&self) -> String {
        match self {
            Self::Map(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(k, v)| format!("{}: {}", quoted(k), v.to_line())).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::to_line).collect::<Vec<_>>().join(", "))
            }
            Self::Text(text) => quoted(text),
            Self::Bare(text) => text.clone(),
        }
    }

    fn is_leaf(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Bare(_))
    }

    fn yaml(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Map(pairs) if pairs.is_empty() => out.push_str(" {}\n"),
            Self::List(items) if items.is_empty() => out.push_str(" []\n"),
            Self::Map(pairs) => {
                out.push('\n');
                for (name, item) in pairs {
                    out.push_str(&format!("{pad}{}:", yaml_key(name)));
                    item.yaml(indent + 2, out);
                }
            }
            Self::List(items) if items.iter().all(Self::is_leaf) => {
                let flow: Vec<_> = items.iter().map(|item| item.yaml_leaf(true)).collect();
                out.push_str(&format!(" [{}]\n", flow.join(", ")));
            }
            Self::List(items) => {
                out.push('\n');
                for item in items {
                    let mut block = String::new();
                    item.yaml(indent + 2, &mut block);
                    out.push_str(&format!("{pad}- {}", block.trim_start()));
                }
            }
            leaf => out.push_str(&format!(" {}\n", leaf.yaml_leaf(false))),
        }
    }

    fn yaml_leaf(&self, in_flow: bool) -> String {
        match self {
            Self::Text(text) if is_plain_yaml(text) && !(in_flow && text.contains(',')) => text.clone(),
            Self::Text(text) => quoted(text),
            Self::Bare(text) => text.clone(),
            _ => String::new(),
        }
    }

    fn json(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent + 2);
        let end = " ".repeat(indent);
        match self {
            Self::Map(pairs) if !pairs.is_empty() => {
                out.push_str("{\n");
                for (at, (name, item)) in pairs.iter().enumerate() {
                    out.push_str(&format!("{pad}{}: ", quoted(name)));
                    item.json(indent + 2, out);
                    out.push_str(if at + 1 < pairs.len() { ",\n" } else { "\n" });
                }
                out.push_str(&format!("{end}}}"));
            }
            Self::List(items) if items.iter().any(|item| !item.is_leaf()) => {
                out.push_str("[\n");
                for (at, item) in items.iter().enumerate() {
                    out.push_str(&pad);
                    item.json(indent + 2, out);
                    out.push_str(if at + 1 < items.len() { ",\n" } else { "\n" });
                }
                out.push_str(&format!("{end}]"));
            }
            other => out.push_str(&other.to_line()),
        }
    }
}

fn yaml_key(name: &str) -> String {
    let path =
        name.starts_with('/') && name.chars().all(|c| c.is_ascii_alphanumeric() || "/{}-_".contains(c));
    if is_plain_yaml(name) || path || name == "$ref" { name.to_owned() } else { quoted(name) }
}

/// Whether YAML reads the bare text as this very string: letters first, no sign of structure, no other type.
fn is_plain_yaml(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let other_type = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&word.as_str());
    !other_type
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._/-,()".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_quotes_what_would_read_as_something_else() {
        let doc = map([
            ("a", "yes".into()),
            ("b", "1.0".into()),
            ("c", vec!["x: y".into(), 2.into()].into()),
            ("d", map([("e", "plain words".into())])),
            ("/x/{id}", vec![map([("f", true.into()), ("g", map([]))])].into()),
        ]);
        let yaml = "a: \"yes\"\nb: \"1.0\"\nc: [\"x: y\", 2]\nd:\n  e: plain words\n/x/{id}:\n  - f: true\n    g: {}\n";
        assert_eq!(doc.to_yaml(), yaml);
    }
}
