//! One file for each endpoint or small family of them.

pub mod archive;
pub mod budgets;
pub mod cancel;
pub mod capabilities;
pub mod create;
pub mod events;
pub mod files;
pub mod generation;
pub mod history;
pub mod live;
pub mod models;
pub mod prompts;
pub mod regenerate;
pub mod share;
pub mod shared;
pub mod uploads;
pub mod usage;
pub mod versions;
