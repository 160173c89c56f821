//! The table `generations`. Reads take the reader's id first: what is not theirs is not there.

use aether_common::{
    event::{Event, Happening, Position},
    id::{GenerationId, RoomId, UserId},
    model::{
        generation::{Failure, Generation, Kind, Metadata, Status},
        room::RoomRole,
    },
    page::Cursor,
};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    jobs::JobPayload,
    search,
    sql::{q, sql},
    texts,
    tx::{Conn, Db, Tx},
};

/// A generation to be created, queued.
#[derive(Debug)]
pub struct NewGeneration<'a> {
    /// Identity.
    pub id: GenerationId,
    /// Who starts it.
    pub user_id: UserId,
    /// What is asked for.
    pub kind: Kind,
    /// A few words for lists.
    pub title: &'a str,
    /// What is asked.
    pub prompt: &'a str,
    /// The programming language asked for.
    pub language: Option<&'a str>,
    /// The model asked for.
    pub model: Option<&'a str>,
    /// The version that it is made from.
    pub parent_id: Option<GenerationId>,
    /// The room it is started in.
    pub room_id: Option<RoomId>,
    /// The starter's own id of it.
    pub client_id: Option<&'a str>,
    /// What is asked, hashed: tells whether a client id is used again for the same.
    pub request_hash: Option<&'a str>,
    /// What is asked beside the prompt.
    pub payload: Option<&'a JobPayload>,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// In this state.
    pub status: Option<Status>,
    /// Marked, or not.
    pub starred: Option<bool>,
    /// Of this room; then all its members' generations are listed.
    pub room_id: Option<RoomId>,
    /// Holding words that begin with each of these, in title, prompt or result, in any case.
    pub text: Option<String>,
}

/// How a generation ends.
#[derive(Debug)]
pub struct End<'a> {
    /// Completed, failed or cancelled.
    pub status: Status,
    /// The text of the last attempt.
    pub result: &'a str,
    /// Why it failed.
    pub error: Option<&'a Failure>,
    /// How the result came to be.
    pub metadata: &'a Metadata,
    /// The position that the last event has or will have.
    pub position: Position,
    /// 0 to 100.
    pub progress: u8,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Who a reader is to a generation.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Who started it.
    pub starter: UserId,
    /// The reader's role in its room, if it has one and the reader is in it.
    pub room_role: Option<RoomRole>,
    /// Where it stands.
    pub status: Status,
    /// The room it was started in.
    pub room_id: Option<RoomId>,
}

/// The generation that a client id names.
#[derive(Clone, Debug)]
pub struct First {
    /// Identity.
    pub id: GenerationId,
    /// What was asked, hashed.
    pub request_hash: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    r#type: String,
    title: String,
    prompt: String,
    #[sqlx(default)]
    result: Option<String>,
    #[sqlx(default)]
    result_key: Option<String>,
    language: Option<String>,
    status: String,
    progress: i64,
    error_code: Option<String>,
    error_message: Option<String>,
    model: Option<String>,
    parent_id: Option<Uuid>,
    room_id: Option<Uuid>,
    starred: bool,
    metadata: Json<Metadata>,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

macro_rules! listed {
    () => {
        "g.id, g.user_id, g.type, g.title, g.prompt, g.language, g.status, g.progress, g.error_code, g.error_message, \
         g.model, g.parent_id, g.room_id, g.starred, g.metadata, g.created_at, g.completed_at"
    };
}

/// The reader, bound as `$1`, started it or is in its room.
macro_rules! readable {
    () => {
        "(g.user_id = $1 OR EXISTS (SELECT 1 FROM room_members m WHERE m.room_id = g.room_id AND m.user_id = $1))"
    };
}

/// The generation holds what is asked for: a question bound as this parameter.
macro_rules! holding_pg {
    ($bind:literal) => {
        concat!(
            "g.id IN (SELECT s.generation_id FROM generation_search s WHERE s.words @@ ",
            $bind,
            "::text::tsquery)"
        )
    };
}

macro_rules! holding_sq {
    ($bind:literal) => {
        concat!(
            "g.id IN (SELECT s.generation_id FROM generation_words JOIN generation_search s
             ON s.id = generation_words.rowid WHERE generation_words MATCH ",
            $bind,
            ")"
        )
    };
}

/// Keeps a new generation, queued. A `client_id` that its starter has used before is [`StoreError::Conflict`].
pub async fn create(tx: &mut Tx, new: &NewGeneration<'_>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO generations (id, user_id, type, title, prompt, language, model, parent_id, room_id, client_id,
             request_hash, request, metadata, created_at, status)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'queued')"
        ),
        new.id.0,
        new.user_id.0,
        new.kind.as_str(),
        new.title,
        new.prompt,
        new.language,
        new.model,
        new.parent_id.map(|id| id.0),
        new.room_id.map(|id| id.0),
        new.client_id,
        new.request_hash,
        new.payload.map(Json),
        Json(Metadata::default()),
        new.created_at,
    )?;
    search::refresh(tx, new.id).await
}

