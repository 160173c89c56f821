//! How this service reaches generations: in the same process through `aether`'s port, else over HTTP.

use std::time::Duration;

use aether_common::{
    id::{GenerationId, RoomId},
    model::generation::Kind,
    problem::{FieldError, Problem},
};
use aether_web::{auth::Caller, context};
use futures::future::BoxFuture;
use reqwest::{RequestBuilder, Response, header};
use serde::{Deserialize, Serialize};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(8);
/// A larger answer is not one of the generation service.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// What is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartGeneration {
    /// What is asked, unchecked.
    pub prompt: String,
    /// What is asked for.
    pub kind: Kind,
    /// The programming language asked for.
    pub language: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// The room it is started in; whether the caller may is for the port to check.
    pub room_id: Option<RoomId>,
    /// The version that it is made from.
    pub parent_id: Option<GenerationId>,
    /// The starter's own id of it: the same one twice starts one generation.
    pub client_id: Option<String>,
}

/// What sockets ask of the generation service.
pub trait Generations: Send + Sync {
    /// Starts a generation; answers once it is queued. `token` is the caller's access token.
    fn start<'a>(
        &'a self,
        caller: &'a Caller,
        token: &'a str,
        start: StartGeneration,
    ) -> BoxFuture<'a, Result<GenerationId, Problem>>;

    /// Stops a generation; answers once that is asked for. 409 when it has ended.
    fn cancel<'a>(
        &'a self,
        caller: &'a Caller,
        token: &'a str,
        id: GenerationId,
    ) -> BoxFuture<'a, Result<(), Problem>>;
}

/// The generation service in a process of its own.
#[derive(Clone, Debug)]
pub struct HttpGenerations {
    http: reqwest::Client,
    base_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<GenerationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room_id: Option<RoomId>,
}

#[derive(Deserialize)]
struct Started {
    id: GenerationId,
}

#[derive(Deserialize)]
struct ProblemAnswer {
    code: String,
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

impl HttpGenerations {
    /// The service at `base_url` (`GENERATION_URL`).
    pub fn new(http: reqwest::Client, base_url: &str) -> Self {
        Self { http, base_url: base_url.trim_end_matches('/').to_owned() }
    }

    async fn send(&self, request: RequestBuilder, token: &str) -> Result<Vec<u8>, Problem> {
        let mut request = request.bearer_auth(token).timeout(TIMEOUT);
        if let Some(traceparent) = context::traceparent() {
            request = request.header(context::TRACEPARENT, traceparent);
        }
        let answer = request.send().await.map_err(Problem::unavailable)?;
        let status = answer.status();
        let retry_after = retry_after(&answer);
        let body = read(answer).await?;
        if status.is_success() {
            return Ok(body);
        }
        // What the generation service says to a client is what the client is told here.
        let problem = serde_json::from_slice::<ProblemAnswer>(&body)
            .map_err(|_| Problem::unavailable(format!("generation service: {status} without a problem")))?;
        Err(Problem {
            errors: problem.errors,
            retry_after,
            ..Problem::new(status.as_u16(), problem.code, problem.detail)
        })
    }
}

impl Generations for HttpGenerations {
    fn start<'a>(
        &'a self,
        _caller: &'a Caller,
        token: &'a str,
        start: StartGeneration,
    ) -> BoxFuture<'a, Result<GenerationId, Problem>> {
        Box::pin(async move {
            let body = Body {
                prompt: &start.prompt,
                language: start.language.as_deref(),
                model: start.model.as_deref(),
                parent_id: start.parent_id,
                room_id: start.room_id,
            };
            let url = format!("{}/{}", self.base_url, start.kind.as_str());
            let mut request = self.http.post(url).header("prefer", "respond-async").json(&body);
            if let Some(client_id) = &start.client_id {
                let key = header::HeaderValue::from_str(client_id)
                    .map_err(|_| Problem::invalid_field("clientId", "must be visible ASCII characters"))?;
                request = request.header("idempotency-key", key);
            }
            let answer = self.send(request, token).await?;
            let started: Started = serde_json::from_slice(&answer)
                .map_err(|error| Problem::unavailable(format!("generation service: {error}")))?;
            Ok(started.id)
        })
    }

    fn cancel<'a>(
        &'a self,
        _caller: &'a Caller,
        token: &'a str,
        id: GenerationId,
    ) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move {
            let url = format!("{}/history/{id}/cancel", self.base_url);
            self.send(self.http.post(url), token).await.map(drop)
        })
    }
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let value = answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.parse().ok().map(Duration::from_secs)
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Problem::unavailable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Problem::unavailable("generation service: the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
