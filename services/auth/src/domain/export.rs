//! Copies of all that is kept of a user, for the user: asked for here, made in the background by whichever process is free,
//! and started over by another one when that dies. What is in one says `contents`.

mod archive;
mod contents;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use aether_boot::{Deps, Lifecycle};
use aether_common::{
    clock::Clock,
    id::{Ids, RowId, UserId},
    problem::Problem,
};
use aether_store::{
    Store, StoreError,
    exports::{self, Claim, Export, ExportStatus},
    jobs,
    objects::Objects,
    texts, users,
};
use chrono::TimeDelta;
use futures::{Stream, StreamExt, pin_mut};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use self::{archive::Archive, contents::Contents};
use crate::domain::{
    audit::{Action, Audit, Entry},
    session::Place,
};

/// How long an archive is kept.
pub const KEPT: TimeDelta = TimeDelta::days(7);
/// How many a user may have made in a day.
pub const A_DAY: usize = 3;
const DAY: TimeDelta = TimeDelta::hours(24);
/// How many one process makes at once.
const MAKERS: usize = 2;
/// How often a process looks for what another one left, or asked for.
const LOOK: Duration = Duration::from_secs(5);
/// How long an export stays a process's that says nothing more of it, and how often it does.
const LEASE: Duration = Duration::from_secs(30);
const BEAT: Duration = Duration::from_secs(5);
/// One that was claimed more often has failed. At the last time, what cannot be read is left out and named.
const MAX_CLAIMS: i64 = 4;
/// An object without a row may be one whose row is just being written.
const ORPHAN_AGE: TimeDelta = TimeDelta::hours(1);
const BATCH: i64 = 100;

/// Exports; cheap to clone.
#[derive(Clone)]
pub struct Exports {
    store: Store,
    objects: Objects,
    clock: Clock,
    ids: Ids,
    lifecycle: Lifecycle,
    audit: Audit,
    /// Where files are while they are made. They have no name there: a process that dies leaves nothing.
    folder: Arc<std::path::Path>,
    asked: Arc<Notify>,
}

/// Why an export does not go on here.
#[derive(Debug)]
enum Stop {
    /// Another process makes it, or nobody wants it any more.
    Lost,
    /// Something failed. It may be tried again.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Exports {
    /// Exports on these dependencies.
    pub fn new(deps: &Deps, audit: Audit) -> Self {
        Self {
            store: deps.store.clone(),
            objects: deps.objects.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            lifecycle: deps.lifecycle.clone(),
            audit,
            folder: deps.settings.data_dir.clone().into(),
            asked: Arc::default(),
        }
    }

    /// Makes what is asked for, until the process stops.
    pub fn start(&self) {
        for _ in 0..MAKERS {
            let exports = self.clone();
            self.lifecycle.tasks.spawn(async move {
                while !exports.lifecycle.shutdown.is_cancelled() {
                    match exports.make_next().await {
                        Ok(true) => continue,
                        Ok(false) => {}
                        Err(error) => tracing::warn!(%error, "cannot look for exports that are to be made"),
                    }
                    tokio::select! {
                        () = exports.asked.notified() => {}
                        () = sleep(LOOK) => {}
                        () = exports.lifecycle.shutdown.cancelled() => {}
                    }
                }
            });
        }
    }

    /// Asks for an export. While one is being made, or with a key that was used in the last 24 h, that is the answer; 429
    /// `export_limit` when the user had enough of them for today.
    pub async fn ask(&self, user: UserId, key: Option<&str>, place: &Place) -> Result<Export, Problem> {
        let mut tx = self.store.begin().await?;
        // One after the other for one user: twins see each other, and the bound is exact.
        users::lock(&mut tx, user).await?;
        let now = self.clock.now();
        if let Some(key) = key
            && let Some(first) = exports::find_by_key(&mut tx, user, key, now - DAY).await?
        {
            return Ok(first);
        }
        if let Some(unended) = exports::find_unended(&mut tx, user).await? {
            return Ok(unended);
        }
        let asked = exports::list_asked(&mut tx, user, now - DAY).await?;
        if asked.len() >= A_DAY {
            let free = asked.get(asked.len() - A_DAY).map_or(DAY, |first| *first + DAY - now);
            return Err(Problem {
                code: "export_limit".into(),
                ..Problem::too_many(
                    "You had three exports made in the last 24 hours. Download one of them, or wait.",
                    free.to_std().unwrap_or_default(),
                )
            });
        }
        let id: RowId = self.ids.mint();
        exports::create(&mut tx, user, id, key, now).await?;
        let entry = Entry::own(Action::EXPORT_REQUESTED, user, place);
        self.audit.record(&mut tx, entry.with(serde_json::json!({ "exportId": id }))).await?;
        let export = exports::find(&mut tx, user, id).await?;
        tx.save().await?;
        self.asked.notify_one();
        export.ok_or_else(|| Problem::internal("an export that was just kept is not there"))
    }

    /// The user's export; 404 when there is none or its time is over.
    pub async fn get(&self, user: UserId, id: RowId) -> Result<Export, Problem> {
        let found = exports::find(&mut self.store.conn().await?, user, id).await?;
        let is_over = |export: &Export| export.completed_at.is_some_and(|at| at + KEPT <= self.clock.now());
        found.filter(|export| !is_over(export)).ok_or_else(Problem::not_found)
    }

    /// The user's exports, the newest first.
    pub async fn list(&self, user: UserId) -> Result<Vec<Export>, Problem> {
        let mut found = exports::list(&mut self.store.conn().await?, user, BATCH).await?;
        found.retain(|export| export.completed_at.is_none_or(|at| at + KEPT > self.clock.now()));
        Ok(found)
    }