/// The whole generation, if the reader may see it.
pub async fn find(db: &mut impl Db, reader: UserId, id: GenerationId) -> Result<Option<Generation>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!("SELECT " [pg listed!()] [sq listed!()] ", g.result, g.result_key FROM generations g WHERE g.id = $2 AND "
             [pg readable!()] [sq readable!()]),
        reader.0,
        id.0
    )?;
    let Some(mut row) = row else { return Ok(None) };
    let head = row.result.take().unwrap_or_default();
    row.result = Some(texts::whole(db.objects(), head, row.result_key.take()).await?);
    row.into_model().map(Some)
}

/// The generation that this starter made with this id of its own.
pub async fn find_by_client_id(db: &mut impl Db, starter: UserId, client_id: &str) -> Result<Option<First>> {
    let row = q!(
        db,
        fetch_optional as (Uuid, Option<String>, DateTime<Utc>),
        sql!("SELECT id, request_hash, created_at FROM generations WHERE user_id = $1 AND client_id = $2"),
        starter.0,
        client_id
    )?;
    Ok(row.map(|(id, request_hash, created_at)| First { id: GenerationId(id), request_hash, created_at }))
}

/// What was asked beside the prompt; nothing when that was not noted.
pub async fn find_payload(db: &mut impl Db, reader: UserId, id: GenerationId) -> Result<Option<JobPayload>> {
    let row = q!(
        db,
        fetch_optional as (Option<Json<JobPayload>>,),
        sql!("SELECT g.request FROM generations g WHERE g.id = $2 AND " [pg readable!()] [sq readable!()]),
        reader.0,
        id.0
    )?;
    Ok(row.and_then(|(payload,)| payload).map(|payload| payload.0))
}

/// Lets go of the starter's own id of a generation that was made before `oldest`: it may be used again.
pub async fn forget_client_id(
    db: &mut impl Db,
    starter: UserId,
    client_id: &str,
    oldest: DateTime<Utc>,
) -> Result<()> {
    q!(
        db,
        sql!(
            "UPDATE generations SET client_id = NULL WHERE user_id = $1 AND client_id = $2 AND created_at < $3"
        ),
        starter.0,
        client_id,
        oldest
    )?;
    Ok(())
}

/// The text and the metadata of a generation that has completed, whoever's it is: for the worker that gives a kept answer.
pub async fn find_answer(db: &mut impl Db, id: GenerationId) -> Result<Option<(String, Metadata)>> {
    let row = q!(
        db,
        fetch_optional as (String, Option<String>, Json<Metadata>),
        sql!("SELECT result, result_key, metadata FROM generations WHERE id = $1 AND status = 'completed'"),
        id.0
    )?;
    let Some((head, key, metadata)) = row else { return Ok(None) };
    Ok(Some((texts::whole(db.objects(), head, key).await?, metadata.0)))
}

/// Notes what is known of a text that is whole before it is checked and ended, for whoever takes the job over.
pub async fn save_draft(db: &mut impl Db, id: GenerationId, fence: i64, metadata: &Metadata) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "UPDATE generations SET metadata = $3 WHERE id = $1
             AND EXISTS (SELECT 1 FROM jobs WHERE generation_id = $1 AND fence = $2)"
        ),
        id.0,
        fence,
        Json(metadata)
    )?;
    Ok(changed == 1)
}

/// Who the reader is to the generation, or nothing when they may not see it.
pub async fn find_access(db: &mut impl Db, reader: UserId, id: GenerationId) -> Result<Option<Access>> {
    let row = q!(
        db,
        fetch_optional as (Uuid, String, Option<Uuid>, Option<String>),
        sql!(
            "SELECT g.user_id, g.status, g.room_id, m.role FROM generations g
             LEFT JOIN room_members m ON m.room_id = g.room_id AND m.user_id = $1
             WHERE g.id = $2 AND (g.user_id = $1 OR m.user_id IS NOT NULL)"
        ),
        reader.0,
        id.0
    )?;
    let Some((starter, status, room_id, role)) = row else { return Ok(None) };
    Ok(Some(Access {
        starter: UserId(starter),
        room_role: role.as_deref().and_then(RoomRole::parse),
        status: parse_status(status)?,
        room_id: room_id.map(RoomId),
    }))
}

