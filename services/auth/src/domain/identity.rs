//! Which account opens on a provider's word. An account is found by the provider's own name for its owner and never by an
//! e-mail address alone; but whoever proves an address takes it from an account that only claimed it.

use std::sync::Arc;

use aether_boot::Deps;
use aether_common::{
    clock::Clock,
    id::{Ids, SessionId, UserId},
    model::user::{Role, User},
    problem::Problem,
};
use aether_store::{
    Store, StoreError, Tx,
    identities::{self, Identity, NewIdentity},
    one_time_tokens::{self, NewOneTimeToken},
    sessions,
    users::{self, NewUser, Origin},
};
use serde_json::json;

use crate::domain::{
    addresses::Addresses,
    announce::Announcer,
    audit::{Action, Audit, Entry},
    claim::{self, Lost},
    mail::{Mail, Mailer, Occasion, Recipient},
    oauth::{self, Address, Pending, Profile, Provider},
    profile,
    session::{Place, Sessions},
    sign_in::{Outcome, SignIn},
};

/// The kind of one-time token that remembers a state which has come back.
const USED_STATE: &str = "oauth_state";
/// How often a sign-in is begun anew because another one of the same person was faster.
const ATTEMPTS: usize = 3;

/// Opens, links and unlinks accounts on a provider's word; cheap to clone.
#[derive(Clone)]
pub struct Identities {
    store: Store,
    clock: Clock,
    ids: Ids,
    sessions: Sessions,
    sign_in: SignIn,
    audit: Audit,
    announcer: Announcer,
    addresses: Addresses,
    mailer: Mailer,
    first_user_admin: bool,
    /// Those that can be signed in with now.
    on: Arc<[Provider]>,
}

/// What [`Identities`] are built on.
pub struct IdentityParts {
    /// Sessions.
    pub sessions: Sessions,
    /// How a sign-in goes on once it is known whose it is.
    pub sign_in: SignIn,
    /// The audit log.
    pub audit: Audit,
    /// Tells every process.
    pub announcer: Announcer,
    /// E-mail addresses.
    pub addresses: Addresses,
    /// Tells owners.
    pub mailer: Mailer,
    /// The providers that can be signed in with.
    pub on: Vec<Provider>,
}

/// What the sign-in found, before it is saved.
enum Found {
    /// The account of this identity.
    Known(User),
    /// No account: this one was made.
    New(User),
    /// An account that only claimed the address, and now is theirs who have proved it.
    TakenOver(User, Lost),
}

impl Identities {
    /// Over what the service is built on.
    pub fn new(deps: &Deps, parts: IdentityParts) -> Self {
        let IdentityParts { sessions, sign_in, audit, announcer, addresses, mailer, on } = parts;
        Self {
            store: deps.store.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids.clone(),
            sessions,
            sign_in,
            audit,
            announcer,
            addresses,
            mailer,
            first_user_admin: deps.settings.first_user_admin,
            on: on.into(),
        }
    }

    /// Takes a state that has come back: 400 `invalid_state` when it had come back before.
    pub async fn take(&self, pending: &Pending) -> Result<(), Problem> {
        let new = NewOneTimeToken {
            hash: &pending.digest(),
            kind: USED_STATE,
            user_id: None,
            data: &json!({}),
            created_at: self.clock.now(),
            expires_at: pending.expires_at(),
        };
        let kept = one_time_tokens::create(&mut self.store.conn().await?, &new).await;
        kept.map_err(|error| match error {
            StoreError::Conflict => oauth::invalid_state(),
            other => other.into(),
        })
    }

    /// Signs in whom the provider names, and makes an account for whoever has none. `cookie` says how the session is to be
    /// delivered when a second factor is asked for first.
    pub async fn sign_in(
        &self,
        provider: Provider,
        profile: &Profile,
        place: &Place,
        cookie: bool,
    ) -> Result<Outcome, Problem> {
        for _ in 0..ATTEMPTS {
            if let Some(outcome) = self.try_sign_in(provider, profile, place, cookie).await? {
                return Ok(outcome);
            }
        }
        Err(Problem::unavailable("other sign-ins of the same person kept overtaking this one"))
    }

