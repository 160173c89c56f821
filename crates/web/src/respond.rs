//! How a failure becomes an answer: RFC 9457 `application/problem+json`. The only place that logs failures.

use aether_common::problem::{FieldError, Problem};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::context;

/// What a handler fails with. Anything that turns into a [`Problem`] turns into it, so `?` is all a handler writes.
#[derive(Debug)]
pub struct Error(Problem);

/// The result of a handler or an extractor.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The body of every error answer (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Always `about:blank`: `code` tells the kinds apart.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The status in words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened, for a person.
    pub detail: &'a str,
    /// A stable word, for programs.
    pub code: &'a str,
    /// The trace to name when asking for help.
    pub trace_id: String,
    /// The fields that are not valid.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldError],
}

impl Error {
    /// The problem inside.
    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl<E: Into<Problem>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.0;
        log(&problem);
        metrics::counter!("http_problems_total", "code" => problem.code.clone()).increment(1);
        let body = ProblemBody {
            kind: "about:blank",
            title: problem.title(),
            status: problem.status,
            detail: &problem.detail,
            code: &problem.code,
            trace_id: context::trace_id(),
            errors: &problem.errors,
        };
        let body = serde_json::to_vec(&body).unwrap_or_else(|_| b"{}".to_vec());
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = problem.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if problem.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn log(problem: &Problem) {
    let (status, code, detail) = (problem.status, &*problem.code, &*problem.detail);
    let cause = problem.cause.as_deref();
    if status >= 500 {
        tracing::error!(status, code, cause, "{detail}");
    } else {
        let fields = problem.errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>();
        tracing::debug!(status, code, cause, ?fields, "{detail}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn answer(problem: Problem) -> (Response<()>, serde_json::Value) {
        let (parts, body) = Error::from(problem).into_response().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_problem_is_what_the_contract_says() {
        let (response, body) = answer(Problem::invalid_field("prompt", "must not be blank")).await;
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(body["type"], "about:blank");
        assert_eq!(body["title"], "Unprocessable Content");
        assert_eq!(body["status"], 422);
        assert_eq!(body["code"], "validation_failed");
        assert_eq!(body["traceId"].as_str().unwrap().len(), 32);
        assert_eq!(body["errors"][0]["field"], "prompt");
    }

    #[tokio::test]
    async fn the_cause_stays_inside_and_the_wait_is_rounded_up() {
        let (response, body) = answer(Problem {
            retry_after: Some(Duration::from_millis(1200)),
            ..Problem::unavailable("password=hunter2 refused by db.internal")
        })
        .await;
        assert_eq!(response.headers()["retry-after"], "2");
        assert!(!body.to_string().contains("hunter2"));
        assert!(body.get("errors").is_none());
    }

    #[tokio::test]
    async fn a_401_says_how_to_authenticate() {
        let (response, _) = answer(Problem::unauthorized()).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
}
