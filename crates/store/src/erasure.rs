//! The tables `erasures` and `erasure_objects`, and what an erasure takes out of all the others. Each function is one small
//! step that may be done again; in which order and how often is the auth service's rule.
//!
//! A new table that names users needs nothing here when its rows go with the account (`ON DELETE CASCADE`), are few, and
//! have no objects. A story in `tests/erasure.rs` walks all tables and finds what was forgotten.

use aether_common::id::{GenerationId, MessageId, RoomId, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    exports,
    sql::{q, sql},
    tx::{Conn, Db, Store, Tx},
    uploads,
};

/// How many pages of the index of words one transaction rewrites.
const MERGE_PAGES: i64 = 200;
/// More transactions than these are left to the next erasure.
const MAX_MERGES: usize = 10_000;

/// An erasure that this process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose account.
    pub user_id: UserId,
    /// Grows with every claim.
    pub fence: i64,
}

/// A generation that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneGeneration {
    /// Which.
    pub id: GenerationId,
    /// The room that it was in.
    pub room_id: Option<RoomId>,
    /// When it ended; `None`: it was queued or running.
    pub completed_at: Option<DateTime<Utc>>,
}

/// What became of a room that its owner leaves for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftRoom {
    /// It has a new owner.
    HandedOver(UserId),
    /// Nobody could take it: its members are out, and it is to be deleted.
    Closed,
}

/// Shuts the account and notes that it is to be erased: what it says of a person goes at once, so its e-mail is free again.
/// The erasure is claimed until `lease_until`. `None` when there is no such account, or it is being erased already.
pub async fn begin(
    tx: &mut Tx,
    user: UserId,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claim>> {
    let begun = q!(
        tx,
        sql!(
            "INSERT INTO erasures (user_id, created_at, lease_until)
             SELECT id, $2, $3 FROM users WHERE id = $1 ON CONFLICT (user_id) DO NOTHING"
        ),
        user.0,
        now,
        lease_until
    )?;
    if begun == 0 {
        return Ok(None);
    }
    q!(
        tx,
        sql!(
            "UPDATE users SET email = $2, password_hash = NULL, name = 'Deleted account', avatar_url = NULL,
             oauth_provider = NULL, oauth_id = NULL, role = 'user', preferences = '{}', updated_at = $3,
             email_verified = " [pg "false, mfa_enabled = false, disabled = true"] [sq "0, mfa_enabled = 0, disabled = 1"]
            " WHERE id = $1"
        ),
        user.0,
        format!("{user}@erased.invalid"),
        now
    )?;
    q!(tx, sql!("DELETE FROM identities WHERE user_id = $1"), user.0)?;
    Ok(Some(Claim { user_id: user, fence: 1 }))
}

/// Whether this account is being erased.
pub async fn is_going_on(db: &mut impl Db, user: UserId) -> Result<bool> {
    let row =
        q!(db, fetch_optional as (Uuid,), sql!("SELECT user_id FROM erasures WHERE user_id = $1"), user.0)?;
    Ok(row.is_some())
}

/// Takes over an erasure that nobody goes on with.
pub async fn claim(
    db: &mut impl Db,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claim>> {
    let row = q!(
        db,
        fetch_optional as (Uuid, i64),
        sql!(
            "UPDATE erasures SET fence = fence + 1, lease_until = $2 WHERE user_id = (SELECT user_id FROM erasures
             WHERE lease_until < $1 ORDER BY lease_until LIMIT 1" [pg " FOR UPDATE SKIP LOCKED"] [sq ""]
            ") RETURNING user_id, fence"
        ),
        now,
        lease_until
    )?;
    Ok(row.map(|(user, fence)| Claim { user_id: UserId(user), fence }))
}

/// Says until when this process goes on; the past lets another one go on at once. `false`: another one does already.
pub async fn renew(db: &mut impl Db, claim: Claim, lease_until: DateTime<Utc>) -> Result<bool> {
    let renewed = q!(
        db,
        sql!("UPDATE erasures SET lease_until = $3 WHERE user_id = $1 AND fence = $2"),
        claim.user_id.0,
        claim.fence,
        lease_until
    )?;
    Ok(renewed == 1)
}

/// Deletes up to `limit` generations with their jobs, whatever state they are in, and notes their objects. A worker that has
/// one can keep nothing of it any more.
pub async fn delete_generations(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<GoneGeneration>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: Uuid,
        room_id: Option<Uuid>,
        result_key: Option<String>,
        completed_at: Option<DateTime<Utc>>,
    }
    // The job first, as everyone who changes both does.
    q!(
        tx,
        sql!(
            "DELETE FROM jobs WHERE generation_id IN
             (SELECT id FROM generations WHERE user_id = $1 ORDER BY created_at, id LIMIT $2)"
        ),
        user.0,
        limit
    )?;
    let rows = q!(
        tx,
        fetch_all as Row,
        sql!(
            "DELETE FROM generations WHERE id IN
             (SELECT id FROM generations WHERE user_id = $1 ORDER BY created_at, id LIMIT $2)
             RETURNING id, room_id, result_key, completed_at"
        ),
        user.0,
        limit
    )?;
    for key in rows.iter().filter_map(|row| row.result_key.as_deref()) {
        note_object(tx, user, key).await?;
    }
    let gone = rows.into_iter().map(|row| GoneGeneration {
        id: GenerationId(row.id),
        room_id: row.room_id.map(RoomId),
        completed_at: row.completed_at,
    });
    Ok(gone.collect())
}

/// Deletes up to `limit` uploads and notes their objects; answers how many.
pub async fn delete_uploads(tx: &mut Tx, user: UserId, limit: i64) -> Result<usize> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        sql!(
            "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE user_id = $1 ORDER BY used_at, id LIMIT $2)
             RETURNING id"
        ),
        user.0,
        limit
    )?;
    for (id,) in &rows {
        note_object(tx, user, &uploads::key((*id).into())).await?;
    }
    Ok(rows.len())
}

