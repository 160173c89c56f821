//! Documents that are served: mounted, asked, reset, unmounted. What an API answers is `aether-live`'s to say; here it is told
//! from which database, how often, and who may.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aether_artifact::openapi_document;
use aether_boot::Deps;
use aether_bus::{Bucket, Rate, Subscription, Topic};
use aether_common::{
    id::{GenerationId, UserId},
    model::generation::{Kind, Status},
    problem::{FieldError, Problem},
};
use aether_live::{Answer, Api, Inserted, MAX_RECORDS, NewRecord, Place, Record, Records, Request};
use aether_store::{
    Db, StoreError, Tx,
    lives::{self, Bounds, Kept, Live},
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{sync::Semaphore, time::sleep};
use uuid::Uuid;

use crate::{generations::Generations, handlers::files::files};

/// What one API may keep.
const BOUNDS: Bounds = Bounds { records: MAX_RECORDS, bytes: 5 * 1024 * 1024 };
/// How often one API may be asked.
const RATE: Rate = Rate { limit: 50, per: Duration::from_secs(1) };
/// How many APIs a process holds compiled.
const MAX_COMPILED: usize = 200;
/// Documents that one process compiles at once.
const MAX_AT_ONCE: usize = 2;
/// The slowest that an API can be made.
pub const MAX_LATENCY_MS: u16 = 5_000;
/// Of a path in the request log, in characters.
const MAX_LOGGED: usize = 500;

static SLOTS: Semaphore = Semaphore::const_new(MAX_AT_ONCE);

/// The live APIs; cheap to clone.
#[derive(Clone)]
pub struct Lives {
    deps: Deps,
    generations: Generations,
    compiled: Arc<Mutex<HashMap<Uuid, Compiled>>>,
}

struct Compiled {
    revision: i64,
    api: Arc<Api>,
    used: Instant,
}

/// An API that is served.
pub struct Mounted {
    /// Its place in the database.
    pub live: Live,
    /// Its document.
    pub document: Value,
    /// Where it is.
    pub url: String,
}

/// One request, as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Logged {
    /// When it came.
    pub at: DateTime<Utc>,
    /// Its method.
    pub method: String,
    /// Its path below the API's address, with its query.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// How long the answer took, in milliseconds.
    pub duration_ms: u64,
}

impl Lives {
    /// Live APIs on these dependencies.
    pub fn new(deps: Deps, generations: Generations) -> Self {
        Self { deps, generations, compiled: Arc::default() }
    }

    /// Serves the document of this generation, at the address that it has, if it has one: then its records stay. Only its
    /// starter and the owner of its room may; 409 unless it is a completed API, 422 with what cannot be served.
    pub async fn mount(&self, user: UserId, id: GenerationId) -> Result<Mounted, Problem> {
        self.generations.check_owner(user, id).await?;
        let generation = self.generations.get(user, id).await?;
        if generation.kind != Kind::Api {
            return Err(Problem::conflict("not_an_api", "Only what was generated as an API can be served."));
        }
        if generation.status != Status::Completed {
            return Err(Problem::conflict("not_completed", "Only a completed generation can be served."));
        }
        let (document, api) = compile(move || {
            let found = openapi_document(&files(&generation)).ok_or_else(|| {
                Problem::invalid_field("", "the artifact holds no OpenAPI 3 document with paths")
            })?;
            refuse(found.findings)?;
            let api = Api::compile(&found.content).map_err(unservable)?;
            Ok((found.content, api))
        })
        .await?;
        let mut tx = self.deps.store.begin().await?;
        let text = document.to_string();
        let (live_id, new) =
            lives::mount(&mut tx, Uuid::from_bytes(rand::random()), id, &text, self.deps.clock.now()).await?;
        if new {
            api.seed(&mut Writing { tx: &mut tx, live: live_id }, 0, rand::random()).await?;
        }
        let live = lives::find(&mut tx, live_id).await?.ok_or_else(Problem::not_found)?;
        tx.save().await?;
        self.keep(&live, Arc::new(api));
        Ok(self.mounted(live, document))
    }

