//! The HTTP edge, the same for every service: what happens to a request before a handler sees it and to its answer
//! after. No domain logic. A newcomer reads `layers` first, then `extract` and `respond`.

pub mod auth;
pub mod client_ip;
pub mod context;
mod cors;
mod edge;
pub mod extract;
mod guard;
mod headers;
pub mod health;
pub mod idempotency;
pub mod jwks;
pub mod layers;
pub mod limits;
mod observe;
pub mod openapi;
pub mod page;
pub mod respond;
pub mod sse;

pub use aether_common::problem::{FieldError, Problem};
pub use respond::{Error, Result};
