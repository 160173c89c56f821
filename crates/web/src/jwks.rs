//! The auth service's public keys over HTTP: how a service in a process of its own verifies tokens. Keys stay good while
//! the endpoint is down; a token with a made-up key name cannot make us call it more than once in 30 s. A name that the
//! last answer does not hold is unknown; without an answer it cannot be told.

use std::{
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aether_common::{
    clock::Clock,
    jwt::{JwkSet, KeyFuture, KeySource, StaticKeys, TokenError, VerifyingKey},
};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Mutex;
use url::Url;

/// The least time between two reloads for unknown names.
const RELOAD_GAP: TimeDelta = TimeDelta::seconds(30);
/// The same while there is no key at all: services that start together find each other soon.
const FIRST_LOAD_GAP: TimeDelta = TimeDelta::seconds(1);
/// Keys older than this are fetched anew, so that a withdrawn one goes and a new one comes.
pub const MAX_AGE: TimeDelta = TimeDelta::minutes(5);
/// How long the endpoint's answer may be held on its way here.
pub const CACHED_FOR: TimeDelta = TimeDelta::minutes(1);
const TIMEOUT: Duration = Duration::from_secs(2);
const MAX_BYTES: usize = 256 * 1024;

/// Keys fetched from `<auth url>/.well-known/jwks.json`.
pub struct RemoteKeys {
    client: reqwest::Client,
    url: String,
    clock: Clock,
    kept: RwLock<Kept>,
    /// Held while a reload is under way, so that there is only one; holds when the last one began.
    reload: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Default)]
struct Kept {
    keys: Arc<StaticKeys>,
    since: Option<DateTime<Utc>>,
}

impl RemoteKeys {
    /// Keys of the auth service at `auth_url`. Nothing is fetched until the first token comes.
    pub fn new(client: reqwest::Client, auth_url: &Url, clock: Clock) -> Self {
        let url = format!("{}/.well-known/jwks.json", auth_url.as_str().trim_end_matches('/'));
        Self { client, url, clock, kept: RwLock::default(), reload: Mutex::new(None) }
    }

    /// Whether keys have been fetched.
    pub fn is_ready(&self) -> bool {
        !self.kept().0.is_empty()
    }

    /// Fetches the keys now unless that was just tried; says whether there are any. For health checks and start-up.
    pub async fn warm(&self) -> bool {
        if !self.is_ready() {
            self.reload(&mut *self.reload.lock().await).await;
        }
        self.is_ready()
    }

    /// Fetches the keys now, whenever that was last done: they are known to have changed. Answers the names.
    pub async fn renew(&self) -> Vec<String> {
        let mut began = self.reload.lock().await;
        *began = None;
        self.reload(&mut began).await;
        self.kept().0.names().map(str::to_owned).collect()
    }

    async fn key(&self, kid: &str) -> Result<VerifyingKey, TokenError> {
        let (keys, since) = self.kept();
        if let Some(key) = keys.get(kid) {
            let stale = since.is_none_or(|since| self.clock.now() - since > MAX_AGE);
            // Whoever finds the lock taken goes on with the key it has.
            if stale && let Ok(mut began) = self.reload.try_lock() {
                self.reload(&mut began).await;
                return self.kept().0.get(kid).cloned().ok_or(TokenError::UnknownKey);
            }
            return Ok(key.clone());
        }
        let mut began = self.reload.lock().await;
        // Somebody else may have fetched it while we waited.
        if self.kept().0.get(kid).is_none() {
            self.reload(&mut began).await;
        }
        let (keys, since) = self.kept();
        match keys.get(kid) {
            Some(key) => Ok(key.clone()),
            None if since.is_some() && since == *began => Err(TokenError::UnknownKey),
            None => Err(TokenError::Unavailable("the keys cannot be fetched".into())),
        }
    }

    async fn reload(&self, began: &mut Option<DateTime<Utc>>) {
        let now = self.clock.now();
        let gap = if self.is_ready() { RELOAD_GAP } else { FIRST_LOAD_GAP };
        if began.is_some_and(|last| now - last < gap) {
            return;
        }
        *began = Some(now);
        match self.fetch().await {
            Ok(keys) if keys.is_empty() => {
                tracing::warn!(url = self.url, "the key set is empty; keeping the keys");
            }
            Ok(keys) => {
                let kept = Kept { keys: Arc::new(keys), since: Some(now) };
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
            }
            Err(error) => {
                tracing::warn!(url = self.url, %error, "cannot fetch the keys; keeping those we have");
            }
        }
    }

    async fn fetch(&self) -> Result<StaticKeys, String> {
        let mut response = self
            .client
            .get(&self.url)
            .timeout(TIMEOUT)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| error.to_string())?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err("the key set is too large".into());
            }
            body.extend_from_slice(&chunk);
        }
        let set: JwkSet = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        Ok(StaticKeys::new(&set))
    }

    fn kept(&self) -> (Arc<StaticKeys>, Option<DateTime<Utc>>) {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        (kept.keys.clone(), kept.since)
    }
}

impl KeySource for RemoteKeys {
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a> {
        Box::pin(self.key(kid))
    }

    fn warm(&self) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(self.warm())
    }
}
