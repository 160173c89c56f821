//! The events that clients get of notices.

use aether_common::notice::{Notice, Present};
use serde_json::{Value, json};

use crate::{connection::Told, domain::members::MemberState, outbox};

/// Reads a payload of the bus; nothing when a newer process wrote what this one does not know.
pub fn read(payload: &[u8]) -> Option<Told> {
    serde_json::from_slice(payload).ok().map(told)
}

/// The notice with its event.
pub fn told(notice: Notice) -> Told {
    let event = event(&notice).map(|(name, payload)| (name, outbox::payload(&payload)));
    Told { notice, event }
}

fn event(notice: &Notice) -> Option<(&'static str, Value)> {
    Some(match notice {
        Notice::GenerationStarted { generation_id, kind, prompt, user_id, room_id } => (
            "generation_started",
            json!({ "generationId": generation_id, "type": kind, "prompt": prompt, "userId": user_id,
                    "roomId": room_id }),
        ),
        Notice::MessageReceived { message, .. } => ("message_received", json!(message)),
        Notice::MessageEdited { room_id, id, message, timestamp } => (
            "message_edited",
            json!({ "id": id, "roomId": room_id, "message": message, "timestamp": timestamp }),
        ),
        Notice::MessageDeleted { room_id, id } => ("message_deleted", json!({ "id": id, "roomId": room_id })),
        Notice::MessageRead { room_id, user_id, message_id } => {
            ("message_read", json!({ "roomId": room_id, "userId": user_id, "messageId": message_id }))
        }
        Notice::Mentioned { message } => ("mentioned", json!(message)),
        Notice::Typing { room_id, user_id, name, typing } => {
            ("typing", json!({ "roomId": room_id, "userId": user_id, "name": name, "typing": typing }))
        }
        _ => return None,
    })
}

/// `presence` members.
pub fn members(people: &[Present]) -> Vec<Value> {
    let member = |one: &Present| {
        let state = if one.away { MemberState::Away } else { MemberState::Online };
        let mut member = json!({ "userId": one.user_id, "name": one.name, "state": state });
        if let Some(id) = one.watching {
            member["watching"] = json!(id);
        }
        member
    };
    people.iter().map(member).collect()
}
