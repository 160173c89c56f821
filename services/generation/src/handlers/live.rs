//! `/history/{id}/live`: the document of a generation as an API, and `/api/live/{liveId}/…`: that API, for anybody who has
//! its address.

use std::convert::Infallible;

use aether_bus::Delivery;
use aether_common::{id::GenerationId, problem::Problem};
use aether_live::{Answer, METHODS, Request as Asked};
use aether_web::{
    auth::{GenerationsRead, GenerationsWrite, Scoped, until_revoked},
    extract::{Json, Path},
    respond::{Error, ProblemBody, Result},
    sse,
};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response, sse::Event},
};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    lives::{Logged, MAX_LATENCY_MS, Mounted},
    state::State,
};

/// What a request to an API may send.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The most samples that a collection begins with.
const MAX_SAMPLES: usize = 50;

/// An API that is served.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveApi {
    /// What names it in its address; nobody can guess it.
    live_id: Uuid,
    /// Where it is.
    url: String,
    /// Its document, with this address and with all that it answers.
    docs_url: String,
    /// What it can do.
    operations: Vec<LiveOperation>,
    /// How many records it keeps, of at most 1,000.
    records: i64,
    /// How large they are, of at most 5 MiB.
    bytes: i64,
    /// How long each answer is held back, in milliseconds.
    latency_ms: i64,
    /// How many of a hundred requests fail with 503.
    failure_percent: i64,
}

/// One operation of an API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveOperation {
    method: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
}

/// What an API begins again with.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetLive {
    /// So many samples in each collection, beside the document's examples; at most 50.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 50)]
    samples: usize,
}

/// What is left after a reset.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveReset {
    /// How many records there are.
    records: usize,
}

/// How slow and how faulty an API is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TuneLive {
    /// Milliseconds, at most 5,000.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 5000)]
    latency_ms: u16,
    /// 0 to 100.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100)]
    failure_percent: u8,
}

impl From<Mounted> for LiveApi {
    fn from(mounted: Mounted) -> Self {
        let Mounted { live, document, url } = mounted;
        let mut operations = Vec::new();
        for (path, item) in document.get("paths").and_then(|paths| paths.as_object()).into_iter().flatten() {
            for method in METHODS {
                let Some(operation) = item.get(method) else { continue };
                let text = |key: &str| operation.get(key).and_then(|value| value.as_str()).map(str::to_owned);
                operations.push(LiveOperation {
                    method: method.to_ascii_uppercase(),
                    path: path.clone(),
                    operation_id: text("operationId"),
                    summary: text("summary"),
                });
            }
        }
        Self {
            live_id: live.id,
            docs_url: format!("{url}/openapi.json"),
            url,
            operations,
            records: live.records,
            bytes: live.bytes,
            latency_ms: live.latency_ms,
            failure_percent: live.failure_percent,
        }
    }
}

/// Serves the generation's OpenAPI document as an API that keeps its records; again, with the document as it is now.
#[utoipa::path(
    put, path = "/history/{id}/live", tag = "live", operation_id = "mountLive",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)),
    responses(
        (status = 200, body = LiveApi), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, description = "It is no API, or has not completed", body = ProblemBody),
        (status = 422, description = "The document cannot be served", body = ProblemBody),
    )
)]
pub async fn mount(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<Json<LiveApi>> {
    Ok(Json(state.lives.mount(caller.user_id, id).await?.into()))
}

/// How the generation's API stands; 404 when it is not served.
#[utoipa::path(
    get, path = "/history/{id}/live", tag = "live", operation_id = "getLive",
    security(("bearer" = ["generations:read"])),
    params(("id" = GenerationId, Path)),
    responses((status = 200, body = LiveApi), (status = 404, body = ProblemBody))
)]
pub async fn get(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
) -> Result<Json<LiveApi>> {
    Ok(Json(state.lives.get(caller.user_id, id).await?.into()))
}

