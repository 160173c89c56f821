//! What an operator does with accounts, by a command: no session stands behind it, and the services need not run.

use aether_common::{
    clock::Clock,
    id::Ids,
    model::user::{Role, User},
    notice::Revocation,
    problem::{FieldError, Problem},
};
use aether_store::{
    Store, StoreError, accounts, token_cuts,
    users::{self, NewUser},
};
use secrecy::SecretString;
use serde_json::json;

use crate::domain::{
    admins,
    audit::{Action, Audit, Entry},
    email,
    hashing::Passwords,
    password::Password,
    profile,
};

/// Makes accounts, and administrators of them.
pub struct Operator {
    store: Store,
    clock: Clock,
    ids: Ids,
    audit: Audit,
}

/// An account to be made.
pub struct NewAccount {
    /// The address. It counts as proved: the operator vouches for it.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// What its owner signs in with.
    pub password: SecretString,
}

/// Somebody who is an administrator now.
pub struct Promoted {
    /// Who.
    pub user: User,
    /// Whether the account is shut out all the same.
    pub disabled: bool,
    /// What every process is told; `None` for who was one before.
    pub notice: Option<Revocation>,
}

impl Operator {
    /// Over the accounts of this database.
    pub fn new(store: Store, clock: Clock, ids: Ids) -> Self {
        let audit = Audit::new(clock.clone(), ids.clone());
        Self { store, clock, ids, audit }
    }

    /// Makes an account under the rules of every registration. 422 names what is at fault; 409 `email_taken`.
    pub async fn create(&self, passwords: &Passwords, new: NewAccount) -> Result<User, Problem> {
        let (email, name) = (email::canonical(&new.email), profile::name(&new.name));
        let password = Password::read(&new.password);
        let weakness = match (&email, &name, &password) {
            (Ok(email), Ok(name), Ok(password)) => passwords.weakness(password, email, name).await?,
            _ => None,
        };
        let (Ok(email), Ok(name), Ok(password), None) = (&email, &name, &password, &weakness) else {
            let faults =
                [("email", email.err()), ("name", name.err()), ("password", password.err().or(weakness))];
            let errors = faults.into_iter().filter_map(|(field, reason)| {
                reason.map(|message| FieldError { field: field.into(), message })
            });
            return Err(Problem::invalid(errors.collect()));
        };
        let password_hash = passwords.hash(password).await?;
        let now = self.clock.now();
        let user = NewUser {
            id: self.ids.mint(),
            email: email.clone(),
            password_hash: Some(password_hash),
            name: name.clone(),
            role: new.role,
            created_at: now,
        };
        let mut tx = self.store.begin().await?;
        let user = users::create(&mut tx, &user).await.map_err(|error| match error {
            StoreError::Conflict => Problem::conflict("email_taken", "there is an account with this e-mail"),
            other => other.into(),
        })?;
        users::set_email(&mut tx, user.id, email, true, now).await?;
        let entry = Entry::by_system(Action::REGISTERED, Some(user.id));
        self.audit.record(&mut tx, entry.with(json!({ "by": "command", "role": user.role }))).await?;
        tx.save().await?;
        Ok(User { email_verified: true, ..user })
    }

    /// Makes the owner of this address an administrator; 404 when nobody has it. Tokens of before are dead: they say another
    /// role.
    pub async fn promote(&self, address: &str) -> Result<Promoted, Problem> {
        let address = email::canonical(address).map_err(|reason| Problem::invalid_field("email", reason))?;
        let mut tx = self.store.begin().await?;
        admins::lock(&mut tx).await?;
        let found = users::find_by_email(&mut tx, &address).await?.ok_or_else(Problem::not_found)?;
        let id = found.user.id;
        // Whoever changes the account meanwhile is waited for.
        let account = users::hold(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
        let (user, disabled) = (account.user, account.disabled);
        if user.role == Role::Admin {
            return Ok(Promoted { user, disabled, notice: None });
        }
        let now = self.clock.now();
        accounts::set_standing(&mut tx, id, Role::Admin, disabled, now).await?;
        let entry = Entry::by_system(Action::ROLE_CHANGED, Some(id));
        let detail = json!({ "by": "command", "from": user.role, "to": Role::Admin });
        self.audit.record(&mut tx, entry.with(detail)).await?;
        let at = token_cuts::cut(&mut tx, id.0, now).await?;
        tx.save().await?;
        let user = User { role: Role::Admin, ..user };
        Ok(Promoted { user, disabled, notice: Some(Revocation::Cut { subject: id.0, at }) })
    }
}
