//! A fresh proof of who somebody is, for what must not be done with a session that was left open. The token says it for
//! five minutes, for one session, and is kept nowhere: it is signed.

use aether_common::id::SessionId;
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::seal::Sealer;

/// How long a proof is fresh: a sign-in, or a step-up.
pub const FRESH: TimeDelta = TimeDelta::minutes(5);
const PREFIX: &str = "aes_";
const TIME_BYTES: usize = 8;
const TAG_BYTES: usize = 32;

/// Makes and checks step-up tokens.
pub struct StepUp {
    key: hmac::Key,
}

impl StepUp {
    /// With a key of its own, made from the master key.
    pub fn new(sealer: &Sealer) -> Self {
        Self { key: sealer.derive("step-up token v1") }
    }

    /// A token that says: at `now` this session's owner has proved who they are.
    pub fn issue(&self, session: SessionId, now: DateTime<Utc>) -> SecretString {
        let mut bytes = (now + FRESH).timestamp_micros().to_be_bytes().to_vec();
        let tag = hmac::sign(&self.key, &signed(session, &bytes));
        bytes.extend_from_slice(tag.as_ref());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)).into()
    }

    /// Whether the token says so for this session, and is not too old.
    pub fn is_good(&self, token: &SecretString, session: SessionId, now: DateTime<Utc>) -> bool {
        let Some(text) = token.expose_secret().strip_prefix(PREFIX) else { return false };
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return false };
        if bytes.len() != TIME_BYTES + TAG_BYTES {
            return false;
        }
        let (time, tag) = bytes.split_at(TIME_BYTES);
        let until = time.try_into().map(i64::from_be_bytes).ok().and_then(DateTime::from_timestamp_micros);
        hmac::verify(&self.key, &signed(session, time), tag).is_ok() && until.is_some_and(|until| now < until)
    }
}

fn signed(session: SessionId, time: &[u8]) -> Vec<u8> {
    [session.0.as_bytes(), time].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_is_good_for_its_session_for_five_minutes() {
        let step_up = StepUp::new(&Sealer::new(&[7; 32]).unwrap());
        let (one, other) = (SessionId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let token = step_up.issue(one, now);
        assert!(step_up.is_good(&token, one, now + FRESH - TimeDelta::microseconds(1)));
        assert!(!step_up.is_good(&token, one, now + FRESH));
        assert!(!step_up.is_good(&token, other, now));
        assert!(!StepUp::new(&Sealer::new(&[8; 32]).unwrap()).is_good(&token, one, now));
        for bad in ["", "aes_", "aes_AAAA", "aer_x", &"a".repeat(10_000)] {
            assert!(!step_up.is_good(&bad.into(), one, now), "{bad}");
        }
    }
}
