//! Passwords that are replaced: by who knows the old one, or by who gets the mail.

use std::net::IpAddr;

use aether_boot::Deps;
use aether_common::{clock::Clock, id::SessionId, model::user::User, problem::Problem};
use aether_store::{
    Store, Tx, one_time_tokens,
    sessions::EndReason,
    users::{self, Account},
};
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::domain::{
    addresses::invalid_token,
    announce::Announcer,
    attempts::{Attempts, Guess},
    audit::{Action, Audit, Entry},
    claim,
    hashing::{Passwords, Verdict},
    mail::{Mail, Mailer, Occasion, Recipient, postage::Postage},
    one_time::{self, Kind},
    password::Password,
    session::{Place, Sessions},
};

/// How many forgotten passwords may wait to be looked after.
const QUEUE: usize = 1_000;

/// Replaces passwords; cheap to clone.
#[derive(Clone)]
pub struct NewPasswords {
    parts: Parts,
    forgotten: mpsc::Sender<Forgotten>,
}

/// What it works with.
#[derive(Clone)]
pub struct Parts {
    /// What is kept.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// Hashes.
    pub passwords: Passwords,
    /// Ends what the old password opened.
    pub sessions: Sessions,
    /// Counts who guesses the current one.
    pub attempts: Attempts,
    /// Writes down what was done.
    pub audit: Audit,
    /// Tells of ended sessions.
    pub announcer: Announcer,
    /// Sends links, and tells the owner.
    pub mailer: Mailer,
    /// Bounds the links.
    pub postage: Postage,
}

/// Somebody has forgotten the password of the account of this address, or says so.
struct Forgotten {
    email: String,
    network: IpAddr,
    place: Place,
}

impl NewPasswords {
    /// Begins to look after forgotten passwords on the process's tracker.
    pub fn start(deps: &Deps, parts: Parts) -> Self {
        let (forgotten, queue) = mpsc::channel(QUEUE);
        let (tasks, shutdown): (&TaskTracker, _) = (&deps.lifecycle.tasks, deps.lifecycle.shutdown.clone());
        tasks.spawn(look_after(parts.clone(), queue, shutdown));
        Self { parts, forgotten }
    }

    /// Sends a link to the owner of the account of this canonical address, if there is one. That is found out later, one
    /// after the other: the answer to who asks is the same in bytes and in time. 503 when too many wait.
    pub fn forgot(&self, email: String, network: IpAddr, place: Place) -> Result<(), Problem> {
        self.forgotten
            .try_send(Forgotten { email, network, place })
            .map_err(|_| Problem::unavailable("too many forgotten passwords wait"))
    }

    /// Sets the password that the owner of the link has chosen, and ends every session. 400 `invalid_token` when the link is
    /// none of ours, used, replaced or too old, or the account is shut out; 422 when the password is not good enough, which
    /// leaves the link good.
    pub async fn reset(
        &self,
        token: &SecretString,
        new: &SecretString,
        place: &Place,
    ) -> Result<(), Problem> {
        let Parts { store, clock, passwords, sessions, audit, announcer, mailer, .. } = &self.parts;
        let now = clock.now();
        let mut conn = store.conn().await?;
        let found = one_time::find(&mut conn, Kind::PasswordReset, token, now).await?;
        let user = found.and_then(|found| found.user_id).ok_or_else(invalid_token)?;
        let account = users::find(&mut conn, user).await?.ok_or_else(invalid_token)?;
        drop(conn);
        let new = good_enough(passwords, new, &account.user).await?;
        let hash = passwords.hash(&new).await?;

        let mut tx = store.begin().await?;
        users::lock(&mut tx, user).await?;
        let taken = one_time::take(&mut tx, Kind::PasswordReset, token, now).await?;
        let email = taken.and_then(|taken| taken.data["email"].as_str().map(str::to_owned));
        let account = users::find(&mut tx, user).await?.filter(|account| !account.disabled);
        let Account { user, .. } = account
            .filter(|account| Some(&account.user.email) == email.as_ref())
            .ok_or_else(invalid_token)?;
        let lost = if user.email_verified {
            None
        } else {
            let entry = Entry::own(Action::ADDRESS_TAKEN, user.id, place);
            let lost = claim::lose(&mut tx, sessions, audit, user.id, entry, now).await?;
            users::set_email(&mut tx, user.id, &user.email, true, now).await?;
            Some(lost)
        };
        let ended = self.set(&mut tx, &user, &hash, None, place).await?;
        audit.record(&mut tx, Entry::own(Action::PASSWORD_RESET, user.id, place)).await?;
        tx.save().await?;
        if let Some(lost) = lost {
            lost.tell(announcer);
        }
        announcer.ended(user.id, ended, EndReason::PasswordChanged);
        mailer.nudge();
        tracing::info!(event = "password_reset", user.id = %user.id, "a password was set by mail");
        Ok(())
    }

