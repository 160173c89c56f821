//! The rules of accounts: no HTTP, no SQL.

pub mod announce;
pub mod email;
pub mod hashing;
pub mod keys;
pub mod password;
pub mod profile;
pub mod seal;
pub mod session;
