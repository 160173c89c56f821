//! Secrets that work once: a random token that its holder gets, of which only the hash is kept.

use aether_common::{id::UserId, jwt::MFA_TOKEN_PREFIX, problem::Problem};
use aether_store::{
    Db,
    one_time_tokens::{self, NewOneTimeToken, OneTimeToken},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A longer text is no token of ours.
const MAX_LENGTH: usize = 100;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sign-in that waits for its second factor.
    MfaChallenge,
    /// A link that sets a new password.
    PasswordReset,
    /// A link that proves the address of the account.
    EmailVerify,
    /// A link that proves an address that the account is to have.
    EmailChange,
}

impl Kind {
    /// How long it is good.
    pub fn lifetime(self) -> TimeDelta {
        match self {
            Self::MfaChallenge => TimeDelta::minutes(5),
            Self::PasswordReset => TimeDelta::hours(1),
            Self::EmailVerify | Self::EmailChange => TimeDelta::hours(24),
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::MfaChallenge => MFA_TOKEN_PREFIX,
            Self::PasswordReset => "aep_",
            // One link for both: whoever clicks it need not say which.
            Self::EmailVerify | Self::EmailChange => "aev_",
        }
    }

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MfaChallenge => "mfa_challenge",
            Self::PasswordReset => "password_reset",
            Self::EmailVerify => "email_verify",
            Self::EmailChange => "email_change",
        }
    }
}

/// Makes a token of this kind for the user and keeps its hash, with `data`.
pub async fn issue(
    db: &mut impl Db,
    kind: Kind,
    user: UserId,
    data: &Value,
    now: DateTime<Utc>,
) -> Result<SecretString, Problem> {
    let token: SecretString =
        format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())).into();
    let new = NewOneTimeToken {
        hash: &digest(&token),
        kind: kind.as_str(),
        user_id: Some(user),
        data,
        created_at: now,
        expires_at: now + kind.lifetime(),
    };
    one_time_tokens::create(db, &new).await?;
    Ok(token)
}

/// What belongs to the token, which stays good; nothing when it is unknown, used, or its time is over.
pub async fn find(
    db: &mut impl Db,
    kind: Kind,
    token: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<OneTimeToken>, Problem> {
    if token.expose_secret().len() > MAX_LENGTH {
        return Ok(None);
    }
    Ok(one_time_tokens::find(db, &digest(token), kind.as_str(), now).await?)
}

/// Takes the token: it is good no more. Of several takers at once one gets it.
pub async fn take(
    db: &mut impl Db,
    kind: Kind,
    token: &SecretString,
    now: DateTime<Utc>,
) -> Result<Option<OneTimeToken>, Problem> {
    if token.expose_secret().len() > MAX_LENGTH {
        return Ok(None);
    }
    Ok(one_time_tokens::take(db, &digest(token), kind.as_str(), now).await?)
}

/// It has 256 random bits: a plain hash is enough.
fn digest(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret()).to_vec()
}
