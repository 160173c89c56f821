//! The second factor: set up, asked for at sign-in, good once, and taken away.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use aether_auth::domain::{
    audit::Audit,
    mail::{Mailer, mailer::Pace},
    seal::Sealer,
    second_factor::{Method, SecondFactor},
    session::Place,
};
use aether_common::id::UserId;
use aether_store::{audit, mails, one_time_tokens, second_factor, token_cuts, users};
use aether_testkit::Backend;
use axum::extract::ConnectInfo;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use rand::RngExt as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::Connection as _;
use totp_rs::{Builder, Secret};

use crate::{Answer, App, Held, OK, PASSWORD, apps, post};

const EMAIL: &str = "ana@example.com";
const STEP: i64 = 30;

/// Somebody's authenticator app.
pub(crate) struct Phone(totp_rs::Totp);

/// Somebody whose sign-in asks for the second factor.
pub(crate) struct Careful {
    pub(crate) held: Held,
    pub(crate) phone: Phone,
    pub(crate) recovery: Vec<String>,
}

impl Phone {
    /// Reads the picture's URL as an app does.
    fn scan(url: &str) -> Self {
        let secret = url.split_once("secret=").unwrap().1.split('&').next().unwrap();
        Self(Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap())
    }

    /// What it shows so many steps from now.
    pub(crate) fn code(&self, app: &App, steps: i64) -> String {
        self.at(app.clock.clock().now() + TimeDelta::seconds(steps * STEP))
    }

    fn at(&self, time: DateTime<Utc>) -> String {
        self.0.generate(time.timestamp().try_into().unwrap()).to_string()
    }
}

/// Turns the second factor on.
pub(crate) async fn enrol(app: &App, held: &Held) -> (Phone, Vec<String>) {
    let begun = app.call("POST", "/mfa/totp", &held.access, None).await.expect(OK).json();
    let phone = Phone::scan(begun["otpauthUrl"].as_str().unwrap());
    let body = json!({"code": phone.code(app, 0)});
    let confirmed = app.call("POST", "/mfa/totp/verify", &held.access, Some(body)).await.expect(OK).json();
    // The code that confirmed it is used up.
    app.clock.advance(TimeDelta::seconds(STEP));
    (phone, words(&confirmed["recoveryCodes"]))
}

/// A new account with a second factor.
pub(crate) async fn careful(app: &App, email: &str) -> Careful {
    let held = app.register(email).await;
    let (phone, recovery) = enrol(app, &held).await;
    Careful { held, phone, recovery }
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

/// The first half of a sign-in; answers the token.
async fn half(app: &App, email: &str) -> String {
    let login = json!({"email": email, "password": PASSWORD});
    let answer = app.post("/login", login).await.expect(OK).json();
    assert_eq!(answer["mfaRequired"], true);
    assert_eq!(answer.as_object().unwrap().len(), 2, "half a sign-in says nothing else: {answer}");
    answer["mfaToken"].as_str().unwrap().to_owned()
}

async fn challenge(app: &App, token: &str, code: &str) -> Answer {
    app.post("/mfa/challenge", json!({"mfaToken": token, "code": code})).await
}

/// The same from another network.
async fn challenge_from(app: &App, address: &str, token: &str, code: &str) -> Answer {
    let body = json!({"mfaToken": token, "code": code}).to_string();
    let mut request = post("/mfa/challenge").body(body.into()).unwrap();
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1))));
    app.send(request).await
}

