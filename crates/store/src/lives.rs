//! The tables `lives`, `live_records` and `live_numbers`: API documents that are served, and what they keep.

use aether_common::id::GenerationId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

/// How a live API stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// What names it in addresses.
    pub id: Uuid,
    /// Whose document it serves.
    pub generation_id: GenerationId,
    /// Grows with each document.
    pub revision: i64,
    /// How long each answer is held back, in milliseconds.
    pub latency_ms: i64,
    /// How many of a hundred requests fail.
    pub failure_percent: i64,
    /// How many records it keeps.
    pub records: i64,
    /// How large they are together, in bytes of JSON.
    pub bytes: i64,
}

/// What a live API may keep.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many records.
    pub records: i64,
    /// So many bytes of JSON.
    pub bytes: i64,
}

/// A record.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// The path of the record that it lies under.
    pub scope: &'a str,
    /// What names it within both.
    pub key: &'a str,
    /// What it is.
    pub body: &'a Value,
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The path of the record that it lies under.
    pub scope: String,
    /// What names it.
    pub key: String,
    /// What it is.
    pub body: Value,
}

/// How keeping a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Done,
    /// There is one with its key.
    Taken,
    /// It would pass the bounds.
    Full,
}

type Row = (Uuid, Uuid, i64, i64, i64, i64, i64);

fn live((id, generation, revision, latency_ms, failure_percent, records, bytes): Row) -> Live {
    Live {
        id,
        generation_id: GenerationId(generation),
        revision,
        latency_ms,
        failure_percent,
        records,
        bytes,
    }
}

fn read(rows: Vec<(String, String, String)>) -> Result<Vec<Record>> {
    rows.into_iter()
        .map(|(scope, key, body)| {
            let body = serde_json::from_str(&body).map_err(|_| StoreError::Inconsistent {
                table: "live_records",
                column: "body",
                value: body,
            })?;
            Ok(Record { scope, key, body })
        })
        .collect()
}

/// Serves this document for the generation, under the id that it has or else under `id`; answers that id, and whether it is new.
pub async fn mount(
    tx: &mut Tx,
    id: Uuid,
    generation: GenerationId,
    document: &str,
    at: DateTime<Utc>,
) -> Result<(Uuid, bool)> {
    let (kept,) = q!(
        tx,
        fetch_one as (Uuid,),
        sql!(
            "INSERT INTO lives (id, generation_id, document, revision, mounted_at) VALUES ($1, $2, $3, 1, $4)
             ON CONFLICT (generation_id) DO UPDATE SET document = excluded.document, revision = lives.revision + 1,
             mounted_at = excluded.mounted_at RETURNING id"
        ),
        id,
        generation.0,
        document,
        at
    )?;
    Ok((kept, kept == id))
}

/// Serves it no more, and forgets what it kept.
pub async fn unmount(db: &mut impl Db, generation: GenerationId) -> Result<bool> {
    Ok(q!(db, sql!("DELETE FROM lives WHERE generation_id = $1"), generation.0)? > 0)
}

/// The live API of this id.
pub async fn find(db: &mut impl Db, id: Uuid) -> Result<Option<Live>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT id, generation_id, revision, latency_ms, failure_percent, records, bytes FROM lives WHERE id = $1"
        ),
        id
    )?;
    Ok(row.map(live))
}

/// The same, and nobody else changes it or its records until the transaction ends: before anything is written.
pub async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<Live>> {
    let row = q!(
        tx,
        fetch_optional as Row,
        sql!(
            "SELECT id, generation_id, revision, latency_ms, failure_percent, records, bytes FROM lives WHERE id = $1"
            [pg " FOR UPDATE"] [sq ""]
        ),
        id
    )?;
    Ok(row.map(live))
}

/// The live API of this generation.
pub async fn find_of(db: &mut impl Db, generation: GenerationId) -> Result<Option<Live>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT id, generation_id, revision, latency_ms, failure_percent, records, bytes FROM lives
             WHERE generation_id = $1"
        ),
        generation.0
    )?;
    Ok(row.map(live))
}

/// The document, and its revision.
pub async fn find_document(db: &mut impl Db, id: Uuid) -> Result<Option<(i64, String)>> {
    Ok(q!(
        db,
        fetch_optional as (i64, String),
        sql!("SELECT revision, document FROM lives WHERE id = $1"),
        id
    )?)
}

/// How slow and how faulty it is to be; false when there is none.
pub async fn tune(
    db: &mut impl Db,
    generation: GenerationId,
    latency_ms: i64,
    failure_percent: i64,
) -> Result<bool> {
    let changed = q!(
        db,
        sql!("UPDATE lives SET latency_ms = $2, failure_percent = $3 WHERE generation_id = $1"),
        generation.0,
        latency_ms,
        failure_percent
    )?;
    Ok(changed > 0)
}

/// Forgets all records, and counts from 1 again. After [`lock`].
pub async fn reset(tx: &mut Tx, id: Uuid) -> Result<()> {
    q!(tx, sql!("UPDATE lives SET records = 0, bytes = 0, position = 0 WHERE id = $1"), id)?;
    q!(tx, sql!("DELETE FROM live_records WHERE live_id = $1"), id)?;
    q!(tx, sql!("DELETE FROM live_numbers WHERE live_id = $1"), id)?;
    Ok(())
}