    /// How the API of this generation stands. Whoever may see the generation may.
    pub async fn get(&self, user: UserId, id: GenerationId) -> Result<Mounted, Problem> {
        self.generations.get(user, id).await?;
        let mut db = self.deps.store.conn().await?;
        let live = lives::find_of(&mut db, id).await?.ok_or_else(Problem::not_found)?;
        let (_, text) = lives::find_document(&mut db, live.id).await?.ok_or_else(Problem::not_found)?;
        Ok(self.mounted(live, serde_json::from_str(&text).map_err(Problem::internal)?))
    }

    /// Ends it, and forgets what it kept.
    pub async fn unmount(&self, user: UserId, id: GenerationId) -> Result<(), Problem> {
        self.generations.check_owner(user, id).await?;
        let mut db = self.deps.store.conn().await?;
        lives::unmount(&mut db, id).await?;
        Ok(())
    }

    /// Forgets its records and begins again with those of the document's examples, and so many samples of each collection.
    pub async fn reset(&self, user: UserId, id: GenerationId, samples: usize) -> Result<usize, Problem> {
        self.generations.check_owner(user, id).await?;
        let found =
            lives::find_of(&mut self.deps.store.conn().await?, id).await?.ok_or_else(Problem::not_found)?;
        let api = self.compiled(&found).await?;
        let mut tx = self.deps.store.begin().await?;
        let live = lives::lock(&mut tx, found.id).await?.ok_or_else(Problem::not_found)?;
        lives::reset(&mut tx, live.id).await?;
        let count = api.seed(&mut Writing { tx: &mut tx, live: live.id }, samples, rand::random()).await?;
        tx.save().await?;
        Ok(count)
    }

    /// Makes it slow or faulty, to see what its callers do then.
    pub async fn tune(
        &self,
        user: UserId,
        id: GenerationId,
        latency_ms: u16,
        percent: u8,
    ) -> Result<(), Problem> {
        self.generations.check_owner(user, id).await?;
        let mut db = self.deps.store.conn().await?;
        if lives::tune(&mut db, id, latency_ms.into(), percent.into()).await? {
            return Ok(());
        }
        Err(Problem::not_found())
    }

    /// Its requests, as they come.
    pub async fn requests(&self, user: UserId, id: GenerationId) -> Result<Subscription, Problem> {
        self.generations.check_owner(user, id).await?;
        let live =
            lives::find_of(&mut self.deps.store.conn().await?, id).await?.ok_or_else(Problem::not_found)?;
        Ok(self.deps.bus.subscribe(&Topic::live(live.id)).await?)
    }

    /// The document as its API serves it.
    pub async fn document(&self, id: Uuid) -> Result<Value, Problem> {
        let mut db = self.deps.store.conn().await?;
        let (_, text) = lives::find_document(&mut db, id).await?.ok_or_else(Problem::not_found)?;
        let document = serde_json::from_str(&text).map_err(Problem::internal)?;
        Ok(Api::served(&document, &self.url(id)))
    }

    /// Answers a request to an API.
    pub async fn answer(&self, id: Uuid, request: Request<'_>) -> Result<Answer, Problem> {
        let began = Instant::now();
        let mut db = self.deps.store.conn().await?;
        let live = lives::find(&mut db, id).await?.ok_or_else(Problem::not_found)?;
        drop(db);
        if self.deps.settings.rate_limits {
            // When the buckets cannot be reached the API answers: it is no worse off than without them.
            let bucket = Bucket::new("live.api", id, RATE);
            if let Ok(decision) = self.deps.bus.take(&[bucket]).await
                && !decision.allowed
            {
                return Err(Problem::too_many(
                    "A live API answers 50 requests a second.",
                    decision.retry_after(),
                ));
            }
        }
        sleep(Duration::from_millis(u64::try_from(live.latency_ms).unwrap_or(0))).await;
        let answer = if rand::random_range(0..100) < live.failure_percent {
            let detail = "This API was told to fail now and then.".to_owned();
            aether_live::Problem {
                status: 503,
                code: "simulated_failure",
                detail,
                flaws: Vec::new(),
                allow: None,
            }
            .answer()
        } else {
            self.carry_out(&live, request).await?
        };
        self.log(id, &request, &answer, began);
        Ok(answer)
    }

