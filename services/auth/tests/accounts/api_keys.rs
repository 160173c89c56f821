//! API keys: made, shown once, good for what their scopes say, and deleted.

use aether_common::id::RowId;
use aether_store::api_keys::{self, NewApiKey};
use aether_testkit::Backend;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Connection as _;

use crate::{
    Answer, App, Held, OK, apps,
    mfa::{actions, count_mails},
};

const EMAIL: &str = "ana@example.com";

async fn create(app: &App, held: &Held, body: Value) -> Answer {
    app.call("POST", "/api-keys", &held.access, Some(body)).await
}

/// A key with these scopes: its id and itself.
async fn key(app: &App, held: &Held, scopes: &[&str]) -> (String, String) {
    let made = create(app, held, json!({"name": "a program", "scopes": scopes})).await.expect(201).json();
    let word = |name: &str| made[name].as_str().unwrap().to_owned();
    (word("id"), word("key"))
}

async fn delete(app: &App, held: &Held, id: &str) -> Answer {
    app.call("DELETE", &format!("/api-keys/{id}"), &held.access, None).await
}

#[tokio::test]
async fn the_story_of_a_key() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let user = app.get("/profile", &held.access).await.expect(OK).json();
        let body = json!({"name": "  nightly build ", "scopes": ["profile:read", "generations:write"]});
        let made = create(&app, &held, body).await.expect(201);
        assert_eq!(made.headers["cache-control"], "no-store");
        let mut made = made.json();
        let key = made.as_object_mut().unwrap().remove("key").unwrap();
        let key = key.as_str().unwrap();
        assert!(key.starts_with(made["prefix"].as_str().unwrap()) && key.starts_with("aek_"));
        assert_eq!(made["name"], "nightly build");
        assert_eq!(made["scopes"], json!(["generations:write", "profile:read"]));
        assert_eq!((&made["expiresAt"], &made["lastUsedAt"]), (&json!(null), &json!(null)));
        let list = app.get("/api-keys", &held.access).await.expect(OK).json();
        assert_eq!(list, json!({"items": [made], "nextCursor": null}), "what is listed is all but the key");

        app.clock.advance(TimeDelta::days(400));
        assert_eq!(app.get("/profile", key).await.expect(OK).json(), user, "without an end it has none");
        let held = app.post("/login", json!({"email": EMAIL, "password": crate::PASSWORD})).await.held();
        let used =
            app.get("/api-keys", &held.access).await.expect(OK).json()["items"][0]["lastUsedAt"].clone();
        assert_eq!(used.as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), app.clock.clock().now());

        let id = made["id"].as_str().unwrap();
        let stranger = app.register("bob@example.com").await;
        assert_eq!(delete(&app, &stranger, id).await.problem(), (404, "not_found".into()));
        assert_eq!(app.get("/api-keys", &stranger.access).await.expect(OK).json()["items"], json!([]));
        app.get("/profile", key).await.expect(OK);
        assert_eq!(delete(&app, &held, id).await.status, 204);
        assert_eq!(app.get("/profile", key).await.problem(), (401, "unauthorized".into()));
        assert_eq!(delete(&app, &held, id).await.status, 404);
        let user = user["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(count_mails(&app, user, "api_key_created").await, 1);
        let log = actions(&app, user).await;
        assert_eq!(log.iter().filter(|action| action.starts_with("api_key_")).count(), 2);
    }
}

#[tokio::test]
async fn a_key_reaches_no_other_route_of_the_account() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let admin = app.register(EMAIL).await;
        let all = ["generations:read", "generations:write", "rooms:read", "rooms:write", "profile:read"];
        let (id, mighty) = key(&app, &admin, &all).await;
        app.get("/profile", &mighty).await.expect(OK);
        for (method, path) in [
            ("PUT", "/profile"),
            ("GET", "/sessions"),
            ("DELETE", "/sessions"),
            ("GET", "/mfa"),
            ("POST", "/mfa/totp"),
            ("POST", "/mfa/totp/verify"),
            ("DELETE", "/mfa/totp"),
            ("POST", "/mfa/recovery-codes"),
            ("POST", "/step-up"),
            ("GET", "/api-keys"),
            ("POST", "/api-keys"),
            ("DELETE", &format!("/api-keys/{id}")),
            ("GET", "/state"),
        ] {
            let answer = app.call(method, path, &mighty, Some(json!({}))).await;
            assert_eq!(answer.problem(), (403, "insufficient_scope".into()), "{method} {path}");
        }
        let (_, other) = key(&app, &admin, &all[..4]).await;
        assert_eq!(app.get("/profile", &other).await.problem(), (403, "insufficient_scope".into()));
        // It is no session: it neither ends nor renews one.
        assert_eq!(app.call("POST", "/logout", &mighty, None).await.problem(), (401, "unauthorized".into()));
        assert_eq!(app.refresh(&mighty).await.problem(), (401, "unauthorized".into()));
        app.get("/profile", &mighty).await.expect(OK);
    }
}

