//! Files that users put into a prompt's context: kept with a bound for each user, read as text by the worker, and deleted
//! when they were not used for a week.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aether_boot::Deps;
use aether_common::{
    id::{UploadId, UserId},
    problem::Problem,
};
use aether_store::{
    texts,
    uploads::{self, Upload},
    users,
};
use aether_web::idempotency;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, pin_mut};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::domain::{context::UploadText, upload as domain};

/// An upload that was not used for so long is deleted.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// Unexpired uploads of one user.
const MAX_COUNT: i64 = 100;
/// Their bytes.
const MAX_BYTES: i64 = 100 * 1024 * 1024;
/// An object without a row may be one whose row is just being written.
pub(crate) const ORPHAN_AGE: TimeDelta = TimeDelta::hours(1);
/// Uploads that one process takes in at once: each is held in memory.
const MAX_AT_ONCE: usize = 16;
/// The same for one user, so that nobody's slow line takes every place.
const MAX_OF_ONE: usize = 4;
const MAX_WAIT: Duration = Duration::from_secs(10);
const BATCH: i64 = 100;

/// The uploads; cheap to clone.
#[derive(Clone, Debug)]
pub struct Uploads {
    deps: Deps,
    slots: Arc<Semaphore>,
    own: Arc<Mutex<HashMap<UserId, Arc<Semaphore>>>>,
}

/// A place for one file in memory.
#[derive(Debug)]
pub struct Slot {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

impl Uploads {
    /// Uploads on these dependencies.
    pub fn new(deps: Deps) -> Self {
        Self { deps, slots: Arc::new(Semaphore::new(MAX_AT_ONCE)), own: Arc::default() }
    }

    /// Waits until another file of this user may be read into memory, but not for long: 503 then.
    pub async fn slot(&self, user: UserId) -> Result<Slot, Problem> {
        let own = {
            let mut all = self.own.lock();
            // Whoever has one, or waits for one, holds on to it.
            all.retain(|_, own| Arc::strong_count(own) > 1);
            all.entry(user).or_insert_with(|| Arc::new(Semaphore::new(MAX_OF_ONE))).clone()
        };
        let both = async {
            let own = own.acquire_owned().await?;
            Ok(Slot { _own: own, _shared: self.slots.clone().acquire_owned().await? })
        };
        match tokio::time::timeout(MAX_WAIT, both).await {
            Ok(slot) => slot.map_err(|closed: AcquireError| Problem::unavailable(closed)),
            Err(_) => Err(Problem::unavailable("as many uploads as one process takes are under way")),
        }
    }

    /// Keeps a file: text alone, 415 `unsupported_upload` otherwise. The same key with the same file gives the first answer,
    /// with another one 422 `idempotency_key_reused`. 429 `upload_quota` when the user has too many.
    pub async fn keep(
        &self,
        user: UserId,
        name: &str,
        bytes: Vec<u8>,
        idempotency_key: Option<&str>,
    ) -> Result<Upload, Problem> {
        let name = domain::clean_name(name);
        let upload = Upload {
            id: self.deps.ids.mint(),
            media_type: media_type(&name, &bytes)?.into(),
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            digest: digest(&name, &bytes),
            name,
            created_at: self.deps.clock.now(),
        };
        // Looked at before the bytes go anywhere, and again when the row is written.
        if let Some(first) = self.admit(user, &upload, idempotency_key, false).await? {
            return Ok(first);
        }
        let key = uploads::key(upload.id);
        self.deps.objects.put(&key, bytes).await?;
        let admitted = self.admit(user, &upload, idempotency_key, true).await;
        if !matches!(admitted, Ok(None)) {
            // Left behind, it would be swept.
            texts::forget(&self.deps.objects, &key).await;
        }
        Ok(admitted?.unwrap_or(upload))
    }

    /// The files as text, in the order of the ids, and notes their use. 422 on `uploadIds` when one is not there or not this
    /// user's.
    pub async fn texts(&self, user: UserId, ids: &[UploadId]) -> Result<Vec<UploadText>, Problem> {
        let mut texts = Vec::new();
        for id in ids {
            let upload = self.find(user, *id).await?;
            let bytes = self.deps.objects.get(&uploads::key(*id)).await?.ok_or_else(unknown)?;
            let text = domain::text(&bytes).ok_or_else(unknown)?;
            texts.push(UploadText {
                name: upload.name,
                media_type: upload.media_type,
                text: domain::excerpt(&text),
            });
        }
        Ok(texts)
    }

