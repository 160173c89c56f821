//! The realtime service under load, beside a Node peer that does the same work: tokens streamed, a room full of sockets,
//! sockets that do nothing. Both are asked the same things by the same client, in turn, each alone on the machine.

pub mod clock;
pub mod figures;
pub mod goals;
pub mod graph;
pub mod idle;
pub mod people;
pub mod processes;
pub mod room;
pub mod simulator;
pub mod socket;
pub mod streams;
