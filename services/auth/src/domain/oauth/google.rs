//! Google, as OpenID Connect: the ID token says who signed in, once its signature and every claim hold.

use aether_boot::oauth::GoogleSetting;
use aether_common::{clock::Clock, problem::Problem};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{
    Address, Profile,
    call::{Calls, read, refused},
    client::{Client, Tokens},
    id_token::{self, Expected, Person},
    provider_keys::ProviderKeys,
};
use crate::domain::email;

pub(super) struct Google {
    pub client: Client,
    issuer: String,
    keys: ProviderKeys,
    clock: Clock,
}

/// What the userinfo endpoint says (OpenID Connect Core, section 5.3).
#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

impl Google {
    pub fn new(client: Client, setting: &GoogleSetting, clock: Clock) -> Self {
        let keys = ProviderKeys::new(setting.jwks_url.clone(), clock.clone());
        Self { client, issuer: setting.issuer.clone(), keys, clock }
    }

    pub fn is_issuer(&self, issuer: &str) -> bool {
        issuer == self.issuer
    }

    /// Who the ID token names. Only for an address that it does not hold the userinfo endpoint is asked.
    pub async fn who(&self, calls: &Calls, tokens: &Tokens, nonce: &str) -> Result<Profile, Problem> {
        let token = tokens.id.as_ref().ok_or_else(|| refused("there is no ID token"))?.expose_secret();
        let name = id_token::key_name(token).map_err(|reason| refused(reason.to_string()))?;
        let key =
            self.keys.find(calls, &name).await?.ok_or_else(|| refused("no key of the ID token's name"))?;
        let expected =
            Expected { issuer: &self.issuer, audience: self.client.id(), nonce, now: self.clock.now() };
        let claims =
            id_token::verify(token, &key, &expected).map_err(|reason| refused(reason.to_string()))?;
        let mut person = claims.person;
        if person.email.is_none() {
            let info: UserInfo = read(&calls.get(&self.client.userinfo_url, Some(&tokens.access)).await?)?;
            if info.sub != claims.sub {
                return Err(refused("the userinfo endpoint speaks of somebody else"));
            }
            person = info.person;
        }
        let verified = person.is_verified();
        let address = person.email.and_then(|text| email::canonical(&text).ok());
        Ok(Profile {
            subject: claims.sub,
            email: address.map(|email| Address { email, verified }),
            name: person.name,
        })
    }
}
