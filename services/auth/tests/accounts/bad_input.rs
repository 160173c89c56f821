//! Bad input: one line a case, each the contract's answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{OK, PASSWORD, apps, post, registration};

#[tokio::test]
async fn an_e_mail_has_one_account() {
    for app in apps([]).await {
        app.register("ana@example.com").await;
        for twin in ["ana@example.com", "ANA@EXAMPLE.COM", " ana@example.com "] {
            assert_eq!(
                app.post("/register", registration(twin)).await.problem(),
                (409, "email_taken".into())
            );
        }
        let race =
            join_all((0..10).map(async |_| app.post("/register", registration("bob@example.com")).await))
                .await;
        let mut statuses: Vec<_> = race.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409, 409, 409], "{}", app.backend.name);
    }
}

#[tokio::test]
async fn a_form_hears_of_every_field_at_fault() {
    for app in apps([]).await {
        let with = |field: &str, value: Value| {
            let mut body = registration("ana@example.com");
            body[field] = value;
            body
        };
        let cases = [
            (with("email", json!("not-an-address")), "validation_failed", vec!["email"]),
            (
                with("email", json!("ana@example.com\r\nBcc: eve@example.com")),
                "validation_failed",
                vec!["email"],
            ),
            (
                with("email", json!(format!("{}@example.com", "a".repeat(250)))),
                "validation_failed",
                vec!["email"],
            ),
            (with("name", json!(" ")), "validation_failed", vec!["name"]),
            (with("name", json!("é".repeat(201))), "validation_failed", vec!["name"]),
            (with("name", json!("a\u{0}")), "validation_failed", vec!["name"]),
            (with("role", json!("admin")), "validation_failed", vec!["role"]),
            (with("tokenDelivery", json!("pigeon")), "validation_failed", vec!["tokenDelivery"]),
            (with("password", json!("short 9!x")), "password_policy", vec!["password"]),
            (with("password", json!("password1234")), "password_policy", vec!["password"]),
            (with("password", json!("ana@example.com")), "password_policy", vec!["password"]),
            (with("password", json!(null)), "validation_failed", vec!["password"]),
            (
                json!({"email": "x", "name": "", "password": "y"}),
                "validation_failed",
                vec!["email", "name", "password"],
            ),
            (json!({}), "validation_failed", vec!["email"]),
        ];
        for (body, code, fields) in cases {
            let answer = app.post("/register", body.clone()).await;
            assert_eq!(answer.problem(), (422, code.into()), "{body}");
            assert_eq!(answer.fields(), fields, "{body}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("password1234"));
        }
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_said_to_be_none() {
    for app in apps([]).await {
        for path in ["/register", "/login", "/refresh", "/logout"] {
            let broken = post(path).body("{\"email\": ".into()).unwrap();
            assert_eq!(app.send(broken).await.problem(), (400, "malformed_json".into()), "{path}");
            let form = axum::http::Request::post(path).header("content-type", "text/plain");
            assert_eq!(app.send(form.body("email=a".into()).unwrap()).await.status, 415, "{path}");
        }
    }
}

#[tokio::test]
async fn a_long_password_is_refused_before_it_costs_anything() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let admin = app.register("admin@example.com").await;
        let hashes =
            async || app.get("/state", &admin.access).await.expect(OK).json()["passwordHashes"].clone();
        let before = hashes().await;
        for length in [129, 10_000, 900_000] {
            let mut body = registration("ana@example.com");
            body["password"] = json!("x7".repeat(length)[..length]);
            let registered = app.post("/register", body).await;
            let login = json!({"email": "ana@example.com", "password": "x".repeat(length)});
            let login = app.post("/login", login).await;
            assert_eq!((registered.status, registered.fields()), (422, vec!["password".into()]));
            assert_eq!((login.status, login.fields()), (422, vec!["password".into()]));
        }
        assert_eq!(hashes().await, before);
    }
}

#[tokio::test]
async fn nobody_can_tell_whether_an_e_mail_has_an_account() {
    for app in apps([]).await {
        app.register("ana@example.com").await;
        let mut bodies = Vec::new();
        for (email, password) in [
            ("ana@example.com", "a wrong password"),
            ("nobody@example.com", "a wrong password"),
            ("nobody@example.com", PASSWORD),
            ("not-an-address", PASSWORD),
            ("ana@example.com", ""),
            ("ana@example.com", "' OR 1=1 --"),
        ] {
            let answer = app.post("/login", json!({"email": email, "password": password})).await;
            assert_eq!(answer.problem(), (401, "invalid_credentials".into()), "{email}");
            let mut body = answer.json();
            body["traceId"] = json!("same");
            bodies.push(body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    }
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    for app in apps([]).await {
        let held = app.register("ana@example.com").await;
        let parts: Vec<&str> = held.access.split('.').collect();
        let header = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let forged = [
            format!("{}.{}.", header(r#"{"alg":"none","typ":"at+jwt"}"#), parts[1]),
            format!("{}.{}.{}", header(r#"{"alg":"nOnE","typ":"at+jwt"}"#), parts[1], parts[2]),
            format!("{}.{}.{}", header(r#"{"alg":"HS256","typ":"at+jwt","kid":"x"}"#), parts[1], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], header(r#"{"role":"admin"}"#), parts[2]),
            held.refresh.clone(),
            "aek_0123456789".into(),
        ];
        for token in forged {
            assert_eq!(app.get("/profile", &token).await.problem(), (401, "unauthorized".into()), "{token}");
        }
        for token in ["", "aer_", "aer_unknown", &held.access, &"a".repeat(100_000)] {
            assert_eq!(app.refresh(token).await.problem(), (401, "unauthorized".into()));
        }
        let in_query = app.get(&format!("/profile?access_token={}", held.access), "").await;
        assert_eq!(in_query.status, 401);
    }
}

#[tokio::test]
async fn odd_but_honest_text_is_kept_as_it_is() {
    for app in apps([]).await {
        let name = "Robert'); DROP TABLE users;-- $1 \\ \" 👩‍💻 ‏عربي";
        let mut body = registration("bobby@example.com");
        body["name"] = json!(name);
        let held = app.post("/register", body).await.expect(201).held();
        assert_eq!(app.get("/profile", &held.access).await.expect(OK).json()["name"], name);
    }
}
