//! What can be done with generations, whoever asks: an HTTP handler here, or the realtime service in the same process.
//! A generation and its job are committed in one transaction; the bus only nudges.

use std::{collections::HashMap, sync::Arc};

use aether_boot::Deps;
use aether_bus::{After, AppendError, BusError, Following, Topic};
use aether_common::{
    event::{Happening, Position, Stage},
    id::{GenerationId, RoomId, UploadId, UserId},
    model::{
        generation::{Generation, Kind, Metadata, Status},
        room::RoomRole,
    },
    notice::{Control, Notice},
    problem::Problem,
};
use aether_store::{
    Db, StoreError, generations,
    jobs::{self, CancelRequest, JobPayload},
    texts, users,
};
use aether_web::idempotency;
use parking_lot::Mutex;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{progress, request::CreateGeneration, title},
    ledger::Ledger,
    uploads::Uploads,
};

/// The operations; cheap to clone.
#[derive(Clone)]
pub struct Generations {
    deps: Deps,
    ledger: Ledger,
    uploads: Uploads,
    /// One for each user who is starting something now.
    gates: Arc<Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>>,
}

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Start {
    /// What is asked for.
    pub kind: Kind,
    /// The rest of the request.
    pub request: CreateGeneration,
    /// The starter's own id of it: the same one twice starts one generation.
    pub client_id: Option<String>,
    /// Whether it is made anew from the same prompt as its parent.
    pub regenerate: bool,
}

impl Start {
    /// A hash of everything that is asked: equal for equal requests.
    fn hash(&self) -> Result<String, Problem> {
        let asked =
            serde_json::to_vec(&(self.kind, &self.request, self.regenerate)).map_err(Problem::internal)?;
        Ok(hex(&Sha256::digest(asked)))
    }

    /// The starter's own id, kept apart by route: the same key may be used on another one.
    fn scoped_client_id(&self) -> Result<Option<String>, Problem> {
        let Some(client_id) = &self.client_id else { return Ok(None) };
        check_client_id(client_id)?;
        Ok(Some(match self.request.parent_id.filter(|_| self.regenerate) {
            Some(parent) => format!("regenerate/{parent}:{client_id}"),
            None => format!("{}:{client_id}", self.kind.as_str()),
        }))
    }

    fn payload(&self) -> JobPayload {
        JobPayload {
            v: 1,
            temperature: self.request.temperature,
            regenerate: self.regenerate,
            // Whoever asks for it anew wants another answer.
            no_cache: self.regenerate || self.request.cache == Some(false),
            upload_ids: self.request.upload_ids.iter().flatten().map(|id| id.0).collect(),
        }
    }
}

impl Generations {
    /// Operations on these dependencies.
    pub fn new(deps: Deps, ledger: Ledger, uploads: Uploads) -> Self {
        Self { deps, ledger, uploads, gates: Arc::default() }
    }

