//! Ways into an account that is there: added by whoever is signed in to it, and taken away but for the last one.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

use super::{
    BOTH, Stand,
    fake::{ANA, BEN, Person},
    refused, stands,
};
use crate::{App, OK, PASSWORD};

async fn ways(stand: &Stand, access: &str) -> Vec<String> {
    let answer = stand.app.get("/identities", access).await.expect(OK).json();
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item["provider"].as_str().unwrap().to_owned()).collect()
}

async fn unlink(stand: &Stand, provider: &str, access: &str) -> crate::Answer {
    stand.app.call("DELETE", &format!("/identities/{provider}"), access, None).await
}

#[tokio::test]
async fn a_linked_account_of_a_provider_opens_the_account_whatever_its_address() {
    for stand in stands().await {
        let held = stand.app.register("someone@example.com").await;
        let profile = stand.app.get("/profile", &held.access).await.json();
        for provider in BOTH {
            let answer = stand.link(provider, &ANA, &held.access).await.expect(OK).json();
            assert_eq!(answer["user"], profile, "{provider}");
            // It goes on in the session that it was begun in.
            assert!(answer.get("refreshToken").is_none());
            stand.app.get("/profile", answer["accessToken"].as_str().unwrap()).await.expect(OK);
            let signed_in = stand.sign_in(provider, &ANA).await.expect(OK).json();
            assert_eq!(signed_in["user"]["id"], profile["id"], "{provider}");
            // Once more is no mistake.
            stand.link(provider, &ANA, &held.access).await.expect(OK);
            stand.app.clock.advance(TimeDelta::seconds(1));
        }
        stand.app.refresh(&held.refresh).await.expect(OK);
        assert_eq!(ways(&stand, &held.access).await, BOTH);
    }
}

#[tokio::test]
async fn an_identity_opens_one_account_and_an_account_has_one_of_each_provider() {
    for stand in stands().await {
        stand.sign_in("google", &ANA).await.expect(OK);
        let held = stand.app.register("someone@example.com").await;
        let taken = stand.link("google", &ANA, &held.access).await;
        assert_eq!(taken.problem(), refused(409, "identity_taken"));
        stand.link("google", &BEN, &held.access).await.expect(OK);
        let second = stand.link("google", &Person { id: 3, ..BEN }, &held.access).await;
        assert_eq!(second.problem(), refused(409, "provider_linked"));
        assert_eq!(stand.count("identities").await, 2);
    }
}

#[tokio::test]
async fn an_identity_that_two_link_at_once_goes_to_one_of_them() {
    for stand in stands().await {
        let mut visits = Vec::new();
        for n in 0..6 {
            let held = stand.app.register(&format!("user{n}@example.com")).await;
            visits.push(stand.visit_to_link("github", &ANA, &held.access).await);
        }
        let all = join_all(visits.iter().map(async |visit| stand.finish("github", visit).await)).await;
        let mut statuses: Vec<_> = all.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [OK, 409, 409, 409, 409, 409], "{}", stand.name());
    }
}

#[tokio::test]
async fn a_link_is_finished_only_while_its_session_is_alive() {
    for stand in stands().await {
        let held = stand.app.register("someone@example.com").await;
        let visit = stand.visit_to_link("google", &ANA, &held.access).await;
        stand.app.call("POST", "/logout", &held.access, None).await.expect(204);
        assert_eq!(stand.finish("google", &visit).await.problem(), refused(400, "invalid_state"));

        let held =
            stand.app.post("/login", json!({"email": "someone@example.com", "password": PASSWORD})).await;
        let visit = stand.visit_to_link("google", &ANA, &held.held().access).await;
        stand.sql("UPDATE users SET disabled = true").await;
        assert_eq!(stand.finish("google", &visit).await.problem(), refused(400, "invalid_state"));
        assert_eq!(stand.count("identities").await, 0);
    }
}

