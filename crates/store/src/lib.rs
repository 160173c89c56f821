//! Everything that is kept, on SQLite or PostgreSQL by the URL's scheme, with one SQL text for both.
//!
//! To add a table: (1) a migration of the same name in `migrations/sqlite` and `migrations/postgres`; (2) a file here named
//! for the table, with private row structs and functions that take the owner's id first; (3) a story in `tests/`, which
//! runs on both databases: it stands in for compile-time checks of the SQL.

pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod budgets;
pub mod cache;
pub mod credentials;
pub mod edits;
pub mod erasure;
pub mod error;
pub mod exports;
pub mod generations;
pub mod identities;
pub mod invites;
pub mod jobs;
pub mod lives;
pub mod mails;
pub mod messages;
mod migrate;
pub mod objects;
pub mod one_time_tokens;
pub mod prompts;
pub mod rooms;
mod search;
pub mod second_factor;
pub mod sessions;
pub mod shares;
pub mod signing_keys;
mod sql;
pub mod texts;
pub mod token_cuts;
mod tx;
pub mod uploads;
pub mod usage;
pub mod users;

pub use error::{Result, StoreError};
pub use migrate::schema_name;
pub use tx::{Db, Pooled, Store, Tx};
