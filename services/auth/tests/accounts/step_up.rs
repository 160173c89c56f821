//! What asks for a fresh proof of who somebody is, and what counts as one.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::{
    Answer, App, Held, OK, PASSWORD, apps,
    mfa::{actions, careful},
    post,
};

const EMAIL: &str = "ana@example.com";
/// The routes that ask for one.
const DANGEROUS: [(&str, &str); 3] =
    [("POST", "/mfa/totp"), ("DELETE", "/mfa/totp"), ("POST", "/mfa/recovery-codes")];

async fn step_up(app: &App, held: &Held, body: Value) -> Answer {
    app.call("POST", "/step-up", &held.access, Some(body)).await
}

async fn token(app: &App, held: &Held) -> String {
    let answer = step_up(app, held, json!({"password": PASSWORD})).await.expect(OK).json();
    answer["stepUpToken"].as_str().unwrap().to_owned()
}

async fn with_token(app: &App, method: &str, path: &str, held: &Held, token: &str) -> Answer {
    let request = post(path).method(method).header("authorization", format!("Bearer {}", held.access));
    app.send(request.header("x-step-up", token).body("".into()).unwrap()).await
}

/// Time in which sessions grow old, and access tokens do not.
fn wait(app: &App) {
    app.clock.advance(TimeDelta::minutes(6));
}

#[tokio::test]
async fn an_old_session_proves_itself_again_and_a_new_one_need_not() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        app.clock.advance(TimeDelta::minutes(5) - TimeDelta::seconds(1));
        app.call("POST", "/mfa/totp", &held.access, None).await.expect(OK);
        app.clock.advance(TimeDelta::seconds(1));
        for (method, path) in DANGEROUS {
            let refused = app.call(method, path, &held.access, None).await;
            assert_eq!(refused.problem(), (403, "step_up_required".into()), "{method} {path}");
        }
        // A renewed session is as old as before.
        let held = app.refresh(&held.refresh).await.expect(OK).held();
        assert_eq!(app.call("POST", "/mfa/totp", &held.access, None).await.status, 403);

        let proof = token(&app, &held).await;
        with_token(&app, "POST", "/mfa/totp", &held, &proof).await.expect(OK);
        let ended = TimeDelta::minutes(5);
        app.clock.advance(ended - TimeDelta::seconds(1));
        with_token(&app, "POST", "/mfa/totp", &held, &proof).await.expect(OK);
        app.clock.advance(TimeDelta::seconds(1));
        let late = with_token(&app, "POST", "/mfa/totp", &held, &proof).await;
        assert_eq!(late.problem(), (403, "step_up_required".into()));
    }
}

#[tokio::test]
async fn a_proof_is_of_its_session_alone_and_cannot_be_made_up() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let login = json!({"email": EMAIL, "password": PASSWORD});
        let other = app.post("/login", login).await.expect(OK).held();
        let stranger = app.register("bob@example.com").await;
        wait(&app);
        let proof = token(&app, &held).await;
        for thief in [&other, &stranger] {
            let refused = with_token(&app, "POST", "/mfa/totp", thief, &proof).await;
            assert_eq!(refused.problem(), (403, "step_up_required".into()));
        }
        let mut forged = proof.clone();
        forged.replace_range(6..7, if &proof[6..7] == "A" { "B" } else { "A" });
        for bad in [&*forged, "", "aes_", "aes_AAAA", &*held.access, &*"a".repeat(4_000)] {
            assert_eq!(with_token(&app, "POST", "/mfa/totp", &held, bad).await.status, 403, "{bad}");
        }
        assert_eq!(app.get("/profile", &proof).await.problem(), (401, "unauthorized".into()));
        // It ends with its session.
        assert_eq!(app.call("POST", "/logout", &held.access, None).await.status, 204);
        assert_eq!(with_token(&app, "POST", "/mfa/totp", &held, &proof).await.status, 401);
    }
}

