//! The table `exports`: copies of all that is kept of a user, made in the background and claimed like the jobs of
//! generations; and the reads that only such a copy needs. The archive is an object (`objects.rs`) of the key that [`key`]
//! gives.

use aether_common::{
    id::{GenerationId, MessageId, RoomId, RowId, SessionId, UserId},
    page::Cursor,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

/// The folder of the objects.
pub const FOLDER: &str = "exports";

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Identity.
    pub id: RowId,
    /// Where it stands.
    pub status: ExportStatus,
    /// 0 to 100.
    pub progress: u8,
    /// Of the archive, once it is ready.
    pub bytes: Option<u64>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it came to an end.
    pub completed_at: Option<DateTime<Utc>>,
}

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportStatus {
    /// Nobody makes it yet.
    Queued,
    /// A process makes it.
    Running,
    /// The archive is there.
    Ready,
    /// It could not be made.
    Failed,
}

/// An export that this process makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which.
    pub id: RowId,
    /// Whose.
    pub user_id: UserId,
    /// The number that every write of this process carries: how often it was claimed.
    pub fence: i64,
}

/// A sign-in with how it ended.
#[derive(Clone, Debug)]
pub struct PastSession {
    /// Identity.
    pub id: SessionId,
    /// The program that signed in, as it calls itself.
    pub user_agent: Option<String>,
    /// The address of the last use.
    pub ip: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends or would have ended by itself.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why.
    pub end_reason: Option<String>,
}

/// A linked way in.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Identity {
    /// `google` or `github`.
    pub provider: String,
    /// How the provider calls the person.
    pub subject: String,
    /// As the provider knows it.
    pub email: Option<String>,
    /// When it was linked.
    pub created_at: DateTime<Utc>,
}

/// What one call to a provider, or one answer from the cache, used.
#[derive(Clone, Debug)]
pub struct UsageEntry {
    /// Identity.
    pub id: RowId,
    /// What it was for; `None` when that was deleted.
    pub generation_id: Option<GenerationId>,
    /// What was asked for.
    pub kind: String,
    /// Who was called.
    pub provider: String,
    /// The model's name.
    pub model: String,
    /// The day (UTC) on which it is booked, as `2026-11-21`.
    pub day: String,
    /// Tokens read.
    pub input_tokens: i64,
    /// Tokens written.
    pub output_tokens: i64,
    /// What it cost, in micro-dollars.
    pub cost_micros: i64,
    /// Answered without a call.
    pub cached: bool,
    /// When.
    pub at: DateTime<Utc>,
}

/// A message of the user's in a room that they left.
#[derive(Clone, Debug)]
pub struct OwnMessage {
    /// Identity.
    pub id: MessageId,
    /// Where.
    pub room_id: RoomId,
    /// What.
    pub message: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was changed.
    pub edited_at: Option<DateTime<Utc>>,
}

/// A mail to the user. What it said is kept nowhere.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SentMail {
    /// What it was about.
    pub kind: String,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
    /// `sent` or `given_up`; `None` while it waits.
    pub outcome: Option<String>,
}

/// A prompt template that the user wrote as an administrator.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OwnPrompt {
    /// For what.
    pub r#type: String,
    /// Counts from 1 within a kind.
    pub number: i64,
    /// The template.
    pub text: String,
    /// Why it was written.
    pub note: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// How much there is of what takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Generations.
    pub generations: i64,
    /// Uploads.
    pub uploads: i64,
    /// Rooms that the user is in.
    pub rooms: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    status: String,
    progress: i64,
    bytes: Option<i64>,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

macro_rules! columns {
    () => {
        "SELECT id, status, progress, bytes, created_at, completed_at FROM exports "
    };
}

/// The key of an export's archive.
pub fn key(id: RowId) -> String {
    format!("{FOLDER}/{id}")
}

/// Keeps a new export, queued. [`StoreError::Conflict`] when another one of the user's has not ended, or the key was used.
pub async fn create(
    tx: &mut Tx,
    user: UserId,
    id: RowId,
    idempotency_key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO exports (id, user_id, status, idempotency_key, created_at) VALUES ($1, $2, 'queued', $3, $4)"
        ),
        id.0,
        user.0,
        idempotency_key,
        now
    )?;
    Ok(())
}

