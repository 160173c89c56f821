//! Artifacts: from the model's Markdown to files, what is wrong with them, and new content for one of them. Pure: no clock,
//! no files, no network. Any text is taken, however hostile: bounded work, bounded memory, no panic.

#[cfg(feature = "check")]
mod check;
mod fence;
mod naming;
mod parser;
mod path;
mod replace;

#[cfg(feature = "check")]
pub use check::{Document, check, openapi_document};
pub use parser::{File, Parser, parse, writable};
pub use path::is_safe;
pub use replace::replace_file;
