//! From a request to its answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Flaw, JSON, Problem, is_json},
    collections::{Collection, Role},
    document::{Api, Credential, Operation, Path},
    fit::{fit, name_values, try_with},
    list::Asked,
    parameters::{self, Given, In, Shape},
    records::{Place, Record, Records},
    sample,
    schema::flat,
    template::Template,
};

/// A longer key, or path of keys, names nothing.
const MAX_KEY: usize = 500;
const MAX_SCOPE: usize = 1_000;

/// A request to an API.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// In upper case.
    pub method: &'r str,
    /// Below the API's own address, still encoded; begins with `/`.
    pub path: &'r str,
    /// Without its `?`.
    pub query: &'r str,
    /// Names in lower case.
    pub headers: &'r [(String, String)],
    /// The body.
    pub body: &'r [u8],
    /// The time of it.
    pub now: DateTime<Utc>,
    /// What makes new names differ from all others.
    pub seed: u64,
}

/// The values of parameters.
pub type Values = BTreeMap<(In, String), Value>;

/// The path of a request, its operation, and the values of the path's parameters.
type Found<'a> = (&'a Path, &'a Operation, Vec<(&'a str, String)>);

/// A request, with what was found for it.
pub struct Call<'a> {
    pub api: &'a Api,
    pub request: &'a Request<'a>,
    pub operation: &'a Operation,
    pub template: &'a Template,
    pub path: &'a [(&'a str, String)],
    pub values: Values,
    pub body: Option<Value>,
}

impl Api {
    /// Answers a request. What it changes is in the records; nothing is to be kept of an answer from 400 on.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn answer<R: Records>(
        &self,
        request: &Request<'_>,
        records: &mut R,
    ) -> Result<Answer, R::Error> {
        let (path, operation, values) = match self.route(request.method, request.path) {
            Ok(found) => found,
            Err(problem) => return Ok(problem.answer()),
        };
        let query: Vec<(String, String)> =
            form_urlencoded::parse(request.query.as_bytes()).into_owned().collect();
        let mut call = Call {
            api: self,
            request,
            operation,
            template: &path.template,
            path: &values,
            values: Values::new(),
            body: None,
        };
        if let Some(answer) = call.preferred() {
            return Ok(answer);
        }
        let mut answer = match call.check(&query) {
            Ok(()) => call.act(records).await?,
            Err(problem) => Err(problem),
        }
        .unwrap_or_else(|problem| call.refuse(&problem));
        if request.method == "HEAD" {
            answer.body.clear();
        }
        Ok(answer)
    }

    fn route<'a>(&'a self, method: &str, path: &str) -> Result<Found<'a>, Problem> {
        let wanted = method.to_ascii_lowercase();
        // The first that fits decides: what is written out is meant before what any word fits.
        let fits = |candidate: &'a Path| candidate.template.fit(path).map(|values| (candidate, values));
        let Some((candidate, values)) = self.paths.iter().find_map(fits) else {
            return Err(Problem::new(404, "no_such_path", "The document has no such path."));
        };
        let found = candidate.operations.get(wanted.as_str());
        let found = if wanted == "head" { found.or_else(|| candidate.operations.get("get")) } else { found };
        if let Some(operation) = found {
            return Ok((candidate, operation, values));
        }
        let allowed: Vec<&str> = candidate.operations.keys().copied().collect();
        let allow = allowed.join(", ").to_ascii_uppercase();
        Err(Problem {
            allow: Some(allow.clone()),
            ..Problem::new(405, "method_not_allowed", format!("The document has for this path: {allow}."))
        })
    }
}

