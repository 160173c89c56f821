//! Sign in, renew, sign out; and what a stolen token is worth.

use std::collections::BTreeSet;

use aether_auth::domain::session::{GRACE, REFRESH_LIFETIME};
use aether_common::jwt::Verifier;
use aether_store::{sessions, users};
use aether_testkit::Backend;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, phc::PasswordHash},
};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::{App, OK, PASSWORD, apps, registration};

#[tokio::test]
async fn the_story_of_an_account() {
    for app in apps([]).await {
        let session = app.post("/register", registration(" Ana@Example.com ")).await.expect(201);
        let body = session.json();
        assert_eq!(body["tokenType"], "Bearer");
        assert_eq!(body["expiresIn"], 900);
        let user = &body["user"];
        assert_eq!(user["email"], "ana@example.com");
        assert_eq!(user["emailVerified"], false);
        assert_eq!(user["mfaEnabled"], false);
        assert_eq!(user["avatarUrl"], json!(null));
        assert_eq!(user["preferences"], json!({}));
        assert_eq!(user["createdAt"], "2027-01-15T08:00:00.123456Z");
        assert!(!session.headers.contains_key("set-cookie"));
        assert_eq!(session.headers["cache-control"], "no-store");

        let first = session.held();
        assert_eq!(&app.get("/profile", &first.access).await.expect(OK).json(), user);

        let login = json!({"email": "ANA@example.com", "password": PASSWORD});
        let second = app.post("/login", login).await.expect(OK).held();
        let renewed = app.refresh(&second.refresh).await.expect(OK).held();
        app.get("/profile", &renewed.access).await.expect(OK);

        assert_eq!(app.call("POST", "/logout", &renewed.access, None).await.status, 204);
        assert_eq!(app.get("/profile", &renewed.access).await.problem(), (401, "unauthorized".into()));
        assert_eq!(app.refresh(&renewed.refresh).await.problem(), (401, "session_ended".into()));
        // The other sign-in goes on.
        app.get("/profile", &first.access).await.expect(OK);
        app.refresh(&first.refresh).await.expect(OK);
    }
}

#[tokio::test]
async fn the_token_says_what_the_contract_says_and_verifies_by_the_published_keys() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        let answer = app.get("/.well-known/jwks.json", "").await.expect(OK);
        let set: aether_common::jwt::JwkSet = serde_json::from_slice(&answer.body).unwrap();
        let published = aether_common::jwt::StaticKeys::new(&set);
        let verifier =
            Verifier::new(std::sync::Arc::new(published), "http://localhost:8080", app.clock.clock());
        let claims = verifier.verify(&held.access).await.unwrap();
        assert_eq!(claims.exp - claims.iat, 900);
        assert_eq!(claims.name, "Ana");
        let header = jsonwebtoken::decode_header(&held.access).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert!(set.keys.iter().any(|key| header.kid.as_ref() == Some(&key.kid)));
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_for_ten_seconds() {
    for app in apps([]).await {
        let first = app.register("ana@example.com").await;
        let second = app.refresh(&first.refresh).await.expect(OK).held();
        app.clock.advance(GRACE);
        let again = app.refresh(&first.refresh).await.expect(OK).held();
        assert_eq!(second.refresh, again.refresh);
        app.refresh(&second.refresh).await.expect(OK);
    }
}

#[tokio::test]
async fn a_token_that_comes_again_later_ends_the_session() {
    for app in apps([]).await {
        let first = app.register("ana@example.com").await;
        let second = app.refresh(&first.refresh).await.expect(OK).held();
        app.clock.advance(GRACE + TimeDelta::milliseconds(1));
        assert_eq!(app.refresh(&first.refresh).await.problem(), (401, "refresh_reused".into()));
        assert_eq!(app.refresh(&second.refresh).await.problem(), (401, "session_ended".into()));
        assert_eq!(app.get("/profile", &second.access).await.status, 401);
    }
}

#[tokio::test]
async fn a_token_whose_successor_was_used_ends_the_session_at_once() {
    for app in apps([]).await {
        let first = app.register("ana@example.com").await;
        let second = app.refresh(&first.refresh).await.expect(OK).held();
        let third = app.refresh(&second.refresh).await.expect(OK).held();
        assert_eq!(app.refresh(&first.refresh).await.problem(), (401, "refresh_reused".into()));
        assert_eq!(app.refresh(&third.refresh).await.problem(), (401, "session_ended".into()));
    }
}

