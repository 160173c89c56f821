//! An OpenAPI document (3.0 or 3.1) as an API that answers and remembers, without any code of its author's: requests are
//! checked against the document, collections behave as CRUD over [`Records`], every other operation answers an example or data
//! made from its schema. Pure but for the records: no clock, no network, no files. Documents and requests are hostile: work and
//! memory are bounded, and nothing panics.

mod answer;
mod change;
mod checks;
mod collections;
mod document;
mod engine;
mod fit;
mod list;
mod parameters;
mod pattern;
mod records;
mod sample;
mod schema;
mod seed;
mod served;
mod show;
mod template;

pub use answer::{Answer, Flaw, Problem};
pub use document::{Api, Finding, METHODS};
pub use engine::Request;
pub use records::{Inserted, Memory, NewRecord, Place, Record, Records};
pub use served::MAX_RECORDS;