impl Call<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `Prefer: code=404, example=gone` picks one of the declared answers (RFC 7240).
    fn preferred(&self) -> Option<Answer> {
        let preferences: Vec<&str> = self.header("prefer")?.split([',', ';']).map(str::trim).collect();
        let find = |name: &str| {
            preferences.iter().find_map(|one| {
                let (key, value) = one.split_once('=')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
            })
        };
        let example = find("example");
        let code = match find("code") {
            Some(code) => code.parse().ok().filter(|code| (200..600).contains(code))?,
            None => example.and_then(|_| self.success().map(|(code, _)| code))?,
        };
        let Some(response) = self.declared(code) else {
            let detail = "The document declares no such answer for this operation.";
            return Some(self.refuse(&Problem::new(422, "no_such_answer", detail)));
        };
        let mut answer = self.sampled(code, Some(response), example);
        answer.headers.push(("preference-applied".into(), format!("code={code}")));
        Some(answer)
    }

    /// Whether the request keeps what the document says; reads its values.
    fn check(&mut self, query: &[(String, String)]) -> Result<(), Problem> {
        let seen = |credential: &Credential| match credential {
            Credential::Authorization(scheme) => self
                .header("authorization")
                .and_then(|value| value.split_once(' '))
                .is_some_and(|(given, rest)| given.eq_ignore_ascii_case(scheme) && !rest.trim().is_empty()),
            Credential::Header(name) => self.header(name).is_some_and(|value| !value.is_empty()),
            Credential::Query(name) => query.iter().any(|(given, value)| given == name && !value.is_empty()),
            Credential::Unseen => true,
        };
        let security = &self.operation.security;
        if !security.is_empty() && !security.iter().any(|set| set.iter().all(seen)) {
            let detail = "This operation asks for credentials. They are simulated: any that have the right form will do.";
            return Err(Problem::new(401, "unauthorized", detail));
        }
        let given = Given { path: self.path, query, headers: self.request.headers };
        let mut flaws = Vec::new();
        match parameters::read(&self.operation.parameters, &given) {
            Ok(values) => self.values = values,
            Err(found) => flaws = found,
        }
        match self.read_body() {
            Ok(body) => self.body = body,
            Err(problem) if problem.flaws.is_empty() => return Err(problem),
            Err(problem) => flaws.extend(problem.flaws),
        }
        if flaws.is_empty() { Ok(()) } else { Err(Problem::invalid(flaws)) }
    }

    fn read_body(&self) -> Result<Option<Value>, Problem> {
        let Some(declared) = &self.operation.body else { return Ok(None) };
        let bytes = self.request.body;
        if bytes.is_empty() {
            return if declared.required {
                Err(Problem::invalid(vec![Flaw {
                    field: String::new(),
                    message: "a body is required".into(),
                }]))
            } else {
                Ok(None)
            };
        }
        let given = self.header("content-type").unwrap_or(JSON);
        let given = given.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let found = declared.media.iter().find(|(name, _)| {
            *name == given
                || name == "*/*"
                || name.strip_suffix("/*").is_some_and(|kind| given.split('/').next() == Some(kind))
                || (is_json(name) && given == JSON)
        });
        let Some((_, made)) = found else {
            let names: Vec<&str> = declared.media.iter().map(|(name, _)| name.as_str()).collect();
            let detail = format!("The document takes here: {}.", names.join(", "));
            return Err(Problem::new(415, "unsupported_media_type", detail));
        };
        let value = if is_json(&given) {
            serde_json::from_slice(bytes).map_err(|error| {
                Problem::new(400, "invalid_json", format!("The body is not JSON: {error}."))
            })?
        } else if given == "application/x-www-form-urlencoded" {
            let pairs: Vec<(String, String)> = form_urlencoded::parse(bytes).into_owned().collect();
            made.as_ref().map_or_else(|| Shape::default().form(&pairs), |(_, shape)| shape.form(&pairs))
        } else {
            return Ok(Some(Value::String(String::from_utf8_lossy(bytes).into_owned())));
        };
        let flaws = made.as_ref().map(|(check, _)| check.flaws(&value, "")).unwrap_or_default();
        if flaws.is_empty() { Ok(Some(value)) } else { Err(Problem::invalid(flaws)) }
    }

    async fn act<R: Records>(&self, records: &mut R) -> Result<Result<Answer, Problem>, R::Error> {
        let collections = &self.api.collections.all;
        let (index, role) = match self.operation.role {
            Role::Static => return self.beside(records).await,
            role @ (Role::List(index)
            | Role::Create(index)
            | Role::Read(index)
            | Role::Replace(index)
            | Role::Merge(index)
            | Role::Remove(index)) => (index, role),
        };
        let Some(collection) = collections.get(index) else { return Ok(Ok(self.any())) };
        let scope = match self.scope(records).await? {
            Ok(scope) => scope,
            Err(problem) => return Ok(Err(problem)),
        };
        match role {
            Role::List(_) => self.list(collection, &scope, records).await.map(Ok),
            Role::Create(_) => self.create(collection, &scope, records).await,
            _ => {
                let key = self.path.last().map_or("", |(_, value)| value.as_str());
                if !is_usable(key) {
                    return Ok(Err(Problem::not_found()));
                }
                let found = self.find(collection, &scope, key, records).await?;
                match (role, found) {
                    (Role::Read(_), Some(found)) => {
                        Ok(Ok(self.show(200, &self.shown(collection, &found.body))))
                    }
                    (Role::Replace(_), None) if !collection.posted || self.declared_exactly(201) => {
                        self.put_new(collection, &scope, key, records).await
                    }
                    (Role::Replace(_) | Role::Merge(_), Some(found)) => {
                        self.change(collection, found, role, records).await
                    }
                    (Role::Remove(_), Some(found)) => {
                        let below = canonical(self.request.path);
                        records.remove(&collection.kind, &found.scope, &found.key, &below).await?;
                        Ok(Ok(self.show(204, &self.shown(collection, &found.body))))
                    }
                    _ => Ok(Err(Problem::not_found())),
                }
            }
        }
    }

    /// What an operation answers that is none of a collection's own: an example or a sample; or, when its path lies at or under
    /// a thing and it answers such things, that thing. Where the thing is missing there is nothing to answer of.
    async fn beside<R: Records>(&self, records: &mut R) -> Result<Result<Answer, Problem>, R::Error> {
        let text = self.template.text.as_str();
        let ends = text.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at).chain([text.len()]);
        let owner = ends.filter_map(|end| text.get(..end)).rev().find_map(|prefix| {
            let template = Template::parse(prefix);
            let (collection, _) = template.item_of()?;
            let collection = self.api.collections.at(&collection).filter(|collection| collection.posted)?;
            let key = prefix.matches('{').count().checked_sub(1).and_then(|at| self.path.get(at));
            Some((collection, key.map_or("", |(_, value)| value.as_str())))
        });
        let Some((collection, key)) = owner else { return Ok(Ok(self.any())) };
        let found = if is_usable(key) {
            records.find(Place { kind: &collection.kind, scope: None }, key).await?
        } else {
            None
        };
        let Some(found) = found else { return Ok(Err(Problem::not_found())) };
        let shows = self.success().and_then(|(_, response)| response?.content.as_ref()?.check.as_ref());
        if shows.is_some_and(|shows| shows.pointer == collection.item.pointer) {
            return Ok(Ok(self.show(200, &self.shown(collection, &found.body))));
        }
        Ok(Ok(self.any()))
    }

    /// The path of the thing that this collection lies under, which must be there where it can be made.
    async fn scope<R: Records>(&self, records: &mut R) -> Result<Result<String, Problem>, R::Error> {
        let item = self.template.item_of().is_some();
        let base = if item { parent_path(self.request.path) } else { self.request.path };
        let base_template = match self.template.item_of() {
            Some((collection, _)) => Template::parse(&collection),
            None => self.template.clone(),
        };
        let Some(owner) = base_template.parent() else { return Ok(Ok(String::new())) };
        let scope = canonical(parent_path(base));
        if scope.len() > MAX_SCOPE || self.path.iter().any(|(_, value)| !is_usable(value)) {
            return Ok(Err(Problem::not_found()));
        }
        if let Some((collection, _)) = owner.item_of()
            && let Some(collection) = self.api.collections.at(&collection)
            && collection.posted
        {
            let keys = self.path.len() - usize::from(item);
            let key =
                keys.checked_sub(1).and_then(|at| self.path.get(at)).map_or("", |(_, value)| value.as_str());
            let place = Place { kind: &collection.kind, scope: None };
            if records.find(place, key).await?.is_none() {
                let detail = "What this lies under does not exist.";
                return Ok(Err(Problem { detail: detail.into(), ..Problem::not_found() }));
            }
        }
        Ok(Ok(scope))
    }

    async fn find<R: Records>(
        &self,
        collection: &Collection,
        scope: &str,
        key: &str,
        records: &mut R,
    ) -> Result<Option<Record>, R::Error> {
        let under = (!scope.is_empty()).then_some(scope);
        if let Some(found) = records.find(Place { kind: &collection.kind, scope: under }, key).await? {
            return Ok(Some(found));
        }
        // It may have been made at the top, and say itself what it belongs to.
        let found = if under.is_some() {
            records.find(Place { kind: &collection.kind, scope: Some("") }, key).await?
        } else {
            None
        };
        Ok(found.filter(|found| self.belongs(&found.body)))
    }

    /// Whether a thing says that it belongs to what the path names.
    fn belongs(&self, body: &Value) -> bool {
        let owners = self.path.len() - usize::from(self.template.item_of().is_some());
        self.path
            .iter()
            .take(owners)
            .all(|(name, value)| body.get(*name).is_some_and(|own| text(own) == *value))
    }

    async fn list<R: Records>(
        &self,
        collection: &Collection,
        scope: &str,
        records: &mut R,
    ) -> Result<Answer, R::Error> {
        let mut found = records.list(Place { kind: &collection.kind, scope: None }).await?;
        if !scope.is_empty() {
            found.retain(|record| {
                record.scope == scope || (record.scope.is_empty() && self.belongs(&record.body))
            });
        }
        let schema = self.api.item(collection);
        let mut asked = Asked::read(&self.values, &schema);
        asked.keep(&mut found);
        let total = found.len();
        asked.cut(&mut found);
        let things: Vec<Value> = found.iter().map(|record| self.shown(collection, &record.body)).collect();
        let more = asked.skip + things.len() < total;
        let next = found.last().filter(|_| more).map(|record| record.key.clone());
        let Some(part) = &self.operation.part else { return Ok(self.any()) };
        let things: Vec<Value> =
            things.iter().map(|thing| fit(&self.api.root, &part.check, thing, self.seed())).collect();
        let Some((status, response)) = self.success() else { return Ok(Answer::empty(204)) };
        let mut answer = match (&part.name, response.and_then(|response| response.content.as_ref())) {
            (None, _) => self.json(status, response, &Value::Array(things)),
            (Some(name), Some(content)) => {
                let mut whole = match &content.check {
                    Some(check) => sample::make(&self.api.root, check, self.seed()),
                    None => json!({}),
                };
                if let Some(check) = &content.check {
                    let count = things.len();
                    try_with(check, &mut whole, &[name], &Value::Array(things));
                    name_values(check, &mut whole, &|name| asked.about(name, total, count, next.as_deref()));
                }
                self.json(status, response, &whole)
            }
            (Some(_), None) => self.any(),
        };
        for (name, value) in &mut answer.headers {
            if matches!(name.as_str(), "x-total-count" | "x-total") {
                *value = total.to_string();
            }
        }
        Ok(answer)
    }

    pub fn schema_of(&self, pointer: &str) -> &Value {
        self.api.root.pointer(pointer).unwrap_or(&Value::Null)
    }
}

