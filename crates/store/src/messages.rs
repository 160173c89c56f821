//! The table `chat_messages`. The caller has checked that the reader is in the room. In one room ids grow in the order in
//! which messages are kept, whatever the clocks of the processes say: "all after this one" misses nothing.

use aether_common::{
    id::{MessageId, RoomId, UserId},
    model::room::Message,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    generations::like_pattern,
    rooms::one_more,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// A message to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// Identity; made greater when the room has a newer one.
    pub id: MessageId,
    /// Where.
    pub room_id: RoomId,
    /// Who wrote it.
    pub user_id: UserId,
    /// What.
    pub message: &'a str,
    /// The writer's own id of it.
    pub client_id: Option<&'a str>,
    /// Who it speaks of, each once; whoever is no member is left out.
    pub mentions: &'a [UserId],
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// It is new.
    New {
        /// As it is kept.
        message: Message,
        /// The one that was kept before it in the room, which may have been deleted since.
        after: Option<MessageId>,
    },
    /// Its writer had sent it before, under the same id of their own: this is the first.
    Before(Message),
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    room_id: Uuid,
    user_id: Uuid,
    name: String,
    content: String,
    client_id: Option<String>,
    created_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
}

macro_rules! read {
    () => {
        "SELECT c.id, c.room_id, c.user_id, u.name, c.content, c.client_id, c.created_at, c.edited_at
         FROM chat_messages c JOIN users u ON u.id = c.user_id"
    };
}

/// Keeps a message, or finds the one that its writer sent before under the same `client_id`. Nothing when there is no
/// such room.
pub async fn create(tx: &mut Tx, new: &NewMessage<'_>) -> Result<Option<Kept>> {
    // The room's row is the lock: messages of one room are kept one after the other.
    let room = q!(
        tx,
        fetch_optional as (Option<Uuid>,),
        sql!("SELECT last_message_id FROM rooms WHERE id = $1" [pg " FOR UPDATE"]),
        new.room_id.0
    )?;
    let Some((newest,)) = room else { return Ok(None) };
    if let Some(client_id) = new.client_id {
        let before = q!(
            tx,
            fetch_optional as Row,
            sql!([pg read!()] [sq read!()] " WHERE c.room_id = $1 AND c.user_id = $2 AND c.client_id = $3"),
            new.room_id.0,
            new.user_id.0,
            client_id
        )?;
        if let Some(row) = before {
            let message = find(tx, new.room_id, MessageId(row.id)).await?;
            return Ok(message.map(Kept::Before));
        }
    }
    let id = newest.map_or(new.id.0, |newest| new.id.0.max(Uuid::from_u128(newest.as_u128() + 1)));
    q!(
        tx,
        sql!(
            "INSERT INTO chat_messages (id, room_id, user_id, content, client_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        id,
        new.room_id.0,
        new.user_id.0,
        new.message,
        new.client_id,
        new.at
    )?;
    for user in new.mentions {
        q!(
            tx,
            sql!(
                "INSERT INTO message_mentions (message_id, user_id, room_id)
                 SELECT $1, m.user_id, m.room_id FROM room_members m WHERE m.room_id = $2 AND m.user_id = $3"
            ),
            id,
            new.room_id.0,
            user.0
        )?;
    }
    q!(tx, sql!("UPDATE rooms SET last_message_id = $2 WHERE id = $1"), new.room_id.0, id)?;
    let message = find(tx, new.room_id, MessageId(id)).await?;
    Ok(message.map(|message| Kept::New { message, after: newest.map(MessageId) }))
}

/// The newest message that was ever kept in the room; it may have been deleted since.
pub async fn find_newest(db: &mut impl Db, room: RoomId) -> Result<Option<MessageId>> {
    let row = q!(
        db,
        fetch_optional as (Option<Uuid>,),
        sql!("SELECT last_message_id FROM rooms WHERE id = $1"),
        room.0
    )?;
    Ok(row.and_then(|(newest,)| newest).map(MessageId))
}

/// One message.
pub async fn find(db: &mut impl Db, room: RoomId, id: MessageId) -> Result<Option<Message>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!([pg read!()] [sq read!()] " WHERE c.room_id = $1 AND c.id = $2"),
        room.0,
        id.0
    )?;
    Ok(complete(db, room, row.into_iter().collect()).await?.pop())
}

