//! One file per endpoint.

pub mod about;
pub mod create_invite;
pub mod create_room;
pub mod delete_invite;
pub mod delete_room;
pub mod get_room;
pub mod join;
pub mod list_invites;
pub mod list_members;
pub mod list_messages;
pub mod list_rooms;
pub mod remove_member;
pub mod update_member;
pub mod update_room;

use aether_common::{
    id::{RoomId, UserId},
    model::room::RoomRole,
    notice::Notice,
    problem::{Problem, Result},
    text,
};
use aether_store::{Db, rooms};

use crate::state::State;

const MAX_NAME: usize = 200;

/// 404 for who is not in the room.
async fn member(db: &mut impl Db, user: UserId, room: RoomId) -> Result<RoomRole> {
    rooms::find_role(db, user, room).await?.ok_or_else(Problem::not_found)
}

/// 404 for who is not in the room, 403 for who does not own it.
async fn owner(db: &mut impl Db, user: UserId, room: RoomId) -> Result<()> {
    match member(db, user, room).await? {
        RoomRole::Owner => Ok(()),
        _ => Err(Problem::forbidden("forbidden", "Only the owner of the room may do this.")),
    }
}

fn check_name(name: &str) -> Result<()> {
    match text::invalid(name, MAX_NAME) {
        Some(message) => Err(Problem::invalid_field("name", message)),
        None => Ok(()),
    }
}

/// The change is kept: sockets that are not told find out at their next event.
async fn tell(state: &State, room: RoomId, notice: &Notice) {
    if let Err(problem) = state.tell_room(room, notice).await {
        tracing::warn!(room.id = %room, cause = problem.cause, "a room was not told");
    }
}
