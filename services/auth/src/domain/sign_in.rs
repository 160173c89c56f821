//! The end of every way to sign in: a session, or the question for the second factor. Password, OAuth and the second factor
//! itself all end here.

use aether_common::{clock::Clock, model::user::User, problem::Problem};
use aether_store::Tx;
use secrecy::SecretString;
use serde_json::json;

use crate::domain::{
    audit::{Action, Audit, Entry},
    one_time::{self, Kind},
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

/// Lets in who has proved who they are; cheap to clone.
#[derive(Clone)]
pub struct SignIn {
    sessions: Sessions,
    audit: Audit,
    clock: Clock,
}

impl SignIn {
    /// Opens sessions in `sessions` and writes of it to `audit`.
    pub fn new(sessions: Sessions, audit: Audit, clock: Clock) -> Self {
        Self { sessions, audit, clock }
    }

    /// Somebody has proved to be this user, whose account is not disabled, by `method` (`password`, `google`, ...). Asks for
    /// the second factor if the account has one; `cookie` says how the session is to be delivered then.
    pub async fn first(
        &self,
        tx: &mut Tx,
        user: User,
        place: &Place,
        method: &str,
        cookie: bool,
    ) -> Result<Outcome, Problem> {
        if !user.mfa_enabled {
            return Ok(Outcome::Session(self.complete(tx, user, place, &[method]).await?));
        }
        let data = json!({ "method": method, "cookie": cookie });
        let token = one_time::issue(tx, Kind::MfaChallenge, user.id, &data, self.clock.now()).await?;
        Ok(Outcome::SecondFactor(token))
    }

    /// Every factor has been proved, by these methods: the session.
    pub async fn complete(
        &self,
        tx: &mut Tx,
        user: User,
        place: &Place,
        methods: &[&str],
    ) -> Result<Issued, Problem> {
        let issued = self.sessions.open(tx, user, place).await?;
        let entry = Entry::own(Action::LOGGED_IN, issued.user.id, place);
        self.audit.record(tx, entry.with(json!({ "methods": methods }))).await?;
        Ok(issued)
    }
}
