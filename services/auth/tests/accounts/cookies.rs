//! The refresh token in the browser's cookie.

use aether_testkit::Backend;
use axum::http::Request;
use serde_json::json;

use crate::{Answer, App, OK, PASSWORD, apps, post, registration};

const NAME: &str = "aether_refresh";

async fn register(app: &App) -> Answer {
    let mut body = registration("ana@example.com");
    body["tokenDelivery"] = json!("cookie");
    app.post("/register", body).await.expect(201)
}

/// Name and value of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    let line = answer.headers["set-cookie"].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

async fn refresh(app: &App, cookie: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = post("/refresh").header("cookie", cookie);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body("{}".into()).unwrap()).await
}

#[tokio::test]
async fn the_token_is_only_in_a_cookie_that_scripts_and_other_sites_cannot_use() {
    for app in apps([]).await {
        let session = register(&app).await;
        assert!(session.json().get("refreshToken").is_none());
        let line = session.headers["set-cookie"].to_str().unwrap();
        assert!(line.starts_with("aether_refresh=aer_"), "{line}");
        assert!(line.ends_with("; Path=/api/auth; Max-Age=2592000; HttpOnly; SameSite=Strict"), "{line}");

        let renewed = refresh(&app, &cookie(&session), &[]).await.expect(OK);
        assert!(renewed.json().get("refreshToken").is_none());
        assert_ne!(cookie(&renewed), cookie(&session));

        let without_body = Request::post("/refresh").header("cookie", cookie(&renewed));
        app.send(without_body.body("".into()).unwrap()).await.expect(OK);
    }
}

#[tokio::test]
async fn on_https_the_cookie_is_secure() {
    let backend = Backend::embedded([("AETHER_PUBLIC_URL", "https://aether.example")]).await;
    let app = App::on(backend).await;
    let session = register(&app).await;
    let line = session.headers["set-cookie"].to_str().unwrap();
    assert!(line.starts_with("__Secure-aether_refresh=") && line.ends_with("; Secure"), "{line}");
    assert!(session.headers["strict-transport-security"].to_str().unwrap().contains("max-age"));
    refresh(&app, &cookie(&session), &[("origin", "https://aether.example")]).await.expect(OK);
    // The name that anybody on the wire could plant is not read.
    let planted = cookie(&session).replace("__Secure-", "");
    assert_eq!(refresh(&app, &planted, &[]).await.status, 401);
}

#[tokio::test]
async fn pages_of_other_origins_cannot_use_it() {
    let app = App::on(Backend::embedded([("AETHER_CORS_ORIGINS", "https://app.example.com")]).await).await;
    let session = register(&app).await;
    let good = cookie(&session);
    for headers in [
        [("origin", "https://evil.example")].as_slice(),
        &[("origin", "null")],
        &[("origin", "http://localhost:8080.evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(
            refresh(&app, &good, headers).await.problem(),
            (403, "cross_origin".into()),
            "{headers:?}"
        );
        let mut logout = Request::post("/logout").header("cookie", &good);
        let mut login = post("/login");
        for (name, value) in headers {
            logout = logout.header(*name, *value);
            login = login.header(*name, *value);
        }
        assert_eq!(app.send(logout.body("".into()).unwrap()).await.status, 403);
        let body = json!({"email": "ana@example.com", "password": PASSWORD, "tokenDelivery": "cookie"});
        assert_eq!(app.send(login.body(body.to_string().into()).unwrap()).await.status, 403);
    }
    let renewed = refresh(&app, &good, &[("origin", "http://localhost:8080")]).await.expect(OK);
    let renewed = refresh(&app, &cookie(&renewed), &[("sec-fetch-site", "same-origin")]).await.expect(OK);
    refresh(
        &app,
        &cookie(&renewed),
        &[("origin", "https://app.example.com"), ("sec-fetch-site", "cross-site")],
    )
    .await
    .expect(OK);
}

#[tokio::test]
async fn sign_out_takes_the_cookie_away() {
    for app in apps([]).await {
        let session = register(&app).await;
        let request = Request::post("/logout").header("cookie", cookie(&session)).body("".into()).unwrap();
        let answer = app.send(request).await.expect(204);
        let line = answer.headers["set-cookie"].to_str().unwrap();
        assert!(line.starts_with("aether_refresh=; Path=/api/auth; Max-Age=0"), "{line}");
        let after = refresh(&app, &cookie(&session), &[]).await;
        assert_eq!(after.problem(), (401, "session_ended".into()));
        assert!(after.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    }
}

#[tokio::test]
async fn a_planted_twin_is_refused_and_a_giant_is_no_trouble() {
    let app = App::on(Backend::embedded([]).await).await;
    let good = cookie(&register(&app).await);
    for bad in [
        format!("{good}; {NAME}=planted"),
        format!("{NAME}={}", "a".repeat(8_000)),
        format!("{NAME}="),
        NAME.into(),
    ] {
        assert_eq!(refresh(&app, &bad, &[]).await.status, 401);
    }
    refresh(&app, &format!("other=1; {good}; {good}"), &[]).await.expect(OK);
}