/// The user's export.
pub async fn find(db: &mut impl Db, user: UserId, id: RowId) -> Result<Option<Export>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 AND id = $2"),
        user.0,
        id.0
    )?;
    row.map(Row::into_model).transpose()
}

/// The user's export that has not ended.
pub async fn find_unended(db: &mut impl Db, user: UserId) -> Result<Option<Export>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 AND completed_at IS NULL"),
        user.0
    )?;
    row.map(Row::into_model).transpose()
}

/// What the user asked for with this key after `since`; the key is let go of if that was earlier.
pub async fn find_by_key(
    tx: &mut Tx,
    user: UserId,
    idempotency_key: &str,
    since: DateTime<Utc>,
) -> Result<Option<Export>> {
    q!(
        tx,
        sql!(
            "UPDATE exports SET idempotency_key = NULL WHERE user_id = $1 AND idempotency_key = $2 AND created_at <= $3"
        ),
        user.0,
        idempotency_key,
        since
    )?;
    let row = q!(
        tx,
        fetch_optional as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 AND idempotency_key = $2"),
        user.0,
        idempotency_key
    )?;
    row.map(Row::into_model).transpose()
}

/// The user's exports, the newest first, at most `limit`.
pub async fn list(db: &mut impl Db, user: UserId, limit: i64) -> Result<Vec<Export>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"),
        user.0,
        limit
    )?;
    rows.into_iter().map(Row::into_model).collect()
}

/// When the user asked for exports after `since` that did not fail, the oldest first.
pub async fn list_asked(db: &mut impl Db, user: UserId, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
    let rows = q!(
        db,
        fetch_all as (DateTime<Utc>,),
        sql!(
            "SELECT created_at FROM exports WHERE user_id = $1 AND created_at > $2 AND status <> 'failed'
             ORDER BY created_at, id LIMIT 100"
        ),
        user.0,
        since
    )?;
    Ok(rows.into_iter().map(|(at,)| at).collect())
}

/// Takes the export that waits longest, or one whose maker's lease has ended. Its progress begins anew.
pub async fn claim(
    db: &mut impl Db,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claim>> {
    let row = q!(
        db,
        fetch_optional as (Uuid, Uuid, i64),
        sql!(
            "UPDATE exports SET status = 'running', progress = 0, fence = fence + 1, lease_until = $2
             WHERE id = (SELECT id FROM exports WHERE completed_at IS NULL AND (lease_until IS NULL OR lease_until < $1)
             ORDER BY created_at, id LIMIT 1" [pg " FOR UPDATE SKIP LOCKED"] [sq ""]
            ") RETURNING id, user_id, fence"
        ),
        now,
        lease_until
    )?;
    Ok(row.map(|(id, user, fence)| Claim { id: RowId(id), user_id: UserId(user), fence }))
}

/// Extends the lease and notes how far the export is. `false`: another process makes it, or nobody wants it any more.
pub async fn renew(db: &mut impl Db, claim: Claim, progress: u8, lease_until: DateTime<Utc>) -> Result<bool> {
    let renewed = q!(
        db,
        sql!(
            "UPDATE exports SET progress = $3, lease_until = $4 WHERE id = $1 AND fence = $2 AND completed_at IS NULL"
        ),
        claim.id.0,
        claim.fence,
        i64::from(progress),
        lease_until
    )?;
    Ok(renewed == 1)
}

/// Puts the export back, for any process to take at once.
pub async fn release(db: &mut impl Db, claim: Claim) -> Result<()> {
    q!(
        db,
        sql!(
            "UPDATE exports SET status = 'queued', lease_until = NULL
             WHERE id = $1 AND fence = $2 AND completed_at IS NULL"
        ),
        claim.id.0,
        claim.fence
    )?;
    Ok(())
}

/// Ends the export: with the size of its archive it is ready, else it has failed. `false`: it is no longer this process's.
pub async fn end(tx: &mut Tx, claim: Claim, bytes: Option<u64>, now: DateTime<Utc>) -> Result<bool> {
    let ended = q!(
        tx,
        sql!(
            "UPDATE exports SET status = CASE WHEN $3 IS NULL THEN 'failed' ELSE 'ready' END, bytes = $3,
             progress = CASE WHEN $3 IS NULL THEN progress ELSE 100 END, completed_at = $4, lease_until = NULL
             WHERE id = $1 AND fence = $2 AND completed_at IS NULL"
        ),
        claim.id.0,
        claim.fence,
        bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        now
    )?;
    Ok(ended == 1)
}

/// Deletes up to `limit` exports that ended before a time and says which: their objects are to be deleted after the commit.
/// Several processes may do so at once.
pub async fn delete_ended_before(tx: &mut Tx, before: DateTime<Utc>, limit: i64) -> Result<Vec<RowId>> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        sql!(
            "DELETE FROM exports WHERE id IN (SELECT id FROM exports WHERE completed_at <= $1
             ORDER BY completed_at, id LIMIT $2" [pg " FOR UPDATE SKIP LOCKED"] [sq ""] ") RETURNING id"
        ),
        before,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| RowId(id)).collect())
}

