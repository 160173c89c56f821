//! The names under which payloads are published.

use std::fmt;

use aether_common::id::{GenerationId, RoomId, UserId};
use uuid::Uuid;

/// What a payload is about. In Redis it is the name of the channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Topic(String);

impl Topic {
    /// What is said to the worker of one generation, as "cancel". Its events are in the journal, not here.
    pub fn generation(id: GenerationId) -> Self {
        Self(format!("aether:{{{id}}}:generation"))
    }

    /// What concerns one user on every device.
    pub fn user(id: UserId) -> Self {
        Self(format!("aether:{{{id}}}:user"))
    }

    /// What happens in one room.
    pub fn room(id: RoomId) -> Self {
        Self(format!("aether:{{{id}}}:room"))
    }

    /// The requests that a live API gets.
    pub fn live(id: Uuid) -> Self {
        Self(format!("aether:{{{id}}}:live"))
    }

    /// A nudge: there is a job to claim.
    pub fn jobs() -> Self {
        Self("aether:jobs".to_owned())
    }

    /// What every process hears.
    pub fn control() -> Self {
        Self("aether:control".to_owned())
    }

    /// Sessions and users whose tokens are dead.
    pub fn revocations() -> Self {
        Self("aether:revocations".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
