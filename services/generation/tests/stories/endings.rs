//! Every generation ends once and tells its whole text, whatever becomes of its journal, its provider or itself meanwhile.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aether_bus::Topic;
use aether_common::{
    id::GenerationId,
    model::{generation::Usage, room::RoomRole},
    notice::Notice,
};
use aether_generation::provider::{Chunk, Chunks, Finish};
use aether_store::rooms;
use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::site::{Setup, scripted, sites, sites_with, text_of};

const WHOLE: &str = "Here.\n\n```python path=main.py\nprint(1)\n```\n";

fn pieces(pieces: Vec<Chunk>) -> Chunks {
    stream::iter(pieces.into_iter().map(Ok)).boxed()
}

fn said(text: &str) -> Chunk {
    Chunk::Text(text.into())
}

#[tokio::test]
async fn who_follows_a_generation_that_is_deleted_is_told_its_end_at_once() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "a function that makes slugs", "model": "speed:120"});
        let maker = site.begin(&ana, "code", body.clone()).await;
        site.first_delta(&ana, &maker).await;
        let equal = site.begin(&ana, "code", body).await;
        site.first_delta(&ana, &equal).await;
        let deleting = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let url = format!("{}/history/{maker}", site.url);
            let answer = site.http.delete(url).bearer_auth(&ana.token).send().await.unwrap();
            assert_eq!(answer.status(), 204, "{}", site.name);
        };
        let told = async { tokio::join!(site.events(&ana, &maker, None), deleting).0 };
        let told = tokio::time::timeout(Duration::from_secs(3), told).await;
        let told = told.unwrap_or_else(|_| panic!("{}: the reader hangs", site.name));
        text_of(&told);
        assert_eq!(told.last().unwrap().name, "cancelled", "{}", site.name);
        // An equal request that followed it makes the answer for itself.
        let other = tokio::time::timeout(Duration::from_secs(20), site.events(&ana, &equal, None)).await;
        let other = other.unwrap_or_else(|_| panic!("{}: the follower hangs", site.name));
        assert_eq!(text_of(&other).1["metadata"]["cached"], false, "{}", site.name);
    }
}

#[tokio::test]
async fn a_character_that_no_database_keeps_does_not_keep_a_generation_from_its_end() {
    let script = |_: &_| -> Box<dyn Fn(&_) -> Chunks + Send + Sync> {
        Box::new(|_| pieces(vec![said("a\0b"), said(WHOLE), Chunk::Finish(Finish::Stop)]))
    };
    for site in scripted(script).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "p"})).await;
        let told = tokio::time::timeout(Duration::from_secs(5), site.events(&ana, &id, None)).await;
        let (text, last) = text_of(&told.unwrap_or_else(|_| panic!("{}: no end", site.name)));
        assert_eq!(text, format!("a\u{fffd}b{WHOLE}"), "{}", site.name);
        assert_eq!(last["result"], text, "{}", site.name);
    }
}

#[tokio::test]
async fn an_answer_is_whole_when_its_reason_is_told_though_the_provider_never_hangs_up() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let script = move |_: &_| -> Box<dyn Fn(&_) -> Chunks + Send + Sync> {
        let calls = calls.clone();
        Box::new(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            pieces(vec![said(WHOLE), Chunk::Finish(Finish::Stop)]).chain(stream::pending()).boxed()
        })
    };
    for site in scripted(script).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "p"})).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["status"], "completed", "{} {made}", site.name);
        assert_eq!(
            (count.swap(0, Ordering::Relaxed), made["result"].as_str()),
            (1, Some(WHOLE)),
            "{}",
            site.name
        );
    }
}

#[tokio::test]
async fn that_the_text_is_whole_is_kept_before_the_provider_has_counted_it() {
    let counted = Arc::new(tokio::sync::Notify::new());
    let gate = counted.clone();
    let script = move |_: &_| -> Box<dyn Fn(&_) -> Chunks + Send + Sync> {
        let counted = counted.clone();
        Box::new(move |_| {
            let counted = counted.clone();
            let count = async move {
                counted.notified().await;
                Ok(Chunk::Usage(Usage { input_tokens: 5, output_tokens: 77 }))
            };
            pieces(vec![said(WHOLE), Chunk::Finish(Finish::Stop)]).chain(stream::once(count)).boxed()
        })
    };
    for site in scripted(script).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "p"})).await;
        let mut events = site.get(&ana, &format!("/history/{id}/events")).await.bytes_stream();
        let mut seen = String::new();
        while !seen.contains("validating") {
            seen.push_str(std::str::from_utf8(&events.next().await.unwrap().unwrap()).unwrap());
        }
        // A worker that dies here is followed by one that needs no call. This one lives, and gets the count.
        gate.notify_one();
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["metadata"]["usage"]["outputTokens"], 77, "{} {made}", site.name);
    }
}

