//! Rules: no web framework, no SQL, no clock of their own. All of it can be tested without a runtime.

pub mod context;
pub mod cost;
pub mod frame;
pub mod progress;
pub mod prompt;
pub mod request;
pub mod routing;
pub mod title;
pub mod tokens;
pub mod upload;
