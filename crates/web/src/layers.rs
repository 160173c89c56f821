//! What happens to every request, in one place and in order.

use std::{any::Any, sync::Arc, time::Duration};

use aether_common::problem::Problem;
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, decompression::RequestDecompressionLayer,
    map_request_body::MapRequestBodyLayer,
};

pub use crate::edge::EdgeConfig;
use crate::{context, cors, guard, headers, observe, respond::Error};

/// The most that a body may hold, counted after decompression, unless a route says otherwise with its own
/// [`DefaultBodyLimit`].
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a [`timed`] route may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Puts the edge around a service's router; called once per listener, on the whole of what it serves.
///
/// From the outside in:
/// 1. context: request id, trace id and client address; `X-Request-Id` on the answer
/// 2. observe: the span, one access-log line and the metrics of each request
/// 3. security headers, where the answer does not bring its own
/// 4. CORS, for our origins alone
/// 5. panics become a 500 problem
/// 6. guard: paths, queries and headers that are not UTF-8 are 400, unknown content codings 415
/// 7. gzip bodies are decoded, and a body ends at [`MAX_BODY_BYTES`] decoded bytes
///
/// The time limit is not here but in [`timed`], because streams and long waits must be without it.
pub fn layers(router: Router, config: &EdgeConfig) -> Router {
    let config = Arc::new(config.clone());
    router.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(config.clone(), context::layer))
            .layer(middleware::from_fn_with_state(config.clone(), observe::layer))
            .layer(middleware::from_fn_with_state(config.clone(), headers::layer))
            .layer(middleware::from_fn_with_state(config, cors::layer))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn(guard::layer))
            .layer(RequestDecompressionLayer::new())
            .layer(MapRequestBodyLayer::new(Body::new))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
    )
}

/// Bounds the time that the routes of this router take to answer; later is 503 `timeout`. Not for streams and waits.
pub fn timed<S: Clone + Send + Sync + 'static>(router: Router<S>, limit: Duration) -> Router<S> {
    router.layer(middleware::from_fn_with_state(limit, time_limit))
}

/// Unknown paths are 404 and wrong methods 405 with `Allow`, as problems. Call it after the last route.
pub fn fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method)
}

async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    tokio::time::timeout(limit, next.run(request)).await.unwrap_or_else(|_| {
        let problem = Problem {
            retry_after: Some(Duration::from_secs(1)),
            ..Problem::new(503, "timeout", "This took too long. Try again shortly.")
        };
        Error::from(problem).into_response()
    })
}

async fn no_such_path() -> Error {
    Problem::not_found().into()
}

async fn no_such_method(method: Method) -> Error {
    let detail = format!("{method} is not possible here; the Allow header says what is.");
    Problem::new(405, "method_not_allowed", detail).into()
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let cause = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&'static str>().copied())
        .unwrap_or("a panic without words");
    Error::from(Problem::internal(cause)).into_response()
}
