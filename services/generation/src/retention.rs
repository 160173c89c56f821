//! Deletes what is old, in every process and at any time: ended generations after the time that the setting names, and
//! uploads that nobody used.

use std::time::Duration;

use aether_boot::Deps;
use aether_store::generations;
use chrono::TimeDelta;

use crate::uploads::Uploads;

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
                report("uploads", uploads.sweep_expired().await);
                if period.is_multiple_of(ORPHAN_PERIODS) {
                    report("objects", uploads.sweep_orphans().await);
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
        let deleted = generations::delete_ended_before(&mut tx, before, BATCH).await?;
        tx.save().await?;
        swept += usize::try_from(deleted).unwrap_or(usize::MAX);
        if deleted == 0 {
            return Ok(swept);
        }
    }
}

fn report(what: &'static str, swept: aether_store::Result<usize>) {
    match swept {
        Ok(0) => {}
        Ok(count) => tracing::info!(event = "swept", what, count, "deleted what is old"),
        Err(error) => {
            tracing::warn!(event = "sweep_failed", what, %error, "what is old stays until the next time");
        }
    }
}
