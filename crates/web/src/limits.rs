//! How many requests one user or one network may send: a layer for each class of routes, over buckets that all processes
//! share. Who is refused gets 429 with `Retry-After`; every answer says what is left.

use std::{
    convert::Infallible,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aether_bus::{Bucket, Bus, BusError, Decision, Level, Rate};
use aether_common::{
    id::UserId,
    jwt::{API_KEY_PREFIX, Verifier},
    problem::Problem,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::Route,
};
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::{
    auth::{bearer, identify},
    client_ip::ClientIp,
    respond::Error,
};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// While the buckets cannot be reached, the log says so no more often.
const WARN_EVERY: Duration = Duration::from_secs(10);
/// For so long after a failed try, requests that need not wait for another do not.
const REST: Duration = Duration::from_secs(1);

/// What a request is charged as. A full bucket passes its number at once, and as much again in each minute, evenly:
///
/// | class | whose bucket | a minute | why |
/// |---|---|---|---|
/// | `Credentials` | network | 300 | guessing from one place; an office that signs in at nine fits in |
/// | `Api` | user | 600 | ten a second for a whole minute: more than pages and scripts need, less than a server minds |
/// | `Generate` | user | 300 | the queue and the budgets bound the work; this bounds the rows |
/// | `Upload` | user | 120 | 10 MiB each, which are read and kept |
/// | all but `Credentials`, without a valid token | network | 1200 | readers of shared links behind one address |
///
/// A user is one however many tokens and API keys they hold and wherever they call from, and a network is an IPv4
/// address or an IPv6 /64. `Credentials` are counted by network even with a token: what is guessed is not the caller's.
/// While the common buckets cannot be reached, `Credentials` are refused with 503, and the others are counted by each
/// process for itself, so that all but floods pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// What proves who somebody is, before it is known.
    Credentials,
    /// Everything else.
    Api,
    /// Starts of generations.
    Generate,
    /// Files.
    Upload,
}

/// The limits of this process; cheap to clone.
#[derive(Clone)]
pub struct Limits(Option<Arc<Keeper>>);

struct Keeper {
    bus: Bus,
    /// Buckets of this process alone, for while the common ones cannot be reached.
    own: Bus,
    verifier: Verifier,
    outage: Mutex<Outage>,
}

/// A route with its limit: what a router takes.
pub trait Limited:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> Limited for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

#[derive(Default)]
struct Outage {
    failed: Option<Instant>,
    warned: Option<Instant>,
}

impl Limits {
    /// Limits over the buckets of this bus, for users whom this verifier knows.
    pub fn new(bus: Bus, verifier: Verifier) -> Self {
        Self(Some(Arc::new(Keeper { bus, own: Bus::memory(), verifier, outage: Mutex::default() })))
    }

    /// No limits.
    pub fn off() -> Self {
        Self(None)
    }

    /// Charges each request to the routes of a router before it is handled, or refuses it: for their `layer`. A stream or
    /// a wait is charged when it starts; CORS preflights are not.
    pub fn layer(&self, class: Class) -> impl Layer<Route, Service: Limited> + Clone + Send + Sync + 'static {
        middleware::from_fn_with_state((self.0.clone(), class), layer)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Limits(on)" } else { "Limits(off)" })
    }
}

async fn layer(
    State((keeper, class)): State<(Option<Arc<Keeper>>, Class)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(keeper) = keeper else { return next.run(request).await };
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match keeper.ask(class, &mut parts).await {
        Ok(Decision { allowed: true, levels }) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            tell(response.headers_mut(), &levels);
            response
        }
        Ok(refused) => {
            metrics::counter!("rate_limit_refusals_total", "class" => class.name()).increment(1);
            let detail = "Too many requests in a short time. Send this again after the time in Retry-After.";
            let mut response = Error::from(Problem::too_many(detail, refused.retry_after())).into_response();
            tell(response.headers_mut(), &refused.levels);
            response
        }
        Err(error) => Error::from(error).into_response(),
    }
}