/// A code that is none of the next ones and none of the last ones.
fn wrong(app: &App, phone: &Phone) -> String {
    let near: Vec<String> = (-3..=3).map(|steps| phone.code(app, steps)).collect();
    (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
}

fn user_id(session: &Value) -> UserId {
    session["user"]["id"].as_str().unwrap().parse().unwrap()
}

async fn me(app: &App, held: &Held) -> UserId {
    app.get("/profile", &held.access).await.expect(OK).json()["id"].as_str().unwrap().parse().unwrap()
}

/// The actions of the user's log, the newest first.
pub(crate) async fn actions(app: &App, user: UserId) -> Vec<String> {
    let mut conn = app.backend.deps.store.conn().await.unwrap();
    let filter = audit::Filter { subject: Some(user), ..audit::Filter::default() };
    let entries = audit::list(&mut conn, &filter, None, 100).await.unwrap();
    entries.into_iter().map(|entry| entry.entry.action).collect()
}

#[tokio::test]
async fn the_story_of_a_second_factor() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let begun = app.call("POST", "/mfa/totp", &held.access, None).await.expect(OK);
        assert_eq!(begun.headers["cache-control"], "no-store");
        let begun = begun.json();
        let secret = begun["secret"].as_str().unwrap();
        assert_eq!(
            begun["otpauthUrl"],
            format!("otpauth://totp/AetherOS:ana%40example.com?secret={secret}&issuer=AetherOS")
        );
        assert_eq!(secret.len(), 32, "160 bits in base32");
        assert!(begun["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,iVBORw0KGgo"));
        // Not confirmed: nothing is asked for.
        let other = app.post("/login", json!({"email": EMAIL, "password": PASSWORD})).await.expect(OK).held();

        // Begun anew, the first secret is worth nothing.
        let old = Phone::scan(begun["otpauthUrl"].as_str().unwrap());
        let begun = app.call("POST", "/mfa/totp", &held.access, None).await.expect(OK).json();
        let phone = Phone::scan(begun["otpauthUrl"].as_str().unwrap());
        for code in [old.code(&app, 0), wrong(&app, &phone), phone.code(&app, 2)] {
            let body = json!({"code": code});
            let answer = app.call("POST", "/mfa/totp/verify", &held.access, Some(body)).await;
            assert_eq!(
                (answer.problem(), answer.fields()),
                ((422, "invalid_code".into()), vec!["code".into()])
            );
        }
        assert_eq!(app.get("/profile", &held.access).await.json()["mfaEnabled"], false);

        let body = json!({"code": phone.code(&app, 0)});
        let confirmed =
            app.call("POST", "/mfa/totp/verify", &held.access, Some(body.clone())).await.expect(OK).json();
        let recovery = words(&confirmed["recoveryCodes"]);
        assert_eq!(recovery.len(), 10);
        assert_eq!(app.get("/profile", &held.access).await.expect(OK).json()["mfaEnabled"], true);
        assert_eq!(
            app.get("/mfa", &held.access).await.expect(OK).json(),
            json!({"totp": true, "recoveryCodesLeft": 10})
        );
        // What began without the second factor has ended.
        assert_eq!(app.refresh(&other.refresh).await.problem(), (401, "session_ended".into()));
        assert_eq!(app.get("/profile", &other.access).await.status, 401);
        for (path, body) in [("/mfa/totp", None), ("/mfa/totp/verify", Some(body))] {
            let again = app.call("POST", path, &held.access, body).await;
            assert_eq!(again.problem(), (409, "mfa_enabled".into()), "{path}");
        }

        // The code that confirmed it is used; the next one signs in.
        let token = half(&app, EMAIL).await;
        assert_eq!(
            challenge(&app, &token, &phone.code(&app, 0)).await.problem(),
            (401, "invalid_code".into())
        );
        let session = challenge(&app, &token, &phone.code(&app, 1)).await.expect(OK);
        assert_eq!(session.json()["user"]["mfaEnabled"], true);
        assert!(!session.headers.contains_key("set-cookie"));
        let second = session.held();
        app.get("/profile", &second.access).await.expect(OK);
        app.refresh(&second.refresh).await.expect(OK);

        let user = user_id(&session.json());
        assert_eq!(app.call("DELETE", "/mfa/totp", &second.access, None).await.status, 204);
        assert_eq!(app.get("/profile", &second.access).await.expect(OK).json()["mfaEnabled"], false);
        assert_eq!(app.refresh(&held.refresh).await.problem(), (401, "session_ended".into()));
        app.post("/login", json!({"email": EMAIL, "password": PASSWORD})).await.expect(OK).held();
        assert_eq!(app.call("DELETE", "/mfa/totp", &second.access, None).await.problem().0, 404);
        let log = actions(&app, user).await;
        let of_it: Vec<&str> = log
            .iter()
            .map(String::as_str)
            .filter(|word| word.contains("totp") || word.contains("code"))
            .collect();
        assert_eq!(of_it, ["totp_disabled", "code_refused", "totp_enabled", "totp_begun", "totp_begun"]);
        for kind in ["second_factor_on", "second_factor_off"] {
            assert_eq!(count_mails(&app, user, kind).await, 1, "{kind} {}", app.backend.name);
        }
    }
}

