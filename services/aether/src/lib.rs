//! The sum of the three services on one set of dependencies, with the web UI and the operator commands. Adds nothing else.

pub mod commands;
pub mod compose;
pub mod openapi;
mod port;
pub mod preview_frame;
pub mod web_ui;
