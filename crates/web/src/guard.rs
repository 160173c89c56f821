//! Refuses what no handler could make sense of: text that is not UTF-8 in path, query or headers, and bodies in a coding
//! that we do not know.

use std::str;

use aether_common::problem::Problem;
use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;

use crate::respond::Error;

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => Error::from(problem).into_response(),
    }
}

fn check(request: &Request) -> Result<(), Problem> {
    let path = request.uri().path();
    if !percent_is_sound(path) || !decodes(path) || path.contains("%00") {
        return Err(Problem::bad_request("malformed_path", "The path is not UTF-8 in percent-encoding."));
    }
    if !decodes(request.uri().query().unwrap_or_default()) {
        return Err(Problem::bad_request("malformed_query", "The query is not UTF-8 in percent-encoding."));
    }
    if request.headers().values().any(|value| str::from_utf8(value.as_bytes()).is_err()) {
        return Err(Problem::bad_request("malformed_header", "A header is not UTF-8."));
    }
    if !coding_is_known(request.headers()) {
        return Err(Problem::new(415, "unsupported_content_encoding", "A body may be plain or in gzip."));
    }
    Ok(())
}

fn decodes(text: &str) -> bool {
    percent_decode_str(text).decode_utf8().is_ok()
}

/// Every `%` is followed by two hex digits.
fn percent_is_sound(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

fn coding_is_known(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(one), None) => {
            ["gzip", "identity"].iter().any(|known| one.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
        }
        _ => false,
    }
}
