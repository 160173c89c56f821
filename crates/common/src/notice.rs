//! What services tell each other about over the bus, besides the events of one generation. Versioned: a reader ignores
//! what it does not know.

use serde::{Deserialize, Serialize};

use crate::{
    id::{GenerationId, RoomId, UserId},
    model::generation::Kind,
};

/// A notice on a user's or a room's topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A generation was created.
    #[serde(rename_all = "camelCase")]
    GenerationStarted {
        /// Which.
        generation_id: GenerationId,
        /// What is asked for.
        #[serde(rename = "type")]
        kind: Kind,
        /// What is asked.
        prompt: String,
        /// Who started it.
        user_id: UserId,
        /// Where.
        room_id: Option<RoomId>,
    },
    /// A generation ended; its last event is in its journal and its row.
    #[serde(rename_all = "camelCase")]
    GenerationEnded {
        /// Which.
        generation_id: GenerationId,
    },
}

/// An order to whoever holds the job, on the control topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// Stop writing this generation.
    #[serde(rename_all = "camelCase")]
    Cancel {
        /// Which.
        generation_id: GenerationId,
    },
}
