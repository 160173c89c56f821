//! Forgets what is over, in every process and at any time: sessions, tokens, exports, and old entries of the audit log.

use std::time::Duration;

use aether_boot::Deps;
use aether_store::{Result, audit, one_time_tokens, sessions, token_cuts};
use chrono::TimeDelta;
use tokio::time::sleep;

use crate::domain::{audit::Audit, export::Exports};

/// How often it looks.
const PERIOD: Duration = Duration::from_hours(1);
/// Storage that is listed costs money in the clouds: it is done each so many periods.
const ORPHAN_PERIODS: u32 = 24;
/// How long sessions stay after their time, so that their tokens are still called ended and not unknown.
const KEEP_ENDED: TimeDelta = TimeDelta::days(7);
/// Cuts are of no use when no token of before them can be alive, on any machine's clock.
const KEEP_CUTS: TimeDelta = TimeDelta::hours(1);
/// Entries of the audit log that one transaction deletes.
const BATCH: i64 = 500;

/// What is forgotten; cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    deps: Deps,
    exports: Exports,
}

impl Upkeep {
    /// Upkeep of what these dependencies keep.
    pub fn new(deps: &Deps, exports: Exports) -> Self {
        Self { deps: deps.clone(), exports }
    }

    /// The same beside no service: for whoever moves the clock.
    pub fn alone(deps: &Deps) -> Self {
        Self::new(deps, Exports::new(deps, Audit::new(deps.clock.clone(), deps.ids.clone())))
    }

    /// Begins to look, every hour, on the process's tracker.
    pub fn start(self) {
        let shutdown = self.deps.lifecycle.shutdown.clone();
        let tasks = self.deps.lifecycle.tasks.clone();
        tasks.spawn(async move {
            let mut period = 0_u32;
            loop {
                let look = async {
                    sleep(PERIOD).await;
                    self.look(period.is_multiple_of(ORPHAN_PERIODS)).await;
                };
                tokio::select! {
                    () = look => period = period.wrapping_add(1),
                    () = shutdown.cancelled() => return,
                }
            }
        });
    }

    /// Forgets what is over now; `orphans`: also objects that no row names.
    pub async fn look(&self, orphans: bool) {
        report("sessions and tokens", self.forget_tokens().await);
        report("exports", self.exports.sweep_expired().await);
        report("audit entries", self.forget_audit().await);
        if orphans {
            report("export objects", self.exports.sweep_orphans().await);
        }
    }

    async fn forget_tokens(&self) -> Result<usize> {
        let (mut db, now) = (self.deps.store.conn().await?, self.deps.clock.now());
        one_time_tokens::purge(&mut db, now).await?;
        token_cuts::purge(&mut db, now - KEEP_CUTS).await?;
        let sessions = sessions::purge(&mut db, now - KEEP_ENDED).await?;
        Ok(usize::try_from(sessions).unwrap_or(usize::MAX))
    }

    async fn forget_audit(&self) -> Result<usize> {
        let before = self.deps.clock.now() - TimeDelta::days(i64::from(self.deps.settings.audit_days));
        let mut forgotten = 0;
        loop {
            let purged = audit::purge(&mut self.deps.store.conn().await?, before, BATCH).await?;
            forgotten += usize::try_from(purged).unwrap_or(usize::MAX);
            if purged == 0 {
                return Ok(forgotten);
            }
        }
    }
}

fn report(what: &'static str, forgotten: Result<usize>) {
    match forgotten {
        Ok(0) => {}
        Ok(count) => tracing::info!(event = "forgotten", what, count, "forgot what is over"),
        Err(error) => {
            tracing::warn!(event = "not_forgotten", what, %error, "what is over stays until the next time");
        }
    }
}
