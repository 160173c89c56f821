//! The table `shares`: links that show one generation to whoever has them. Only the hash of a link's token is kept, and a
//! seed from which the server, with a key that is not here, makes the same token again.

use aether_common::{
    id::{GenerationId, UserId},
    model::generation::Generation,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::Result,
    generations,
    sql::{q, sql},
    tx::{Db, Tx},
};

/// A link that is to be kept.
#[derive(Debug)]
pub struct NewShare<'a> {
    /// What it shows.
    pub generation_id: GenerationId,
    /// SHA-256 of its token.
    pub token_hash: &'a [u8],
    /// What its token is made from.
    pub seed: &'a [u8],
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// Keeps the link, unless the generation has one; answers the seed of the one that is there then.
pub async fn create(tx: &mut Tx, new: &NewShare<'_>) -> Result<Vec<u8>> {
    q!(
        tx,
        sql!(
            "INSERT INTO shares (generation_id, token_hash, seed, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (generation_id) DO NOTHING"
        ),
        new.generation_id.0,
        new.token_hash,
        new.seed,
        new.created_at
    )?;
    let (seed,) = q!(
        tx,
        fetch_one as (Vec<u8>,),
        sql!("SELECT seed FROM shares WHERE generation_id = $1"),
        new.generation_id.0
    )?;
    Ok(seed)
}

/// Ends the link, if there is one.
pub async fn delete(db: &mut impl Db, generation: GenerationId) -> Result<()> {
    q!(db, sql!("DELETE FROM shares WHERE generation_id = $1"), generation.0)?;
    Ok(())
}

/// The generation that the token of this hash shows.
pub async fn find(db: &mut impl Db, token_hash: &[u8]) -> Result<Option<Generation>> {
    let row = q!(
        db,
        fetch_optional as (Uuid, Uuid),
        sql!(
            "SELECT g.id, g.user_id FROM shares s JOIN generations g ON g.id = s.generation_id WHERE s.token_hash = $1"
        ),
        token_hash
    )?;
    let Some((id, starter)) = row else { return Ok(None) };
    generations::find(db, UserId(starter), GenerationId(id)).await
}