/// The newest `limit` messages, oldest first.
pub async fn list_newest(db: &mut impl Db, room: RoomId, limit: usize) -> Result<Vec<Message>> {
    let mut messages = list(db, room, None, None, limit).await?;
    messages.truncate(limit);
    messages.reverse();
    Ok(messages)
}

/// Up to `limit + 1` messages after this one, which need not exist any more, oldest first.
pub async fn list_after(
    db: &mut impl Db,
    room: RoomId,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Message>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!([pg read!()] [sq read!()] " WHERE c.room_id = $1 AND c.id > $2 ORDER BY c.id LIMIT $3"),
        room.0,
        after.0,
        one_more(limit)
    )?;
    complete(db, room, rows).await
}

/// Up to `limit + 1` messages before this one, newest first; with `text` only those that hold it, in any case.
pub async fn list(
    db: &mut impl Db,
    room: RoomId,
    before: Option<MessageId>,
    text: Option<&str>,
    limit: usize,
) -> Result<Vec<Message>> {
    let before = before.map_or(Uuid::max(), |id| id.0);
    let pattern = text.map(like_pattern);
    let rows = q!(
        db,
        fetch_all as Row,
        sql!([pg read!()] [sq read!()] " WHERE c.room_id = $1 AND c.id < $2
             AND ($3 IS NULL OR LOWER(c.content) LIKE $3 ESCAPE '!') ORDER BY c.id DESC LIMIT $4"),
        room.0,
        before,
        pattern.as_deref(),
        one_more(limit)
    )?;
    complete(db, room, rows).await
}

/// Changes a message of this writer; `false` when it is not theirs.
pub async fn edit(
    db: &mut impl Db,
    writer: UserId,
    room: RoomId,
    id: MessageId,
    message: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "UPDATE chat_messages SET content = $4, edited_at = $5 WHERE id = $3 AND room_id = $2 AND user_id = $1"
        ),
        writer.0,
        room.0,
        id.0,
        message,
        at
    )?;
    Ok(changed == 1)
}

/// Deletes a message. The caller has checked that it may.
pub async fn delete(db: &mut impl Db, room: RoomId, id: MessageId) -> Result<bool> {
    let sql = sql!("DELETE FROM chat_messages WHERE room_id = $1 AND id = $2");
    Ok(q!(db, sql, room.0, id.0)? == 1)
}

/// The messages of these rows, with who they speak of.
async fn complete(db: &mut impl Db, room: RoomId, rows: Vec<Row>) -> Result<Vec<Message>> {
    let mut messages: Vec<Message> = rows.into_iter().map(Row::into_model).collect();
    let ids = messages.iter().map(|message| message.id.0);
    let (Some(first), Some(last)) = (ids.clone().min(), ids.max()) else { return Ok(messages) };
    let mentions = q!(
        db,
        fetch_all as (Uuid, Uuid),
        sql!(
            "SELECT message_id, user_id FROM message_mentions
             WHERE room_id = $1 AND message_id BETWEEN $2 AND $3 ORDER BY message_id, user_id"
        ),
        room.0,
        first,
        last
    )?;
    if !mentions.is_empty() {
        for message in &mut messages {
            let own = mentions.iter().filter(|(id, _)| *id == message.id.0);
            message.mentions = own.map(|(_, user)| UserId(*user)).collect();
        }
    }
    Ok(messages)
}

impl Row {
    fn into_model(self) -> Message {
        Message {
            id: MessageId(self.id),
            room_id: RoomId(self.room_id),
            user_id: UserId(self.user_id),
            name: self.name,
            message: self.content,
            client_id: self.client_id,
            timestamp: self.created_at,
            mentions: Vec::new(),
            edited_at: self.edited_at,
        }
    }
}
