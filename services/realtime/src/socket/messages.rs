//! `send_message`, `edit_message`, `delete_message`, `mark_read`.

use aether_common::{
    id::{MessageId, RoomId, UserId},
    model::room::RoomRole,
    notice::Notice,
    problem::Problem,
    text,
};
use aether_store::{
    messages::{self, Kept, NewMessage},
    rooms,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    MAX_MESSAGE,
    generations::check_client_id,
    request::{Answer, Answered, must_be, must_edit, role},
};
use crate::{connection::Connection, state::State};

/// How many members one message may speak of.
const MAX_MENTIONS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Send {
    room_id: RoomId,
    message: String,
    client_id: Option<String>,
    user_id: Option<UserId>,
    #[serde(default)]
    mentions: Vec<UserId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    room_id: RoomId,
    id: MessageId,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    room_id: RoomId,
    id: MessageId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkRead {
    room_id: RoomId,
    message_id: MessageId,
}

/// Keeps a message and tells everybody in the room, the sender too.
pub async fn send(state: &State, connection: &Connection, send: Send) -> Answered {
    must_be(connection, send.user_id)?;
    must_edit(role(state, connection, send.room_id).await?)?;
    check(&send.message)?;
    check_client_id(send.client_id.as_deref())?;
    let mut mentions = send.mentions;
    mentions.sort_unstable();
    mentions.dedup();
    if mentions.len() > MAX_MENTIONS {
        return Err(Problem::invalid_field("mentions", "must be at most 50 members"));
    }
    let new = NewMessage {
        id: state.deps.ids.mint(),
        room_id: send.room_id,
        user_id: connection.user_id,
        message: &send.message,
        client_id: send.client_id.as_deref(),
        mentions: &mentions,
        at: state.deps.clock.now(),
    };
    let mut tx = state.deps.store.begin().await?;
    let kept = messages::create(&mut tx, &new).await?.ok_or_else(Problem::not_found)?;
    if let Kept::New { message, .. } = &kept
        && message.mentions.len() != mentions.len()
    {
        // Dropped unsaved. Who is no member cannot read it, and is not told that it is there.
        return Err(Problem::invalid_field("mentions", "must be members of the room"));
    }
    tx.save().await?;
    let message = match kept {
        Kept::Before(message) => message,
        Kept::New { message, after } => {
            let notice = Notice::MessageReceived { message: message.clone(), after };
            tell(state, send.room_id, &notice).await;
            for user in message.mentions.iter().filter(|user| **user != connection.user_id) {
                let notice = Notice::Mentioned { message: message.clone() };
                if let Err(problem) = state.tell_user(*user, &notice).await {
                    tracing::warn!(user.id = %user, cause = problem.cause, "somebody was not told of a mention");
                }
            }
            message
        }
    };
    Ok(Answer::Ack(json!({ "id": message.id, "timestamp": message.timestamp })))
}

/// Changes a message of one's own.
pub async fn edit(state: &State, connection: &Connection, edit: Edit) -> Answered {
    must_edit(role(state, connection, edit.room_id).await?)?;
    check(&edit.message)?;
    let timestamp = state.deps.clock.now();
    let mut db = state.deps.store.conn().await?;
    let user = connection.user_id;
    if !messages::edit(&mut db, user, edit.room_id, edit.id, &edit.message, timestamp).await? {
        return Err(refuse(messages::find(&mut db, edit.room_id, edit.id).await?.is_some()));
    }
    drop(db);
    let notice =
        Notice::MessageEdited { room_id: edit.room_id, id: edit.id, message: edit.message, timestamp };
    tell(state, edit.room_id, &notice).await;
    Ok(Answer::Ack(json!({ "timestamp": timestamp })))
}

/// Deletes a message: its writer, or the owner of the room.
pub async fn delete(state: &State, connection: &Connection, delete: Delete) -> Answered {
    let role = role(state, connection, delete.room_id).await?;
    let mut db = state.deps.store.conn().await?;
    let found = messages::find(&mut db, delete.room_id, delete.id).await?.ok_or_else(Problem::not_found)?;
    if role != RoomRole::Owner && found.user_id != connection.user_id {
        return Err(refuse(true));
    }
    messages::delete(&mut db, delete.room_id, delete.id).await?;
    drop(db);
    tell(state, delete.room_id, &Notice::MessageDeleted { room_id: delete.room_id, id: delete.id }).await;
    Ok(Answer::Ack(Value::Null))
}

/// Notes what the member has read.
pub async fn mark_read(state: &State, connection: &Connection, read: MarkRead) -> Answered {
    role(state, connection, read.room_id).await?;
    let mut db = state.deps.store.conn().await?;
    let (user_id, MarkRead { room_id, message_id }) = (connection.user_id, read);
    let marked =
        rooms::mark_read(&mut db, user_id, room_id, message_id).await?.ok_or_else(Problem::not_found)?;
    drop(db);
    if marked.moved {
        tell(state, room_id, &Notice::MessageRead { room_id, user_id, message_id }).await;
    }
    Ok(Answer::Ack(json!({ "unread": marked.unread })))
}

fn check(message: &str) -> Result<(), Problem> {
    match text::invalid(message, MAX_MESSAGE) {
        Some(reason) => Err(Problem::invalid_field("message", reason)),
        None => Ok(()),
    }
}

fn refuse(exists: bool) -> Problem {
    if exists {
        Problem::forbidden("forbidden", "Only who wrote it may do this.")
    } else {
        Problem::not_found()
    }
}

/// The message is kept: when the bus fails, sockets are told to look again once it is back.
async fn tell(state: &State, room: RoomId, notice: &Notice) {
    if let Err(problem) = state.tell_room(room, notice).await {
        tracing::warn!(room.id = %room, cause = problem.cause, "a room was not told");
    }
}
