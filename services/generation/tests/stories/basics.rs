//! The main job, its resuming, its faults and its refusals.

use aether_testkit::sse;
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::site::{sites, text_of};

#[tokio::test]
async fn a_waiting_client_gets_the_whole_generation() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let prompt = json!({"prompt": "a todo app with due dates", "model": "speed-max"});
        for kind in ["ui", "api", "cli", "code"] {
            let answer = site.post(&ana, &format!("/{kind}"), &prompt).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::CREATED, "{} {kind}", site.name);
            let made: Value = answer.json().await.unwrap();
            assert_eq!(made["status"], "completed", "{made}");
            assert_eq!(made["type"], kind);
            assert_eq!(made["title"], "Todo app with due dates");
            assert_eq!(made["progress"], 100);
            assert!(made["completedAt"].is_string());
            assert_eq!(made["metadata"]["validation"]["ok"], true, "{}", made["metadata"]);
            assert_eq!(made["metadata"]["routing"]["choice"], "explicit");
            assert!(made["metadata"]["usage"]["outputTokens"].as_u64().unwrap() > 10);
            let id = made["id"].as_str().unwrap();
            let file = made["metadata"]["files"][0]["path"].as_str().unwrap();
            let raw = site.get(&ana, &format!("/history/{id}/files/{file}")).await;
            assert_eq!(raw.headers()["x-content-type-options"], "nosniff");
            assert!(raw.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
            let raw = raw.text().await.unwrap();
            assert_eq!(raw.len() as u64, made["metadata"]["files"][0]["bytes"].as_u64().unwrap());
            assert!(made["result"].as_str().unwrap().contains(&raw));
            let zip = site.get(&ana, &format!("/history/{id}/archive")).await;
            assert_eq!(zip.headers()["content-type"], "application/zip");
            assert!(zip.bytes().await.unwrap().starts_with(b"PK"));
        }
    }
}

#[tokio::test]
async fn a_streaming_client_gets_every_event_and_the_deltas_are_the_result() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "words", "model": "tokens:200+speed:2000"});
        let answer =
            site.post(&ana, "/code", &body).header("Accept", "text/event-stream").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let events = sse::parse(&answer.text().await.unwrap());
        let (text, last) = text_of(&events);
        assert!(text.contains("w200"), "{}", site.name);
        let id = last["generationId"].as_str().unwrap();
        let kept: Value = site.get(&ana, &format!("/history/{id}")).await.json().await.unwrap();
        assert_eq!(kept["result"], text);
    }
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_exactly_what_it_missed() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "w", "model": "tokens:300+speed:300"})).await;
        // The first reader leaves in the middle.
        let answer = site.get(&ana, &format!("/history/{id}/events")).await;
        let mut stream = answer.bytes_stream();
        let mut seen = String::new();
        while sse::parse(&seen).len() < 20 {
            seen.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
        drop(stream);
        let whole = seen.rfind("\n\n").unwrap();
        let mut events = sse::parse(&seen[..whole + 2]);
        let rest = site.events(&ana, &id, Some(&events.last().unwrap().id.clone())).await;
        events.extend(rest);
        let (text, last) = text_of(&events);
        assert!(text.ends_with("w300") || text.contains("w300"), "{}", site.name);
        let end = events.last().unwrap().id.clone();
        assert!(site.events(&ana, &id, Some(&end)).await.is_empty(), "204 at the last position");
        for unknown in ["1-99999999", "7-1", "nonsense", "1--2"] {
            let alone = site.events(&ana, &id, Some(unknown)).await;
            assert_eq!(alone.len(), 1, "{} {unknown}: the last event alone", site.name);
            assert_eq!(serde_json::from_str::<Value>(&alone[0].data).unwrap(), last);
        }
    }
}

#[tokio::test]
async fn every_fault_of_a_provider_ends_in_one_clear_failure() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let faults = [
            ("fault-500", "provider_error"),
            ("fault-429", "provider_busy"),
            ("fault-401", "provider_unauthorized"),
            ("fault-cut", "provider_error"),
            ("fault-eof", "provider_error"),
            ("fault-garbage", "provider_error"),
            ("fault-html", "provider_error"),
            ("fault-json-error", "provider_error"),
            ("fault-mid-error", "provider_error"),
            ("fault-hang", "provider_timeout"),
            ("fault-hang-first", "provider_timeout"),
            ("fault-empty", "empty_answer"),
            ("fault-length:forever", "truncated"),
            ("no-such-model", "model_unavailable"),
        ];
        // At once, since most of them are waits.
        futures::future::join_all(faults.map(async |(model, code)| {
            let id = site.begin(&ana, "code", json!({"prompt": model, "model": model})).await;
            let events = site.events(&ana, &id, None).await;
            let (text, last) = text_of(&events);
            let kept: Value = site.get(&ana, &format!("/history/{id}")).await.json().await.unwrap();
            assert_eq!(last["error"]["code"], code, "{} {model}", site.name);
            assert_eq!(kept["status"], "failed", "{} {model}", site.name);
            assert_eq!(kept["error"], last["error"]);
            assert_eq!(kept["result"], text, "{} {model}: what was written is kept", site.name);
            assert!(kept["completedAt"].is_string());
        }))
        .await;
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_tried_again_without_a_seam() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for (model, attempts) in
            [("fault-500-once", 1), ("fault-429-once", 1), ("fault-cut-once", 2), ("fault-length", 1)]
        {
            let id = site
                .begin(
                    &ana,
                    "code",
                    json!({"prompt": "a function that makes slugs", "model": format!("{model}+speed:4000")}),
                )
                .await;
            let (text, last) = text_of(&site.events(&ana, &id, None).await);
            assert_eq!(last["metadata"]["attempts"], attempts, "{} {model} {last}", site.name);
            let plain = site
                .begin(&ana, "code", json!({"prompt": "a function that makes slugs", "model": "speed-max"}))
                .await;
            let plain = site.ended(&ana, &plain).await;
            assert_eq!(plain["result"], text, "{} {model}: as if nothing had happened", site.name);
        }
    }
}

