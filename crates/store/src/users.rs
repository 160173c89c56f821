//! The table `users`: accounts. Rules about what may stand in them are the auth service's.

use aether_common::{
    id::UserId,
    model::user::{Role, User},
};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Db, Tx},
};

/// The key in `settings` that the first account takes, so that no second one is first.
const FIRST_ADMIN: &str = "first_admin";

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Identity.
    pub id: UserId,
    /// Canonical.
    pub email: String,
    /// In PHC form.
    pub password_hash: Option<String>,
    /// The name that others see.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Now.
    pub created_at: DateTime<Utc>,
}

/// An account with what a sign-in has to check.
#[derive(Clone, Debug)]
pub struct Account {
    /// What its owner sees.
    pub user: User,
    /// In PHC form; `None` when there is no password.
    pub password_hash: Option<String>,
    /// Whether it is shut out.
    pub disabled: bool,
}

/// By whose word an account came to be, and what holds for it then.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The provider's word.
    pub provider: &'a str,
    /// The provider's name for its owner.
    pub subject: &'a str,
    /// Whether the provider has proved the address.
    pub email_verified: bool,
    /// What it may do.
    pub role: Role,
}

/// What becomes of a value that may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It is replaced.
    Set(T),
}

/// What changes in a profile; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The name that others see.
    pub name: Option<String>,
    /// The picture.
    pub avatar_url: Change<String>,
    /// The whole of the preferences, an object.
    pub preferences: Option<serde_json::Value>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct UserRow {
    id: Uuid,
    email: String,
    password_hash: Option<String>,
    name: String,
    avatar_url: Option<String>,
    role: String,
    email_verified: bool,
    mfa_enabled: bool,
    disabled: bool,
    preferences: Json<serde_json::Value>,
    created_at: DateTime<Utc>,
}

/// Creates the account; [`StoreError::Conflict`] when the e-mail is taken.
pub async fn create(tx: &mut Tx, user: &NewUser) -> Result<User> {
    let row = q!(
        tx,
        fetch_one as UserRow,
        sql!(
            "INSERT INTO users (id, email, password_hash, name, role, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             RETURNING id, email, password_hash, name, avatar_url, role, email_verified, mfa_enabled, disabled,
             preferences, created_at"
        ),
        user.id.0,
        &user.email,
        user.password_hash.as_deref(),
        &user.name,
        user.role.as_str(),
        user.created_at
    )?;
    Ok(row.account()?.user)
}

/// Notes by whose word the account came to be; `None` when there is no such account.
pub async fn set_origin(
    tx: &mut Tx,
    id: UserId,
    origin: &Origin<'_>,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    let row = q!(
        tx,
        fetch_optional as UserRow,
        sql!(
            "UPDATE users SET oauth_provider = $2, oauth_id = $3, email_verified = $4, role = $5, updated_at = $6
             WHERE id = $1
             RETURNING id, email, password_hash, name, avatar_url, role, email_verified, mfa_enabled, disabled,
             preferences, created_at"
        ),
        id.0,
        origin.provider,
        origin.subject,
        origin.email_verified,
        origin.role.as_str(),
        now
    )?;
    row.map(|row| row.account().map(|account| account.user)).transpose()
}

/// Makes other transactions that lock this user wait for the end of this one. On SQLite every transaction waits anyway.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<()> {
    q!(
        tx,
        fetch_optional as (Uuid,),
        sql!("SELECT id FROM users WHERE id = $1" [pg " FOR NO KEY UPDATE"]),
        id.0
    )?;
    Ok(())
}

/// The account, locked until the transaction ends: what is read here stays true until then.
pub async fn hold(tx: &mut Tx, id: UserId) -> Result<Option<Account>> {
    lock(tx, id).await?;
    find(tx, id).await
}

/// The same, of the account whose session has the refresh token of this hash. The account is held before its sessions, as
/// everyone does who holds both.
pub async fn hold_by_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<Account>> {
    let row = q!(
        tx,
        fetch_optional as (Uuid,),
        sql!(
            "SELECT s.user_id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = $1"
        ),
        hash
    )?;
    match row {
        Some((id,)) => hold(tx, UserId(id)).await,
        None => Ok(None),
    }
}

