//! `aether keys`: the keys that sign access tokens, changed in the database. Running services hear of it over Redis, and read
//! the database every few seconds in any case.

use std::{fmt::Write, process::ExitCode, sync::Arc};

use aether_auth::domain::{
    keys::{
        kept::{Change, KeptKeys},
        plan::{PUBLISHED_AHEAD, RETIRED_FOR, Wish},
    },
    seal::Sealer,
};
use aether_boot::StartError;
use aether_common::{clock::Clock, id::Ids, notice::Revocation};
use aether_store::signing_keys::{EndedKey, KeyState, StoredKey};
use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::{Console, block_on, finish};

/// So many keys that are gone are listed.
const SHOWN_ENDED: i64 = 10;

/// What to do with the keys.
#[derive(Subcommand)]
pub enum KeysAction {
    /// Let the next key sign: at once if it has been published for ten minutes, else as soon as it has.
    Rotate {
        /// Do not wait. Whoever has not read the key set since the key was published refuses its tokens until then.
        #[arg(long)]
        now: bool,
    },
    /// Show the keys, what each does and since when.
    List,
    /// Take a key out of use because somebody else may have it: its tokens are refused everywhere within 10 seconds.
    Revoke {
        /// The key's name, as `aether keys list` and the `kid` of tokens show it.
        kid: String,
    },
}

/// `aether keys ...`
pub fn keys(action: &KeysAction) -> ExitCode {
    finish(block_on(async {
        let console = Console::open().await?;
        let sealer = Sealer::new(&console.settings.master_key()?);
        let sealer = sealer.map_err(|error| StartError::Other(error.to_string()))?;
        let clock = Clock::system();
        let kept = KeptKeys::new(console.store.clone(), clock.clone(), Ids::system(), Arc::new(sealer));
        let said = match action {
            KeysAction::Rotate { now } => rotate(&console, &kept, *now, clock.now()).await,
            KeysAction::List => list(&kept).await,
            KeysAction::Revoke { kid } => revoke(&console, &kept, kid).await,
        };
        console.close().await;
        said
    }))
}

async fn rotate(
    console: &Console,
    kept: &KeptKeys,
    at_once: bool,
    now: DateTime<Utc>,
) -> Result<String, StartError> {
    let before = kept.list().await?;
    let Some(current) = before.iter().find(|key| key.state == KeyState::Current) else {
        return Err(StartError::Other(NONE.into()));
    };
    let Some(change) = kept.fulfil(&Wish::Rotate { at_once }).await? else {
        return Err(StartError::Other("nothing was to be done".into()));
    };
    if let Some(from) = change.plan.schedule {
        let published = shown(from - PUBLISHED_AHEAD);
        return Ok(format!(
            "Key {} signs from {} on, by itself, while an auth service runs: it was published at {published}, and \
             whoever holds the key set may not know it before.\n\
             `aether keys rotate --now` does not wait; its tokens may then be refused until the key set is read again.",
            change.next,
            shown(from),
        ));
    }
    let mut said = format!(
        "Key {} signs from now on. Key {} signs no more; it verifies until {}.\nThe next key is {}.",
        change.current,
        current.id,
        shown(now + RETIRED_FOR),
        change.next
    );
    let known = before.iter().any(|key| key.id == change.current && key.created_at + PUBLISHED_AHEAD <= now);
    if !known {
        said.push_str(
            "\nIt has been published for less than ten minutes: whoever has not read the key set since refuses its \
             tokens until then.",
        );
    }
    Ok(said + &console.tell(&change.notice()).await)
}

async fn revoke(console: &Console, kept: &KeptKeys, kid: &str) -> Result<String, StartError> {
    let Some(change) =
        kept.fulfil(&Wish::Revoke(kid.to_owned())).await?.filter(|change| revoked(change, kid))
    else {
        let ended = kept.find_ended(kid).await?;
        let EndedKey { ended_at, revoked, .. } = ended.ok_or_else(|| {
            let kid = kid.escape_debug();
            StartError::Other(format!("no signing key is called `{kid}`; `aether keys list` shows them all"))
        })?;
        let how = if revoked { "was revoked" } else { "had its time" };
        let said = format!("Key {kid} {how} at {}: its tokens are refused already.", shown(ended_at));
        // Whoever asks again may have reason to think that somebody has not heard it.
        return Ok(said + &console.tell(&Revocation::KeysChanged { ended: vec![kid.to_owned()] }).await);
    };
    let mut said = format!("Key {kid} is revoked: its tokens are refused everywhere within 10 seconds.\n");
    if change.plan.sign.is_some() {
        let _ = writeln!(said, "Key {} signs from now on; the next key is {}.", change.current, change.next);
    } else if change.plan.publish {
        let _ = writeln!(said, "Key {} goes on signing; the next key is {}.", change.current, change.next);
    }
    said.push_str(
        "Sessions go on: whoever is signed in gets a new token. If AETHER_MASTER_KEY may be known too, revoke every key \
         that `aether keys list` shows.",
    );
    Ok(said + &console.tell(&change.notice()).await)
}

fn revoked(change: &Change, kid: &str) -> bool {
    change.plan.revoke.as_deref() == Some(kid)
}

async fn list(kept: &KeptKeys) -> Result<String, StartError> {
    let (keys, ended) = (kept.list().await?, kept.list_ended(SHOWN_ENDED).await?);
    if keys.is_empty() && ended.is_empty() {
        return Ok(format!("{NONE}."));
    }
    let keys = keys.iter().map(|key| line(&key.id, key.state.as_str(), &what(key)));
    let ended = ended.iter().map(|key| {
        let state = if key.revoked { "revoked" } else { "gone" };
        line(&key.id, state, &format!("since {}", shown(key.ended_at)))
    });
    Ok(keys.chain(ended).collect::<Vec<_>>().join("\n"))
}

fn what(key: &StoredKey) -> String {
    match key.state {
        KeyState::Next => match key.sign_from {
            Some(from) => format!("published {}, signs from {}", shown(key.created_at), shown(from)),
            None => format!("published {}", shown(key.created_at)),
        },
        KeyState::Current => format!("signs since {}", shown(key.activated_at.unwrap_or(key.created_at))),
        KeyState::Retired => {
            format!("verifies until {}", shown(key.retired_at.unwrap_or(key.created_at) + RETIRED_FOR))
        }
    }
}

fn line(id: &str, state: &str, what: &str) -> String {
    format!("{id}  {state:<7}  {what}")
}

fn shown(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format("%Y-%m-%d %H:%M:%S UTC")
}

const NONE: &str = "there is no signing key yet: the auth service makes the first ones when it starts";