#[tokio::test]
async fn cancel_stops_the_provider_and_keeps_the_text() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "w", "model": "tokens:5000+speed:50"})).await;
        let mut stream = site.get(&ana, &format!("/history/{id}/events")).await.bytes_stream();
        let mut seen = String::new();
        while sse::parse(&seen).len() < 5 {
            seen.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
        assert_eq!(site.model.open_streams(), 1);
        let answer = site.post(&ana, &format!("/history/{id}/cancel"), &json!({})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let events = site.events(&ana, &id, None).await;
        let (text, _) = text_of(&events);
        assert_eq!(events.last().unwrap().name, "cancelled");
        let kept: Value = site.get(&ana, &format!("/history/{id}")).await.json().await.unwrap();
        assert_eq!(
            (kept["status"].as_str(), kept["result"].as_str()),
            (Some("cancelled"), Some(text.as_str()))
        );
        while site.model.open_streams() > 0 {
            tokio::task::yield_now().await;
        }
        let again = site.post(&ana, &format!("/history/{id}/cancel"), &json!({})).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::CONFLICT);
    }
}

#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let id = site.begin(&ana, "code", json!({"prompt": "a slug", "model": "speed-max"})).await;
        site.ended(&ana, &id).await;
        for path in ["", "/events", "/files", "/versions", "/archive"] {
            let answer = site.get(&ben, &format!("/history/{id}{path}")).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{} {path}", site.name);
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
        for action in ["cancel", "regenerate"] {
            let answer =
                site.post(&ben, &format!("/history/{id}/{action}"), &json!({})).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        }
        let list: Value = site.get(&ben, "/history").await.json().await.unwrap();
        assert_eq!(list, json!({"items": [], "nextCursor": null}));
        let stolen = site.post(&ben, "/code", &json!({"prompt": "x", "parentId": id})).send().await.unwrap();
        assert_eq!(stolen.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn history_is_listed_newest_first_narrowed_and_paged() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let mut ids = Vec::new();
        for (number, bird) in ["owl", "heron", "avocet", "Émeu", "wren"].into_iter().enumerate() {
            let kind = if number % 2 == 0 { "code" } else { "cli" };
            let id = site
                .begin(&ana, kind, json!({"prompt": format!("thing 100% {bird}"), "model": "speed-max"}))
                .await;
            site.ended(&ana, &id).await;
            ids.push(id);
        }
        ids.reverse();
        let list = async |query: &str| -> (Vec<String>, Value) {
            let page: Value = site.get(&ana, &format!("/history{query}")).await.json().await.unwrap();
            let of = |item: &Value| {
                assert!(item.get("result").is_none(), "a list has no results");
                item["id"].as_str().unwrap().to_owned()
            };
            (page["items"].as_array().unwrap().iter().map(of).collect(), page["nextCursor"].clone())
        };
        assert_eq!(list("").await.0, ids);
        assert_eq!(list("?type=cli").await.0.len(), 2);
        assert_eq!(
            list("?q=100%25%20%C3%A9me").await.0,
            [ids[1].clone()],
            "words by their beginnings, in any case"
        );
        assert_eq!(list("?q=owl%20heron").await.0.len(), 0, "all words are asked for");
        assert_eq!(list("?status=failed").await.0.len(), 0);
        let (first, cursor) = list("?limit=2").await;
        let (second, cursor) = list(&format!("?limit=2&cursor={}", cursor.as_str().unwrap())).await;
        let (third, end) = list(&format!("?limit=2&cursor={}", cursor.as_str().unwrap())).await;
        assert_eq!([first, second, third].concat(), ids);
        assert!(end.is_null());
        for bad in ["?limit=0", "?limit=101", "?limit=x", "?cursor=forged", "?type=song", "?status=x"] {
            let answer = site.get(&ana, &format!("/history{bad}")).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
        let star = site
            .http
            .patch(format!("{}/history/{}", site.url, ids[0]))
            .bearer_auth(&ana.token)
            .json(&json!({"starred": true, "title": "Mine"}))
            .send()
            .await
            .unwrap();
        assert_eq!(star.json::<Value>().await.unwrap()["title"], "Mine");
        assert_eq!(list("?starred=true").await.0, [ids[0].clone()]);
        let gone = site.http.delete(format!("{}/history/{}", site.url, ids[0])).bearer_auth(&ana.token);
        assert_eq!(gone.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!(list("").await.0, ids[1..]);
    }
}

#[tokio::test]
async fn the_same_key_starts_one_generation() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "a slug", "model": "speed-max"});
        let send = || async {
            let answer =
                site.post(&ana, "/code", &body).header("Idempotency-Key", "k1").send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::CREATED);
            answer.json::<Value>().await.unwrap()["id"].clone()
        };
        let (one, two, three) = tokio::join!(send(), send(), send());
        assert!(one == two && two == three, "{}", site.name);
        assert_eq!(site.model.calls(), 1);
        let other = json!({"prompt": "another", "model": "speed-max"});
        let reused = site.post(&ana, "/code", &other).header("Idempotency-Key", "k1").send().await.unwrap();
        assert_eq!(reused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(reused.json::<Value>().await.unwrap()["code"], "idempotency_key_reused");
    }
}