/// Takes the right to be the first account; `true` for exactly one transaction that is saved, and only while there is no
/// account. Two that race wait for each other here.
pub async fn take_first(tx: &mut Tx, now: DateTime<Utc>) -> Result<bool> {
    let taken = q!(
        tx,
        sql!(
            "INSERT INTO settings (key, value, updated_at) SELECT $1, $2, $3
             WHERE NOT EXISTS (SELECT 1 FROM users) ON CONFLICT (key) DO NOTHING"
        ),
        FIRST_ADMIN,
        Json(true),
        now
    )?;
    Ok(taken == 1)
}

/// The account of this canonical e-mail.
pub async fn find_by_email(db: &mut impl Db, email: &str) -> Result<Option<Account>> {
    let row = q!(
        db,
        fetch_optional as UserRow,
        sql!(
            "SELECT id, email, password_hash, name, avatar_url, role, email_verified, mfa_enabled, disabled,
             preferences, created_at FROM users WHERE email = $1"
        ),
        email
    )?;
    row.map(UserRow::account).transpose()
}

/// The account of this id.
pub async fn find(db: &mut impl Db, id: UserId) -> Result<Option<Account>> {
    let row = q!(
        db,
        fetch_optional as UserRow,
        sql!(
            "SELECT id, email, password_hash, name, avatar_url, role, email_verified, mfa_enabled, disabled,
             preferences, created_at FROM users WHERE id = $1"
        ),
        id.0
    )?;
    row.map(UserRow::account).transpose()
}

/// Gives the account a password, whether it had one or not.
pub async fn set_password_hash(tx: &mut Tx, id: UserId, hash: &str, now: DateTime<Utc>) -> Result<()> {
    q!(tx, sql!("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1"), id.0, hash, now)?;
    Ok(())
}

/// Gives the account this canonical address, and says whether it was proved; [`StoreError::Conflict`] when it is taken.
pub async fn set_email(
    tx: &mut Tx,
    id: UserId,
    email: &str,
    verified: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    q!(
        tx,
        sql!("UPDATE users SET email = $2, email_verified = $3, updated_at = $4 WHERE id = $1"),
        id.0,
        email,
        verified,
        now
    )?;
    Ok(())
}

/// Replaces the password's hash, unless somebody else has replaced `old` since.
pub async fn replace_password_hash(
    db: &mut impl Db,
    id: UserId,
    old: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = q!(
        db,
        sql!("UPDATE users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2"),
        id.0,
        old,
        new,
        now
    )?;
    Ok(changed == 1)
}

/// Changes the profile; `None` when there is no such account.
pub async fn update_profile(
    db: &mut impl Db,
    id: UserId,
    change: &ProfileChange,
    now: DateTime<Utc>,
) -> Result<Option<User>> {
    let row = q!(
        db,
        fetch_optional as UserRow,
        sql!(
            "UPDATE users SET name = COALESCE($2, name),
             avatar_url = CASE WHEN $3 THEN $4 ELSE avatar_url END,
             preferences = COALESCE($5, preferences), updated_at = $6 WHERE id = $1
             RETURNING id, email, password_hash, name, avatar_url, role, email_verified, mfa_enabled, disabled,
             preferences, created_at"
        ),
        id.0,
        change.name.as_deref(),
        change.avatar_url != Change::Keep,
        match &change.avatar_url {
            Change::Set(url) => Some(url.as_str()),
            Change::Keep | Change::Clear => None,
        },
        change.preferences.as_ref().map(Json),
        now
    )?;
    row.map(|row| row.account().map(|account| account.user)).transpose()
}

impl UserRow {
    pub(crate) fn account(self) -> Result<Account> {
        let role = Role::parse(&self.role).ok_or(StoreError::Inconsistent {
            table: "users",
            column: "role",
            value: self.role,
        })?;
        Ok(Account {
            user: User {
                id: UserId(self.id),
                email: self.email,
                name: self.name,
                avatar_url: self.avatar_url,
                role,
                email_verified: self.email_verified,
                mfa_enabled: self.mfa_enabled,
                preferences: self.preferences.0,
                created_at: self.created_at,
            },
            password_hash: self.password_hash,
            disabled: self.disabled,
        })
    }
}
