//! One file per endpoint or small family.

pub(crate) mod capabilities;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod process_state;
pub(crate) mod profile;
pub(crate) mod providers;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod sessions;

use aether_web::client_ip::ClientIp;
use axum::http::{HeaderMap, header};

use crate::domain::session::Place;

/// Where a request comes from.
fn place(ip: ClientIp, headers: &HeaderMap) -> Place {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Place { ip: ip.0.to_string(), user_agent }
}
