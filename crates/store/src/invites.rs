//! The table `room_invites`: links that let people into a room. Only the hash of a link's token is kept.

use aether_common::{
    id::{RoomId, RowId},
    model::room::RoomRole,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    rooms::parse_role,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Identity.
    pub id: RowId,
    /// Where it leads.
    pub room_id: RoomId,
    /// The role it gives: editor or viewer.
    pub role: RoomRole,
    /// How often it can be used; without a number, any number of times.
    pub max_uses: Option<i64>,
    /// How often it was used.
    pub uses: i64,
    /// When it ends; without a time, never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    room_id: Uuid,
    role: String,
    max_uses: Option<i64>,
    uses: i64,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// Keeps a new invite.
pub async fn create(db: &mut impl Db, invite: &Invite, token_hash: &[u8]) -> Result<()> {
    q!(
        db,
        sql!(
            "INSERT INTO room_invites (id, room_id, token_hash, role, max_uses, uses, expires_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        ),
        invite.id.0,
        invite.room_id.0,
        token_hash,
        invite.role.as_str(),
        invite.max_uses,
        invite.uses,
        invite.expires_at,
        invite.created_at
    )?;
    Ok(())
}

/// The room's invites, newest first, at most `limit`.
pub async fn list(db: &mut impl Db, room: RoomId, limit: i64) -> Result<Vec<Invite>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, room_id, role, max_uses, uses, expires_at, created_at FROM room_invites WHERE room_id = $1
             ORDER BY created_at DESC, id DESC LIMIT $2"
        ),
        room.0,
        limit
    )?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Ends an invite.
pub async fn delete(db: &mut impl Db, room: RoomId, id: RowId) -> Result<bool> {
    Ok(q!(db, sql!("DELETE FROM room_invites WHERE room_id = $1 AND id = $2"), room.0, id.0)? == 1)
}

/// The invite of this token, if it can be used now. It is locked until the transaction ends.
pub async fn find_usable(tx: &mut Tx, token_hash: &[u8], now: DateTime<Utc>) -> Result<Option<Invite>> {
    let row = q!(
        tx,
        fetch_optional as Row,
        sql!(
            "SELECT id, room_id, role, max_uses, uses, expires_at, created_at FROM room_invites
             WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)
             AND (max_uses IS NULL OR uses < max_uses)" [pg " FOR UPDATE"]
        ),
        token_hash,
        now
    )?;
    row.map(Row::into_model).transpose()
}

/// Counts a use.
pub async fn add_use(tx: &mut Tx, id: RowId) -> Result<()> {
    q!(tx, sql!("UPDATE room_invites SET uses = uses + 1 WHERE id = $1"), id.0)?;
    Ok(())
}

impl Row {
    fn into_model(self) -> Result<Invite> {
        Ok(Invite {
            id: RowId(self.id),
            room_id: RoomId(self.room_id),
            role: parse_role(self.role)?,
            max_uses: self.max_uses,
            uses: self.uses,
            expires_at: self.expires_at,
            created_at: self.created_at,
        })
    }
}
