//! API keys, looked up in the database at each use: a key that is deleted, or whose owner is shut out, is dead at once.

use std::time::Duration;

use aether_common::{
    clock::Clock,
    id::SessionId,
    jwt::{AUDIENCE, ApiKeyFuture, ApiKeys, Authenticated, Claims, TokenError},
    model::scope::Access,
};
use aether_store::{Store, api_keys};
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

use crate::deps::Deps;

/// How long the database may take.
const ANSWER: Duration = Duration::from_secs(3);

/// The keys that the database keeps.
pub struct StoredApiKeys {
    store: Store,
    clock: Clock,
    issuer: String,
}

impl StoredApiKeys {
    /// The keys in this database.
    pub fn new(deps: &Deps) -> Self {
        Self {
            store: deps.store.clone(),
            clock: deps.clock.clone(),
            issuer: deps.settings.public_url.clone(),
        }
    }

    async fn look_up(&self, key: &str) -> Result<Authenticated, TokenError> {
        let now = self.clock.now();
        let hash = Sha256::digest(key);
        let found = async { api_keys::hold(&mut self.store.conn().await?, &hash, now).await };
        let held = timeout(ANSWER, found)
            .await
            .map_err(|_| TokenError::Unavailable("the database does not answer".into()))?
            .map_err(|error| TokenError::Unavailable(error.to_string()))?;
        let held = held.ok_or(TokenError::Invalid)?;
        if held.account.disabled {
            return Err(TokenError::Revoked);
        }
        let user = held.account.user;
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            sub: user.id,
            sid: SessionId(held.id.0),
            role: user.role,
            name: user.name,
            iat: now.timestamp(),
            // A key without an end outlives every socket.
            exp: held.expires_at.map_or(i64::MAX / 2, |end| end.timestamp()),
            jti: Uuid::nil(),
        };
        Ok(Authenticated { claims, access: Access::Key(held.scopes), key: None })
    }
}

impl ApiKeys for StoredApiKeys {
    fn find<'a>(&'a self, key: &'a str) -> ApiKeyFuture<'a> {
        Box::pin(self.look_up(key))
    }
}