/// Whole seconds, rounded up: nobody who waits that long comes too early.
fn tell(headers: &mut HeaderMap, levels: &[Level]) {
    let Some(Level { limit, remaining, full_in, .. }) = levels.first() else { return };
    headers.insert(LIMIT, HeaderValue::from(*limit));
    headers.insert(REMAINING, HeaderValue::from(*remaining));
    headers.insert(RESET, HeaderValue::from(full_in.as_secs() + u64::from(full_in.subsec_nanos() > 0)));
}

impl Keeper {
    async fn ask(&self, class: Class, parts: &mut Parts) -> Result<Decision, BusError> {
        let Ok(client) = ClientIp::from_request_parts(parts, &()).await;
        let network = client.network();
        if class == Class::Credentials {
            // Guessing that nobody counts is worse than no sign-in for a while.
            let taken = self.bus.take(&[class.bucket(None, network)]).await;
            return taken.inspect_err(|error| self.note_failure(class, error));
        }
        // An API key is looked up in the database: not for a network from which strangers ask too much.
        if bearer(&parts.headers).is_some_and(|token| token.starts_with(API_KEY_PREFIX)) {
            let seen = self.ask_any(class, class.bucket(None, network), false).await?;
            if !seen.allowed {
                return Ok(seen);
            }
        }
        // Whoever sends a bad token is a stranger; the handler says what it thinks of it.
        let user = identify(parts, &self.verifier).await.ok().map(|caller| caller.user_id);
        self.ask_any(class, class.bucket(user, network), true).await
    }

    /// Asks the common buckets, or this process's own while those cannot be reached.
    async fn ask_any(&self, class: Class, bucket: Bucket, charged: bool) -> Result<Decision, BusError> {
        let asked = [bucket];
        let ask = async |bus: &Bus| if charged { bus.take(&asked).await } else { bus.peek(&asked).await };
        if !self.rests() {
            match ask(&self.bus).await {
                Ok(decision) => return Ok(decision),
                Err(error) => self.note_failure(class, &error),
            }
        }
        ask(&self.own).await
    }

    /// Whether a try has failed just now.
    fn rests(&self) -> bool {
        self.outage().failed.is_some_and(|failed| failed.elapsed() < REST)
    }

    fn note_failure(&self, class: Class, error: &BusError) {
        metrics::counter!("rate_limit_failures_total", "class" => class.name()).increment(1);
        if self.outage().note(Instant::now()) {
            tracing::warn!(event = "rate_limits_down", class = class.name(), %error, "each process limits by itself, and credentials are refused, until Redis answers");
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outage {
    /// Notes a failed try; whether the log is to say so.
    fn note(&mut self, now: Instant) -> bool {
        self.failed = Some(now);
        let due = self.warned.is_none_or(|warned| now.duration_since(warned) >= WARN_EVERY);
        if due {
            self.warned = Some(now);
        }
        due
    }
}

impl Class {
    /// The bucket that such a request is charged to.
    fn bucket(self, user: Option<UserId>, network: IpAddr) -> Bucket {
        match (self, user) {
            (Self::Credentials, _) => Bucket::new("credentials.network", network, Rate::per_minute(300)),
            (Self::Api, Some(user)) => Bucket::new("api.user", user, Rate::per_minute(600)),
            (Self::Generate, Some(user)) => Bucket::new("generate.user", user, Rate::per_minute(300)),
            (Self::Upload, Some(user)) => Bucket::new("upload.user", user, Rate::per_minute(120)),
            (_, None) => Bucket::new("stranger.network", network, Rate::per_minute(1200)),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Api => "api",
            Self::Generate => "generate",
            Self::Upload => "upload",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_said_once_in_ten_seconds() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let said =
            (0..100).filter(|number| outage.note(start + Duration::from_millis(250) * *number)).count();
        assert_eq!(said, 3, "in 25 s");
    }
}
