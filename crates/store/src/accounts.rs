//! The table `users` as administrators see it: lists, roles, and who is shut out. Accounts that are being erased are not
//! there any more.

use aether_common::{id::UserId, model::user::Role, page::Cursor};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Conn, Db, Tx},
};

/// An account, as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Identity.
    pub id: UserId,
    /// Canonical.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The picture.
    pub avatar_url: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Whether it is shut out.
    pub disabled: bool,
    /// Whether its owner proved the e-mail.
    pub email_verified: bool,
    /// Whether it has a second factor.
    pub mfa_enabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When one of its sessions was last used; sessions long over are forgotten.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Which accounts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose name or e-mail holds this, in any case.
    pub text: Option<String>,
    /// Of this role.
    pub role: Option<Role>,
    /// Shut out, or not.
    pub disabled: Option<bool>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    name: String,
    avatar_url: Option<String>,
    role: String,
    disabled: bool,
    email_verified: bool,
    mfa_enabled: bool,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

macro_rules! seen {
    () => {
        "SELECT u.id, u.email, u.name, u.avatar_url, u.role, u.disabled, u.email_verified, u.mfa_enabled, u.created_at,
         (SELECT MAX(s.last_used_at) FROM sessions s WHERE s.user_id = u.id) AS last_used_at
         FROM users u WHERE NOT EXISTS (SELECT 1 FROM erasures e WHERE e.user_id = u.id)"
    };
}

/// Up to `limit + 1` accounts, the newest first.
pub async fn list(
    db: &mut impl Db,
    filter: &Filter,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Listed>> {
    let pattern = filter.text.as_deref().map(|text| match db.conn() {
        Conn::Pg(_) => regular(text),
        Conn::Sq(_) => glob(text),
    });
    let rows = q!(
        db,
        fetch_all as Row,
        sql!(
            [pg seen!()] [sq seen!()]
            [pg " AND ($1 IS NULL OR u.name ~ $1 OR u.email ~ $1)"] [sq " AND ($1 IS NULL OR u.name GLOB $1 OR u.email GLOB $1)"]
            " AND ($2 IS NULL OR u.role = $2) AND ($3 IS NULL OR u.disabled = $3)
             AND ($4 IS NULL OR (u.created_at, u.id) < ($4, $5)) ORDER BY u.created_at DESC, u.id DESC LIMIT $6"
        ),
        pattern,
        filter.role.map(Role::as_str),
        filter.disabled,
        after.map(|cursor| cursor.at),
        after.map(|cursor| cursor.id),
        i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
    )?;
    rows.into_iter().map(Row::into_model).collect()
}

/// The account of this id.
pub async fn find(db: &mut impl Db, id: UserId) -> Result<Option<Listed>> {
    let row = q!(db, fetch_optional as Row, sql!([pg seen!()] [sq seen!()] " AND u.id = $1"), id.0)?;
    row.map(Row::into_model).transpose()
}

/// The administrators who are not shut out. Nobody else can change who they are before this transaction ends.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<UserId>> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        // One order for all, so that two who lock them never wait for each other.
        sql!("SELECT id FROM users WHERE role = 'admin' AND NOT disabled ORDER BY id" [pg " FOR NO KEY UPDATE"])
    )?;
    Ok(rows.into_iter().map(|(id,)| UserId(id)).collect())
}

/// Gives the account this role, and shuts it out or lets it in again. The caller has locked the administrators, or takes the role from an account that nothing opens any more.
pub async fn set_standing(
    tx: &mut Tx,
    id: UserId,
    role: Role,
    disabled: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    q!(
        tx,
        sql!("UPDATE users SET role = $2, disabled = $3, updated_at = $4 WHERE id = $1"),
        id.0,
        role.as_str(),
        disabled,
        now
    )?;
    Ok(())
}

impl Row {
    fn into_model(self) -> Result<Listed> {
        let role = Role::parse(&self.role).ok_or(StoreError::Inconsistent {
            table: "users",
            column: "role",
            value: self.role,
        })?;
        Ok(Listed {
            id: UserId(self.id),
            email: self.email,
            name: self.name,
            avatar_url: self.avatar_url,
            role,
            disabled: self.disabled,
            email_verified: self.email_verified,
            mfa_enabled: self.mfa_enabled,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        })
    }
}

// `lower` and `LIKE` fold other letters in each database, and in PostgreSQL by the locale. Classes of characters mean the
// same in both, so each letter is written as the class of its cases.

/// PostgreSQL's regular expression that finds `text` anywhere, in any case.
fn regular(text: &str) -> String {
    written(
        text,
        |c| if c.is_ascii() && !c.is_ascii_alphanumeric() { format!("\\{c}") } else { c.to_string() },
    )
}

/// SQLite's GLOB pattern that finds `text` anywhere, in any case.
fn glob(text: &str) -> String {
    let literal = |c| if matches!(c, '*' | '?' | '[') { format!("[{c}]") } else { String::from(c) };
    format!("*{}*", written(text, literal))
}

fn written(text: &str, literal: impl Fn(char) -> String) -> String {
    text.chars()
        .map(|c| {
            let mut cases = vec![c];
            for case in [only(c.to_lowercase()), only(c.to_uppercase())].into_iter().flatten() {
                for case in
                    [Some(case), only(case.to_lowercase()), only(case.to_uppercase())].into_iter().flatten()
                {
                    if !cases.contains(&case) {
                        cases.push(case);
                    }
                }
            }
            match cases[..] {
                [one] => literal(one),
                _ => format!("[{}]", cases.into_iter().collect::<String>()),
            }
        })
        .collect()
}

/// Of letters that become several, as ß, no case is looked for.
fn only(mut case: impl Iterator<Item = char>) -> Option<char> {
    case.next().filter(|_| case.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_the_class_of_its_cases_and_no_sign_has_a_meaning() {
        assert_eq!(glob("aÜ1"), "*[aA][Üü]1*");
        assert_eq!(glob("*?[]^-"), "*[*][?][[]]^-*");
        assert_eq!(regular("aÜ1ß"), "[aA][Üü]1ß");
        assert_eq!(regular(r"a.b*(?)[]^$\d"), r"[aA]\.[bB]\*\(\?\)\[\]\^\$\\[dD]");
    }
}