#[tokio::test]
async fn each_factor_is_a_proof() {
    for app in apps([]).await {
        let ana = careful(&app, EMAIL).await;
        wait(&app);
        let code = ana.phone.code(&app, 0);
        step_up(&app, &ana.held, json!({"code": code})).await.expect(OK);
        let again = step_up(&app, &ana.held, json!({"code": code})).await;
        assert_eq!(again.problem(), (401, "invalid_code".into()), "each code once, wherever it is asked for");
        let recovered = step_up(&app, &ana.held, json!({"code": ana.recovery[0]})).await.expect(OK).json();
        assert_eq!(step_up(&app, &ana.held, json!({"code": ana.recovery[0]})).await.status, 401);
        let proof = recovered["stepUpToken"].as_str().unwrap();
        assert_eq!(with_token(&app, "DELETE", "/mfa/totp", &ana.held, proof).await.status, 204);
        // The same proof is good for more than one call.
        with_token(&app, "POST", "/mfa/totp", &ana.held, proof).await.expect(OK);
        let profile = app.get("/profile", &ana.held.access).await.json();
        let log = actions(&app, profile["id"].as_str().unwrap().parse().unwrap()).await;
        assert_eq!(log.iter().filter(|action| *action == "stepped_up").count(), 2);
        assert_eq!(log.iter().filter(|action| *action == "code_refused").count(), 2);
        assert_eq!(log.iter().filter(|action| *action == "recovery_code_used").count(), 1);
    }
}

#[tokio::test]
async fn exactly_one_proof_is_taken() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        for (body, field) in [
            (json!({}), "password"),
            (json!({"password": PASSWORD, "code": "123456"}), "password"),
            (json!({"password": null, "code": null}), "password"),
            (json!({"password": "x".repeat(129)}), "password"),
            (json!({"password": 1}), "password"),
            (json!({"code": 123_456}), "code"),
            (json!({"code": "a\u{0}"}), "code"),
            (json!({"pin": "1"}), "pin"),
        ] {
            let answer = step_up(&app, &held, body.clone()).await;
            assert_eq!((answer.status, answer.fields()), (422, vec![field.to_owned()]), "{body}");
        }
        assert_eq!(
            app.post("/step-up", json!({"password": PASSWORD})).await.problem(),
            (401, "unauthorized".into())
        );
    }
}

#[tokio::test]
async fn wrong_proofs_are_counted_and_cost_one_hash_each() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let admin = app.register("admin@example.com").await;
        let held = app.register(EMAIL).await;
        let hashes = async || {
            app.get("/state", &admin.access).await.expect(OK).json()["passwordHashes"].as_i64().unwrap()
        };
        let before = hashes().await;
        for _ in 0..5 {
            let answer = step_up(&app, &held, json!({"password": "a wrong password"})).await;
            assert_eq!(answer.problem(), (401, "invalid_credentials".into()));
        }
        assert_eq!(hashes().await - before, 5);
        let right = step_up(&app, &held, json!({"password": PASSWORD})).await;
        assert_eq!(right.problem(), (429, "rate_limited".into()));
        assert!(right.headers.contains_key("retry-after"));
        assert_eq!(hashes().await - before, 5, "what is refused costs nothing");
        // The codes are counted by themselves.
        for _ in 0..5 {
            let answer = step_up(&app, &held, json!({"code": "123456"})).await;
            assert_eq!(answer.problem(), (401, "invalid_code".into()));
        }
        assert_eq!(step_up(&app, &held, json!({"code": "123456"})).await.status, 429);
    }
}

#[tokio::test]
async fn a_right_proof_forgets_the_wrong_ones() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(step_up(&app, &held, json!({"password": "a wrong password"})).await.status, 401);
            }
            step_up(&app, &held, json!({"password": PASSWORD})).await.expect(OK);
        }
    }
}

#[tokio::test]
async fn who_has_nothing_to_prove_with_signs_in_again() {
    let app = App::on(aether_testkit::Backend::embedded([("AETHER_FIRST_USER_ADMIN", "true")]).await).await;
    let held = app.register(EMAIL).await;
    let mut database = sqlx::SqliteConnection::connect(&app.backend.database.url).await.unwrap();
    sqlx::query("UPDATE users SET password_hash = NULL").execute(&mut database).await.unwrap();
    wait(&app);
    let hashes =
        async || app.get("/state", &held.access).await.expect(OK).json()["passwordHashes"].as_i64().unwrap();
    let before = hashes().await;
    let refused = step_up(&app, &held, json!({"password": PASSWORD})).await;
    assert_eq!(refused.problem(), (401, "invalid_credentials".into()));
    assert_eq!(hashes().await - before, 1, "one hash, with or without a password");
    assert_eq!(step_up(&app, &held, json!({"code": "123456"})).await.problem().0, 401);
    let dangerous = app.call("POST", "/mfa/totp", &held.access, None).await;
    assert_eq!(dangerous.problem(), (403, "step_up_required".into()));
    assert!(dangerous.json()["detail"].as_str().unwrap().starts_with("Sign in again"));
}
