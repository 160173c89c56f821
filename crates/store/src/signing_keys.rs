//! The table `signing_keys`: the keys of access tokens, sealed by the auth service before they come here.

use chrono::{DateTime, Utc};

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::Db,
};

/// A kept key.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The `kid` of tokens.
    pub id: String,
    /// What it is used for.
    pub state: KeyState,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
}

/// What a key is used for. All of them verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, to sign later.
    Next,
    /// Signs.
    Current,
    /// Signs no more.
    Retired,
}

/// Keeps the key as the current one, unless there is a current one: of several that start at once, one wins.
pub async fn create_current(db: &mut impl Db, id: &str, sealed: &[u8], now: DateTime<Utc>) -> Result<bool> {
    let made = q!(
        db,
        sql!(
            "INSERT INTO signing_keys (id, state, sealed, created_at) VALUES ($1, 'current', $2, $3)
             ON CONFLICT DO NOTHING"
        ),
        id,
        sealed,
        now
    )?;
    Ok(made == 1)
}

/// Every key, the newest first.
pub async fn list(db: &mut impl Db) -> Result<Vec<StoredKey>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: String,
        state: String,
        sealed: Vec<u8>,
    }
    let rows = q!(
        db,
        fetch_all as Row,
        sql!("SELECT id, state, sealed FROM signing_keys ORDER BY created_at DESC, id")
    )?;
    let keys = rows.into_iter().map(|row| {
        let state = match row.state.as_str() {
            "next" => KeyState::Next,
            "current" => KeyState::Current,
            "retired" => KeyState::Retired,
            _ => {
                return Err(StoreError::Inconsistent {
                    table: "signing_keys",
                    column: "state",
                    value: row.state,
                });
            }
        };
        Ok(StoredKey { id: row.id, state, sealed: row.sealed })
    });
    keys.collect()
}
