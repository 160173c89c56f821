//! Rooms, their members and their messages. A conversation with the model is a room of one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{MessageId, RoomId, UserId};

/// What a member may do in a room, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomRole {
    /// Reads.
    Viewer,
    /// Writes and starts generations.
    Editor,
    /// Also renames, invites, removes and deletes.
    Owner,
}

/// A room as one member sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Identity.
    pub id: RoomId,
    /// 1 to 200 characters.
    pub name: String,
    /// Who owns it.
    pub owner_id: UserId,
    /// The role of whoever asks.
    pub role: RoomRole,
    /// How many members it has.
    pub member_count: i64,
    /// Messages of others that whoever asks has not read.
    pub unread: i64,
    /// How many of these speak of whoever asks.
    pub unread_mentions: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A member of a room.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    pub user_id: UserId,
    /// The name that others see.
    pub name: String,
    /// A picture on our own origin.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// What they may do here.
    pub role: RoomRole,
    /// The newest message that they have read.
    #[schema(required = true)]
    pub last_read_id: Option<MessageId>,
}

/// A chat message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Identity; UUIDv7, so ids grow with time.
    pub id: MessageId,
    /// Where.
    pub room_id: RoomId,
    /// Who wrote it.
    pub user_id: UserId,
    /// The writer's name.
    pub name: String,
    /// 1 to 16 000 characters.
    pub message: String,
    /// The sender's own id of it: the same one twice is one message.
    #[schema(required = true)]
    pub client_id: Option<String>,
    /// When it was stored.
    pub timestamp: DateTime<Utc>,
    /// The members that it speaks of; left out when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// When its writer changed it; left out when they have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<DateTime<Utc>>,
}

impl RoomRole {
    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "viewer" => Some(Self::Viewer),
            "editor" => Some(Self::Editor),
            "owner" => Some(Self::Owner),
            _ => None,
        }
    }
}
