//! Answers that are given without a call: kept ones, and those that an equal request is getting now.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::site::{Setup, Site, sites, sites_with, text_of};

/// A request whose artifact passes the check, at this speed.
fn slugs(speed: &str) -> Value {
    json!({"prompt": "a function that makes slugs", "model": speed})
}

async fn ended(site: &Site, who: &aether_testkit::Person, body: Value) -> Value {
    let id = site.begin(who, "code", body).await;
    let made = site.ended(who, &id).await;
    assert_eq!(made["status"], "completed", "{} {made}", site.name);
    made
}

#[tokio::test]
async fn the_same_request_is_answered_again_without_a_call() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let first = ended(&site, &ana, slugs("speed-max")).await;
        assert_eq!((site.model.calls(), &first["metadata"]["cached"]), (1, &json!(false)), "{}", site.name);

        let id = site.begin(&ana, "code", slugs("speed-max")).await;
        let (text, last) = text_of(&site.events(&ana, &id, None).await);
        assert_eq!(site.model.calls(), 1, "{}: no call", site.name);
        assert_eq!(first["result"], text);
        let metadata = &last["metadata"];
        assert_eq!(metadata["cached"], true, "{}", site.name);
        assert_eq!((&metadata["costUsd"], &metadata["usage"]["outputTokens"]), (&json!(0.0), &json!(0)));
        for same in ["provider", "model", "files", "validation", "promptVersion"] {
            assert_eq!(metadata[same], first["metadata"][same], "{} {same}", site.name);
        }

        // Whatever shapes the answer makes another request of it, and nobody gets another user's.
        let mut calls = 1;
        let mut warm = slugs("speed-max");
        warm["temperature"] = json!(0.5);
        let mut rust = slugs("speed-max");
        rust["language"] = json!("rust");
        let mut fresh = slugs("speed-max");
        fresh["cache"] = json!(false);
        for (who, body) in [
            (&ana, warm),
            (&ana, rust),
            (&ana, slugs("speed:100000")),
            (&ana, fresh),
            (&ben, slugs("speed-max")),
        ] {
            let made = ended(&site, who, body.clone()).await;
            calls += 1;
            assert_eq!((site.model.calls(), &made["metadata"]["cached"]), (calls, &json!(false)), "{body}");
        }

        // Made anew is made anew; what is deleted is not given again.
        let id = first["id"].as_str().unwrap();
        let anew = site.post(&ana, &format!("/history/{id}/regenerate"), &json!({})).send().await.unwrap();
        assert_eq!(anew.status(), StatusCode::ACCEPTED);
        let anew: Value = anew.json().await.unwrap();
        site.ended(&ana, anew["id"].as_str().unwrap()).await;
        assert_eq!(site.model.calls(), calls + 1, "{}", site.name);
        let gone =
            site.http.delete(format!("{}/history/{id}", site.url)).bearer_auth(&ana.token).send().await;
        assert_eq!(gone.unwrap().status(), StatusCode::NO_CONTENT);
        let made = ended(&site, &ana, slugs("speed-max")).await;
        assert_eq!(
            (site.model.calls(), &made["metadata"]["cached"]),
            (calls + 2, &json!(false)),
            "{}",
            site.name
        );
    }
}

#[tokio::test]
async fn an_answer_that_failed_or_does_not_pass_the_check_is_not_given_again() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for model in ["fault-length:forever+speed-max", "tokens:20+speed-max"] {
            let body = json!({"prompt": "words", "model": model});
            let id = site.begin(&ana, "code", body.clone()).await;
            site.ended(&ana, &id).await;
            let calls = site.model.calls();
            let id = site.begin(&ana, "code", body).await;
            let again = site.ended(&ana, &id).await;
            assert_eq!(again["metadata"]["cached"], false, "{} {model}", site.name);
            assert!(site.model.calls() > calls, "{} {model}", site.name);
        }
    }
}

#[tokio::test]
async fn equal_requests_in_flight_share_one_call_in_all_processes_and_stream_live() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        site.start_service().await;
        let body = slugs("speed:300");
        let ids = futures::future::join_all((0..8).map(|_| site.begin(&ana, "code", body.clone()))).await;
        let told = futures::future::join_all(ids.iter().map(|id| site.events(&ana, id, None))).await;
        assert_eq!(site.model.calls(), 1, "{}", site.name);
        let mut paid = 0;
        for events in &told {
            let (text, last) = text_of(events);
            assert_eq!(last["result"], text_of(&told[0]).0, "{}", site.name);
            assert_eq!(last["result"], text);
            assert!(
                events.len() > 20,
                "{}: it came in pieces, as it was written: {}",
                site.name,
                events.len()
            );
            paid += usize::from(last["metadata"]["cached"] == json!(false));
        }
        assert_eq!(paid, 1, "{}: one of them made the call", site.name);
    }
}

#[tokio::test]
async fn when_the_one_that_makes_the_call_is_stopped_another_makes_it() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let body = slugs("speed:120");
        let maker = site.begin(&ana, "code", body.clone()).await;
        site.first_delta(&ana, &maker).await;
        let follower = site.begin(&ana, "code", body).await;
        site.first_delta(&ana, &follower).await;
        assert_eq!(site.model.calls(), 1, "{}", site.name);
        let stopped = site.post(&ana, &format!("/history/{maker}/cancel"), &json!({})).send().await.unwrap();
        assert_eq!(stopped.status(), StatusCode::ACCEPTED);
        let (_, last) = text_of(&site.events(&ana, &maker, None).await);
        assert!(last["result"].is_null(), "{}: cancelled", site.name);
        let (text, last) = text_of(&site.events(&ana, &follower, None).await);
        assert_eq!(last["result"], text, "{} {last}", site.name);
        assert_eq!((site.model.calls(), &last["metadata"]["cached"]), (2, &json!(false)), "{}", site.name);
    }
}

#[tokio::test]
async fn a_common_cache_crosses_users_but_never_with_private_context() {
    let setup = Setup { settings: &[("AETHER_CACHE", "common")], listed: Vec::new() };
    for site in sites_with(setup).await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let first = ended(&site, &ana, slugs("speed-max")).await;
        let same = ended(&site, &ben, slugs("speed-max")).await;
        assert_eq!((site.model.calls(), &same["metadata"]["cached"]), (1, &json!(true)), "{}", site.name);
        assert_eq!(same["result"], first["result"]);
        // Each goes on from a version of their own; the versions' texts are equal, and still nothing is shared.
        for (who, version, calls) in [(&ana, &first, 2), (&ben, &same, 3)] {
            let body = json!({"prompt": "add a test", "model": "speed-max", "parentId": version["id"]});
            let made = ended(&site, who, body).await;
            assert_eq!(
                (site.model.calls(), &made["metadata"]["cached"]),
                (calls, &json!(false)),
                "{}",
                site.name
            );
        }
    }
}

#[tokio::test]
async fn no_cache_is_no_cache() {
    let setup = Setup { settings: &[("AETHER_CACHE", "off")], listed: Vec::new() };
    for site in sites_with(setup).await {
        let ana = site.people.join("Ana").await;
        ended(&site, &ana, slugs("speed-max")).await;
        ended(&site, &ana, slugs("speed-max")).await;
        assert_eq!(site.model.calls(), 2, "{}", site.name);
    }
}
