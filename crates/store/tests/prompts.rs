//! What administrators' prompt templates promise, on both databases: texts are kept for ever and numbered within a kind, and
//! what was put in use last holds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    id::{Ids, UserId},
    model::{generation::Kind, user::Role},
    page::Cursor,
};
use aether_store::{
    Store, StoreError,
    prompts::{self, InUse, NewPrompt},
    users::{self, NewUser},
};
use aether_testkit::databases;

async fn admin(store: &Store) -> UserId {
    let id: UserId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: "Ada".into(),
        role: Role::Admin,
        created_at: Clock::system().now(),
    };
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn keep(store: &Store, user_id: UserId, kind: Kind, text: &str) -> u32 {
    let now = Clock::system().now();
    let mut tx = store.begin().await.unwrap();
    let note = Some("why").filter(|_| text.len() > 1);
    let new = NewPrompt { id: Ids::system().mint(), kind, base: 2, text, note, user_id, created_at: now };
    let number = prompts::create(&mut tx, &new).await.unwrap();
    prompts::put_in_use(&mut tx, kind, Some(number), user_id, now).await.unwrap();
    tx.save().await.unwrap();
    number
}

async fn put(store: &Store, user: UserId, kind: Kind, number: Option<u32>) -> Result<(), StoreError> {
    let mut tx = store.begin().await.unwrap();
    prompts::put_in_use(&mut tx, kind, number, user, Clock::system().now()).await?;
    tx.save().await
}

#[tokio::test]
async fn a_text_is_numbered_within_its_kind_and_never_lost() {
    for database in databases().await {
        let store = &database.store;
        let ada = admin(store).await;
        for (kind, text, number) in
            [(Kind::Ui, "first ü", 1), (Kind::Api, "a", 1), (Kind::Ui, "second", 2), (Kind::Ui, "third", 3)]
        {
            assert_eq!(keep(store, ada, kind, text).await, number, "{}", database.engine);
        }
        let mut db = store.conn().await.unwrap();
        let first = prompts::find(&mut db, Kind::Ui, 1).await.unwrap().unwrap();
        assert_eq!((first.text.as_deref(), first.bytes, first.base), (Some("first ü"), 8, 2));
        assert_eq!((first.note.as_deref(), first.user_id), (Some("why"), Some(ada)));
        assert!(prompts::find(&mut db, Kind::Ui, 4).await.unwrap().is_none());

        let page = prompts::list(&mut db, Kind::Ui, None, 2).await.unwrap();
        assert_eq!(page.iter().map(|one| one.number).collect::<Vec<_>>(), [3, 2, 1]);
        assert!(page[0].text.is_none(), "lists have no texts");
        let after = Cursor { at: page[1].created_at, id: page[1].id.0 };
        let rest = prompts::list(&mut db, Kind::Ui, Some(after), 2).await.unwrap();
        assert_eq!(rest.iter().map(|one| one.number).collect::<Vec<_>>(), [1]);
    }
}

#[tokio::test]
async fn what_was_put_in_use_last_holds_and_only_what_is_kept_can_be() {
    for database in databases().await {
        let store = &database.store;
        let ada = admin(store).await;
        assert!(prompts::list_in_use(&mut store.conn().await.unwrap()).await.unwrap().is_empty());
        keep(store, ada, Kind::Ui, "first").await;
        keep(store, ada, Kind::Ui, "second").await;
        keep(store, ada, Kind::Cli, "other").await;
        for (number, text) in [(Some(1), Some("first")), (None, None), (Some(2), Some("second"))] {
            put(store, ada, Kind::Ui, number).await.unwrap();
            let steps = prompts::list_in_use(&mut store.conn().await.unwrap()).await.unwrap();
            assert_eq!(steps.iter().map(|step| step.kind).collect::<Vec<_>>(), [Kind::Cli, Kind::Ui]);
            let wanted = number.zip(text).map(|(number, text)| InUse { number, base: 2, text: text.into() });
            assert_eq!(steps[1].prompt, wanted, "{}", database.engine);
            assert_eq!(steps[1].user_id, Some(ada));
        }
        assert!(put(store, ada, Kind::Ui, Some(9)).await.is_err(), "{}", database.engine);
    }
}

#[tokio::test]
async fn many_writers_at_once_get_numbers_of_their_own_or_are_told() {
    for database in databases().await {
        let store = &database.store;
        let ada = admin(store).await;
        let writers = (0..8).map(|n| async move {
            let mut tx = store.begin().await.unwrap();
            let text = n.to_string();
            let new = NewPrompt {
                id: Ids::system().mint(),
                kind: Kind::Code,
                base: 1,
                text: &text,
                note: None,
                user_id: ada,
                created_at: Clock::system().now(),
            };
            let number = prompts::create(&mut tx, &new).await?;
            tx.save().await?;
            Ok::<_, StoreError>(number)
        });
        let mut numbers = Vec::new();
        for outcome in futures::future::join_all(writers).await {
            match outcome {
                Ok(number) => numbers.push(number),
                Err(error) => assert!(matches!(error, StoreError::Conflict), "{}: {error}", database.engine),
            }
        }
        numbers.sort_unstable();
        assert!(!numbers.is_empty());
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<u32>>(), "{}", database.engine);
    }
}
