//! Which passwords are taken.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Score, zxcvbn};

/// The fewest characters.
pub const MIN: usize = 10;
/// The most characters.
pub const MAX: usize = 128;
/// The fewest characters beside one's own e-mail and name.
const MIN_BESIDE_KNOWN: usize = 8;

/// A password in NFC and of a good length: the same characters typed on two keyboards are the same password.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Reads a password, or says why it cannot be one. Long input is refused before any work is done on it.
    pub fn read(text: &SecretString) -> Result<Self, String> {
        let text = text.expose_secret();
        let too_long = || format!("must have at most {MAX} characters");
        // NFC never joins more than a few scalars into one.
        if text.len() > MAX * 16 {
            return Err(too_long());
        }
        let normal: String = text.nfc().collect();
        match normal.chars().count() {
            _ if normal.contains('\0') => Err("must not hold the character U+0000".into()),
            length if length > MAX => Err(too_long()),
            _ => Ok(Self(normal.into())),
        }
    }

    /// What is hashed.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Why the password is not good enough for a new account of this e-mail and name; nothing when it is. Takes some
    /// milliseconds of CPU.
    pub fn weakness(&self, email: &str, name: &str) -> Option<String> {
        let text = self.0.expose_secret();
        if text.chars().count() < MIN {
            return Some(format!("must have at least {MIN} characters"));
        }
        if text.trim().is_empty() {
            return Some("must not be blank".into());
        }
        let local = email.split('@').next().unwrap_or_default();
        let mut known = vec![email, local, name, "aether", "aetheros"];
        known.extend(email.split(['@', '.', '-', '_', '+']).filter(|word| word.len() > 2));
        known.extend(name.split_whitespace().filter(|word| word.len() > 2));
        if is_made_of(text, &known) {
            return Some("must not be made of your e-mail or name".into());
        }
        let estimate = zxcvbn(text, &known);
        if estimate.score() >= Score::Three {
            return None;
        }
        let mut reason = String::from("is too easy to guess.");
        let feedback = estimate.feedback();
        if let Some(warning) = feedback.and_then(zxcvbn::feedback::Feedback::warning) {
            reason = format!("{reason} {warning}");
        }
        if let Some(advice) = feedback.and_then(|feedback| feedback.suggestions().first()) {
            reason = format!("{reason} {advice}");
        }
        Some(reason)
    }
}

/// Whether little is left without the known words; zxcvbn counts each of them as a choice, and so lets `AnaLopez2024` pass.
fn is_made_of(text: &str, known: &[&str]) -> bool {
    let mut rest = text.to_lowercase();
    let mut words: Vec<String> =
        known.iter().map(|word| word.to_lowercase()).filter(|word| word.len() > 2).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in &words {
        rest = rest.replace(word, "");
    }
    let left = rest.trim().chars().count();
    left < MIN_BESIDE_KNOWN && left < text.trim().chars().count()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn read(text: &str) -> Result<Password, String> {
        Password::read(&SecretString::from(text.to_owned()))
    }

    #[test]
    fn a_password_is_10_to_128_characters_and_hard_to_guess() {
        let weak = |text: &str| read(text).unwrap().weakness("ana.lopez@example.com", "Ana Lopez");
        assert_eq!(weak("tiger umbrella 9 frost"), None);
        assert_eq!(weak("ünïcödé wörds häbén grøße"), None);
        for bad in [
            "short",
            "password1234",
            "aaaaaaaaaaaaaaaa",
            "1234567890",
            "          ",
            "qwertyuiop",
            "ana.lopez@example.com",
            "Ana.Lopez@Example.com",
            "ana lopez 99",
            "AnaLopez2024",
            "aetheraether",
        ] {
            assert!(weak(bad).is_some(), "{bad}");
        }
        assert!(read(&"é".repeat(128)).is_ok());
        assert!(read(&"é".repeat(129)).is_err());
    }

    #[test]
    fn a_giant_password_is_refused_at_once() {
        let giant = SecretString::from("a".repeat(1_000_000));
        let began = Instant::now();
        assert!(Password::read(&giant).is_err());
        assert!(began.elapsed() < Duration::from_millis(5));
    }
}