#[tokio::test]
async fn fifty_refreshes_at_once_give_one_successor() {
    for app in apps([]).await {
        let first = app.register("ana@example.com").await;
        let answers = join_all((0..50).map(async |_| app.refresh(&first.refresh).await)).await;
        let successors: BTreeSet<String> =
            answers.into_iter().map(|answer| answer.expect(OK).held().refresh).collect();
        assert_eq!(successors.len(), 1, "{}", app.backend.name);
        for successor in successors {
            app.refresh(&successor).await.expect(OK);
        }
    }
}

#[tokio::test]
async fn refresh_and_replay_in_any_order_never_leave_two_live_branches() {
    for app in apps([]).await {
        for _ in 0..10 {
            let first = app.register(&crate::unique_email()).await;
            let second = app.refresh(&first.refresh).await.expect(OK).held();
            let third = app.refresh(&second.refresh).await.expect(OK).held();
            // The newest refreshes while a grandparent is replayed.
            let (newest, replay) = tokio::join!(app.refresh(&third.refresh), app.refresh(&first.refresh));
            assert_eq!(replay.problem().0, 401);
            let mut tokens = vec![first.refresh, second.refresh, third.refresh];
            if newest.status == OK {
                tokens.push(newest.held().refresh);
            }
            for token in tokens {
                assert_eq!(app.refresh(&token).await.status, 401, "{}", app.backend.name);
            }
        }
    }
}

#[tokio::test]
async fn a_refresh_token_ends_after_thirty_days_without_use() {
    for app in apps([]).await {
        let first = app.register("ana@example.com").await;
        app.clock.advance(REFRESH_LIFETIME - TimeDelta::seconds(1));
        let second = app.refresh(&first.refresh).await.expect(OK).held();
        app.clock.advance(REFRESH_LIFETIME);
        assert_eq!(app.refresh(&second.refresh).await.problem(), (401, "session_ended".into()));
    }
}

#[tokio::test]
async fn an_access_token_ends_after_fifteen_minutes() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        app.clock.advance(TimeDelta::minutes(15) - TimeDelta::seconds(1));
        app.get("/profile", &held.access).await.expect(OK);
        app.clock.advance(TimeDelta::seconds(7));
        assert_eq!(app.get("/profile", &held.access).await.problem(), (401, "unauthorized".into()));
    }
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sign_ins_alone() {
    for app in apps([]).await {
        let mine = app.register("ana@example.com").await;
        let stranger = app.register("bob@example.com").await;
        app.clock.advance(TimeDelta::seconds(1));
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        let phone = app.post("/login", login.clone()).await.expect(OK).held();
        let tablet = app.post("/login", login).await.expect(OK).held();

        let list = app.get("/sessions", &mine.access).await.expect(OK).json();
        let items = list["items"].as_array().unwrap();
        assert_eq!((items.len(), &list["nextCursor"]), (3, &json!(null)));
        let current: Vec<_> = items.iter().filter(|item| item["current"] == true).collect();
        assert_eq!(current.len(), 1);
        let mine_id = current[0]["id"].as_str().unwrap();

        let page = app.get("/sessions?limit=2", &mine.access).await.expect(OK).json();
        let next = format!("/sessions?limit=2&cursor={}", page["nextCursor"].as_str().unwrap());
        let rest = app.get(&next, &mine.access).await.expect(OK).json();
        let pages =
            [page["items"].as_array().unwrap().as_slice(), rest["items"].as_array().unwrap()].concat();
        assert_eq!((&pages, &rest["nextCursor"]), (items, &json!(null)));
        assert_eq!(app.get("/sessions?limit=0", &mine.access).await.fields(), ["limit"]);
        assert_eq!(app.get("/sessions?cursor=forged", &mine.access).await.fields(), ["cursor"]);

        let path = format!("/sessions/{mine_id}");
        assert_eq!(
            app.call("DELETE", &path, &stranger.access, None).await.problem(),
            (404, "not_found".into())
        );
        assert_eq!(app.call("DELETE", "/sessions/5", &mine.access, None).await.status, 404);
        assert_eq!(app.call("DELETE", &path, &phone.access, None).await.status, 204);
        assert_eq!(app.call("DELETE", &path, &phone.access, None).await.status, 404);
        assert_eq!(app.refresh(&mine.refresh).await.problem(), (401, "session_ended".into()));

        assert_eq!(app.call("DELETE", "/sessions", &phone.access, None).await.status, 204);
        assert_eq!(app.get("/profile", &tablet.access).await.status, 401);
        app.get("/profile", &phone.access).await.expect(OK);
        app.get("/profile", &stranger.access).await.expect(OK);
    }
}

#[tokio::test]
async fn sign_out_takes_any_proof_of_the_session_and_can_be_said_twice() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        let body = json!({"refreshToken": held.refresh});
        assert_eq!(app.post("/logout", body.clone()).await.status, 204);
        assert_eq!(app.post("/logout", body).await.status, 204);
        assert_eq!(app.call("POST", "/logout", &held.access, None).await.status, 204);
        assert_eq!(app.get("/profile", &held.access).await.status, 401);
        assert_eq!(app.post("/logout", json!({})).await.problem(), (401, "unauthorized".into()));
    }
}

