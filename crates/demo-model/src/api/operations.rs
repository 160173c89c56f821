//! Paths and operations: CRUD of a collection, the verbs of its things, sign-in.

use super::{Api, schemas};
use crate::{
    doc::{Doc, map, reference},
    reading::Entity,
    words::{self, Type},
};

/// Adds all paths of one thing.
pub fn paths(api: &Api, at: usize, paths: &mut Doc) {
    let entity = &api.entities[at];
    let (path, above) = api.collection(at);
    let id = format!("{}Id", entity.name);
    let parameters: Vec<Doc> = above.iter().map(|name| path_parameter(name)).collect();
    let mut collection = map([]);
    if !parameters.is_empty() {
        collection.put("parameters", parameters.clone());
    }
    paths.put(&path, collection.with("get", list(api, entity)).with("post", create(api, entity)));
    let mut own = parameters;
    own.push(path_parameter(&id));
    let item = map([
        ("parameters", own.clone().into()),
        ("get", get(api, entity)),
        ("put", change(api, entity, true)),
        ("patch", change(api, entity, false)),
        ("delete", delete(entity)),
    ]);
    paths.put(&format!("{path}/{{{id}}}"), item);
    for (verb, _) in api.verbs.iter().filter(|(_, of)| *of == at) {
        let name = words::camel(&format!("{} {}", verb.spoken(), words::spaced(&entity.name)));
        let mut operation =
            operation(entity, &name, &format!("{} a {}", words::capital(&verb.spoken()), entity.singular));
        if verb.body().is_some() {
            let schema = schema(&verb.schema_name(entity));
            operation.put("requestBody", body(schema, verb.example(), verb.has_required()));
        }
        let mut example = schemas::example(entity, 0);
        if let (Some(status), Some(field)) = (&verb.becomes, entity.find("status"))
            && matches!(field.of, Type::Choice(_))
        {
            example.put("status", status);
        }
        let mut responses =
            map([("200", json(&format!("The {} now", entity.singular), schema(&entity.pascal()), example))]);
        add_errors(&mut responses, api, &["404", "409", "422"]);
        operation.put("responses", responses);
        paths.put(
            &format!("{path}/{{{id}}}/{}", verb.name),
            map([("parameters", own.clone().into()), ("post", operation)]),
        );
    }
}

/// Registration and login.
pub fn sign_in(paths: &mut Doc) {
    for (path, id, status, summary) in [
        ("/auth/register", "register", "201", "Register with e-mail and password"),
        ("/auth/login", "logIn", "200", "Log in with e-mail and password"),
    ] {
        let credentials =
            map([("email", "ana@example.com".into()), ("password", "correct horse battery".into())]);
        let session = map([("accessToken", "example-token".into()), ("expiresIn", 900.into())]);
        let mut responses = map([(status, json("A session", reference("schemas/Session"), session))]);
        responses.put("401", reference("responses/Unauthorized"));
        responses.put("422", reference("responses/Invalid"));
        let operation = map([
            ("operationId", id.into()),
            ("summary", summary.into()),
            ("tags", vec!["Auth".into()].into()),
            ("security", Doc::List(Vec::new())),
            ("requestBody", body(reference("schemas/Credentials"), credentials, true)),
            ("responses", responses),
        ]);
        paths.put(path, map([("post", operation)]));
    }
}

pub fn shared_parameters() -> Doc {
    let query = |name: &str, about: &str, schema: Doc| {
        map([
            ("name", name.into()),
            ("in", "query".into()),
            ("description", about.into()),
            ("schema", schema),
        ])
    };
    let count = |least: i64, default: i64| {
        map([("type", "integer".into()), ("minimum", least.into()), ("default", default.into())])
    };
    map([
        (
            "Search",
            query("q", "Words to search for", map([("type", "string".into()), ("maxLength", 100.into())])),
        ),
        ("Limit", query("limit", "How many to answer", count(1, 20).with("maximum", 100))),
        ("Offset", query("offset", "How many to pass over", count(0, 0))),
    ])
}

