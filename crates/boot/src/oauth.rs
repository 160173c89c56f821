//! Sign-in with Google and GitHub, as the settings say. A provider is on when its client id and secret are set; its URLs
//! are the real ones unless they are set, so that tests, proxies and GitHub Enterprise can stand in their place.

use std::net::IpAddr;

use secrecy::SecretString;
use url::{Host, Url};

use crate::config::{Environment, SettingError, Sources};

/// The providers that are on.
#[derive(Clone, Debug, Default)]
pub struct OAuth {
    /// `OAUTH_GOOGLE_...`
    pub google: Option<GoogleSetting>,
    /// `OAUTH_GITHUB_...`
    pub github: Option<ClientSetting>,
}

/// What a provider knows us by, and where it is reached.
#[derive(Clone, Debug)]
pub struct ClientSetting {
    /// `..._CLIENT_ID`
    pub id: String,
    /// `..._CLIENT_SECRET`
    pub secret: SecretString,
    /// `..._AUTH_URL`: where the browser is sent.
    pub auth_url: Url,
    /// `..._TOKEN_URL`: where a code is exchanged.
    pub token_url: Url,
    /// `..._USERINFO_URL`: who signed in; GitHub's addresses are at `/emails` below it.
    pub userinfo_url: Url,
}

/// A provider whose ID token says who signed in.
#[derive(Clone, Debug)]
pub struct GoogleSetting {
    /// As for every provider.
    pub client: ClientSetting,
    /// `OAUTH_GOOGLE_ISSUER`: the `iss` of its ID tokens, letter for letter.
    pub issuer: String,
    /// `OAUTH_GOOGLE_JWKS_URL`: the keys of its ID tokens.
    pub jwks_url: Url,
}

/// The names of a provider's settings, and where it really is.
struct Names {
    id: &'static str,
    secret: &'static str,
    auth: (&'static str, &'static str),
    token: (&'static str, &'static str),
    userinfo: (&'static str, &'static str),
}

const GOOGLE: Names = Names {
    id: "OAUTH_GOOGLE_CLIENT_ID",
    secret: "OAUTH_GOOGLE_CLIENT_SECRET",
    auth: ("OAUTH_GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
    token: ("OAUTH_GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token"),
    userinfo: ("OAUTH_GOOGLE_USERINFO_URL", "https://openidconnect.googleapis.com/v1/userinfo"),
};
const GOOGLE_ISSUER: (&str, &str) = ("OAUTH_GOOGLE_ISSUER", "https://accounts.google.com");
const GOOGLE_JWKS: (&str, &str) = ("OAUTH_GOOGLE_JWKS_URL", "https://www.googleapis.com/oauth2/v3/certs");

const GITHUB: Names = Names {
    id: "OAUTH_GITHUB_CLIENT_ID",
    secret: "OAUTH_GITHUB_CLIENT_SECRET",
    auth: ("OAUTH_GITHUB_AUTH_URL", "https://github.com/login/oauth/authorize"),
    token: ("OAUTH_GITHUB_TOKEN_URL", "https://github.com/login/oauth/access_token"),
    userinfo: ("OAUTH_GITHUB_USERINFO_URL", "https://api.github.com/user"),
};

impl OAuth {
    pub(crate) fn from_sources(from: &Sources, environment: Environment) -> Result<Self, SettingError> {
        let reader = Reader { from, environment };
        // The URLs are checked even while the provider is off: a mistake shows before somebody turns it on.
        let google = reader.client(&GOOGLE)?;
        let jwks_url = reader.url(GOOGLE_JWKS)?;
        reader.url(GOOGLE_ISSUER)?;
        let issuer = from.get(GOOGLE_ISSUER.0).unwrap_or(GOOGLE_ISSUER.1).to_owned();
        Ok(Self {
            google: google.map(|client| GoogleSetting { client, issuer, jwks_url }),
            github: reader.client(&GITHUB)?,
        })
    }
}

struct Reader<'a> {
    from: &'a Sources,
    environment: Environment,
}

