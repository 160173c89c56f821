//! Links that show one generation to whoever has them. The token is made from what is kept beside the generation and a key
//! that is not in the database: asked again, the link is the same, and whoever reads the database cannot use it.

use std::sync::Arc;

use aether_boot::{Deps, StartError};
use aether_common::{
    id::{GenerationId, UserId},
    model::generation::{Generation, Status},
    problem::Problem,
};
use aether_store::{
    generations as rows,
    shares::{self, NewShare},
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::generations::Generations;

/// The links; cheap to clone.
#[derive(Clone)]
pub struct Sharing {
    deps: Deps,
    generations: Generations,
    key: Arc<hmac::Key>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// 256 bits in base64url.
    pub token: String,
    /// Where a browser uses it.
    pub url: String,
}

impl Sharing {
    /// Links on these dependencies, whose tokens are made with the master key.
    pub fn new(deps: Deps, generations: Generations) -> Result<Self, StartError> {
        let master = hmac::Key::new(hmac::HMAC_SHA256, &deps.settings.master_key()?);
        let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&master, b"share link v1").as_ref());
        Ok(Self { deps, generations, key: Arc::new(key) })
    }

    /// The link of this generation, made if it has none. Only its starter and the owner of its room may; 409
    /// `not_completed` unless its whole result is there.
    pub async fn share(&self, user: UserId, id: GenerationId) -> Result<Link, Problem> {
        self.generations.check_owner(user, id).await?;
        let mut tx = self.deps.store.begin().await?;
        let access = rows::find_access(&mut tx, user, id).await?.ok_or_else(Problem::not_found)?;
        if access.status != Status::Completed {
            return Err(Problem::conflict("not_completed", "Only a completed generation can be shared."));
        }
        let seed: [u8; 32] = rand::random();
        let new = NewShare {
            generation_id: id,
            token_hash: &digest(&self.token(id, &seed)),
            seed: &seed,
            created_at: self.deps.clock.now(),
        };
        let seed = shares::create(&mut tx, &new).await?;
        tx.save().await?;
        let token = self.token(id, &seed);
        let url = format!("{}/s/{token}", self.deps.settings.public_url);
        Ok(Link { token, url })
    }

    /// Ends the link at once, if there is one. Only the starter and the owner of the room may.
    pub async fn unshare(&self, user: UserId, id: GenerationId) -> Result<(), Problem> {
        self.generations.check_owner(user, id).await?;
        let mut db = self.deps.store.conn().await?;
        Ok(shares::delete(&mut db, id).await?)
    }

    /// What a token shows. An unknown one and a dead one are the same 404, found by the same look into the same index.
    pub async fn find(&self, token: &str) -> Result<Generation, Problem> {
        let mut db = self.deps.store.conn().await?;
        shares::find(&mut db, &digest(token)).await?.ok_or_else(Problem::not_found)
    }

    fn token(&self, id: GenerationId, seed: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(id.0.as_bytes());
        context.update(seed);
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

/// What is kept of a token. It has 256 random bits: a plain hash is enough.
fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
