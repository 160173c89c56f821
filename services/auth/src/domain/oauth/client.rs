//! What Google and GitHub have in common: OAuth 2.0 with a client secret and PKCE, over the `oauth2` crate.

use aether_boot::oauth::ClientSetting;
use aether_common::problem::Problem;
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ErrorResponse, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Provider,
    call::{Calls, refused, unavailable},
    pending::Pending,
};

/// How much of a provider's error goes to the log, in characters.
const MAX_WORDS: usize = 200;

/// We, as a provider knows us.
pub(super) struct Client {
    oauth: OAuthClient,
    scopes: &'static [&'static str],
    pub userinfo_url: Url,
}

/// What a code is exchanged for.
pub(super) struct Tokens {
    pub access: AccessToken,
    pub id: Option<SecretString>,
}

type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What OpenID Connect adds to the answer of the token endpoint.
#[derive(Debug, Deserialize, Serialize)]
struct IdTokenField {
    #[serde(default, skip_serializing)]
    id_token: Option<SecretString>,
}

impl ExtraTokenFields for IdTokenField {}

impl Client {
    /// Browsers come back to exactly `<public_url>/oauth/callback/<provider>`: one path for each provider, so that the
    /// answer of one cannot pass for another's.
    pub fn new(provider: Provider, setting: &ClientSetting, public_url: &str) -> Result<Self, Problem> {
        let redirect = format!("{public_url}/oauth/callback/{}", provider.as_str());
        let oauth = oauth2::Client::new(ClientId::new(setting.id.clone()))
            .set_client_secret(ClientSecret::new(setting.secret.expose_secret().to_owned()))
            // GitHub takes the secret in the body alone; Google takes either.
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(setting.auth_url.clone()))
            .set_token_uri(TokenUrl::from_url(setting.token_url.clone()))
            .set_redirect_uri(RedirectUrl::new(redirect).map_err(Problem::internal)?);
        let scopes: &[_] = match provider {
            Provider::Google => &["openid", "email", "profile"],
            Provider::GitHub => &["read:user", "user:email"],
        };
        Ok(Self { oauth, scopes, userinfo_url: setting.userinfo_url.clone() })
    }

    pub fn id(&self) -> &str {
        self.oauth.client_id()
    }

    pub fn auth_url(&self) -> &Url {
        self.oauth.auth_uri().url()
    }

    pub fn authorize_url(&self, pending: &Pending, challenge: PkceCodeChallenge) -> Url {
        let (url, _) = self
            .oauth
            .authorize_url(|| CsrfToken::new(pending.state().to_owned()))
            .add_scopes(self.scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .add_extra_param("nonce", pending.nonce())
            .set_pkce_challenge(challenge)
            .url();
        url
    }

    /// Exchanges a code.
    pub async fn exchange(
        &self,
        calls: &Calls,
        code: &SecretString,
        verifier: PkceCodeVerifier,
    ) -> Result<Tokens, Problem> {
        let answer = self
            .oauth
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(verifier)
            .request_async(calls)
            .await
            .map_err(problem)?;
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(refused("the provider gave a token that is no bearer token"));
        }
        Ok(Tokens { access: answer.access_token().clone(), id: answer.extra_fields().id_token.clone() })
    }
}

fn problem(error: RequestTokenError<Problem, BasicErrorResponse>) -> Problem {
    match error {
        RequestTokenError::Request(problem) => problem,
        RequestTokenError::ServerResponse(said) => refused(words(&said)),
        // GitHub says no with a 200. What is neither a yes nor a no may hold a token: it is not shown.
        RequestTokenError::Parse(_, body) => match serde_json::from_slice::<BasicErrorResponse>(&body) {
            Ok(said) => refused(words(&said)),
            Err(_) => unavailable("the answer to a code cannot be read"),
        },
        RequestTokenError::Other(_) => unavailable("the answer to a code is not JSON"),
    }
}

fn words(said: &impl ErrorResponse) -> String {
    said.to_string().chars().take(MAX_WORDS).collect()
}
