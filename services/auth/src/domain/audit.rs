//! What goes into the audit log: who did what, to whom, from where. Added in the transaction of what it tells of.

use aether_common::{
    clock::Clock,
    id::{Ids, UserId},
    problem::Problem,
};
use aether_store::{Db, audit};
use serde_json::{Value, json};

use crate::domain::session::Place;

/// What was done: the stable word of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action(pub &'static str);

/// The words. Where one is missing, add it here.
impl Action {
    /// An account was made.
    pub const REGISTERED: Self = Self("registered");
    /// A sign-in succeeded.
    pub const LOGGED_IN: Self = Self("logged_in");
    /// A sign-in was refused.
    pub const LOGIN_REFUSED: Self = Self("login_refused");
    /// A session was ended by its owner.
    pub const LOGGED_OUT: Self = Self("logged_out");
    /// An old refresh token came again; its session was ended.
    pub const REFRESH_REUSED: Self = Self("refresh_reused");
    /// Sessions were ended from elsewhere.
    pub const SESSIONS_REVOKED: Self = Self("sessions_revoked");
    /// A provider's account was linked: another way in.
    pub const IDENTITY_LINKED: Self = Self("identity_linked");
    /// A provider's account was unlinked.
    pub const IDENTITY_UNLINKED: Self = Self("identity_unlinked");
    /// An account lost all that opened it to whoever proved its address.
    pub const ADDRESS_TAKEN: Self = Self("address_taken");
    /// A user was given another role.
    pub const ROLE_CHANGED: Self = Self("role_changed");
    /// A user was shut out.
    pub const USER_DISABLED: Self = Self("user_disabled");
    /// A user was let in again.
    pub const USER_ENABLED: Self = Self("user_enabled");
    /// An account was shut for good, to be erased.
    pub const ACCOUNT_DELETED: Self = Self("account_deleted");
    /// Nothing of an account is left.
    pub const ACCOUNT_ERASED: Self = Self("account_erased");
    /// A copy of all that is kept of a user was asked for by them.
    pub const EXPORT_REQUESTED: Self = Self("export_requested");
    /// It was fetched.
    pub const EXPORT_DOWNLOADED: Self = Self("export_downloaded");
    /// The audit log was exported.
    pub const AUDIT_EXPORTED: Self = Self("audit_exported");
    /// An address was proved.
    pub const EMAIL_VERIFIED: Self = Self("email_verified");
    /// Another address was asked for.
    pub const EMAIL_CHANGE_ASKED: Self = Self("email_change_asked");
    /// An account got another address.
    pub const EMAIL_CHANGED: Self = Self("email_changed");
    /// A link that sets a new password was asked for.
    pub const PASSWORD_FORGOTTEN: Self = Self("password_forgotten");
    /// A password was set by mail.
    pub const PASSWORD_RESET: Self = Self("password_reset");
    /// A password was changed by who knew it.
    pub const PASSWORD_CHANGED: Self = Self("password_changed");
    /// Somebody who is signed in did not know the password.
    pub const PASSWORD_CHANGE_REFUSED: Self = Self("password_change_refused");
    /// A profile was changed.
    pub const PROFILE_CHANGED: Self = Self("profile_changed");
    /// A signing key was made and published, to be the next.
    pub const SIGNING_KEY_PUBLISHED: Self = Self("signing_key_published");
    /// A signing key is to sign as soon as everybody knows it.
    pub const SIGNING_KEY_SCHEDULED: Self = Self("signing_key_scheduled");
    /// A signing key began to sign.
    pub const SIGNING_KEY_ACTIVATED: Self = Self("signing_key_activated");
    /// A retired signing key's time was over.
    pub const SIGNING_KEY_ENDED: Self = Self("signing_key_ended");
    /// A signing key was taken out of use before its time.
    pub const SIGNING_KEY_REVOKED: Self = Self("signing_key_revoked");
    /// A second factor was begun, and is yet to be confirmed.
    pub const TOTP_BEGUN: Self = Self("totp_begun");
    /// The second factor was turned on.
    pub const TOTP_ENABLED: Self = Self("totp_enabled");
    /// The second factor was turned off.
    pub const TOTP_DISABLED: Self = Self("totp_disabled");
    /// New recovery codes took the place of the old ones.
    pub const RECOVERY_CODES_RENEWED: Self = Self("recovery_codes_renewed");
    /// A recovery code was used up.
    pub const RECOVERY_CODE_USED: Self = Self("recovery_code_used");
    /// A code of the second factor was refused.
    pub const CODE_REFUSED: Self = Self("code_refused");
    /// Somebody who is signed in has proved again who they are.
    pub const STEPPED_UP: Self = Self("stepped_up");
    /// A step-up with a password was refused.
    pub const STEP_UP_REFUSED: Self = Self("step_up_refused");
    /// An API key was made.
    pub const API_KEY_CREATED: Self = Self("api_key_created");
    /// An API key was deleted.
    pub const API_KEY_DELETED: Self = Self("api_key_deleted");
}

/// Writes the log; cheap to clone.
#[derive(Clone)]
pub struct Audit {
    clock: Clock,
    ids: Ids,
}

/// An entry that is about to be written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    action: Action,
    actor: Option<UserId>,
    subject: Option<UserId>,
    place: Option<&'a Place>,
    detail: Value,
}

impl<'a> Entry<'a> {
    /// Somebody did something to their own account.
    pub fn own(action: Action, user: UserId, place: &'a Place) -> Self {
        Self { action, actor: Some(user), subject: Some(user), place: Some(place), detail: json!({}) }
    }

    /// Somebody did something to another account.
    pub fn to(action: Action, actor: UserId, subject: UserId, place: &'a Place) -> Self {
        Self { subject: Some(subject), ..Self::own(action, actor, place) }
    }

    /// Something was tried on an account by whoever could not say who they are.
    pub fn tried(action: Action, subject: Option<UserId>, place: &'a Place) -> Self {
        Self { action, actor: None, subject, place: Some(place), detail: json!({}) }
    }

    /// The system or its operator did something.
    pub fn by_system(action: Action, subject: Option<UserId>) -> Self {
        Self { action, actor: None, subject, place: None, detail: json!({}) }
    }

    /// The same, with what else there is to say: an object with neither secrets nor addresses.
    #[must_use]
    pub fn with(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

impl Audit {
    /// A log whose entries get these ids and times.
    pub fn new(clock: Clock, ids: Ids) -> Self {
        Self { clock, ids }
    }

    /// Writes an entry.
    pub async fn record(&self, db: &mut impl Db, entry: Entry<'_>) -> Result<(), Problem> {
        let Entry { action, actor, subject, place, detail } = entry;
        let kept = audit::Entry {
            id: self.ids.mint(),
            at: self.clock.now(),
            action: action.0.to_owned(),
            actor_id: actor,
            subject_id: subject,
            ip: place.map(|place| place.ip.clone()),
            user_agent: place.and_then(|place| place.user_agent.clone()),
            detail,
            trace_id: place.and_then(|place| place.trace_id.clone()),
        };
        Ok(audit::record(db, &kept).await?)
    }
}