#[tokio::test]
async fn a_link_that_was_begun_is_no_sign_in_and_the_other_way_round() {
    for stand in stands().await {
        let held = stand.app.register("someone@example.com").await;
        let link = stand.visit_to_link("google", &ANA, &held.access).await;
        let sign_in = stand.visit("google", &BEN).await;
        // The state of one in the cookie of the other.
        let mixed = super::Visit { cookie: link.cookie.clone(), ..sign_in.clone() };
        assert_eq!(stand.finish("google", &mixed).await.problem(), refused(400, "invalid_state"));
        let mixed = super::Visit { cookie: sign_in.cookie.clone(), ..link.clone() };
        assert_eq!(stand.finish("google", &mixed).await.problem(), refused(400, "invalid_state"));
        // A token beside it changes nothing about whose account is opened.
        let request = crate::post("/oauth/google")
            .header("cookie", &sign_in.cookie)
            .header("authorization", format!("Bearer {}", held.access));
        let body = json!({"code": sign_in.code, "state": sign_in.state}).to_string();
        let answer = stand.app.send(request.body(body.into()).unwrap()).await.expect(OK).json();
        assert_eq!(answer["user"]["email"], "ben@example.com");
        assert!(ways(&stand, &held.access).await.is_empty());
    }
}

#[tokio::test]
async fn the_last_way_in_stays() {
    for stand in stands().await {
        let held = stand.sign_in("google", &ANA).await.expect(OK).held();
        assert_eq!(unlink(&stand, "google", &held.access).await.problem(), refused(409, "last_credential"));
        assert_eq!(unlink(&stand, "github", &held.access).await.problem(), refused(404, "not_found"));
        assert_eq!(unlink(&stand, "facebook", &held.access).await.problem(), refused(404, "not_found"));
        stand.link("github", &BEN, &held.access).await.expect(OK);
        unlink(&stand, "google", &held.access).await.expect(204);
        assert_eq!(ways(&stand, &held.access).await, ["github"]);
        assert_eq!(unlink(&stand, "github", &held.access).await.problem(), refused(409, "last_credential"));
        // What was unlinked opens it no more.
        assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(409, "account_exists"));

        // A password is a way in.
        let held = stand.app.register("someone@example.com").await;
        stand.link("google", &Person { id: 5, ..ANA }, &held.access).await.expect(OK);
        unlink(&stand, "google", &held.access).await.expect(204);
        assert_eq!(unlink(&stand, "google", &held.access).await.problem(), refused(404, "not_found"));
    }
}

#[tokio::test]
async fn of_two_ways_in_that_are_taken_away_at_once_one_stays() {
    for stand in stands().await {
        let held = stand.sign_in("google", &ANA).await.expect(OK).held();
        stand.link("github", &BEN, &held.access).await.expect(OK);
        let both =
            join_all(BOTH.map(async |provider| unlink(&stand, provider, &held.access).await.status)).await;
        let mut statuses = both.clone();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409], "{}", stand.name());
        assert_eq!(stand.count("identities").await, 1);
    }
}

#[tokio::test]
async fn a_provider_that_was_switched_off_is_no_way_in() {
    for stand in stands().await {
        let held = stand.sign_in("google", &ANA).await.expect(OK).held();
        stand.link("github", &BEN, &held.access).await.expect(OK);
        let mut deps = stand.app.backend.deps.clone();
        let mut settings = (*deps.settings).clone();
        settings.oauth.github = None;
        deps.settings = settings.into();
        let service = aether_auth::build(&deps).await.unwrap().service;
        let router = aether_boot::serve::stand_alone(service, &deps).unwrap();
        let stand = Stand { app: App { router, ..stand.app }, ..stand };
        assert_eq!(unlink(&stand, "google", &held.access).await.problem(), refused(409, "last_credential"));
        // It can be cleared away all the same.
        unlink(&stand, "github", &held.access).await.expect(204);
        assert_eq!(ways(&stand, &held.access).await, ["google"]);
    }
}

#[tokio::test]
async fn linking_and_unlinking_are_in_the_audit_log() {
    for stand in stands().await {
        let held = stand.app.register("someone@example.com").await;
        stand.link("google", &ANA, &held.access).await.expect(OK);
        unlink(&stand, "google", &held.access).await.expect(204);
        for action in ["identity_linked", "identity_unlinked"] {
            assert!(stand.app.letter(action, "someone@example.com", 1).await.text.contains("Google"));
            let entries =
                format!("audit WHERE action = '{action}' AND actor_id = subject_id AND ip IS NOT NULL");
            assert_eq!(stand.count(&entries).await, 1, "{action}");
        }
        assert_eq!(stand.count("audit WHERE CAST(detail AS text) LIKE '%example.com%'").await, 0);
    }
}
