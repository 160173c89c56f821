//! The words that every part of AetherOS speaks: ids, time, events, problems, tokens and the kept types.
//! No I/O and no web framework: whatever stands here can be tested without a runtime.

pub mod clock;
pub mod event;
pub mod id;
pub mod jwt;
pub mod model;
pub mod money;
pub mod notice;
pub mod page;
pub mod problem;
pub mod text;