/// Makes the API slow or faulty, to see what its callers do then.
#[utoipa::path(
    patch, path = "/history/{id}/live", tag = "live", operation_id = "tuneLive",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)), request_body = TuneLive,
    responses(
        (status = 200, body = LiveApi), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn tune(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
    Json(wanted): Json<TuneLive>,
) -> Result<Json<LiveApi>> {
    if wanted.latency_ms > MAX_LATENCY_MS {
        return Err(Problem::invalid_field("latencyMs", "must be at most 5000").into());
    }
    if wanted.failure_percent > 100 {
        return Err(Problem::invalid_field("failurePercent", "must be at most 100").into());
    }
    state.lives.tune(caller.user_id, id, wanted.latency_ms, wanted.failure_percent).await?;
    Ok(Json(state.lives.get(caller.user_id, id).await?.into()))
}

/// Serves it no more, and forgets its records.
#[utoipa::path(
    delete, path = "/history/{id}/live", tag = "live", operation_id = "unmountLive",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody))
)]
pub async fn unmount(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
) -> Result<StatusCode> {
    state.lives.unmount(caller.user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets the API's records and begins again with the document's examples, and with samples when they are asked for.
#[utoipa::path(
    post, path = "/history/{id}/live/reset", tag = "live", operation_id = "resetLive",
    security(("bearer" = ["generations:write"])),
    params(("id" = GenerationId, Path)), request_body(content = Option<ResetLive>),
    responses(
        (status = 200, body = LiveReset), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn reset(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsWrite>,
    Path(id): Path<GenerationId>,
    body: Option<Json<ResetLive>>,
) -> Result<Json<LiveReset>> {
    let ResetLive { samples } = body.map(|Json(body)| body).unwrap_or_default();
    if samples > MAX_SAMPLES {
        return Err(Problem::invalid_field("samples", "must be at most 50").into());
    }
    Ok(Json(LiveReset { records: state.lives.reset(caller.user_id, id, samples).await? }))
}

/// The API's requests, as they come, as server-sent events called `request`.
#[utoipa::path(
    get, path = "/history/{id}/live/requests", tag = "live", operation_id = "followLive",
    security(("bearer" = ["generations:read"])),
    params(("id" = GenerationId, Path)),
    responses(
        (status = 200, description = "One event for each request", content((Logged = "text/event-stream"))),
        (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
    )
)]
pub async fn requests(
    Shared(state): Shared<State>,
    caller: Scoped<GenerationsRead>,
    Path(id): Path<GenerationId>,
) -> Result<Response> {
    let subscription = state.lives.requests(caller.user_id, id).await?;
    let stopping = state.deps.lifecycle.shutdown.clone();
    let events = stream::unfold((subscription, stopping), |(mut subscription, stopping)| async move {
        let delivery = stopping.run_until_cancelled(subscription.next()).await?;
        let event = match delivery {
            Delivery::Message(bytes) => {
                Event::default().event("request").data(String::from_utf8_lossy(&bytes))
            }
            Delivery::Lost => Event::default().event("missed").data("{}"),
            Delivery::Closed => return None,
        };
        Some((Ok::<_, Infallible>(event), (subscription, stopping)))
    });
    let events = events.take_until(Box::pin(until_revoked(state.verifier.clone(), caller.into_inner())));
    Ok(sse::answer(events))
}

/// Any request to an API, with or without an account.
pub async fn any(Shared(state): Shared<State>, request: Request) -> Response {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        allow(request.headers())
    } else {
        ask(&state, request).await.unwrap_or_else(|problem| Error::from(problem).into_response())
    };
    let headers = response.headers_mut();
    for (name, value) in OPEN {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What every answer of an API says: that anybody may read it, and that it is never a page.
const OPEN: [(HeaderName, &str); 5] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    (header::CACHE_CONTROL, "no-store"),
];

fn allow(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    // `*` would leave out Authorization.
    let wanted = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).filter(|names| names.len() <= 1_000);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        wanted.cloned().unwrap_or_else(|| HeaderValue::from_static("*")),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

async fn ask(state: &State, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().strip_prefix("/api/live/").ok_or_else(Problem::not_found)?;
    let (id, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
    let path = if path.is_empty() { "/" } else { path };
    if path == "/openapi.json" && parts.method == Method::GET {
        let document = state.lives.document(id).await?;
        return Ok(axum::Json(document).into_response());
    }
    let body: Bytes = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        Problem::new(413, "body_too_large", "A request to a live API may send at most 1 MiB.")
    })?;
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        // Cookies are the product's, never the API's.
        .filter(|(name, _)| **name != header::COOKIE)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let asked = Asked {
        method: parts.method.as_str(),
        path,
        query: parts.uri.query().unwrap_or(""),
        headers: &headers,
        body: &body,
        now: state.deps.clock.now(),
        seed: rand::random(),
    };
    Ok(respond(state.lives.answer(id, asked).await?))
}

fn respond(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    if let Some(media) = answer.media {
        let media = if media == "text/plain" { "text/plain; charset=utf-8" } else { media };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    response
}