/// A key that the property's schema takes.
pub async fn new_key<R: Records>(
    root: &Value,
    collection: &Collection,
    name: &str,
    property: &Value,
    seed: u64,
    records: &mut R,
) -> Result<Value, R::Error> {
    let flat = flat(root, property);
    let is = |name: &str| crate::schema::has_type(&flat, name);
    if is("integer") || is("number") {
        let number = records.next_number(&collection.kind).await?;
        let least = flat.get("minimum").and_then(Value::as_i64).unwrap_or(1);
        return Ok(Value::from(number.saturating_add(least.saturating_sub(1).max(0))));
    }
    if flat.get("format").and_then(Value::as_str) == Some("uuid") {
        return Ok(Value::String(sample::uuid(seed).to_string()));
    }
    if ["pattern", "enum", "const", "format", "minLength", "maxLength"]
        .iter()
        .any(|word| flat.contains_key(*word))
    {
        return Ok(sample::of(root, property, name, seed, false));
    }
    Ok(Value::String(sample::short_name(seed)))
}

/// Whether a text can name a thing.
pub fn is_usable(key: &str) -> bool {
    !key.is_empty() && key.len() <= MAX_KEY && !key.contains('\0')
}

/// A text as it is, all else as JSON.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn parent_path(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A path in one spelling, whatever a client has encoded.
fn canonical(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        percent_encoding::utf8_percent_encode(&decoded, percent_encoding::NON_ALPHANUMERIC).to_string()
    });
    segments.collect::<Vec<_>>().join("/")
}
