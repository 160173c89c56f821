//! E-mail addresses of accounts: proved by a link in a mail, changed once the new one is proved.

use aether_boot::Deps;
use aether_common::{
    clock::Clock,
    id::UserId,
    model::user::{Role, User},
    problem::Problem,
};
use aether_store::{
    Store, StoreError, Tx, accounts, one_time_tokens,
    users::{self, Account},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::{
    announce::Announcer,
    audit::{Action, Audit, Entry},
    claim::{self, Lost},
    mail::{
        Mail, Mailer, Occasion, Recipient, nobodys_address,
        postage::{self, Postage},
    },
    one_time::{self, Kind},
    session::{Place, Sessions},
};

/// Proves and changes addresses; cheap to clone.
#[derive(Clone)]
pub struct Addresses {
    store: Store,
    clock: Clock,
    sessions: Sessions,
    audit: Audit,
    announcer: Announcer,
    mailer: Mailer,
    postage: Postage,
}

/// What is kept with a link: the address that it was sent to.
#[derive(Serialize, Deserialize)]
struct SentTo {
    email: String,
}

impl Addresses {
    /// Over what the service is built on.
    pub fn new(
        deps: &Deps,
        sessions: Sessions,
        audit: Audit,
        announcer: Announcer,
        mailer: Mailer,
        postage: Postage,
    ) -> Self {
        let (store, clock) = (deps.store.clone(), deps.clock.clone());
        Self { store, clock, sessions, audit, announcer, mailer, postage }
    }

    /// Sends the link that proves the address of this account, once the transaction is saved. Older links stay good: they
    /// prove the same.
    pub async fn ask(&self, tx: &mut Tx, user: &User) -> Result<(), Problem> {
        let token = self.link(tx, Kind::EmailVerify, user.id, &user.email).await?;
        self.mailer.queue(tx, &Recipient::claimed(user, &user.email), &Mail::VerifyAddress { token }).await
    }

    /// Sends that link once more; nothing happens when the address is proved already. 429 when enough were sent.
    pub async fn ask_again(&self, user: UserId) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        users::lock(&mut tx, user).await?;
        let user = users::find(&mut tx, user).await?.ok_or_else(Problem::unauthorized)?.user;
        if user.email_verified {
            return Ok(());
        }
        self.check_postage(&mut tx, user.id, "verify_address").await?;
        self.ask(&mut tx, &user).await?;
        tx.save().await?;
        self.mailer.nudge();
        Ok(())
    }

    /// Sends a link to the address that the account is to have, in place of any that was sent before, and tells the one that
    /// it has. Whether the new one has an account is not told. 429 when enough were sent.
    pub async fn ask_to_change(&self, user: UserId, email: &str, place: &Place) -> Result<(), Problem> {
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        users::lock(&mut tx, user).await?;
        let user = users::find(&mut tx, user).await?.ok_or_else(Problem::unauthorized)?.user;
        if user.email == email {
            return Err(Problem::invalid_field("email", "must not be the address that the account has"));
        }
        self.check_postage(&mut tx, user.id, "confirm_new_address").await?;
        one_time_tokens::delete_of(&mut tx, user.id, Kind::EmailChange.as_str()).await?;
        let token = self.link(&mut tx, Kind::EmailChange, user.id, email).await?;
        let confirm = Mail::ConfirmNewAddress { token };
        self.mailer.queue(&mut tx, &Recipient::claimed(&user, email), &confirm).await?;
        let asked = Mail::AddressChangeAsked(Occasion { at: now, place: place.clone() });
        self.mailer.queue(&mut tx, &Recipient::owner(&user), &asked).await?;
        self.audit.record(&mut tx, Entry::own(Action::EMAIL_CHANGE_ASKED, user.id, place)).await?;
        tx.save().await?;
        self.mailer.nudge();
        Ok(())
    }

    /// Takes what a link proves. 400 `invalid_token` when the link is none of ours, used, replaced or too old, or the account
    /// is shut out; 409 `email_taken` when another account has proved the address first.
    pub async fn prove(&self, token: &SecretString, place: &Place) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        if let Some((account, email)) = self.take(&mut tx, Kind::EmailVerify, token).await? {
            return self.verify(tx, &account.user, &email, place).await;
        }
        let taken = self.take(&mut tx, Kind::EmailChange, token).await?;
        let (account, email) = taken.ok_or_else(invalid_token)?;
        self.change(tx, &account.user, &email, place).await
    }

    async fn verify(&self, mut tx: Tx, user: &User, email: &str, place: &Place) -> Result<(), Problem> {
        // The account may have another address by now.
        if user.email != email {
            return Err(invalid_token());
        }
        users::set_email(&mut tx, user.id, email, true, self.clock.now()).await?;
        self.audit.record(&mut tx, Entry::own(Action::EMAIL_VERIFIED, user.id, place)).await?;
        tx.save().await?;
        tracing::info!(event = "email_verified", user.id = %user.id, "an address was proved");
        Ok(())
    }

    async fn change(&self, mut tx: Tx, user: &User, email: &str, place: &Place) -> Result<(), Problem> {
        let now = self.clock.now();
        let lost = self.make_room(&mut tx, user.id, email, place).await?;
        users::set_email(&mut tx, user.id, email, true, now).await.map_err(|error| match error {
            StoreError::Conflict => email_taken(),
            other => other.into(),
        })?;
        // What was sent to the old address opens nothing any more.
        for kind in [Kind::EmailVerify, Kind::PasswordReset] {
            one_time_tokens::delete_of(&mut tx, user.id, kind.as_str()).await?;
        }
        let changed = Mail::AddressChanged(Occasion { at: now, place: place.clone() });
        self.mailer.queue(&mut tx, &Recipient::owner(user), &changed).await?;
        self.audit.record(&mut tx, Entry::own(Action::EMAIL_CHANGED, user.id, place)).await?;
        tx.save().await?;
        if let Some(lost) = lost {
            lost.tell(&self.announcer);
        }
        self.mailer.nudge();
        tracing::info!(event = "email_changed", user.id = %user.id, "an account has another address");
        Ok(())
    }

    /// Takes the address from an account that only claims it. 409 when one has proved it.
    async fn make_room(
        &self,
        tx: &mut Tx,
        user: UserId,
        email: &str,
        place: &Place,
    ) -> Result<Option<Lost>, Problem> {
        let now = self.clock.now();
        let Some(claimed) = users::find_by_email(tx, email).await? else { return Ok(None) };
        if claimed.user.email_verified {
            return Err(email_taken());
        }
        // It may be proving the address at this moment: what holds is what is there once it is locked.
        users::lock(tx, claimed.user.id).await?;
        let Some(other) = users::find_by_email(tx, email).await? else { return Ok(None) };
        if other.user.email_verified || other.user.id != claimed.user.id {
            return Err(email_taken());
        }
        let entry = Entry::to(Action::ADDRESS_TAKEN, user, other.user.id, place);
        let lost = claim::lose(tx, &self.sessions, &self.audit, other.user.id, entry, now).await?;
        users::set_email(tx, other.user.id, &nobodys_address(other.user.id), false, now).await?;
        // Nobody can sign in to it any more; as an administrator it would keep the last real one from being seen as the last.
        accounts::set_standing(tx, other.user.id, Role::User, other.disabled, now).await?;
        Ok(Some(lost))
    }

    async fn link(
        &self,
        tx: &mut Tx,
        kind: Kind,
        user: UserId,
        email: &str,
    ) -> Result<SecretString, Problem> {
        let data = serde_json::to_value(SentTo { email: email.to_owned() }).map_err(Problem::internal)?;
        one_time::issue(tx, kind, user, &data, self.clock.now()).await
    }

    /// Takes the token; gives its account, locked, and the address that the link was sent to.
    async fn take(
        &self,
        tx: &mut Tx,
        kind: Kind,
        token: &SecretString,
    ) -> Result<Option<(Account, String)>, Problem> {
        let now = self.clock.now();
        let found = one_time::find(tx, kind, token, now).await?;
        let Some(user) = found.and_then(|found| found.user_id) else { return Ok(None) };
        // The account before the token, as everywhere: two that wait for each other would wait for ever.
        users::lock(tx, user).await?;
        let taken = one_time::take(tx, kind, token, now).await?.ok_or_else(invalid_token)?;
        let SentTo { email } = serde_json::from_value(taken.data).map_err(Problem::internal)?;
        let account = users::find(tx, user).await?.filter(|account| !account.disabled);
        Ok(Some((account.ok_or_else(invalid_token)?, email)))
    }

    async fn check_postage(&self, tx: &mut Tx, user: UserId, kind: &str) -> Result<(), Problem> {
        match self.postage.wait(tx, user, kind).await? {
            None => Ok(()),
            Some(wait) => Err(postage::too_many(wait)),
        }
    }
}

/// 400, the same bytes whatever is wrong with the token.
pub fn invalid_token() -> Problem {
    Problem::bad_request(
        "invalid_token",
        "This link has been used, was replaced by a newer one, or is too old. Ask for a new one.",
    )
}

fn email_taken() -> Problem {
    Problem::conflict("email_taken", "Another account has proved that this e-mail is its own.")
}
