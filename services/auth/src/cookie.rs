//! The cookies of this service. Scripts can read none of them; on https each has a name that browsers take from https alone.

use aether_common::problem::Problem;
use aether_web::respond::Error;
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where browsers reach this service; a process of its own stands behind the gateway, which takes the prefix away.
const PREFIX: &str = "/api/auth";

/// A cookie that is set, read and taken away.
#[derive(Clone, Copy)]
pub(crate) struct Cookie {
    name: &'static str,
    path: &'static str,
    same_site: &'static str,
    secure: bool,
}

impl Cookie {
    /// The refresh token of a page's session.
    pub fn refresh(public_url: &Url) -> Self {
        let secure = is_https(public_url);
        let name = if secure { "__Secure-aether_refresh" } else { "aether_refresh" };
        Self { name, path: PREFIX, same_site: "Strict", secure }
    }

    /// A sign-in that waits for its provider. The `__Host-` name cannot be planted by a sibling subdomain.
    pub fn oauth(public_url: &Url) -> Self {
        let secure = is_https(public_url);
        let name = if secure { "__Host-aether_oauth" } else { "aether_oauth" };
        Self { name, path: "/", same_site: "Lax", secure }
    }

    /// What the browser sent. Two cookies of the name with different values are none: one of them was planted.
    pub fn read(self, headers: &HeaderMap) -> Option<SecretString> {
        let mut found: Option<&str> = None;
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        for (_, value) in pairs.filter(|(key, value)| *key == self.name && !value.is_empty()) {
            if found.is_some_and(|other| other != value) {
                return None;
            }
            found = Some(value);
        }
        found.map(SecretString::from)
    }

    /// The answer, which sets the cookie.
    pub fn set(self, response: Response, value: &SecretString, lifetime: TimeDelta) -> Response {
        self.write(response, value.expose_secret(), lifetime.num_seconds())
    }

    /// The answer, which takes the cookie away.
    pub fn clear(self, response: Response) -> Response {
        self.write(response, "", 0)
    }

    fn write(self, mut response: Response, value: &str, max_age: i64) -> Response {
        let Self { name, path, same_site, secure } = self;
        let secure = if secure { "; Secure" } else { "" };
        let line =
            format!("{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite={same_site}{secure}");
        match HeaderValue::from_str(&line) {
            Ok(mut line) => {
                line.set_sensitive(true);
                response.headers_mut().append(header::SET_COOKIE, line);
                response
            }
            Err(error) => Error::from(Problem::internal(error)).into_response(),
        }
    }
}

fn is_https(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}
