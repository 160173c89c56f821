//! What a search in the history promises, on both databases: the same answers, whatever is typed, and by the index.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use aether_common::{
    clock::Clock,
    event::Position,
    id::{GenerationId, Ids, RoomId, UserId},
    model::{
        generation::{Kind, Metadata, Status},
        user::Role,
    },
    page::Cursor,
};
use aether_store::{
    Store,
    generations::{self, End, Filter, NewGeneration},
    jobs::{self, JobPayload},
    rooms,
    users::{self, NewUser},
};
use aether_testkit::databases;
use chrono::{DateTime, TimeDelta, Utc};

async fn user(store: &Store) -> UserId {
    let id: UserId = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewUser {
        id,
        email: format!("{}@example.org", id.0.simple()),
        password_hash: None,
        name: "Ana".into(),
        role: Role::User,
        created_at: Clock::system().now(),
    };
    users::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

struct Made<'a> {
    by: UserId,
    title: &'a str,
    prompt: &'a str,
    room: Option<RoomId>,
    at: DateTime<Utc>,
}

async fn make(store: &Store, made: Made<'_>) -> GenerationId {
    let id = Ids::system().mint();
    let mut tx = store.begin().await.unwrap();
    let new = NewGeneration {
        id,
        user_id: made.by,
        kind: Kind::Code,
        title: made.title,
        prompt: made.prompt,
        language: None,
        model: None,
        parent_id: None,
        room_id: made.room,
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: made.at,
    };
    generations::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}

