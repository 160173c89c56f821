//! What can go wrong with the database, as values.

use aether_common::problem::Problem;

/// The result of a query.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// A query failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique value is taken, or what the row leans on is gone. The backends do not agree on naming the index, so none is
    /// named.
    #[error("a unique value is taken, or what the row leans on is gone")]
    Conflict,
    /// The database cannot be reached, or did not answer in time.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// A row holds what no version of this program writes.
    #[error("table {table}, column {column}: {value:?} is not a known value")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What it holds.
        value: String,
    },
    /// A defect of ours: wrong SQL, wrong types, a broken migration.
    #[error("database: {0}")]
    Defect(String),
    /// The setting cannot be used.
    #[error("{0}")]
    Setting(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            // What a row leans on can go while the row is being written: to the caller, somebody was faster.
            sqlx::Error::Database(db) if db.is_unique_violation() || db.is_foreign_key_violation() => {
                Self::Conflict
            }
            // SQLite: busy (5), locked (6), full (13), cannot open (14). PostgreSQL: classes 08, 53, 57, and 40, whose
            // transaction gave way to another one (a deadlock) and may be tried again.
            sqlx::Error::Database(db)
                if db.code().is_some_and(|code| {
                    matches!(&*code, "5" | "6" | "13" | "14" | "517")
                        || ["08", "40", "53", "57"]
                            .iter()
                            .any(|class| code.len() == 5 && code.starts_with(class))
                }) =>
            {
                Self::Unavailable(error.to_string())
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Tls(_) => Self::Unavailable(error.to_string()),
            _ => Self::Defect(error.to_string()),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::conflict("conflict", "Somebody was faster: this exists already or has changed.")
            }
            StoreError::Unavailable(cause) => Self::unavailable(cause),
            other => Self::internal(other),
        }
    }
}
