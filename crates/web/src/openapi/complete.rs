//! What an OpenAPI document says of every operation alike. What only one operation does is said at its handler.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, OpenApi, Ref, RefOr, Required, Response,
        path::{Operation, ParameterIn, PathItem},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::respond::ProblemBody;

/// The media type of every error answer.
const PROBLEM: &str = "application/problem+json";

/// How callers say who they are. The scopes are those that OpenAPI 3.1 lets an operation's `security` name.
const BEARER: &str =
    "An access token, or an API key (`aek_...`) where the operation names a scope that the key has.";

/// Who may call an operation whose `#[utoipa::path]` has no `security`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever has a token; the public ones say `security(())`, and those for API keys which scope they need.
    Bearer,
    /// Everybody; the others say `security(("bearer" = []))`.
    Public,
}

/// Adds what is true of every operation by the way it is called, so that no handler need say it: the answers of the
/// edge and of the extractors, the media type of errors, and who may call.
pub fn complete(document: &mut OpenApi, unless_said: Access) {
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(BEARER)).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    components.schemas.entry(ProblemBody::name().into_owned()).or_insert_with(ProblemBody::schema);
    let mut nested = Vec::new();
    ProblemBody::schemas(&mut nested);
    for (name, schema) in nested {
        components.schemas.entry(name).or_insert(schema);
    }
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            if operation.security.is_none() && unless_said == Access::Bearer {
                operation.security = Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]);
            }
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && body.content.keys().all(|media_type| media_type == "text/plain")
            {
                // No body is an empty text.
                body.required = Some(Required::False);
            }
            add_answers(operation);
            for answer in operation.responses.responses.values_mut() {
                if let RefOr::T(answer) = answer {
                    correct_media_types(answer);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn add_answers(operation: &mut Operation) {
    let takes = |place: &ParameterIn| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *place))
    };
    let mut answers = BTreeMap::from([
        ("400", "The path, the query, a header or the body cannot be read at all"),
        ("429", "Too many; `Retry-After` says when to come back"),
        ("503", "What this needs is down or overloaded; `Retry-After` says when to come back"),
    ]);
    if operation
        .security
        .as_ref()
        .is_some_and(|ways| ways.iter().any(|way| *way != SecurityRequirement::default()))
    {
        answers.insert("401", "No token, or one that is not valid");
        answers.insert("403", "`insufficient_scope`: an API key that may not do this");
    }
    if takes(&ParameterIn::Path) {
        answers.insert("404", "Not there, or not yours to see");
    }
    if takes(&ParameterIn::Query) || operation.request_body.is_some() {
        answers.insert("422", "`errors` names each field at fault");
    }
    if operation.request_body.is_some() {
        answers.insert("413", "The body is larger than this route takes");
        answers.insert("415", "The body is of another media type");
    }
    for (status, description) in answers {
        let answer = operation.responses.responses.entry(status.to_owned());
        answer.or_insert_with(|| {
            let body = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
            let mut answer = Response::new(description);
            answer.content.insert(PROBLEM.to_owned(), body.into());
            answer.into()
        });
    }
}

fn correct_media_types(answer: &mut Response) {
    let is_problem = |content: &RefOr<Content>| {
        let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
        schema.ref_location.ends_with(&format!("/{}", ProblemBody::name()))
    };
    answer.content = std::mem::take(&mut answer.content)
        .into_iter()
        .map(|(media_type, content)| match media_type.as_str() {
            "application/json" if is_problem(&content) => (PROBLEM.to_owned(), content),
            // OpenAPI 3.1 has no words for the events of a stream; a schema here would be taken for that of each event.
            "text/event-stream" => (media_type, Content::default().into()),
            _ => (media_type, content),
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use utoipa::OpenApi as _;

    use super::*;

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(update, about))]
    struct Document;

    #[utoipa::path(
        put, path = "/things/{id}", params(("id" = String, Path)), request_body = String,
        responses((status = 200, body = String, content_type = "text/event-stream"), (status = 409, body = ProblemBody))
    )]
    #[expect(dead_code, reason = "only its description is used")]
    fn update() {}

    #[utoipa::path(get, path = "/about", security(()), responses((status = 200)))]
    #[expect(dead_code, reason = "only its description is used")]
    fn about() {}

    #[test]
    fn what_the_edge_may_answer_is_described_once_for_all() {
        let mut document = Document::openapi();
        complete(&mut document, Access::Bearer);
        let document = serde_json::to_value(document).unwrap();
        let statuses = |operation: &Value| {
            operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
        };
        let update = &document["paths"]["/things/{id}"]["put"];
        assert_eq!(statuses(update), "200 400 401 403 404 409 413 415 422 429 503");
        assert_eq!(update["security"], json!([{"bearer": []}]));
        for status in ["401", "403", "409"] {
            let schema = &update["responses"][status]["content"]["application/problem+json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{status}");
        }
        assert_eq!(update["responses"]["200"]["content"], json!({"text/event-stream": {}}));
        let about = &document["paths"]["/about"]["get"];
        assert_eq!(statuses(about), "200 400 429 503");
        assert_eq!(about["security"], json!([{}]), "public");
        assert!(document["components"]["schemas"]["Problem"]["properties"]["errors"].is_object());
        assert!(document["components"]["securitySchemes"]["bearer"].is_object());
    }
}
