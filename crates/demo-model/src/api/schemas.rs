//! Schemas and examples of one thing.

use crate::{
    doc::{Doc, map},
    literal::words as plain,
    reading::Entity,
    samples,
    words::{Field, Type},
};

/// Fields whose numbers may be below zero.
const SIGNED: &[&str] = &["latitude", "longitude", "temperature", "balance", "value", "change", "profit"];

/// The thing as it is answered.
pub fn full(entity: &Entity) -> Doc {
    let mut properties = map([]);
    let id = map([
        ("type", "string".into()),
        ("readOnly", true.into()),
        ("description", "Given by the server".into()),
        ("examples", vec!["1".into()].into()),
    ]);
    properties.put("id", id);
    add_properties(entity, &mut properties);
    for name in ["createdAt", "updatedAt"].into_iter().filter(|name| entity.find(name).is_none()) {
        let time =
            map([("type", "string".into()), ("format", "date-time".into()), ("readOnly", true.into())]);
        properties.put(name, time);
    }
    let mut required = vec![Doc::from("id")];
    required.extend(needed(entity));
    map([
        ("type", "object".into()),
        ("description", plain(&format!("One {}.", entity.singular)).into()),
        ("required", required.into()),
        ("properties", properties),
        ("example", example(entity, 0)),
    ])
}

/// What a client sends: whole, or only the fields to change.
pub fn input(entity: &Entity, whole: bool) -> Doc {
    let mut properties = map([]);
    add_properties(entity, &mut properties);
    let mut schema = map([("type", "object".into())]);
    if whole {
        let required: Vec<Doc> = needed(entity).collect();
        if !required.is_empty() {
            schema.put("required", required);
        }
    } else {
        schema.put("minProperties", 1);
        if let Doc::Map(pairs) = &mut properties {
            for (_, property) in pairs {
                if let Doc::Map(inner) = property {
                    inner.retain(|(key, _)| key != "default");
                }
            }
        }
    }
    schema.put("additionalProperties", false);
    schema.with("properties", properties)
}

pub fn example(entity: &Entity, row: usize) -> Doc {
    let mut doc = map([("id", Doc::Text((row + 1).to_string()))]);
    for field in &entity.fields {
        if let Some(value) = samples::doc(field, row) {
            doc.put(&field.name, value);
        }
    }
    for name in ["createdAt", "updatedAt"].into_iter().filter(|name| entity.find(name).is_none()) {
        doc.put(name, samples::moment(&format!("-{}T10:00", 9 - row.min(8))));
    }
    doc
}

pub fn example_input(entity: &Entity, row: usize) -> Doc {
    let mut doc = map([]);
    for field in &entity.fields {
        if let Some(value) = samples::doc(field, row) {
            doc.put(&field.name, value);
        }
    }
    doc
}

pub fn field(field: &Field) -> Doc {
    let mut schema = match &field.of {
        Type::Text => map([("type", "string".into()), ("maxLength", 200.into())]),
        Type::Long => map([("type", "string".into()), ("maxLength", 4000.into())]),
        Type::Int => map([("type", "integer".into())]),
        Type::Number | Type::Money => map([("type", "number".into())]),
        Type::Bool => map([("type", "boolean".into()), ("default", false.into())]),
        Type::Date => map([("type", "string".into()), ("format", "date".into())]),
        Type::DateTime => map([("type", "string".into()), ("format", "date-time".into())]),
        Type::Time => map([("type", "string".into()), ("pattern", "^([01][0-9]|2[0-3]):[0-5][0-9]$".into())]),
        Type::Email => {
            map([("type", "string".into()), ("format", "email".into()), ("maxLength", 254.into())])
        }
        Type::Url => map([("type", "string".into()), ("format", "uri".into()), ("maxLength", 2000.into())]),
        Type::Phone => map([("type", "string".into()), ("pattern", "^[+0-9 ()-]{3,30}$".into())]),
        Type::Rating => map([("type", "integer".into()), ("minimum", 1.into()), ("maximum", 5.into())]),
        Type::List => map([
            ("type", "array".into()),
            ("items", map([("type", "string".into()), ("minLength", 1.into()), ("maxLength", 100.into())])),
            ("maxItems", 50.into()),
        ]),
        Type::Choice(choices) => {
            let all: Vec<Doc> = choices.iter().map(Doc::from).collect();
            let mut schema = map([("type", "string".into()), ("enum", all.into())]);
            if !field.required
                && let Some(first) = choices.first()
            {
                schema.put("default", first);
            }
            schema
        }
        Type::Ref(target) => {
            map([("type", "string".into()), ("description", format!("The id of a {target}").into())])
        }
    };
    if field.required && matches!(field.of, Type::Text | Type::Long) {
        schema.put("minLength", 1);
    }
    if matches!(field.of, Type::Int | Type::Number | Type::Money) && !SIGNED.contains(&field.name.as_str()) {
        schema.put("minimum", 0);
    }
    if !matches!(field.of, Type::Ref(_)) {
        schema.put("description", plain(&field.label));
    }
    if let Some(example) = samples::doc(field, 0) {
        schema.put("examples", vec![example]);
    }
    schema
}

pub fn problem() -> Doc {
    let text = || map([("type", "string".into())]);
    let error = map([
        ("type", "object".into()),
        ("required", vec!["field".into(), "message".into()].into()),
        ("properties", map([("field", text()), ("message", text())])),
    ]);
    map([
        ("type", "object".into()),
        ("description", "An error, after RFC 9457".into()),
        ("required", vec!["type".into(), "title".into(), "status".into()].into()),
        (
            "properties",
            map([
                ("type", map([("type", "string".into()), ("format", "uri-reference".into())])),
                ("title", text()),
                (
                    "status",
                    map([("type", "integer".into()), ("minimum", 400.into()), ("maximum", 599.into())]),
                ),
                ("detail", text()),
                ("errors", map([("type", "array".into()), ("items", error)])),
            ]),
        ),
    ])
}

pub fn credentials() -> Doc {
    map([
        ("type", "object".into()),
        ("required", vec!["email".into(), "password".into()].into()),
        (
            "properties",
            map([
                ("email", map([("type", "string".into()), ("format", "email".into())])),
                (
                    "password",
                    map([("type", "string".into()), ("minLength", 10.into()), ("writeOnly", true.into())]),
                ),
            ]),
        ),
        ("example", map([("email", "ana@example.com".into()), ("password", "correct horse battery".into())])),
    ])
}

pub fn session() -> Doc {
    map([
        ("type", "object".into()),
        ("required", vec!["accessToken".into(), "expiresIn".into()].into()),
        (
            "properties",
            map([
                ("accessToken", map([("type", "string".into())])),
                ("expiresIn", map([("type", "integer".into()), ("description", "Seconds".into())])),
            ]),
        ),
        ("example", map([("accessToken", "example-token".into()), ("expiresIn", 900.into())])),
    ])
}

fn add_properties(entity: &Entity, properties: &mut Doc) {
    for one in &entity.fields {
        properties.put(&one.name, field(one));
    }
}

fn needed(entity: &Entity) -> impl Iterator<Item = Doc> {
    entity.fields.iter().filter(|field| field.required).map(|field| Doc::from(&field.name))
}