impl Reader<'_> {
    fn client(&self, names: &Names) -> Result<Option<ClientSetting>, SettingError> {
        let urls = (self.url(names.auth)?, self.url(names.token)?, self.url(names.userinfo)?);
        let (id, secret) = match (self.from.get(names.id), self.from.get(names.secret)) {
            (None, None) => return Ok(None),
            (Some(id), Some(secret)) => (id.to_owned(), secret.into()),
            (Some(_), None) => return Err(self.without(names.secret, names.id)),
            (None, Some(_)) => return Err(self.without(names.id, names.secret)),
        };
        let (auth_url, token_url, userinfo_url) = urls;
        Ok(Some(ClientSetting { id, secret, auth_url, token_url, userinfo_url }))
    }

    fn without(&self, missing: &'static str, other: &str) -> SettingError {
        self.from
            .wrong(missing, format!("what the provider gave you with {other}, which is set; or set neither"))
    }

    /// Codes and tokens go to these URLs: https, or plain http to this machine while developing.
    fn url(&self, (name, usual): (&'static str, &str)) -> Result<Url, SettingError> {
        let text = self.from.get(name).unwrap_or(usual);
        let may = match self.environment {
            Environment::Production => {
                format!("an https:// URL with no user, query or fragment, such as `{usual}`")
            }
            Environment::Development => format!(
                "an https:// URL with no user, query or fragment, such as `{usual}`, or http:// of this machine"
            ),
        };
        let url = Url::parse(text).ok().filter(Url::has_host);
        let url = url.ok_or_else(|| self.from.wrong(name, may.as_str()))?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            // It may be a password.
            return Err(SettingError::new(name, "a URL with more than host and path", may));
        }
        let local = self.environment == Environment::Development && is_loopback(&url);
        if url.scheme() == "https" || (url.scheme() == "http" && local) {
            Ok(url)
        } else {
            Err(self.from.wrong(name, may))
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const N: usize>(environment: Environment, pairs: [(&str, &str); N]) -> Result<OAuth, String> {
        OAuth::from_sources(&Sources::from_pairs(pairs), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_is_on_when_its_id_and_secret_are_set() {
        let none = read(Environment::Production, []).unwrap();
        assert!(none.google.is_none() && none.github.is_none());
        let google = [("OAUTH_GOOGLE_CLIENT_ID", "id"), ("OAUTH_GOOGLE_CLIENT_SECRET", "secret")];
        let google = read(Environment::Production, google).unwrap();
        assert!(google.github.is_none());
        let google = google.google.unwrap();
        assert_eq!(google.issuer, "https://accounts.google.com");
        assert_eq!(google.client.auth_url.as_str(), "https://accounts.google.com/o/oauth2/v2/auth");
        let github = [("OAUTH_GITHUB_CLIENT_ID", "id"), ("OAUTH_GITHUB_CLIENT_SECRET", "secret")];
        let github = read(Environment::Production, github).unwrap().github.unwrap();
        assert_eq!(github.userinfo_url.as_str(), "https://api.github.com/user");
    }

    #[test]
    fn half_of_a_provider_is_a_mistake_that_shows_no_secret() {
        for (name, missing) in [
            ("OAUTH_GOOGLE_CLIENT_ID", "OAUTH_GOOGLE_CLIENT_SECRET"),
            ("OAUTH_GOOGLE_CLIENT_SECRET", "OAUTH_GOOGLE_CLIENT_ID"),
            ("OAUTH_GITHUB_CLIENT_ID", "OAUTH_GITHUB_CLIENT_SECRET"),
            ("OAUTH_GITHUB_CLIENT_SECRET", "OAUTH_GITHUB_CLIENT_ID"),
        ] {
            let error = read(Environment::Development, [(name, "hunter2")]).unwrap_err();
            assert!(error.starts_with(&format!("{missing} holds nothing")), "{error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn codes_and_tokens_travel_over_https_alone() {
        let name = "OAUTH_GITHUB_TOKEN_URL";
        for local in ["http://127.0.0.1:9000/token", "http://localhost/token", "http://[::1]:9000/token"] {
            assert!(read(Environment::Development, [(name, local)]).is_ok(), "{local}");
            assert!(read(Environment::Production, [(name, local)]).is_err(), "{local}");
        }
        for wrong in [
            "token",
            "ftp://example.com/token",
            "file:///etc/passwd",
            "http://example.com/token",
            "http://localhost.example.com/token",
            "https://user:hunter2@example.com/token",
            "https://example.com/token?key=hunter2",
            "https://example.com/token#hunter2",
        ] {
            for environment in [Environment::Development, Environment::Production] {
                let error = read(environment, [(name, wrong)]).unwrap_err();
                assert!(error.starts_with("OAUTH_GITHUB_TOKEN_URL holds"), "{error}");
                assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
            }
        }
    }
}
