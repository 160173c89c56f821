//! Claims jobs and makes them: claim -> stream -> journal -> end. Looks for work when nudged and, because a nudge may be
//! lost, every second.

mod answered;
mod brief;
mod draft;
mod job;
mod upkeep;
mod write;

use std::{collections::HashMap, sync::Arc, time::Duration};

use aether_boot::{Deps, Settings};
use aether_bus::{Delivery, Topic};
use aether_common::{
    id::{GenerationId, WorkerId},
    notice::Control,
};
use aether_store::jobs::{self, Bounds, Claim};
use chrono::TimeDelta;
use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    generations::Generations, ledger::Ledger, prompts::Prompts, provider::Providers, uploads::Uploads,
};

/// How long a claim holds without a heartbeat.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(10);
/// How often a claim is renewed.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(3);
/// How often the queue is looked at without a nudge.
const POLL: Duration = Duration::from_secs(1);

/// Bounds on a provider's silence and on the whole.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until the first text of a call.
    pub first_token: Duration,
    /// Between two pieces.
    pub idle: Duration,
    /// For all calls of a generation together.
    pub total: Duration,
}

/// Makes jobs; cheap to clone.
#[derive(Clone)]
pub struct Worker {
    pub(crate) deps: Deps,
    pub(crate) id: WorkerId,
    pub(crate) providers: Providers,
    pub(crate) generations: Generations,
    pub(crate) prompts: Prompts,
    pub(crate) ledger: Ledger,
    pub(crate) uploads: Uploads,
    pub(crate) deadlines: Deadlines,
    /// The jobs that this process makes now, each with the token that stops it.
    running: Arc<Mutex<HashMap<GenerationId, CancellationToken>>>,
    slots: Arc<Semaphore>,
}

impl Default for Deadlines {
    /// As when nothing is set.
    fn default() -> Self {
        Self {
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_mins(10),
        }
    }
}

impl Deadlines {
    /// As they are set.
    pub fn from_settings(settings: &Settings) -> Self {
        let seconds = |number: u32| Duration::from_secs(u64::from(number));
        Self {
            first_token: seconds(settings.first_token_seconds),
            idle: seconds(settings.idle_seconds),
            total: seconds(settings.total_seconds),
        }
    }
}

impl Worker {
    /// A worker that has not begun.
    pub fn new(
        deps: Deps,
        providers: Providers,
        generations: Generations,
        ledger: Ledger,
        uploads: Uploads,
        deadlines: Deadlines,
    ) -> Self {
        let slots = usize::try_from(deps.settings.jobs_per_process).unwrap_or(usize::MAX);
        Self {
            id: deps.ids.mint(),
            prompts: Prompts::new(deps.store.clone()),
            deps,
            providers,
            generations,
            ledger,
            uploads,
            deadlines,
            running: Arc::default(),
            slots: Arc::new(Semaphore::new(slots.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Begins to look for work and to listen for orders, on the process's tracker.
    pub fn start(&self) {
        let tasks = &self.deps.lifecycle.tasks;
        tasks.spawn(self.clone().look_for_work());
        tasks.spawn(self.clone().listen());
        tasks.spawn(self.clone().keep_up());
    }

    /// The templates that it uses.
    pub(crate) fn prompts(&self) -> Prompts {
        self.prompts.clone()
    }

    /// How many jobs this process makes now.
    pub fn load(&self) -> usize {
        self.running.lock().len()
    }

    async fn look_for_work(self) {
        let shutdown = self.deps.lifecycle.shutdown.clone();
        let mut nudges = self.deps.bus.subscribe(&Topic::jobs()).await.ok();
        loop {
            let Ok(slot) = self.slots.clone().acquire_owned().await else { return };
            if shutdown.is_cancelled() {
                return;
            }
            let asked = Instant::now();
            match self.claim().await {
                Ok(Some(claim)) => {
                    self.take(claim, asked, slot);
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(event = "claim_failed", %error, "the queue cannot be read; trying again");
                }
            }
            drop(slot);
            let nudge = async {
                let closed = match &mut nudges {
                    Some(nudges) => matches!(nudges.next().await, Delivery::Closed),
                    None => true,
                };
                // Without nudges the look every second is what is left.
                if closed {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = nudge => {}
                () = tokio::time::sleep(POLL) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn claim(&self) -> aether_store::Result<Option<Claim>> {
        let bounds = Bounds { per_user: i64::from(self.deps.settings.jobs_per_user) };
        let mut tx = self.deps.store.begin().await?;
        let now = jobs::now(&mut tx, self.deps.clock.now()).await?;
        let claim = jobs::claim(&mut tx, self.id, bounds, now, now + LEASE).await?;
        if claim.is_some() {
            tx.save().await?;
        }
        Ok(claim)
    }

    /// `asked` is before the lease was written.
    fn take(&self, claim: Claim, asked: Instant, slot: OwnedSemaphorePermit) {
        let cancel = CancellationToken::new();
        self.running.lock().insert(claim.generation_id, cancel.clone());
        let worker = self.clone();
        self.deps.lifecycle.tasks.spawn(async move {
            let id = claim.generation_id;
            job::run(&worker, claim, asked, cancel).await;
            worker.running.lock().remove(&id);
            drop(slot);
        });
    }

    async fn listen(self) {
        let shutdown = self.deps.lifecycle.shutdown.clone();
        loop {
            let Ok(mut orders) = self.deps.bus.subscribe(&Topic::control()).await else {
                tokio::select! {
                    () = tokio::time::sleep(POLL) => continue,
                    () = shutdown.cancelled() => return,
                }
            };
            loop {
                let delivery = tokio::select! {
                    delivery = orders.next() => delivery,
                    () = shutdown.cancelled() => return,
                };
                match delivery {
                    Delivery::Message(bytes) => self.obey(&bytes),
                    // Whatever was missed is also marked in the job's row: the next heartbeat sees it.
                    Delivery::Lost => {}
                    Delivery::Closed => break,
                }
            }
        }
    }

    fn obey(&self, bytes: &[u8]) {
        match serde_json::from_slice(bytes) {
            Ok(Control::Cancel { generation_id }) => {
                if let Some(cancel) = self.running.lock().get(&generation_id) {
                    cancel.cancel();
                }
            }
            Err(error) => tracing::debug!(%error, "an order of a form that this version does not know"),
        }
    }
}
