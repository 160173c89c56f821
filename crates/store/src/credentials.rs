//! All that opens an account, over the tables that keep it: password, second factor, API keys, linked identities, links in
//! mails. For whoever must take it away at once and forget none. Sessions are ended beside this, since that is to be told.

use aether_common::id::UserId;
use chrono::{DateTime, Utc};

use crate::{
    error::Result,
    sql::{q, sql},
    tx::Tx,
};

/// Takes away from the account all that opens it.
pub async fn delete_all(tx: &mut Tx, user: UserId, now: DateTime<Utc>) -> Result<()> {
    q!(
        tx,
        sql!(
            "UPDATE users SET password_hash = NULL, mfa_enabled = " [pg "false"] [sq "0"] ", oauth_provider = NULL,
             oauth_id = NULL, updated_at = $2 WHERE id = $1"
        ),
        user.0,
        now
    )?;
    q!(tx, sql!("DELETE FROM totp WHERE user_id = $1"), user.0)?;
    q!(tx, sql!("DELETE FROM recovery_codes WHERE user_id = $1"), user.0)?;
    q!(tx, sql!("DELETE FROM api_keys WHERE user_id = $1"), user.0)?;
    q!(tx, sql!("DELETE FROM identities WHERE user_id = $1"), user.0)?;
    q!(tx, sql!("DELETE FROM one_time_tokens WHERE user_id = $1"), user.0)?;
    Ok(())
}
