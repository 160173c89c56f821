//! One file per endpoint or small family.

pub(crate) mod account;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod capabilities;
pub(crate) mod email;
pub(crate) mod identities;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod mfa;
pub(crate) mod mfa_challenge;
pub(crate) mod oauth;
pub(crate) mod password;
pub(crate) mod process_state;
pub(crate) mod profile;
pub(crate) mod providers;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod sessions;
pub(crate) mod step_up;
pub(crate) mod users;

use aether_web::{client_ip::ClientIp, context};
use axum::http::{HeaderMap, header};

use crate::domain::session::{MAX_USER_AGENT, Place};

/// Where a request comes from.
pub(crate) fn place(ip: ClientIp, headers: &HeaderMap) -> Place {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Place {
        ip: ip.0.to_string(),
        user_agent: agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect()),
        trace_id: context::current().map(|context| context.trace_id.clone()),
    }
}