    /// Links the identity to the account of this session, which must still be alive.
    pub async fn link(
        &self,
        user: UserId,
        session: SessionId,
        provider: Provider,
        profile: &Profile,
        place: &Place,
    ) -> Result<User, Problem> {
        let mut tx = self.store.begin().await?;
        // Two links at once must not leave two identities of one provider.
        let account = users::hold(&mut tx, user).await?.filter(|account| !account.disabled);
        let account = account.ok_or_else(oauth::invalid_state)?;
        if !sessions::is_alive(&mut tx, user, session, self.clock.now()).await? {
            return Err(oauth::invalid_state());
        }
        match identities::find_user(&mut tx, provider.as_str(), &profile.subject).await? {
            Some(owner) if owner == user => return Ok(account.user),
            Some(_) => return Err(identity_taken()),
            None => {}
        }
        let linked = identities::list(&mut tx, user).await?;
        if linked.iter().any(|identity| identity.provider == provider.as_str()) {
            return Err(Problem::conflict(
                "provider_linked",
                "Another account of this provider is linked already. Unlink it first.",
            ));
        }
        self.keep(&mut tx, user, provider, profile).await.map_err(|error| match error {
            // Somebody else was faster.
            StoreError::Conflict => identity_taken(),
            other => other.into(),
        })?;
        let entry = Entry::own(Action::IDENTITY_LINKED, user, place);
        self.audit.record(&mut tx, entry.with(json!({ "provider": provider }))).await?;
        let linked = Mail::IdentityLinked(provider, self.occasion(place));
        self.mailer.queue(&mut tx, &Recipient::owner(&account.user), &linked).await?;
        tx.save().await?;
        self.mailer.nudge();
        tracing::info!(event = "identity_linked", user.id = %user, provider = provider.as_str(), "a way in was added");
        Ok(account.user)
    }

    /// Unlinks the identity of this provider. 404 when there is none; 409 `last_credential` when nothing else would open the
    /// account.
    pub async fn unlink(&self, user: UserId, provider: Provider, place: &Place) -> Result<(), Problem> {
        let mut tx = self.store.begin().await?;
        // Of two unlinks at once the second one must see what the first has left.
        let account = users::hold(&mut tx, user).await?.ok_or_else(Problem::unauthorized)?;
        let linked = identities::list(&mut tx, user).await?;
        if !linked.iter().any(|identity| identity.provider == provider.as_str()) {
            return Err(Problem::not_found());
        }
        if account.password_hash.is_none() && !self.opens_without(&linked, provider) {
            return Err(Problem::conflict(
                "last_credential",
                "This is your last way in. Set a password or link another account first.",
            ));
        }
        identities::delete(&mut tx, user, provider.as_str()).await?;
        let entry = Entry::own(Action::IDENTITY_UNLINKED, user, place);
        self.audit.record(&mut tx, entry.with(json!({ "provider": provider }))).await?;
        let unlinked = Mail::IdentityUnlinked(provider, self.occasion(place));
        self.mailer.queue(&mut tx, &Recipient::owner(&account.user), &unlinked).await?;
        tx.save().await?;
        self.mailer.nudge();
        tracing::info!(event = "identity_unlinked", user.id = %user, provider = provider.as_str(), "a way in was taken away");
        Ok(())
    }

    fn occasion(&self, place: &Place) -> Occasion {
        Occasion { at: self.clock.now(), place: place.clone() }
    }

    /// Whether one of these identities opens the account when this provider's is gone. A provider that is switched off lets
    /// nobody in.
    fn opens_without(&self, linked: &[Identity], gone: Provider) -> bool {
        let mut others = self.on.iter().filter(|on| **on != gone);
        others.any(|on| linked.iter().any(|identity| identity.provider == on.as_str()))
    }

    /// One attempt; `None` when another transaction made first what this one was about to make.
    async fn try_sign_in(
        &self,
        provider: Provider,
        profile: &Profile,
        place: &Place,
        cookie: bool,
    ) -> Result<Option<Outcome>, Problem> {
        let mut tx = self.store.begin().await?;
        let found = match self.find_or_make(&mut tx, provider, profile, place).await {
            Ok(found) => found,
            Err(Failed::Overtaken) => return Ok(None),
            Err(Failed::ShutOut(user)) => {
                // Written on another connection, which would wait for this one.
                drop(tx);
                return Err(self.refuse(user, provider, place).await?);
            }
            Err(Failed::Refused(problem)) => return Err(problem),
        };
        let (user, lost) = match found {
            Found::Known(user) => (user, None),
            Found::New(user) => {
                tracing::info!(event = "registered", user.id = %user.id, role = user.role.as_str(), "a new account");
                (user, None)
            }
            Found::TakenOver(user, lost) => (user, Some(lost)),
        };
        let outcome = self.sign_in.first(&mut tx, user, place, provider.as_str(), cookie).await?;
        tx.save().await?;
        if let Some(lost) = lost {
            lost.tell(&self.announcer);
        }
        Ok(Some(outcome))
    }

