//! The one error that a client sees: RFC 9457 `application/problem+json`, with a stable `code`.
//! `aether_web` turns it into an answer and logs it; nothing else does.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

/// One field that did not validate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The JSON name of the field (dotted when nested), or a header's or parameter's name.
    pub field: String,
    /// What it must be.
    pub message: String,
}

/// A failure as an answer: status, stable code, words for a person, and, for the log alone, the cause.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{status} {code}: {detail}")]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word that programs compare; also the metric's label.
    pub code: Cow<'static, str>,
    /// What happened, for a person. Never a secret, SQL or a stack trace.
    pub detail: Cow<'static, str>,
    /// The fields at fault, for 422.
    pub errors: Vec<FieldError>,
    /// Sent as `Retry-After`, in whole seconds, rounded up.
    pub retry_after: Option<Duration>,
    /// Logged, never sent.
    pub cause: Option<String>,
}

/// The result of anything that may end as an answer to a client.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem with this status, code and detail.
    pub fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, code, detail)
    }

    /// 401, always the same bytes: it does not say what was wrong with the token.
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "A valid access token is needed.")
    }

    /// 403: known, but not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(403, code, detail)
    }

    /// 404: not there, or not yours.
    pub fn not_found() -> Self {
        Self::new(404, "not_found", "There is nothing here that you may see.")
    }

    /// 409: the state does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(409, code, detail)
    }

    /// 422 with the fields at fault.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(422, "validation_failed", "Some fields are not valid.") }
    }

    /// 422 for one field.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// 429 with the time to wait.
    pub fn too_many(detail: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(429, "rate_limited", detail) }
    }

    /// 503: a dependency is down or there is too much to do; the cause goes to the log.
    pub fn unavailable(cause: impl ToString) -> Self {
        Self {
            retry_after: Some(Duration::from_secs(1)),
            cause: Some(cause.to_string()),
            ..Self::new(503, "unavailable", "A part that this needs is not available now. Try again shortly.")
        }
    }

    /// 500: a defect of ours. Nothing a client sends may lead here.
    pub fn internal(cause: impl ToString) -> Self {
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(500, "internal", "The server made a mistake. It has been written down.")
        }
    }

    /// The standard name of the status, the `title` of RFC 9457.
    pub fn title(&self) -> &'static str {
        match self.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            409 => "Conflict",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            507 => "Insufficient Storage",
            _ => "Error",
        }
    }
}