/// The user's role in a room; nothing when they are not in it.
pub async fn find_room_role(db: &mut impl Db, user: UserId, room: RoomId) -> Result<Option<RoomRole>> {
    let row = q!(
        db,
        fetch_optional as (String,),
        sql!("SELECT role FROM room_members WHERE user_id = $1 AND room_id = $2"),
        user.0,
        room.0
    )?;
    Ok(row.and_then(|(role,)| RoomRole::parse(&role)))
}

/// How many generations of the user have not ended.
pub async fn count_unended(db: &mut impl Db, user: UserId) -> Result<i64> {
    let (count,) = q!(
        db,
        fetch_one as (i64,),
        sql!("SELECT COUNT(*) FROM generations WHERE user_id = $1 AND completed_at IS NULL"),
        user.0
    )?;
    Ok(count)
}

/// Up to `limit + 1` generations, newest first, without their results: the reader's own, or a room's for its member.
pub async fn list(
    db: &mut impl Db,
    reader: UserId,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Generation>> {
    // Without a cursor the page begins after a row that no clock reaches: one statement, one use of the index.
    let after = after.unwrap_or(Cursor { at: far_future(), id: Uuid::max() });
    let limit = i64::try_from(limit).unwrap_or(100) + 1;
    let (kind, status) = (filter.kind.map(Kind::as_str), filter.status.map(Status::as_str));
    let question = match filter.text.as_deref().map(search::Question::new) {
        None => None,
        Some(Some(question)) => Some(question.text(db, filter.room_id.map_or(reader.0, |room| room.0))),
        // Signs alone: nothing holds them.
        Some(None) => return Ok(Vec::new()),
    };
    macro_rules! narrowed {
        () => {
            " AND ($2 IS NULL OR g.type = $2) AND ($3 IS NULL OR g.status = $3) AND ($4 IS NULL OR g.starred = $4)
             AND (g.created_at, g.id) < ($5, $6) ORDER BY g.created_at DESC, g.id DESC LIMIT $7"
        };
    }
    macro_rules! rows {
        ($sql:expr $(, $bind:expr)*) => {
            q!(db, fetch_all as Row, $sql, reader.0, kind, status, filter.starred, after.at, after.id, limit $(, $bind)*)?
        };
    }
    let rows = match (filter.room_id, question) {
        (None, None) => {
            rows!(sql!("SELECT " [pg listed!()] [sq listed!()] " FROM generations g WHERE g.user_id = $1"
                 [pg narrowed!()] [sq narrowed!()]))
        }
        (None, Some(question)) => rows!(
            sql!("SELECT " [pg listed!()] [sq listed!()] " FROM generations g WHERE g.user_id = $1 AND "
                 [pg holding_pg!("$8")] [sq holding_sq!("$8")] [pg narrowed!()] [sq narrowed!()]),
            question
        ),
        (Some(room), None) => rows!(
            sql!("SELECT " [pg listed!()] [sq listed!()] " FROM generations g WHERE g.room_id = $8 AND EXISTS
                 (SELECT 1 FROM room_members m WHERE m.room_id = g.room_id AND m.user_id = $1)"
                 [pg narrowed!()] [sq narrowed!()]),
            room.0
        ),
        (Some(room), Some(question)) => rows!(
            sql!("SELECT " [pg listed!()] [sq listed!()] " FROM generations g WHERE g.room_id = $8 AND EXISTS
                 (SELECT 1 FROM room_members m WHERE m.room_id = g.room_id AND m.user_id = $1) AND "
                 [pg holding_pg!("$9")] [sq holding_sq!("$9")] [pg narrowed!()] [sq narrowed!()]),
            room.0,
            question
        ),
    };
    rows.into_iter().map(Row::into_model).collect()
}

/// How the database would search the reader's own generations, a line for each step: tells whether it uses the index.
pub async fn explain_search(db: &mut impl Db, reader: UserId, text: &str) -> Result<Vec<String>> {
    let Some(question) = search::Question::new(text) else { return Ok(Vec::new()) };
    let question = question.text(db, reader.0);
    macro_rules! searched {
        ($holding:ident) => {
            concat!(
                "SELECT ",
                listed!(),
                " FROM generations g WHERE g.user_id = $1 AND ",
                $holding!("$2"),
                " ORDER BY g.created_at DESC, g.id DESC LIMIT 21"
            )
        };
    }
    Ok(match db.conn() {
        Conn::Pg(c) => {
            sqlx::query_scalar(concat!("EXPLAIN ", searched!(holding_pg)))
                .bind(reader.0)
                .bind(question)
                .fetch_all(&mut *c)
                .await?
        }
        Conn::Sq(c) => sqlx::query_as(concat!("EXPLAIN QUERY PLAN ", searched!(holding_sq)))
            .bind(reader.0)
            .bind(question)
            .fetch_all(&mut *c)
            .await?
            .into_iter()
            .map(|(_, _, _, step): (i64, i64, i64, String)| step)
            .collect(),
    })
}

/// The ids of a room's generations that have not ended, oldest first, at most 100.
pub async fn list_active(db: &mut impl Db, room: RoomId) -> Result<Vec<GenerationId>> {
    let rows = q!(
        db,
        fetch_all as (Uuid,),
        sql!(
            "SELECT id FROM generations WHERE room_id = $1 AND status IN ('queued', 'running')
             ORDER BY created_at, id LIMIT 100"
        ),
        room.0
    )?;
    Ok(rows.into_iter().map(|(id,)| GenerationId(id)).collect())
}

/// What was asked in a room before `before` and came to an end well, oldest first, at most `limit` of the newest; nothing when
/// the reader is not in it.
pub async fn list_room_prompts(
    db: &mut impl Db,
    reader: UserId,
    room: RoomId,
    before: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<(GenerationId, String)>> {
    let mut rows = q!(
        db,
        fetch_all as (Uuid, String),
        sql!(
            "SELECT g.id, g.prompt FROM generations g WHERE g.room_id = $2 AND g.status = 'completed' AND g.created_at < $3
             AND EXISTS (SELECT 1 FROM room_members m WHERE m.room_id = g.room_id AND m.user_id = $1)
             ORDER BY g.created_at DESC, g.id DESC LIMIT $4"
        ),
        reader.0,
        room.0,
        before,
        i64::try_from(limit).unwrap_or(100)
    )?;
    rows.reverse();
    Ok(rows.into_iter().map(|(id, prompt)| (GenerationId(id), prompt)).collect())
}

/// The line of versions from the first to this one, oldest first, at most `limit`; only those the reader may see.
pub async fn list_ancestors(
    db: &mut impl Db,
    reader: UserId,
    id: GenerationId,
    limit: usize,
) -> Result<Vec<Generation>> {
    let mut line = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next.take() {
        let Some(one) = find(db, reader, id).await? else { break };
        next = one.parent_id;
        line.push(one);
        if line.len() >= limit {
            break;
        }
    }
    line.reverse();
    Ok(line)
}

/// The same line without the results, at most `limit` from its newest end: however long they are, none is read.
pub async fn list_versions(
    db: &mut impl Db,
    reader: UserId,
    id: GenerationId,
    limit: usize,
) -> Result<Vec<Generation>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "WITH RECURSIVE line (id, age) AS (
                 SELECT g.id, 1 FROM generations g WHERE g.id = $2 AND " [pg readable!()] [sq readable!()] "
                 UNION ALL
                 SELECT g.id, line.age + 1 FROM line JOIN generations child ON child.id = line.id
                 JOIN generations g ON g.id = child.parent_id
                 WHERE line.age < $3 AND " [pg readable!()] [sq readable!()] ")
             SELECT " [pg listed!()] [sq listed!()] " FROM line JOIN generations g ON g.id = line.id ORDER BY line.age DESC"
        ),
        reader.0,
        id.0,
        i64::try_from(limit).unwrap_or(100)
    )?;
    rows.into_iter().map(Row::into_model).collect()
}