#[tokio::test]
async fn a_journal_that_is_lost_after_the_last_word_is_told_again() {
    let id = Arc::new(Mutex::new(None::<GenerationId>));
    let known = id.clone();
    let script = move |backend: &aether_testkit::Backend| -> Box<dyn Fn(&_) -> Chunks + Send + Sync> {
        let (bus, id) = (backend.deps.bus.clone(), id.clone());
        Box::new(move |_| {
            let (bus, id) = (bus.clone(), id.clone());
            let lost = async move {
                let id = loop {
                    if let Some(id) = id.lock().unwrap().take() {
                        break id;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                };
                bus.forget(id).await.unwrap();
                Ok(Chunk::Finish(Finish::Stop))
            };
            pieces(vec![said(WHOLE)]).chain(stream::once(lost)).boxed()
        })
    };
    for site in scripted(script).await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "p", "cache": false})).await;
        site.first_delta(&ana, &id).await;
        *known.lock().unwrap() = Some(id.parse().unwrap());
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["result"], WHOLE, "{} {made}", site.name);
        // Whoever comes now gets the text in deltas too.
        let (text, last) = text_of(&site.events(&ana, &id, None).await);
        assert_eq!((text.as_str(), &last["result"]), (WHOLE, &made["result"]), "{}", site.name);
    }
}

#[tokio::test]
async fn what_is_away_for_a_moment_fails_no_generation() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let form = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nnote\r\n--XX--\r\n";
        let kept: Value = site
            .http
            .post(format!("{}/uploads", site.url))
            .bearer_auth(&ana.token)
            .header("content-type", "multipart/form-data; boundary=XX")
            .body(form)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        // The object storage answers with errors.
        let folder = site.backend.deps.settings.data_dir.join("objects/uploads");
        let away = folder.with_extension("away");
        std::fs::rename(&folder, &away).unwrap();
        std::fs::write(&folder, "no folder").unwrap();
        let body = json!({"prompt": "a slug", "model": "speed-max", "uploadIds": [kept["id"]]});
        let id = site.begin(&ana, "code", body).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        std::fs::remove_file(&folder).unwrap();
        std::fs::rename(&away, &folder).unwrap();
        let made = site.ended(&ana, &id).await;
        assert_eq!(made["status"], "completed", "{} {}", site.name, made["error"]);
    }
}

#[tokio::test]
async fn what_was_stopped_before_it_began_is_made_anew_with_the_model_that_was_asked_for() {
    let setup = Setup { settings: &[("AETHER_JOBS_PER_USER", "1")], listed: Vec::new() };
    for site in sites_with(setup).await {
        let ana = site.people.join("Ana").await;
        let first = site.begin(&ana, "code", json!({"prompt": "a slug", "model": "speed:60"})).await;
        site.first_delta(&ana, &first).await;
        let waits = site.begin(&ana, "code", json!({"prompt": "a slug", "model": "speed-max"})).await;
        for id in [&waits, &first] {
            site.post(&ana, &format!("/history/{id}/cancel"), &json!({})).send().await.unwrap();
        }
        let anew = site.post(&ana, &format!("/history/{waits}/regenerate"), &json!({})).send().await.unwrap();
        let anew: Value = anew.json().await.unwrap();
        assert_eq!(anew["model"], "speed-max", "{}", site.name);
    }
}