pub fn shared_responses(guarded: bool) -> Doc {
    let problem = |about: &str, status: i64, detail: &str| {
        let example = map([
            ("type", "about:blank".into()),
            ("title", about.into()),
            ("status", status.into()),
            ("detail", detail.into()),
        ]);
        let media = map([("schema", reference("schemas/Problem")), ("example", example)]);
        map([("description", about.into()), ("content", map([("application/problem+json", media)]))])
    };
    let mut all = map([
        ("BadRequest", problem("Bad request", 400, "The body is not JSON.")),
        ("NotFound", problem("Not found", 404, "Nothing has this id.")),
        ("Conflict", problem("Conflict", 409, "Its state does not allow this now.")),
        ("Invalid", problem("Invalid fields", 422, "One or more fields are not valid.")),
    ]);
    if guarded {
        all.put("Unauthorized", problem("Not signed in", 401, "A valid bearer token is needed."));
    }
    all
}

fn list(api: &Api, entity: &Entity) -> Doc {
    let many = words::pascal(&entity.plural);
    let mut operation = operation(entity, &format!("list{many}"), &format!("List {}", entity.plural));
    let mut parameters =
        vec![reference("parameters/Search"), reference("parameters/Limit"), reference("parameters/Offset")];
    let filters =
        entity.fields.iter().filter(|f| matches!(f.of, Type::Choice(_) | Type::Bool | Type::Ref(_)));
    for field in filters.take(4) {
        let mut schema = match &field.of {
            Type::Choice(choices) => map([
                ("type", "string".into()),
                ("enum", choices.iter().map(Doc::from).collect::<Vec<_>>().into()),
            ]),
            Type::Bool => map([("type", "boolean".into())]),
            _ => map([("type", "string".into())]),
        };
        if let Doc::Map(pairs) = &mut schema {
            pairs.retain(|(key, _)| key != "default");
        }
        parameters.push(map([
            ("name", field.name.as_str().into()),
            ("in", "query".into()),
            ("description", format!("Only with this {}", words::spaced(&field.name)).into()),
            ("schema", schema),
        ]));
    }
    let sortable = entity.fields.iter().filter(|f| {
        matches!(
            f.of,
            Type::Text | Type::Int | Type::Number | Type::Money | Type::Date | Type::DateTime | Type::Rating
        )
    });
    let orders: Vec<Doc> =
        sortable.take(4).flat_map(|f| [Doc::from(&f.name), Doc::Text(format!("-{}", f.name))]).collect();
    if !orders.is_empty() {
        parameters.push(map([
            ("name", "sort".into()),
            ("in", "query".into()),
            ("description", "The field to sort by; a minus sign turns the order round".into()),
            ("schema", map([("type", "string".into()), ("enum", orders.into())])),
        ]));
    }
    operation.put("parameters", parameters);
    let rows: Vec<Doc> = (0..entity.rows.min(3)).map(|row| schemas::example(entity, row)).collect();
    let schema = map([("type", "array".into()), ("items", schema(&entity.pascal()))]);
    let total = map([
        ("description", "How many there are in all".into()),
        ("schema", map([("type", "integer".into()), ("minimum", 0.into())])),
    ]);
    let found = json(&format!("The {} found", entity.plural), schema, rows.into());
    let found = match found {
        Doc::Map(mut pairs) => {
            pairs.insert(1, ("headers".to_owned(), map([("X-Total-Count", total)])));
            Doc::Map(pairs)
        }
        other => other,
    };
    let mut responses = map([("200", found)]);
    add_errors(&mut responses, api, &["422"]);
    operation.with("responses", responses)
}