    async fn carry_out(&self, live: &Live, request: Request<'_>) -> Result<Answer, Problem> {
        let api = self.compiled(live).await?;
        if matches!(request.method, "GET" | "HEAD") {
            let mut db = self.deps.store.conn().await?;
            return Ok(api.answer(&request, &mut Reading { db: &mut db, live: live.id }).await?);
        }
        let mut tx = self.deps.store.begin().await?;
        lives::lock(&mut tx, live.id).await?.ok_or_else(Problem::not_found)?;
        let answer = api.answer(&request, &mut Writing { tx: &mut tx, live: live.id }).await?;
        if answer.status < 400 {
            tx.save().await?;
        }
        Ok(answer)
    }

    fn log(&self, id: Uuid, request: &Request<'_>, answer: &Answer, began: Instant) {
        let mut path = request.path.to_owned();
        if !request.query.is_empty() {
            path = format!("{path}?{}", request.query);
        }
        let logged = Logged {
            at: request.now,
            method: request.method.to_owned(),
            path: path.chars().take(MAX_LOGGED).collect(),
            status: answer.status,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let bus = self.deps.bus.clone();
        self.deps.lifecycle.tasks.spawn(async move {
            // Who watches misses a line when it cannot be told: the answer does not wait for it.
            if let Ok(bytes) = serde_json::to_vec(&logged)
                && let Err(error) = bus.publish(&Topic::live(id), bytes).await
            {
                tracing::debug!(%error, "a request to a live API is not told");
            }
        });
    }

    async fn compiled(&self, live: &Live) -> Result<Arc<Api>, Problem> {
        if let Some(known) = self.compiled.lock().get_mut(&live.id)
            && known.revision == live.revision
        {
            known.used = Instant::now();
            return Ok(known.api.clone());
        }
        let found = lives::find_document(&mut self.deps.store.conn().await?, live.id).await?;
        let (revision, text) = found.ok_or_else(Problem::not_found)?;
        let api = compile(move || {
            let document: Value = serde_json::from_str(&text).map_err(Problem::internal)?;
            Api::compile(&document).map_err(unservable)
        })
        .await?;
        let api = Arc::new(api);
        self.keep(&Live { revision, ..*live }, api.clone());
        Ok(api)
    }

    fn keep(&self, live: &Live, api: Arc<Api>) {
        let mut compiled = self.compiled.lock();
        if compiled.len() >= MAX_COMPILED
            && let Some(oldest) = compiled.iter().min_by_key(|(_, one)| one.used).map(|(id, _)| *id)
        {
            compiled.remove(&oldest);
        }
        compiled.insert(live.id, Compiled { revision: live.revision, api, used: Instant::now() });
    }

    fn url(&self, id: Uuid) -> String {
        format!("{}/api/live/{id}", self.deps.settings.public_url)
    }

    fn mounted(&self, live: Live, document: Value) -> Mounted {
        Mounted { live, document, url: self.url(live.id) }
    }
}

/// Reads or compiles a document, off the runtime's threads and few at a time.
async fn compile<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    // The semaphore is never closed.
    let _slot = SLOTS.acquire().await;
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?
}

