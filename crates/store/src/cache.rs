//! The table `generation_cache`: which generation makes, or has made, the answer to equal requests. It holds no text: the
//! answer is its generation's result, and goes with it.

use aether_common::id::GenerationId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// Who answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// Nobody has: the generation that asked shall make the answer, and is noted for it.
    Nobody,
    /// This generation makes it now.
    Flight(GenerationId),
    /// This generation has made it.
    Kept(GenerationId),
}

/// How often a look is tried again when somebody else changed the entry in between.
const MAX_LOOKS: usize = 3;

/// Finds who answers requests of this key; when nobody does, `asker` is noted, so exactly one of equal requests makes the
/// call. Answers made before `oldest` are not given again.
pub async fn look(
    tx: &mut Tx,
    key: &str,
    asker: GenerationId,
    now: DateTime<Utc>,
    oldest: DateTime<Utc>,
) -> Result<Answerer> {
    for _ in 0..MAX_LOOKS {
        let noted = q!(
            tx,
            sql!(
                "INSERT INTO generation_cache (key, generation_id, state, made_at) VALUES ($1, $2, 'flight', $3)
                 ON CONFLICT DO NOTHING"
            ),
            key,
            asker.0,
            now
        )?;
        if noted == 1 {
            return Ok(Answerer::Nobody);
        }
        let found = q!(
            tx,
            fetch_optional as (Uuid, String, DateTime<Utc>, String),
            sql!(
                "SELECT c.generation_id, c.state, c.made_at, g.status FROM generation_cache c
                 JOIN generations g ON g.id = c.generation_id WHERE c.key = $1"
            ),
            key
        )?;
        let Some((id, state, made_at, status)) = found else { continue };
        match (state.as_str(), status.as_str()) {
            _ if id == asker.0 => return Ok(Answerer::Nobody),
            ("kept", "completed") if made_at >= oldest => return Ok(Answerer::Kept(GenerationId(id))),
            ("flight", "queued" | "running") => return Ok(Answerer::Flight(GenerationId(id))),
            // It failed, was cancelled or is too old.
            _ => {}
        }
        if replace(tx, key, GenerationId(id), asker, now).await? {
            return Ok(Answerer::Nobody);
        }
    }
    // So much changes here that nobody can be relied on: one call too many is better than none.
    Ok(Answerer::Nobody)
}

/// Notes `by` in place of `old`, which does not go on. `false`: somebody else was faster.
pub async fn replace(
    db: &mut impl Db,
    key: &str,
    old: GenerationId,
    by: GenerationId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "UPDATE generation_cache SET generation_id = $3, state = 'flight', made_at = $4
             WHERE key = $1 AND generation_id = $2"
        ),
        key,
        old.0,
        by.0,
        now
    )?;
    Ok(changed == 1)
}

/// The answer that this generation was noted for can be given again. In the transaction that completes it.
pub async fn keep(tx: &mut Tx, key: &str, maker: GenerationId, now: DateTime<Utc>) -> Result<()> {
    q!(
        tx,
        sql!(
            "UPDATE generation_cache SET state = 'kept', made_at = $3 WHERE key = $1 AND generation_id = $2"
        ),
        key,
        maker.0,
        now
    )?;
    Ok(())
}

/// The generation's answer shall not be given again, or there is none.
pub async fn drop(db: &mut impl Db, key: &str, maker: GenerationId) -> Result<()> {
    q!(db, sql!("DELETE FROM generation_cache WHERE key = $1 AND generation_id = $2"), key, maker.0)?;
    Ok(())
}

/// Deletes entries made before `oldest` and, of the rest, all but the newest `max`. Answers how many went.
pub async fn prune(db: &mut impl Db, oldest: DateTime<Utc>, max: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "DELETE FROM generation_cache WHERE made_at < $1 OR made_at <
             (SELECT made_at FROM generation_cache ORDER BY made_at DESC LIMIT 1 OFFSET $2 - 1)"
        ),
        oldest,
        max
    )?)
}