/// Renames or marks. The caller has checked that it may.
pub async fn update(
    tx: &mut Tx,
    id: GenerationId,
    title: Option<&str>,
    starred: Option<bool>,
) -> Result<bool> {
    let changed = q!(
        tx,
        sql!(
            "UPDATE generations SET title = COALESCE($2, title), starred = COALESCE($3, starred) WHERE id = $1"
        ),
        id.0,
        title,
        starred
    )?;
    if changed == 1 && title.is_some() {
        search::refresh(tx, id).await?;
    }
    Ok(changed == 1)
}

/// Deletes the generation and its job, within a transaction; its object is swept later ([`texts::delete`] takes it along).
pub async fn delete(db: &mut impl Db, id: GenerationId) -> Result<bool> {
    Ok(q!(db, sql!("DELETE FROM generations WHERE id = $1"), id.0)? == 1)
}

/// The last event of a generation that has ended, told again from its row. One that is not there was deleted: whoever still
/// follows it is told that it was cancelled, in an attempt that no other one comes after.
pub async fn find_last_event(db: &mut impl Db, id: GenerationId) -> Result<Option<Event>> {
    #[derive(sqlx::FromRow)]
    struct Ended {
        status: String,
        result: String,
        result_key: Option<String>,
        error_code: Option<String>,
        error_message: Option<String>,
        metadata: Json<Metadata>,
        attempt: i64,
        last_seq: i64,
    }
    let row = q!(
        db,
        fetch_optional as Ended,
        sql!(
            "SELECT status, result, result_key, error_code, error_message, metadata, attempt, last_seq FROM generations
             WHERE id = $1 AND completed_at IS NOT NULL"
        ),
        id.0
    )?;
    let Some(row) = row else {
        let there =
            q!(db, fetch_optional as (Uuid,), sql!("SELECT id FROM generations WHERE id = $1"), id.0)?;
        let position = Position { attempt: u32::MAX, seq: 1 };
        let deleted = Event { generation_id: id, position, happening: Happening::Cancelled };
        return Ok(there.is_none().then_some(deleted));
    };
    let happening = match parse_status(row.status)? {
        Status::Completed => Happening::Complete {
            result: texts::whole(db.objects(), row.result, row.result_key).await?,
            metadata: Box::new(row.metadata.0),
        },
        Status::Cancelled => Happening::Cancelled,
        _ => Happening::Failed {
            error: Failure {
                code: row.error_code.unwrap_or_else(|| "failed".into()),
                message: row.error_message.unwrap_or_default(),
            },
        },
    };
    let position = Position {
        attempt: u32::try_from(row.attempt).unwrap_or(1),
        seq: u64::try_from(row.last_seq).unwrap_or(1),
    };
    Ok(Some(Event { generation_id: id, position, happening }))
}