/// Whether there is a row of this id, whoever's.
pub async fn exists(db: &mut impl Db, id: RowId) -> Result<bool> {
    Ok(q!(db, fetch_optional as (Uuid,), sql!("SELECT id FROM exports WHERE id = $1"), id.0)?.is_some())
}

/// How much there is to be exported.
pub async fn find_extent(db: &mut impl Db, user: UserId) -> Result<Extent> {
    let (generations, uploads, rooms) = q!(
        db,
        fetch_one as (i64, i64, i64),
        sql!(
            "SELECT (SELECT COUNT(*) FROM generations WHERE user_id = $1),
             (SELECT COUNT(*) FROM uploads WHERE user_id = $1),
             (SELECT COUNT(*) FROM room_members WHERE user_id = $1)"
        ),
        user.0
    )?;
    Ok(Extent { generations, uploads, rooms })
}

/// The user's sessions, also those that have ended, the newest first, after the cursor; at most `limit`.
pub async fn list_sessions(
    db: &mut impl Db,
    user: UserId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<PastSession>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        user_agent: Option<String>,
        ip: String,
        created_at: DateTime<Utc>,
        last_used_at: DateTime<Utc>,
        expires_at: DateTime<Utc>,
        ended_at: Option<DateTime<Utc>>,
        end_reason: Option<String>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, user_agent, ip, created_at, last_used_at, expires_at, ended_at, end_reason FROM sessions
             WHERE user_id = $1 AND ($2 IS NULL OR (created_at, id) < ($2, $3))
             ORDER BY created_at DESC, id DESC LIMIT $4"
        ),
        user.0,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        limit
    )?;
    let sessions = rows.into_iter().map(|row| PastSession {
        id: SessionId(row.id),
        user_agent: row.user_agent,
        ip: row.ip,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
        end_reason: row.end_reason,
    });
    Ok(sessions.collect())
}

/// The user's linked ways in.
pub async fn list_identities(db: &mut impl Db, user: UserId) -> Result<Vec<Identity>> {
    Ok(q!(
        db,
        fetch_all as Identity,
        sql!(
            "SELECT provider, subject, email, created_at FROM identities WHERE user_id = $1
             ORDER BY created_at, provider LIMIT 100"
        ),
        user.0
    )?)
}

/// Mails to the user of the last days, the newest first; at most `limit`.
pub async fn list_mails(db: &mut impl Db, user: UserId, limit: i64) -> Result<Vec<SentMail>> {
    Ok(q!(
        db,
        fetch_all as SentMail,
        sql!(
            "SELECT kind, created_at, outcome FROM mails WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
        ),
        user.0,
        limit
    )?)
}

