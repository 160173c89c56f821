//! GitHub, as OAuth 2.0: its API says who signed in, and which addresses are theirs.

use aether_common::problem::Problem;
use oauth2::http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{
    Address, Profile,
    call::{Calls, read},
    client::{Client, Tokens},
};
use crate::domain::email;

/// Takes no mail: GitHub makes one for everybody who hides theirs.
const NO_REPLY: &str = "@users.noreply.github.com";

pub(super) struct GitHub {
    pub client: Client,
    emails_url: Url,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct KeptAddress {
    email: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    verified: bool,
}

impl GitHub {
    pub fn new(client: Client) -> Self {
        let mut emails_url = client.userinfo_url.clone();
        emails_url.set_path(&format!("{}/emails", emails_url.path().trim_end_matches('/')));
        Self { client, emails_url }
    }

    /// GitHub names no issuer in its documents: what is at its own origin is its own.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        Url::parse(issuer).is_ok_and(|issuer| issuer.origin() == self.client.auth_url().origin())
    }

    /// Who the token belongs to. Their public profile names an address too, but does not say whether it was proved.
    pub async fn who(&self, calls: &Calls, tokens: &Tokens) -> Result<Profile, Problem> {
        let account: Account = read(&calls.get(&self.client.userinfo_url, Some(&tokens.access)).await?)?;
        let answer = calls.get(&self.emails_url, Some(&tokens.access)).await?;
        let kept = match answer.status() {
            // They did not let us see their addresses.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Vec::new(),
            _ => read(&answer)?,
        };
        Ok(Profile {
            subject: account.id.to_string(),
            email: best(kept),
            name: account.name.filter(|name| !name.trim().is_empty()).or(Some(account.login)),
        })
    }
}

/// The primary address if it is verified, else another verified one, else the primary one, as one that is not verified.
fn best(kept: Vec<KeptAddress>) -> Option<Address> {
    let usable = kept.into_iter().filter_map(|kept| {
        let email = email::canonical(&kept.email).ok().filter(|email| !email.ends_with(NO_REPLY))?;
        Some((kept.verified, kept.primary, email))
    });
    let (verified, _, email) =
        usable.filter(|(verified, primary, _)| *verified || *primary).max_by_key(|(v, p, _)| (*v, *p))?;
    Some(Address { email, verified })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(kept: &[(&str, bool, bool)]) -> Option<(String, bool)> {
        let kept = kept.iter().map(|(email, primary, verified)| KeptAddress {
            email: (*email).to_owned(),
            primary: *primary,
            verified: *verified,
        });
        best(kept.collect()).map(|address| (address.email, address.verified))
    }

    #[test]
    fn a_verified_address_is_preferred_and_the_primary_one_among_those() {
        let (a, b) = ("a@example.com", "B@example.com");
        assert_eq!(chosen(&[(a, false, true), (b, true, true)]), Some(("b@example.com".into(), true)));
        assert_eq!(chosen(&[(a, false, true), (b, true, false)]), Some((a.into(), true)));
        assert_eq!(chosen(&[(a, false, false), (b, true, false)]), Some(("b@example.com".into(), false)));
        assert_eq!(chosen(&[(a, false, false)]), None);
        assert_eq!(chosen(&[("1+ana@users.noreply.github.com", true, true)]), None);
        assert_eq!(chosen(&[("not an address", true, true)]), None);
        assert_eq!(chosen(&[]), None);
    }
}
