//! Recovery codes: what stands in for the second factor when the device is lost. Each is good once.

use aether_common::id::UserId;
use aws_lc_rs::hmac;
use secrecy::SecretString;

/// How many there are.
pub const COUNT: usize = 10;
/// How many characters one has, beside the dashes; each carries 5 random bits.
const LENGTH: usize = 12;
/// After so many stands a dash.
const GROUP: usize = 4;
/// Crockford's base32: no letter that is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// New codes, as they are shown: `xxxx-xxxx-xxxx`.
pub fn generate() -> Vec<SecretString> {
    (0..COUNT).map(|_| written(&rand::random::<[u8; LENGTH]>())).collect()
}

/// What is kept of a code; nothing when the text cannot be one. Case, blanks and dashes do not count, and neither does it
/// matter which of `o` and `0`, or of `i`, `l` and `1`, was read.
pub fn hash(key: &hmac::Key, user: UserId, text: &str) -> Option<Vec<u8>> {
    let mut code = [0; LENGTH];
    let mut length = 0;
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'\t')) {
        let symbol = match byte.to_ascii_lowercase() {
            b'o' => b'0',
            b'i' | b'l' => b'1',
            other => other,
        };
        if !ALPHABET.contains(&symbol) {
            return None;
        }
        *code.get_mut(length)? = symbol;
        length += 1;
    }
    if length != LENGTH {
        return None;
    }
    let mut context = hmac::Context::with_key(key);
    context.update(user.0.as_bytes());
    context.update(&code);
    Some(context.sign().as_ref().to_vec())
}

/// A byte has as many values for each of the 32 symbols.
fn written(bytes: &[u8; LENGTH]) -> SecretString {
    let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    const ANA: UserId = UserId(Uuid::from_u128(1));

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[7; 32])
    }

    #[test]
    fn codes_are_many_and_each_is_another() {
        let codes: HashSet<String> =
            (0..100).flat_map(|_| generate()).map(|code| code.expose_secret().to_owned()).collect();
        assert_eq!(codes.len(), 100 * COUNT);
        for code in codes {
            let groups: Vec<&str> = code.split('-').collect();
            assert!(groups.len() == 3 && groups.iter().all(|group| group.len() == GROUP), "{code}");
            assert!(hash(&key(), ANA, &code).is_some(), "{code}");
        }
        const { assert!(LENGTH * 5 >= 60) };
    }

    #[test]
    fn it_does_not_matter_how_a_code_is_typed() {
        let kept = hash(&key(), ANA, "01ab-cdef-ghjk");
        assert!(kept.is_some());
        for typed in
            ["01AB-CDEF-GHJK", "01abcdefghjk", " 01ab cdef\tghjk ", "oiab-cdef-ghjk", "OLab--cdefghjk-"]
        {
            assert_eq!(hash(&key(), ANA, typed), kept, "{typed}");
        }
    }

    #[test]
    fn a_code_is_its_owners_and_no_other_text_is_one() {
        let kept = hash(&key(), ANA, "01ab-cdef-ghjk");
        assert_ne!(hash(&key(), UserId(Uuid::from_u128(2)), "01ab-cdef-ghjk"), kept);
        assert_ne!(hash(&hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]), ANA, "01ab-cdef-ghjk"), kept);
        for text in [
            "",
            "-",
            "01ab-cdef-ghj",
            "01ab-cdef-ghjkm",
            "01ab-cdef-ghju",
            "０１ab-cdef-ghjk",
            "01ab\u{a0}cdef-ghjk",
        ] {
            assert_eq!(hash(&key(), ANA, text), None, "{text:?}");
        }
        assert_eq!(hash(&key(), ANA, &"a".repeat(1_000_000)), None);
    }
}
