//! What a request says beside its body: values of path, query and headers, read as their schemas want them.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::{
    answer::Flaw,
    checks::Check,
    schema::{escape, flat},
};

/// How deep the parts of a parameter are looked into.
const DEEPEST: usize = 3;

/// Where a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum In {
    Path,
    Query,
    Header,
}

/// One declared parameter.
pub struct Parameter {
    pub name: String,
    pub place: In,
    pub required: bool,
    pub style: Style,
    pub shape: Shape,
    pub check: Check,
}

/// How several values are written (OpenAPI 3.1, "Style Values").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The same name again and again.
    Repeated,
    /// Between these signs.
    Separated(char),
    /// `.value`, in paths.
    Label,
    /// `;name=value`, in paths.
    Matrix,
    /// `name[key]=value`.
    Deep,
    /// A JSON text.
    Json,
}

/// What a text may stand for.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    types: Vec<Kind>,
    items: Option<Box<Shape>>,
    properties: BTreeMap<String, Shape>,
}

/// In the order in which a text is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Array,
    Object,
    Integer,
    Number,
    Boolean,
    Null,
    Text,
}

impl Shape {
    pub fn of(root: &Value, schema: &Value) -> Self {
        Self::at(root, schema, 0)
    }

    fn at(root: &Value, schema: &Value, depth: usize) -> Self {
        let flat = flat(root, schema);
        let mut shape = Self::default();
        let names: Vec<&str> = match flat.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(some)) => some.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        shape.types.extend(names.iter().filter_map(|name| Kind::named(name)));
        if names.is_empty() {
            let listed = flat.get("enum").and_then(Value::as_array).into_iter().flatten();
            shape.types.extend(listed.chain(flat.get("const")).map(Kind::of_value));
        }
        if depth < DEEPEST {
            for branch in ["oneOf", "anyOf"] {
                for part in flat.get(branch).and_then(Value::as_array).into_iter().flatten() {
                    let part = Self::at(root, part, depth + 1);
                    shape.types.extend(part.types);
                    shape.items = shape.items.or(part.items);
                    shape.properties.extend(part.properties);
                }
            }
            if let Some(items) = flat.get("items") {
                shape.items = Some(Box::new(Self::at(root, items, depth + 1)));
            }
            for (name, property) in flat.get("properties").and_then(Value::as_object).into_iter().flatten() {
                shape.properties.insert(name.clone(), Self::at(root, property, depth + 1));
            }
        }
        shape.types.sort_unstable();
        shape.types.dedup();
        shape
    }

    pub fn is_list(&self) -> bool {
        self.types.contains(&Kind::Array)
    }

    fn is_object(&self) -> bool {
        self.types.contains(&Kind::Object) || (self.types.is_empty() && !self.properties.is_empty())
    }

    /// The value that a text stands for; the text itself when it can stand for nothing else.
    pub fn value(&self, text: &str) -> Value {
        let typed = self.types.iter().find_map(|kind| match kind {
            Kind::Integer | Kind::Number => serde_json::from_str::<Number>(text).ok().map(Value::Number),
            Kind::Boolean => text.parse().ok().map(Value::Bool),
            Kind::Null => (text == "null").then_some(Value::Null),
            Kind::Array | Kind::Object | Kind::Text => None,
        });
        typed.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    fn item(&self, text: &str) -> Value {
        self.items.as_ref().map_or_else(|| Value::String(text.to_owned()), |items| items.value(text))
    }

    fn property(&self, name: &str, text: &str) -> Value {
        self.properties
            .get(name)
            .map_or_else(|| Value::String(text.to_owned()), |property| property.value(text))
    }

    /// A form as an object.
    pub fn form(&self, pairs: &[(String, String)]) -> Value {
        let mut object = Map::new();
        for (name, text) in pairs {
            let listed = self.properties.get(name).is_some_and(Self::is_list);
            if listed {
                let item = self.properties.get(name).map_or(Value::Null, |shape| shape.item(text));
                match object.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(list) => list.push(item),
                    other => *other = item,
                }
            } else {
                object.insert(name.clone(), self.property(name, text));
            }
        }
        Value::Object(object)
    }
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "array" => Self::Array,
            "object" => Self::Object,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            "string" => Self::Text,
            _ => return None,
        })
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Boolean,
            Value::Null => Self::Null,
            Value::String(_) => Self::Text,
        }
    }
}