/// Deletes the exports and notes their objects; answers how many. Who is making one can keep nothing of it any more.
pub async fn delete_exports(tx: &mut Tx, user: UserId) -> Result<usize> {
    let rows =
        q!(tx, fetch_all as (Uuid,), sql!("DELETE FROM exports WHERE user_id = $1 RETURNING id"), user.0)?;
    for (id,) in &rows {
        note_object(tx, user, &exports::key((*id).into())).await?;
    }
    Ok(rows.len())
}

async fn note_object(tx: &mut Tx, user: UserId, key: &str) -> Result<()> {
    q!(
        tx,
        sql!("INSERT INTO erasure_objects (user_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING"),
        user.0,
        key
    )?;
    Ok(())
}

/// Up to `limit` keys of objects that are still to be deleted.
pub async fn list_objects(db: &mut impl Db, user: UserId, limit: i64) -> Result<Vec<String>> {
    let rows = q!(
        db,
        fetch_all as (String,),
        sql!("SELECT key FROM erasure_objects WHERE user_id = $1 ORDER BY key LIMIT $2"),
        user.0,
        limit
    )?;
    Ok(rows.into_iter().map(|(key,)| key).collect())
}

/// Notes that the object is gone.
pub async fn forget_object(db: &mut impl Db, user: UserId, key: &str) -> Result<()> {
    q!(db, sql!("DELETE FROM erasure_objects WHERE user_id = $1 AND key = $2"), user.0, key)?;
    Ok(())
}

/// A room that the user owns.
pub async fn find_owned_room(db: &mut impl Db, user: UserId) -> Result<Option<RoomId>> {
    let row = q!(
        db,
        fetch_optional as (Uuid,),
        sql!("SELECT id FROM rooms WHERE owner_id = $1 ORDER BY id LIMIT 1"),
        user.0
    )?;
    Ok(row.map(|(id,)| RoomId(id)))
}

/// Takes the owner out of the room. The editor who is in it longest owns it then; without one nobody stays. Its invites end
/// either way: whoever made them is gone. `None` when the user does not own it any more.
pub async fn leave_own_room(
    tx: &mut Tx,
    owner: UserId,
    id: RoomId,
    at: DateTime<Utc>,
) -> Result<Option<LeftRoom>> {
    let room = sql!("SELECT id FROM rooms WHERE owner_id = $1 AND id = $2" [pg " FOR UPDATE"]);
    if q!(tx, fetch_optional as (Uuid,), room, owner.0, id.0)?.is_none() {
        return Ok(None);
    }
    q!(tx, sql!("DELETE FROM room_invites WHERE room_id = $1"), id.0)?;
    let heir = q!(
        tx,
        fetch_optional as (Uuid,),
        sql!(
            "SELECT m.user_id FROM room_members m JOIN users u ON u.id = m.user_id
             WHERE m.room_id = $1 AND m.role = 'editor' AND m.user_id <> $2 AND NOT u.disabled
             ORDER BY m.joined_at, m.user_id LIMIT 1"
        ),
        id.0,
        owner.0
    )?;
    let Some((heir,)) = heir else {
        q!(tx, sql!("DELETE FROM room_members WHERE room_id = $1"), id.0)?;
        return Ok(Some(LeftRoom::Closed));
    };
    q!(tx, sql!("DELETE FROM room_members WHERE room_id = $1 AND user_id = $2"), id.0, owner.0)?;
    let promoted = q!(
        tx,
        sql!("UPDATE room_members SET role = 'owner' WHERE room_id = $1 AND user_id = $2"),
        id.0,
        heir
    )?;
    if promoted != 1 {
        // The heir left in this moment; whoever tries again finds another one.
        return Err(StoreError::Conflict);
    }
    q!(tx, sql!("UPDATE rooms SET owner_id = $2, updated_at = $3 WHERE id = $1"), id.0, heir, at)?;
    Ok(Some(LeftRoom::HandedOver(UserId(heir))))
}

/// Deletes up to `limit` messages of a room that is to be deleted; answers how many.
pub async fn delete_room_messages(db: &mut impl Db, room: RoomId, limit: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "DELETE FROM chat_messages WHERE id IN
             (SELECT id FROM chat_messages WHERE room_id = $1 ORDER BY id LIMIT $2)"
        ),
        room.0,
        limit
    )?)
}

