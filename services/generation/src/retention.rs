//! Keeps the house, in every process and at any time: deletes ended generations after the time that the setting names,
//! uploads that nobody used and objects that no row names, and moves long results out of their rows.

use std::time::Duration;

use aether_boot::Deps;
use aether_common::id::GenerationId;
use aether_store::texts;
use chrono::TimeDelta;
use futures::{StreamExt, pin_mut};

use crate::uploads::{ORPHAN_AGE, Uploads};

/// How often it looks.
const PERIOD: Duration = Duration::from_hours(1);
/// Storage that is listed costs money in the clouds: it is done each so many periods.
const ORPHAN_PERIODS: u32 = 24;
/// Rows that one transaction deletes.
const BATCH: i64 = 200;

/// Begins to look, now and every hour, on the process's tracker.
pub fn start(deps: &Deps, uploads: &Uploads) {
    let (deps, uploads) = (deps.clone(), uploads.clone());
    let shutdown = deps.lifecycle.shutdown.clone();
    let tasks = deps.lifecycle.tasks.clone();
    tasks.spawn(async move {
        let mut period = 0_u32;
        loop {
            let look = async {
                report("generations", sweep(&deps).await);
                report("long results", put_away(&deps).await);
                report("uploads", uploads.sweep_expired().await);
                if period.is_multiple_of(ORPHAN_PERIODS) {
                    report("upload objects", uploads.sweep_orphans().await);
                    report("result objects", sweep_orphans(&deps).await);
                }
                tokio::time::sleep(PERIOD).await;
            };
            tokio::select! {
                () = look => period = period.wrapping_add(1),
                () = shutdown.cancelled() => return,
            }
        }
    });
}

/// Deletes the generations that ended before the time of the setting, except what is starred or shared; answers how many.
/// Without the setting nothing is deleted.
pub async fn sweep(deps: &Deps) -> aether_store::Result<usize> {
    let Some(days) = deps.settings.retention_days else { return Ok(0) };
    let before = deps.clock.now() - TimeDelta::days(i64::from(days));
    let mut swept = 0;
    loop {
        let mut tx = deps.store.begin().await?;
        let (deleted, keys) = texts::delete_ended_before(&mut tx, before, BATCH).await?;
        tx.save().await?;
        for key in keys {
            texts::forget(&deps.objects, &key).await;
        }
        swept += deleted;
        if deleted == 0 {
            return Ok(swept);
        }
    }
}

/// Moves long results out of their rows; answers how many.
pub async fn put_away(deps: &Deps) -> aether_store::Result<usize> {
    let mut moved = 0;
    loop {
        let ids = {
            let mut db = deps.store.conn().await?;
            texts::list_long(&mut db, BATCH).await?
        };
        if ids.is_empty() {
            return Ok(moved);
        }
        for id in ids {
            moved += usize::from(texts::put_away(&deps.store, id).await?);
        }
    }
}

/// Deletes results that no row names: their account was deleted, or a process ended between object and row.
pub async fn sweep_orphans(deps: &Deps) -> aether_store::Result<usize> {
    let mut swept = 0;
    let keys = deps.objects.list_before(texts::FOLDER, deps.clock.now() - ORPHAN_AGE);
    pin_mut!(keys);
    while let Some(key) = keys.next().await {
        let key = key?;
        let ours = key.rsplit('/').next().is_some_and(|name| name.parse::<GenerationId>().is_ok());
        let mut db = deps.store.conn().await?;
        if ours && !texts::is_named(&mut db, &key).await? {
            texts::forget(&deps.objects, &key).await;
            swept += 1;
        }
    }
    Ok(swept)
}

fn report(what: &'static str, swept: aether_store::Result<usize>) {
    match swept {
        Ok(0) => {}
        Ok(count) => tracing::info!(event = "swept", what, count, "tidied"),
        Err(error) => {
            tracing::warn!(event = "sweep_failed", what, %error, "what is old stays until the next time");
        }
    }
}