/// Ends a generation. With a `fence`, only while the job still carries that number; without, only while it is queued.
/// `false` means that somebody else has it or that it has ended: nothing was written.
pub async fn end(tx: &mut Tx, id: GenerationId, fence: Option<i64>, end: &End<'_>) -> Result<bool> {
    let held = match fence {
        Some(fence) => q!(tx, sql!("DELETE FROM jobs WHERE generation_id = $1 AND fence = $2"), id.0, fence)?,
        None => q!(tx, sql!("DELETE FROM jobs WHERE generation_id = $1 AND state = 'ready'"), id.0)?,
    };
    if held != 1 {
        return Ok(false);
    }
    let changed = q!(
        tx,
        sql!(
            "UPDATE generations SET status = $2, result = $3, error_code = $4, error_message = $5, metadata = $6,
             attempt = $7, last_seq = $8, progress = $9, completed_at = $10, model = COALESCE($11, model)
             WHERE id = $1 AND completed_at IS NULL"
        ),
        id.0,
        end.status.as_str(),
        end.result,
        end.error.map(|error| error.code.as_str()),
        end.error.map(|error| error.message.as_str()),
        Json(end.metadata),
        i64::from(end.position.attempt),
        i64::try_from(end.position.seq).unwrap_or(i64::MAX),
        i64::from(end.progress),
        end.at,
        end.metadata.model.as_deref(),
    )?;
    if changed == 1 {
        search::refresh(tx, id).await?;
    }
    Ok(changed == 1)
}

impl Row {
    fn into_model(self) -> Result<Generation> {
        Ok(Generation {
            id: GenerationId(self.id),
            user_id: UserId(self.user_id),
            kind: Kind::parse(&self.r#type).ok_or_else(|| inconsistent("type", self.r#type))?,
            title: self.title,
            prompt: self.prompt,
            result: self.result,
            language: self.language,
            status: parse_status(self.status)?,
            progress: u8::try_from(self.progress.clamp(0, 100)).unwrap_or(100),
            error: self
                .error_code
                .map(|code| Failure { code, message: self.error_message.unwrap_or_default() }),
            model: self.model,
            parent_id: self.parent_id.map(GenerationId),
            room_id: self.room_id.map(RoomId),
            starred: self.starred,
            metadata: self.metadata.0,
            created_at: self.created_at,
            completed_at: self.completed_at,
        })
    }
}

fn parse_status(word: String) -> Result<Status> {
    Status::parse(&word).ok_or_else(|| inconsistent("status", word))
}

fn inconsistent(column: &'static str, value: String) -> StoreError {
    StoreError::Inconsistent { table: "generations", column, value }
}

fn far_future() -> DateTime<Utc> {
    // 9999-12-31T23:59:59Z: the last second that RFC 3339 can write.
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The pattern that finds `text` anywhere, in lower case, with LIKE's own signs taken literally.
pub(crate) fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