/// The records of a kind, in the order in which they came.
pub async fn list(db: &mut impl Db, id: Uuid, kind: &str) -> Result<Vec<Record>> {
    let rows = q!(
        db,
        fetch_all as (String, String, String),
        sql!("SELECT scope, key, body FROM live_records WHERE live_id = $1 AND kind = $2 ORDER BY position"),
        id,
        kind
    )?;
    read(rows)
}

/// The first record of a kind with this key, under `scope` or, when there is none, anywhere.
pub async fn find_record(
    db: &mut impl Db,
    id: Uuid,
    kind: &str,
    scope: Option<&str>,
    key: &str,
) -> Result<Option<Record>> {
    let rows = q!(
        db,
        fetch_all as (String, String, String),
        sql!(
            "SELECT scope, key, body FROM live_records WHERE live_id = $1 AND kind = $2 AND key = $3
             AND ($4 = 0 OR scope = $5) ORDER BY position LIMIT 1"
        ),
        id,
        kind,
        key,
        i64::from(scope.is_some()),
        scope.unwrap_or("")
    )?;
    Ok(read(rows)?.pop())
}

/// Keeps a new record. After [`lock`].
pub async fn insert(tx: &mut Tx, id: Uuid, bounds: Bounds, new: NewRecord<'_>) -> Result<Kept> {
    let body = new.body.to_string();
    let size = size(new.key, &body);
    let place = q!(
        tx,
        fetch_optional as (i64,),
        sql!(
            "UPDATE lives SET records = records + 1, bytes = bytes + $2, position = position + 1
             WHERE id = $1 AND records < $3 AND bytes + $2 <= $4 RETURNING position"
        ),
        id,
        size,
        bounds.records,
        bounds.bytes
    )?;
    let Some((position,)) = place else { return Ok(Kept::Full) };
    let kept = q!(
        tx,
        sql!(
            "INSERT INTO live_records (live_id, kind, scope, key, position, body) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (live_id, kind, scope, key) DO NOTHING"
        ),
        id,
        new.kind,
        new.scope,
        new.key,
        position,
        &body
    )?;
    if kept == 0 {
        count(tx, id, -1, -size).await?;
        return Ok(Kept::Taken);
    }
    Ok(Kept::Done)
}

/// Gives a record another body. After [`lock`].
pub async fn replace(tx: &mut Tx, id: Uuid, bounds: Bounds, new: NewRecord<'_>) -> Result<Kept> {
    let body = new.body.to_string();
    let before = q!(
        tx,
        fetch_optional as (String,),
        sql!("SELECT body FROM live_records WHERE live_id = $1 AND kind = $2 AND scope = $3 AND key = $4"),
        id,
        new.kind,
        new.scope,
        new.key
    )?;
    let Some((before,)) = before else { return Ok(Kept::Done) };
    let more = size(new.key, &body) - size(new.key, &before);
    let room = q!(
        tx,
        sql!("UPDATE lives SET bytes = bytes + $2 WHERE id = $1 AND ($2 <= 0 OR bytes + $2 <= $3)"),
        id,
        more,
        bounds.bytes
    )?;
    if room == 0 {
        return Ok(Kept::Full);
    }
    q!(
        tx,
        sql!(
            "UPDATE live_records SET body = $5 WHERE live_id = $1 AND kind = $2 AND scope = $3 AND key = $4"
        ),
        id,
        new.kind,
        new.scope,
        new.key,
        &body
    )?;
    Ok(Kept::Done)
}

/// Removes a record, and all that lie under the path `below`. After [`lock`].
pub async fn remove(tx: &mut Tx, id: Uuid, kind: &str, scope: &str, key: &str, below: &str) -> Result<()> {
    let gone = q!(
        tx,
        fetch_all as (String, String),
        sql!(
            "DELETE FROM live_records WHERE live_id = $1 AND ((kind = $2 AND scope = $3 AND key = $4) OR scope = $5
             OR substr(scope, 1, length($6)) = $6) RETURNING key, body"
        ),
        id,
        kind,
        scope,
        key,
        below,
        format!("{below}/")
    )?;
    let bytes: i64 = gone.iter().map(|(key, body)| size(key, body)).sum();
    count(tx, id, -i64::try_from(gone.len()).unwrap_or(i64::MAX), -bytes).await
}

/// 1, 2, 3 … for each kind. After [`lock`].
pub async fn next_number(tx: &mut Tx, id: Uuid, kind: &str) -> Result<i64> {
    let (number,) = q!(
        tx,
        fetch_one as (i64,),
        sql!(
            "INSERT INTO live_numbers (live_id, kind, newest) VALUES ($1, $2, 1)
             ON CONFLICT (live_id, kind) DO UPDATE SET newest = live_numbers.newest + 1 RETURNING newest"
        ),
        id,
        kind
    )?;
    Ok(number)
}

async fn count(tx: &mut Tx, id: Uuid, records: i64, bytes: i64) -> Result<()> {
    q!(
        tx,
        sql!("UPDATE lives SET records = records + $2, bytes = bytes + $3 WHERE id = $1"),
        id,
        records,
        bytes
    )?;
    Ok(())
}

fn size(key: &str, body: &str) -> i64 {
    i64::try_from(key.len() + body.len()).unwrap_or(i64::MAX)
}
