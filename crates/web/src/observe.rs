//! One span, one access-log line and one set of metrics for each request. Never headers, bodies or the query: they hold
//! secrets.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::{client_ip::ClientIp, context, edge::EdgeConfig};

/// A longer path is cut in the log.
const MAX_LOGGED_PATH: usize = 512;

pub(crate) async fn layer(State(config): State<Arc<EdgeConfig>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let context = context::current();
    let method = method_label(request.method());
    // The path is percent-encoded ASCII, so that it can be cut anywhere and cannot break a log line.
    let path = request.uri().path();
    let path = without_token(path.get(..path.len().min(MAX_LOGGED_PATH)).unwrap_or_default());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let client = request.extensions().get::<ClientIp>().map(|client| client.0);
    let span = tracing::info_span!(
        "request",
        service = config.service,
        method,
        path = path.as_str(),
        trace_id = context.as_ref().map(|context| context.trace_id.as_str()),
        request.id = context.as_ref().map(|context| context.request_id.as_str()),
        user.id = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    // To the head of the answer: a stream may live for minutes.
    let took = began.elapsed();
    let status = response.status().as_u16();
    let labels = [
        ("service", config.service.to_owned()),
        ("route", route.clone()),
        ("method", method.to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let client = client.map(tracing::field::display);
    let said = format!("{method} {path} answered {status}");
    span.in_scope(|| {
        // Probes come every few seconds and say nothing when all is well.
        if route.contains("/health") && status < 400 {
            tracing::debug!(target: "aether::access", event = "request", status, duration_ms, route, client.address = client, "{said}");
        } else {
            tracing::info!(target: "aether::access", event = "request", status, duration_ms, route, client.address = client, "{said}");
        }
    });
    response
}

/// The path without the part that opens what it names to whoever knows it: the token of a link, the id of a live API.
fn without_token(path: &str) -> String {
    let opens =
        ["/s/", "/join/", "/api/live/"].into_iter().find(|start| path.starts_with(start)).map(str::len);
    let opens = opens.or_else(|| path.find("/shared/").map(|at| at + "/shared/".len()));
    match opens.and_then(|at| path.split_at_checked(at)) {
        Some((before, after)) => {
            let below = after.find('/').map_or("", |end| &after[end..]);
            format!("{before}-{below}")
        }
        None => path.to_owned(),
    }
}

/// A client may invent methods; a metric's label must not grow with them.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::without_token;

    #[test]
    fn a_link_s_token_is_not_logged() {
        for (path, logged) in [
            ("/s/secret", "/s/-"),
            ("/join/secret", "/join/-"),
            ("/api/live/secret/pets/1", "/api/live/-/pets/1"),
            ("/shared/secret", "/shared/-"),
            ("/api/generate/shared/secret/files/a/b.ts", "/api/generate/shared/-/files/a/b.ts"),
            ("/api/generate/history/1", "/api/generate/history/1"),
            ("/sign-in", "/sign-in"),
        ] {
            assert_eq!(without_token(path), logged);
        }
    }
}