#[tokio::test]
async fn a_follow_up_shows_the_model_what_was_there() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let first = site.begin(&ana, "ui", json!({"prompt": "a todo app", "model": "speed-max"})).await;
        let made = site.ended(&ana, &first).await;
        let next = site
            .begin(&ana, "ui", json!({"prompt": "add a priority", "parentId": first, "model": "speed-max"}))
            .await;
        site.ended(&ana, &next).await;
        let asked = site.model.requests().last().unwrap().clone();
        let said: Vec<_> =
            asked["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
        assert_eq!(said, ["system", "user", "assistant", "user"]);
        assert_eq!(asked["messages"][2]["content"], made["result"]);
        let versions: Value =
            site.get(&ana, &format!("/history/{next}/versions")).await.json().await.unwrap();
        let line: Vec<_> =
            versions["items"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap()).collect();
        assert_eq!(line, [first.as_str(), next.as_str()]);
        let again =
            site.post(&ana, &format!("/history/{first}/regenerate"), &json!({})).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::ACCEPTED);
        assert_eq!(again.json::<Value>().await.unwrap()["parentId"], first.as_str());
    }
}

#[tokio::test]
async fn bad_requests_are_answered_and_nothing_is_kept() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for (body, field) in [
            (json!({"prompt": ""}), "prompt"),
            (json!({"prompt": "x".repeat(32_001)}), "prompt"),
            (json!({"prompt": "a\u{0}b"}), "prompt"),
            (json!({"prompt": "x", "temperature": 3}), "temperature"),
            (json!({"prompt": "x", "admin": true}), "admin"),
            (json!({"prompt": "x", "parentId": "nonsense"}), "parentId"),
            (json!({"prompt": 7}), "prompt"),
            (json!({}), "prompt"),
        ] {
            let answer = site.post(&ana, "/ui", &body).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{} {field}", site.name);
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
        let raw = |bytes: &'static [u8]| {
            let url = format!("{}/ui", site.url);
            site.http
                .post(url)
                .bearer_auth(&ana.token)
                .header("content-type", "application/json")
                .body(bytes)
                .send()
        };
        assert_eq!(raw(b"{\"prompt\": \"\xff\"}").await.unwrap().status(), StatusCode::BAD_REQUEST);
        assert_eq!(raw(b"not json").await.unwrap().status(), StatusCode::BAD_REQUEST);
        let unknown = site.post(&ana, "/song", &json!({"prompt": "x"})).send().await.unwrap();
        assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
        let nobody =
            site.http.post(format!("{}/ui", site.url)).json(&json!({"prompt": "x"})).send().await.unwrap();
        assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
        let list: Value = site.get(&ana, "/history").await.json().await.unwrap();
        assert_eq!(list["items"], json!([]), "{}", site.name);
    }
}

#[tokio::test]
async fn health_and_documents_are_public() {
    for site in sites().await {
        let get = |path: &str| site.http.get(format!("{}{path}", site.url)).send();
        let health: Value = get("/health").await.unwrap().json().await.unwrap();
        assert_eq!(health["status"], "healthy", "{} {health}", site.name);
        assert_eq!(health["service"], "generation-service");
        assert_eq!(health["dependencies"]["database"], "healthy");
        for path in ["/health/live", "/health/ready", "/openapi.json", "/docs", "/capabilities"] {
            assert_eq!(get(path).await.unwrap().status(), StatusCode::OK, "{path}");
        }
        let document: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert!(document["paths"]["/ui"]["post"].is_object());
    }
}