/// Which of the user's generations are shared, and since when; in the order of their ids, after this one.
pub async fn list_shares(
    db: &mut impl Db,
    user: UserId,
    after: Option<GenerationId>,
    limit: i64,
) -> Result<Vec<(GenerationId, DateTime<Utc>)>> {
    let rows = q!(
        db,
        fetch_all as (Uuid, DateTime<Utc>),
        sql!(
            "SELECT s.generation_id, s.created_at FROM shares s JOIN generations g ON g.id = s.generation_id
             WHERE g.user_id = $1 AND ($2 IS NULL OR s.generation_id > $2) ORDER BY s.generation_id LIMIT $3"
        ),
        user.0,
        after.map(|id| id.0),
        limit
    )?;
    Ok(rows.into_iter().map(|(id, at)| (GenerationId(id), at)).collect())
}

/// The user's entries of the books that are settled, the newest day first, after this day and entry; at most `limit`.
pub async fn list_usage(
    db: &mut impl Db,
    user: UserId,
    after: Option<(&str, RowId)>,
    limit: i64,
) -> Result<Vec<UsageEntry>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        generation_id: Option<Uuid>,
        kind: String,
        provider: String,
        model: String,
        day: String,
        input_tokens: i64,
        output_tokens: i64,
        cost_micros: i64,
        cached: bool,
        reserved_at: DateTime<Utc>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, generation_id, kind, provider, model, day, input_tokens, output_tokens, cost_micros, cached,
             reserved_at FROM usage_entries WHERE user_id = $1 AND state = 'settled' AND ($2 IS NULL OR (day, id) < ($2, $3))
             ORDER BY day DESC, id DESC LIMIT $4"
        ),
        user.0,
        after.map(|(day, _)| day),
        after.map(|(_, id)| id.0),
        limit
    )?;
    let entries = rows.into_iter().map(|row| UsageEntry {
        id: RowId(row.id),
        generation_id: row.generation_id.map(GenerationId),
        kind: row.kind,
        provider: row.provider,
        model: row.model,
        day: row.day,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cost_micros: row.cost_micros,
        cached: row.cached,
        at: row.reserved_at,
    });
    Ok(entries.collect())
}

/// What the user wrote in rooms that they left, oldest first, after this message; at most `limit`.
pub async fn list_messages_elsewhere(
    db: &mut impl Db,
    user: UserId,
    after: Option<MessageId>,
    limit: i64,
) -> Result<Vec<OwnMessage>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        room_id: Uuid,
        content: String,
        created_at: DateTime<Utc>,
        edited_at: Option<DateTime<Utc>>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT c.id, c.room_id, c.content, c.created_at, c.edited_at FROM chat_messages c
             WHERE c.user_id = $1 AND ($2 IS NULL OR c.id > $2) AND NOT EXISTS
                 (SELECT 1 FROM room_members m WHERE m.room_id = c.room_id AND m.user_id = $1)
             ORDER BY c.id LIMIT $3"
        ),
        user.0,
        after.map(|id| id.0),
        limit
    )?;
    let messages = rows.into_iter().map(|row| OwnMessage {
        id: MessageId(row.id),
        room_id: RoomId(row.room_id),
        message: row.content,
        created_at: row.created_at,
        edited_at: row.edited_at,
    });
    Ok(messages.collect())
}

/// The prompt templates that the user wrote, the newest first; at most `limit`, from the `skip`th on: they are few.
pub async fn list_prompts(db: &mut impl Db, user: UserId, skip: i64, limit: i64) -> Result<Vec<OwnPrompt>> {
    Ok(q!(
        db,
        fetch_all as OwnPrompt,
        sql!(
            "SELECT type, number, text, note, created_at FROM prompt_versions WHERE user_id = $1
             ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $2"
        ),
        user.0,
        skip,
        limit
    )?)
}

impl ExportStatus {
    /// The stored word, which is also what clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Ready, Self::Failed].into_iter().find(|one| one.as_str() == word)
    }
}

impl Row {
    fn into_model(self) -> Result<Export> {
        let status = ExportStatus::parse(&self.status).ok_or(StoreError::Inconsistent {
            table: "exports",
            column: "status",
            value: self.status,
        })?;
        Ok(Export {
            id: RowId(self.id),
            status,
            progress: u8::try_from(self.progress.clamp(0, 100)).unwrap_or(100),
            bytes: self.bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            created_at: self.created_at,
            completed_at: self.completed_at,
        })
    }
}
