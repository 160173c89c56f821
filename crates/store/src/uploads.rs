//! The table `uploads`: files that users put into a prompt's context. The bytes are objects (`objects.rs`) of the key that
//! [`key`] gives; an upload that was not used for a while has expired and is not there any more.

use aether_common::id::{UploadId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// The folder of the objects.
pub const FOLDER: &str = "uploads";

/// An upload, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Identity.
    pub id: UploadId,
    /// The file's name.
    pub name: String,
    /// What its bytes were found to be.
    pub media_type: String,
    /// How many bytes it has.
    pub bytes: i64,
    /// SHA-256 of name and bytes.
    pub digest: Vec<u8>,
    /// When it was put in.
    pub created_at: DateTime<Utc>,
}

/// How much of a user's is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Uploads.
    pub count: i64,
    /// Their bytes.
    pub bytes: i64,
    /// When the one was used that expires first.
    pub oldest: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    media_type: String,
    bytes: i64,
    digest: Vec<u8>,
    created_at: DateTime<Utc>,
}

macro_rules! columns {
    () => {
        "SELECT id, name, media_type, bytes, digest, created_at FROM uploads "
    };
}

/// The key of an upload's object.
pub fn key(id: UploadId) -> String {
    format!("{FOLDER}/{id}")
}

/// Keeps a new upload, whose object is already there.
pub async fn create(tx: &mut Tx, user: UserId, upload: &Upload, idempotency_key: Option<&str>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO uploads (id, user_id, name, media_type, bytes, digest, idempotency_key, created_at, used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"
        ),
        upload.id.0,
        user.0,
        upload.name.as_str(),
        upload.media_type.as_str(),
        upload.bytes,
        upload.digest.as_slice(),
        idempotency_key,
        upload.created_at,
    )?;
    Ok(())
}

/// The user's upload, if it was used after `expired`.
pub async fn find(
    db: &mut impl Db,
    user: UserId,
    id: UploadId,
    expired: DateTime<Utc>,
) -> Result<Option<Upload>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 AND id = $2 AND used_at > $3"),
        user.0,
        id.0,
        expired
    )?;
    Ok(row.map(Row::into_model))
}

/// The user's uploads, expired or not, in the order of their ids, after this one; at most `limit`.
pub async fn list(
    db: &mut impl Db,
    user: UserId,
    after: Option<UploadId>,
    limit: i64,
) -> Result<Vec<Upload>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!([pg columns!()] [sq columns!()] "WHERE user_id = $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3"),
        user.0,
        after.map(|id| id.0),
        limit
    )?;
    Ok(rows.into_iter().map(Row::into_model).collect())
}

/// What the user put in with this key after `since`; the key is let go of if that was earlier.
pub async fn find_by_key(
    tx: &mut Tx,
    user: UserId,
    idempotency_key: &str,
    since: DateTime<Utc>,
) -> Result<Option<Upload>> {
    q!(
        tx,
        sql!(
            "UPDATE uploads SET idempotency_key = NULL WHERE user_id = $1 AND idempotency_key = $2 AND created_at <= $3"
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
    Ok(row.map(Row::into_model))
}

/// How much of the user's has not expired.
pub async fn count(db: &mut impl Db, user: UserId, expired: DateTime<Utc>) -> Result<Kept> {
    let (count, bytes, oldest) = q!(
        db,
        fetch_one as (i64, i64, Option<DateTime<Utc>>),
        sql!(
            "SELECT COUNT(*), COALESCE(SUM(bytes), 0)" [pg "::bigint"] [sq ""] ", MIN(used_at) FROM uploads
             WHERE user_id = $1 AND used_at > $2"
        ),
        user.0,
        expired
    )?;
    Ok(Kept { count, bytes, oldest })
}

/// Notes that the upload is used now: it expires later.
pub async fn touch(db: &mut impl Db, id: UploadId, now: DateTime<Utc>) -> Result<()> {
    q!(db, sql!("UPDATE uploads SET used_at = $2 WHERE id = $1 AND used_at < $2"), id.0, now)?;
    Ok(())
}

/// Deletes up to `limit` uploads that expired and says which: their objects are to be deleted after the commit.
pub async fn delete_expired(tx: &mut Tx, expired: DateTime<Utc>, limit: i64) -> Result<Vec<UploadId>> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        sql!(
            "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE used_at <= $1 ORDER BY used_at, id LIMIT $2"
            [pg " FOR UPDATE SKIP LOCKED"] [sq ""] ") RETURNING id"
        ),
        expired,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| UploadId(id)).collect())
}

/// Whether there is a row of this id, whoever's.
pub async fn exists(db: &mut impl Db, id: UploadId) -> Result<bool> {
    Ok(q!(db, fetch_optional as (Uuid,), sql!("SELECT id FROM uploads WHERE id = $1"), id.0)?.is_some())
}

impl Row {
    fn into_model(self) -> Upload {
        Upload {
            id: UploadId(self.id),
            name: self.name,
            media_type: self.media_type,
            bytes: self.bytes,
            digest: self.digest,
            created_at: self.created_at,
        }
    }
}
