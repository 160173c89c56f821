//! The second factor: an authenticator app's codes, and recovery codes for the day when it is lost. A code opens nothing
//! twice, whichever of the two it is.

use std::sync::Arc;

use aether_common::{clock::Clock, id::UserId, model::user::User, problem::Problem};
use aether_store::{Db, StoreError, Tx, one_time_tokens, second_factor};
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{
    audit::{Action, Audit, Entry},
    mail::{Mail, Mailer, Occasion, Recipient},
    one_time::Kind,
    recovery,
    seal::Sealer,
    session::Place,
    totp::{DIGITS, SECRET_BYTES, Totp},
};

/// A longer text is no code, however it is typed.
const MAX_TYPED: usize = 64;

/// Sets up, asks for and takes away second factors; cheap to clone.
#[derive(Clone)]
pub struct SecondFactor {
    sealer: Arc<Sealer>,
    recovery: hmac::Key,
    audit: Audit,
    mailer: Mailer,
    clock: Clock,
}

/// What a person needs to set up the app. Shown once.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// For typing.
    pub secret: SecretString,
    /// For a picture.
    pub url: SecretString,
}

/// What was proved with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A code of the app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

impl SecondFactor {
    /// With keys of its own, made from the master key.
    pub fn new(sealer: Arc<Sealer>, audit: Audit, mailer: Mailer, clock: Clock) -> Self {
        let recovery = sealer.derive("recovery code v1");
        Self { sealer, recovery, audit, mailer, clock }
    }

    /// A new secret for the user's app, in place of one that was never confirmed. 409 `mfa_enabled` when one was.
    pub async fn begin(&self, db: &mut impl Db, user: &User) -> Result<Enrolment, Problem> {
        let secret: [u8; SECRET_BYTES] = rand::random();
        let sealed = self.sealer.seal(&name(user.id), &secret).map_err(Problem::internal)?;
        if !second_factor::begin(db, user.id, &sealed, self.clock.now()).await? {
            return Err(enabled());
        }
        let totp = Totp::new(secret, &user.email)?;
        Ok(Enrolment { secret: totp.secret(), url: totp.url()? })
    }

    /// Turns the second factor on when the code is one of the new secret, and gives the recovery codes; nothing when it is
    /// not. 409 when nothing was begun, or it is on.
    pub async fn confirm(
        &self,
        tx: &mut Tx,
        user: UserId,
        code: &SecretString,
    ) -> Result<Option<Vec<SecretString>>, Problem> {
        let kept = second_factor::find(tx, user).await?.ok_or_else(|| {
            Problem::conflict("mfa_not_begun", "There is no new second factor to confirm; begin with one.")
        })?;
        if kept.confirmed {
            return Err(enabled());
        }
        let Some(step) = self.step(user, &kept.sealed, code)? else { return Ok(None) };
        if !second_factor::confirm(tx, user, &kept.sealed, step, self.clock.now()).await? {
            return Err(StoreError::Conflict.into());
        }
        Ok(Some(self.replace_codes(tx, user).await?))
    }

    /// Takes a code of the app or a recovery code, of whose use the owner is told; nothing when it is wrong, was used, or
    /// there is no second factor.
    pub async fn prove(
        &self,
        tx: &mut Tx,
        user: &User,
        code: &SecretString,
        place: &Place,
    ) -> Result<Option<Method>, Problem> {
        if let Some(hash) = short(code).and_then(|code| recovery::hash(&self.recovery, user.id, code)) {
            return self.recover(tx, user, &hash, place).await;
        }
        let Some(kept) = second_factor::find(tx, user.id).await?.filter(|kept| kept.confirmed) else {
            return Ok(None);
        };
        let Some(step) = self.step(user.id, &kept.sealed, code)? else { return Ok(None) };
        Ok(second_factor::use_step(tx, user.id, step).await?.then_some(Method::Totp))
    }

    async fn recover(
        &self,
        tx: &mut Tx,
        user: &User,
        hash: &[u8],
        place: &Place,
    ) -> Result<Option<Method>, Problem> {
        let now = self.clock.now();
        if !second_factor::use_code(tx, user.id, hash, now).await? {
            return Ok(None);
        }
        self.audit.record(tx, Entry::own(Action::RECOVERY_CODE_USED, user.id, place)).await?;
        let mail = Mail::RecoveryCodeUsed(Occasion { at: now, place: place.clone() });
        self.mailer.queue(tx, &Recipient::owner(user), &mail).await?;
        Ok(Some(Method::RecoveryCode))
    }

    /// New recovery codes in place of all that there were. 409 `mfa_not_enabled` when there is no second factor.
    pub async fn renew_codes(&self, tx: &mut Tx, user: UserId) -> Result<Vec<SecretString>, Problem> {
        if second_factor::find(tx, user).await?.is_none_or(|kept| !kept.confirmed) {
            return Err(Problem::conflict("mfa_not_enabled", "There is no second factor; turn it on first."));
        }
        self.replace_codes(tx, user).await
    }

    /// Takes the second factor away, with its recovery codes and the sign-ins that wait for it; says whether it was
    /// confirmed, or nothing when there was none.
    pub async fn remove(&self, tx: &mut Tx, user: UserId) -> Result<Option<bool>, Problem> {
        one_time_tokens::delete_of(tx, user, Kind::MfaChallenge.as_str()).await?;
        Ok(second_factor::delete(tx, user, self.clock.now()).await?)
    }

    async fn replace_codes(&self, tx: &mut Tx, user: UserId) -> Result<Vec<SecretString>, Problem> {
        let codes = recovery::generate();
        let hashes: Vec<Vec<u8>> = codes
            .iter()
            .filter_map(|code| recovery::hash(&self.recovery, user, code.expose_secret()))
            .collect();
        second_factor::replace_codes(tx, user, &hashes).await?;
        Ok(codes)
    }

    fn step(&self, user: UserId, sealed: &[u8], code: &SecretString) -> Result<Option<i64>, Problem> {
        let Some(code) = short(code) else { return Ok(None) };
        // Apps show the digits in two groups.
        let digits: String = code.chars().filter(|c| !matches!(c, ' ' | '-')).take(DIGITS + 1).collect();
        let secret = self.sealer.open(&name(user), sealed).map_err(Problem::internal)?;
        let secret =
            secret.try_into().map_err(|_| Problem::internal("a kept TOTP secret has another length"))?;
        Ok(Totp::new(secret, "")?.step(&digits, self.clock.now()))
    }
}

impl Method {
    /// The word of the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
        }
    }
}

/// A secret opens for its user alone, so rows cannot be swapped.
fn name(user: UserId) -> String {
    format!("totp {user}")
}

fn short(code: &SecretString) -> Option<&str> {
    let code = code.expose_secret();
    (code.len() <= MAX_TYPED).then_some(code)
}

fn enabled() -> Problem {
    Problem::conflict("mfa_enabled", "The second factor is on already; turn it off first.")
}
