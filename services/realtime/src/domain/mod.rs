//! Rules of rooms: no axum, no SQL.

pub mod invite;
pub mod members;
