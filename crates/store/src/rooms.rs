//! The tables `rooms` and `room_members`. Reads take the reader's id first: a room that they are not in is not there.

use aether_common::{
    id::{MessageId, RoomId, UserId},
    model::room::{Member, Room, RoomRole},
    page::Cursor,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

#[derive(sqlx::FromRow)]
struct RoomRow {
    id: Uuid,
    name: String,
    owner_id: Uuid,
    role: String,
    member_count: i64,
    unread: i64,
    unread_mentions: i64,
    created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    user_id: Uuid,
    name: String,
    avatar_url: Option<String>,
    role: String,
    last_read_id: Option<Uuid>,
}

/// A room as the reader, bound as `$1`, sees it.
macro_rules! seen {
    () => {
        "SELECT r.id, r.name, r.owner_id, m.role, r.created_at,
         (SELECT COUNT(*) FROM room_members o WHERE o.room_id = r.id) AS member_count,
         (SELECT COUNT(*) FROM chat_messages c WHERE c.room_id = r.id AND c.user_id <> $1
              AND (m.last_read_id IS NULL OR c.id > m.last_read_id)) AS unread,
         (SELECT COUNT(*) FROM message_mentions n JOIN chat_messages c ON c.id = n.message_id
              WHERE n.user_id = $1 AND n.room_id = r.id AND c.user_id <> $1
              AND (m.last_read_id IS NULL OR n.message_id > m.last_read_id)) AS unread_mentions
         FROM rooms r JOIN room_members m ON m.room_id = r.id AND m.user_id = $1"
    };
}

/// Notes how the request that made this room is known again (`Idempotency-Key`): the key, and a digest of what it asked.
pub async fn set_key(tx: &mut Tx, id: RoomId, key: &str, hash: &[u8]) -> Result<()> {
    q!(tx, sql!("UPDATE rooms SET idempotency_key = $2, request_hash = $3 WHERE id = $1"), id.0, key, hash)?;
    Ok(())
}

/// The room that the owner made with this key after `since`, with the digest of what was asked; the key is let go of if
/// that was earlier. The caller holds the owner's row, so that twins see each other.
pub async fn find_by_key(
    tx: &mut Tx,
    owner: UserId,
    key: &str,
    since: DateTime<Utc>,
) -> Result<Option<(RoomId, Vec<u8>)>> {
    q!(
        tx,
        sql!(
            "UPDATE rooms SET idempotency_key = NULL WHERE owner_id = $1 AND idempotency_key = $2 AND created_at <= $3"
        ),
        owner.0,
        key,
        since
    )?;
    let row = q!(
        tx,
        fetch_optional as (Uuid, Vec<u8>),
        sql!("SELECT id, request_hash FROM rooms WHERE owner_id = $1 AND idempotency_key = $2"),
        owner.0,
        key
    )?;
    Ok(row.map(|(id, hash)| (RoomId(id), hash)))
}

/// Keeps a new room with its owner as the first member. `false` when the owner's account is gone.
pub async fn create(tx: &mut Tx, id: RoomId, owner: UserId, name: &str, at: DateTime<Utc>) -> Result<bool> {
    let made = q!(
        tx,
        sql!(
            "INSERT INTO rooms (id, owner_id, name, created_at, updated_at)
             SELECT $1, u.id, $3, $4, $4 FROM users u WHERE u.id = $2"
        ),
        id.0,
        owner.0,
        name,
        at
    )?;
    Ok(made == 1 && add_member(tx, id, owner, RoomRole::Owner, at).await?)
}

/// The room, if the reader is in it.
pub async fn find(db: &mut impl Db, reader: UserId, id: RoomId) -> Result<Option<Room>> {
    let row = q!(
        db,
        fetch_optional as RoomRow,
        sql!([pg seen!()] [sq seen!()] " WHERE r.id = $2"),
        reader.0,
        id.0
    )?;
    row.map(RoomRow::into_model).transpose()
}

/// The user's role in the room; nothing when they are not in it.
pub async fn find_role(db: &mut impl Db, user: UserId, id: RoomId) -> Result<Option<RoomRole>> {
    let row = q!(
        db,
        fetch_optional as (String,),
        sql!("SELECT role FROM room_members WHERE user_id = $1 AND room_id = $2"),
        user.0,
        id.0
    )?;
    row.map(|(role,)| parse_role(role)).transpose()
}

/// Up to `limit + 1` rooms that the reader is in, newest first.
pub async fn list(
    db: &mut impl Db,
    reader: UserId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Room>> {
    let (at, id) = after.map_or((None, None), |cursor| (Some(cursor.at), Some(cursor.id)));
    let rows = q!(
        db,
        fetch_all as RoomRow,
        sql!([pg seen!()] [sq seen!()]
             " WHERE ($2 IS NULL OR (r.created_at, r.id) < ($2, $3)) ORDER BY r.created_at DESC, r.id DESC LIMIT $4"),
        reader.0,
        at,
        id,
        one_more(limit)
    )?;
    rows.into_iter().map(RoomRow::into_model).collect()
}

/// Gives the room another name. The caller has checked that it may.
pub async fn rename(db: &mut impl Db, id: RoomId, name: &str, at: DateTime<Utc>) -> Result<bool> {
    let sql = sql!("UPDATE rooms SET name = $2, updated_at = $3 WHERE id = $1");
    Ok(q!(db, sql, id.0, name, at)? == 1)
}

/// Deletes the room with its members, messages and invites; generations stay with their starters. The caller has
/// checked that it may.
pub async fn delete(db: &mut impl Db, id: RoomId) -> Result<bool> {
    Ok(q!(db, sql!("DELETE FROM rooms WHERE id = $1"), id.0)? == 1)
}

/// The members, who came first first.
pub async fn list_members(db: &mut impl Db, id: RoomId) -> Result<Vec<Member>> {
    let rows = q!(
        db,
        fetch_all as MemberRow,
        sql!(
            "SELECT m.user_id, u.name, u.avatar_url, m.role, m.last_read_id FROM room_members m JOIN users u ON u.id = m.user_id
             WHERE m.room_id = $1 ORDER BY m.joined_at, m.user_id"
        ),
        id.0
    )?;
    rows.into_iter().map(MemberRow::into_model).collect()
}

/// One member.
pub async fn find_member(db: &mut impl Db, id: RoomId, user: UserId) -> Result<Option<Member>> {
    let row = q!(
        db,
        fetch_optional as MemberRow,
        sql!(
            "SELECT m.user_id, u.name, u.avatar_url, m.role, m.last_read_id FROM room_members m JOIN users u ON u.id = m.user_id
             WHERE m.room_id = $1 AND m.user_id = $2"
        ),
        id.0,
        user.0
    )?;
    row.map(MemberRow::into_model).transpose()
}

/// How many rooms the user owns.
pub async fn count_owned(db: &mut impl Db, owner: UserId) -> Result<i64> {
    let sql = sql!("SELECT COUNT(*) FROM rooms WHERE owner_id = $1");
    let (count,) = q!(db, fetch_one as (i64,), sql, owner.0)?;
    Ok(count)
}

/// How many members the room has.
pub async fn count_members(db: &mut impl Db, id: RoomId) -> Result<i64> {
    let (count,) =
        q!(db, fetch_one as (i64,), sql!("SELECT COUNT(*) FROM room_members WHERE room_id = $1"), id.0)?;
    Ok(count)
}

/// Lets a user in. What was said before counts as read. `false` when they are in already or their account is gone: nothing
/// was changed.
pub async fn add_member(
    tx: &mut Tx,
    id: RoomId,
    user: UserId,
    role: RoomRole,
    at: DateTime<Utc>,
) -> Result<bool> {
    let added = q!(
        tx,
        sql!(
            "INSERT INTO room_members (room_id, user_id, role, last_read_id, joined_at)
             SELECT r.id, u.id, $3, r.last_message_id, $4 FROM rooms r, users u WHERE r.id = $1 AND u.id = $2
             ON CONFLICT (room_id, user_id) DO NOTHING"
        ),
        id.0,
        user.0,
        role.as_str(),
        at
    )?;
    Ok(added == 1)
}

/// Gives a member another role. The caller has checked that it may.
pub async fn set_role(db: &mut impl Db, id: RoomId, user: UserId, role: RoomRole) -> Result<bool> {
    let sql = sql!("UPDATE room_members SET role = $3 WHERE room_id = $1 AND user_id = $2");
    Ok(q!(db, sql, id.0, user.0, role.as_str())? == 1)
}

/// Makes another member the owner; the one before stays as an editor. `false` when the new one is not a member.
pub async fn set_owner(tx: &mut Tx, id: RoomId, user: UserId, at: DateTime<Utc>) -> Result<bool> {
    let member = sql!("SELECT 1 FROM room_members WHERE room_id = $1 AND user_id = $2" [pg " FOR UPDATE"]);
    if q!(tx, fetch_optional as (i32,), member, id.0, user.0)?.is_none() {
        return Ok(false);
    }
    q!(tx, sql!("UPDATE room_members SET role = 'editor' WHERE room_id = $1 AND role = 'owner'"), id.0)?;
    set_role(tx, id, user, RoomRole::Owner).await?;
    q!(tx, sql!("UPDATE rooms SET owner_id = $2, updated_at = $3 WHERE id = $1"), id.0, user.0, at)?;
    Ok(true)
}

/// Puts a member out, never the owner: `false` when they are not in or own it.
pub async fn remove_member(db: &mut impl Db, id: RoomId, user: UserId) -> Result<bool> {
    let sql = sql!("DELETE FROM room_members WHERE room_id = $1 AND user_id = $2 AND role <> 'owner'");
    Ok(q!(db, sql, id.0, user.0)? == 1)
}

/// What has become of a member's marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// How many of others' messages are unread.
    pub unread: i64,
    /// Whether the marker has moved.
    pub moved: bool,
}

/// Notes that the member has read up to this message; an older one than was noted before changes nothing. Nothing when
/// the user is not in the room.
pub async fn mark_read(
    db: &mut impl Db,
    user: UserId,
    id: RoomId,
    message: MessageId,
) -> Result<Option<Marked>> {
    let moved = q!(
        db,
        sql!(
            "UPDATE room_members SET last_read_id = $3 WHERE user_id = $1 AND room_id = $2
             AND (last_read_id IS NULL OR last_read_id < $3)
             AND EXISTS (SELECT 1 FROM chat_messages c WHERE c.room_id = $2 AND c.id = $3)"
        ),
        user.0,
        id.0,
        message.0
    )?;
    Ok(find(db, user, id).await?.map(|room| Marked { unread: room.unread, moved: moved == 1 }))
}

impl RoomRow {
    fn into_model(self) -> Result<Room> {
        Ok(Room {
            id: RoomId(self.id),
            name: self.name,
            owner_id: UserId(self.owner_id),
            role: parse_role(self.role)?,
            member_count: self.member_count,
            unread: self.unread,
            unread_mentions: self.unread_mentions,
            created_at: self.created_at,
        })
    }
}

impl MemberRow {
    fn into_model(self) -> Result<Member> {
        Ok(Member {
            user_id: UserId(self.user_id),
            name: self.name,
            avatar_url: self.avatar_url,
            role: parse_role(self.role)?,
            last_read_id: self.last_read_id.map(MessageId),
        })
    }
}

pub(crate) fn parse_role(word: String) -> Result<RoomRole> {
    RoomRole::parse(&word).ok_or(StoreError::Inconsistent {
        table: "room_members",
        column: "role",
        value: word,
    })
}

pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}
