//! Whether a document keeps the rules of OpenAPI 3.1 (or 3.0): its structure, and that every `$ref` leads somewhere.

mod refs;
mod schema;

use std::collections::HashSet;

use serde_json::{Map, Value};

/// What was found: a code, the place as a JSON pointer, and words.
#[derive(Debug)]
pub(super) struct Finding {
    pub code: &'static str,
    pub pointer: String,
    pub message: String,
}

/// Whether a document says that it is OpenAPI 3 and has paths: whatever else is wrong, it is meant to be one.
pub(super) fn is_document(document: &Value) -> bool {
    document.get("openapi").and_then(Value::as_str).is_some_and(|version| version.starts_with("3."))
        && document.get("paths").and_then(Value::as_object).is_some_and(|paths| !paths.is_empty())
}

/// The first findings, at most `limit`.
pub(super) fn find(document: &Value, limit: usize) -> Vec<Finding> {
    let mut check = Check {
        document,
        old: document
            .get("openapi")
            .and_then(Value::as_str)
            .is_some_and(|version| version.starts_with("3.0")),
        findings: Vec::new(),
        limit,
        operations: HashSet::new(),
    };
    check.root();
    refs::find(document, &mut check);
    check.findings
}

struct Check<'a> {
    document: &'a Value,
    /// 3.0, whose schemas are not yet JSON Schema.
    old: bool,
    findings: Vec<Finding>,
    limit: usize,
    operations: HashSet<&'a str>,
}

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

impl<'a> Check<'a> {
    fn say(&mut self, pointer: &str, message: impl Into<String>) {
        self.add("bad_openapi", pointer, message.into());
    }

    fn add(&mut self, code: &'static str, pointer: &str, message: String) {
        if self.findings.len() < self.limit {
            self.findings.push(Finding { code, pointer: pointer.to_owned(), message });
        }
    }

    fn is_full(&self) -> bool {
        self.findings.len() >= self.limit
    }

    fn root(&mut self) {
        let document = self.document;
        let version = document.get("openapi").and_then(Value::as_str).unwrap_or("");
        if !["3.0.", "3.1."].iter().any(|known| version.starts_with(known))
            && !matches!(version, "3.0" | "3.1")
        {
            self.say("/openapi", "the version must be 3.1.x or 3.0.x");
        }
        if let Some(info) = self.object(document.get("info"), "/info", true) {
            for name in ["title", "version"] {
                if !is_text(info.get(name)) {
                    self.say(&format!("/info/{name}"), "it must be a text that is not empty");
                }
            }
        }
        if let Some(paths) = self.object(document.get("paths"), "/paths", true) {
            let mut shapes = HashSet::new();
            for (path, item) in paths.iter().filter(|(path, _)| !is_extension(path)) {
                let pointer = format!("/paths/{}", escape(path));
                if !path.starts_with('/') {
                    self.say(&pointer, "a path must begin with `/`");
                }
                if !shapes.insert(shape(path)) {
                    self.say(
                        &pointer,
                        "another path differs from this one only in the names of its parameters",
                    );
                }
                self.path_item(item, &pointer, Some(path));
            }
        }
        if let Some(items) = document.get("webhooks").and_then(Value::as_object) {
            for (name, item) in items {
                self.path_item(item, &format!("/webhooks/{}", escape(name)), None);
            }
        }
        if let Some(components) = self.object(document.get("components"), "/components", false) {
            self.components(components);
        }
        self.security(document.get("security"), "/security");
        if document.get("tags").is_some_and(|tags| {
            !tags
                .as_array()
                .is_some_and(|tags| tags.iter().all(|tag| tag.get("name").is_some_and(Value::is_string)))
        }) {
            self.say("/tags", "it must be a list of objects with a name");
        }
        if document.get("servers").is_some_and(|servers| {
            !servers
                .as_array()
                .is_some_and(|servers| servers.iter().all(|one| one.get("url").is_some_and(Value::is_string)))
        }) {
            self.say("/servers", "it must be a list of objects with a url");
        }
    }

