//! The table `jobs`: the queue of generations. A worker claims a job for the time of a lease; every claim grows the job's
//! fence, and a write that carries an older fence is refused, so a late worker cannot undo its successor's work. Users take
//! turns: each job has a virtual start (start-time fair queueing, Goyal et al. 1996), so nobody's hundred jobs starve
//! another's one.

use aether_common::{
    id::{GenerationId, RoomId, UserId, WorkerId},
    model::generation::{Kind, Metadata},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    error::{Result, StoreError},
    sql::{q, sql},
    tx::{Conn, Db, Tx},
};

/// What a job carries beside its generation. `v` is the form's version; later forms add fields with defaults.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct JobPayload {
    /// 1.
    pub v: u8,
    /// The sampling temperature asked for.
    pub temperature: Option<f32>,
    /// Whether it is made anew from its parent's prompt, which then is no context.
    #[serde(default)]
    pub regenerate: bool,
    /// Whether a kept answer may neither be given nor made.
    #[serde(default)]
    pub no_cache: bool,
    /// Uploads to be put into the prompt's context.
    #[serde(default)]
    pub upload_ids: Vec<Uuid>,
}

/// What a claim must keep to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many jobs of one user may run at once in the whole installation. Processes that claim at the same moment may
    /// pass it by one each.
    pub per_user: i64,
}

/// A job that a worker holds, with what it needs of the generation.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose job.
    pub generation_id: GenerationId,
    /// The number that every write of this worker carries.
    pub fence: i64,
    /// The attempt that begins: grows when a job is taken over.
    pub attempt: u32,
    /// When it was claimed for the first time: its deadline counts from here.
    pub started_at: DateTime<Utc>,
    /// When it was claimed this time.
    pub claimed_at: DateTime<Utc>,
    /// What the worker before this one noted, see [`crate::generations::save_draft`].
    pub draft: Metadata,
    /// Who started it.
    pub user_id: UserId,
    /// What is asked for.
    pub kind: Kind,
    /// What is asked.
    pub prompt: String,
    /// The programming language asked for.
    pub language: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// The version that it is made from.
    pub parent_id: Option<GenerationId>,
    /// The room it was started in.
    pub room_id: Option<RoomId>,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// Whether it was cancelled before this claim.
    pub cancel_requested: bool,
    /// The rest.
    pub payload: JobPayload,
}

/// What became of the wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelRequest {
    /// No worker has it: whoever asks may end it, in this transaction.
    Queued,
    /// A worker has it and will see the mark.
    Running,
    /// There is no job: it has ended.
    Ended,
}

/// The time that leases are told in: the database's own where processes share one, so that a process whose clock is wrong
/// neither takes living jobs over nor loses its own. `own` is this process's time, which is everybody's on SQLite.
pub async fn now(db: &mut impl Db, own: DateTime<Utc>) -> Result<DateTime<Utc>> {
    match db.conn() {
        Conn::Pg(c) => {
            let (now,): (DateTime<Utc>,) =
                sqlx::query_as("SELECT clock_timestamp()").fetch_one(&mut *c).await?;
            Ok(now)
        }
        Conn::Sq(_) => Ok(own),
    }
}

/// Puts the generation's job into the queue. In the transaction that creates the generation.
///
/// Its turn is the one that is served now, or the one after the user's last job, whichever is later. The last job counts also
/// when it has ended: else who asks again as soon as they are answered would always be before who waits.
pub async fn create(
    tx: &mut Tx,
    id: GenerationId,
    user: UserId,
    run_at: DateTime<Utc>,
    payload: &JobPayload,
) -> Result<()> {
    let (next,) = q!(
        tx,
        fetch_one as (i64,),
        sql!(
            "INSERT INTO turns (user_id, next)
             SELECT $1, 1 + COALESCE(" [pg "GREATEST"] [sq "MAX"] "(
                 COALESCE(served, first), COALESCE(first, served)), (SELECT MAX(next) FROM turns), 0)
             FROM (SELECT (SELECT MAX(turn) FROM jobs WHERE state = 'running') AS served,
                 (SELECT MIN(turn) FROM jobs WHERE state = 'ready') AS first) AS now
             WHERE true
             ON CONFLICT (user_id) DO UPDATE SET next = " [pg "GREATEST"] [sq "MAX"] "(turns.next + 1, excluded.next)
             RETURNING next"
        ),
        user.0
    )?;
    q!(
        tx,
        sql!(
            "INSERT INTO jobs (generation_id, user_id, state, run_at, payload, turn) VALUES ($1, $2, 'ready', $3, $4, $5)"
        ),
        id.0,
        user.0,
        run_at,
        Json(payload),
        next - 1
    )?;
    Ok(())
}

