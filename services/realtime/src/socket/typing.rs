//! `typing`: passed on to the others in the room, kept nowhere.

use aether_common::{id::RoomId, notice::Notice};
use serde::Deserialize;
use serde_json::Value;

use super::request::{Answer, Answered, must_edit, role};
use crate::{connection::Connection, state::State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    room_id: RoomId,
    typing: bool,
}

/// Tells the others.
pub async fn typing(state: &State, connection: &Connection, typing: Typing) -> Answered {
    must_edit(role(state, connection, typing.room_id).await?)?;
    let notice = Notice::Typing {
        room_id: typing.room_id,
        user_id: connection.user_id,
        name: connection.session().caller.name,
        typing: typing.typing,
    };
    state.tell_room(typing.room_id, &notice).await?;
    Ok(Answer::Ack(Value::Null))
}
