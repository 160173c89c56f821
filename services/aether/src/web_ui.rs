//! The built web UI, embedded in release builds and read from `frontend/dist` in debug builds. Only the UI's own routes
//! fall back to its page; what is unknown is 404. `gateway/nginx.conf` and the UI's router say the same, and tests compare them.

use std::borrow::Cow;

use aether_common::problem::Problem;
use aether_web::respond::Error;
use axum::{
    Router,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What the page may load: everything from here, nothing from elsewhere, no inline script.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'none'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types aether-worker";

/// Paths that are the page, exactly.
pub const PAGES: [&str; 16] = [
    "/",
    "/sign-in",
    "/register",
    "/forgot-password",
    "/reset-password",
    "/verify-email",
    "/library",
    "/settings",
    "/settings/profile",
    "/settings/security",
    "/settings/sessions",
    "/settings/api-keys",
    "/settings/data",
    "/admin",
    "/admin/users",
    "/admin/audit",
];
/// Paths that are the page with one more segment.
pub const PAGES_OF_ONE: [&str; 4] = ["/c/", "/g/", "/s/", "/oauth/callback/"];

#[derive(RustEmbed)]
#[folder = "../../frontend/dist"]
#[allow_missing = true]
struct Dist;

/// The page, its files, and 404 for the rest.
pub fn routes() -> Router {
    Router::new().fallback(serve)
}

async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") {
        return Error::from(Problem::not_found()).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Error::from(Problem::new(405, "method_not_allowed", "This path can only be read."))
            .into_response();
    }
    if is_page(path) {
        return page(StatusCode::OK);
    }
    match Dist::get(path.trim_start_matches('/')).filter(|_| path != "/index.html") {
        Some(file) => asset(path, file, &headers),
        None if wants_page(&headers) => page(StatusCode::NOT_FOUND),
        None => Error::from(Problem::not_found()).into_response(),
    }
}

/// Whether the UI has a screen at this path.
pub fn is_page(path: &str) -> bool {
    PAGES.contains(&path)
        || PAGES_OF_ONE
            .iter()
            .any(|start| path.strip_prefix(start).is_some_and(|rest| !rest.is_empty() && !rest.contains('/')))
}

/// The page itself: it names the hashed files, so it is never kept.
fn page(status: StatusCode) -> Response {
    let Some(file) = Dist::get("index.html") else {
        let hint =
            "The web UI is not built. Run `cargo xtask run`, or `npm ci && npm run build` in frontend/.";
        return (StatusCode::NOT_FOUND, hint).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    (status, headers, file.data.into_owned()).into_response()
}

fn asset(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    // The build puts a hash of the content into the names below /assets/.
    let keep: Cow<'static, str> =
        if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }.into();
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream().to_string();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, keep.into_owned()),
        (header::ETAG, tag),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox".to_owned(),
        ),
    ];
    (headers, file.data.into_owned()).into_response()
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_routes_are_the_page() {
        for path in ["/", "/sign-in", "/settings/data", "/c/0192", "/s/token", "/oauth/callback/github"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/c/", "/c/a/b", "/x", "/library/", "/settings/x", "/oauth/", "/index.html", "/api/auth"]
        {
            assert!(!is_page(path), "{path}");
        }
    }
}
