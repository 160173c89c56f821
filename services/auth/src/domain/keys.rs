//! The keys of access tokens. The first auth process to start makes one; every process reads the same from the store.

use aether_boot::StartError;
use aether_common::{
    clock::Clock,
    id::Ids,
    jwt::{Claims, JwkSet, KeyError, KeyFuture, KeySource, SigningKey, StaticKeys},
};
use aether_store::{
    Store,
    signing_keys::{self, KeyState, StoredKey},
};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::domain::seal::Sealer;

/// The key that signs, and all that verify.
pub struct Keyring {
    current: SigningKey,
    public: JwkSet,
    verifying: StaticKeys,
}

impl Keyring {
    /// Reads the keys; makes the first one when there is none.
    pub async fn open(store: &Store, clock: &Clock, ids: &Ids, sealer: &Sealer) -> Result<Self, StartError> {
        let mut stored = signing_keys::list(&mut store.conn().await?).await?;
        if !stored.iter().any(|key| key.state == KeyState::Current) {
            let kid = ids.mint::<Uuid>().to_string();
            let key = tokio::task::spawn_blocking(move || SigningKey::generate(kid))
                .await
                .map_err(|error| StartError::Other(error.to_string()))?
                .map_err(|error| StartError::Other(error.to_string()))?;
            let sealed = sealer
                .seal(key.kid(), key.pem().expose_secret().as_bytes())
                .map_err(|error| StartError::Other(error.to_string()))?;
            let mut conn = store.conn().await?;
            signing_keys::create_current(&mut conn, key.kid(), &sealed, clock.now()).await?;
            // Another process may have been first: what is kept counts.
            stored = signing_keys::list(&mut conn).await?;
        }
        Self::of(&stored, sealer)
    }

    /// Signs the claims of an access token.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        self.current.sign(claims)
    }

    /// The public halves.
    pub fn public(&self) -> &JwkSet {
        &self.public
    }

    fn of(stored: &[StoredKey], sealer: &Sealer) -> Result<Self, StartError> {
        let mut current = None;
        let mut public = JwkSet::default();
        for stored in stored {
            let key = open(stored, sealer)?;
            public.keys.push(key.jwk().clone());
            if stored.state == KeyState::Current {
                current = Some(key);
            }
        }
        let current = current.ok_or_else(|| StartError::Other("there is no current signing key".into()))?;
        let verifying = StaticKeys::new(&public);
        Ok(Self { current, public, verifying })
    }
}

impl KeySource for Keyring {
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a> {
        self.verifying.find(kid)
    }
}

fn open(stored: &StoredKey, sealer: &Sealer) -> Result<SigningKey, StartError> {
    let wrong_key = || {
        StartError::Other(
            "AETHER_MASTER_KEY holds a key that does not open the signing keys in the database; it may hold the key \
             that they were made with"
                .into(),
        )
    };
    let pem = sealer.open(&stored.id, &stored.sealed).map_err(|_| wrong_key())?;
    let pem = SecretString::from(String::from_utf8(pem).map_err(|_| wrong_key())?);
    SigningKey::from_pem(stored.id.clone(), pem).map_err(|error| StartError::Other(error.to_string()))
}