#[tokio::test]
async fn a_code_is_good_in_its_step_and_the_two_beside_it_and_once() {
    for app in apps([]).await {
        let Careful { phone, .. } = careful(&app, EMAIL).await;
        let far = TimeDelta::seconds(10 * STEP);
        for (steps, status) in [(-2, 401), (2, 401), (-1, OK), (0, OK), (1, OK)] {
            app.clock.advance(far);
            let token = half(&app, EMAIL).await;
            let code = phone.code(&app, steps);
            assert_eq!(challenge(&app, &token, &code).await.status, status, "{steps} {}", app.backend.name);
            let token = half(&app, EMAIL).await;
            assert_eq!(challenge(&app, &token, &code).await.status, 401, "{steps} again");
        }
        // A step that was used takes those before it along.
        app.clock.advance(far);
        let token = half(&app, EMAIL).await;
        challenge(&app, &token, &phone.code(&app, 1)).await.expect(OK);
        let token = half(&app, EMAIL).await;
        assert_eq!(challenge(&app, &token, &phone.code(&app, 0)).await.status, 401);
        // As the app shows it.
        app.clock.advance(TimeDelta::seconds(2 * STEP));
        let code = phone.code(&app, 0);
        challenge(&app, &token, &format!("{} {}", &code[..3], &code[3..])).await.expect(OK);
    }
}

