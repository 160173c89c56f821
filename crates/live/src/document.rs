//! A document, compiled: its paths, operations, checks and collections.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    answer::{self, JSON, PROBLEM},
    checks::{Check, Checks},
    collections::{self, Collection, Collections, Part, Role},
    parameters::{In, Parameter, Shape, Style},
    schema::{Side, escape, flat, follow, normal},
    template::Template,
};

/// More operations than this are not served.
pub const MAX_OPERATIONS: usize = 400;
/// So many findings are told.
const MAX_FINDINGS: usize = 50;

/// The methods that a document may declare, in the order in which they are told.
pub const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

/// Something in a document that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON pointer into the document.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// An API, ready to answer.
pub struct Api {
    /// The document with its schemas as answers keep them.
    pub(crate) root: Value,
    pub(crate) paths: Vec<Path>,
    pub(crate) collections: Collections,
}

pub(crate) struct Path {
    pub template: Template,
    pub operations: BTreeMap<&'static str, Operation>,
}

pub(crate) struct Operation {
    /// For the seeds of samples: no two operations show the same.
    pub number: u64,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub responses: Vec<Response>,
    /// One of these sets of credentials is enough; none asked for when empty.
    pub security: Vec<Vec<Credential>>,
    pub role: Role,
    /// Where in the answer the collection's things are.
    pub part: Option<Part>,
}

pub(crate) struct Body {
    pub required: bool,
    /// By declared media type; a check where it is JSON or a form.
    pub media: Vec<(String, Option<(Check, Shape)>)>,
}

pub(crate) struct Response {
    pub code: Code,
    pub content: Option<Content>,
    pub headers: Vec<(String, Check)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    Exact(u16),
    /// 2 stands for 200 to 299.
    Range(u16),
    Default,
}

pub(crate) struct Content {
    pub media: &'static str,
    pub check: Option<Check>,
    pub examples: Vec<(String, Value)>,
}

/// What a caller must show. It is looked whether something is there, not what.
pub(crate) enum Credential {
    /// `Authorization` with this scheme, in lower case.
    Authorization(String),
    Header(String),
    Query(String),
    /// Cookies are never read.
    Unseen,
}

impl Api {
    /// Makes an API of a document whose structure and references were checked before.
    ///
    /// # Errors
    /// What cannot be served, at most 50 findings: schemas that cannot be used, or too many operations.
    pub fn compile(document: &Value) -> Result<Self, Vec<Finding>> {
        let mut compiler = Compiler {
            requests: Checks::new(normal(document, Side::Request)),
            answers: Checks::new(normal(document, Side::Answer)),
            findings: Vec::new(),
            count: 0,
        };
        let api = compiler.paths();
        let Compiler { answers, findings, .. } = compiler;
        match (api, findings.is_empty()) {
            (Some((paths, collections)), true) => Ok(Self { root: answers.into_root(), paths, collections }),
            _ => Err(findings),
        }
    }

    /// What a thing of this collection is: its schema, with all that references bring to it.
    pub(crate) fn item(&self, collection: &Collection) -> Map<String, Value> {
        flat(&self.root, self.root.pointer(&collection.item.pointer).unwrap_or(&Value::Null))
    }

    /// How many operations there are.
    pub fn operations(&self) -> usize {
        self.paths.iter().map(|path| path.operations.len()).sum()
    }
}

struct Compiler {
    requests: Checks,
    answers: Checks,
    findings: Vec<Finding>,
    count: u64,
}

