//! The built web UI, embedded in release builds and read from `frontend/dist` in debug builds. Only the UI's own routes
//! fall back to its page; what is unknown is 404. `gateway/nginx.conf` and the UI's router say the same, and tests compare them.

use std::borrow::Cow;

use aether_common::problem::Problem;
use aether_web::respond::Error;
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::preview_frame;

/// What the page may load: everything from here, nothing from elsewhere, no inline script. `$frame_source` stands for the
/// one folder that it may frame: an app in there that goes elsewhere is stopped by this, not by a policy of its own.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'none'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; worker-src 'self'; frame-src $frame_source; manifest-src 'self'; base-uri 'none'; \
form-action 'self'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types aether-worker";

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
    if path == preview_frame::PATH {
        return frame();
    }
    let frames = frame_source(&uri, &headers);
    if is_page(path) {
        return page(StatusCode::OK, &frames);
    }
    match Dist::get(path.trim_start_matches('/')).filter(|_| path != "/index.html") {
        Some(file) => asset(path, file, &headers),
        None if wants_page(&headers) => page(StatusCode::NOT_FOUND, &frames),
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

/// The preview's folder at the address that the page was asked for: without a scheme, a source is of the page's own. A host
/// that a policy cannot name, such as an address of IPv6, gets no frames.
fn frame_source(uri: &Uri, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match host.or_else(|| uri.authority().map(Authority::as_str)) {
        Some(host) if is_host_source(host) => format!("{host}/preview/"),
        _ => "'none'".to_owned(),
    }
}

/// A name or an address of IPv4, perhaps with a port.
fn is_host_source(host: &str) -> bool {
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn frame() -> Response {
    let Some(file) = Dist::get(preview_frame::FILE) else {
        return Error::from(Problem::not_found()).into_response();
    };
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], file.data.into_owned()).into_response();
    for (name, value) in preview_frame::HEADERS {
        // The names are constants with capitals: a header map wants them small.
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// The page itself: it names the hashed files, so it is never kept.
fn page(status: StatusCode, frames: &str) -> Response {
    let Some(file) = Dist::get("index.html") else {
        let hint =
            "The web UI is not built. Run `cargo xtask run`, or `npm ci && npm run build` in frontend/.";
        return (StatusCode::NOT_FOUND, hint).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.replace("$frame_source", frames)),
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

    #[test]
    fn frames_come_from_the_preview_at_the_address_of_the_page_alone() {
        let source = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            frame_source(&Uri::from_static("/"), &headers)
        };
        assert_eq!(source("localhost:8080"), "localhost:8080/preview/");
        assert_eq!(source("aether.example"), "aether.example/preview/");
        for odd in ["", "*", "a b", "a; script-src *", "[::1]:8080", "a:", "a:b", "a:123456", "user@a", "a,b"]
        {
            assert_eq!(source(odd), "'none'", "{odd}");
        }
        let absolute = Uri::from_static("https://aether.example/");
        assert_eq!(frame_source(&absolute, &HeaderMap::new()), "aether.example/preview/");
        assert_eq!(frame_source(&Uri::from_static("/"), &HeaderMap::new()), "'none'");
        assert_eq!(CONTENT_SECURITY_POLICY.matches("$frame_source").count(), 1);
    }

    #[test]
    fn every_header_of_the_frame_is_one_that_can_be_sent() {
        for (name, value) in preview_frame::HEADERS {
            assert!(HeaderName::from_bytes(name.as_bytes()).is_ok(), "{name}");
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{value}");
        }
    }
}
