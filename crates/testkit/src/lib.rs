//! What tests are built from. `cargo xtask test` starts PostgreSQL and Redis and names them in the environment; every
//! story then runs on SQLite with the in-process bus and on PostgreSQL with Redis.
#![expect(clippy::panic, reason = "a test that cannot be set up must fail, with a sentence")]

pub mod backend;
pub mod database;
pub mod people;
pub mod polling;
pub mod process;
pub mod reader;
pub mod redis;
pub mod sse;
mod template;
pub mod traces;

pub use backend::{Backend, backends};
pub use database::{TestDatabase, databases};
pub use people::{People, Person};
pub use polling::PollingSocket;
pub use process::Process;
pub use redis::RedisServer;
