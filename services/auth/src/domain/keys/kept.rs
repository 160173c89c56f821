//! The keys in the database, changed by one transaction at a time: of several processes and operators that want the same,
//! one does it.

use std::sync::Arc;

use aether_boot::StartError;
use aether_common::{
    clock::Clock,
    id::Ids,
    jwt::{KeyError, SigningKey},
    notice::Revocation,
    problem::Problem,
};
use aether_store::{
    Store, StoreError, Tx,
    signing_keys::{self, EndedKey, KeyState, StoredKey},
};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::plan::{Plan, Successor, Wish};
use crate::domain::{
    audit::{Action, Audit, Entry},
    seal::Sealer,
};

/// Others may change the keys between the plan and the lock. So often the plan is made anew.
const TRIES: usize = 5;

/// Reads and changes the kept keys; cheap to clone.
#[derive(Clone)]
pub struct KeptKeys {
    store: Store,
    clock: Clock,
    ids: Ids,
    sealer: Arc<Sealer>,
    audit: Audit,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The plan, carried out.
    pub plan: Plan,
    /// The key that signs now.
    pub current: String,
    /// The key that is to follow it.
    pub next: String,
}

/// Why the keys cannot be read or changed. One line, with no key material.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key cannot be made, read or kept secret.
    #[error("{0}")]
    Key(String),
    /// The keys were sealed with another master key.
    #[error(
        "AETHER_MASTER_KEY holds a key that does not open the signing keys in the database; it may hold the key that \
         they were made with"
    )]
    MasterKey,
}

struct NewKey {
    id: String,
    sealed: Vec<u8>,
}

impl KeptKeys {
    /// The keys in this database, sealed by `sealer`.
    pub fn new(store: Store, clock: Clock, ids: Ids, sealer: Arc<Sealer>) -> Self {
        let audit = Audit::new(clock.clone(), ids.clone());
        Self { store, clock, ids, sealer, audit }
    }

    /// The present.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Every key, the newest first.
    pub async fn list(&self) -> Result<Vec<StoredKey>, KeysError> {
        Ok(signing_keys::list(&mut self.store.conn().await?).await?)
    }

    /// The keys whose time is over, the newest end first; at most `limit`.
    pub async fn list_ended(&self, limit: i64) -> Result<Vec<EndedKey>, KeysError> {
        Ok(signing_keys::list_ended(&mut self.store.conn().await?, limit).await?)
    }

    /// The key of this name, if its time is over.
    pub async fn find_ended(&self, id: &str) -> Result<Option<EndedKey>, KeysError> {
        Ok(signing_keys::find_ended(&mut self.store.conn().await?, id).await?)
    }

    /// Does what `wish` takes; `None` when there was nothing to do. Tell others of the [`Change`] afterwards.
    pub async fn fulfil(&self, wish: &Wish) -> Result<Option<Change>, KeysError> {
        let mut new_keys = Vec::new();
        for _ in 0..TRIES {
            let kept = self.list().await?;
            let plan = Plan::new(&kept, wish, self.clock.now());
            if plan.is_empty() {
                return Ok(None);
            }
            // Who has another master key than the services would give them keys that they cannot open.
            if let Some(key) = kept.first() {
                self.open(key)?;
            }
            // A key takes some 100 ms to make: not while others wait for the lock.
            while new_keys.len() < plan.new_keys() {
                new_keys.push(self.new_key().await?);
            }
            let mut tx = self.store.begin().await?;
            signing_keys::lock(&mut tx).await?;
            let kept = signing_keys::list(&mut tx).await?;
            let now = self.clock.now();
            let plan = Plan::new(&kept, wish, now);
            if plan.is_empty() {
                return Ok(None);
            }
            if plan.new_keys() > new_keys.len() {
                continue;
            }
            carry_out(&mut tx, &plan, new_keys, now).await?;
            let kept = signing_keys::list(&mut tx).await?;
            let of = |state| kept.iter().find(|key| key.state == state).map(|key| key.id.clone());
            let change = Change {
                plan,
                current: of(KeyState::Current).unwrap_or_default(),
                next: of(KeyState::Next).unwrap_or_default(),
            };
            let by = if matches!(wish, Wish::Upkeep(_)) { "schedule" } else { "command" };
            for entry in change.entries(by) {
                self.audit.record(&mut tx, entry).await?;
            }
            tx.save().await?;
            change.log();
            return Ok(Some(change));
        }
        Err(KeysError::Key("others change the signing keys all the time".into()))
    }

