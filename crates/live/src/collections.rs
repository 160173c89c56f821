//! Which paths are collections and which the things in them, found by their shape and confirmed by their schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    checks::{Check, Checks},
    schema::{escape, flat, follow, has_type, is_object, wide},
    template::Template,
};

/// A set of things of one kind.
pub struct Collection {
    /// Under what its records are kept.
    pub kind: String,
    /// The property that names a thing; none when only paths do.
    pub key: Option<String>,
    /// What a thing is, as answers show it.
    pub item: Check,
    /// What the body of a new thing must be.
    pub new: Option<Check>,
    /// Whether things are made by POST; else PUT makes them.
    pub posted: bool,
    /// Whether things can be made at all: of a collection that nobody can fill, operations answer samples.
    filled: bool,
}

/// What an operation does to a collection, by its place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    List(usize),
    Create(usize),
    Read(usize),
    Replace(usize),
    Merge(usize),
    Remove(usize),
    /// It answers an example or a sample.
    Static,
}

/// The collections of a document.
#[derive(Default)]
pub struct Collections {
    pub all: Vec<Collection>,
    /// By the path of the collection.
    at: BTreeMap<String, usize>,
}

/// A part of an answer's schema: the whole, or one property of it.
#[derive(Clone)]
pub struct Part {
    /// The property; none for the whole.
    pub name: Option<String>,
    pub check: Check,
}

impl Collections {
    pub fn find(root: &Value, checks: &mut Checks) -> Result<Self, (String, String)> {
        let none = Map::new();
        let paths = root.get("paths").and_then(Value::as_object).unwrap_or(&none);
        let mut items: BTreeMap<String, (String, String)> = BTreeMap::new();
        for path in paths.keys() {
            let template = Template::parse(path);
            if let Some((collection, key)) = template.item_of() {
                items.insert(collection, (path.clone(), key.to_owned()));
            }
        }
        let mut bases: Vec<String> = items.keys().cloned().collect();
        bases.extend(
            paths
                .keys()
                .filter(|path| !items.contains_key(*path) && Template::parse(path).item_of().is_none())
                .cloned(),
        );
        let mut found = Self::default();
        let mut named: BTreeMap<String, usize> = BTreeMap::new();
        // Those with paths for their things come first: others may turn out to be views of them.
        for base in bases {
            let item = items.get(&base);
            let view = View { root, base: &base, item: item.map(|(path, _)| path.as_str()) };
            let Some(pointer) = view.schema() else { continue };
            let schema = follow(root, &pointer).map(|(place, _)| place).unwrap_or(pointer);
            let known = named.get(&schema).copied();
            let own = item.is_some() && paths.contains_key(&base);
            if let Some(known) = known.filter(|_| !own) {
                found.at.insert(base, known);
                continue;
            }
            if item.is_none() && !view.has("post") {
                continue;
            }
            let properties = wide(root, root.pointer(&schema).unwrap_or(&Value::Null));
            let collection = Collection {
                kind: base.clone(),
                key: key(&properties, item.map_or("id", |(_, key)| key)),
                item: checks.at(&schema).map_err(|message| (schema.clone(), message))?,
                new: None,
                posted: false,
                filled: false,
            };
            found.all.push(collection);
            let index = found.all.len() - 1;
            if schema.starts_with("/components/schemas/") {
                named.entry(schema).or_insert(index);
            }
            found.at.insert(base, index);
        }
        for (base, index) in &found.at {
            let Some(collection) = found.all.get_mut(*index) else { continue };
            collection.posted |= takes_object(root, base, "post");
            let put = items.get(base).is_some_and(|(path, _)| takes_object(root, path, "put"));
            collection.filled |= collection.posted || put;
        }
        Ok(found)
    }

    /// What this operation does.
    pub fn role(&self, root: &Value, path: &str, method: &str) -> Role {
        let template = Template::parse(path);
        if let Some((base, _)) = template.item_of() {
            let Some(index) = self.index(&base) else { return Role::Static };
            return match method {
                "get" | "head" => Role::Read(index),
                "put" if takes_object(root, path, method) => Role::Replace(index),
                "patch" if takes_object(root, path, method) => Role::Merge(index),
                "delete" => Role::Remove(index),
                _ => Role::Static,
            };
        }
        let Some(index) = self.index(path) else { return Role::Static };
        match method {
            "get" | "head" if list_part(root, path).is_some() => Role::List(index),
            "post" if takes_object(root, path, method) => Role::Create(index),
            _ => Role::Static,
        }
    }