    fn path_item(&mut self, item: &'a Value, pointer: &str, path: Option<&str>) {
        let Some(item) = self.object(Some(item), pointer, true) else { return };
        let shared = self.parameters(item.get("parameters"), &format!("{pointer}/parameters"));
        for (key, value) in item {
            if self.is_full() {
                return;
            }
            let pointer = format!("{pointer}/{}", escape(key));
            if METHODS.contains(&key.as_str()) {
                self.operation(value, &pointer, path, &shared);
            } else if !matches!(key.as_str(), "$ref" | "summary" | "description" | "servers" | "parameters")
                && !is_extension(key)
            {
                self.say(&pointer, "this is no HTTP method and no other part of a path");
            }
        }
    }

    fn operation(&mut self, value: &'a Value, pointer: &str, path: Option<&str>, shared: &[Parameter<'a>]) {
        let Some(operation) = self.object(Some(value), pointer, true) else { return };
        if let Some(id) = operation.get("operationId") {
            match id.as_str() {
                Some(id) if !self.operations.insert(id) => {
                    self.say(
                        &format!("{pointer}/operationId"),
                        format!("another operation is called `{id}` too"),
                    );
                }
                Some(_) => {}
                None => self.say(&format!("{pointer}/operationId"), "it must be a text"),
            }
        }
        let own = self.parameters(operation.get("parameters"), &format!("{pointer}/parameters"));
        if let Some(path) = path {
            let templates: Vec<&str> = templates(path).collect();
            let declared: Vec<&str> =
                shared.iter().chain(&own).filter(|one| one.place == "path").map(|one| one.name).collect();
            for name in &templates {
                if !declared.contains(name) {
                    self.say(pointer, format!("the path's parameter `{name}` is not declared"));
                }
            }
            for one in own.iter().chain(shared).filter(|one| one.place == "path") {
                if !templates.contains(&one.name) {
                    self.say(
                        pointer,
                        format!("the path has no `{{{}}}`, but a path parameter is declared", one.name),
                    );
                }
            }
        }
        if let Some(body) = operation.get("requestBody") {
            self.request_body(body, &format!("{pointer}/requestBody"));
        }
        let at = format!("{pointer}/responses");
        if let Some(responses) = self.object(operation.get("responses"), &at, true) {
            if responses.keys().all(|code| is_extension(code)) {
                self.say(&at, "there must be at least one response");
            }
            for (code, response) in responses.iter().filter(|(code, _)| !is_extension(code)) {
                let pointer = format!("{at}/{}", escape(code));
                if !is_response_code(code) {
                    self.say(&pointer, "this is no status: `200`, `4XX` or `default`");
                }
                self.response(response, &pointer);
            }
        }
        if let Some(callbacks) = operation.get("callbacks").and_then(Value::as_object) {
            for (name, callback) in callbacks {
                let Some(callback) = callback.as_object().filter(|one| !one.contains_key("$ref")) else {
                    continue;
                };
                for (expression, item) in callback.iter().filter(|(key, _)| !is_extension(key)) {
                    let pointer = format!("{pointer}/callbacks/{}/{}", escape(name), escape(expression));
                    self.path_item(item, &pointer, None);
                }
            }
        }
        self.security(operation.get("security"), &format!("{pointer}/security"));
    }

    fn parameters(&mut self, value: Option<&'a Value>, pointer: &str) -> Vec<Parameter<'a>> {
        let Some(value) = value else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.say(pointer, "it must be a list");
            return Vec::new();
        };
        let mut found: Vec<Parameter<'a>> = Vec::new();
        for (index, value) in list.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let is_ref = value.get("$ref").is_some();
            // A reference that leads nowhere is told by `refs`.
            let Some(value) = refs::follow(self.document, value) else { continue };
            let parameter = Parameter {
                name: value.get("name").and_then(Value::as_str).unwrap_or(""),
                place: value.get("in").and_then(Value::as_str).unwrap_or(""),
            };
            if !is_ref {
                self.parameter(value, &pointer);
            }
            if found.iter().any(|other| other.name == parameter.name && other.place == parameter.place) {
                self.say(&pointer, format!("the parameter `{}` is declared twice", parameter.name));
            }
            found.push(parameter);
        }
        found
    }

    fn parameter(&mut self, value: &'a Value, pointer: &str) {
        let Some(parameter) = self.object(Some(value), pointer, true) else { return };
        if !is_text(parameter.get("name")) {
            self.say(pointer, "a parameter must have a name");
        }
        match parameter.get("in").and_then(Value::as_str) {
            Some("path") if parameter.get("required") != Some(&Value::Bool(true)) => {
                self.say(pointer, "a path parameter must be `required: true`");
            }
            Some("path" | "query" | "header" | "cookie") => {}
            _ => self.say(pointer, "a parameter is `in` path, query, header or cookie"),
        }
        match (parameter.get("schema"), parameter.get("content")) {
            (Some(schema), _) => self.schema(schema, &format!("{pointer}/schema")),
            (None, Some(content)) => self.content(content, &format!("{pointer}/content")),
            (None, None) => self.say(pointer, "a parameter must have a schema"),
        }
    }

    fn request_body(&mut self, value: &'a Value, pointer: &str) {
        let Some(body) = self.object(Some(value), pointer, true).filter(|body| !body.contains_key("$ref"))
        else {
            return;
        };
        match body.get("content") {
            Some(content) => self.content(content, &format!("{pointer}/content")),
            None => self.say(pointer, "a request body must have content"),
        }
    }

    fn response(&mut self, value: &'a Value, pointer: &str) {
        let Some(response) = self.object(Some(value), pointer, true).filter(|one| !one.contains_key("$ref"))
        else {
            return;
        };
        if !response.get("description").is_some_and(Value::is_string) {
            self.say(pointer, "a response must have a description");
        }
        if let Some(content) = response.get("content") {
            self.content(content, &format!("{pointer}/content"));
        }
        if let Some(headers) = self.object(response.get("headers"), &format!("{pointer}/headers"), false) {
            for (name, header) in headers {
                self.header(header, &format!("{pointer}/headers/{}", escape(name)));
            }
        }
    }

    fn header(&mut self, value: &'a Value, pointer: &str) {
        let Some(header) = self.object(Some(value), pointer, true) else { return };
        if let Some(schema) = header.get("schema") {
            self.schema(schema, &format!("{pointer}/schema"));
        }
    }

    fn content(&mut self, value: &'a Value, pointer: &str) {
        let Some(content) = self.object(Some(value), pointer, true) else { return };
        for (name, value) in content {
            let pointer = format!("{pointer}/{}", escape(name));
            if !name.contains('/') {
                self.say(&pointer, "this is no media type, as `application/json` is");
            }
            if let Some(media) = self.object(Some(value), &pointer, true)
                && let Some(schema) = media.get("schema")
            {
                self.schema(schema, &format!("{pointer}/schema"));
            }
        }
    }

    fn components(&mut self, components: &'a Map<String, Value>) {
        for (section, value) in components.iter().filter(|(section, _)| !is_extension(section)) {
            let pointer = format!("/components/{}", escape(section));
            let known = [
                "schemas",
                "responses",
                "parameters",
                "examples",
                "requestBodies",
                "headers",
                "securitySchemes",
                "links",
                "callbacks",
                "pathItems",
            ];
            if !known.contains(&section.as_str()) {
                self.say(&pointer, "this is no part of components");
                continue;
            }
            let Some(values) = self.object(Some(value), &pointer, true) else { continue };
            for (name, value) in values {
                if self.is_full() {
                    return;
                }
                let pointer = format!("{pointer}/{}", escape(name));
                if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
                    self.say(&pointer, "a component's name is of letters, digits, `.`, `-` and `_`");
                }
                let is_ref = value.get("$ref").is_some();
                match section.as_str() {
                    "schemas" => self.schema(value, &pointer),
                    "responses" => self.response(value, &pointer),
                    "parameters" if !is_ref => self.parameter(value, &pointer),
                    "requestBodies" => self.request_body(value, &pointer),
                    "headers" => self.header(value, &pointer),
                    "pathItems" => self.path_item(value, &pointer, None),
                    "securitySchemes" if !is_ref => self.security_scheme(value, &pointer),
                    _ => {
                        self.object(Some(value), &pointer, true);
                    }
                }
            }
        }
    }

    fn security_scheme(&mut self, value: &Value, pointer: &str) {
        let text = |name: &str| value.get(name).is_some_and(Value::is_string);
        let ok = match value.get("type").and_then(Value::as_str) {
            Some("apiKey") => text("name") && text("in"),
            Some("http") => text("scheme"),
            Some("oauth2") => value.get("flows").is_some_and(Value::is_object),
            Some("openIdConnect") => text("openIdConnectUrl"),
            Some("mutualTLS") => true,
            _ => false,
        };
        if !ok {
            self.say(pointer, "a security scheme must have a known type and what belongs to it");
        }
    }

    fn security(&mut self, value: Option<&'a Value>, pointer: &str) {
        let Some(value) = value else { return };
        let Some(list) = value.as_array() else { return self.say(pointer, "it must be a list") };
        let schemes = self.document.pointer("/components/securitySchemes").and_then(Value::as_object);
        for (index, requirement) in list.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let Some(requirement) = self.object(Some(requirement), &pointer, true) else { continue };
            for name in requirement.keys() {
                if !schemes.is_some_and(|schemes| schemes.contains_key(name)) {
                    self.say(&pointer, format!("there is no security scheme `{name}`"));
                }
            }
        }
    }

    /// The value as an object; says so when it is none, or when it is missing but needed.
    fn object(
        &mut self,
        value: Option<&'a Value>,
        pointer: &str,
        needed: bool,
    ) -> Option<&'a Map<String, Value>> {
        match value {
            Some(Value::Object(object)) => return Some(object),
            Some(_) => self.say(pointer, "it must be an object"),
            None if needed => self.say(pointer, "it is missing"),
            None => {}
        }
        None
    }
}

