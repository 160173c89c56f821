//! The token of an invite: 256 random bits. Only its hash is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A new token.
pub fn mint() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What is kept of it.
pub fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// Where a browser uses it.
pub fn url(public_url: &str, token: &str) -> String {
    format!("{}/join/{token}", public_url.trim_end_matches('/'))
}
