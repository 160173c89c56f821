//! What is answered: the few media types and headers that are safe, whatever the document says.

use serde_json::{Value, json};

/// JSON.
pub const JSON: &str = "application/json";
/// RFC 9457.
pub const PROBLEM: &str = "application/problem+json";
/// Text that no browser takes for a page.
pub const TEXT: &str = "text/plain";

/// An answer, complete but for what every answer gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// One of three; none without a body.
    pub media: Option<&'static str>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, media: None, headers: Vec::new(), body: Vec::new() }
    }
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// A JSON pointer: into the body, or `/path/NAME`, `/query/NAME`, `/header/NAME`.
    pub field: String,
    /// What it must be.
    pub message: String,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word.
    pub code: &'static str,
    /// What happened.
    pub detail: String,
    /// What is wrong, for 422.
    pub flaws: Vec<Flaw>,
    /// The methods of the path, for 405.
    pub allow: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), flaws: Vec::new(), allow: None }
    }

    pub(crate) fn invalid(flaws: Vec<Flaw>) -> Self {
        Self {
            flaws,
            ..Self::new(422, "validation_failed", "The request does not keep what the document says.")
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "not_found", "There is no such thing.")
    }

    /// As RFC 9457 writes it.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "type": "about:blank", "title": title(self.status), "status": self.status, "code": self.code,
            "detail": self.detail,
        });
        if !self.flaws.is_empty() {
            let errors: Vec<Value> = self
                .flaws
                .iter()
                .map(|flaw| json!({ "field": flaw.field, "message": flaw.message }))
                .collect();
            body["errors"] = Value::Array(errors);
        }
        body
    }

    /// As an answer that no document has a word in.
    pub fn answer(&self) -> Answer {
        let headers = self.allow.iter().map(|methods| ("allow".to_owned(), methods.clone())).collect();
        Answer {
            status: self.status,
            media: Some(PROBLEM),
            headers,
            body: self.body().to_string().into_bytes(),
        }
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

/// The media type that stands for a declared one.
pub fn safe_media(declared: &str) -> &'static str {
    let name = declared.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match name.as_str() {
        PROBLEM => PROBLEM,
        "*/*" | "application/*" => JSON,
        _ if is_json(&name) => JSON,
        _ => TEXT,
    }
}

/// Whether a media type is JSON's.
pub fn is_json(name: &str) -> bool {
    let name = name.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    name == JSON || name.ends_with("+json")
}

/// Whether a document may say what this header holds: names of the author's own, none that a browser or proxy obeys.
pub fn is_safe_header(name: &str) -> bool {
    const OBEYED: [&str; 14] = [
        "x-accel",
        "x-content",
        "x-dns",
        "x-download",
        "x-forwarded",
        "x-frame",
        "x-lighttpd",
        "x-permitted",
        "x-powered",
        "x-request-id",
        "x-robots",
        "x-sendfile",
        "x-ua",
        "x-xss",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("x-")
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !OBEYED.iter().any(|obeyed| name.starts_with(obeyed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_browser_obeys_is_let_through() {
        for (declared, safe) in [
            ("application/json; charset=utf-8", JSON),
            ("application/vnd.api+json", JSON),
            ("application/problem+json", PROBLEM),
            ("*/*", JSON),
            ("text/html", TEXT),
            ("text/csv", TEXT),
            ("image/svg+xml", TEXT),
            ("application/javascript", TEXT),
        ] {
            assert_eq!(safe_media(declared), safe, "{declared}");
        }
        for name in [
            "Set-Cookie",
            "Location",
            "Refresh",
            "X-Frame-Options",
            "X-Accel-Redirect",
            "Content-Type",
            "Link",
            "X-A b",
        ] {
            assert!(!is_safe_header(name), "{name}");
        }
        assert!(is_safe_header("X-Total-Count"));
    }
}
