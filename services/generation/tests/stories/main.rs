//! What a client of the generation service relies on, told through its HTTP routes on both backends, with the demo model
//! as the provider over HTTP.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod basics;
mod cache;
mod endings;
mod history;
mod lives;
mod mending;
mod money;
mod prompts;
mod routing;
mod site;
mod takeover;
mod twins;
mod uploads;