#[tokio::test]
async fn of_many_equal_codes_at_once_one_opens_the_account() {
    for app in apps([]).await {
        let Careful { phone, recovery, .. } = careful(&app, EMAIL).await;
        // Guesses at once are counted too, so there are as many as may be tried.
        for code in [phone.code(&app, 0), recovery[0].clone()] {
            let tokens = join_all((0..5).map(|_| half(&app, EMAIL))).await;
            let answers = join_all(tokens.iter().map(|token| challenge(&app, token, &code))).await;
            // A guess of before that came after the right one still counts: who is too late may be told to wait.
            let (opened, refused): (Vec<u16>, Vec<u16>) =
                answers.iter().map(|answer| answer.status).partition(|status| *status == OK);
            assert_eq!(opened.len(), 1, "{}", app.backend.name);
            assert!(refused.iter().all(|status| matches!(status, 401 | 429)), "{refused:?}");
        }
        // One token, and codes that are all right: one session.
        let token = half(&app, EMAIL).await;
        let answers = join_all(recovery[1..6].iter().map(|code| challenge(&app, &token, code))).await;
        let opened: Vec<Held> =
            answers.iter().filter(|answer| answer.status == OK).map(Answer::held).collect();
        assert_eq!(opened.len(), 1, "{}", app.backend.name);
        // The others were not used up for nothing.
        let left = app.get("/mfa", &opened[0].access).await.expect(OK).json();
        assert_eq!(left["recoveryCodesLeft"], 8);
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_however_it_is_typed_and_for_its_owner_alone() {
    for app in apps([]).await {
        let Careful { recovery, held, .. } = careful(&app, EMAIL).await;
        let stranger = careful(&app, "bob@example.com").await;
        let token = half(&app, EMAIL).await;
        assert_eq!(challenge(&app, &token, &stranger.recovery[0]).await.status, 401);
        assert_eq!(challenge(&app, &token, &stranger.phone.code(&app, 0)).await.status, 401);
        let typed = format!(" {} ", recovery[0].to_uppercase().replace('-', " "));
        challenge(&app, &token, &typed).await.expect(OK);
        let token = half(&app, EMAIL).await;
        assert_eq!(challenge(&app, &token, &recovery[0]).await.problem(), (401, "invalid_code".into()));
        assert_eq!(app.get("/mfa", &held.access).await.json()["recoveryCodesLeft"], 9);

        let fresh = app.call("POST", "/mfa/recovery-codes", &held.access, None).await.expect(OK).json();
        let fresh = words(&fresh["recoveryCodes"]);
        assert!(fresh.len() == 10 && fresh.iter().all(|code| !recovery.contains(code)));
        assert_eq!(challenge(&app, &token, &recovery[1]).await.status, 401, "an old one");
        challenge(&app, &token, &fresh[0]).await.expect(OK);
        let user = me(&app, &held).await;
        let log = actions(&app, user).await;
        assert_eq!(log.iter().filter(|action| *action == "recovery_code_used").count(), 2);
        assert_eq!(log.iter().filter(|action| *action == "recovery_codes_renewed").count(), 1);
        assert_eq!(count_mails(&app, user, "recovery_code_used").await, 2);

        let plain = app.register("cem@example.com").await;
        let none = app.call("POST", "/mfa/recovery-codes", &plain.access, None).await;
        assert_eq!(none.problem(), (409, "mfa_not_enabled".into()));
        let none = app.call("POST", "/mfa/totp/verify", &plain.access, Some(json!({"code": "000000"}))).await;
        assert_eq!(none.problem(), (409, "mfa_not_begun".into()));
    }
}

#[tokio::test]
async fn every_wrong_answer_looks_the_same() {
    for app in apps([]).await {
        let Careful { phone, recovery, .. } = careful(&app, EMAIL).await;
        let used = half(&app, EMAIL).await;
        challenge(&app, &used, &recovery[0]).await.expect(OK);
        let good = phone.code(&app, 0);
        let full_width: String =
            good.chars().map(|c| char::from_u32(u32::from(c) - 48 + 0xff10).unwrap()).collect();
        let old = half(&app, EMAIL).await;
        app.clock.advance(TimeDelta::minutes(5));
        let token = half(&app, EMAIL).await;
        let now = phone.code(&app, 0);
        let mut bodies = Vec::new();
        for (token, code) in [
            (&*token, &*wrong(&app, &phone)),
            (&*token, &*recovery[0]),
            (&*token, &*full_width),
            (&*token, ""),
            (&*used, &*now),
            (&*old, &*now),
            ("aem_unknown", &*now),
            ("", &*now),
            (&*"a".repeat(500_000), &*now),
        ] {
            let answer = challenge(&app, token, code).await;
            assert_eq!(answer.problem(), (401, "invalid_code".into()));
            let mut body = answer.json();
            body["traceId"] = json!("same");
            bodies.push(body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
        challenge(&app, &token, &now).await.expect(OK);
        let giant = half(&app, EMAIL).await;
        assert_eq!(challenge(&app, &giant, &"1".repeat(900_000)).await.status, 401);
        for body in [
            json!({}),
            json!({"mfaToken": giant}),
            json!({"mfaToken": giant, "code": 123_456}),
            json!({"mfaToken": giant, "code": null}),
            json!({"mfaToken": giant, "code": "1\u{0}2345"}),
            json!({"mfaToken": giant, "code": "123456", "trustDevice": true}),
        ] {
            assert_eq!(app.post("/mfa/challenge", body).await.problem(), (422, "validation_failed".into()));
        }
    }
}

#[tokio::test]
async fn half_a_sign_in_opens_nothing() {
    for app in apps([]).await {
        careful(&app, EMAIL).await;
        let token = half(&app, EMAIL).await;
        for path in ["/profile", "/sessions", "/mfa"] {
            assert_eq!(app.get(path, &token).await.problem(), (401, "mfa_required".into()), "{path}");
        }
        for path in ["/mfa/totp", "/mfa/recovery-codes"] {
            let answer = app.call("POST", path, &token, None).await;
            assert_eq!(answer.problem(), (401, "mfa_required".into()), "{path}");
        }
        assert_eq!(app.refresh(&token).await.problem(), (401, "unauthorized".into()));
    }
}

#[tokio::test]
async fn a_thousand_guesses_are_five_and_even_the_right_one_waits() {
    for app in apps([]).await {
        let Careful { phone, .. } = careful(&app, EMAIL).await;
        let other = careful(&app, "bob@example.com").await;
        let token = half(&app, EMAIL).await;
        let mut statuses = [0_u32; 2];
        for round in 0..20 {
            let guesses = (0..50).map(|n| format!("{:06}", round * 50 + n)).collect::<Vec<_>>();
            let near: Vec<String> = (-1..=1).map(|steps| phone.code(&app, steps)).collect();
            let guesses = guesses.iter().filter(|guess| !near.contains(guess));
            for answer in join_all(guesses.map(|guess| challenge(&app, &token, guess))).await {
                match answer.status {
                    401 => statuses[0] += 1,
                    429 => statuses[1] += 1,
                    other => panic!("{other}"),
                }
            }
        }
        assert!(statuses[0] <= 6 && statuses[1] >= 900, "{statuses:?} {}", app.backend.name);
        let right = challenge(&app, &token, &phone.code(&app, 0)).await;
        assert_eq!(right.problem(), (429, "rate_limited".into()));
        let wait: u64 = right.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");

        // From other networks a few more, whichever address of the same one is used, and then none.
        let mut tried = 0;
        for n in 0..4 {
            for host in 1..=5 {
                let answer =
                    challenge_from(&app, &format!("2001:db8:0:{n}::{host}"), &token, &wrong(&app, &phone))
                        .await;
                tried += u32::from(answer.status == 401);
            }
        }
        assert!((5..=6).contains(&tried), "{tried}");
        // Somebody else is not in the way of it.
        let token = half(&app, "bob@example.com").await;
        challenge(&app, &token, &other.phone.code(&app, 0)).await.expect(OK);
    }
}

#[tokio::test]
async fn a_right_code_forgets_the_wrong_ones() {
    for app in apps([]).await {
        let Careful { recovery, phone, .. } = careful(&app, EMAIL).await;
        for code in &recovery {
            let token = half(&app, EMAIL).await;
            for _ in 0..4 {
                assert_eq!(challenge(&app, &token, &wrong(&app, &phone)).await.status, 401);
            }
            challenge(&app, &token, code).await.expect(OK);
        }
    }
}

#[tokio::test]
async fn what_changes_between_the_halves_counts() {
    for app in apps([]).await {
        let store = &app.backend.deps.store;
        let now = app.clock.clock().now();
        let Careful { held, recovery, .. } = careful(&app, EMAIL).await;
        let user = me(&app, &held).await;

        let token = half(&app, EMAIL).await;
        let account = users::find(&mut store.conn().await.unwrap(), user).await.unwrap().unwrap();
        let kept = account.password_hash.unwrap();
        let change = async |old: &str, new: &str| {
            let mut conn = store.conn().await.unwrap();
            assert!(users::replace_password_hash(&mut conn, user, old, new, now).await.unwrap());
        };
        change(&kept, "another password").await;
        assert_eq!(challenge(&app, &token, &recovery[0]).await.problem(), (401, "invalid_code".into()));
        change("another password", &kept).await;
        challenge(&app, &token, &recovery[0]).await.expect(OK);

        // The factor is taken away, and another one set up, which the sign-in did not wait for.
        let token = half(&app, EMAIL).await;
        assert_eq!(app.call("DELETE", "/mfa/totp", &held.access, None).await.status, 204);
        assert_eq!(challenge(&app, &token, &recovery[1]).await.status, 401);
        let (phone, fresh) = enrol(&app, &held).await;
        assert_eq!(challenge(&app, &token, &phone.code(&app, 0)).await.status, 401);
        assert_eq!(challenge(&app, &token, &fresh[0]).await.status, 401);
        let token = half(&app, EMAIL).await;
        assert_eq!(challenge(&app, &token, &recovery[1]).await.status, 401, "codes of the old one");
        challenge(&app, &token, &phone.code(&app, 0)).await.expect(OK);

        let token = half(&app, EMAIL).await;
        disable(&app, user).await;
        assert_eq!(challenge(&app, &token, &fresh[0]).await.problem(), (401, "invalid_code".into()));
        delete(&app, user).await;
        assert_eq!(challenge(&app, &token, &fresh[0]).await.problem(), (401, "invalid_code".into()));
    }
}

#[tokio::test]
async fn the_session_is_delivered_as_the_first_half_asked() {
    for app in apps([]).await {
        let Careful { phone, recovery, .. } = careful(&app, EMAIL).await;
        let login = json!({"email": EMAIL, "password": PASSWORD, "tokenDelivery": "cookie"});
        let half = app.post("/login", login).await.expect(OK);
        assert!(!half.headers.contains_key("set-cookie"));
        let token = half.json()["mfaToken"].as_str().unwrap().to_owned();
        let body = |code: &str| json!({"mfaToken": token, "code": code}).to_string();
        for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
            let request = post("/mfa/challenge").header(name, value);
            let answer = app.send(request.body(body(&recovery[0]).into()).unwrap()).await;
            assert_eq!(answer.problem(), (403, "cross_origin".into()));
        }
        let request = post("/mfa/challenge").header("origin", "http://localhost:8080");
        let session = app.send(request.body(body(&phone.code(&app, 0)).into()).unwrap()).await.expect(OK);
        assert!(session.json().get("refreshToken").is_none());
        assert!(session.headers["set-cookie"].to_str().unwrap().starts_with("aether_refresh=aer_"));
    }
}

#[tokio::test]
async fn what_is_kept_holds_neither_the_secret_nor_the_codes() {
    let app = App::on(Backend::embedded([]).await).await;
    let Careful { phone, recovery, held } = careful(&app, EMAIL).await;
    let token = half(&app, EMAIL).await;
    let file = app.backend.database.url.trim_start_matches("sqlite://").to_owned();
    let mut kept = std::fs::read(&file).unwrap();
    kept.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    let holds = |secret: &[u8]| kept.windows(secret.len()).any(|window| window == secret);
    assert!(!holds(phone.0.secret().as_bytes()) && !holds(phone.0.secret().to_base32().as_bytes()));
    assert!(!holds(token.as_bytes()));
    for code in &recovery {
        assert!(!holds(code.as_bytes()) && !holds(code.replace('-', "").as_bytes()), "{code}");
    }

    // A sealed secret in another account's row opens nothing.
    let user = me(&app, &held).await;
    let bob = careful(&app, "bob@example.com").await;
    let store = &app.backend.deps.store;
    let mut tx = store.begin().await.unwrap();
    let stolen = second_factor::find(&mut tx, user).await.unwrap().unwrap();
    let bob_id = me(&app, &bob.held).await;
    second_factor::delete(&mut tx, bob_id, app.clock.clock().now()).await.unwrap();
    second_factor::begin(&mut tx, bob_id, &stolen.sealed, app.clock.clock().now()).await.unwrap();
    tx.save().await.unwrap();
    let body = json!({"code": phone.code(&app, 0)});
    let answer = app.call("POST", "/mfa/totp/verify", &bob.held.access, Some(body)).await;
    assert_eq!(answer.problem(), (500, "internal".into()), "somebody has written into the database");
}

#[tokio::test]
async fn in_no_order_does_a_step_work_twice() {
    for app in apps([]).await {
        let held = app.register(EMAIL).await;
        let user = me(&app, &held).await;
        let account = app.get("/profile", &held.access).await;
        let store = &app.backend.deps.store;
        let sealer = Arc::new(Sealer::new(&[7; 32]).unwrap());
        let mailer = Mailer::new(&app.backend.deps, Arc::clone(&sealer), Pace::default()).unwrap();
        let log = Audit::new(app.clock.clock(), app.backend.deps.ids.clone());
        let factor = SecondFactor::new(sealer, log, mailer, app.clock.clock());
        let place = Place { ip: "203.0.113.9".into(), user_agent: None, trace_id: None };
        let email = account.json()["email"].as_str().unwrap().to_owned();
        let owner =
            users::find_by_email(&mut store.conn().await.unwrap(), &email).await.unwrap().unwrap().user;
        let mut tx = store.begin().await.unwrap();
        let enrolment = factor.begin(&mut tx, &owner).await.unwrap();
        let phone = Phone::scan(secrecy::ExposeSecret::expose_secret(&enrolment.url));
        let first = phone.code(&app, 0);
        assert!(factor.confirm(&mut tx, user, &first.into()).await.unwrap().is_some());
        tx.save().await.unwrap();

        let step = |time: DateTime<Utc>| time.timestamp().div_euclid(STEP);
        let mut last = step(app.clock.clock().now());
        let prove = async |code: &str| {
            let mut tx = store.begin().await.unwrap();
            let method = factor.prove(&mut tx, &owner, &SecretString::from(code), &place).await.unwrap();
            tx.save().await.unwrap();
            method == Some(Method::Totp)
        };
        for _ in 0..200 {
            // The clock may go back: a machine's does.
            app.clock.advance(TimeDelta::seconds(rand::rng().random_range(-40..60)));
            let now = app.clock.clock().now();
            let shown = now + TimeDelta::seconds(STEP * rand::rng().random_range(-3..=3));
            let code = phone.at(shown);
            let answers = join_all((0..rand::rng().random_range(1..=3)).map(|_| prove(&code))).await;
            let expected = (step(shown) - step(now)).abs() <= 1 && step(shown) > last;
            let taken = answers.iter().filter(|taken| **taken).count();
            assert_eq!(taken, usize::from(expected), "{} {now} {shown} after {last}", app.backend.name);
            if expected {
                last = step(shown);
            }
        }
    }
}

async fn disable(app: &App, user: UserId) {
    let text = "UPDATE users SET disabled = TRUE WHERE id = $1";
    run(app, text, user).await;
    // As whoever disables an account does.
    let mut conn = app.backend.deps.store.conn().await.unwrap();
    token_cuts::cut(&mut conn, user.0, app.clock.clock().now()).await.unwrap();
}

async fn delete(app: &App, user: UserId) {
    run(app, "DELETE FROM users WHERE id = $1", user).await;
    let mut conn = app.backend.deps.store.conn().await.unwrap();
    assert_eq!(
        one_time_tokens::delete_of(&mut conn, user, "mfa_challenge").await.unwrap(),
        0,
        "gone with the user"
    );
}

/// How many mails of this kind the user was or will be sent.
pub(crate) async fn count_mails(app: &App, user: UserId, kind: &str) -> i64 {
    let mut conn = app.backend.deps.store.conn().await.unwrap();
    mails::count_since(&mut conn, user, kind, DateTime::UNIX_EPOCH).await.unwrap().0
}

async fn run(app: &App, text: &'static str, user: UserId) {
    let url = &app.backend.database.url;
    if url.starts_with("sqlite") {
        let mut database = sqlx::SqliteConnection::connect(url).await.unwrap();
        sqlx::query(text).bind(user.0).execute(&mut database).await.unwrap();
    } else {
        let mut database = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query(text).bind(user.0).execute(&mut database).await.unwrap();
    }
}