    fn index(&self, path: &str) -> Option<usize> {
        let index = self.at.get(path).copied()?;
        self.all.get(index).filter(|collection| collection.filled).map(|_| index)
    }

    /// The collection at this path.
    pub fn at(&self, path: &str) -> Option<&Collection> {
        self.at.get(path).and_then(|index| self.all.get(*index))
    }

    pub fn at_mut(&mut self, index: usize) -> Option<&mut Collection> {
        self.all.get_mut(index)
    }
}

/// What a document says at a collection's paths.
struct View<'a> {
    root: &'a Value,
    base: &'a str,
    item: Option<&'a str>,
}

impl View<'_> {
    fn has(&self, method: &str) -> bool {
        operation(self.root, self.base, method).is_some()
    }

    /// Where the schema of a thing is: as it is read, listed, made or changed, whichever is told first.
    fn schema(&self) -> Option<String> {
        let answer = |path: &str, method: &str| {
            let pointer = success_schema(self.root, path, method)?;
            Some(thing(self.root, &pointer).map_or(pointer, |(_, inner)| inner))
        };
        let item = self.item;
        let object =
            |pointer: &String| self.root.pointer(pointer).is_some_and(|schema| is_thing(self.root, schema));
        item.and_then(|path| answer(path, "get"))
            .filter(object)
            .or_else(|| list_part(self.root, self.base).map(|(_, items)| items).filter(object))
            .or_else(|| answer(self.base, "post").filter(object))
            .or_else(|| item.and_then(|path| answer(path, "put")).filter(object))
            .or_else(|| item.and_then(|path| answer(path, "patch")).filter(object))
            .or_else(|| item.and_then(|_| body_schema(self.root, self.base, "post")).filter(object))
    }
}

/// The property that names a thing whose path calls it `parameter`.
fn key(schema: &Map<String, Value>, parameter: &str) -> Option<String> {
    let properties = schema.get("properties").and_then(Value::as_object)?;
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let wanted = plain(parameter);
    let named = |one: &str| properties.keys().find(|name| plain(name) == one);
    let ends = |name: &&String| wanted.len() > name.len() && wanted.ends_with(&plain(name));
    named(&wanted)
        .or_else(|| named("id"))
        .or_else(|| named("uuid"))
        .or_else(|| properties.keys().filter(ends).max_by_key(|name| name.len()))
        .cloned()
}

fn operation<'a>(root: &'a Value, path: &str, method: &str) -> Option<(String, &'a Value)> {
    let (pointer, item) = follow(root, &format!("/paths/{}", escape(path)))?;
    Some((format!("{pointer}/{method}"), item.get(method)?))
}

/// The JSON schema of the best answer.
fn success_schema(root: &Value, path: &str, method: &str) -> Option<String> {
    let (pointer, operation) = operation(root, path, method)?;
    let responses = operation.get("responses")?.as_object()?;
    let codes = responses
        .keys()
        .filter(|code| code.starts_with('2'))
        .chain(responses.keys().filter(|code| *code == "default"));
    codes.into_iter().find_map(|code| {
        let (pointer, response) = follow(root, &format!("{pointer}/responses/{}", escape(code)))?;
        json_schema(response, &pointer)
    })
}

fn body_schema(root: &Value, path: &str, method: &str) -> Option<String> {
    let (pointer, _) = operation(root, path, method)?;
    let (pointer, body) = follow(root, &format!("{pointer}/requestBody"))?;
    json_schema(body, &pointer)
}

fn json_schema(holder: &Value, pointer: &str) -> Option<String> {
    let content = holder.get("content")?.as_object()?;
    let media = content.keys().find(|name| crate::answer::safe_media(name) == crate::answer::JSON)?;
    content.get(media)?.get("schema")?;
    Some(format!("{pointer}/content/{}/schema", escape(media)))
}