    /// The archive of an export that is ready, with its length; notes that it was fetched.
    pub async fn open(
        &self,
        user: UserId,
        export: &Export,
        place: &Place,
    ) -> Result<(u64, impl Stream<Item = Result<Vec<u8>, StoreError>> + Send + use<>), Problem> {
        let found = self.objects.stream(&exports::key(export.id)).await?.ok_or_else(Problem::not_found)?;
        let entry = Entry::own(Action::EXPORT_DOWNLOADED, user, place);
        let entry = entry.with(serde_json::json!({ "exportId": export.id }));
        self.audit.record(&mut self.store.conn().await?, entry).await?;
        Ok(found)
    }

    /// Makes the export that waits longest; `false` when none waits.
    pub async fn make_next(&self) -> Result<bool, StoreError> {
        let claim = {
            let mut tx = self.store.begin().await?;
            let now = jobs::now(&mut tx, self.clock.now()).await?;
            let claim = exports::claim(&mut tx, now, now + LEASE).await?;
            tx.save().await?;
            claim
        };
        let Some(claim) = claim else { return Ok(false) };
        if claim.fence > MAX_CLAIMS {
            self.fail(claim).await?;
            return Ok(true);
        }
        let progress = AtomicU8::new(0);
        let stop = tokio::select! {
            biased;
            () = self.lifecycle.shutdown.cancelled() => {
                exports::release(&mut self.store.conn().await?, claim).await?;
                return Ok(true);
            }
            () = self.beat(claim, &progress) => Err(Stop::Lost),
            made = self.make(claim, &progress) => made,
        };
        let (export, user) = (claim.id, claim.user_id);
        match stop {
            Ok(bytes) => {
                tracing::info!(event = "export_ready", %export, user.id = %user, bytes, "an export is ready");
            }
            Err(Stop::Lost) => {
                tracing::info!(event = "export_lost", %export, "an export is made elsewhere, or unwanted");
            }
            Err(Stop::Failed(problem)) => {
                let cause = problem.cause.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(event = "export_failed", %export, claims = claim.fence, cause, "an export failed");
                if claim.fence >= MAX_CLAIMS {
                    self.fail(claim).await?;
                }
                // Else its lease ends, and it is tried again.
            }
        }
        Ok(true)
    }

    /// Renews the lease until it is lost.
    async fn beat(&self, claim: Claim, progress: &AtomicU8) {
        let mut good_until = Instant::now() + LEASE;
        loop {
            sleep(BEAT).await;
            let began = Instant::now();
            let beaten = async {
                let mut db = self.store.conn().await?;
                let until = jobs::now(&mut db, self.clock.now()).await? + LEASE;
                exports::renew(&mut db, claim, progress.load(Ordering::Relaxed), until).await
            };
            match tokio::time::timeout_at(good_until, beaten).await {
                Ok(Ok(true)) => good_until = began + LEASE,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => {
                    tracing::warn!(export = %claim.id, %error, "cannot renew the lease of an export");
                }
            }
        }
    }

    async fn make(&self, claim: Claim, progress: &AtomicU8) -> Result<u64, Stop> {
        let archive = Archive::begin(&self.folder).await?;
        let contents = Contents {
            store: &self.store,
            objects: &self.objects,
            user: claim.user_id,
            now: self.clock.now(),
            progress,
            leaves_out: claim.fence >= MAX_CLAIMS,
        };
        let file = contents.write(archive).await?;
        let key = exports::key(claim.id);
        let bytes = self.objects.put_file(&key, file).await?;
        let mut tx = self.store.begin().await?;
        let ended = exports::end(&mut tx, claim, Some(bytes), self.clock.now()).await?;
        tx.save().await?;
        if ended {
            return Ok(bytes);
        }
        // Whoever makes it now writes the same key later; an account that was erased has none any more.
        if !exports::exists(&mut self.store.conn().await?, claim.id).await? {
            texts::forget(&self.objects, &key).await;
        }
        Err(Stop::Lost)
    }

    async fn fail(&self, claim: Claim) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        exports::end(&mut tx, claim, None, self.clock.now()).await?;
        tx.save().await
    }

    /// Deletes exports whose time is over, rows before objects; answers how many. Several processes may do so at once.
    pub async fn sweep_expired(&self) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let mut tx = self.store.begin().await?;
            let ids = exports::delete_ended_before(&mut tx, self.clock.now() - KEPT, BATCH).await?;
            tx.save().await?;
            for id in &ids {
                texts::forget(&self.objects, &exports::key(*id)).await;
            }
            swept += ids.len();
            if ids.is_empty() {
                return Ok(swept);
            }
        }
    }

    /// Deletes archives that no row names: their process ended between object and row. Answers how many.
    pub async fn sweep_orphans(&self) -> Result<usize, StoreError> {
        let mut swept = 0;
        let keys = self.objects.list_before(exports::FOLDER, self.clock.now() - ORPHAN_AGE);
        pin_mut!(keys);
        while let Some(key) = keys.next().await {
            let key = key?;
            let Some(id) = key.rsplit('/').next().and_then(|name| name.parse().ok()) else { continue };
            if !exports::exists(&mut self.store.conn().await?, id).await? {
                texts::forget(&self.objects, &key).await;
                swept += 1;
            }
        }
        Ok(swept)
    }
}

/// Whether the archive of this export can be fetched; a `Problem` when it never will be.
pub fn is_ready(export: &Export) -> Result<bool, Problem> {
    match export.status {
        ExportStatus::Ready => Ok(true),
        ExportStatus::Queued | ExportStatus::Running => Ok(false),
        ExportStatus::Failed => {
            Err(Problem::conflict("export_failed", "This export could not be made. Ask for another one."))
        }
    }
}
