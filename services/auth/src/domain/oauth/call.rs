//! Calls to providers: few at once, none longer than some seconds, no answer larger than some kilobytes. The client follows
//! no redirects, so no provider can send us to an address inside. Tokens never get into a problem's cause, which is logged.

use std::{pin::Pin, time::Duration};

use aether_common::problem::Problem;
use oauth2::{
    AccessToken, AsyncHttpClient, HttpRequest, HttpResponse,
    http::{Response, StatusCode},
};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

/// How long one call may take, with its whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// How many calls of this process are under way at once: a slow provider must not hold every request.
const MAX_CALLS: usize = 64;
/// When to try again with a provider that does not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Calls providers.
pub(super) struct Calls {
    http: reqwest::Client,
    places: Semaphore,
}

impl Calls {
    pub fn new(http: reqwest::Client) -> Self {
        Self { http, places: Semaphore::new(MAX_CALLS) }
    }

    /// Asks for what is at this URL, in the name of whoever gave the token.
    pub async fn get(&self, url: &Url, token: Option<&AccessToken>) -> Result<HttpResponse, Problem> {
        let mut request = self.http.get(url.clone()).header("accept", "application/json");
        if let Some(token) = token {
            request = request.bearer_auth(token.secret());
        }
        self.execute(request.build().map_err(|error| Problem::internal(error.without_url()))?).await
    }

    /// The answer, when it is a success or says that the request was wrong; everything else is the provider's trouble.
    async fn execute(&self, mut request: reqwest::Request) -> Result<HttpResponse, Problem> {
        let _place =
            self.places.try_acquire().map_err(|_| unavailable("too many calls to providers at once"))?;
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let failed = |error: reqwest::Error| unavailable(format!("{host}: {}", error.without_url()));
        *request.timeout_mut() = Some(TIMEOUT);
        let mut response = self.http.execute(request).await.map_err(failed)?;
        let status = response.status();
        let says_no = status.is_client_error()
            && ![StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
        if !status.is_success() && !says_no {
            return Err(unavailable(format!("{host} answered {}", status.as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(unavailable(format!("{host} answered more than {MAX_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

/// Sends what the `oauth2` crate has written.
impl<'c> AsyncHttpClient<'c> for Calls {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Problem>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            self.execute(request.try_into().map_err(|error: reqwest::Error| Problem::internal(error))?).await
        })
    }
}

/// What a successful answer says.
pub(super) fn read<T: DeserializeOwned>(answer: &HttpResponse) -> Result<T, Problem> {
    if !answer.status().is_success() {
        return Err(refused(format!("the provider answered {}", answer.status().as_u16())));
    }
    // The words of a parser could quote what it read.
    serde_json::from_slice(answer.body()).map_err(|_| unavailable("the provider's answer cannot be read"))
}

/// 400: the provider vouches for nobody. Its own words stay in the log.
pub(super) fn refused(cause: impl Into<String>) -> Problem {
    Problem {
        cause: Some(cause.into()),
        ..Problem::bad_request("oauth_failed", "The provider did not confirm the sign-in. Begin again.")
    }
}

/// 503: the provider is down, too slow, or not itself.
pub(super) fn unavailable(cause: impl Into<String>) -> Problem {
    Problem {
        retry_after: Some(RETRY_AFTER),
        cause: Some(cause.into()),
        ..Problem::new(503, "provider_unavailable", "The provider cannot be reached now. Try again shortly.")
    }
}
