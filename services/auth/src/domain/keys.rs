//! The keys of access tokens. A key is published to be the next, then signs, then only verifies, then is gone; a revoked
//! one is gone at once. The database holds them ([`kept`]), [`plan`] says what is due, and each process keeps what it read
//! last: it signs and verifies from memory, and reads again when it is told of a change and every few seconds.

pub mod kept;
pub mod plan;
pub mod watch;

use std::sync::{Arc, PoisonError, RwLock};

use aether_common::jwt::{
    Claims, JwkSet, KeyError, KeyFuture, KeySource, SigningKey, StaticKeys, TokenError,
};
use aether_store::signing_keys::{KeyState, StoredKey};
use chrono::TimeDelta;

use self::{
    kept::{Change, KeptKeys, KeysError},
    plan::{Plan, Wish},
};

/// The key that signs, and all that verify, as this process read them last.
pub struct Keyring {
    kept: KeptKeys,
    upkeep: Wish,
    ring: RwLock<Arc<Ring>>,
}

/// One reading. It is replaced as a whole.
struct Ring {
    read: Vec<(String, KeyState)>,
    current: SigningKey,
    public: JwkSet,
    verifying: StaticKeys,
}

impl Keyring {
    /// Reads the keys; makes the first ones when there are none. A key signs for as long as `rotation`, without it for ever.
    pub async fn open(kept: KeptKeys, rotation: Option<TimeDelta>) -> Result<Self, KeysError> {
        let upkeep = Wish::Upkeep(rotation);
        kept.fulfil(&upkeep).await?;
        let ring = Ring::read(&kept, kept.list().await?).await?;
        Ok(Self { kept, upkeep, ring: RwLock::new(Arc::new(ring)) })
    }

    /// Signs the claims of an access token.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.ring().current.sign(claims)
    }

    /// The public halves.
    pub fn public(&self) -> JwkSet {
        self.ring().public.clone()
    }

    /// Does what is due and reads the keys again. What was done is to be told to other processes.
    pub async fn tend(&self) -> Result<Option<Change>, KeysError> {
        let mut stored = self.kept.list().await?;
        let change = if Plan::new(&stored, &self.upkeep, self.kept.now()).is_empty() {
            None
        } else {
            let change = self.kept.fulfil(&self.upkeep).await?;
            stored = self.kept.list().await?;
            change
        };
        if !self.ring().is_of(&stored) {
            let ring = Arc::new(Ring::read(&self.kept, stored).await?);
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        }
        Ok(change)
    }

    /// What was read last, whatever is read meanwhile.
    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeySource for Keyring {
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a> {
        Box::pin(async move { self.ring().verifying.get(kid).cloned().ok_or(TokenError::UnknownKey) })
    }
}

impl Ring {
    async fn read(kept: &KeptKeys, stored: Vec<StoredKey>) -> Result<Self, KeysError> {
        let kept = kept.clone();
        // Opening a key checks it, which takes some milliseconds.
        let read = tokio::task::spawn_blocking(move || {
            let mut current = None;
            let mut public = JwkSet::default();
            for stored in &stored {
                let key = kept.open(stored)?;
                public.keys.push(key.jwk().clone());
                if stored.state == KeyState::Current {
                    current = Some(key);
                }
            }
            let current = current.ok_or_else(|| KeysError::Key("there is no current signing key".into()))?;
            let read = stored.into_iter().map(|key| (key.id, key.state)).collect();
            Ok(Self { read, current, verifying: StaticKeys::new(&public), public })
        });
        read.await.map_err(|error| KeysError::Key(error.to_string()))?
    }

    fn is_of(&self, stored: &[StoredKey]) -> bool {
        self.read.iter().map(|(id, state)| (id, *state)).eq(stored.iter().map(|key| (&key.id, key.state)))
    }
}
