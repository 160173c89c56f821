//! What services tell each other about over the bus, besides the events of one generation. Versioned: a reader ignores
//! what it does not know.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    id::{GenerationId, MessageId, RoomId, RowId, SessionId, UserId},
    model::{generation::Kind, room::Message},
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
    /// A message was kept in a room.
    MessageReceived {
        /// The whole of it.
        message: Message,
        /// The one that was kept before it, when there was one: who did not see that has missed something.
        #[serde(default)]
        after: Option<MessageId>,
    },
    /// Its writer changed a message.
    #[serde(rename_all = "camelCase")]
    MessageEdited {
        /// Where.
        room_id: RoomId,
        /// Which.
        id: MessageId,
        /// What it says now.
        message: String,
        /// When it was changed.
        timestamp: DateTime<Utc>,
    },
    /// A message was deleted.
    #[serde(rename_all = "camelCase")]
    MessageDeleted {
        /// Where.
        room_id: RoomId,
        /// Which.
        id: MessageId,
    },
    /// Somebody writes in a room, or stopped.
    #[serde(rename_all = "camelCase")]
    Typing {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// The name that others see.
        name: String,
        /// Whether they write now.
        typing: bool,
    },
    /// A member has read up to a message.
    #[serde(rename_all = "camelCase")]
    MessageRead {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
        /// The newest that they have read.
        message_id: MessageId,
    },
    /// Somebody is spoken of in a message; on their own topic.
    Mentioned {
        /// The whole of it.
        message: Message,
    },
    /// Somebody is a member no more: their sockets leave the room at once.
    #[serde(rename_all = "camelCase")]
    MemberRemoved {
        /// Where.
        room_id: RoomId,
        /// Who.
        user_id: UserId,
    },
    /// A room is gone.
    #[serde(rename_all = "camelCase")]
    RoomDeleted {
        /// Which.
        room_id: RoomId,
    },
    /// Who is in a room, or what they may do, has changed in a way that has no event of its own: its sockets join again.
    #[serde(rename_all = "camelCase")]
    RoomChanged {
        /// Which.
        room_id: RoomId,
    },
    /// A session of the user, or every one of theirs, is dead: its sockets are disconnected.
    #[serde(rename_all = "camelCase")]
    SessionRevoked {
        /// Which; all when there is none.
        session_id: Option<SessionId>,
        /// For a person.
        reason: String,
    },
    /// Everybody whose sockets one process holds in a room. Said at every change, when asked, and from time to time:
    /// a process that falls silent has crashed, and its people are gone.
    #[serde(rename_all = "camelCase")]
    RoomPresent {
        /// Where.
        room_id: RoomId,
        /// The process, since its start.
        node: RowId,
        /// The people, each once.
        people: Vec<Present>,
    },
    /// A process wants to know who is in a room: the others answer with `RoomPresent`.
    #[serde(rename_all = "camelCase")]
    WhoIsPresent {
        /// Where.
        room_id: RoomId,
        /// Who asks.
        node: RowId,
    },
}

/// Somebody whose socket is in a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Who.
    pub user_id: UserId,
    /// The name that others see.
    pub name: String,
    /// Whether none of their sockets is in front of them now, as far as these say.
    #[serde(default)]
    pub away: bool,
    /// The generation that they look at.
    #[serde(default)]
    pub watching: Option<GenerationId>,
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

/// Tokens that are dead before their time, on the topic of revocations. Every verifier hears it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "revocation", rename_all = "snake_case")]
pub enum Revocation {
    /// Access tokens made from these sessions are good no more.
    #[serde(rename_all = "camelCase")]
    SessionsEnded {
        /// Which; some hundred at most.
        session_ids: Vec<SessionId>,
    },
    /// Access tokens of this user, or made from this session or API key, up to this moment are good no more.
    Cut {
        /// A user's, a session's or an API key's id.
        subject: Uuid,
        /// The last moment whose tokens are dead.
        at: DateTime<Utc>,
    },
    /// Other keys sign, or verify, than before: who holds keys reads them again.
    KeysChanged {
        /// Access tokens signed with these are good no more.
        ended: Vec<String>,
    },
}
