//! API keys: what may be asked of one, and how it is made. `aek_`, 43 random letters and digits (256 bits), and a checksum
//! of 6, so that a scanner for lost secrets can tell a key from a word that only looks like one.

use aether_common::{
    jwt::API_KEY_PREFIX,
    model::scope::{Scope, ScopeSet},
};
use chrono::{DateTime, TimeDelta, Utc};
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::domain::profile;

/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// How many one user may have.
pub const MAX_KEYS: i64 = 50;
/// The longest life of a key that has an end.
pub const MAX_LIFETIME: TimeDelta = TimeDelta::days(3_653);
const RANDOM: usize = 43;
const CHECKSUM: usize = 6;
/// How many of the random characters its owner knows it by.
const SHOWN: usize = 6;
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made.
pub struct NewKey {
    /// The key itself. Shown once.
    pub key: SecretString,
    /// How it begins.
    pub prefix: String,
    /// What is kept of it. It has 256 random bits: a plain hash is enough.
    pub hash: Vec<u8>,
}

impl NewKey {
    /// Makes a key.
    pub fn generate() -> Self {
        let random = Alphanumeric.sample_string(&mut rand::rng(), RANDOM);
        let key = SecretString::from(format!("{API_KEY_PREFIX}{random}{}", checksum(&random)));
        Self {
            prefix: format!("{API_KEY_PREFIX}{}", &random[..SHOWN]),
            hash: Sha256::digest(key.expose_secret()).to_vec(),
            key,
        }
    }
}

/// The name without blanks around it, or why it is not one.
pub fn name(text: &str) -> Result<String, String> {
    profile::line(text, MAX_NAME)
}

/// The scopes, of which there must be one at least and none twice.
pub fn scopes(scopes: &[Scope]) -> Result<ScopeSet, String> {
    let set: ScopeSet = scopes.iter().copied().collect();
    if set.is_empty() {
        return Err("must hold one scope at least".into());
    }
    if set.iter().count() != scopes.len() {
        return Err("must hold no scope twice".into());
    }
    Ok(set)
}

/// The end of a key's life, which lies ahead, but not too far.
pub fn expiry(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    if at <= now {
        return Err("must be in the future".into());
    }
    if at - now > MAX_LIFETIME {
        return Err("must be at most ten years ahead; a key without an end has none".into());
    }
    Ok(at)
}

/// CRC-32 (that of zip) in base 62.
fn checksum(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE_62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_that_can_be_checked() {
        let (one, other) = (NewKey::generate(), NewKey::generate());
        assert_ne!(one.key.expose_secret(), other.key.expose_secret());
        for NewKey { key, prefix, hash } in [one, other] {
            let key = key.expose_secret();
            assert!(key.starts_with(&prefix) && prefix.len() == 10 && key.len() == 53, "{key}");
            let (random, sum) = key[4..].split_at(RANDOM);
            assert!(key[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(sum, checksum(random));
            assert_eq!(hash, Sha256::digest(key).to_vec());
        }
        assert_eq!((checksum("123456789").as_str(), checksum("").as_str()), ("3jZRME", "000000"));
    }

    #[test]
    fn scopes_are_some_and_each_once() {
        use Scope::{GenerationsRead, RoomsRead};
        assert_eq!(scopes(&[RoomsRead, GenerationsRead]).unwrap().to_words(), "generations:read rooms:read");
        assert!(scopes(&[]).is_err() && scopes(&[RoomsRead, RoomsRead]).is_err());
    }

    #[test]
    fn an_end_lies_ahead_within_ten_years() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for good in [TimeDelta::microseconds(1), MAX_LIFETIME] {
            assert_eq!(expiry(now + good, now), Ok(now + good));
        }
        for bad in [TimeDelta::zero(), TimeDelta::seconds(-1), MAX_LIFETIME + TimeDelta::seconds(1)] {
            assert!(expiry(now + bad, now).is_err(), "{bad}");
        }
        for bad in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!(expiry(bad, now).is_err());
        }
    }
}