#[tokio::test]
async fn what_is_kept_does_not_hold_the_tokens() {
    let app = App::on(Backend::embedded([]).await).await;
    let held = app.register("ana@example.com").await;
    let held = app.refresh(&held.refresh).await.expect(OK).held();
    let file = app.backend.database.url.trim_start_matches("sqlite://").to_owned();
    let mut kept = std::fs::read(&file).unwrap();
    kept.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    for secret in [held.refresh.as_str(), PASSWORD, "BEGIN PRIVATE KEY"] {
        assert!(!kept.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_disabled_account_is_out_and_looks_like_any_wrong_password() {
    let app = App::on(Backend::embedded([]).await).await;
    let held = app.register("ana@example.com").await;
    let mut database = SqliteConnection::connect(&app.backend.database.url).await.unwrap();
    sqlx::query("UPDATE users SET disabled = 1").execute(&mut database).await.unwrap();
    let login = json!({"email": "ana@example.com", "password": PASSWORD});
    assert_eq!(app.post("/login", login).await.problem(), (401, "invalid_credentials".into()));
    assert_eq!(app.refresh(&held.refresh).await.problem(), (401, "session_ended".into()));
    assert_eq!(app.get("/profile", &held.access).await.problem(), (401, "unauthorized".into()));
}

#[tokio::test]
async fn a_sign_in_renews_a_hash_that_is_too_cheap_for_today() {
    for app in apps([]).await {
        app.register("ana@example.com").await;
        let mut conn = app.backend.deps.store.conn().await.unwrap();
        let account = users::find_by_email(&mut conn, "ana@example.com").await.unwrap().unwrap();
        let strong = account.password_hash.unwrap();
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let cheap: PasswordHash = cheap.hash_password(PASSWORD.as_bytes()).unwrap();
        let now = app.clock.clock().now();
        let replace = async |old: &str, new: &str| {
            let mut conn = app.backend.deps.store.conn().await.unwrap();
            users::replace_password_hash(&mut conn, account.user.id, old, new, now).await.unwrap()
        };
        assert!(!replace("another hash", &cheap.to_string()).await);
        assert!(replace(&strong, &cheap.to_string()).await);

        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        app.post("/login", login.clone()).await.expect(OK);
        let renewed = users::find(&mut conn, account.user.id).await.unwrap().unwrap().password_hash.unwrap();
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
        app.post("/login", login).await.expect(OK);
    }
}

#[tokio::test]
async fn a_password_that_changes_while_it_is_checked_opens_nothing() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let admin = app.register("admin@example.com").await;
        app.register("ana@example.com").await;
        let store = &app.backend.deps.store;
        let account = users::find_by_email(&mut store.conn().await.unwrap(), "ana@example.com").await;
        let account = account.unwrap().unwrap();
        let (user, old) = (account.user.id, account.password_hash.unwrap());
        let hashes = async || {
            let state = app.get("/state", &admin.access).await.expect(OK).json();
            (state["passwordHashes"].as_i64().unwrap(), state["queueDepth"].as_i64().unwrap())
        };
        let before = hashes().await.0;
        // Whoever changes the password holds the account while the sign-in finds the old one right.
        let mut tx = store.begin().await.unwrap();
        users::lock(&mut tx, user).await.unwrap();
        let change = async {
            while hashes().await != (before + 1, 0) {}
            let now = app.clock.clock().now();
            assert!(users::replace_password_hash(&mut tx, user, &old, "another", now).await.unwrap());
            tx.save().await.unwrap();
        };
        let login = app.post("/login", json!({"email": "ana@example.com", "password": PASSWORD}));
        let (login, ()) = tokio::join!(login, change);
        assert_eq!(login.problem(), (503, "unavailable".into()), "{}", app.backend.name);
        assert!(login.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn a_session_long_over_is_forgotten_with_its_tokens() {
    for app in apps([]).await {
        let old = app.register("ana@example.com").await;
        app.clock.advance(REFRESH_LIFETIME + TimeDelta::days(8));
        let new = app.register("bob@example.com").await;
        let mut conn = app.backend.deps.store.conn().await.unwrap();
        let before = app.clock.clock().now() - TimeDelta::days(7);
        assert_eq!(sessions::purge(&mut conn, before).await.unwrap(), 1);
        drop(conn);
        assert_eq!(app.refresh(&old.refresh).await.problem(), (401, "unauthorized".into()));
        app.refresh(&new.refresh).await.expect(OK);
    }
}
