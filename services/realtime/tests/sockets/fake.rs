//! A generation service that writes what its prompt says, as the real one does: rows, journal and notices.
//! `count N`: N deltas. `hold`: three deltas, then it waits to be cancelled. `finish N`: as `count N`, but it ends when it is
//! asked to be cancelled. `forget N`: the same, and the journal is lost.

use std::{collections::HashMap, sync::Mutex};

use aether_boot::Deps;
use aether_bus::Topic;
use aether_common::{
    event::{Happening, Position, Stage},
    id::{GenerationId, RoomId, UserId},
    model::generation::{Metadata, Status},
    notice::Notice,
    problem::Problem,
};
use aether_realtime::ports::{Generations, StartGeneration};
use aether_store::{
    generations::{self, End, NewGeneration},
    jobs::{self, JobPayload},
};
use aether_web::auth::Caller;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub struct Fake {
    deps: Deps,
    held: Mutex<HashMap<GenerationId, CancellationToken>>,
}

impl Fake {
    pub fn new(deps: &Deps) -> Self {
        Self { deps: deps.clone(), held: Mutex::default() }
    }
}

impl Generations for Fake {
    fn start<'a>(
        &'a self,
        caller: &'a Caller,
        _token: &'a str,
        start: StartGeneration,
    ) -> BoxFuture<'a, Result<GenerationId, Problem>> {
        Box::pin(async move {
            let user = caller.user_id;
            if start.prompt.trim().is_empty() {
                return Err(Problem::invalid_field("prompt", "must not be blank"));
            }
            if let Some(client_id) = &start.client_id {
                let mut db = self.deps.store.conn().await?;
                if let Some(first) = generations::find_by_client_id(&mut db, user, client_id).await? {
                    return Ok(first.id);
                }
            }
            let id = self.deps.ids.mint();
            create(&self.deps, id, user, &start).await?;
            let notice = Notice::GenerationStarted {
                generation_id: id,
                kind: start.kind,
                prompt: start.prompt.clone(),
                user_id: user,
                room_id: start.room_id,
            };
            tell(&self.deps, user, start.room_id, &notice).await;
            let stop = CancellationToken::new();
            self.held.lock().unwrap().insert(id, stop.clone());
            let deps = self.deps.clone();
            self.deps.lifecycle.tasks.spawn(write(deps, id, user, start, stop));
            Ok(id)
        })
    }

    fn cancel<'a>(
        &'a self,
        caller: &'a Caller,
        _token: &'a str,
        id: GenerationId,
    ) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move {
            let mut db = self.deps.store.conn().await?;
            let access = generations::find_access(&mut db, caller.user_id, id)
                .await?
                .ok_or_else(Problem::not_found)?;
            if access.status.has_ended() {
                return Err(Problem::conflict("already_ended", "It has ended; nothing is left to stop."));
            }
            if let Some(stop) = self.held.lock().unwrap().get(&id) {
                stop.cancel();
            }
            Ok(())
        })
    }
}

async fn create(deps: &Deps, id: GenerationId, user: UserId, start: &StartGeneration) -> Result<(), Problem> {
    let mut tx = deps.store.begin().await?;
    let new = NewGeneration {
        id,
        user_id: user,
        kind: start.kind,
        title: "fake",
        prompt: &start.prompt,
        language: None,
        model: None,
        parent_id: None,
        room_id: start.room_id,
        client_id: start.client_id.as_deref(),
        request_hash: None,
        payload: None,
        created_at: deps.clock.now(),
    };
    generations::create(&mut tx, &new).await?;
    let payload = JobPayload { v: 1, ..JobPayload::default() };
    jobs::create(&mut tx, id, user, deps.clock.now(), &payload).await?;
    Ok(tx.save().await?)
}

async fn write(deps: Deps, id: GenerationId, user: UserId, start: StartGeneration, stop: CancellationToken) {
    let (what, number) = start.prompt.split_once(' ').unwrap_or((&start.prompt, "3"));
    let count: u32 = number.parse().unwrap();
    let mut result = String::new();
    let mut position = Position::START;
    let deltas: Vec<Happening> = (0..count)
        .map(|step| {
            let delta = format!("{step} ✓\n");
            result.push_str(&delta);
            Happening::Progress { progress: 50, status: Stage::Streaming, delta: Some(delta) }
        })
        .collect();
    let queued = [Happening::Progress { progress: 0, status: Stage::Queued, delta: None }];
    for some in std::iter::once(&queued[..]).chain(deltas.chunks(25)) {
        position = *deps.bus.append_many(id, 1, some).await.unwrap().last().unwrap();
    }
    let metadata = Metadata { attempts: 1, ..Metadata::default() };
    if what != "count" {
        stop.cancelled().await;
    }
    let (status, last) = if what == "hold" {
        (Status::Cancelled, Happening::Cancelled)
    } else {
        let metadata = Box::new(metadata.clone());
        (Status::Completed, Happening::Complete { result: result.clone(), metadata })
    };
    let end = End {
        status,
        result: &result,
        error: None,
        metadata: &metadata,
        position: position.next(),
        progress: 100,
        at: deps.clock.now(),
    };
    let mut tx = deps.store.begin().await.unwrap();
    assert!(generations::end(&mut tx, id, None, &end).await.unwrap());
    tx.save().await.unwrap();
    deps.bus.append(id, 1, &last).await.unwrap();
    if what == "forget" {
        deps.bus.forget(id).await.unwrap();
    }
    tell(&deps, user, start.room_id, &Notice::GenerationEnded { generation_id: id }).await;
}

async fn tell(deps: &Deps, user: UserId, room: Option<RoomId>, notice: &Notice) {
    let bytes = serde_json::to_vec(notice).unwrap();
    deps.bus.publish(&Topic::user(user), bytes.clone()).await.unwrap();
    if let Some(room) = room {
        deps.bus.publish(&Topic::room(room), bytes).await.unwrap();
    }
}