    async fn find_or_make(
        &self,
        tx: &mut Tx,
        provider: Provider,
        profile: &Profile,
        place: &Place,
    ) -> Result<Found, Failed> {
        if let Some(owner) = identities::find_user(tx, provider.as_str(), &profile.subject).await? {
            let account = users::hold(tx, owner).await?.ok_or(Failed::Overtaken)?;
            return if account.disabled {
                Err(Failed::ShutOut(owner))
            } else {
                Ok(Found::Known(account.user))
            };
        }
        let address = profile.email.as_ref().ok_or_else(email_required)?;
        let Some(claimed) = users::find_by_email(tx, &address.email).await? else {
            let user = self.make(tx, provider, profile, address, place).await?;
            return Ok(Found::New(user));
        };
        // Its owner may be proving the address at this moment, or signing in from another page for the first time: what
        // holds is what is there once it is locked.
        let id = claimed.user.id;
        let account = users::hold(tx, id).await?.ok_or(Failed::Overtaken)?;
        let linked = identities::find_user(tx, provider.as_str(), &profile.subject).await?;
        if account.user.email != address.email || linked.is_some() {
            return Err(Failed::Overtaken);
        }
        if account.user.email_verified || !address.verified {
            return Err(account_exists().into());
        }
        if account.disabled {
            return Err(Failed::ShutOut(id));
        }
        let (user, lost) = self.take_over(tx, id, provider, profile, place).await?;
        Ok(Found::TakenOver(user, lost))
    }

    async fn make(
        &self,
        tx: &mut Tx,
        provider: Provider,
        profile: &Profile,
        address: &Address,
        place: &Place,
    ) -> Result<User, Failed> {
        let now = self.clock.now();
        let first = self.first_user_admin && users::take_first(tx, now).await?;
        let role = if first { Role::Admin } else { Role::User };
        let new = NewUser {
            id: self.ids.mint(),
            email: address.email.clone(),
            password_hash: None,
            name: name(profile, &address.email),
            role,
            created_at: now,
        };
        let user = users::create(tx, &new).await?;
        let origin = Origin {
            provider: provider.as_str(),
            subject: &profile.subject,
            email_verified: address.verified,
            role,
        };
        let user = users::set_origin(tx, user.id, &origin, now).await?.ok_or(Failed::Overtaken)?;
        self.keep(tx, user.id, provider, profile).await?;
        let entry = Entry::own(Action::REGISTERED, user.id, place);
        self.audit.record(tx, entry.with(json!({ "role": role, "provider": provider }))).await?;
        if !address.verified {
            self.addresses.ask(tx, &user).await?;
        }
        Ok(user)
    }

    /// Whoever made this account never proved its address. What it holds stays, all that opened it goes.
    async fn take_over(
        &self,
        tx: &mut Tx,
        id: UserId,
        provider: Provider,
        profile: &Profile,
        place: &Place,
    ) -> Result<(User, Lost), Failed> {
        let now = self.clock.now();
        let entry = Entry::own(Action::ADDRESS_TAKEN, id, place).with(json!({ "provider": provider }));
        let lost = claim::lose(tx, &self.sessions, &self.audit, id, entry, now).await?;
        let origin = Origin {
            provider: provider.as_str(),
            subject: &profile.subject,
            email_verified: true,
            role: Role::User,
        };
        let user = users::set_origin(tx, id, &origin, now).await?.ok_or(Failed::Overtaken)?;
        self.keep(tx, id, provider, profile).await?;
        Ok((user, lost))
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        user: UserId,
        provider: Provider,
        profile: &Profile,
    ) -> Result<(), StoreError> {
        let new = NewIdentity {
            provider: provider.as_str(),
            subject: &profile.subject,
            email: profile.email.as_ref().map(|address| address.email.as_str()),
            created_at: self.clock.now(),
        };
        identities::create(tx, user, &new).await
    }

    /// A disabled account is refused as a wrong password is.
    async fn refuse(&self, user: UserId, provider: Provider, place: &Place) -> Result<Problem, Problem> {
        let entry = Entry::tried(Action::LOGIN_REFUSED, Some(user), place);
        let entry = entry.with(json!({ "method": provider }));
        self.audit.record(&mut self.store.conn().await?, entry).await?;
        Ok(Problem::new(401, "invalid_credentials", "You cannot sign in with this account."))
    }
}

/// Why a sign-in stopped.
enum Failed {
    /// Another transaction was faster: what was read holds no more.
    Overtaken,
    /// The account is disabled.
    ShutOut(UserId),
    /// It is not allowed.
    Refused(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Overtaken,
            other => Self::Refused(other.into()),
        }
    }
}

/// The name as the provider has it, without what no name of ours may hold; else what stands before the `@`.
fn name(given: &Profile, email: &str) -> String {
    let clean = given.name.as_deref().map(profile::cleaned).and_then(|name| profile::name(&name).ok());
    clean.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned())
}

fn email_required() -> Problem {
    Problem::new(
        422,
        "email_required",
        "The provider gave no e-mail address that could be used. Allow it, or verify one there, and begin again.",
    )
}

fn account_exists() -> Problem {
    Problem::conflict(
        "account_exists",
        "There is an account with this e-mail. Sign in to it as before, then link this way in.",
    )
}

fn identity_taken() -> Problem {
    Problem::conflict("identity_taken", "This account of the provider is linked to another account here.")
}
