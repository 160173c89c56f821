//! `/openapi.json`, made from the code, and `/docs`: a plain page that lists the operations. It loads nothing from
//! anywhere and runs no script.

mod complete;

use std::fmt::Write as _;

use aether_common::problem::Problem;
use axum::{
    Router,
    body::Bytes,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;

pub use complete::{Access, complete};

use crate::respond::Error;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
color:#1a1a1a;background:#fff}code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;\
background:#f4f4f2}summary{cursor:pointer;padding:.4rem 0}b{display:inline-block;min-width:4.5rem}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}pre{background:#222}a{color:#9cf}}";

/// The two routes. The document is written once, here.
pub fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let json = document.to_json().map(Bytes::from).map_err(|error| error.to_string());
    let page = json
        .as_ref()
        .map(|json| Bytes::from(page(&serde_json::from_slice(json).unwrap_or_default())))
        .map_err(Clone::clone);
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'");
    let send_page = move || {
        let answer = match page.clone() {
            Ok(page) => {
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                    (header::CONTENT_SECURITY_POLICY, policy.as_str()),
                ];
                (headers, page).into_response()
            }
            Err(error) => broken(&error),
        };
        async { answer }
    };
    let send_json = move || {
        let answer = match json.clone() {
            Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
            Err(error) => broken(&error),
        };
        async { answer }
    };
    Router::new().route("/openapi.json", get(send_json)).route("/docs", get(send_page))
}

fn broken(error: &str) -> Response {
    Error::from(Problem::internal(error)).into_response()
}

fn page(document: &Value) -> String {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let title = text(&document["info"]["title"]);
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>\
         <p>{}</p><p><a href=\"openapi.json\">OpenAPI document</a></p>",
        text(&document["info"]["description"]),
    );
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in
            item.as_object().into_iter().flatten().filter(|(_, value)| value.is_object())
        {
            let details = serde_json::to_string_pretty(operation).unwrap_or_default();
            // Writing to a String cannot fail.
            let _ = write!(
                html,
                "<details><summary><b>{}</b> <code>{}</code> {}</summary><p>{}</p><pre>{}</pre></details>",
                escape(&method.to_uppercase()),
                escape(path),
                text(&operation["summary"]),
                text(&operation["description"]),
                escape(&details),
            );
        }
    }
    let schemas = serde_json::to_string_pretty(&document["components"]["schemas"]).unwrap_or_default();
    let _ = write!(
        html,
        "<h2>Schemas</h2><details><summary>All schemas</summary><pre>{}</pre></details></main></body></html>",
        escape(&schemas)
    );
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