    /// Sets a new password for who knows the current one, and ends every other session. 403 `wrong_password`; 409
    /// `no_password` when there is none, which a link in a mail sets; 422 when the new one is not good enough.
    pub async fn change(
        &self,
        user: &User,
        session: SessionId,
        current: &SecretString,
        new: &SecretString,
        network: IpAddr,
        place: &Place,
    ) -> Result<(), Problem> {
        let Parts { store, passwords, attempts, audit, announcer, mailer, .. } = &self.parts;
        let current =
            Password::read(current).map_err(|reason| Problem::invalid_field("currentPassword", reason))?;
        let new = good_enough(passwords, new, user).await?;
        let account =
            users::find(&mut store.conn().await?, user.id).await?.ok_or_else(Problem::unauthorized)?;
        let Some(kept) = account.password_hash else { return Err(no_password()) };
        let attempt = attempts.begin(Guess::Password, user.id, network).await?;
        if passwords.verify(&current, Some(&kept)).await? == Verdict::Wrong {
            let entry = Entry::tried(Action::PASSWORD_CHANGE_REFUSED, Some(user.id), place);
            audit.record(&mut store.conn().await?, entry).await?;
            return Err(wrong_password());
        }
        let hash = passwords.hash(&new).await?;

        let mut tx = store.begin().await?;
        users::lock(&mut tx, user.id).await?;
        let account = users::find(&mut tx, user.id).await?.ok_or_else(Problem::unauthorized)?;
        // Somebody else may have been faster: then the one that was shown is current no more.
        if account.password_hash.as_ref() != Some(&kept) {
            return Err(wrong_password());
        }
        let ended = self.set(&mut tx, &account.user, &hash, Some(session), place).await?;
        audit.record(&mut tx, Entry::own(Action::PASSWORD_CHANGED, user.id, place)).await?;
        tx.save().await?;
        attempt.succeeded().await;
        announcer.ended(user.id, ended, EndReason::PasswordChanged);
        mailer.nudge();
        tracing::info!(event = "password_changed", user.id = %user.id, "a password was changed");
        Ok(())
    }

    /// What every new password means: sessions end, links that were on their way open nothing, and the owner is told.
    async fn set(
        &self,
        tx: &mut Tx,
        user: &User,
        hash: &str,
        keep: Option<SessionId>,
        place: &Place,
    ) -> Result<Vec<SessionId>, Problem> {
        let Parts { clock, sessions, mailer, .. } = &self.parts;
        let now = clock.now();
        users::set_password_hash(tx, user.id, hash, now).await?;
        // A change of address may have been begun by whoever knew the old password.
        for kind in [Kind::PasswordReset, Kind::EmailChange, Kind::MfaChallenge] {
            one_time_tokens::delete_of(tx, user.id, kind.as_str()).await?;
        }
        let changed = Mail::PasswordChanged(Occasion { at: now, place: place.clone() });
        mailer.queue(tx, &Recipient::owner(user), &changed).await?;
        sessions.end_all(tx, user.id, keep, EndReason::PasswordChanged).await
    }
}

/// Looks after forgotten passwords, also after a stop those that were said to be looked after.
async fn look_after(parts: Parts, mut queue: mpsc::Receiver<Forgotten>, shutdown: CancellationToken) {
    loop {
        let next = tokio::select! {
            next = queue.recv() => next,
            () = shutdown.cancelled(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        let Some(forgotten) = next else { return };
        if let Err(problem) = parts.send_link(forgotten).await {
            tracing::warn!(event = "reset_not_sent", %problem, cause = problem.cause, "a forgotten password was not looked after");
        }
    }
}

impl Parts {
    async fn send_link(&self, forgotten: Forgotten) -> Result<(), Problem> {
        let Forgotten { email, network, place } = forgotten;
        if !self.postage.take(network).await {
            return Ok(());
        }
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let account = users::find_by_email(&mut tx, &email).await?;
        if let Some(account) = &account {
            users::lock(&mut tx, account.user.id).await?;
        }
        let user = account.filter(|account| !account.disabled).map(|account| account.user);
        let entry = Entry::tried(Action::PASSWORD_FORGOTTEN, user.as_ref().map(|user| user.id), &place);
        let waits = match &user {
            Some(user) => self.postage.wait(&mut tx, user.id, "reset_password").await?.is_some(),
            None => false,
        };
        self.audit.record(&mut tx, entry.with(json!({ "sent": user.is_some() && !waits }))).await?;
        if let Some(user) = user.filter(|_| !waits) {
            // The newest link alone is good.
            one_time_tokens::delete_of(&mut tx, user.id, Kind::PasswordReset.as_str()).await?;
            let data = json!({ "email": user.email });
            let token = one_time::issue(&mut tx, Kind::PasswordReset, user.id, &data, now).await?;
            self.mailer.queue(&mut tx, &Recipient::owner(&user), &Mail::ResetPassword { token }).await?;
        }
        tx.save().await?;
        self.mailer.nudge();
        Ok(())
    }
}

/// The new password, if it is one that an account may have. 422 `password_policy`.
async fn good_enough(passwords: &Passwords, new: &SecretString, user: &User) -> Result<Password, Problem> {
    let policy = |reason| Problem {
        code: "password_policy".into(),
        detail: "The password is not good enough.".into(),
        ..Problem::invalid_field("newPassword", reason)
    };
    let new = Password::read(new).map_err(policy)?;
    match passwords.weakness(&new, &user.email, &user.name).await? {
        None => Ok(new),
        Some(reason) => Err(policy(reason)),
    }
}

fn wrong_password() -> Problem {
    Problem::forbidden("wrong_password", "The current password is wrong.")
}

fn no_password() -> Problem {
    Problem::conflict(
        "no_password",
        "This account has no password. Ask for a link that sets one, as if you had forgotten it.",
    )
}