    fn gate(&self, user: UserId) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.gates.lock();
        // Those that nobody holds go, so there are never more than requests.
        gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        gates.entry(user).or_default().clone()
    }

    /// Creates a generation and its job. With a `client_id` that was used in the last 24 h, answers the first one, unless it
    /// was used for something else (422 `idempotency_key_reused`).
    pub async fn start(&self, user: UserId, start: &Start) -> Result<GenerationId, Problem> {
        let request = &start.request;
        request.check()?;
        let hash = start.hash()?;
        let client_id = start.scoped_client_id()?;
        if let Some(client_id) = &client_id {
            let mut db = self.deps.store.conn().await?;
            if let Some(first) = self.find_first(&mut db, user, client_id, &hash).await? {
                return Ok(first);
            }
        }
        self.check_parents(user, request).await?;
        self.uploads.check(user, request.upload_ids.as_deref().unwrap_or_default()).await?;
        self.ledger.check(user).await?;
        let id = self.deps.ids.mint();
        let now = self.deps.clock.now();
        let title = title::from_prompt(&request.prompt);
        // Before the job can be claimed: what its worker says comes after. If the job is never kept, this expires unread.
        self.append(id, 1, Happening::Progress { progress: 0, status: Stage::Queued, delta: None }).await;
        let payload = start.payload();
        let new = generations::NewGeneration {
            id,
            user_id: user,
            kind: start.kind,
            title: &title,
            prompt: &request.prompt,
            language: request.language.as_deref(),
            model: request.model.as_deref(),
            parent_id: request.parent_id,
            room_id: request.room_id,
            client_id: client_id.as_deref(),
            request_hash: Some(&hash),
            payload: Some(&payload),
            created_at: now,
        };
        let kept = self.keep(&new, &payload).await;
        if matches!(kept, Ok(kept) if kept == id) {
            self.tell_started(id, user, start).await;
        } else {
            self.forget(id).await;
        }
        kept
    }

    /// Commits the generation and its job together; answers the twin's id when an equal request was faster.
    async fn keep(
        &self,
        new: &generations::NewGeneration<'_>,
        payload: &JobPayload,
    ) -> Result<GenerationId, Problem> {
        // One after the other for one user: twins see each other, and the bound below is exact. Who waits in this process does
        // so without a connection, so that one user's many requests leave some for the others.
        let gate = self.gate(new.user_id);
        let _turn = gate.lock().await;
        let mut tx = self.deps.store.begin().await?;
        users::lock(&mut tx, new.user_id).await?;
        if let Some(client_id) = new.client_id {
            let hash = new.request_hash.unwrap_or_default();
            if let Some(first) = self.find_first(&mut tx, new.user_id, client_id, hash).await? {
                return Ok(first);
            }
            let oldest = self.deps.clock.now() - idempotency::KEPT;
            generations::forget_client_id(&mut tx, new.user_id, client_id, oldest).await?;
        }
        if generations::count_unended(&mut tx, new.user_id).await?
            >= i64::from(self.deps.settings.unended_per_user)
        {
            return Err(Problem::too_many(
                "So many of your generations wait that no more are taken. Stop some, or wait.",
                std::time::Duration::from_secs(10),
            ));
        }
        generations::create(&mut tx, new).await?;
        let run_at = jobs::now(&mut tx, new.created_at).await?;
        jobs::create(&mut tx, new.id, new.user_id, run_at, payload).await?;
        tx.save().await?;
        Ok(new.id)
    }

    /// The whole generation as the reader may see it; while it runs, `result` is what is written so far.
    pub async fn get(&self, reader: UserId, id: GenerationId) -> Result<Generation, Problem> {
        let mut found = {
            let mut db = self.deps.store.conn().await?;
            generations::find(&mut db, reader, id).await?.ok_or_else(Problem::not_found)?
        };
        if !found.status.has_ended() {
            // Without the bus the row alone is told: it lacks the text, but nothing in it is wrong.
            if let Ok(Some((position, text))) = self.deps.bus.text(id).await {
                found.metadata.attempts = position.attempt;
                if !text.is_empty() {
                    found.progress = found.progress.max(progress::streaming(text.len()));
                }
                found.result = Some(text);
            }
        }
        Ok(found)
    }

    /// The events after a position, live until the last one. The caller has checked that the reader may see them.
    pub async fn follow(&self, id: GenerationId, after: After) -> Result<Following, Problem> {
        let store = self.deps.store.clone();
        let last = move || {
            let store = store.clone();
            async move {
                let unavailable = |error: StoreError| BusError::Unavailable(error.to_string());
                let mut db = store.conn().await.map_err(unavailable)?;
                generations::find_last_event(&mut db, id).await.map_err(unavailable)
            }
        };
        Ok(self.deps.bus.follow(id, after, last).await?)
    }

    /// Stops a generation. Only its starter and the owner of its room may; 409 when it has ended.
    pub async fn cancel(&self, user: UserId, id: GenerationId) -> Result<(), Problem> {
        self.check_owner(user, id).await?;
        let mut tx = self.deps.store.begin().await?;
        let mut state = jobs::request_cancel(&mut tx, id).await?;
        let mut told = None;
        if state == CancelRequest::Queued {
            // A worker that handed it over may have told some of it. Nobody else waits for us while we wait for the bus.
            drop(tx);
            told = self.deps.bus.text(id).await.ok().flatten();
            tx = self.deps.store.begin().await?;
            state = jobs::request_cancel(&mut tx, id).await?;
        }
        match state {
            CancelRequest::Ended => {
                Err(Problem::conflict("already_ended", "It has ended; nothing is left to stop."))
            }
            CancelRequest::Running => {
                tx.save().await?;
                // The worker also sees the mark at its next heartbeat: the bus only makes it sooner.
                let order = Control::Cancel { generation_id: id };
                self.tell(&Topic::control(), &order).await;
                Ok(())
            }
            CancelRequest::Queued => {
                // Where the text is not known, all that was held for it is paid.
                let known = told.is_some();
                let (head, text) = told.unwrap_or((Position::START, String::new()));
                let position = head.next();
                let metadata = Metadata { attempts: head.attempt, ..Metadata::default() };
                let end = generations::End {
                    status: Status::Cancelled,
                    result: &text,
                    error: None,
                    metadata: &metadata,
                    position,
                    progress: if text.is_empty() { 0 } else { progress::streaming(text.len()) },
                    at: self.deps.clock.now(),
                };
                generations::end(&mut tx, id, None, &end).await?;
                tx.save().await?;
                self.append(id, position.attempt, Happening::Cancelled).await;
                if let Err(error) = self.ledger.settle_lost(id, known.then_some(&*text)).await {
                    tracing::warn!(generation.id = %id, %error, "what it cost so far is not settled yet");
                }
                self.tell_ended(user, id).await;
                Ok(())
            }
        }
    }

    /// A new generation from the same prompt, whose parent is this one.
    pub async fn regenerate(
        &self,
        user: UserId,
        id: GenerationId,
        client_id: Option<String>,
    ) -> Result<GenerationId, Problem> {
        let parent = self.get(user, id).await?;
        let (asked, room_id) = {
            let mut db = self.deps.store.conn().await?;
            let asked = generations::find_payload(&mut db, user, id).await?.unwrap_or_default();
            // Who has left the room goes on with a version of their own.
            let room_id = match parent.room_id {
                Some(room) => generations::find_room_role(&mut db, user, room).await?.map(|_| room),
                None => None,
            };
            (asked, room_id)
        };
        // The model that was asked for, not the one that the router chose: it chooses again. Before it has chosen, only what
        // was asked for is there.
        let explicit = parent.metadata.routing.is_none_or(|routing| routing.choice == "explicit");
        // Uploads are their owner's: who makes a roommate's generation anew does without them.
        let uploads = asked.upload_ids.into_iter().map(UploadId).collect::<Vec<_>>();
        let own = parent.user_id == user && !uploads.is_empty();
        let start = Start {
            kind: parent.kind,
            request: CreateGeneration {
                prompt: parent.prompt,
                language: parent.language,
                model: parent.model.filter(|_| explicit),
                parent_id: Some(id),
                room_id,
                temperature: asked.temperature,
                cache: None,
                upload_ids: own.then_some(uploads),
            },
            client_id,
            regenerate: true,
        };
        self.start(user, &start).await
    }

    /// Deletes a generation, stopping it first if it runs; whoever follows it is told that it was cancelled. Only its starter
    /// and the owner of its room may.
    pub async fn delete(&self, user: UserId, id: GenerationId) -> Result<(), Problem> {
        let has_ended = match self.cancel(user, id).await {
            Ok(()) => false,
            Err(problem) if problem.code == "already_ended" => true,
            Err(problem) => return Err(problem),
        };
        let access = {
            let mut db = self.deps.store.conn().await?;
            generations::find_access(&mut db, user, id).await?
        };
        texts::delete(&self.deps.store, id).await?;
        if has_ended {
            self.forget(id).await;
            return Ok(());
        }
        // Its worker can write no end any more. The next attempt drops the text that was told.
        let head = self.deps.bus.text(id).await.ok().flatten().map_or(Position::START, |(head, _)| head);
        if self.deps.bus.append(id, head.attempt.saturating_add(1), &Happening::Cancelled).await.is_err() {
            self.forget(id).await;
        }
        if let Some(access) = access {
            let notice = Notice::GenerationEnded { generation_id: id };
            self.tell_readers(access.starter, access.room_id, &notice).await;
        }
        Ok(())
    }

    /// 404 when the user may not see it, 403 when they may see but not change it.
    pub async fn check_owner(&self, user: UserId, id: GenerationId) -> Result<(), Problem> {
        let mut db = self.deps.store.conn().await?;
        let access = generations::find_access(&mut db, user, id).await?.ok_or_else(Problem::not_found)?;
        if access.starter == user || access.room_role == Some(RoomRole::Owner) {
            return Ok(());
        }
        Err(Problem::forbidden("forbidden", "Only who started it or the owner of the room may do this."))
    }

    async fn check_parents(&self, user: UserId, request: &CreateGeneration) -> Result<(), Problem> {
        let mut db = self.deps.store.conn().await?;
        if let Some(room) = request.room_id {
            match generations::find_room_role(&mut db, user, room).await? {
                None => return Err(Problem::not_found()),
                Some(RoomRole::Viewer) => {
                    return Err(Problem::forbidden(
                        "forbidden",
                        "A viewer of the room may not start a generation.",
                    ));
                }
                Some(_) => {}
            }
        }
        if let Some(parent) = request.parent_id
            && generations::find_access(&mut db, user, parent).await?.is_none()
        {
            return Err(Problem::invalid_field("parentId", "names a generation that does not exist"));
        }
        Ok(())
    }

    async fn find_first(
        &self,
        db: &mut impl Db,
        user: UserId,
        client_id: &str,
        hash: &str,
    ) -> Result<Option<GenerationId>, Problem> {
        match generations::find_by_client_id(db, user, client_id).await? {
            None => Ok(None),
            Some(first) if first.created_at < self.deps.clock.now() - idempotency::KEPT => Ok(None),
            // Kept by a version that did not note what was asked: the key alone decides.
            Some(first) if first.request_hash.as_deref().is_none_or(|kept| kept == hash) => {
                Ok(Some(first.id))
            }
            Some(_) => Err(idempotency::reused()),
        }
    }

    async fn tell_started(&self, id: GenerationId, user: UserId, start: &Start) {
        let notice = Notice::GenerationStarted {
            generation_id: id,
            kind: start.kind,
            prompt: start.request.prompt.clone(),
            user_id: user,
            room_id: start.request.room_id,
        };
        // Together: each of them may wait for a bus that does not answer.
        let jobs = Topic::jobs();
        tokio::join!(self.tell_readers(user, start.request.room_id, &notice), self.tell(&jobs, &()));
    }

    async fn tell_ended(&self, user: UserId, id: GenerationId) {
        let Ok(mut db) = self.deps.store.conn().await else { return };
        if let Ok(Some(access)) = generations::find_access(&mut db, user, id).await {
            let notice = Notice::GenerationEnded { generation_id: id };
            self.tell_readers(access.starter, access.room_id, &notice).await;
        }
    }

    /// Tells whoever may read the generation: its starter's sockets, and its room's.
    pub(crate) async fn tell_readers(&self, starter: UserId, room: Option<RoomId>, notice: &Notice) {
        let user = Topic::user(starter);
        tokio::join!(self.tell(&user, notice), async {
            if let Some(room) = room {
                self.tell(&Topic::room(room), notice).await;
            }
        });
    }

    /// What is told over the bus is also in the database, so a failure costs time and nothing else.
    async fn tell(&self, topic: &Topic, what: &impl Serialize) {
        let Ok(bytes) = serde_json::to_vec(what) else { return };
        if let Err(error) = self.deps.bus.publish(topic, bytes).await {
            tracing::warn!(topic = topic.as_str(), %error, "not told: it will be found by looking");
        }
    }

    async fn forget(&self, id: GenerationId) {
        if let Err(error) = self.deps.bus.forget(id).await {
            tracing::warn!(generation.id = %id, %error, "a journal that nobody needs is left to expire");
        }
    }

    async fn append(&self, id: GenerationId, attempt: u32, happening: Happening) {
        match self.deps.bus.append(id, attempt, &happening).await {
            // A worker that was faster has written already.
            Ok(_) | Err(AppendError::Stale { .. } | AppendError::Ended) => {}
            Err(AppendError::Bus(error)) => {
                tracing::warn!(generation.id = %id, %error, "not journalled: it will be found by looking");
            }
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn check_client_id(client_id: &str) -> Result<(), Problem> {
    let length = client_id.chars().count();
    if (1..=255).contains(&length) && !client_id.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Problem::invalid_field("Idempotency-Key", "must be 1 to 255 characters without control characters"))
}