fn refuse(findings: Vec<(String, String)>) -> Result<(), Problem> {
    if findings.is_empty() {
        return Ok(());
    }
    let errors = findings.into_iter().map(|(field, message)| FieldError { field, message }).collect();
    Err(Problem {
        errors,
        ..Problem::new(422, "invalid_document", "The document cannot be served as it is.")
    })
}

fn unservable(findings: Vec<aether_live::Finding>) -> Problem {
    let findings = findings.into_iter().map(|finding| (finding.pointer, finding.message)).collect();
    refuse(findings).err().unwrap_or_else(Problem::not_found)
}

/// The records of one API outside a transaction: what reads asks for nothing else.
struct Reading<'a, D> {
    db: &'a mut D,
    live: Uuid,
}

/// The same within a transaction that holds the lock of all writers.
struct Writing<'a> {
    tx: &'a mut Tx,
    live: Uuid,
}

fn record(found: lives::Record) -> Record {
    Record { scope: found.scope, key: found.key, body: found.body }
}

async fn list(db: &mut impl Db, live: Uuid, place: Place<'_>) -> Result<Vec<Record>, StoreError> {
    let found = lives::list(db, live, place.kind).await?;
    let here = found.into_iter().filter(|one| place.scope.is_none_or(|scope| scope == one.scope));
    Ok(here.map(record).collect())
}

async fn find(
    db: &mut impl Db,
    live: Uuid,
    place: Place<'_>,
    key: &str,
) -> Result<Option<Record>, StoreError> {
    Ok(lives::find_record(db, live, place.kind, place.scope, key).await?.map(record))
}

fn kept(kept: Kept) -> Inserted {
    match kept {
        Kept::Done => Inserted::Done,
        Kept::Taken => Inserted::Taken,
        Kept::Full => Inserted::Full,
    }
}

fn stored(new: NewRecord<'_>) -> lives::NewRecord<'_> {
    lives::NewRecord { kind: new.kind, scope: new.scope, key: new.key, body: new.body }
}

impl<D: Db> Records for Reading<'_, D> {
    type Error = StoreError;

    async fn list(&mut self, place: Place<'_>) -> Result<Vec<Record>, StoreError> {
        list(self.db, self.live, place).await
    }

    async fn find(&mut self, place: Place<'_>, key: &str) -> Result<Option<Record>, StoreError> {
        find(self.db, self.live, place, key).await
    }

    // GET changes nothing, whatever the document makes of it.
    async fn insert(&mut self, _: NewRecord<'_>) -> Result<Inserted, StoreError> {
        Ok(Inserted::Full)
    }

    async fn replace(&mut self, _: NewRecord<'_>) -> Result<Inserted, StoreError> {
        Ok(Inserted::Full)
    }

    async fn remove(&mut self, _: &str, _: &str, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn next_number(&mut self, _: &str) -> Result<i64, StoreError> {
        Ok(1)
    }
}

impl Records for Writing<'_> {
    type Error = StoreError;

    async fn list(&mut self, place: Place<'_>) -> Result<Vec<Record>, StoreError> {
        list(self.tx, self.live, place).await
    }

    async fn find(&mut self, place: Place<'_>, key: &str) -> Result<Option<Record>, StoreError> {
        find(self.tx, self.live, place, key).await
    }

    async fn insert(&mut self, new: NewRecord<'_>) -> Result<Inserted, StoreError> {
        Ok(kept(lives::insert(self.tx, self.live, BOUNDS, stored(new)).await?))
    }

    async fn replace(&mut self, new: NewRecord<'_>) -> Result<Inserted, StoreError> {
        Ok(kept(lives::replace(self.tx, self.live, BOUNDS, stored(new)).await?))
    }

    async fn remove(&mut self, kind: &str, scope: &str, key: &str, below: &str) -> Result<(), StoreError> {
        lives::remove(self.tx, self.live, kind, scope, key, below).await
    }

    async fn next_number(&mut self, kind: &str) -> Result<i64, StoreError> {
        lives::next_number(self.tx, self.live, kind).await
    }
}
