//! What a live API may rely on, on both databases: keys are one, bounds hold, numbers never come twice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    id::{GenerationId, Ids, UserId},
    model::{
        generation::{Kind, Metadata},
        user::Role,
    },
};
use aether_store::{
    Store,
    edits::{self, NewEdit},
    generations::{self, NewGeneration},
    lives::{self, Bounds, Kept, NewRecord, Record},
    users::{self, NewUser},
};
use aether_testkit::databases;
use serde_json::{Value, json};
use uuid::Uuid;

const WIDE: Bounds = Bounds { records: 1000, bytes: 1 << 20 };

/// A generation by somebody.
async fn generation(store: &Store) -> GenerationId {
    let (ids, now) = (Ids::system(), Clock::system().now());
    let (user, id): (UserId, GenerationId) = (ids.mint(), ids.mint());
    let mut tx = store.begin().await.unwrap();
    let email = format!("{}@example.org", user.0.simple());
    let new = NewUser {
        id: user,
        email,
        password_hash: None,
        name: "Ana".into(),
        role: Role::User,
        created_at: now,
    };
    users::create(&mut tx, &new).await.unwrap();
    let parent: GenerationId = ids.mint();
    let new = NewGeneration {
        id: parent,
        user_id: user,
        kind: Kind::Api,
        title: "T",
        prompt: "P",
        language: None,
        model: None,
        parent_id: None,
        room_id: None,
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: now,
    };
    generations::create(&mut tx, &new).await.unwrap();
    let new = NewEdit {
        id,
        user_id: user,
        kind: Kind::Api,
        title: "T",
        prompt: "P",
        result: "R",
        language: None,
        parent_id: parent,
        room_id: None,
        metadata: &Metadata::default(),
        at: now,
    };
    edits::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn mounted(store: &Store) -> (GenerationId, Uuid) {
    let generation = generation(store).await;
    let mut tx = store.begin().await.unwrap();
    let id = Uuid::from_bytes(rand::random());
    let (id, new) = lives::mount(&mut tx, id, generation, "{}", Clock::system().now()).await.unwrap();
    assert!(new);
    tx.save().await.unwrap();
    (generation, id)
}

fn new<'a>(scope: &'a str, key: &'a str, body: &'a Value) -> NewRecord<'a> {
    NewRecord { kind: "/notes", scope, key, body }
}

#[tokio::test]
async fn a_generation_is_served_once_and_its_records_go_with_it() {
    for database in databases().await {
        let store = &database.store;
        let (generation, id) = mounted(store).await;
        let mut tx = store.begin().await.unwrap();
        lives::insert(&mut tx, id, WIDE, new("", "1", &json!({}))).await.unwrap();
        let again = Uuid::from_bytes(rand::random());
        let kept =
            lives::mount(&mut tx, again, generation, "{\"a\":1}", Clock::system().now()).await.unwrap();
        assert_eq!(kept, (id, false), "{}", database.engine);
        assert_eq!(lives::find_document(&mut tx, id).await.unwrap(), Some((2, "{\"a\":1}".into())));
        assert!(lives::tune(&mut tx, generation, 20, 5).await.unwrap());
        let live = lives::find_of(&mut tx, generation).await.unwrap().unwrap();
        assert_eq!(
            (live.id, live.revision, live.latency_ms, live.failure_percent, live.records),
            (id, 2, 20, 5, 1)
        );
        assert_eq!(lives::lock(&mut tx, id).await.unwrap(), Some(live));
        assert!(lives::unmount(&mut tx, generation).await.unwrap());
        assert!(!lives::unmount(&mut tx, generation).await.unwrap());
        assert_eq!(lives::list(&mut tx, id, "/notes").await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_key_is_one_within_its_scope_and_a_thing_goes_with_all_below_it() {
    for database in databases().await {
        let (_, id) = mounted(&database.store).await;
        let mut tx = database.store.begin().await.unwrap();
        let tx = &mut tx;
        for (scope, key) in [("", "1"), ("/a/1", "1"), ("/a/1/b/2", "x"), ("/a/10", "y")] {
            assert_eq!(
                lives::insert(tx, id, WIDE, new(scope, key, &json!({ "in": scope }))).await.unwrap(),
                Kept::Done
            );
        }
        assert_eq!(lives::insert(tx, id, WIDE, new("/a/1", "1", &json!({}))).await.unwrap(), Kept::Taken);
        let found = lives::find_record(tx, id, "/notes", None, "1").await.unwrap().unwrap();
        assert_eq!(found, Record { scope: String::new(), key: "1".into(), body: json!({ "in": "" }) });
        let found = lives::find_record(tx, id, "/notes", Some("/a/1"), "1").await.unwrap().unwrap();
        assert_eq!(found.scope, "/a/1");
        lives::remove(tx, id, "/a", "", "1", "/a/1").await.unwrap();
        let left = lives::list(tx, id, "/notes").await.unwrap();
        let scopes: Vec<&str> = left.iter().map(|one| one.scope.as_str()).collect();
        assert_eq!(scopes, ["", "/a/10"], "{}", database.engine);
        assert_eq!(lives::find(tx, id).await.unwrap().unwrap().records, 2);
    }
}

#[tokio::test]
async fn bounds_hold_whoever_writes_at_once() {
    for database in databases().await {
        let store = database.store.clone();
        let (_, id) = mounted(&store).await;
        let bounds = Bounds { records: 10, bytes: 1 << 20 };
        let writers = (0..30).map(|n| {
            let store = store.clone();
            async move {
                let mut tx = store.begin().await.unwrap();
                lives::lock(&mut tx, id).await.unwrap();
                let number = lives::next_number(&mut tx, id, "/notes").await.unwrap();
                let kept = lives::insert(&mut tx, id, bounds, new("", &format!("{n}"), &json!(number)))
                    .await
                    .unwrap();
                if kept == Kept::Done {
                    tx.save().await.unwrap();
                }
                kept
            }
        });
        let kept = futures::future::join_all(writers).await;
        assert_eq!(kept.iter().filter(|kept| **kept == Kept::Done).count(), 10, "{}", database.engine);
        let mut tx = store.begin().await.unwrap();
        let numbers: Vec<i64> = lives::list(&mut tx, id, "/notes")
            .await
            .unwrap()
            .iter()
            .map(|one| one.body.as_i64().unwrap())
            .collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>(), "in the order in which they came");

        let size = lives::find(&mut tx, id).await.unwrap().unwrap().bytes;
        let bounds = Bounds { records: 20, bytes: size + 10 };
        let long = json!("a text that is longer than what is left");
        let key = &lives::list(&mut tx, id, "/notes").await.unwrap()[0].key;
        assert_eq!(lives::insert(&mut tx, id, bounds, new("", "z", &long)).await.unwrap(), Kept::Full);
        assert_eq!(lives::replace(&mut tx, id, bounds, new("", key, &long)).await.unwrap(), Kept::Full);
        assert_eq!(
            lives::replace(&mut tx, id, bounds, new("", key, &json!("short"))).await.unwrap(),
            Kept::Done
        );
        lives::reset(&mut tx, id).await.unwrap();
        let live = lives::find(&mut tx, id).await.unwrap().unwrap();
        assert_eq!((live.records, live.bytes), (0, 0));
        assert_eq!(lives::next_number(&mut tx, id, "/notes").await.unwrap(), 1);
    }
}
