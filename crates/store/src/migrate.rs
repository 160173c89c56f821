//! Brings the schema up to date, under a lock: PostgreSQL's advisory lock, or a lock file beside the SQLite file.

use std::hash::{DefaultHasher, Hash, Hasher};

use sqlx::migrate::Migrator;

use crate::{
    error::{Result, StoreError},
    search,
    tx::{Pool, Store},
};

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

impl Store {
    /// Runs the migrations that have not run yet.
    pub async fn migrate(&self) -> Result<()> {
        let done = match &self.pool {
            Pool::Pg(pool) => POSTGRES.run(pool).await,
            Pool::Sq(pool) => {
                let _lock = lock_file(pool).await?;
                SQLITE.run(pool).await
            }
        };
        done.map_err(|error| StoreError::Defect(format!("migration: {error}")))?;
        search::index_missing(self).await
    }
}

/// Names the schema that this build makes, in 16 hex digits: another as soon as one migration is another.
pub fn schema_name() -> String {
    let mut hasher = DefaultHasher::new();
    for migration in POSTGRES.iter().chain(SQLITE.iter()) {
        (migration.version, &migration.checksum).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Two processes that start at once on one SQLite file migrate one after the other. The lock ends with the handle.
async fn lock_file(pool: &sqlx::SqlitePool) -> Result<Option<std::fs::File>> {
    let path = pool.connect_options().get_filename().to_owned();
    if path.as_os_str().is_empty() || path.to_string_lossy().contains(":memory:") {
        return Ok(None);
    }
    let path = path.with_extension("migrate.lock");
    let locked = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::create(&path)?;
        file.lock()?;
        std::io::Result::Ok(file)
    })
    .await;
    match locked {
        Ok(Ok(file)) => Ok(Some(file)),
        Ok(Err(error)) => Err(StoreError::Unavailable(format!("migration lock: {error}"))),
        Err(error) => Err(StoreError::Defect(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_folders_hold_the_same_versions() {
        let names =
            |m: &Migrator| m.iter().map(|one| (one.version, one.description.to_string())).collect::<Vec<_>>();
        assert_eq!(names(&POSTGRES), names(&SQLITE));
        assert!(!names(&SQLITE).is_empty());
    }
}