struct Parameter<'a> {
    name: &'a str,
    place: &'a str,
}

/// Whether it is a text that is not empty.
fn is_text(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

fn is_extension(key: &str) -> bool {
    key.starts_with("x-")
}

fn is_response_code(code: &str) -> bool {
    code == "default"
        || matches!(code.as_bytes(), [b'1'..=b'5', b'X', b'X'] | [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}

/// The names in braces.
fn templates(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}

/// The path with its parameters' names left out.
fn shape(path: &str) -> String {
    let mut out = String::new();
    for (index, part) in path.split('{').enumerate() {
        if index > 0 {
            out.push('{');
        }
        out.push_str(if index > 0 { part.split_once('}').map_or(part, |(_, rest)| rest) } else { part });
    }
    out
}

/// A key as a JSON pointer's part.
fn escape(key: &str) -> String {
    let key: String = key.chars().take(80).collect();
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<String> {
        let document = crate::check::data::yaml(text).unwrap();
        find(&document, 50)
            .into_iter()
            .map(|one| format!("{} {}: {}", one.code, one.pointer, one.message))
            .collect()
    }

    const GOOD: &str = r#"
openapi: 3.1.0
info: { title: Pets, version: "1" }
security: [{ key: [] }]
paths:
  /pets/{petId}:
    parameters:
      - { name: petId, in: path, required: true, schema: { type: string } }
    get:
      operationId: getPet
      parameters: [{ $ref: '#/components/parameters/Limit' }]
      responses:
        "200":
          description: One.
          content: { application/json: { schema: { $ref: '#/components/schemas/Pet' }, example: { $ref: 5 } } }
        4XX: { $ref: '#/components/responses/Problem' }
        default: { description: Other. }
  /a~b/c:
    post:
      requestBody: { content: { application/json: { schema: { $ref: '#/paths/~1pets~1%7BpetId%7D/get/responses/200/content/application~1json/schema' } } } }
      responses: { 201: { description: Made. } }
components:
  securitySchemes: { key: { type: apiKey, name: k, in: header } }
  parameters: { Limit: { name: limit, in: query, schema: { type: [integer, "null"] } } }
  responses: { Problem: { description: Bad. } }
  schemas:
    Pet:
      type: object
      required: [name, $ref]
      properties:
        name: { type: string, examples: [{ $ref: '#/no/where' }] }
        $ref: { type: string }
        default: { $ref: '#/components/schemas/Tree' }
        required: { type: boolean }
    Tree: { type: object, properties: { next: { $ref: '#/components/schemas/Tree' } }, additionalProperties: false }
    Any: true
"#;

    #[test]
    fn a_good_document_has_no_finding() {
        assert_eq!(codes(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_rule_that_is_broken_is_said_with_its_place() {
        for (from, to, expected) in [
            ("title: Pets", "title: 5", "/info/title"),
            ("version: \"1\"", "version: 1.0", "/info/version"),
            ("openapi: 3.1.0", "openapi: 3.4.0", "/openapi"),
            ("  /a~b/c:", "  a~b/c:", "/paths/a~0b~1c: a path must begin"),
            ("    post:", "    send:", "/paths/~1a~0b~1c/send: this is no HTTP method"),
            (
                "in: path, required: true",
                "in: path",
                "/paths/~1pets~1{petId}/parameters/0: a path parameter must",
            ),
            ("name: petId, in: path", "name: id, in: path", "the path's parameter `petId` is not declared"),
            ("name: petId, in: path", "name: id, in: path", "the path has no `{id}`"),
            ("schema: { type: string } }\n    get", "x: 1 }\n    get", "a parameter must have a schema"),
            (
                "      responses: { 201: { description: Made. } }",
                "      summary: x",
                "/post/responses: it is missing",
            ),
            ("201: {", "2010: {", "this is no status"),
            ("{ description: Made. }", "{ content: {} }", "a response must have a description"),
            (
                "application/json: { schema: { $ref: '#/components/schemas/Pet'",
                "json: { schema: { $ref: '#/components/schemas/Pet'",
                "no media type",
            ),
            ("#/components/schemas/Pet'", "#/components/schemas/Pat'", "broken_ref"),
            (
                "#/components/schemas/Tree' }\n",
                "#/components/schemas/Trie' }\n",
                "broken_ref /components/schemas/Pet/properties/default/$ref",
            ),
            ("'#/components/responses/Problem'", "'./problem.yaml'", "external_ref"),
            ("#/components/parameters/Limit", "#/components/parameters/limit", "broken_ref"),
            ("operationId: getPet", "operationId: 5", "/operationId: it must be a text"),
            ("required: [name, $ref]", "required: true", "/components/schemas/Pet/required"),
            ("type: boolean", "type: bool", "/components/schemas/Pet/properties/required/type"),
            ("    Any: true", "    Any: 5", "/components/schemas/Any: a schema"),
            ("    Any: true", "    An y: true", "a component's name"),
            ("security: [{ key: [] }]", "security: [{ kay: [] }]", "there is no security scheme `kay`"),
            ("additionalProperties: false", "additionalProperties: no-one", "/additionalProperties"),
            ("type: apiKey, name: k", "type: apiKey", "a security scheme must"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let found = codes(&GOOD.replacen(from, to, 1));
            assert!(found.iter().any(|one| one.contains(expected)), "{to}: {found:?}");
        }
        let twice = GOOD.replace("    post:\n", "    post:\n      operationId: getPet\n");
        assert!(codes(&twice)[0].contains("another operation is called `getPet`"));
    }

    #[test]
    fn the_number_of_findings_is_bounded() {
        let paths: Vec<String> = (0..1000)
            .map(|number| format!("  /a{number}: {{ get: {{ parameters: [{{ $ref: '#/x' }}] }} }}\n"))
            .collect();
        let text = format!("openapi: 3.1.0\ninfo: {{title: a, version: b}}\npaths:\n{}", paths.concat());
        assert_eq!(codes(&text).len(), 50);
    }

    #[test]
    fn references_that_go_in_circles_end() {
        let text = "openapi: 3.1.0\ninfo: {title: a, version: b}\npaths: {/a: {get: {parameters: [{$ref: '#/components/parameters/A'}], responses: {200: {description: x}}}}}\ncomponents: {parameters: {A: {$ref: '#/components/parameters/B'}, B: {$ref: '#/components/parameters/A'}}}\n";
        assert!(codes(text).iter().any(|one| one.contains("circle")), "{:?}", codes(text));
    }
}
