//! A provider's public keys, fetched from its JWKS and kept for a while. A token with a made-up key name cannot make us ask
//! more than once in 30 s; keys stay good for a day while the provider cannot be reached.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aether_common::{clock::Clock, problem::Problem};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::call::{Calls, unavailable};

/// The least time between two reloads while there are keys.
const RELOAD_GAP: TimeDelta = TimeDelta::seconds(30);
/// The same while there are none.
const FIRST_LOAD_GAP: TimeDelta = TimeDelta::seconds(1);
/// Keys older than this are fetched anew, so that one that was withdrawn goes.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// Keys older than this verify nothing.
const MAX_STALE: TimeDelta = TimeDelta::hours(24);
/// How many keys of a set are taken.
const MAX_KEYS: usize = 32;

pub(super) struct ProviderKeys {
    url: Url,
    clock: Clock,
    kept: RwLock<Option<Kept>>,
    /// Held while a reload is under way, so that there is only one; says when the last one began.
    reload: Mutex<Option<DateTime<Utc>>>,
}

#[derive(Clone)]
struct Kept {
    keys: Arc<HashMap<String, DecodingKey>>,
    since: DateTime<Utc>,
}

#[derive(Deserialize)]
struct KeySet {
    /// Keys of kinds that we do not know stand beside the others.
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct RsaKey {
    kty: String,
    kid: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: String,
    e: String,
}

impl ProviderKeys {
    pub fn new(url: Url, clock: Clock) -> Self {
        Self { url, clock, kept: RwLock::default(), reload: Mutex::default() }
    }

    /// The key of this name; `None` when the provider has none, 503 when it cannot be asked.
    pub async fn find(&self, calls: &Calls, name: &str) -> Result<Option<DecodingKey>, Problem> {
        if let Some(kept) = self.kept(MAX_AGE)
            && let Some(key) = kept.keys.get(name)
        {
            return Ok(Some(key.clone()));
        }
        let mut began = self.reload.lock().await;
        // Somebody else may have fetched them while we waited.
        if let Some(kept) = self.kept(MAX_AGE)
            && let Some(key) = kept.keys.get(name)
        {
            return Ok(Some(key.clone()));
        }
        let now = self.clock.now();
        let gap = if self.kept(MAX_STALE).is_some() { RELOAD_GAP } else { FIRST_LOAD_GAP };
        if began.is_none_or(|last| now - last >= gap) {
            *began = Some(now);
            match self.fetch(calls).await {
                Ok(keys) => {
                    let kept = Kept { keys: Arc::new(keys), since: now };
                    *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
                }
                Err(problem) => {
                    let (url, cause) = (self.url.as_str(), problem.cause);
                    tracing::warn!(url, cause, "cannot fetch a provider's keys; keeping those we have");
                }
            }
        }
        let kept =
            self.kept(MAX_STALE).ok_or_else(|| unavailable("the provider's keys cannot be fetched"))?;
        Ok(kept.keys.get(name).cloned())
    }

    async fn fetch(&self, calls: &Calls) -> Result<HashMap<String, DecodingKey>, Problem> {
        let answer = calls.get(&self.url, None).await?;
        if !answer.status().is_success() {
            return Err(unavailable(format!("the provider's key set answered {}", answer.status().as_u16())));
        }
        let unreadable = || unavailable("the provider's key set cannot be read");
        let set: KeySet = serde_json::from_slice(answer.body()).map_err(|_| unreadable())?;
        let keys: HashMap<_, _> = set.keys.into_iter().filter_map(key).take(MAX_KEYS).collect();
        if keys.is_empty() { Err(unreadable()) } else { Ok(keys) }
    }

    /// What is kept, unless it is older than this.
    fn kept(&self, age: TimeDelta) -> Option<Kept> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        kept.filter(|kept| self.clock.now() - kept.since < age)
    }
}

/// A key for RS256 signatures, with its name.
fn key(value: Value) -> Option<(String, DecodingKey)> {
    let key: RsaKey = serde_json::from_value(value).ok()?;
    let fits = key.kty == "RSA"
        && key.alg.is_none_or(|alg| alg == "RS256")
        && key.usage.is_none_or(|usage| usage == "sig");
    let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
    fits.then_some((key.kid, decoding))
}
