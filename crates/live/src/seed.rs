//! What an API begins with.

use serde_json::Value;

use crate::{
    collections::{Collection, Role},
    document::Api,
    engine::{is_usable, new_key, text},
    records::{Inserted, NewRecord, Records},
    sample,
};

/// How many things of each collection an API may begin with.
const MAX_SEEDS: usize = 50;
/// Up to this, numbers go on after those of the examples.
const MAX_COUNTED: i64 = 200;

impl Api {
    /// Keeps what the examples of lists show, and so many samples of each collection at the top beside it; answers how many
    /// there are.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn seed<R: Records>(
        &self,
        records: &mut R,
        samples: usize,
        seed: u64,
    ) -> Result<usize, R::Error> {
        let mut count = 0;
        for path in self.paths.iter().filter(|path| path.template.parent().is_none()) {
            let Some(operation) = path.operations.get("get") else { continue };
            let (Role::List(index), Some(part)) = (operation.role, &operation.part) else { continue };
            let Some(collection) = self.collections.all.get(index) else { continue };
            let mut things: Vec<Value> = Vec::new();
            for (_, example) in operation
                .responses
                .iter()
                .filter_map(|response| response.content.as_ref())
                .flat_map(|content| &content.examples)
            {
                let list = part
                    .name
                    .as_ref()
                    .map_or(Some(example), |name| example.get(name))
                    .and_then(Value::as_array);
                let known = |thing: &Value| {
                    things.iter().any(|one| name_of(collection, one) == name_of(collection, thing))
                };
                let new: Vec<Value> = list
                    .into_iter()
                    .flatten()
                    .filter(|thing| thing.is_object() && !known(thing))
                    .cloned()
                    .collect();
                things.extend(new);
            }
            things.truncate(MAX_SEEDS);
            for n in 0..samples.min(MAX_SEEDS) {
                let mut made = sample::make(&self.root, &collection.item, seed.wrapping_add(n as u64 + 1));
                if let (Value::Object(made), Some(name)) = (&mut made, &collection.key) {
                    made.remove(name);
                }
                things.push(made);
            }
            for (n, thing) in things.into_iter().enumerate() {
                count +=
                    usize::from(self.plant(collection, thing, seed.wrapping_add(n as u64), records).await?);
            }
        }
        Ok(count)
    }

    async fn plant<R: Records>(
        &self,
        collection: &Collection,
        mut thing: Value,
        seed: u64,
        records: &mut R,
    ) -> Result<bool, R::Error> {
        let key = match (name_of(collection, &thing), &collection.key) {
            (Some(key), _) => {
                // Numbers that are given later go on after it.
                if let Ok(number @ 1..=MAX_COUNTED) = key.parse::<i64>() {
                    while records.next_number(&collection.kind).await? < number {}
                }
                key
            }
            (None, Some(name)) => {
                let schema = self.item(collection);
                let property = schema.get("properties").and_then(|properties| properties.get(name));
                let key =
                    new_key(&self.root, collection, name, property.unwrap_or(&Value::Null), seed, records)
                        .await?;
                if let Value::Object(thing) = &mut thing {
                    thing.insert(name.clone(), key.clone());
                }
                text(&key)
            }
            (None, None) => sample::short_name(seed),
        };
        let new = NewRecord { kind: &collection.kind, scope: "", key: &key, body: &thing };
        Ok(is_usable(&key) && records.insert(new).await? == Inserted::Done)
    }
}

/// What a thing says that it is called.
fn name_of(collection: &Collection, thing: &Value) -> Option<String> {
    collection.key.as_ref().and_then(|name| thing.get(name)).filter(|key| !key.is_null()).map(text)
}