async fn end(store: &Store, starter: UserId, id: GenerationId, result: &str) {
    let now = Clock::system().now();
    let metadata = Metadata::default();
    let mut tx = store.begin().await.unwrap();
    let payload: JobPayload = serde_json::from_str(r#"{"v": 1, "temperature": null}"#).unwrap();
    jobs::create(&mut tx, id, starter, now, &payload).await.unwrap();
    let end = End {
        status: Status::Completed,
        result,
        error: None,
        metadata: &metadata,
        position: Position { attempt: 1, seq: 3 },
        progress: 100,
        at: now,
    };
    assert!(generations::end(&mut tx, id, None, &end).await.unwrap());
    tx.save().await.unwrap();
}

async fn find(store: &Store, reader: UserId, text: &str) -> Vec<GenerationId> {
    found(store, reader, &Filter { text: Some(text.into()), ..Filter::default() }).await
}

async fn found(store: &Store, reader: UserId, filter: &Filter) -> Vec<GenerationId> {
    let mut db = store.conn().await.unwrap();
    let rows = generations::list(&mut db, reader, filter, None, 100).await.unwrap();
    rows.into_iter().map(|row| row.id).collect()
}

fn made<'a>(by: UserId, title: &'a str, prompt: &'a str) -> Made<'a> {
    Made { by, title, prompt, room: None, at: Clock::system().now() }
}

#[tokio::test]
async fn words_of_title_prompt_and_result_are_found_by_their_beginnings() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let (ana, ben) = (user(store).await, user(store).await);
        let todo =
            make(store, made(ana, "Todo list", "a TODO app with Über-colours, naïve and 天気予報")).await;
        let timer = make(store, made(ana, "Timer", "a kitchen timer, 100% exact; user_id = 7")).await;
        make(store, made(ben, "Todo of Ben", "todo")).await;
        assert_eq!(find(store, ana, "todo").await, [todo], "{name}");
        assert_eq!(find(store, ana, "TIME").await, [timer], "{name}");
        assert_eq!(find(store, ana, "app über").await, [todo], "{name}");
        assert_eq!(find(store, ana, "U\u{308}BER").await, [todo], "{name}: composed and decomposed are one");
        assert_eq!(find(store, ana, "naive").await, [], "{name}: an accent counts, on both");
        assert_eq!(find(store, ana, "予報").await, [todo], "{name}");
        assert_eq!(find(store, ana, "a").await, [timer, todo], "{name}: newest first");
        assert_eq!(find(store, ana, "id").await, [timer], "{name}: an underscore parts words");
        assert_eq!(find(store, ana, "todo timer").await, [], "{name}: all words must be there");
        assert_eq!(find(store, ana, "ppl").await, [], "{name}");
        assert_eq!(find(store, ana, "useEffect").await, [], "{name}: not yet");
        end(store, ana, todo, "```tsx\nimport {useEffect} from 'react'\n```").await;
        assert_eq!(
            find(store, ana, "useeffect").await,
            [todo],
            "{name}: the result is searched once it is there"
        );
        assert_eq!(find(store, ana, "colours react list").await, [todo], "{name}: words of different parts");
        let mut tx = store.begin().await.unwrap();
        generations::update(&mut tx, timer, Some("Egg clock"), None).await.unwrap();
        tx.save().await.unwrap();
        assert_eq!(find(store, ana, "egg").await, [timer], "{name}");
        assert_eq!(find(store, ana, "timer").await, [timer], "{name}: the prompt still says it");
        let mut tx = store.begin().await.unwrap();
        assert!(generations::delete(&mut tx, timer).await.unwrap());
        tx.save().await.unwrap();
        assert_eq!(find(store, ana, "egg").await, [], "{name}");
        assert_eq!(find(store, ben, "todo").await.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn signs_are_never_operators_and_nothing_typed_is_an_error() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let ana = user(store).await;
        let one = make(store, made(ana, "Near", "alpha beta gamma")).await;
        for text in [
            "*",
            "'",
            "\"",
            ":",
            "& | !",
            "((((",
            "!!",
            "--",
            "\\",
            "^",
            "{}",
            "<->",
            "%",
            "_",
            "'; DROP TABLE x; --",
        ] {
            let expected: &[GenerationId] = &[];
            assert_eq!(find(store, ana, text).await, expected, "{name} {text}");
        }
        for text in [
            "alpha' & 'beta",
            "alpha:*",
            "alpha*",
            "\"alpha beta\"",
            "(alpha",
            "alpha)",
            "alpha -beta",
            "words : alpha",
            "NEAR(alpha beta)",
            "alpha + beta",
            "^alpha",
            "!alpha",
            "alpha\\",
            "alpha\u{7}beta",
            "{alpha}",
        ] {
            let expected = if text.starts_with("words") { vec![] } else { vec![one] };
            assert_eq!(find(store, ana, text).await, expected, "{name} {text}");
        }
        for word in ["OR", "AND", "NOT"] {
            let text = format!("alpha {word} beta");
            assert_eq!(find(store, ana, &text).await, [], "{name} {text}: they are words like others");
        }
        for sign in
            ["\"", "'", "(", ")", "*", ":", "&", "|", "!", "\\", "-", "^", "a ", "a\"", "é", "\u{301}", "🙂"]
        {
            find(store, ana, &sign.repeat(200)).await;
        }
        let words = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(find(store, ana, &words).await, [], "{name}");
    }
}

#[tokio::test]
async fn what_is_long_is_cut_and_never_an_error() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let ana = user(store).await;
        let word = "x".repeat(30_000);
        let long = make(store, made(ana, "Long", &word)).await;
        assert_eq!(find(store, ana, &"x".repeat(200)).await, [long], "{name}");
        assert_eq!(find(store, ana, &word).await, [long], "{name}: cut in the same way");
        let many = (0..600_000).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        end(store, ana, long, &many).await;
        assert_eq!(find(store, ana, "word5000").await, [long], "{name}");
    }
}

