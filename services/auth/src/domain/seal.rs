//! What the master key is for: sealing secrets that are kept (AES-256-GCM), and keys of other uses made from it.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};

/// Seals and opens kept secrets.
pub struct Sealer {
    sealing: LessSafeKey,
    deriving: hmac::Key,
}

/// The text was not sealed with this key, or not under this name, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed secret cannot be opened with this master key")]
pub struct CannotOpen;

impl Sealer {
    /// Uses for this master key. Each use has a key of its own made from it.
    pub fn new(master: &[u8; 32]) -> Result<Self, CannotOpen> {
        let deriving = hmac::Key::new(hmac::HMAC_SHA256, master);
        let sealing = hmac::sign(&deriving, b"aether seal v1");
        let sealing = UnboundKey::new(&AES_256_GCM, sealing.as_ref()).map_err(|_| CannotOpen)?;
        Ok(Self { sealing: LessSafeKey::new(sealing), deriving })
    }

    /// A key of its own for another use.
    pub fn derive(&self, usage: &str) -> hmac::Key {
        let key = hmac::sign(&self.deriving, usage.as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }

    /// Seals a secret under a name; it opens under that name alone, so rows cannot be swapped.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = secret.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut text)
            .map_err(|_| CannotOpen)?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut text = text.to_vec();
        let secret = self.sealing.open_in_place(nonce, Aad::from(name), &mut text).map_err(|_| CannotOpen)?;
        Ok(secret.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_with_its_key_and_name_alone() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let mut sealed = sealer.seal("k1", b"secret").unwrap();
        assert_ne!(sealed, sealer.seal("k1", b"secret").unwrap());
        assert_eq!(sealer.open("k1", &sealed), Ok(b"secret".to_vec()));
        assert_eq!(sealer.open("k2", &sealed), Err(CannotOpen));
        assert_eq!(Sealer::new(&[8; 32]).unwrap().open("k1", &sealed), Err(CannotOpen));
        sealed[20] ^= 1;
        assert_eq!(sealer.open("k1", &sealed), Err(CannotOpen));
        assert_eq!(sealer.open("k1", b"short"), Err(CannotOpen));
    }
}
