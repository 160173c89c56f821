//! Claims to an address. Whoever makes an account claims one; whoever gets a mail that was sent there has proved it. An account
//! whose claim was never proved loses all that opens it to whoever proves the address: it may have been made by a stranger
//! who waits for the owner to move in.

use aether_common::{
    id::{SessionId, UserId},
    problem::Problem,
};
use aether_store::{Tx, credentials, sessions::EndReason, token_cuts};
use chrono::{DateTime, Utc};

use crate::domain::{
    announce::Announcer,
    audit::{Audit, Entry},
    session::Sessions,
};

/// What has ended with a claim, to be told once it is saved.
#[must_use]
pub struct Lost {
    account: UserId,
    sessions: Vec<SessionId>,
    tokens_until: DateTime<Utc>,
}

/// Takes away from the account all that opens it: password, sessions, tokens, API keys, second factor, linked identities and
/// links in mails. What it holds stays.
pub async fn lose(
    tx: &mut Tx,
    sessions: &Sessions,
    audit: &Audit,
    account: UserId,
    entry: Entry<'_>,
    now: DateTime<Utc>,
) -> Result<Lost, Problem> {
    let ended = sessions.end_all(tx, account, None, EndReason::AddressTaken).await?;
    token_cuts::cut(tx, account.0, now).await?;
    credentials::delete_all(tx, account, now).await?;
    audit.record(tx, entry).await?;
    Ok(Lost { account, sessions: ended, tokens_until: now })
}

impl Lost {
    /// Tells every process. Call it after the commit.
    pub fn tell(self, announcer: &Announcer) {
        announcer.ended(self.account, self.sessions, EndReason::AddressTaken);
        announcer.cut(self.account, self.account.0, self.tokens_until);
        tracing::info!(event = "address_taken", user.id = %self.account, "an unproved claim to an address was lost");
    }
}
