//! The verbs of a prompt as operations: "lend and return tools" gives `POST /tools/{toolId}/lend` and `…/return`.

use super::schemas;
use crate::{
    doc::{Doc, map},
    reading::{Entity, Reading},
    samples,
    words::{self, Field, Type},
};

const MOST: usize = 8;

/// What can be done with a thing beside CRUD.
#[derive(Clone, Debug)]
pub struct Verb {
    /// As in the path: `check-in`.
    pub name: String,
    /// The status the thing has afterwards.
    pub becomes: Option<String>,
    fields: Vec<Field>,
}

impl Verb {
    pub fn spoken(&self) -> String {
        self.name.replace('-', " ")
    }

    pub fn schema_name(&self, entity: &Entity) -> String {
        format!("{}{}", words::pascal(&self.spoken()), entity.pascal())
    }

    pub fn has_required(&self) -> bool {
        self.fields.iter().any(|field| field.required)
    }

    pub fn body(&self) -> Option<Doc> {
        if self.fields.is_empty() {
            return None;
        }
        let mut properties = map([]);
        for field in &self.fields {
            properties.put(&field.name, schemas::field(field));
        }
        let required: Vec<Doc> =
            self.fields.iter().filter(|f| f.required).map(|f| Doc::from(&f.name)).collect();
        let mut schema = map([("type", "object".into())]);
        if !required.is_empty() {
            schema.put("required", required);
        }
        Some(schema.with("additionalProperties", false).with("properties", properties))
    }

    pub fn example(&self) -> Doc {
        let mut doc = map([]);
        for field in &self.fields {
            if let Some(value) = samples::doc(field, 0) {
                doc.put(&field.name, value);
            }
        }
        doc
    }

    /// Makes sure that the thing can be in the state this verb leads to.
    pub fn shape(&self, entity: &mut Entity) {
        let Some(status) = &self.becomes else { return };
        match entity.fields.iter_mut().find(|field| field.name == "status") {
            Some(Field { of: Type::Choice(choices), .. }) => {
                if !choices.contains(status) {
                    choices.push(status.clone());
                }
            }
            Some(_) => {}
            None => {
                let first = match status.as_str() {
                    "available" | "on loan" | "rented" | "reserved" | "adopted" => "available",
                    "active" | "inactive" | "subscribed" => "active",
                    _ => "open",
                };
                let mut choices = vec![first.to_owned()];
                if status != first {
                    choices.push(status.clone());
                }
                entity.fields.push(words::make_field("status", Type::Choice(choices), false));
            }
        }
    }
}

/// The verbs named in the prompt, each with the thing it is done to.
pub fn of(reading: &Reading, entities: &[Entity]) -> Vec<(Verb, usize)> {
    let mut found: Vec<(Verb, usize)> = Vec::new();
    let mut more: Vec<(&str, usize)> = Vec::new();
    for line in rows() {
        let Some(forms) = line.get(1) else { continue };
        let hit = forms.split(',').find(|form| reading.all.has(&[form]));
        if let Some(form) = hit
            && !is_only_a_noun(form, entities)
        {
            let at = object(reading, form, entities);
            if let Some(other) = line.get(4).filter(|other| !other.is_empty()) {
                more.push((other, at));
            }
            push(&mut found, line, at);
        }
    }
    for (name, at) in more {
        if let Some(line) = rows().find(|line| line.first() == Some(&name)) {
            push(&mut found, line, at);
        }
    }
    found.truncate(MOST);
    found
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    include_str!("../../templates/verbs.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').collect())
}

fn push(found: &mut Vec<(Verb, usize)>, line: Vec<&str>, at: usize) {
    let [name, _, becomes, fields, ..] = line[..] else { return };
    if found.iter().any(|(verb, _)| verb.name == name) {
        return;
    }
    let fields = fields.split(',').filter(|text| !text.is_empty()).map(|text| {
        let required = text.ends_with('!');
        let name = text.trim_end_matches('!').trim_end_matches(":text");
        match words::field(&words::spaced(name)).filter(|_| !text.contains(":text")) {
            Some(known) => Field { required, ..known.clone() },
            None => words::make_field(name, Type::Text, required),
        }
    });
    let mut fields: Vec<Field> = fields.collect();
    for field in &mut fields {
        match field.name.as_str() {
            "borrower" | "adopter" => field.samples = vec!["Ana Costa".to_owned()],
            "toId" => field.samples = vec!["2".to_owned()],
            "choice" => field.samples = vec!["Soup".to_owned()],
            "trackingNumber" => field.samples = vec!["TR-2001".to_owned()],
            "carrier" => field.samples = vec!["Post".to_owned()],
            _ => {}
        }
    }
    let becomes = (!becomes.is_empty()).then(|| becomes.to_owned());
    found.push((Verb { name: name.to_owned(), becomes, fields }, at));
}

/// "payments", "bookings" and "votes" are things when they are among the things, not verbs.
fn is_only_a_noun(form: &str, entities: &[Entity]) -> bool {
    let one = words::singular(form);
    entities.iter().any(|entity| entity.singular == one || entity.singular == form)
}

/// The thing named soonest after the verb, else the last one before it, else the first.
fn object(reading: &Reading, form: &str, entities: &[Entity]) -> usize {
    let tokens = reading.all.tokens();
    let first = form.split(' ').next().unwrap_or(form);
    let Some(verb) = tokens.iter().position(|token| token == first) else { return 0 };
    let names = |token: &String, entity: &Entity| {
        let one = words::singular(token);
        words::noun(token).is_some_and(|noun| noun.name == entity.kin) || one == entity.singular
    };
    let mut best: Option<(usize, usize)> = None;
    for (index, token) in tokens.iter().enumerate() {
        if index == verb {
            continue;
        }
        if let Some(at) = entities.iter().position(|entity| names(token, entity)) {
            let distance = if index > verb { index - verb } else { (verb - index) * 3 };
            if best.is_none_or(|(known, _)| distance < known) {
                best = Some((distance, at));
            }
        }
    }
    best.map_or(0, |(_, at)| at)
}
