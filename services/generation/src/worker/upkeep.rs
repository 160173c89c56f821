//! What is done beside the jobs, in every process: measuring the queue, and letting go of kept answers.

use std::time::Duration;

use aether_store::{cache, jobs};
use chrono::TimeDelta;

use super::Worker;

const EVERY: Duration = Duration::from_secs(5);
/// Kept answers are bounded once in so many rounds.
const PRUNE_ROUNDS: u64 = 12;
/// How many answers are kept; of more the oldest go.
const MAX_KEPT: i64 = 10_000;

impl Worker {
    /// Until the process stops.
    pub(super) async fn keep_up(self) {
        let shutdown = self.deps.lifecycle.shutdown.clone();
        let mut round = 0_u64;
        loop {
            if let Err(error) = self.measure().await {
                tracing::debug!(%error, "the queue cannot be measured");
            }
            if round.is_multiple_of(PRUNE_ROUNDS)
                && let Err(error) = self.prune().await
            {
                tracing::warn!(%error, "old answers cannot be let go");
            }
            round += 1;
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no queue is longer than 2^52")]
    async fn measure(&self) -> aether_store::Result<()> {
        let mut db = self.deps.store.conn().await?;
        metrics::gauge!("generation_queue_depth").set(jobs::count_ready(&mut db).await? as f64);
        metrics::gauge!("generation_jobs_running").set(self.load() as f64);
        Ok(())
    }

    async fn prune(&self) -> aether_store::Result<()> {
        let oldest = self.deps.clock.now() - TimeDelta::hours(i64::from(self.deps.settings.cache_hours));
        let mut db = self.deps.store.conn().await?;
        cache::prune(&mut db, oldest, MAX_KEPT).await?;
        Ok(())
    }
}
