//! The kept types, as the services and the wire know them. Rows are private to the store.

pub mod generation;
pub mod room;
pub mod scope;
pub mod user;
