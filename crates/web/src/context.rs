//! Who a request is: its id, its trace and, once known, its user. Set by the first layer for as long as the request is
//! being answered, so that problems, logs and outgoing calls name the same trace.

use std::{
    fmt::Write as _,
    sync::{Arc, OnceLock},
};

use aether_common::id::UserId;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

use crate::{client_ip::ClientIp, edge::EdgeConfig};

/// The header that names a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The W3C Trace Context header.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

const MAX_REQUEST_ID: usize = 128;

tokio::task_local! {
    static CURRENT: Arc<RequestContext>;
}

/// The identity of a request.
#[derive(Debug)]
pub struct RequestContext {
    /// Taken from `X-Request-Id` when that is 1 to 128 visible ASCII characters, else made.
    pub request_id: String,
    /// The W3C trace id: 32 lower-case hex digits, taken from `traceparent` or made.
    pub trace_id: String,
    /// This process's span within the trace: 16 lower-case hex digits.
    pub span_id: String,
    sampled: bool,
    user: OnceLock<UserId>,
}

impl RequestContext {
    /// Reads the identity from a request's headers, and makes what is missing or malformed.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let request_id = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
            .map_or_else(random_hex::<16>, str::to_owned);
        let mut context =
            Self::from_traceparent(headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()));
        context.request_id = request_id;
        context
    }

    /// A context that goes on with a trace that came by another way than HTTP (the bus, a socket event).
    pub fn from_traceparent(traceparent: Option<&str>) -> Self {
        let (trace_id, sampled) =
            traceparent.and_then(parse_traceparent).unwrap_or_else(|| (random_hex::<16>(), true));
        Self {
            request_id: random_hex::<16>(),
            trace_id,
            span_id: random_hex::<8>(),
            sampled,
            user: OnceLock::new(),
        }
    }

    /// The `traceparent` to send on.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }

    /// The user, once a permission extractor has found one.
    pub fn user(&self) -> Option<UserId> {
        self.user.get().copied()
    }

    /// Writes the user down for the logs; the first one stays.
    pub fn set_user(&self, user: UserId) {
        if self.user.set(user).is_ok() {
            tracing::Span::current().record("user.id", tracing::field::display(user));
        }
    }
}

/// The context of the request that this task answers; none outside one.
pub fn current() -> Option<Arc<RequestContext>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// The `traceparent` to send on with a call, a bus message or a job; none outside a request.
pub fn traceparent() -> Option<String> {
    CURRENT.try_with(|context| context.traceparent()).ok()
}

/// Runs `work` as a part of this request: for tasks that outlive the handler, and for work that came over the bus.
pub async fn scope<F: Future>(context: Arc<RequestContext>, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

/// The trace id for a problem: the request's, or a new one.
pub(crate) fn trace_id() -> String {
    CURRENT.try_with(|context| context.trace_id.clone()).unwrap_or_else(|_| random_hex::<16>())
}

/// The outermost layer.
pub(crate) async fn layer(
    State(config): State<Arc<EdgeConfig>>,
    mut request: Request,
    next: Next,
) -> Response {
    let context = Arc::new(RequestContext::from_headers(request.headers()));
    let client = ClientIp::of(&request, &config.trusted_proxies);
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(context.clone());
    let mut response = scope(context.clone(), next.run(request)).await;
    if let Ok(value) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// `00-<trace>-<span>-<flags>`; a later version may carry more behind it (Trace Context section 3.2.2).
fn parse_traceparent(text: &str) -> Option<(String, bool)> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let zero = |part: &str| part.bytes().all(|b| b == b'0');
    let sound = hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    if !sound || zero(trace) || zero(span) || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    Some((trace.to_owned(), sampled))
}

fn random_hex<const N: usize>() -> String {
    let bytes: [u8; N] = rand::random();
    bytes.iter().fold(String::with_capacity(2 * N), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_is_carried_on() {
        let context = RequestContext::from_traceparent(Some(&format!("00-{TRACE}-00f067aa0ba902b7-01")));
        assert_eq!(context.trace_id, TRACE);
        assert_eq!(context.traceparent(), format!("00-{TRACE}-{}-01", context.span_id));
    }

    #[test]
    fn a_malformed_trace_is_replaced() {
        for bad in [
            "",
            "00",
            "00-xyz-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            &format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            &format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            &format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
        ] {
            let context = RequestContext::from_traceparent(Some(bad));
            assert_ne!(context.trace_id, TRACE, "{bad}");
            assert_eq!(context.trace_id.len(), 32);
        }
    }

    #[test]
    fn a_request_id_that_could_forge_a_log_line_is_replaced() {
        let read = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
            RequestContext::from_headers(&headers).request_id
        };
        assert_eq!(read(b"abc-123"), "abc-123");
        assert_ne!(read(b"two words"), "two words");
        assert_ne!(read(b""), "");
        assert_eq!(read(&[b'a'; 129]).len(), 32);
        assert_eq!(read("é".as_bytes()).len(), 32);
    }
}
