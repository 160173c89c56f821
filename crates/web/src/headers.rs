//! Security headers. Each is set only where the answer does not bring its own: a page that may be framed or a file that
//! may be cached says so itself, and everything else gets the strictest.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::edge::EdgeConfig;

const STRICT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

pub(crate) async fn layer(State(config): State<Arc<EdgeConfig>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set(headers, header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(headers, header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set(headers, header::CONTENT_SECURITY_POLICY, STRICT_POLICY);
    if !may_be_framed(headers) {
        set(headers, header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    // Answers bear tokens and private data: nothing on the way may keep one that does not ask for it.
    set(headers, header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if config.public_url.scheme() == "https" {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        set(headers, header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.entry(name).or_insert(value);
}

/// An answer whose own policy names frame ancestors other than none has decided about frames.
fn may_be_framed(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_SECURITY_POLICY).iter().any(|policy| {
        policy.to_str().is_ok_and(|policy| {
            policy
                .split(';')
                .filter_map(|rule| rule.trim().strip_prefix("frame-ancestors"))
                .any(|ancestors| ancestors.trim() != "'none'")
        })
    })
}
