//! The end of every way to sign in: a session, or the question for the second factor. Password, OAuth and the second factor
//! itself all end here.

use aether_common::{clock::Clock, id::UserId, model::user::User, problem::Problem};
use aether_store::{
    Db, Tx,
    users::{self, Account},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::domain::{
    audit::{Action, Audit, Entry},
    new_sign_in::NewSignIns,
    one_time::{self, Kind},
    second_factor::SecondFactor,
    session::{Issued, Place, Sessions},
};

/// What a proof of who somebody is has led to.
#[derive(Debug)]
pub enum Outcome {
    /// A session.
    Session(Issued),
    /// The second factor is asked for. The token goes with the answer to it.
    SecondFactor(SecretString),
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Whose.
    pub user: UserId,
    first: First,
}

/// What is kept of a first factor, with the token for the second.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct First {
    method: String,
    cookie: bool,
    /// A mark of the password that the account had then.
    password: String,
}

/// Lets in who has proved who they are; cheap to clone.
#[derive(Clone)]
pub struct SignIn {
    sessions: Sessions,
    second_factor: SecondFactor,
    new_sign_ins: NewSignIns,
    audit: Audit,
    clock: Clock,
}

impl Waiting {
    /// Whether the session is to be delivered in a cookie.
    pub fn wants_cookie(&self) -> bool {
        self.first.cookie
    }
}

impl SignIn {
    /// Opens sessions in `sessions`, has the owner told by `new_sign_ins` and writes of it to `audit`.
    pub fn new(
        sessions: Sessions,
        second_factor: SecondFactor,
        new_sign_ins: NewSignIns,
        audit: Audit,
        clock: Clock,
    ) -> Self {
        Self { sessions, second_factor, new_sign_ins, audit, clock }
    }

    /// Somebody has proved to be this user by `method` (`password`, `google`, ...). Asks for the second factor if the account
    /// has one; `cookie` says how the session is to be delivered then. What was known of the account is read again: 401
    /// `invalid_credentials` when it was disabled meanwhile.
    pub async fn first(
        &self,
        tx: &mut Tx,
        user: User,
        place: &Place,
        method: &str,
        cookie: bool,
    ) -> Result<Outcome, Problem> {
        let held = users::hold(tx, user.id).await?.filter(|account| !account.disabled);
        let account = held.ok_or_else(invalid_credentials)?;
        if !account.user.mfa_enabled {
            return Ok(Outcome::Session(self.complete(tx, account.user, place, &[method]).await?));
        }
        let data = First { method: method.to_owned(), cookie, password: mark(&account) };
        let data = serde_json::to_value(data).map_err(Problem::internal)?;
        let token = one_time::issue(tx, Kind::MfaChallenge, user.id, &data, self.clock.now()).await?;
        Ok(Outcome::SecondFactor(token))
    }

    /// The sign-in that waits behind this token, if the token is good.
    pub async fn waiting(&self, db: &mut impl Db, token: &SecretString) -> Result<Option<Waiting>, Problem> {
        let found = one_time::find(db, Kind::MfaChallenge, token, self.clock.now()).await?;
        Ok(found.and_then(|token| {
            Some(Waiting { user: token.user_id?, first: serde_json::from_value(token.data).ok()? })
        }))
    }

    /// The second factor of a sign-in that waits: the session, or nothing when the code is wrong or used, when the token was
    /// used meanwhile, or when the account is shut out, has another password or no second factor by now. Then the
    /// transaction must not be saved.
    pub async fn second(
        &self,
        tx: &mut Tx,
        waiting: &Waiting,
        token: &SecretString,
        code: &SecretString,
        place: &Place,
    ) -> Result<Option<Issued>, Problem> {
        let Waiting { user, first } = waiting;
        let held = users::hold(tx, *user).await?;
        let same = |account: &Account| {
            !account.disabled && account.user.mfa_enabled && mark(account) == first.password
        };
        let Some(account) = held.filter(same) else { return Ok(None) };
        let proved = self.second_factor.prove(tx, &account.user, code, place).await?;
        let Some(method) = proved else { return Ok(None) };
        if one_time::take(tx, Kind::MfaChallenge, token, self.clock.now()).await?.is_none() {
            return Ok(None);
        }
        let methods = [first.method.as_str(), method.as_str()];
        Ok(Some(self.complete(tx, account.user, place, &methods).await?))
    }

    /// Every factor has been proved, by these methods: the session.
    pub async fn complete(
        &self,
        tx: &mut Tx,
        user: User,
        place: &Place,
        methods: &[&str],
    ) -> Result<Issued, Problem> {
        self.new_sign_ins.tell(tx, &user, place).await?;
        let issued = self.sessions.open(tx, user, place).await?;
        let entry = Entry::own(Action::LOGGED_IN, issued.user.id, place);
        self.audit.record(tx, entry.with(json!({ "methods": methods }))).await?;
        Ok(issued)
    }
}

/// 401, the same words whatever is wrong.
pub fn invalid_credentials() -> Problem {
    Problem::new(401, "invalid_credentials", "The e-mail or the password is wrong.")
}

/// Tells one password of an account from another, and says nothing of either.
fn mark(account: &Account) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(account.password_hash.as_deref().unwrap_or_default()))
}
