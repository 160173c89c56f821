//! The rules of accounts: no HTTP, no SQL.

pub mod announce;
pub mod api_key;
pub mod attempts;
pub mod audit;
pub mod device;
pub mod email;
pub mod hashing;
pub mod identity;
pub mod keys;
pub mod mail;
pub mod oauth;
pub mod one_time;
pub mod password;
pub mod profile;
pub mod qr;
pub mod recovery;
pub mod seal;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod slow_down;
pub mod step_up;
pub mod totp;