    /// Whether all are there and this user's (422 on `uploadIds` otherwise); notes their use.
    pub async fn check(&self, user: UserId, ids: &[UploadId]) -> Result<(), Problem> {
        for id in ids {
            self.find(user, *id).await?;
        }
        Ok(())
    }

    /// Deletes what has expired, rows before objects; answers how many. Several processes may do so at once.
    pub async fn sweep_expired(&self) -> aether_store::Result<usize> {
        let mut swept = 0;
        loop {
            let mut tx = self.deps.store.begin().await?;
            let ids = uploads::delete_expired(&mut tx, self.expired(), BATCH).await?;
            tx.save().await?;
            for id in &ids {
                texts::forget(&self.deps.objects, &uploads::key(*id)).await;
            }
            swept += ids.len();
            if ids.is_empty() {
                return Ok(swept);
            }
        }
    }

    /// Deletes objects that no row names: their process or their account ended. Answers how many.
    pub async fn sweep_orphans(&self) -> aether_store::Result<usize> {
        let mut swept = 0;
        let keys = self.deps.objects.list_before(uploads::FOLDER, self.deps.clock.now() - ORPHAN_AGE);
        pin_mut!(keys);
        while let Some(key) = keys.next().await {
            let key = key?;
            let id = key.rsplit('/').next().and_then(|name| name.parse().ok());
            let named = match id {
                Some(id) => {
                    let mut db = self.deps.store.conn().await?;
                    uploads::exists(&mut db, id).await?
                }
                // Not one of ours: somebody else's file in a shared folder.
                None => true,
            };
            if !named {
                texts::forget(&self.deps.objects, &key).await;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Answers the first upload of this key, or nothing when the new one is welcome; with `write` it is then kept.
    async fn admit(
        &self,
        user: UserId,
        upload: &Upload,
        idempotency_key: Option<&str>,
        write: bool,
    ) -> Result<Option<Upload>, Problem> {
        let mut tx = self.deps.store.begin().await?;
        // One after the other for one user: twins see each other, and the bound is exact.
        users::lock(&mut tx, user).await?;
        if let Some(key) = idempotency_key {
            let since = upload.created_at - idempotency::KEPT;
            if let Some(first) = uploads::find_by_key(&mut tx, user, key, since).await? {
                if first.digest == upload.digest {
                    return Ok(Some(first));
                }
                return Err(idempotency::reused());
            }
        }
        let kept = uploads::count(&mut tx, user, self.expired()).await?;
        if kept.count >= MAX_COUNT || kept.bytes + upload.bytes > MAX_BYTES {
            let wait = kept.oldest.map_or(LIFETIME, |oldest| oldest + LIFETIME - upload.created_at);
            return Err(Problem {
                code: "upload_quota".into(),
                ..Problem::too_many(
                    "You have 100 uploads or 100 MiB of them. Each is deleted when it was not used for 7 days.",
                    wait.to_std().unwrap_or_default(),
                )
            });
        }
        if write {
            uploads::create(&mut tx, user, upload, idempotency_key).await?;
        }
        tx.save().await?;
        Ok(None)
    }

    async fn find(&self, user: UserId, id: UploadId) -> Result<Upload, Problem> {
        let mut db = self.deps.store.conn().await?;
        let upload = uploads::find(&mut db, user, id, self.expired()).await?.ok_or_else(unknown)?;
        uploads::touch(&mut db, id, self.deps.clock.now()).await?;
        Ok(upload)
    }

    fn expired(&self) -> DateTime<Utc> {
        self.deps.clock.now() - LIFETIME
    }
}

fn media_type(name: &str, bytes: &[u8]) -> Result<&'static str, Problem> {
    if bytes.is_empty() {
        return Err(Problem::invalid_field("file", "must not be empty"));
    }
    let Some(text) = domain::text(bytes) else {
        let found = domain::binary_type(bytes);
        return Err(Problem::new(
            415,
            "unsupported_upload",
            format!(
                "This file is no text ({found}). Text of any kind in UTF-8 is taken: source code, JSON, CSV, Markdown, SVG and the like."
            ),
        ));
    };
    Ok(domain::media_type(name, &text))
}

fn digest(name: &str, bytes: &[u8]) -> Vec<u8> {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(bytes).finalize().to_vec()
}

fn unknown() -> Problem {
    Problem::invalid_field("uploadIds", "names an upload that does not exist")
}