impl Compiler {
    fn say(&mut self, pointer: &str, message: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { pointer: pointer.to_owned(), message: message.into() });
        }
    }

    fn check(&mut self, side: Side, pointer: &str) -> Option<Check> {
        let made = match side {
            Side::Request => self.requests.at(pointer),
            Side::Answer => self.answers.at(pointer),
        };
        made.map_err(|message| self.say(pointer, message)).ok()
    }

    fn paths(&mut self) -> Option<(Vec<Path>, Collections)> {
        let root = self.answers.root().clone();
        let mut collections = match Collections::find(&root, &mut self.answers) {
            Ok(collections) => collections,
            Err((pointer, message)) => {
                self.say(&pointer, message);
                return None;
            }
        };
        let templates: Vec<String> =
            keys(root.get("paths")).filter(|path| path.starts_with('/')).map(str::to_owned).collect();
        let mut paths = Vec::new();
        for text in templates {
            let Some((pointer, item)) = follow(&root, &format!("/paths/{}", escape(&text))) else { continue };
            let mut operations = BTreeMap::new();
            for method in METHODS.into_iter().filter(|method| item.get(method).is_some()) {
                self.count += 1;
                let role = collections.role(&root, &text, method);
                let operation = self.operation(&root, &pointer, &text, method, role);
                if let (Role::Create(index), Some(body)) = (role, &operation.body)
                    && let Some(collection) = collections.at_mut(index)
                {
                    collection.new =
                        body.media.iter().find_map(|(_, made)| made.as_ref().map(|(check, _)| check.clone()));
                }
                operations.insert(method, operation);
            }
            paths.push(Path { template: Template::parse(&text), operations });
        }
        if self.count > MAX_OPERATIONS as u64 {
            self.say("/paths", format!("there are more than {MAX_OPERATIONS} operations"));
        }
        paths.sort_by_key(|path| path.template.rank());
        Some((paths, collections))
    }

    fn operation(&mut self, root: &Value, path: &str, text: &str, method: &str, role: Role) -> Operation {
        let pointer = format!("{path}/{method}");
        let operation = root.pointer(&pointer).unwrap_or(&Value::Null);
        let mut parameters = Vec::new();
        for list in [format!("{pointer}/parameters"), format!("{path}/parameters")] {
            let count = root.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
            for n in 0..count {
                if let Some(one) = self.parameter(root, &format!("{list}/{n}"))
                    && !parameters
                        .iter()
                        .any(|known: &Parameter| known.name == one.name && known.place == one.place)
                {
                    parameters.push(one);
                }
            }
        }
        let part = collections::part(&mut self.answers, text, method, role).unwrap_or_else(|message| {
            self.say(&pointer, message);
            None
        });
        Operation {
            number: self.count,
            parameters,
            body: self.body(root, &format!("{pointer}/requestBody")),
            responses: keys(operation.get("responses"))
                .filter_map(|code| self.response(root, &format!("{pointer}/responses"), code))
                .collect(),
            security: security(root, operation),
            role,
            part,
        }
    }

    fn parameter(&mut self, root: &Value, pointer: &str) -> Option<Parameter> {
        let (pointer, value) = follow(root, pointer)?;
        let name = value.get("name")?.as_str()?.to_owned();
        let place = match value.get("in")?.as_str()? {
            "path" => In::Path,
            "query" => In::Query,
            "header" => In::Header,
            // Cookies are never read.
            _ => return None,
        };
        // OpenAPI 3.1, "Parameter Object": these are said elsewhere.
        if place == In::Header
            && matches!(name.to_ascii_lowercase().as_str(), "accept" | "content-type" | "authorization")
        {
            return None;
        }
        let flag = |key: &str| value.get(key).and_then(Value::as_bool);
        let json = value.get("schema").is_none().then(|| keys(value.get("content")).next()).flatten();
        let schema = match json {
            Some(media) => format!("{pointer}/content/{}/schema", escape(media)),
            None => format!("{pointer}/schema"),
        };
        let style = value.get("style").and_then(Value::as_str).unwrap_or("form");
        let style = match (place, style) {
            _ if json.is_some_and(answer::is_json) => Style::Json,
            (In::Path, "label") => Style::Label,
            (In::Path, "matrix") => Style::Matrix,
            (In::Query, "spaceDelimited") => Style::Separated(' '),
            (In::Query, "pipeDelimited") => Style::Separated('|'),
            (In::Query, "deepObject") => Style::Deep,
            (In::Query, _) if flag("explode").unwrap_or(true) => Style::Repeated,
            _ => Style::Separated(','),
        };
        let none = Value::Bool(true);
        let shape = Shape::of(root, root.pointer(&schema).unwrap_or(&none));
        let check =
            if root.pointer(&schema).is_some() { self.check(Side::Request, &schema)? } else { return None };
        Some(Parameter {
            name,
            place,
            required: place == In::Path || flag("required").unwrap_or(false),
            style,
            shape,
            check,
        })
    }

    fn body(&mut self, root: &Value, pointer: &str) -> Option<Body> {
        let (pointer, body) = follow(root, pointer)?;
        let mut media = Vec::new();
        for name in keys(body.get("content")) {
            let schema = format!("{pointer}/content/{}/schema", escape(name));
            let plain = name.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
            let checked = answer::is_json(&plain)
                || matches!(plain.as_str(), "*/*" | "application/*" | "application/x-www-form-urlencoded");
            let made = match root.pointer(&schema) {
                Some(schema_value) if checked => {
                    let shape = Shape::of(root, schema_value);
                    self.check(Side::Request, &schema).map(|check| (check, shape))
                }
                _ => None,
            };
            media.push((plain, made));
        }
        Some(Body { required: body.get("required") == Some(&Value::Bool(true)), media })
    }

    fn response(&mut self, root: &Value, responses: &str, code: &str) -> Option<Response> {
        let parsed = match code.as_bytes() {
            [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => Code::Range(u16::from(class - b'0')),
            _ if code == "default" => Code::Default,
            _ => Code::Exact(code.parse().ok().filter(|code| (100..600).contains(code))?),
        };
        let (pointer, response) = follow(root, &format!("{responses}/{}", escape(code)))?;
        let best = keys(response.get("content")).min_by_key(|name| match answer::safe_media(name) {
            JSON => 0,
            PROBLEM => 1,
            _ => 2,
        });
        let content = best.map(|name| {
            let place = format!("{pointer}/content/{}", escape(name));
            let media = root.pointer(&place).unwrap_or(&Value::Null);
            let check =
                media.get("schema").and_then(|_| self.check(Side::Answer, &format!("{place}/schema")));
            Content { media: answer::safe_media(name), check, examples: examples(root, media, &place) }
        });
        let mut headers = Vec::new();
        for name in keys(response.get("headers")).filter(|name| answer::is_safe_header(name)) {
            let Some((place, _)) = follow(root, &format!("{pointer}/headers/{}", escape(name))) else {
                continue;
            };
            let schema = format!("{place}/schema");
            if root.pointer(&schema).is_some()
                && let Some(check) = self.check(Side::Answer, &schema)
            {
                headers.push((name.to_ascii_lowercase(), check));
            }
        }
        Some(Response { code: parsed, content, headers })
    }
}

