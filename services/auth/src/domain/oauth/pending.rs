//! A sign-in that has begun and not come back: kept by the browser alone, sealed in a cookie. So nothing has to be stored
//! for whoever never comes back, and nobody else's browser can finish it.

use aether_common::{
    id::{SessionId, UserId},
    problem::Problem,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Provider;
use crate::domain::seal::Sealer;

/// How long the provider may keep somebody.
pub const LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// The name under which it is sealed; another form of the content gets another number.
const SEAL: &str = "oauth pending v1";
/// A longer cookie is none of ours.
const MAX_SEALED: usize = 4096;

/// What the sign-in is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To get in.
    SignIn,
    /// To add a way in to the account of this session.
    Link {
        /// Whose account.
        user: UserId,
        /// The session that asked.
        session: SessionId,
    },
}

/// A sign-in that has begun.
#[derive(Serialize, Deserialize)]
pub struct Pending {
    /// Who was asked.
    pub provider: Provider,
    /// What for.
    pub purpose: Purpose,
    /// Comes back in the URL: says which sign-in it is.
    state: String,
    /// Comes back in the ID token: says that the token was made for this sign-in.
    nonce: String,
    /// Shows the provider that who exchanges the code is who asked for it (RFC 7636).
    verifier: String,
    expires_at: DateTime<Utc>,
}

impl Pending {
    pub(super) fn new(provider: Provider, purpose: Purpose, now: DateTime<Utc>) -> (Self, PkceCodeChallenge) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let random = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let pending = Self {
            provider,
            purpose,
            state: random(),
            nonce: random(),
            verifier: verifier.into_secret(),
            expires_at: now + LIFETIME,
        };
        (pending, challenge)
    }

    pub(super) fn seal(&self, sealer: &Sealer) -> Result<SecretString, Problem> {
        let text = serde_json::to_vec(self).map_err(Problem::internal)?;
        let sealed = sealer.seal(SEAL, &text).map_err(Problem::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed).into())
    }

    /// Opens what [`seal`](Self::seal) made, when it is not too old and of this state.
    pub(super) fn open(
        sealed: &SecretString,
        state: &str,
        sealer: &Sealer,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let sealed = sealed.expose_secret();
        if sealed.len() > MAX_SEALED {
            return Err(invalid_state());
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| invalid_state())?;
        let text = sealer.open(SEAL, &bytes).map_err(|_| invalid_state())?;
        let pending: Self = serde_json::from_slice(&text).map_err(|_| invalid_state())?;
        let same = verify_slices_are_equal(pending.state.as_bytes(), state.as_bytes()).is_ok();
        if same && now < pending.expires_at { Ok(pending) } else { Err(invalid_state()) }
    }

    /// What is kept of its state once it has come back, so that it does so once.
    pub fn digest(&self) -> Vec<u8> {
        Sha256::digest(&self.state).to_vec()
    }

    /// Until when it could come back.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }

    pub(super) fn state(&self) -> &str {
        &self.state
    }

    pub(super) fn nonce(&self) -> &str {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.clone())
    }
}

/// 400: no sign-in of this browser is waiting for this answer.
pub fn invalid_state() -> Problem {
    Problem::bad_request(
        "invalid_state",
        "This sign-in was not begun in this browser, was finished before, or took too long. Begin again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn code(result: Result<Pending, Problem>) -> String {
        result.err().unwrap().code.into_owned()
    }

    #[test]
    fn it_opens_for_its_own_state_and_in_time_alone() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let (pending, _) = Pending::new(Provider::Google, Purpose::SignIn, NOW);
        let sealed = pending.seal(&sealer).unwrap();
        let open = |state: &str, now| Pending::open(&sealed, state, &sealer, now);
        let opened = open(&pending.state, NOW + LIFETIME - TimeDelta::microseconds(1)).unwrap();
        assert_eq!((opened.nonce, opened.verifier), (pending.nonce.clone(), pending.verifier.clone()));

        let (other, _) = Pending::new(Provider::Google, Purpose::SignIn, NOW);
        for wrong in [&*other.state, "", &pending.state[1..], &pending.nonce] {
            assert_eq!(code(open(wrong, NOW)), "invalid_state");
        }
        assert_eq!(code(open(&pending.state, NOW + LIFETIME)), "invalid_state");
    }

    #[test]
    fn what_was_not_sealed_by_us_is_refused() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let (pending, _) = Pending::new(Provider::Google, Purpose::SignIn, NOW);
        let foreign = pending.seal(&Sealer::new(&[8; 32]).unwrap()).unwrap();
        let plain = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&pending).unwrap());
        let other_use =
            URL_SAFE_NO_PAD.encode(sealer.seal("k1", &serde_json::to_vec(&pending).unwrap()).unwrap());
        for wrong in [foreign, plain.into(), other_use.into(), "".into(), "a".repeat(10_000).into()] {
            assert_eq!(code(Pending::open(&wrong, &pending.state, &sealer, NOW)), "invalid_state");
        }
    }

    #[test]
    fn the_verifier_is_one_that_every_provider_takes() {
        let (pending, challenge) = Pending::new(Provider::GitHub, Purpose::SignIn, NOW);
        assert!((43..=128).contains(&pending.verifier.len()));
        assert_eq!(challenge.method().as_str(), "S256");
    }
}