/// What a request holds beside its body.
pub struct Given<'r> {
    pub path: &'r [(&'r str, String)],
    pub query: &'r [(String, String)],
    pub headers: &'r [(String, String)],
}

/// The values of these parameters, or what is wrong with them.
pub fn read(parameters: &[Parameter], given: &Given<'_>) -> Result<BTreeMap<(In, String), Value>, Vec<Flaw>> {
    let mut values = BTreeMap::new();
    let mut flaws = Vec::new();
    for one in parameters {
        let pointer = format!("/{}/{}", one.place.name(), escape(&one.name));
        match one.read(given) {
            Some(value) => {
                flaws.extend(one.check.flaws(&value, &pointer));
                values.insert((one.place, one.name.clone()), value);
            }
            None if one.required => {
                flaws.push(Flaw { field: pointer, message: "this parameter is required".into() });
            }
            None => {}
        }
    }
    if flaws.is_empty() { Ok(values) } else { Err(flaws) }
}

impl In {
    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}

impl Parameter {
    fn read(&self, given: &Given<'_>) -> Option<Value> {
        let texts = self.texts(given);
        if self.style == Style::Json {
            let text = texts.first()?;
            return Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())));
        }
        if self.style == Style::Deep || (self.shape.is_object() && self.style == Style::Repeated) {
            return self.object(given);
        }
        let texts = match self.style {
            Style::Label => {
                texts.iter().filter_map(|text| text.strip_prefix('.')).map(str::to_owned).collect()
            }
            Style::Matrix => self.matrix(texts.first()?),
            _ => texts,
        };
        let first = texts.first()?;
        if self.shape.is_list() {
            let items: Vec<Value> = match self.style {
                Style::Label | Style::Matrix => texts
                    .iter()
                    .flat_map(|text| text.split([',', '.']))
                    .map(|text| self.shape.item(text))
                    .collect(),
                Style::Separated(sign) if first.is_empty() && texts.len() == 1 && sign == ',' => Vec::new(),
                Style::Separated(sign) => {
                    texts.iter().flat_map(|text| text.split(sign)).map(|text| self.shape.item(text)).collect()
                }
                _ => texts.iter().map(|text| self.shape.item(text)).collect(),
            };
            return Some(Value::Array(items));
        }
        if self.shape.is_object()
            && let Style::Separated(sign) = self.style
        {
            let words: Vec<&str> = first.split(sign).collect();
            // `a,1,b,2`, or with explode `a=1,b=2`.
            let pairs = words.chunks(2).map(|pair| (pair.first().copied(), pair.get(1).copied()));
            let object: Map<String, Value> = if words.iter().all(|word| word.contains('=')) {
                let pairs = words.iter().filter_map(|word| word.split_once('='));
                pairs.map(|(name, text)| (name.to_owned(), self.shape.property(name, text))).collect()
            } else {
                pairs
                    .filter_map(|(name, text)| Some((name?, text?)))
                    .map(|(name, text)| (name.to_owned(), self.shape.property(name, text)))
                    .collect()
            };
            return Some(Value::Object(object));
        }
        Some(self.shape.value(first))
    }

    /// `;name=a;name=b`, or `;name=a,b`.
    fn matrix(&self, text: &str) -> Vec<String> {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value.to_owned()).collect()
    }

    fn texts(&self, given: &Given<'_>) -> Vec<String> {
        let of = |some: &[(String, String)]| -> Vec<String> {
            some.iter().filter(|(name, _)| *name == self.name).map(|(_, text)| text.clone()).collect()
        };
        match self.place {
            In::Path => given
                .path
                .iter()
                .filter(|(name, _)| *name == self.name)
                .map(|(_, text)| text.clone())
                .collect(),
            In::Query => of(given.query),
            In::Header => {
                let header = given.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.name));
                header.map(|(_, text)| text.clone()).into_iter().collect()
            }
        }
    }

    fn object(&self, given: &Given<'_>) -> Option<Value> {
        let mut object = Map::new();
        for (name, text) in given.query {
            let key = if self.style == Style::Deep {
                name.strip_prefix(self.name.as_str())
                    .and_then(|rest| rest.strip_prefix('['))
                    .and_then(|rest| rest.strip_suffix(']'))
            } else {
                self.shape.properties.contains_key(name).then_some(name.as_str())
            };
            if let Some(key) = key {
                object.insert(key.to_owned(), self.shape.property(key, text));
            }
        }
        (!object.is_empty()).then_some(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Checks;
    use serde_json::json;

    fn read_query(schema: Value, style: Style, query: &str) -> Result<Value, Vec<String>> {
        let mut checks = Checks::new(json!({ "it": schema }));
        let check = checks.at("/it").unwrap();
        let root = checks.into_root();
        let shape = Shape::of(&root, &root["it"]);
        let parameter = Parameter { name: "q".into(), place: In::Query, required: true, style, shape, check };
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let given = Given { path: &[], query: &query, headers: &[] };
        read(&[parameter], &given)
            .map(|values| values[&(In::Query, "q".to_owned())].clone())
            .map_err(|flaws| flaws.into_iter().map(|flaw| flaw.field).collect())
    }

    fn read_path(style: &str, text: &str) -> Value {
        let mut checks = Checks::new(json!({ "it": { "type": "array", "items": { "type": "integer" } } }));
        let check = checks.at("/it").unwrap();
        let root = checks.into_root();
        let shape = Shape::of(&root, &root["it"]);
        let style = if style == "label" { Style::Label } else { Style::Matrix };
        let parameter = Parameter { name: "q".into(), place: In::Path, required: true, style, shape, check };
        let given = Given { path: &[("q", text.to_owned())], query: &[], headers: &[] };
        read(&[parameter], &given).unwrap()[&(In::Path, "q".to_owned())].clone()
    }

    #[test]
    fn a_text_stands_for_what_its_schema_wants() {
        let repeated = Style::Repeated;
        assert_eq!(read_query(json!({ "type": "integer" }), repeated, "q=5"), Ok(json!(5)));
        assert_eq!(read_query(json!({ "type": "integer" }), repeated, "q=05"), Err(vec!["/query/q".into()]));
        assert_eq!(
            read_query(json!({ "type": "integer", "maximum": 3 }), repeated, "q=5"),
            Err(vec!["/query/q".into()])
        );
        assert_eq!(read_query(json!({ "type": "boolean" }), repeated, "q=true"), Ok(json!(true)));
        assert_eq!(read_query(json!({ "type": "string" }), repeated, "q=5"), Ok(json!("5")));
        assert_eq!(read_query(json!({ "enum": [1, "a"] }), repeated, "q=1"), Ok(json!(1)));
        assert_eq!(read_query(json!({ "type": "string" }), repeated, "p=5"), Err(vec!["/query/q".into()]));
        let list = json!({ "type": "array", "items": { "type": "integer" } });
        assert_eq!(read_query(list.clone(), repeated, "q=1&q=2"), Ok(json!([1, 2])));
        assert_eq!(read_query(list.clone(), Style::Separated(','), "q=1,2"), Ok(json!([1, 2])));
        assert_eq!(read_query(list, Style::Separated('|'), "q=1|x"), Err(vec!["/query/q/1".into()]));
        assert_eq!(read_path("label", ".5"), json!([5]));
        assert_eq!(read_path("label", ".5.6"), json!([5, 6]));
        assert_eq!(read_path("matrix", ";q=5;q=6"), json!([5, 6]));
        assert_eq!(read_path("matrix", ";q=5,6"), json!([5, 6]));
        let object = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": {} } });
        assert_eq!(read_query(object.clone(), Style::Deep, "q[a]=1&q[b]=x"), Ok(json!({ "a": 1, "b": "x" })));
        assert_eq!(read_query(object.clone(), repeated, "a=1&c=2"), Ok(json!({ "a": 1 })));
        assert_eq!(read_query(object, Style::Separated(','), "q=a,1,b,2"), Ok(json!({ "a": 1, "b": "2" })));
        assert_eq!(read_query(json!({}), Style::Json, "q={\"a\":1}"), Ok(json!({ "a": 1 })));
    }
}