fn takes_object(root: &Value, path: &str, method: &str) -> bool {
    let Some((pointer, operation)) = operation(root, path, method) else { return false };
    if operation.get("requestBody").is_none() {
        return false;
    }
    let Some((_, body)) = follow(root, &format!("{pointer}/requestBody")) else { return false };
    let Some(content) = body.get("content").and_then(Value::as_object) else { return false };
    content.values().any(|media| media.get("schema").is_some_and(|schema| is_thing(root, schema)))
}

/// The list in the answer of a collection: the property that holds it, if it is not the whole, and where its items' schema is.
fn list_part(root: &Value, path: &str) -> Option<(Option<String>, String)> {
    let pointer = success_schema(root, path, "get")?;
    let list = |pointer: &str| {
        let (pointer, schema) = follow(root, pointer)?;
        let items = schema.get("items")?;
        (schema.get("type").is_none() || schema.as_object().is_some_and(|schema| has_type(schema, "array")))
            .then_some(())?;
        is_thing(root, items).then(|| format!("{pointer}/items"))
    };
    if let Some(items) = list(&pointer) {
        return Some((None, items));
    }
    let mut lists = properties(root, &pointer)
        .into_iter()
        .filter_map(|(name, pointer)| list(&pointer).map(|items| (name, items)))
        .collect::<Vec<_>>();
    let usual = |name: &str| matches!(name, "data" | "items" | "results" | "records" | "content");
    let at = lists.iter().position(|(name, _)| usual(name)).unwrap_or(0);
    (at < lists.len()).then(|| lists.swap_remove(at)).map(|(name, items)| (Some(name), items))
}

/// Whether a schema describes objects, or a choice of them.
fn is_thing(root: &Value, schema: &Value) -> bool {
    let flat = flat(root, schema);
    is_object(root, schema)
        || ["oneOf", "anyOf"].iter().any(|choice| {
            flat.get(*choice)
                .and_then(Value::as_array)
                .is_some_and(|ways| ways.iter().all(|way| is_object(root, way)))
        })
}

/// A thing that an answer wraps, as in `{"data": {"id": …}}`: the property, and where its schema is.
fn thing(root: &Value, pointer: &str) -> Option<(String, String)> {
    let properties = properties(root, pointer);
    let scalar = |pointer: &String| {
        follow(root, pointer)
            .is_some_and(|(_, schema)| !is_thing(root, schema) && schema.get("items").is_none())
    };
    if properties.iter().any(|(name, _)| name.to_ascii_lowercase().ends_with("id")) {
        return None;
    }
    let mut wrapped = properties
        .iter()
        .filter(|(_, pointer)| !scalar(pointer))
        .filter(|(_, pointer)| root.pointer(pointer).is_some_and(|schema| is_object(root, schema)));
    let first = wrapped.next()?;
    let usual = matches!(first.0.as_str(), "data" | "item" | "result" | "record");
    (usual || (wrapped.next().is_none() && properties.len() == 1)).then(|| first.clone())
}

/// Where the schemas of a schema's properties are, through `$ref` and `allOf`.
fn properties(root: &Value, pointer: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(root, pointer, &mut found, 0);
    found
}

fn collect(root: &Value, pointer: &str, found: &mut Vec<(String, String)>, depth: usize) {
    let Some((pointer, schema)) = follow(root, pointer) else { return };
    if depth > 8 {
        return;
    }
    for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        found.push((name.clone(), format!("{pointer}/properties/{}", escape(name))));
    }
    let parts = schema.get("allOf").and_then(Value::as_array).map_or(0, Vec::len);
    for part in 0..parts {
        collect(root, &format!("{pointer}/allOf/{part}"), found, depth + 1);
    }
}

/// Where in the answer of this operation the collection's things are.
pub fn part(checks: &mut Checks, path: &str, method: &str, role: Role) -> Result<Option<Part>, String> {
    let root = checks.root();
    let found = match role {
        Role::Static => None,
        Role::List(_) => list_part(root, path),
        _ => success_schema(root, path, method).map(|pointer| match thing(root, &pointer) {
            Some((name, inner)) => (Some(name), inner),
            None => (None, pointer),
        }),
    };
    match found {
        Some((name, pointer)) => Ok(Some(Part { name, check: checks.at(&pointer)? })),
        None => Ok(None),
    }
}
