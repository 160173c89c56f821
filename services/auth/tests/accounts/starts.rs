//! First starts, several at once, and what every service answers.

use std::collections::BTreeSet;

use aether_auth::build;
use aether_common::jwt::JwkSet;
use aether_testkit::{Backend, backends};
use futures::future::join_all;
use serde_json::json;

use crate::{App, OK, apps, registration};

#[tokio::test]
async fn the_first_account_and_no_other_is_admin_where_the_setting_says_so() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let race = join_all((0..8).map(async |n| {
            app.post("/register", registration(&format!("user{n}@example.com"))).await.expect(201).json()
        }))
        .await;
        let admins = race.iter().filter(|session| session["user"]["role"] == "admin").count();
        assert_eq!(admins, 1, "{}", app.backend.name);
    }
    for app in apps([("AETHER_FIRST_USER_ADMIN", "false")]).await {
        let session = app.post("/register", registration("ana@example.com")).await.expect(201).json();
        assert_eq!(session["user"]["role"], "user");
    }
}

#[tokio::test]
async fn processes_that_start_together_share_their_keys() {
    for backend in backends([]).await {
        let built = join_all((0..4).map(async |_| build(&backend.deps).await.unwrap())).await;
        let mut kids = BTreeSet::new();
        for service in built {
            let router = aether_boot::serve::stand_alone(service.service, &backend.deps).unwrap();
            let request =
                axum::http::Request::get("/.well-known/jwks.json").body(axum::body::Body::empty()).unwrap();
            let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let set: JwkSet = serde_json::from_slice(&body).unwrap();
            kids.insert(set.keys.into_iter().map(|key| key.kid).collect::<Vec<_>>());
        }
        assert_eq!(kids.len(), 1, "{}", backend.name);
        assert_eq!(kids.first().unwrap().len(), 2, "one that signs, one to follow it");
    }
}

#[tokio::test]
async fn another_master_key_stops_the_start_with_a_sentence() {
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let backend = Backend::embedded([("AETHER_MASTER_KEY", key)]).await;
    build(&backend.deps).await.unwrap();
    let mut deps = backend.deps.clone();
    let mut settings = (*deps.settings).clone();
    settings.master_key = Some("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=".to_owned().into());
    deps.settings = settings.into();
    let error = build(&deps).await.err().unwrap().to_string();
    assert!(error.starts_with("AETHER_MASTER_KEY") && !error.contains('\n'), "{error}");
}

#[tokio::test]
async fn a_token_outlives_a_restart() {
    for backend in backends([]).await {
        let app = App::on(backend).await;
        let held = app.register("ana@example.com").await;
        let service = build(&app.backend.deps).await.unwrap().service;
        let router = aether_boot::serve::stand_alone(service, &app.backend.deps).unwrap();
        let app = App { router, ..app };
        app.get("/profile", &held.access).await.expect(OK);
        app.refresh(&held.refresh).await.expect(OK);
    }
}

#[tokio::test]
async fn every_service_answers_these() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let health = app.get("/health", "").await.expect(OK).json();
        assert_eq!((&health["status"], &health["service"]), (&json!("healthy"), &json!("auth-service")));
        assert_eq!(health["dependencies"]["database"], "healthy");
        let providers = app.get("/providers", "").await.expect(OK).json();
        assert_eq!(providers, json!({"password": true, "google": false, "github": false}));
        app.get("/capabilities", "").await.expect(OK);
        app.get("/docs", "").await.expect(OK);
        let document = app.get("/openapi.json", "").await.expect(OK).json();
        assert_eq!(document["openapi"], "3.1.0");
        for path in ["/register", "/login", "/refresh", "/logout", "/profile", "/sessions/{id}"] {
            assert!(document["paths"][path].is_object(), "{path}");
        }
        let admin = app.register("admin@example.com").await;
        let user = app.register("user@example.com").await;
        app.get("/state", &admin.access).await.expect(OK);
        assert_eq!(app.get("/state", &user.access).await.problem(), (403, "forbidden".into()));
        assert_eq!(app.get("/nowhere", "").await.problem(), (404, "not_found".into()));
        assert_eq!(app.call("GET", "/login", "", None).await.problem(), (405, "method_not_allowed".into()));
    }
}