#[tokio::test]
async fn a_form_hears_of_every_field_at_fault() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let at = |step: TimeDelta| json!((app.clock.clock().now() + step).to_rfc3339());
        let good = json!(["rooms:read"]);
        for (body, fields) in [
            (json!({}), vec!["name"]),
            (json!({"name": "a"}), vec!["scopes"]),
            (
                json!({"name": " ", "scopes": [], "expiresAt": at(TimeDelta::zero())}),
                vec!["name", "scopes", "expiresAt"],
            ),
            (json!({"name": "é".repeat(101), "scopes": good}), vec!["name"]),
            (json!({"name": "a\nb", "scopes": good}), vec!["name"]),
            (json!({"name": "a\u{202e}b", "scopes": good}), vec!["name"]),
            (json!({"name": "a\u{0}", "scopes": good}), vec!["name"]),
            (json!({"name": "a", "scopes": ["rooms:read", "rooms:read"]}), vec!["scopes"]),
            (json!({"name": "a", "scopes": ["rooms:read", "rooms:admin"]}), vec!["scopes[1]"]),
            (json!({"name": "a", "scopes": ["*"]}), vec!["scopes[0]"]),
            (json!({"name": "a", "scopes": "rooms:read"}), vec!["scopes"]),
            (json!({"name": "a", "scopes": null}), vec!["scopes"]),
            (json!({"name": "a", "scopes": good, "expiresAt": at(-TimeDelta::days(1))}), vec!["expiresAt"]),
            (
                json!({"name": "a", "scopes": good, "expiresAt": at(TimeDelta::days(3_654))}),
                vec!["expiresAt"],
            ),
            (json!({"name": "a", "scopes": good, "expiresAt": "+262142-01-01T00:00:00Z"}), vec!["expiresAt"]),
            (json!({"name": "a", "scopes": good, "expiresAt": "tomorrow"}), vec!["expiresAt"]),
            (json!({"name": "a", "scopes": good, "expiresAt": 1_900_000_000}), vec!["expiresAt"]),
            (json!({"name": "a", "scopes": good, "role": "admin"}), vec!["role"]),
            (json!({"name": "a", "scopes": good, "key": "aek_mine"}), vec!["key"]),
        ] {
            let answer = create(&app, &held, body.clone()).await;
            assert_eq!(answer.problem(), (422, "validation_failed".into()), "{body}");
            assert_eq!(answer.fields(), fields, "{body}");
        }
        create(&app, &held, json!({"name": "é".repeat(100), "scopes": good})).await.expect(201);
        create(&app, &held, json!({"name": "a", "scopes": good, "expiresAt": null})).await.expect(201);
        assert_eq!(app.post("/api-keys", json!({})).await.problem(), (401, "unauthorized".into()));
        assert_eq!(delete(&app, &held, "5").await.status, 404);
    }
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        // Nanoseconds are cut, as the database does.
        let end = app.clock.clock().now() + TimeDelta::minutes(10) + TimeDelta::nanoseconds(999);
        let body = json!({"name": "a", "scopes": ["profile:read"], "expiresAt": end.to_rfc3339()});
        let made = create(&app, &held, body).await.expect(201).json();
        let list = app.get("/api-keys", &held.access).await.expect(OK).json();
        assert_eq!(list["items"][0]["expiresAt"], made["expiresAt"]);
        let key = made["key"].as_str().unwrap();
        app.clock.advance(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
        app.get("/profile", key).await.expect(OK);
        app.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(app.get("/profile", key).await.problem(), (401, "unauthorized".into()));
        let list = app.get("/api-keys", &held.access).await.expect(OK).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "its owner sees that it has ended");
    }
}

