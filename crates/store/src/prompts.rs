//! The tables `prompt_versions` and `prompt_steps`: administrators' own prompt templates, and which one is in use. Both only
//! grow, so every result's `promptVersion` can be looked up. What a text must hold is the generation service's rule.

use aether_common::{
    id::{RowId, UserId},
    model::generation::Kind,
    page::Cursor,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

/// A text to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewPrompt<'a> {
    /// Identity, for lists.
    pub id: RowId,
    /// What it asks for.
    pub kind: Kind,
    /// Number of the built-in template now.
    pub base: u32,
    /// The template.
    pub text: &'a str,
    /// Why it was written.
    pub note: Option<&'a str>,
    /// Who writes it.
    pub user_id: UserId,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// A kept text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Identity, for lists.
    pub id: RowId,
    /// Counts from 1 within a kind.
    pub number: u32,
    /// Number of the built-in template when it was written.
    pub base: u32,
    /// The template; `None` in lists.
    pub text: Option<String>,
    /// Length of the text in bytes.
    pub bytes: u64,
    /// Why it was written.
    pub note: Option<String>,
    /// Who wrote it; `None` when they have no account any more.
    pub user_id: Option<UserId>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// What was put in use last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// For this kind.
    pub kind: Kind,
    /// The text; `None` is the built-in one.
    pub prompt: Option<InUse>,
    /// Who did it; `None` when they have no account any more.
    pub user_id: Option<UserId>,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The text in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// Its number.
    pub number: u32,
    /// Number of the built-in template when it was written.
    pub base: u32,
    /// The template.
    pub text: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    base: i64,
    text: Option<String>,
    bytes: i64,
    note: Option<String>,
    user_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

/// Keeps a text and answers its number. [`StoreError::Conflict`] when somebody kept another one at the same time.
pub async fn create(tx: &mut Tx, new: &NewPrompt<'_>) -> Result<u32> {
    let (number,) = q!(
        tx,
        fetch_one as (i64,),
        sql!(
            "INSERT INTO prompt_versions (id, type, number, base, text, note, user_id, created_at)
             SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7 FROM prompt_versions WHERE type = $2
             RETURNING number"
        ),
        new.id.0,
        new.kind.as_str(),
        i64::from(new.base),
        new.text,
        new.note,
        new.user_id.0,
        new.created_at
    )?;
    small("number", number)
}

/// Puts a kept text in use, or with `None` the built-in one. [`StoreError::Conflict`] when somebody did so at the same time.
pub async fn put_in_use(
    tx: &mut Tx,
    kind: Kind,
    number: Option<u32>,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<()> {
    q!(
        tx,
        sql!(
            "INSERT INTO prompt_steps (type, step, number, user_id, created_at)
             SELECT $1, coalesce(max(step), 0) + 1, $2, $3, $4 FROM prompt_steps WHERE type = $1"
        ),
        kind.as_str(),
        number.map(i64::from),
        user.0,
        now
    )?;
    Ok(())
}

/// What was put in use last, of every kind that something was put in use for.
pub async fn list_in_use(db: &mut impl Db) -> Result<Vec<Step>> {
    #[derive(sqlx::FromRow)]
    struct StepRow {
        r#type: String,
        number: Option<i64>,
        base: Option<i64>,
        text: Option<String>,
        user_id: Option<Uuid>,
        created_at: DateTime<Utc>,
    }
    let rows = q!(
        db,
        fetch_all as StepRow,
        sql!(
            "SELECT s.type, s.number, v.base, v.text, s.user_id, s.created_at FROM prompt_steps s
             LEFT JOIN prompt_versions v ON v.type = s.type AND v.number = s.number
             WHERE s.step = (SELECT max(l.step) FROM prompt_steps l WHERE l.type = s.type) ORDER BY s.type"
        )
    )?;
    let steps = rows.into_iter().map(|row| {
        let Some(kind) = Kind::parse(&row.r#type) else {
            return Err(StoreError::Inconsistent {
                table: "prompt_steps",
                column: "type",
                value: row.r#type,
            });
        };
        let prompt = match (row.number, row.base, row.text) {
            (Some(number), Some(base), Some(text)) => {
                Some(InUse { number: small("number", number)?, base: small("base", base)?, text })
            }
            _ => None,
        };
        Ok(Step { kind, prompt, user_id: row.user_id.map(UserId), created_at: row.created_at })
    });
    steps.collect()
}

/// A kept text.
pub async fn find(db: &mut impl Db, kind: Kind, number: u32) -> Result<Option<Prompt>> {
    let row = q!(
        db,
        fetch_optional as Row,
        sql!(
            "SELECT id, number, base, text, " [pg "octet_length(text)::bigint"] [sq "octet_length(text)"]
            " AS bytes, note, user_id, created_at FROM prompt_versions WHERE type = $1 AND number = $2"
        ),
        kind.as_str(),
        i64::from(number)
    )?;
    row.map(Row::prompt).transpose()
}

/// The kept texts of a kind, the newest first, one more than `limit` when there are more.
pub async fn list(db: &mut impl Db, kind: Kind, after: Option<Cursor>, limit: usize) -> Result<Vec<Prompt>> {
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            "SELECT id, number, base, NULL AS text, " [pg "octet_length(text)::bigint"] [sq "octet_length(text)"]
            " AS bytes, note, user_id, created_at FROM prompt_versions
             WHERE type = $1 AND ($2 IS NULL OR (created_at, id) < ($2, $3))
             ORDER BY created_at DESC, id DESC LIMIT $4"
        ),
        kind.as_str(),
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
    )?;
    rows.into_iter().map(Row::prompt).collect()
}

impl Row {
    fn prompt(self) -> Result<Prompt> {
        Ok(Prompt {
            id: RowId(self.id),
            number: small("number", self.number)?,
            base: small("base", self.base)?,
            text: self.text,
            bytes: u64::try_from(self.bytes).unwrap_or(0),
            note: self.note,
            user_id: self.user_id.map(UserId),
            created_at: self.created_at,
        })
    }
}

fn small(column: &'static str, value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| StoreError::Inconsistent {
        table: "prompt_versions",
        column,
        value: value.to_string(),
    })
}
