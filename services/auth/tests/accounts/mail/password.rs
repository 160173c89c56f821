//! Forgotten passwords, and changed ones.

use std::time::Duration;

use aether_bus::{Delivery, Topic};
use aether_common::{
    id::Ids,
    model::user::{Role, User},
};
use aether_store::users::{self, NewUser};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use super::inbox::{NEW, PROXY, network, refusal, signing_in, until};
use crate::{App, Held, OK, PASSWORD, apps, mfa::enrol, post, registration};

const ANA: &str = "ana@example.com";
const BEN: &str = "ben@example.com";

/// An account that signs in with a provider alone.
async fn without_password(app: &App, email: &str) -> User {
    let mut tx = app.backend.deps.store.begin().await.unwrap();
    let new = NewUser {
        id: Ids::system().mint(),
        email: email.into(),
        password_hash: None,
        name: "Ana".into(),
        role: Role::User,
        created_at: app.backend.deps.clock.now(),
    };
    let user = users::create(&mut tx, &new).await.unwrap();
    users::set_email(&mut tx, user.id, email, true, new.created_at).await.unwrap();
    tx.save().await.unwrap();
    user
}

/// The session that an access token names.
fn session_of(held: &Held) -> String {
    let claims = URL_SAFE_NO_PAD.decode(held.access.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_forgotten_the_password_gets_a_link_and_signs_in_with_a_new_one() {
    for app in apps([]).await {
        let first = app.join(ANA).await;
        let second = app.sign_in_with(ANA, PASSWORD).await.expect(OK).held();
        app.post("/password/forgot", json!({"email": " ANA@Example.com "})).await.expect(202);
        let token = app.letter("reset_password", ANA, 1).await.token();
        // One that is too weak leaves the link good.
        for weak in ["short", "password1234", "ana@example.com", "Ana"] {
            let answer = app.reset(&token, weak).await;
            assert_eq!(answer.problem(), (422, "password_policy".into()), "{weak}");
            assert_eq!(answer.fields(), ["newPassword"]);
        }
        app.get("/profile", &first.access).await.expect(OK);
        app.reset(&token, NEW).await.expect(204);
        for held in [first, second] {
            assert_eq!(app.get("/profile", &held.access).await.status, 401, "{}", app.backend.name);
            assert_eq!(app.refresh(&held.refresh).await.problem(), (401, "session_ended".into()));
        }
        assert_eq!(app.sign_in_with(ANA, PASSWORD).await.status, 401, "{}", app.backend.name);
        let session = app.sign_in_with(ANA, NEW).await.expect(OK).json();
        assert_eq!(session["user"]["emailVerified"], true);
        let told = app.letter("password_changed", ANA, 1).await;
        assert_eq!(told.subject, "Your password was changed");
        assert!(told.text.contains("Hello Ana,"), "{}", told.text);
        assert_eq!(
            app.reset(&token, "another harbour 9 moss").await.problem(),
            (400, "invalid_token".into())
        );
        app.sign_in_with(ANA, NEW).await.expect(OK);
    }
}

#[tokio::test]
async fn a_link_that_is_wrong_used_replaced_too_old_or_anothers_is_refused_in_the_same_bytes() {
    for app in apps([]).await {
        let ana = app.join(ANA).await;
        app.join(BEN).await;
        let replaced = app.forget(ANA, 1).await;
        let used = app.forget(ANA, 2).await;
        assert_eq!(app.reset(&replaced, NEW).await.problem(), (400, "invalid_token".into()));
        let bens = app.forget(BEN, 1).await;
        app.reset(&used, NEW).await.expect(204);
        let good = app.forget(ANA, 3).await;
        let verify = app.register("eve@example.com").await;
        let other_kind = app.letter("verify_address", "eve@example.com", 1).await.token();
        let mut cases = vec![
            ("replaced", replaced),
            ("used", used.clone()),
            ("a prefix", good[..good.len() - 1].to_owned()),
            ("longer", format!("{good}A")),
            ("another case", good.to_uppercase()),
            ("of another kind", other_kind),
            ("of a session", verify.refresh),
            ("an access token", ana.access),
            ("empty", String::new()),
            ("its prefix alone", "aep_".into()),
            ("guessed", format!("aep_{}", "A".repeat(43))),
            ("with a blank", format!(" {good}")),
            ("with a line break", format!("{good}\n")),
            ("SQL", "' OR 1=1 --".into()),
            ("not ASCII", "аep_ключ".into()),
            ("100 kB", "a".repeat(100_000)),
            ("nearly 1 MB", "a".repeat(1_000_000)),
        ];
        let mut bodies = Vec::new();
        for (name, token) in cases.drain(..) {
            let answer = app.reset(&token, NEW).await;
            assert_eq!(answer.problem(), (400, "invalid_token".into()), "{name}");
            bodies.push(refusal(&answer));
        }
        // Ben's link opens Ben's account and no other.
        let bens_new = "seven lanterns over 4 reeds";
        app.reset(&bens, bens_new).await.expect(204);
        app.sign_in_with(BEN, bens_new).await.expect(OK);
        assert_eq!(app.sign_in_with(ANA, bens_new).await.status, 401);
        app.sign_in_with(ANA, NEW).await.expect(OK);
        app.clock.advance(TimeDelta::hours(1));
        let old = app.reset(&good, bens_new).await;
        assert_eq!(old.problem(), (400, "invalid_token".into()));
        bodies.push(refusal(&old));
        let young = app.forget(ANA, 4).await;
        app.sql("UPDATE users SET disabled = true WHERE email = 'ana@example.com'").await;
        let shut_out = app.reset(&young, bens_new).await;
        assert_eq!(shut_out.problem(), (400, "invalid_token".into()));
        bodies.push(refusal(&shut_out));
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        let huge = app.reset(&"a".repeat(1_100_000), NEW).await;
        assert_eq!(huge.status, 413);
    }
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_sets_the_password() {
    for app in apps([]).await {
        app.join(ANA).await;
        let token = app.forget(ANA, 1).await;
        let passwords: Vec<_> = (0..6).map(|n| format!("quiet copper harbour {n}{n}")).collect();
        let answers =
            join_all(passwords.iter().map(async |password| app.reset(&token, password).await)).await;
        let mut winners = Vec::new();
        for (answer, password) in answers.iter().zip(&passwords) {
            match answer.status {
                204 => winners.push(password),
                _ => assert_eq!(answer.problem(), (400, "invalid_token".into()), "{}", app.backend.name),
            }
        }
        assert_eq!(winners.len(), 1, "{}", app.backend.name);
        app.sign_in_with(ANA, winners[0]).await.expect(OK);
    }
}

#[tokio::test]
async fn whether_an_address_has_an_account_is_not_told_to_who_has_forgotten_a_password() {
    for app in apps([]).await {
        app.join(ANA).await;
        app.join(BEN).await;
        app.sql("UPDATE users SET disabled = true WHERE email = 'ben@example.com'").await;
        let mut answers = Vec::new();
        for email in ["nobody@example.com", BEN, "a.b+c@sub.example.org", ANA] {
            let answer = app.post("/password/forgot", json!({"email": email})).await.expect(202);
            let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            headers.sort();
            answers.push((answer.body, headers));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        // One after the other is looked after: when Ana has her mail, the others would have theirs.
        app.letter("reset_password", ANA, 1).await;
        for email in ["nobody@example.com", BEN, "a.b+c@sub.example.org"] {
            assert!(app.letters("reset_password", email).await.is_empty(), "{email}");
        }
        for no_address in ["", "ana", "ana@example.com\r\nBcc: eve@example.com", "ana@localhost"] {
            let answer = app.post("/password/forgot", json!({"email": no_address})).await;
            assert_eq!((answer.status, answer.fields()), (422, vec!["email".into()]), "{no_address}");
        }
    }
}

#[tokio::test]
async fn a_link_begins_with_the_public_url_whatever_the_request_says() {
    for app in apps([("AETHER_PUBLIC_URL", "https://aether.example.org"), PROXY]).await {
        let forged = |path: &str| {
            post(path)
                .header("host", "evil.example")
                .header("x-forwarded-host", "evil.example")
                .header("x-forwarded-proto", "http")
                .header("x-forwarded-server", "evil.example")
                .header("x-original-host", "evil.example")
                .header("x-host", "evil.example")
                .header("forwarded", "for=1.2.3.4;host=evil.example;proto=http")
                .header("origin", "https://aether.example.org")
                .header("referer", "https://evil.example/")
        };
        let send = async |path: &str, body: serde_json::Value| {
            app.send(forged(path).body(body.to_string().into()).unwrap()).await
        };
        send("/register", registration(ANA)).await.expect(201);
        send("/password/forgot", json!({"email": ANA})).await.expect(202);
        let verify = app.letter("verify_address", ANA, 1).await.text;
        let reset = app.letter("reset_password", ANA, 1).await.text;
        assert!(verify.contains("\nhttps://aether.example.org/verify-email#token=aev_"), "{verify}");
        assert!(reset.contains("\nhttps://aether.example.org/reset-password#token=aep_"), "{reset}");
        assert!(!verify.contains("evil") && !reset.contains("evil"));
    }
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_and_its_owner_still_gets_in() {
    for app in apps([("AETHER_RATE_LIMITS", "on"), PROXY]).await {
        let email = crate::unique_email();
        app.from(&format!("{}::1", network()), "x", "/register", &registration(&email)).await.expect(201);
        let forget = async || {
            let body = json!({"email": email});
            app.from(&format!("{}::1", network()), "x", "/password/forgot", &body).await.expect(202);
        };
        for _ in 0..5 {
            forget().await;
        }
        let newest = app.letter("reset_password", &email, 5).await;
        for _ in 0..10 {
            forget().await;
        }
        until("the last one was looked after", async || {
            app.count("SELECT COUNT(*) FROM audit WHERE action = 'password_forgotten'").await == 15
        })
        .await;
        assert_eq!(app.letters("reset_password", &email).await.len(), 5, "{}", app.backend.name);
        // The newest link that was sent is the one that works.
        app.reset(&newest.token(), NEW).await.expect(204);
        app.clock.advance(TimeDelta::hours(1));
        forget().await;
        app.letter("reset_password", &email, 6).await;
    }
}

#[tokio::test]
async fn one_network_cannot_have_mail_sent_to_everybody() {
    for app in apps([("AETHER_RATE_LIMITS", "on"), PROXY]).await {
        let email = crate::unique_email();
        app.from(&format!("{}::1", network()), "x", "/register", &registration(&email)).await.expect(201);
        let stranger = network();
        for n in 0..101 {
            let body = json!({"email": format!("somebody{n}@example.com")});
            app.from(&format!("{stranger}::{n:x}"), "x", "/password/forgot", &body).await.expect(202);
        }
        let body = json!({"email": email});
        app.from(&format!("{stranger}::1"), "x", "/password/forgot", &body).await.expect(202);
        app.from(&format!("{}::1", network()), "x", "/password/forgot", &body).await.expect(202);
        // The one from elsewhere came last, and alone.
        app.letter("reset_password", &email, 1).await;
        let asked = "SELECT COUNT(*) FROM audit WHERE action = 'password_forgotten'";
        assert_eq!(app.count(asked).await, 101, "{}", app.backend.name);
    }
}

#[tokio::test]
async fn who_resets_an_address_that_a_stranger_claimed_gets_the_account_and_the_stranger_nothing() {
    for app in apps([]).await {
        let stranger = app.register(ANA).await;
        let id = app.profile(&stranger).await["id"].as_str().unwrap().to_owned();
        // What the stranger has left behind to come back by.
        let id = match app.backend.database.engine {
            "sqlite" => format!("x'{}'", id.replace('-', "")),
            _ => format!("'{id}'"),
        };
        let blob = if app.backend.database.engine == "sqlite" { "x'00'" } else { "'\\x00'" };
        for sql in [
            format!(
                "INSERT INTO totp (user_id, sealed, created_at, confirmed_at) VALUES ({id}, {blob}, '2027-01-01', '2027-01-01')"
            ),
            format!("INSERT INTO recovery_codes (user_id, code_hash) VALUES ({id}, {blob})"),
            format!(
                "INSERT INTO identities (provider, subject, user_id, created_at) VALUES ('github', '1', {id}, '2027-01-01')"
            ),
            format!(
                "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at)
                 VALUES ({id}, {id}, 'x', 'aek_', {blob}, 'profile:read', '2027-01-01')"
            ),
            "UPDATE users SET mfa_enabled = true".into(),
        ] {
            app.sql(&sql).await;
        }
        app.put("/email", &stranger, json!({"email": "eve@example.com"})).await.expect(202);
        let change = app.letter("confirm_new_address", "eve@example.com", 1).await.token();

        let token = app.forget(ANA, 1).await;
        app.reset(&token, NEW).await.expect(204);
        assert_eq!(app.get("/profile", &stranger.access).await.status, 401, "{}", app.backend.name);
        assert_eq!(app.refresh(&stranger.refresh).await.problem(), (401, "session_ended".into()));
        assert_eq!(app.sign_in_with(ANA, PASSWORD).await.status, 401);
        for table in ["totp", "recovery_codes", "identities", "api_keys"] {
            assert_eq!(app.count(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
        }
        let verify = json!({"token": change});
        assert_eq!(app.post("/email/verify", verify).await.problem(), (400, "invalid_token".into()));
        let user = app.sign_in_with(ANA, NEW).await.expect(OK).json()["user"].clone();
        assert_eq!((&user["emailVerified"], &user["mfaEnabled"]), (&json!(true), &json!(false)));
        assert_eq!(app.count("SELECT COUNT(*) FROM audit WHERE action = 'address_taken'").await, 1);
    }
}

#[tokio::test]
async fn a_reset_leaves_the_second_factor_of_who_has_proved_the_address() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        let (phone, _) = enrol(&app, &held).await;
        let token = app.forget(ANA, 1).await;
        app.reset(&token, NEW).await.expect(204);
        let answer = app.sign_in_with(ANA, NEW).await.expect(OK).json();
        assert_eq!(answer["mfaRequired"], true, "{answer}");
        let code = phone.code(&app, 1);
        app.post("/mfa/challenge", json!({"mfaToken": answer["mfaToken"], "code": code})).await.expect(OK);
    }
}

#[tokio::test]
async fn an_account_without_a_password_gets_its_first_one_by_mail() {
    for app in apps([]).await {
        without_password(&app, ANA).await;
        let token = app.forget(ANA, 1).await;
        app.reset(&token, NEW).await.expect(204);
        app.sign_in_with(ANA, NEW).await.expect(OK);
    }
}

#[tokio::test]
async fn who_knows_the_password_changes_it_and_only_this_session_goes_on() {
    for app in apps([]).await {
        let here = app.join(ANA).await;
        let there = app.sign_in_with(ANA, PASSWORD).await.expect(OK).held();
        let link = app.forget(ANA, 1).await;
        let change = async |current: &str, new: &str| {
            app.put("/password", &here, json!({"currentPassword": current, "newPassword": new})).await
        };
        assert_eq!(change("tiger umbrella 8 frost", NEW).await.problem(), (403, "wrong_password".into()));
        assert_eq!(change("", NEW).await.problem(), (403, "wrong_password".into()));
        let weak = change(PASSWORD, "password1234").await;
        assert_eq!(
            (weak.problem(), weak.fields()),
            ((422, "password_policy".into()), vec!["newPassword".into()])
        );
        let long = change(&"x".repeat(129), NEW).await;
        assert_eq!(long.fields(), ["currentPassword"]);
        app.get("/profile", &there.access).await.expect(OK);
        change(PASSWORD, NEW).await.expect(204);
        app.get("/profile", &here.access).await.expect(OK);
        app.refresh(&here.refresh).await.expect(OK);
        assert_eq!(app.get("/profile", &there.access).await.status, 401, "{}", app.backend.name);
        assert_eq!(app.refresh(&there.refresh).await.problem(), (401, "session_ended".into()));
        assert_eq!(app.sign_in_with(ANA, PASSWORD).await.status, 401);
        app.sign_in_with(ANA, NEW).await.expect(OK);
        app.letter("password_changed", ANA, 1).await;
        assert_eq!(app.reset(&link, "another harbour 9 moss").await.problem(), (400, "invalid_token".into()));
        for (action, count) in [("password_changed", 1), ("password_change_refused", 2)] {
            let sql = format!("SELECT COUNT(*) FROM audit WHERE action = '{action}'");
            assert_eq!(app.count(&sql).await, count, "{action}");
        }
    }
}

#[tokio::test]
async fn every_process_is_told_of_the_sessions_that_end_with_a_password() {
    for app in apps([]).await {
        let mut revocations = app.backend.deps.bus.subscribe(&Topic::revocations()).await.unwrap();
        // Other tests share the bus: what they tell of is passed over.
        let mut told = async |held: &Held| {
            let session = session_of(held);
            let waiting = async {
                loop {
                    let Delivery::Message(bytes) = revocations.next().await else { continue };
                    if String::from_utf8_lossy(&bytes).contains(&session) {
                        return;
                    }
                }
            };
            tokio::time::timeout(Duration::from_mins(1), waiting).await.unwrap();
        };
        let here = app.join(ANA).await;
        let there = app.sign_in_with(ANA, PASSWORD).await.expect(OK).held();
        let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
        app.put("/password", &here, body).await.expect(204);
        told(&there).await;
        let token = app.forget(ANA, 1).await;
        app.reset(&token, PASSWORD).await.expect(204);
        told(&here).await;
        // And of those whose claim to the address was lost.
        let stranger = app.register(BEN).await;
        let token = app.forget(BEN, 1).await;
        app.reset(&token, NEW).await.expect(204);
        told(&stranger).await;
    }
}

#[tokio::test]
async fn an_account_that_has_no_password_cannot_change_it() {
    for app in apps([]).await {
        let held = app.join(ANA).await;
        app.sql("UPDATE users SET password_hash = NULL").await;
        let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
        assert_eq!(app.put("/password", &held, body).await.problem(), (409, "no_password".into()));
    }
}

#[tokio::test]
async fn the_password_cannot_be_guessed_by_who_holds_a_session() {
    for app in apps([("AETHER_RATE_LIMITS", "on"), PROXY]).await {
        let email = crate::unique_email();
        let home = format!("{}::1", network());
        let held = app.from(&home, "x", "/register", &registration(&email)).await.expect(201).held();
        let thief = format!("{}::1", network());
        let guess = async |current: &str| {
            let body = json!({"currentPassword": current, "newPassword": NEW});
            let request = axum::http::Request::put("/password")
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {}", held.access))
                .header("x-forwarded-for", &thief);
            app.send(request.body(body.to_string().into()).unwrap()).await
        };
        for n in 0..5 {
            assert_eq!(guess(&format!("tiger umbrella {n} moss")).await.status, 403);
        }
        assert_eq!(guess(PASSWORD).await.problem(), (429, "rate_limited".into()));
        app.from(&home, "x", "/login", &signing_in(&email)).await.expect(OK);
    }
}

#[tokio::test]
async fn what_was_promised_to_who_forgot_a_password_is_kept_by_a_process_that_stops() {
    for app in apps([]).await {
        let emails: Vec<_> = (0..5).map(|n| format!("user{n}@example.com")).collect();
        for email in &emails {
            app.register(email).await;
        }
        for email in &emails {
            app.post("/password/forgot", json!({"email": email})).await.expect(202);
        }
        assert!(app.backend.deps.lifecycle.stop().await, "{}", app.backend.name);
        // Sent, or waiting for the next process.
        let sql = "SELECT COUNT(*) FROM mails WHERE kind = 'reset_password' AND outcome IS DISTINCT FROM 'given_up'";
        assert_eq!(app.count(sql).await, 5, "{}", app.backend.name);
    }
}

#[tokio::test]
async fn bodies_that_are_not_what_they_should_be_are_refused() {
    for app in apps([]).await {
        let held = app.register(ANA).await;
        for (method, path, body, field) in [
            ("POST", "/password/forgot", json!({}), "email"),
            ("POST", "/password/forgot", json!({"email": null}), "email"),
            (
                "POST",
                "/password/forgot",
                json!({"email": ANA, "redirect": "https://evil.example"}),
                "redirect",
            ),
            ("POST", "/password/forgot", json!({"email": "ana\u{0}@example.com"}), "email"),
            ("POST", "/password/reset", json!({"token": "x"}), "newPassword"),
            ("POST", "/password/reset", json!({"token": "\u{0}", "newPassword": NEW}), "token"),
            ("POST", "/password/reset", json!({"token": 5, "newPassword": NEW}), "token"),
            ("POST", "/password/reset", json!({"token": "x", "newPassword": NEW, "email": ANA}), "email"),
            ("PUT", "/password", json!({"newPassword": NEW}), "currentPassword"),
            ("PUT", "/password", json!({"currentPassword": PASSWORD, "newPassword": ["x"]}), "newPassword"),
            ("POST", "/email/verify", json!({}), "token"),
            ("POST", "/email/verify", json!({"token": "x", "email": ANA}), "email"),
            ("PUT", "/email", json!({"email": "a@b"}), "email"),
            ("PUT", "/email", json!({"email": "ana@example.com\nBcc: x@y.zz"}), "email"),
            ("PUT", "/email", json!({"email": "\"a b\"@example.com"}), "email"),
            ("PUT", "/email", json!({"email": "аna@example.com"}), "email"),
            ("PUT", "/email", json!({"email": "x".repeat(255) + "@example.com"}), "email"),
            ("PUT", "/email", json!({"email": "ben@example.com", "verified": true}), "verified"),
        ] {
            let answer = app.call(method, path, &held.access, Some(body.clone())).await;
            assert_eq!((answer.status, answer.fields()), (422, vec![field.into()]), "{path} {body}");
        }
        for (method, path) in [("PUT", "/password"), ("PUT", "/email"), ("POST", "/email/resend")] {
            let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
            for token in ["", "x", &held.refresh] {
                assert_eq!(app.call(method, path, token, Some(body.clone())).await.status, 401, "{path}");
            }
        }
    }
}
