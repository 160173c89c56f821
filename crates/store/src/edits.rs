//! Versions that people make by hand: rows of `generations` that were never jobs.

use aether_common::{
    id::{GenerationId, RoomId, UserId},
    model::generation::{Kind, Metadata},
};
use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::{
    error::Result,
    search,
    sql::{q, sql},
    tx::Tx,
};

/// A generation that is complete when it begins.
#[derive(Debug)]
pub struct NewEdit<'a> {
    /// Identity.
    pub id: GenerationId,
    /// Who made it.
    pub user_id: UserId,
    /// What its parent is.
    pub kind: Kind,
    /// A few words for lists.
    pub title: &'a str,
    /// What was done.
    pub prompt: &'a str,
    /// The whole text.
    pub result: &'a str,
    /// The programming language that its parent was asked for.
    pub language: Option<&'a str>,
    /// The version that it is made from.
    pub parent_id: GenerationId,
    /// The room it belongs to.
    pub room_id: Option<RoomId>,
    /// Its files and what is wrong with them.
    pub metadata: &'a Metadata,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Keeps it, completed; its one event has the position 1-1. [`StoreError::Conflict`](crate::StoreError) when its parent or
/// its room is gone.
pub async fn create(tx: &mut Tx, new: &NewEdit<'_>) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO generations (id, user_id, type, title, prompt, result, language, parent_id, room_id, metadata,
             created_at, completed_at, status, progress, attempt, last_seq)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 'completed', 100, 1, 1)"
        ),
        new.id.0,
        new.user_id.0,
        new.kind.as_str(),
        new.title,
        new.prompt,
        new.result,
        new.language,
        new.parent_id.0,
        new.room_id.map(|id| id.0),
        Json(new.metadata),
        new.at,
    )?;
    search::refresh(tx, new.id).await
}
