//! Members as clients see them: with where they are now.

use std::collections::HashSet;

use aether_common::{id::UserId, model::room::Member, notice::Present};
use serde::Serialize;

/// Where a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// They are in the room, in front of a socket of theirs.
    Online,
    /// They are not.
    Away,
}

/// A member of a room and where they are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MemberNow {
    #[serde(flatten)]
    member: Member,
    state: MemberState,
}

/// The members with their states.
pub fn with_states(members: Vec<Member>, present: &[Present]) -> Vec<MemberNow> {
    let online: HashSet<UserId> = present.iter().filter(|one| !one.away).map(|one| one.user_id).collect();
    members
        .into_iter()
        .map(|member| {
            let state =
                if online.contains(&member.user_id) { MemberState::Online } else { MemberState::Away };
            MemberNow { member, state }
        })
        .collect()
}