    /// Opens a kept key.
    pub(super) fn open(&self, stored: &StoredKey) -> Result<SigningKey, KeysError> {
        let pem = self.sealer.open(&stored.id, &stored.sealed).map_err(|_| KeysError::MasterKey)?;
        let pem = SecretString::from(String::from_utf8(pem).map_err(|_| KeysError::MasterKey)?);
        Ok(SigningKey::from_pem(stored.id.clone(), pem)?)
    }

    async fn new_key(&self) -> Result<NewKey, KeysError> {
        let id = self.ids.mint::<Uuid>().to_string();
        let key = tokio::task::spawn_blocking(move || SigningKey::generate(id)).await;
        let key = key.map_err(|error| KeysError::Key(error.to_string()))??;
        let sealed = self.sealer.seal(key.kid(), key.pem().expose_secret().as_bytes());
        let sealed = sealed.map_err(|_| KeysError::Key("a signing key cannot be sealed".into()))?;
        Ok(NewKey { id: key.kid().to_owned(), sealed })
    }
}

impl Change {
    /// What every process is told.
    pub fn notice(&self) -> Revocation {
        Revocation::KeysChanged { ended: self.plan.end.iter().chain(&self.plan.revoke).cloned().collect() }
    }

    /// What the audit log says of it.
    fn entries(&self, by: &str) -> Vec<Entry<'static>> {
        let entry = |action, key: &str| Entry::by_system(action, None).with(json!({ "by": by, "key": key }));
        let plan = &self.plan;
        let mut entries: Vec<_> = plan.end.iter().map(|id| entry(Action::SIGNING_KEY_ENDED, id)).collect();
        entries.extend(plan.revoke.iter().map(|id| entry(Action::SIGNING_KEY_REVOKED, id)));
        entries.extend(plan.sign.iter().map(|_| entry(Action::SIGNING_KEY_ACTIVATED, &self.current)));
        entries.extend(plan.publish.then(|| entry(Action::SIGNING_KEY_PUBLISHED, &self.next)));
        entries.extend(plan.schedule.iter().map(|_| entry(Action::SIGNING_KEY_SCHEDULED, &self.next)));
        entries
    }

    fn log(&self) {
        for id in &self.plan.end {
            tracing::info!(event = "signing_key_ended", key.id = id, "a retired signing key is deleted");
        }
        if let Some(id) = &self.plan.revoke {
            tracing::warn!(event = "signing_key_revoked", key.id = id, "a signing key is revoked");
        }
        if self.plan.sign.is_some() {
            tracing::info!(event = "signing_key_activated", key.id = self.current, "another key signs");
        }
    }
}

impl From<Problem> for KeysError {
    fn from(problem: Problem) -> Self {
        Self::Key(problem.cause.unwrap_or_else(|| problem.detail.into_owned()))
    }
}

impl From<KeyError> for KeysError {
    fn from(error: KeyError) -> Self {
        Self::Key(error.to_string())
    }
}

impl From<KeysError> for StartError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => Self::Store(error),
            other => Self::Other(other.to_string()),
        }
    }
}

async fn carry_out(
    tx: &mut Tx,
    plan: &Plan,
    mut new_keys: Vec<NewKey>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for id in &plan.end {
        signing_keys::end(tx, id, false, now).await?;
    }
    if let Some(id) = &plan.revoke {
        signing_keys::end(tx, id, true, now).await?;
    }
    if let Some(successor) = plan.sign {
        signing_keys::retire(tx, now).await?;
        match successor {
            Successor::Next => signing_keys::activate(tx, now).await?,
            Successor::New => create(tx, new_keys.pop(), KeyState::Current, now).await?,
        }
    }
    if plan.publish {
        create(tx, new_keys.pop(), KeyState::Next, now).await?;
    }
    if let Some(sign_from) = plan.schedule {
        signing_keys::schedule(tx, sign_from).await?;
    }
    Ok(())
}

async fn create(
    tx: &mut Tx,
    key: Option<NewKey>,
    state: KeyState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let key = key.ok_or_else(|| StoreError::Defect("there is no new key at hand".into()))?;
    signing_keys::create(tx, &key.id, state, &key.sealed, now).await
}