#[tokio::test]
async fn there_are_fifty_at_most_however_many_are_asked_for_at_once() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let user = app.get("/profile", &held.access).await.json()["id"].as_str().unwrap().parse().unwrap();
        let mut conn = app.backend.deps.store.conn().await.unwrap();
        for n in 0..47 {
            let id: RowId = app.backend.deps.ids.mint();
            let new = NewApiKey {
                id,
                user_id: user,
                name: "n",
                prefix: "aek_",
                hash: &Sha256::digest(id.to_string()),
                scopes: std::iter::empty().collect(),
                created_at: app.clock.clock().now() + TimeDelta::microseconds(n),
                expires_at: None,
            };
            api_keys::create(&mut conn, &new).await.unwrap();
        }
        drop(conn);
        let body = json!({"name": "one more", "scopes": ["rooms:read"]});
        let race = join_all((0..8).map(|_| create(&app, &held, body.clone()))).await;
        let mut statuses: Vec<_> = race.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 201, 201, 409, 409, 409, 409, 409], "{}", app.backend.name);
        let full = create(&app, &held, body.clone()).await;
        assert_eq!(full.problem(), (409, "too_many_api_keys".into()));

        let mut seen = Vec::new();
        let mut next = "/api-keys?limit=20".to_owned();
        loop {
            let page = app.get(&next, &held.access).await.expect(OK).json();
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            next = format!("/api-keys?limit=20&cursor={cursor}");
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((all, seen.len()), (50, 50));
        assert_eq!(app.get("/api-keys?cursor=forged", &held.access).await.fields(), ["cursor"]);
        assert!(count_mails(&app, user, "api_key_created").await <= 5, "no mailbox is flooded");
        let id = seen[0].trim_matches('"');
        assert_eq!(delete(&app, &held, id).await.status, 204);
        create(&app, &held, body).await.expect(201);
    }
}

#[tokio::test]
async fn what_only_looks_like_a_key_opens_nothing() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let (_, good) = key(&app, &held, &["profile:read"]).await;
        let other_end = if good.ends_with('A') { "B" } else { "A" };
        for bad in [
            "aek_",
            "aek_x",
            &good[..good.len() - 1],
            &format!("{good}A"),
            &format!("{}{other_end}", &good[..good.len() - 1]),
            &good.to_uppercase(),
            &good.replacen("aek_", "aer_", 1),
            &format!("aek_{}", "a".repeat(100_000)),
        ] {
            let answer = app.get("/profile", bad).await;
            assert_eq!(answer.problem(), (401, "unauthorized".into()), "{bad:.60}");
        }
        let in_query = app.get(&format!("/profile?api_key={good}&access_token={good}"), "").await;
        assert_eq!(in_query.status, 401);
    }
}

#[tokio::test]
async fn a_key_of_somebody_who_is_shut_out_opens_nothing() {
    let app = App::on(Backend::embedded([]).await).await;
    let held = app.register(EMAIL).await;
    let (_, key) = key(&app, &held, &["profile:read"]).await;
    let mut database = sqlx::SqliteConnection::connect(&app.backend.database.url).await.unwrap();
    sqlx::query("UPDATE users SET disabled = 1").execute(&mut database).await.unwrap();
    assert_eq!(app.get("/profile", &key).await.problem(), (401, "unauthorized".into()));
}

#[tokio::test]
async fn what_is_kept_does_not_hold_the_key() {
    let app = App::on(Backend::embedded([]).await).await;
    let held = app.register(EMAIL).await;
    let (_, key) = key(&app, &held, &["profile:read"]).await;
    app.get("/profile", &key).await.expect(OK);
    let file = app.backend.database.url.trim_start_matches("sqlite://").to_owned();
    let mut kept = std::fs::read(&file).unwrap();
    kept.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    // Its beginning is shown to its owner; what follows is not there.
    assert!(!kept.windows(16).any(|window| window == &key.as_bytes()[10..26]));
}
