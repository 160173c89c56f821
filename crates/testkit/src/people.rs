//! People for tests: an account in the database and a valid access token, without going through the auth service.

use std::sync::Arc;

use aether_boot::Deps;
use aether_common::{
    id::{SessionId, UserId},
    jwt::{AUDIENCE, Claims, JwkSet, SigningKey, StaticKeys, Verifier},
    model::user::Role,
};
use aether_store::users::{self, NewUser};

/// Signs tokens that [`verifier`](Self::verifier) accepts.
pub struct People {
    key: SigningKey,
    deps: Deps,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// Identity.
    pub id: UserId,
    /// A token of 15 minutes.
    pub token: String,
}

impl People {
    /// A key of its own, for these dependencies.
    pub fn new(deps: &Deps) -> Self {
        let key = SigningKey::generate("test".into()).unwrap_or_else(|error| panic!("{error}"));
        Self { key, deps: deps.clone() }
    }

    /// Checks this test's tokens.
    pub fn verifier(&self) -> Verifier {
        let keys = StaticKeys::new(&self.jwks());
        Verifier::new(Arc::new(keys), &self.deps.settings.public_url, self.deps.clock.clone())
    }

    /// What the auth service would publish, for services in processes of their own.
    pub fn jwks(&self) -> JwkSet {
        JwkSet { keys: vec![self.key.jwk().clone()] }
    }

    /// A new account of this name.
    pub async fn join(&self, name: &str) -> Person {
        self.join_as(name, Role::User).await
    }

    /// A new account of this name and role.
    pub async fn join_as(&self, name: &str, role: Role) -> Person {
        let id: UserId = self.deps.ids.mint();
        let new = NewUser {
            id,
            email: format!("{}@example.org", id.0.simple()),
            password_hash: None,
            name: name.into(),
            role,
            created_at: self.deps.clock.now(),
        };
        let kept = async {
            let mut tx = self.deps.store.begin().await?;
            users::create(&mut tx, &new).await?;
            tx.save().await
        };
        kept.await.unwrap_or_else(|error| panic!("account of {name}: {error}"));
        Person { id, token: self.token_as(id, name, role) }
    }

    /// A token for this user, from now on for 15 minutes.
    pub fn token(&self, id: UserId, name: &str) -> String {
        self.token_as(id, name, Role::User)
    }

    fn token_as(&self, id: UserId, name: &str, role: Role) -> String {
        let now = self.deps.clock.now().timestamp();
        let claims = Claims {
            iss: self.deps.settings.public_url.clone(),
            aud: AUDIENCE.into(),
            sub: id,
            sid: self.deps.ids.mint::<SessionId>(),
            role,
            name: name.into(),
            iat: now,
            exp: now + 900,
            jti: self.deps.ids.mint(),
        };
        self.key.sign(&claims).unwrap_or_else(|error| panic!("{error}"))
    }
}
