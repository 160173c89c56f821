//! Start to stop: everything that runs beside a request runs on one tracker, and ends when one token says so.

use std::time::Duration;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a stopping process waits for what it has begun (CONTRACT.md: drain takes at most 30 s).
pub const DRAIN: Duration = Duration::from_secs(30);

/// A cheap handle on the process's life.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    /// Cancelled when the process is asked to stop: take no new work, hand over or finish what runs.
    pub shutdown: CancellationToken,
    /// Every task that the stop waits for.
    pub tasks: TaskTracker,
}

impl Lifecycle {
    /// A life that has just begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops: cancels the token and waits, at most [`DRAIN`], until every task has ended. `false` when some had to be left.
    pub async fn stop(&self) -> bool {
        self.stop_within(DRAIN).await
    }

    /// The same in less time: some of it went by with open requests.
    pub async fn stop_within(&self, time: Duration) -> bool {
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(time, self.tasks.wait()).await.is_ok()
    }
}

/// Resolves when the process is asked to stop: SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_never_ends_is_left_in_time() {
        let lifecycle = Lifecycle::new();
        lifecycle.tasks.spawn(std::future::pending::<()>());
        let began = std::time::Instant::now();
        assert!(!lifecycle.stop_within(Duration::from_millis(20)).await);
        assert!(began.elapsed() < Duration::from_secs(5) && lifecycle.shutdown.is_cancelled());
    }
}