/// Deletes up to `limit` messages that the user wrote, anywhere; answers which, the newest first.
pub async fn delete_messages(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<(RoomId, MessageId)>> {
    let mut rows = q!(
        tx,
        fetch_all as (Uuid, Uuid),
        sql!(
            "DELETE FROM chat_messages WHERE id IN
             (SELECT id FROM chat_messages WHERE user_id = $1 ORDER BY id DESC LIMIT $2) RETURNING id, room_id"
        ),
        user.0,
        limit
    )?;
    rows.sort_unstable_by(|one, other| other.cmp(one));
    Ok(rows.into_iter().map(|(id, room)| (RoomId(room), MessageId(id))).collect())
}

/// Takes the user out of up to `limit` rooms of others; answers which.
pub async fn leave_rooms(tx: &mut Tx, user: UserId, limit: i64) -> Result<Vec<RoomId>> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        sql!(
            "DELETE FROM room_members WHERE user_id = $1 AND room_id IN (SELECT room_id FROM room_members
             WHERE user_id = $1 AND role <> 'owner' ORDER BY room_id LIMIT $2) RETURNING room_id"
        ),
        user.0,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| RoomId(id)).collect())
}

/// Deletes up to `limit` sessions with their refresh tokens; answers how many.
pub async fn delete_sessions(db: &mut impl Db, user: UserId, limit: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE user_id = $1 ORDER BY created_at, id LIMIT $2)"
        ),
        user.0,
        limit
    )?)
}

/// Takes the name out of up to `limit` entries of the books: what was paid stays on them, nobody's; answers how many.
pub async fn forget_usage(db: &mut impl Db, user: UserId, limit: i64) -> Result<u64> {
    Ok(q!(
        db,
        sql!(
            "UPDATE usage_entries SET user_id = NULL WHERE id IN
             (SELECT id FROM usage_entries WHERE user_id = $1 ORDER BY day, id LIMIT $2)"
        ),
        user.0,
        limit
    )?)
}

/// Deletes the account and what goes with it. `false`: something that needs a step of its own came in between, or it is not
/// being erased.
pub async fn delete_account(tx: &mut Tx, user: UserId) -> Result<bool> {
    // Whoever adds a row that leans on the account waits for this lock, and then finds it gone.
    let locked = sql!(
        "SELECT u.id FROM users u WHERE u.id = $1 AND EXISTS (SELECT 1 FROM erasures e WHERE e.user_id = $1)"
        [pg " FOR UPDATE"]
    );
    if q!(tx, fetch_optional as (Uuid,), locked, user.0)?.is_none() {
        let there = q!(tx, fetch_optional as (Uuid,), sql!("SELECT id FROM users WHERE id = $1"), user.0)?;
        return Ok(there.is_none());
    }
    let deleted = q!(
        tx,
        sql!(
            "DELETE FROM users WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM generations WHERE user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM uploads WHERE user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM exports WHERE user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM rooms WHERE owner_id = $1)
             AND NOT EXISTS (SELECT 1 FROM room_members WHERE user_id = $1)
             AND NOT EXISTS (SELECT 1 FROM chat_messages WHERE user_id = $1)"
        ),
        user.0
    )?;
    Ok(deleted == 1)
}

/// Deletes the sums of what the user spent. After the account: nobody can add to them any more.
pub async fn delete_counters(db: &mut impl Db, user: UserId) -> Result<()> {
    q!(db, sql!("DELETE FROM usage_counters WHERE scope = 'user' AND subject = $1"), user.to_string())?;
    Ok(())
}

/// Forgets the erasure itself. `false`: an object or the account is still there, or another process was faster.
pub async fn finish(tx: &mut Tx, user: UserId) -> Result<bool> {
    let finished = q!(
        tx,
        sql!(
            "DELETE FROM erasures WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM users WHERE id = $1)
             AND NOT EXISTS (SELECT 1 FROM erasure_objects WHERE user_id = $1)"
        ),
        user.0
    )?;
    Ok(finished == 1)
}

/// Takes what was deleted out of SQLite's files too: words of deleted texts stay in the index until it is merged, and changed
/// pages stay in the log beside the file. PostgreSQL's vacuum does the same by itself.
pub async fn scrub(store: &Store) -> Result<()> {
    let mut db = store.conn().await?;
    let Conn::Sq(conn) = db.conn() else { return Ok(()) };
    // A negative number merges all into one, so many pages at a time.
    let mut pages = -MERGE_PAGES;
    for _ in 0..MAX_MERGES {
        let (before,): (i64,) = sqlx::query_as("SELECT total_changes()").fetch_one(&mut *conn).await?;
        sqlx::query("INSERT INTO generation_words (generation_words, rank) VALUES ('merge', $1)")
            .bind(pages)
            .execute(&mut *conn)
            .await?;
        let (after,): (i64,) = sqlx::query_as("SELECT total_changes()").fetch_one(&mut *conn).await?;
        // The statement itself counts as one.
        if after - before < 2 {
            break;
        }
        pages = MERGE_PAGES;
    }
    // While somebody reads, the log is only written over as time goes on.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *conn).await?;
    Ok(())
}
