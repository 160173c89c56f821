//! `join_room`, `leave_room`, `set_presence`.

use std::sync::Arc;

use aether_common::{
    id::{GenerationId, MessageId, RoomId, UserId},
    model::scope::Scope,
    problem::Problem,
};
use aether_store::{generations, messages, rooms};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Answer, Answered, accepted, must_be, role};
use crate::{connection::Connection, domain::members, presence::Attention, state::State};

/// What a newcomer is told of what was said.
const NEWEST: usize = 50;
/// What somebody who comes back is told.
const MISSED: usize = 500;
/// In how many rooms one socket may be.
const MAX_ROOMS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the contract's")]
pub struct Join {
    room_id: RoomId,
    after_message_id: Option<MessageId>,
    user_id: Option<UserId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    room_id: RoomId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetPresence {
    room_id: RoomId,
    #[serde(default)]
    state: Attention,
    watching: Option<GenerationId>,
}

/// Says whether somebody is in front of this socket, and which generation of the room they look at.
pub async fn set_presence(state: &State, connection: &Connection, set: SetPresence) -> Answered {
    role(state, connection, set.room_id).await?;
    if let Some(id) = set.watching {
        let mut db = state.deps.store.conn().await?;
        let access = generations::find_access(&mut db, connection.user_id, id).await?;
        // One that is not in the room is none of the others' business.
        access.filter(|access| access.room_id == Some(set.room_id)).ok_or_else(Problem::not_found)?;
    }
    state.hub.attend(set.room_id, connection, set.state, set.watching);
    Ok(Answer::Ack(Value::Null))
}

/// Joins a room. What is said in it comes after the ack, and nothing of it twice.
pub async fn join(state: &State, connection: &Arc<Connection>, join: Join, ack: Option<i64>) -> Answered {
    must_be(connection, join.user_id)?;
    let room_id = join.room_id;
    check_member(state, connection.user_id, room_id).await?;
    let rooms = connection.rooms();
    if rooms.len() >= MAX_ROOMS && !rooms.contains(&room_id) {
        return Err(Problem::too_many(
            "This socket is in as many rooms as it may be.",
            std::time::Duration::ZERO,
        ));
    }
    connection.hold();
    let answer = match enter(state, connection, &join).await {
        Ok(fields) => {
            let _ = connection.outbox.ack(ack, accepted(fields)).await;
            Ok(Answer::Acked)
        }
        Err(problem) => {
            if connection.leave(room_id) {
                state.hub.leave_room(room_id, connection);
            }
            Err(problem)
        }
    };
    connection.release(state);
    answer
}

/// Leaves a room; its members stay members.
pub fn leave(state: &State, connection: &Connection, leave: Leave) -> Answered {
    if !connection.leave(leave.room_id) {
        return Err(Problem::not_found());
    }
    connection.unfollow_room(leave.room_id);
    state.hub.leave_room(leave.room_id, connection);
    Ok(Answer::Ack(Value::Null))
}

async fn check_member(state: &State, user: UserId, room: RoomId) -> Result<(), Problem> {
    let mut db = state.deps.store.conn().await?;
    rooms::find_role(&mut db, user, room).await?.map(drop).ok_or_else(Problem::not_found)
}

/// Listens first and reads then, so that nothing falls between.
async fn enter(state: &State, connection: &Arc<Connection>, join: &Join) -> Result<Value, Problem> {
    let room_id = join.room_id;
    connection.enter(room_id);
    let present = state.hub.join_room(state, room_id, connection).await?;
    let mut db = state.deps.store.conn().await?;
    let room = rooms::find(&mut db, connection.user_id, room_id).await?.ok_or_else(Problem::not_found)?;
    let (messages, more) = match join.after_message_id {
        None => {
            let mut newest = messages::list(&mut db, room_id, None, None, NEWEST).await?;
            let more = newest.len() > NEWEST;
            newest.truncate(NEWEST);
            newest.reverse();
            (newest, more)
        }
        Some(after) => {
            let mut missed = messages::list_after(&mut db, room_id, after, MISSED).await?;
            let more = missed.len() > MISSED;
            missed.truncate(MISSED);
            (missed, more)
        }
    };
    let newest = messages.last().map(|message| message.id).or(join.after_message_id);
    connection.told_up_to(room_id, newest);
    let members = rooms::list_members(&mut db, room_id).await?;
    let active = if connection.access.allows(Scope::GenerationsRead) {
        generations::list_active(&mut db, room_id).await?
    } else {
        Vec::new()
    };
    Ok(json!({
        "room": room,
        "members": members::with_states(members, &present),
        "messages": messages,
        "more": more,
        "activeGenerations": active,
    }))
}