/// Who is claimed: a job whose lease has ended before all that wait. Both looks are answered by an index, in its order.
macro_rules! claimed {
    ($by_lease:literal, $skip:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', worker_id = $1, fence = fence + 1, lease_until = $3,
                 started_at = COALESCE(started_at, $2)
             WHERE generation_id = COALESCE(
                 (SELECT generation_id FROM jobs",
            $by_lease,
            " WHERE state = 'running' AND lease_until < $2 ORDER BY lease_until LIMIT 1",
            $skip,
            "),
                 (SELECT generation_id FROM jobs WHERE state = 'ready' AND run_at <= $2
                  AND (user_id IS NULL OR user_id NOT IN
                      (SELECT busy.user_id FROM jobs busy WHERE busy.state = 'running' AND busy.user_id IS NOT NULL
                       GROUP BY busy.user_id HAVING COUNT(*) >= $4))
                  ORDER BY turn, run_at, generation_id LIMIT 1",
            $skip,
            "))
             RETURNING generation_id, fence, started_at, cancel_requested, payload"
        )
    };
}

/// Takes the job whose turn it is: a ready one, or one whose worker's lease has ended. The generation becomes `running`; when
/// the job was taken over, its attempt grows.
pub async fn claim(
    tx: &mut Tx,
    worker: WorkerId,
    bounds: Bounds,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Option<Claim>> {
    #[derive(sqlx::FromRow)]
    struct Job {
        generation_id: Uuid,
        fence: i64,
        started_at: DateTime<Utc>,
        cancel_requested: bool,
        payload: Json<JobPayload>,
    }
    #[derive(sqlx::FromRow)]
    struct Started {
        metadata: Json<Metadata>,
        user_id: Uuid,
        r#type: String,
        prompt: String,
        language: Option<String>,
        model: Option<String>,
        parent_id: Option<Uuid>,
        room_id: Option<Uuid>,
        attempt: i64,
        created_at: DateTime<Utc>,
    }
    let job = q!(
        tx,
        fetch_optional as Job,
        sql!([pg claimed!("", " FOR UPDATE SKIP LOCKED")] [sq claimed!(" INDEXED BY jobs_lease", "")]),
        worker.0,
        now,
        lease_until,
        bounds.per_user
    )?;
    let Some(job) = job else { return Ok(None) };
    let started = q!(
        tx,
        fetch_one as Started,
        sql!(
            "UPDATE generations SET status = 'running',
             attempt = attempt + CASE WHEN $2 > 1 THEN 1 ELSE 0 END WHERE id = $1
             RETURNING user_id, type, prompt, language, model, parent_id, room_id, attempt, metadata, created_at"
        ),
        job.generation_id,
        job.fence
    )?;
    Ok(Some(Claim {
        generation_id: GenerationId(job.generation_id),
        fence: job.fence,
        attempt: u32::try_from(started.attempt).unwrap_or(1),
        started_at: job.started_at,
        claimed_at: now,
        draft: started.metadata.0,
        user_id: UserId(started.user_id),
        kind: Kind::parse(&started.r#type).ok_or(StoreError::Inconsistent {
            table: "generations",
            column: "type",
            value: started.r#type,
        })?,
        prompt: started.prompt,
        language: started.language,
        model: started.model,
        parent_id: started.parent_id.map(GenerationId),
        room_id: started.room_id.map(RoomId),
        created_at: started.created_at,
        cancel_requested: job.cancel_requested,
        payload: job.payload.0,
    }))
}

/// Extends the lease. Answers whether cancelling was asked for; `None` means that the job is no longer this worker's.
pub async fn heartbeat(
    db: &mut impl Db,
    id: GenerationId,
    fence: i64,
    lease_until: DateTime<Utc>,
) -> Result<Option<bool>> {
    let row = q!(
        db,
        fetch_optional as (bool,),
        sql!(
            "UPDATE jobs SET lease_until = $3 WHERE generation_id = $1 AND fence = $2 RETURNING cancel_requested"
        ),
        id.0,
        fence,
        lease_until
    )?;
    Ok(row.map(|(cancel,)| cancel))
}

/// Starts the generation's text over, under the same claim. Answers the new attempt's number; `None` means that the job
/// is no longer this worker's.
pub async fn start_attempt(tx: &mut Tx, id: GenerationId, fence: i64) -> Result<Option<u32>> {
    let row = q!(
        tx,
        fetch_optional as (i64,),
        sql!(
            "UPDATE generations SET attempt = attempt + 1, progress = 0 WHERE id = $1
             AND EXISTS (SELECT 1 FROM jobs WHERE generation_id = $1 AND fence = $2) RETURNING attempt"
        ),
        id.0,
        fence
    )?;
    Ok(row.map(|(attempt,)| u32::try_from(attempt).unwrap_or(1)))
}

/// Notes how far the generation is.
pub async fn save_progress(db: &mut impl Db, id: GenerationId, fence: i64, progress: u8) -> Result<()> {
    q!(
        db,
        sql!(
            "UPDATE generations SET progress = $3 WHERE id = $1
             AND EXISTS (SELECT 1 FROM jobs WHERE generation_id = $1 AND fence = $2)"
        ),
        id.0,
        fence,
        i64::from(progress)
    )?;
    Ok(())
}

/// Puts a claimed job back, for any worker to take from `run_at` on. `false`: it is no longer this worker's.
pub async fn release(db: &mut impl Db, id: GenerationId, fence: i64, run_at: DateTime<Utc>) -> Result<bool> {
    let changed = q!(
        db,
        sql!(
            "UPDATE jobs SET state = 'ready', worker_id = NULL, lease_until = NULL, run_at = $3
             WHERE generation_id = $1 AND fence = $2"
        ),
        id.0,
        fence,
        run_at
    )?;
    Ok(changed == 1)
}

/// Whether the job is to be cancelled; holds its row, so that the answer is still true when the transaction that ends it is
/// saved. `None`: it is no longer this worker's.
pub async fn lock_cancel(tx: &mut Tx, id: GenerationId, fence: i64) -> Result<Option<bool>> {
    let row = q!(
        tx,
        fetch_optional as (bool,),
        sql!("SELECT cancel_requested FROM jobs WHERE generation_id = $1 AND fence = $2" [pg " FOR UPDATE"]),
        id.0,
        fence
    )?;
    Ok(row.map(|(cancel,)| cancel))
}

/// Marks the job as to be cancelled.
pub async fn request_cancel(tx: &mut Tx, id: GenerationId) -> Result<CancelRequest> {
    let row = q!(
        tx,
        fetch_optional as (String,),
        sql!("UPDATE jobs SET cancel_requested = " [pg "true"] [sq "1"] " WHERE generation_id = $1 RETURNING state"),
        id.0
    )?;
    Ok(match row.as_ref().map(|(state,)| state.as_str()) {
        None => CancelRequest::Ended,
        Some("ready") => CancelRequest::Queued,
        Some(_) => CancelRequest::Running,
    })
}

/// Marks all jobs of the user as to be cancelled; answers of which generations. Whoever claims one that waits ends it.
pub async fn cancel_all(tx: &mut Tx, user: UserId) -> Result<Vec<GenerationId>> {
    let rows = q!(
        tx,
        fetch_all as (Uuid,),
        sql!("UPDATE jobs SET cancel_requested = " [pg "true"] [sq "1"] " WHERE user_id = $1 RETURNING generation_id"),
        user.0
    )?;
    Ok(rows.into_iter().map(|(id,)| GenerationId(id)).collect())
}

/// How many jobs wait.
pub async fn count_ready(db: &mut impl Db) -> Result<i64> {
    let (count,) = q!(db, fetch_one as (i64,), sql!("SELECT COUNT(*) FROM jobs WHERE state = 'ready'"))?;
    Ok(count)
}

/// How the database would claim, a line for each step: tells whether it looks at every job that waits.
pub async fn explain_claim(db: &mut impl Db, now: DateTime<Utc>) -> Result<Vec<String>> {
    Ok(match db.conn() {
        Conn::Pg(c) => {
            sqlx::query_scalar(concat!("EXPLAIN ", claimed!("", " FOR UPDATE SKIP LOCKED")))
                .bind(Uuid::nil())
                .bind(now)
                .bind(now)
                .bind(1_i64)
                .fetch_all(&mut *c)
                .await?
        }
        Conn::Sq(c) => sqlx::query_as(concat!("EXPLAIN QUERY PLAN ", claimed!(" INDEXED BY jobs_lease", "")))
            .bind(Uuid::nil())
            .bind(now)
            .bind(now)
            .bind(1_i64)
            .fetch_all(&mut *c)
            .await?
            .into_iter()
            .map(|(_, _, _, step): (i64, i64, i64, String)| step)
            .collect(),
    })
}
