//! Long results, moved out of their rows into the object storage. Ending a generation never waits for that storage: its text
//! is in the row first and moved later, the object before the row that names it. Reads put both together.

use aether_common::id::GenerationId;

use crate::{
    error::{Result, StoreError},
    objects::Objects,
    sql::{q, sql},
    tx::{Db, Store, Tx},
};

/// The folder of the objects.
pub const FOLDER: &str = "results";
/// What stays in the row, in bytes: as much as is searched. A longer text is moved; the index of the migration says the same.
pub const HEAD_BYTES: usize = 256 * 1024;

/// Up to `limit` generations that have ended and whose text is longer than what stays in the row.
pub async fn list_long(db: &mut impl Db, limit: i64) -> Result<Vec<GenerationId>> {
    let rows = q!(
        db,
        fetch_all as (uuid::Uuid,),
        sql!(
            "SELECT id FROM generations WHERE result_key IS NULL AND octet_length(result) > 262144
             AND completed_at IS NOT NULL ORDER BY id LIMIT $1"
        ),
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| GenerationId(id)).collect())
}

/// Moves the text of this generation, which has ended and so never changes. Safe in several processes at once; a generation
/// that is deleted meanwhile leaves nothing behind. `false` when there was nothing to move.
pub async fn put_away(store: &Store, id: GenerationId) -> Result<bool> {
    let objects = store.objects().ok_or_else(no_storage)?;
    let row = {
        let mut db = store.conn().await?;
        q!(
            &mut db,
            fetch_optional as (String,),
            sql!(
                "SELECT result FROM generations WHERE id = $1 AND result_key IS NULL AND completed_at IS NOT NULL"
            ),
            id.0
        )?
    };
    let Some((text,)) = row.filter(|(text,)| text.len() > HEAD_BYTES) else { return Ok(false) };
    let key = format!("{FOLDER}/{id}");
    let head = text[..text.floor_char_boundary(HEAD_BYTES)].to_owned();
    objects.put(&key, text.into_bytes()).await?;
    let mut db = store.conn().await?;
    let changed = q!(
        &mut db,
        sql!("UPDATE generations SET result = $2, result_key = $3 WHERE id = $1 AND result_key IS NULL"),
        id.0,
        head,
        key.as_str()
    )?;
    if changed == 0 && !is_named(&mut db, &key).await? {
        objects.delete(&key).await?;
    }
    Ok(changed == 1)
}

/// Deletes a generation, its job and its object. The caller has checked that it may. What the storage does not delete now is
/// swept later.
pub async fn delete(store: &Store, id: GenerationId) -> Result<bool> {
    let mut tx = store.begin().await?;
    // The job first, as everyone who changes both does: else whoever ends it now waits for us, and we for them.
    q!(&mut tx, sql!("DELETE FROM jobs WHERE generation_id = $1"), id.0)?;
    let row = q!(
        &mut tx,
        fetch_optional as (Option<String>,),
        sql!("DELETE FROM generations WHERE id = $1 RETURNING result_key"),
        id.0
    )?;
    tx.save().await?;
    let Some((key,)) = row else { return Ok(false) };
    if let (Some(key), Some(objects)) = (key, store.objects()) {
        forget(&objects, &key).await;
    }
    Ok(true)
}

/// Deletes up to `limit` generations that ended before a time, the oldest first, except what is starred or shared; answers
/// how many, and the keys of objects that are to be [forgotten](forget) after the commit. Several processes may do so at
/// once: each takes what no other one has.
pub async fn delete_ended_before(
    tx: &mut Tx,
    before: chrono::DateTime<chrono::Utc>,
    limit: i64,
) -> Result<(usize, Vec<String>)> {
    let rows = q!(
        tx,
        fetch_all as (Option<String>,),
        sql!(
            "DELETE FROM generations WHERE id IN (SELECT g.id FROM generations g WHERE g.completed_at < $1 AND NOT g.starred
             AND NOT EXISTS (SELECT 1 FROM shares s WHERE s.generation_id = g.id) ORDER BY g.completed_at, g.id LIMIT $2"
            [pg " FOR UPDATE SKIP LOCKED"] [sq ""] ") RETURNING result_key"
        ),
        before,
        limit
    )?;
    Ok((rows.len(), rows.into_iter().filter_map(|(key,)| key).collect()))
}

/// Whether a row names this object.
pub async fn is_named(db: &mut impl Db, key: &str) -> Result<bool> {
    let row = q!(
        db,
        fetch_optional as (uuid::Uuid,),
        sql!("SELECT id FROM generations WHERE result_key = $1"),
        key
    )?;
    Ok(row.is_some())
}

/// Deletes an object that no row names any more. A failure is only logged: what is left is swept later.
pub async fn forget(objects: &Objects, key: &str) {
    if let Err(error) = objects.delete(key).await {
        tracing::warn!(event = "object_left", key, %error, "an object that nobody needs is left for the next sweep");
    }
}

/// The whole text: what the row holds, or the object that it names.
pub(crate) async fn whole(objects: Option<Objects>, head: String, key: Option<String>) -> Result<String> {
    let Some(key) = key else { return Ok(head) };
    let bytes = objects.ok_or_else(no_storage)?.get(&key).await?;
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| StoreError::Unavailable(format!("object storage: {key} is not there or damaged")))
}

fn no_storage() -> StoreError {
    StoreError::Unavailable("object storage: this process has none".into())
}