#[tokio::test]
async fn a_search_keeps_the_other_filters_and_the_pages() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let (ana, ben) = (user(store).await, user(store).await);
        let now = Clock::system().now();
        let room: RoomId = Ids::system().mint();
        let mut tx = store.begin().await.unwrap();
        assert!(rooms::create(&mut tx, room, ana, "R", now).await.unwrap());
        tx.save().await.unwrap();
        let mut all = Vec::new();
        for n in 0..7 {
            let at = now - TimeDelta::seconds(100 - n);
            all.insert(0, make(store, Made { at, ..made(ana, "Snake game", "snake") }).await);
        }
        let shared = make(store, Made { room: Some(room), ..made(ana, "Shared snake", "x") }).await;
        end(store, ana, shared, "done").await;
        let mut tx = store.begin().await.unwrap();
        generations::update(&mut tx, shared, None, Some(true)).await.unwrap();
        tx.save().await.unwrap();
        let filter = |text: &str| Filter { text: Some(text.into()), ..Filter::default() };
        let narrow = Filter {
            kind: Some(Kind::Code),
            status: Some(Status::Completed),
            starred: Some(true),
            room_id: Some(room),
            ..filter("sna")
        };
        assert_eq!(found(store, ana, &narrow).await, [shared], "{name}");
        assert_eq!(found(store, ben, &narrow).await, [], "{name}: only for its members");
        assert_eq!(found(store, ana, &Filter { kind: Some(Kind::Ui), ..narrow }).await, [], "{name}");
        let starred = Filter { starred: Some(false), ..filter("snake") };
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let mut tx = store.conn().await.unwrap();
            let mut page = generations::list(&mut tx, ana, &starred, after, 2).await.unwrap();
            // A page is a place in the line and not a count: what comes in at its head moves nothing.
            make(store, made(ana, "Snake again", "snake")).await;
            let more = page.len() > 2;
            page.truncate(2);
            seen.extend(page.iter().map(|row| row.id));
            let last = page.last().unwrap();
            after = Some(Cursor { at: last.created_at, id: last.id.0 });
            if !more {
                break;
            }
        }
        assert_eq!(seen, all, "{name}");
    }
}

#[tokio::test]
async fn rows_from_before_the_index_are_found() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let ana = user(store).await;
        let mut ids = Vec::new();
        for n in 0..230 {
            ids.push(make(store, made(ana, &format!("Old {n}"), "ancient")).await);
        }
        forget_index(&db).await;
        assert_eq!(find(store, ana, "ancient").await, [], "{name}");
        let again = Store::connect(&db.url).await.unwrap();
        assert_eq!(find(&again, ana, "old 229").await, [ids[229]], "{name}");
        assert_eq!(find(&again, ana, "ancient").await.len(), 101, "{name}");
        again.close().await;
    }
}

/// As the tables are right after the migration that makes them.
async fn forget_index(db: &aether_testkit::TestDatabase) {
    let statements = [
        "DELETE FROM generation_search",
        "UPDATE settings SET value = '\"missing\"' WHERE key = 'search.index'",
    ];
    for sql in statements {
        if db.engine == "postgres" {
            let pool = sqlx::PgPool::connect(&db.url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
            pool.close().await;
        } else {
            let pool = sqlx::SqlitePool::connect(&db.url).await.unwrap();
            sqlx::query(sql).execute(&pool).await.unwrap();
            pool.close().await;
        }
    }
}

#[tokio::test]
async fn a_search_reads_the_index_and_not_the_texts() {
    for db in databases().await {
        let (store, name) = (&db.store, db.engine);
        let ana = user(store).await;
        let mut tx = store.begin().await.unwrap();
        for n in 0..2500 {
            let (title, at) = (format!("Number {n}"), Clock::system().now());
            let new = NewGeneration {
                id: Ids::system().mint(),
                user_id: ana,
                kind: Kind::Ui,
                title: &title,
                prompt: "words that all of them hold",
                language: None,
                model: None,
                parent_id: None,
                room_id: None,
                client_id: None,
                request_hash: None,
                payload: None,
                created_at: at,
            };
            generations::create(&mut tx, &new).await.unwrap();
        }
        tx.save().await.unwrap();
        if name == "postgres" {
            let pool = sqlx::PgPool::connect(&db.url).await.unwrap();
            sqlx::query("VACUUM ANALYZE").execute(&pool).await.unwrap();
            pool.close().await;
        }
        let mut conn = store.conn().await.unwrap();
        let plan = generations::explain_search(&mut conn, ana, "number 2499").await.unwrap().join("\n");
        let index = if name == "postgres" { "generation_search_words" } else { "VIRTUAL TABLE INDEX" };
        assert!(plan.contains(index), "{name}:\n{plan}");
        assert!(!plan.contains("Seq Scan on generation"), "{name}:\n{plan}");
    }
}
