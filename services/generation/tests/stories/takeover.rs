//! What becomes of a job whose worker is gone.

use aether_boot::Deps;
use aether_bus::After;
use aether_common::{
    event::{Happening, Stage},
    id::{GenerationId, WorkerId},
    model::generation::{Kind, Metadata, Status, Usage},
};
use aether_generation::{
    Generations,
    domain::cost::Model,
    ledger::{Ask, Ledger},
    uploads::Uploads,
};
use aether_store::{
    generations::{self, NewGeneration},
    jobs::{self, Bounds, JobPayload},
};
use aether_testkit::{People, Person, backends};
use chrono::TimeDelta;

use crate::site::{Site, sites, text_of};

const TEXT: &str = "Here.\n\n```python path=main.py\nprint(1)\n```\n";

/// A job that another worker claimed and wrote so far; its lease has just ended.
async fn left_behind(site: &Site, who: &Person, told: &[Happening]) -> GenerationId {
    let deps = &site.backend.deps;
    let (id, fence) = claimed(deps, who, told).await;
    let mut db = deps.store.conn().await.unwrap();
    jobs::heartbeat(&mut db, id, fence, deps.clock.now() - TimeDelta::seconds(1)).await.unwrap();
    id
}

/// A job that another worker has and wrote so far, and its fence.
async fn claimed(deps: &Deps, who: &Person, told: &[Happening]) -> (GenerationId, i64) {
    let (id, worker): (GenerationId, WorkerId) = (deps.ids.mint(), deps.ids.mint());
    let (now, hour) = (deps.clock.now(), TimeDelta::hours(1));
    let new = NewGeneration {
        id,
        user_id: who.id,
        kind: Kind::Code,
        title: "T",
        prompt: "a slug",
        language: None,
        model: Some("speed-max"),
        parent_id: None,
        room_id: None,
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: now,
    };
    let mut tx = deps.store.begin().await.unwrap();
    generations::create(&mut tx, &new).await.unwrap();
    jobs::create(&mut tx, id, who.id, now - hour, &JobPayload { v: 1, ..JobPayload::default() })
        .await
        .unwrap();
    // In the same transaction as it is queued, so that the site's own worker does not come first.
    let claim = jobs::claim(&mut tx, worker, Bounds { per_user: 9 }, now, now + hour).await.unwrap().unwrap();
    assert_eq!(claim.generation_id, id);
    tx.save().await.unwrap();
    deps.bus.append_many(id, 1, told).await.unwrap();
    let mut db = deps.store.conn().await.unwrap();
    let draft = Metadata {
        provider: Some("gone".into()),
        model: Some("speed-max".into()),
        first_token_ms: Some(5),
        ..Metadata::default()
    };
    assert!(generations::save_draft(&mut db, id, claim.fence, &draft).await.unwrap());
    // What the worker paid is in the books.
    let model = Model {
        id: "speed-max".into(),
        provider: "gone".into(),
        context_tokens: None,
        max_output_tokens: None,
        input_micros_per_million: Some(1_000_000),
        output_micros_per_million: Some(1_000_000),
    };
    let ledger = Ledger::new(deps.clone(), deps.settings.budgets);
    let ask = Ask {
        generation_id: id,
        user_id: who.id,
        kind: Kind::Code,
        provider: "gone",
        model: &model,
        input_tokens: 100,
        max_output_tokens: 100,
    };
    let call = ledger.reserve(&ask).await.unwrap();
    ledger.settle(call, Usage { input_tokens: 7, output_tokens: 9 }).await.unwrap();
    (id, claim.fence)
}

fn step(status: Stage, delta: Option<&str>) -> Happening {
    Happening::Progress { progress: 0, status, delta: delta.map(str::to_owned) }
}

#[tokio::test]
async fn a_worker_that_died_after_the_last_word_is_followed_by_one_that_needs_no_call() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let (one, two) = TEXT.split_at(9);
        let told = [
            step(Stage::Queued, None),
            step(Stage::Streaming, Some(one)),
            step(Stage::Streaming, Some(two)),
            step(Stage::Validating, None),
        ];
        let id = left_behind(&site, &ana, &told).await.to_string();
        let events = site.events(&ana, &id, None).await;
        let (text, last) = text_of(&events);
        assert_eq!((text.as_str(), last["attempt"].as_u64()), (TEXT, Some(1)), "{} {last}", site.name);
        assert_eq!(site.model.calls(), 0, "{}: no second call", site.name);
        let metadata = &last["metadata"];
        assert_eq!((metadata["attempts"].as_u64(), metadata["provider"].as_str()), (Some(1), Some("gone")));
        assert_eq!(metadata["usage"]["outputTokens"], 9, "{}: what was spent is told", site.name);
        assert_eq!(metadata["costUsd"], 0.000_016, "{}", site.name);
        assert_eq!(metadata["files"][0]["path"], "main.py");
        let kept = site.ended(&ana, &id).await;
        assert_eq!((kept["status"].as_str(), kept["result"].as_str()), (Some("completed"), Some(TEXT)));
    }
}

#[tokio::test]
async fn a_job_that_is_stopped_while_it_is_handed_over_ends_with_the_text_that_readers_hold() {
    for backend in backends([("METRICS_ADDR", "off")]).await {
        // Without a worker, so that it stays between two.
        let deps = backend.deps.clone();
        let ana = People::new(&deps).join("Ana").await;
        let ledger = Ledger::new(deps.clone(), deps.settings.budgets);
        let generations = Generations::new(deps.clone(), ledger, Uploads::new(deps.clone()));
        let told = [step(Stage::Queued, None), step(Stage::Streaming, Some("Half a se"))];
        let (id, fence) = claimed(&deps, &ana, &told).await;
        let mut db = deps.store.conn().await.unwrap();
        jobs::release(&mut db, id, fence, deps.clock.now()).await.unwrap();
        generations.cancel(ana.id, id).await.unwrap();
        let kept = generations.get(ana.id, id).await.unwrap();
        assert_eq!(
            (kept.status, kept.result.as_deref()),
            (Status::Cancelled, Some("Half a se")),
            "{}",
            backend.name
        );
        let last = deps.bus.replay(id, &After::Beginning).await.unwrap().events.pop().unwrap();
        assert_eq!((last.position.seq, last.happening), (3, Happening::Cancelled), "{}", backend.name);
    }
}

#[tokio::test]
async fn a_worker_that_died_in_mid_stream_is_followed_by_one_that_starts_over() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let told = [step(Stage::Queued, None), step(Stage::Streaming, Some("Half a se"))];
        let id = left_behind(&site, &ana, &told).await.to_string();
        let (text, last) = text_of(&site.events(&ana, &id, None).await);
        assert_eq!((site.model.calls(), last["attempt"].as_u64()), (1, Some(2)), "{} {last}", site.name);
        assert!(!text.contains("Half a se"), "{}: no seam", site.name);
        assert_eq!(last["metadata"]["attempts"], 2);
    }
}
