//! Sign-in on a provider's word: Google (OpenID Connect) and GitHub (OAuth 2.0). [`Providers::begin`] sends the browser
//! there, [`Providers::resume`] knows it again when it comes back, and [`Providers::finish`] turns the code that it brings
//! into who that is. Which account that opens is decided elsewhere.

mod call;
mod client;
mod github;
mod google;
mod id_token;
mod pending;
mod provider_keys;

use std::sync::Arc;

use aether_boot::Deps;
use aether_common::{clock::Clock, problem::Problem};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::pending::{LIFETIME, Pending, Purpose, invalid_state};
use self::{call::Calls, client::Client, github::GitHub, google::Google};
use crate::domain::seal::Sealer;

/// Who vouches for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Google, or what stands in its place: the ID token says who it is.
    Google,
    /// GitHub, or what stands in its place.
    GitHub,
}

/// Who a provider says that somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The provider's own name for them, which never changes and is never given to another.
    pub subject: String,
    /// Their address in canonical form, when there is one that we take.
    pub email: Option<Address>,
    /// What they are called, as the provider wrote it.
    pub name: Option<String>,
}

/// An e-mail address, on a provider's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// In canonical form.
    pub email: String,
    /// Whether the provider has proved that it is theirs.
    pub verified: bool,
}

/// A sign-in that has begun.
pub struct Begun {
    /// Where the browser goes.
    pub authorize_url: Url,
    /// What this browser brings back in its cookie: without it, nobody finishes.
    pub sealed: SecretString,
}

/// The providers that are on; cheap to clone.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    on: Vec<Connection>,
    calls: Calls,
    sealer: Arc<Sealer>,
    clock: Clock,
}

/// A provider that is on.
enum Connection {
    Google(Google),
    GitHub(GitHub),
}

impl Provider {
    /// Every provider there is.
    pub const ALL: [Self; 2] = [Self::Google, Self::GitHub];

    /// The word in paths, in tables and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::GitHub => "github",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == word)
    }
}

impl Providers {
    /// The providers that the settings turn on.
    pub fn new(deps: &Deps, sealer: Arc<Sealer>) -> Result<Self, Problem> {
        let (settings, clock) = (&deps.settings, deps.clock.clone());
        let client = |provider, setting| Client::new(provider, setting, &settings.public_url);
        let mut on = Vec::new();
        if let Some(setting) = &settings.oauth.google {
            let client = client(Provider::Google, &setting.client)?;
            on.push(Connection::Google(Google::new(client, setting, clock.clone())));
        }
        if let Some(setting) = &settings.oauth.github {
            on.push(Connection::GitHub(GitHub::new(client(Provider::GitHub, setting)?)));
        }
        Ok(Self(Arc::new(Inner { on, calls: Calls::new(deps.http.clone()), sealer, clock })))
    }

    /// Those that people can sign in with.
    pub fn on(&self) -> Vec<Provider> {
        self.0.on.iter().map(Connection::provider).collect()
    }

    /// Sends a browser to the provider. 404 when it is off.
    pub fn begin(&self, provider: Provider, purpose: Purpose) -> Result<Begun, Problem> {
        let connection = self.connection(provider)?;
        let (pending, challenge) = Pending::new(provider, purpose, self.0.clock.now());
        let authorize_url = connection.client().authorize_url(&pending, challenge);
        Ok(Begun { authorize_url, sealed: pending.seal(&self.0.sealer)? })
    }

    /// Knows a browser again by its cookie and by the state that the provider gave back to it. 404 when the provider is
    /// off; 400 `invalid_state` or `provider_mismatch` for what is another browser's, another time's or another provider's.
    pub fn resume(
        &self,
        provider: Provider,
        sealed: Option<&SecretString>,
        state: &str,
        issuer: Option<&str>,
    ) -> Result<Pending, Problem> {
        let connection = self.connection(provider)?;
        let sealed = sealed.ok_or_else(invalid_state)?;
        let pending = Pending::open(sealed, state, &self.0.sealer, self.0.clock.now())?;
        if pending.provider != provider || issuer.is_some_and(|issuer| !connection.is_issuer(issuer)) {
            return Err(Problem::bad_request(
                "provider_mismatch",
                "The answer is not from the provider that was asked. Begin again.",
            ));
        }
        Ok(pending)
    }

    /// Exchanges the code and asks who signed in. The provider's tokens are forgotten afterwards. 400 `oauth_failed` when
    /// it does not vouch for anybody, 503 `provider_unavailable` when it does not answer as it should.
    pub async fn finish(&self, pending: &Pending, code: &SecretString) -> Result<Profile, Problem> {
        let connection = self.connection(pending.provider)?;
        let calls = &self.0.calls;
        let tokens = connection.client().exchange(calls, code, pending.verifier()).await?;
        match connection {
            Connection::Google(google) => google.who(calls, &tokens, pending.nonce()).await,
            Connection::GitHub(github) => github.who(calls, &tokens).await,
        }
    }

    fn connection(&self, provider: Provider) -> Result<&Connection, Problem> {
        let found = self.0.on.iter().find(|connection| connection.provider() == provider);
        found.ok_or_else(Problem::not_found)
    }
}

impl Connection {
    fn provider(&self) -> Provider {
        match self {
            Self::Google(_) => Provider::Google,
            Self::GitHub(_) => Provider::GitHub,
        }
    }

    fn client(&self) -> &Client {
        match self {
            Self::Google(google) => &google.client,
            Self::GitHub(github) => &github.client,
        }
    }

    /// Whether this is the provider's own name (RFC 9207).
    fn is_issuer(&self, issuer: &str) -> bool {
        match self {
            Self::Google(google) => google.is_issuer(issuer),
            Self::GitHub(github) => github.is_issuer(issuer),
        }
    }
}