/// The examples of an answer, by name.
fn examples(root: &Value, media: &Value, pointer: &str) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> =
        media.get("example").map(|example| (String::new(), example.clone())).into_iter().collect();
    for name in keys(media.get("examples")) {
        let example = follow(root, &format!("{pointer}/examples/{}", escape(name)));
        if let Some(value) = example.and_then(|(_, example)| example.get("value")) {
            found.push((name.to_owned(), value.clone()));
        }
    }
    found
}

fn security(root: &Value, operation: &Value) -> Vec<Vec<Credential>> {
    let asked = operation.get("security").or_else(|| root.get("security")).and_then(Value::as_array);
    let sets = asked.into_iter().flatten().filter_map(Value::as_object);
    let sets: Vec<Vec<Credential>> =
        sets.map(|set| set.keys().filter_map(|name| credential(root, name)).collect::<Vec<_>>()).collect();
    // An empty set lets everybody in.
    if sets.iter().any(Vec::is_empty) { Vec::new() } else { sets }
}

fn credential(root: &Value, name: &str) -> Option<Credential> {
    let (_, scheme) = follow(root, &format!("/components/securitySchemes/{}", escape(name)))?;
    let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
    Some(match (text("type").as_str(), text("in").as_str()) {
        ("http", _) => Credential::Authorization(text("scheme")),
        ("oauth2" | "openidconnect", _) => Credential::Authorization("bearer".into()),
        ("apikey", "header") => Credential::Header(text("name")),
        ("apikey", "query") => {
            Credential::Query(scheme.get("name").and_then(Value::as_str).unwrap_or("").to_owned())
        }
        _ => Credential::Unseen,
    })
}

fn keys(object: Option<&Value>) -> impl Iterator<Item = &str> {
    object
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|key| !key.starts_with("x-"))
}
