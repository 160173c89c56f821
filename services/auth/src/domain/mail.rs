//! Mails that tell people about their accounts. A mail is queued in the transaction of what it tells of ([`mailer`]), says
//! what [`letter`] says, and leaves by [`delivery`]: to the mail server, or in development as a file.

pub mod delivery;
pub mod letter;
pub mod mailer;
pub mod postage;

use aether_common::{id::UserId, model::user::User};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

pub use self::mailer::Mailer;
use crate::domain::{oauth::Provider, one_time::Kind, session::Place};

/// How long a mail without a link is worth being sent.
const NOTICE_LIFETIME: TimeDelta = TimeDelta::days(3);
/// Addresses at this name are nobody's (RFC 2606): accounts that lost their address to its owner have one.
const NOBODY: &str = "unclaimed.invalid";

/// What a mail tells.
#[derive(Clone, Debug)]
pub enum Mail {
    /// Confirm the address of a new account.
    VerifyAddress {
        /// Of the link.
        token: SecretString,
    },
    /// Confirm the address that an account is to have from now on.
    ConfirmNewAddress {
        /// Of the link.
        token: SecretString,
    },
    /// Choose a new password.
    ResetPassword {
        /// Of the link.
        token: SecretString,
    },
    /// Somebody signed in from where nobody has before.
    NewSignIn(Occasion),
    /// The password is another one.
    PasswordChanged(Occasion),
    /// Another address is to be the account's; to the one that it has.
    AddressChangeAsked(Occasion),
    /// Another address is the account's; to the one that it had.
    AddressChanged(Occasion),
    /// Sign-ins need a second factor from now on.
    SecondFactorOn(Occasion),
    /// Sign-ins need no second factor any more.
    SecondFactorOff(Occasion),
    /// A recovery code was used up.
    RecoveryCodeUsed(Occasion),
    /// There is a new API key.
    ApiKeyCreated(Occasion),
    /// An account of this provider opens the account from now on.
    IdentityLinked(Provider, Occasion),
    /// It opens it no more.
    IdentityUnlinked(Provider, Occasion),
    /// The account and all that was in it are gone.
    AccountErased(Occasion),
}

/// When something happened, and from where.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// When.
    pub at: DateTime<Utc>,
    /// From where it was asked for.
    pub place: Place,
}

/// Who gets a mail.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The account that the mail goes with, as long as it waits. `None` for the mail that tells of the account's end.
    pub user: Option<UserId>,
    /// Canonical.
    pub address: String,
    /// How they are greeted; `None` where whoever chose the name has not shown that the address is theirs: mails carry no
    /// words of strangers to people.
    pub name: Option<String>,
}

impl Mail {
    /// What it is about, as a stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VerifyAddress { .. } => "verify_address",
            Self::ConfirmNewAddress { .. } => "confirm_new_address",
            Self::ResetPassword { .. } => "reset_password",
            Self::NewSignIn(_) => "new_sign_in",
            Self::PasswordChanged(_) => "password_changed",
            Self::AddressChangeAsked(_) => "address_change_asked",
            Self::AddressChanged(_) => "address_changed",
            Self::SecondFactorOn(_) => "second_factor_on",
            Self::SecondFactorOff(_) => "second_factor_off",
            Self::RecoveryCodeUsed(_) => "recovery_code_used",
            Self::ApiKeyCreated(_) => "api_key_created",
            Self::IdentityLinked(..) => "identity_linked",
            Self::IdentityUnlinked(..) => "identity_unlinked",
            Self::AccountErased(_) => "account_erased",
        }
    }

    /// How long it is of use.
    fn lifetime(&self) -> TimeDelta {
        match self {
            Self::VerifyAddress { .. } => Kind::EmailVerify.lifetime(),
            Self::ConfirmNewAddress { .. } => Kind::EmailChange.lifetime(),
            Self::ResetPassword { .. } => Kind::PasswordReset.lifetime(),
            _ => NOTICE_LIFETIME,
        }
    }
}

impl Recipient {
    /// The owner of the account, at its address.
    pub fn owner(user: &User) -> Self {
        Self {
            user: Some(user.id),
            address: user.email.clone(),
            name: user.email_verified.then(|| user.name.clone()),
        }
    }

    /// The same, for a mail that must outlive the account.
    #[must_use]
    pub fn outliving(self) -> Self {
        Self { user: None, ..self }
    }

    /// Whoever has this address, which is to become the account's.
    pub fn claimed(user: &User, address: &str) -> Self {
        Self { user: Some(user.id), address: address.to_owned(), name: None }
    }

    fn is_nobody(&self) -> bool {
        self.address.ends_with(NOBODY)
    }
}

/// The address of an account that has lost its own: no mail goes there, and nobody can register it.
pub fn nobodys_address(account: UserId) -> String {
    format!("{account}@{NOBODY}")
}
