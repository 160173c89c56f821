//! What a list is asked for: filters, words, order, pages. The parameters are known by their names, and by those of the
//! things' properties.

use serde_json::{Map, Value, json};

use crate::{
    engine::{Values, text},
    parameters::In,
    records::Record,
};

/// How many things a list shows when the document names no other number.
const PAGE: usize = 100;

/// What a list is asked for.
pub struct Asked {
    /// Properties and the values that they may have.
    equal: Vec<(String, Vec<String>)>,
    words: Option<String>,
    order: Option<(String, bool)>,
    after: Option<String>,
    page: Option<usize>,
    pub skip: usize,
    limit: usize,
}

impl Asked {
    pub fn read(values: &Values, schema: &Map<String, Value>) -> Self {
        let mut asked = Self {
            equal: Vec::new(),
            words: None,
            order: None,
            after: None,
            page: None,
            skip: 0,
            limit: PAGE,
        };
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let plain = |name: &str| name.replace(['_', '-', '.'], "").to_ascii_lowercase();
        let property = |name: &str| properties.keys().find(|one| plain(one) == plain(name)).cloned();
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let mut descending = None;
        for ((place, name), value) in values {
            if *place != In::Query {
                continue;
            }
            match plain(name).as_str() {
                "limit" | "perpage" | "pagesize" | "pagelimit" | "maxresults" => {
                    asked.limit = number(value).unwrap_or(PAGE);
                }
                "offset" | "skip" | "start" | "startindex" => asked.skip = number(value).unwrap_or(0),
                "page" | "pagenumber" => asked.page = number(value),
                "cursor" | "after" | "startingafter" | "pagetoken" | "nextcursor" => {
                    asked.after = Some(text(value));
                }
                "sort" | "sortby" | "orderby" => {
                    let said = text(value);
                    let name = said.trim_start_matches(['-', '+']);
                    let (name, way) = name.split_once([':', ' ']).unwrap_or((name, ""));
                    if let Some(name) = property(name) {
                        asked.order = Some((name, said.starts_with('-') || way.eq_ignore_ascii_case("desc")));
                    }
                }
                "order" | "direction" | "sortorder" | "sortdir" => {
                    descending = Some(text(value).to_ascii_lowercase().starts_with("desc"));
                }
                _ => match property(name) {
                    Some(name) => asked.equal.push((name, texts(value))),
                    None if matches!(plain(name).as_str(), "q" | "query" | "search" | "text") => {
                        asked.words = Some(text(value).to_lowercase());
                    }
                    // `tag` for the property `tags`.
                    None => {
                        if let Some(name) = property(&format!("{name}s")) {
                            asked.equal.push((name, texts(value)));
                        }
                    }
                },
            }
        }
        if let (Some((_, down)), Some(said)) = (&mut asked.order, descending) {
            *down = said;
        }
        // `size` is a page's only where things have none.
        if let Some(size) = values.get(&(In::Query, "size".to_owned())).filter(|_| property("size").is_none())
        {
            asked.limit = number(size).unwrap_or(PAGE);
        }
        if let Some(page) = asked.page {
            asked.skip = page.saturating_sub(1).saturating_mul(asked.limit);
        }
        asked
    }

    pub fn keep(&self, records: &mut Vec<Record>) {
        records.retain(|record| {
            let equal = self.equal.iter().all(|(name, wanted)| {
                record.body.get(name).is_some_and(|own| texts(own).iter().any(|own| wanted.contains(own)))
            });
            let found = self.words.as_ref().is_none_or(|words| {
                let own = record.body.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str);
                own.into_iter().any(|own| own.to_lowercase().contains(words.as_str()))
            });
            equal && found
        });
        if let Some((name, down)) = &self.order {
            records.sort_by(|one, other| {
                let order = compare(one.body.get(name), other.body.get(name));
                if *down { order.reverse() } else { order }
            });
        }
        if let Some(after) = &self.after
            && let Some(at) = records.iter().position(|record| record.key == *after)
        {
            records.drain(..=at);
        }
    }

    pub fn cut(&mut self, records: &mut Vec<Record>) {
        self.skip = self.skip.min(records.len());
        records.drain(..self.skip);
        records.truncate(self.limit);
    }

    /// What a property of this name says of a list.
    pub fn about(&self, name: &str, total: usize, count: usize, next: Option<&str>) -> Vec<Value> {
        let limit = self.limit.max(1);
        match name.replace('_', "").to_ascii_lowercase().as_str() {
            "total" | "totalcount" | "totalitems" | "totalresults" | "totalelements" => vec![json!(total)],
            "count" => vec![json!(count), json!(total)],
            "limit" | "perpage" | "pagesize" | "size" => vec![json!(self.limit)],
            "offset" | "skip" => vec![json!(self.skip)],
            "page" | "pagenumber" | "currentpage" => vec![json!(self.page.unwrap_or(self.skip / limit + 1))],
            "pages" | "totalpages" | "pagecount" => {
                vec![json!(total.div_ceil(limit)), json!(total.div_ceil(limit).max(1))]
            }
            "hasmore" | "hasnext" | "more" => vec![json!(next.is_some())],
            "next" | "nextcursor" | "nextpagetoken" | "cursor" => match next {
                Some(next) => vec![json!(next)],
                None => vec![Value::Null, json!("")],
            },
            "prev" | "previous" | "prevcursor" => vec![Value::Null, json!("")],
            _ => Vec::new(),
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        other => vec![text(other)],
    }
}

/// Numbers by size, all else by its text; what is missing comes last.
fn compare(one: Option<&Value>, other: Option<&Value>) -> std::cmp::Ordering {
    match (one, other) {
        (Some(one), Some(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            _ => text(one).cmp(&text(other)),
        },
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}