fn create(api: &Api, entity: &Entity) -> Doc {
    let mut operation =
        operation(entity, &format!("create{}", entity.pascal()), &format!("Create a {}", entity.singular));
    let input = schema(&format!("{}Input", entity.pascal()));
    operation.put("requestBody", body(input, schemas::example_input(entity, 0), true));
    let made =
        json(&format!("The new {}", entity.singular), schema(&entity.pascal()), schemas::example(entity, 0));
    let mut responses = map([("201", made)]);
    add_errors(&mut responses, api, &["400", "422"]);
    operation.with("responses", responses)
}

fn get(api: &Api, entity: &Entity) -> Doc {
    let operation =
        operation(entity, &format!("get{}", entity.pascal()), &format!("Get a {}", entity.singular));
    let found =
        json(&format!("The {}", entity.singular), schema(&entity.pascal()), schemas::example(entity, 0));
    let mut responses = map([("200", found)]);
    add_errors(&mut responses, api, &["404"]);
    operation.with("responses", responses)
}

fn change(api: &Api, entity: &Entity, whole: bool) -> Doc {
    let (verb, suffix) = if whole { ("replace", "Input") } else { ("update", "Patch") };
    let summary = if whole { "Replace" } else { "Change fields of" };
    let mut operation =
        operation(entity, &format!("{verb}{}", entity.pascal()), &format!("{summary} a {}", entity.singular));
    let example = if whole {
        schemas::example_input(entity, 0)
    } else {
        match schemas::example_input(entity, 0) {
            Doc::Map(pairs) => Doc::Map(pairs.into_iter().take(1).collect()),
            other => other,
        }
    };
    let input = schema(&format!("{}{suffix}", entity.pascal()));
    operation.put("requestBody", body(input, example, true));
    let found =
        json(&format!("The {} now", entity.singular), schema(&entity.pascal()), schemas::example(entity, 0));
    let mut responses = map([("200", found)]);
    add_errors(&mut responses, api, &["400", "404", "422"]);
    operation.with("responses", responses)
}

fn delete(entity: &Entity) -> Doc {
    let operation =
        operation(entity, &format!("delete{}", entity.pascal()), &format!("Delete a {}", entity.singular));
    let gone = map([("description", "It is gone".into())]);
    operation.with("responses", map([("204", gone), ("404", reference("responses/NotFound"))]))
}

fn operation(entity: &Entity, id: &str, summary: &str) -> Doc {
    map([
        ("operationId", id.into()),
        ("summary", article(summary).into()),
        ("tags", vec![Doc::Text(words::capital(&entity.plural))].into()),
    ])
}

/// "a owner" reads "an owner".
fn article(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split(' ').collect();
    let fixed = words.iter().enumerate().map(|(at, word)| {
        let vowel = words.get(at + 1).is_some_and(|next| next.starts_with(['a', 'e', 'i', 'o']));
        if *word == "a" && vowel { "an" } else { word }
    });
    fixed.collect::<Vec<_>>().join(" ")
}

/// A schema of the document by its name.
fn schema(name: &str) -> Doc {
    reference(&format!("schemas/{name}"))
}

fn body(schema: Doc, example: Doc, required: bool) -> Doc {
    let media = map([("schema", schema), ("example", example)]);
    map([("required", required.into()), ("content", map([("application/json", media)]))])
}

fn json(about: &str, schema: Doc, example: Doc) -> Doc {
    let media = map([("schema", schema), ("example", example)]);
    map([("description", about.into()), ("content", map([("application/json", media)]))])
}

fn path_parameter(name: &str) -> Doc {
    map([
        ("name", name.into()),
        ("in", "path".into()),
        ("required", true.into()),
        ("schema", map([("type", "string".into())])),
        ("example", "1".into()),
    ])
}

fn add_errors(responses: &mut Doc, api: &Api, statuses: &[&str]) {
    for status in statuses {
        let name = match *status {
            "400" => "BadRequest",
            "404" => "NotFound",
            "409" => "Conflict",
            _ => "Invalid",
        };
        responses.put(status, reference(&format!("responses/{name}")));
    }
    if api.guarded {
        responses.put("401", reference("responses/Unauthorized"));
    }
}