#[tokio::test]
async fn who_has_left_the_room_makes_their_generation_anew_for_themselves() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let (store, room) = (&site.backend.deps.store, site.backend.deps.ids.mint());
        let now = site.backend.deps.clock.now();
        let mut tx = store.begin().await.unwrap();
        rooms::create(&mut tx, room, ana.id, "A room", now).await.unwrap();
        rooms::add_member(&mut tx, room, ben.id, RoomRole::Editor, now).await.unwrap();
        tx.save().await.unwrap();
        let body = json!({"prompt": "a slug", "model": "speed-max", "roomId": room});
        let first = site.begin(&ben, "code", body).await;
        assert_eq!(site.ended(&ben, &first).await["status"], "completed", "{}", site.name);
        let mut db = store.conn().await.unwrap();
        assert!(rooms::remove_member(&mut db, room, ben.id).await.unwrap());
        let anew = site.post(&ben, &format!("/history/{first}/regenerate"), &json!({})).send().await.unwrap();
        assert_eq!(anew.status(), 202, "{}", site.name);
        let anew: Value = anew.json().await.unwrap();
        assert_eq!((&anew["roomId"], &anew["parentId"]), (&Value::Null, &json!(first)), "{}", site.name);
        let gone = site.get(&ana, &format!("/history/{}", anew["id"].as_str().unwrap())).await;
        assert_eq!(gone.status(), 404, "{}: it is Ben's own", site.name);
    }
}

#[tokio::test]
async fn who_is_put_out_of_a_room_hears_no_more_of_what_is_made_there() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let deps = &site.backend.deps;
        let (store, room, now) = (&deps.store, deps.ids.mint(), deps.clock.now());
        let mut tx = store.begin().await.unwrap();
        rooms::create(&mut tx, room, ana.id, "A room", now).await.unwrap();
        rooms::add_member(&mut tx, room, ben.id, RoomRole::Viewer, now).await.unwrap();
        tx.save().await.unwrap();
        let body = json!({"prompt": "a function that makes slugs", "model": "speed:20", "roomId": room});
        let id = site.begin(&ana, "code", body).await;
        site.first_delta(&ben, &id).await;
        let putting_out = async {
            let mut db = store.conn().await.unwrap();
            assert!(rooms::remove_member(&mut db, room, ben.id).await.unwrap());
            let notice = Notice::MemberRemoved { room_id: room, user_id: ben.id };
            deps.bus.publish(&Topic::room(room), serde_json::to_vec(&notice).unwrap()).await.unwrap();
        };
        let reading = async {
            let mut stream = site.get(&ben, &format!("/history/{id}/events")).await.bytes_stream();
            stream.next().await.unwrap().unwrap();
            putting_out.await;
            while stream.next().await.is_some() {}
        };
        let heard = tokio::time::timeout(Duration::from_secs(3), reading).await;
        assert!(heard.is_ok(), "{}: Ben still reads", site.name);
        let still: Value = site.get(&ana, &format!("/history/{id}")).await.json().await.unwrap();
        assert_eq!(still["status"], "running", "{}: and not because it has ended", site.name);
    }
}

#[tokio::test]
async fn who_is_told_that_it_is_being_stopped_is_not_given_it_whole() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        // Stopped here and there, most of them in the last moment.
        let stopped = (0..40_u64).map(|number| {
            let (site, ana) = (&site, &ana);
            async move {
                let body = json!({"prompt": format!("words {number}"), "model": "tokens:30+speed:300"});
                let id = site.begin(ana, "code", body).await;
                let mut stream = site.get(ana, &format!("/history/{id}/events")).await.bytes_stream();
                let mut seen = 0;
                while seen < 15 + number / 2 {
                    let Some(piece) = stream.next().await else { break };
                    seen += String::from_utf8_lossy(&piece.unwrap()).matches("event:").count() as u64;
                }
                let answer =
                    site.post(ana, &format!("/history/{id}/cancel"), &json!({})).send().await.unwrap();
                let kept = site.ended(ana, &id).await;
                (answer.status(), kept["status"].as_str().unwrap().to_owned())
            }
        });
        let mut counts = (0, 0);
        for (answer, status) in futures::future::join_all(stopped).await {
            match answer {
                StatusCode::ACCEPTED => {
                    assert_eq!(status, "cancelled", "{}", site.name);
                    counts.0 += 1;
                }
                StatusCode::CONFLICT => {
                    assert_eq!(status, "completed", "{}", site.name);
                    counts.1 += 1;
                }
                other => panic!("{}: {other}", site.name),
            }
        }
        assert!(counts.0 > 0, "{}: {counts:?}", site.name);
    }
}
