//! Things that are made and changed.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use crate::{
    answer::{Answer, Flaw, Problem},
    checks::Check,
    collections::{Collection, Role},
    engine::{Call, is_usable, new_key, text},
    parameters::Shape,
    records::{Inserted, NewRecord, Record, Records},
    sample,
    schema::{Side, flat, is_marked, strip, target, wide},
};

impl Call<'_> {
    pub async fn create<R: Records>(
        &self,
        collection: &Collection,
        scope: &str,
        records: &mut R,
    ) -> Result<Result<Answer, Problem>, R::Error> {
        let Some(Value::Object(body)) = self.taken(collection) else { return Ok(Ok(self.any())) };
        let mut body = body;
        let schema = self.api.item(collection);
        let properties = wide(&self.api.root, self.schema_of(&collection.item.pointer));
        let properties = properties.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in self.path {
            if let Some(property) = properties.get(*name)
                && !body.contains_key(*name)
            {
                body.insert((*name).to_owned(), Shape::of(&self.api.root, property).value(value));
            }
        }
        let given =
            collection.key.as_ref().and_then(|key| body.get(key)).filter(|key| !key.is_null()).map(text);
        if given.as_ref().is_some_and(|key| !is_usable(key)) {
            let field =
                format!("/{}", collection.key.as_deref().map(crate::schema::escape).unwrap_or_default());
            let message = "this cannot name a thing: it is empty, too long, or holds U+0000".into();
            return Ok(Err(Problem::invalid(vec![Flaw { field, message }])));
        }
        for attempt in 0..8_u64 {
            let key = match (&given, &collection.key) {
                (Some(given), _) => given.clone(),
                (None, Some(name)) => {
                    let property = properties.get(name).cloned().unwrap_or(Value::Bool(true));
                    let seed = self.request.seed.wrapping_add(attempt);
                    let key = new_key(&self.api.root, collection, name, &property, seed, records).await?;
                    body.insert(name.clone(), key.clone());
                    text(&key)
                }
                (None, None) => sample::short_name(self.request.seed.wrapping_add(attempt)),
            };
            self.complete(&mut body, &schema, true);
            let whole = Value::Object(body.clone());
            let new = NewRecord { kind: &collection.kind, scope, key: &key, body: &whole };
            match records.insert(new).await? {
                Inserted::Done => return Ok(Ok(self.show(201, &self.shown(collection, &whole)))),
                Inserted::Full => return Ok(Err(full())),
                Inserted::Taken if given.is_none() => {}
                Inserted::Taken => break,
            }
        }
        Ok(Err(Problem::new(409, "already_exists", "There is one with this key already.")))
    }

    pub async fn put_new<R: Records>(
        &self,
        collection: &Collection,
        scope: &str,
        key: &str,
        records: &mut R,
    ) -> Result<Result<Answer, Problem>, R::Error> {
        let Some(Value::Object(mut body)) = self.taken(collection) else { return Ok(Ok(self.any())) };
        let schema = self.api.item(collection);
        self.name_by_path(collection, key, &schema, &mut body);
        self.complete(&mut body, &schema, true);
        let whole = Value::Object(body);
        match records.insert(NewRecord { kind: &collection.kind, scope, key, body: &whole }).await? {
            Inserted::Full => Ok(Err(full())),
            _ => Ok(Ok(self.show(201, &self.shown(collection, &whole)))),
        }
    }

    pub async fn change<R: Records>(
        &self,
        collection: &Collection,
        found: Record,
        role: Role,
        records: &mut R,
    ) -> Result<Result<Answer, Problem>, R::Error> {
        let Some(Value::Object(sent)) = self.taken(collection) else { return Ok(Ok(self.any())) };
        let schema = self.api.item(collection);
        let old = found.body.as_object().cloned().unwrap_or_default();
        let mut body = if matches!(role, Role::Merge(_)) {
            let mut merged = Value::Object(old.clone());
            merge_patch(&mut merged, &Value::Object(sent));
            merged.as_object().cloned().unwrap_or_default()
        } else {
            let mut body = sent;
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if is_marked(&self.api.root, property, Side::Request)
                    && let Some(kept) = old.get(name)
                {
                    body.insert(name.clone(), kept.clone());
                }
            }
            body
        };
        if let Some(name) = &collection.key
            && let Some(key) = old.get(name)
        {
            body.insert(name.clone(), key.clone());
        }
        if matches!(role, Role::Merge(_))
            && let Some(new) = &collection.new
        {
            let known = new.flaws(&self.as_new(new, &found.body), "");
            let flaws = new.flaws(&self.as_new(new, &Value::Object(body.clone())), "");
            // Only what the change broke is told: what was made from samples may never have kept it.
            let flaws: Vec<Flaw> = flaws.into_iter().filter(|flaw| !known.contains(flaw)).collect();
            if !flaws.is_empty() {
                return Ok(Err(Problem::invalid(flaws)));
            }
        }
        self.complete(&mut body, &schema, false);
        let whole = Value::Object(body);
        let new = NewRecord { kind: &collection.kind, scope: &found.scope, key: &found.key, body: &whole };
        match records.replace(new).await? {
            Inserted::Full => Ok(Err(full())),
            _ => Ok(Ok(self.show(200, &self.shown(collection, &whole)))),
        }
    }

    /// A thing as the request that makes one would say it.
    fn as_new(&self, new: &Check, body: &Value) -> Value {
        let schema = self.schema_of(&new.pointer);
        let mut body = body.clone();
        strip(&self.api.root, schema, Side::Request, &mut body);
        if let (Value::Object(body), Some(Value::Object(known))) =
            (&mut body, wide(&self.api.root, schema).get("properties"))
        {
            body.retain(|name, _| known.contains_key(name));
        }
        body
    }

    /// The body without what is the server's to write, and with the defaults of what was not said.
    fn taken(&self, collection: &Collection) -> Option<Value> {
        let mut body = self.body.clone()?;
        strip(&self.api.root, self.schema_of(&collection.item.pointer), Side::Request, &mut body);
        for (check, _) in
            self.operation.body.iter().flat_map(|body| &body.media).filter_map(|(_, made)| made.as_ref())
        {
            let schema = self.schema_of(&check.pointer);
            strip(&self.api.root, schema, Side::Request, &mut body);
            let known = flat(&self.api.root, schema);
            let properties = known.get("properties").and_then(Value::as_object);
            if let Value::Object(body) = &mut body
                && !matches!(self.operation.role, Role::Merge(_))
            {
                for (name, property) in properties.into_iter().flatten() {
                    if let Some(default) = target(&self.api.root, property).get("default") {
                        body.entry(name.clone()).or_insert_with(|| default.clone());
                    }
                }
            }
        }
        Some(body)
    }

    fn name_by_path(
        &self,
        collection: &Collection,
        key: &str,
        schema: &Map<String, Value>,
        body: &mut Map<String, Value>,
    ) {
        if let Some(name) = &collection.key {
            let property = schema.get("properties").and_then(|properties| properties.get(name));
            let shape = Shape::of(&self.api.root, property.unwrap_or(&Value::Null));
            body.insert(name.clone(), shape.value(key));
        }
    }

    /// Fills in what a server writes: defaults, times, and what an answer must have and the request did not say.
    fn complete(&self, body: &mut Map<String, Value>, schema: &Map<String, Value>, new: bool) {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| required.is_some_and(|some| some.iter().any(|one| one == name));
        let now = self.request.now.to_rfc3339_opts(SecondsFormat::Millis, true);
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let own = flat(&self.api.root, property);
            let ours = is_marked(&self.api.root, property, Side::Request);
            let is_time = own.get("format").and_then(Value::as_str) == Some("date-time");
            let plain = name.to_ascii_lowercase();
            let changed = ["updat", "modif", "chang"].iter().any(|word| plain.contains(word));
            let made = changed || plain.contains("creat");
            if is_time && ours && (if new { made } else { changed }) {
                body.insert(name.clone(), Value::String(now.clone()));
            } else if !body.contains_key(name) {
                let value = match own.get("default") {
                    Some(default) if new => default.clone(),
                    _ if is_time && made && (ours || is_required(name)) => Value::String(now.clone()),
                    _ if is_marked(&self.api.root, property, Side::Answer) => continue,
                    _ if is_required(name) => sample::blank(&self.api.root, property, name, self.seed()),
                    _ => continue,
                };
                body.insert(name.clone(), value);
            }
        }
    }
}

fn full() -> Problem {
    let detail = "This API holds as many records as it may. Delete some, or reset it.";
    Problem::new(429, "live_quota", detail)
}

/// RFC 7396.
fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
