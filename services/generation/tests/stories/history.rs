//! The history: searching, marking, versions by hand, links, archives and forgetting.

use std::io::Read;

use aether_boot::Deps;
use aether_common::{
    clock::ManualClock,
    event::Happening,
    id::GenerationId,
    model::generation::{Kind, Metadata},
};
use aether_generation::retention;
use aether_store::{edits, generations, shares, texts};
use aether_testkit::{Person, backends};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::site::{Site, sites};

/// A generation that has completed.
async fn made(site: &Site, who: &Person, kind: &str, prompt: &str) -> Value {
    let answer = site
        .post(who, &format!("/{kind}"), &json!({"prompt": prompt, "model": "speed-max"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", site.name);
    let made: Value = answer.json().await.unwrap();
    assert_eq!(made["status"], "completed", "{made}");
    made
}

async fn call(site: &Site, who: &Person, method: &str, path: &str, body: Option<Value>) -> Response {
    let method: reqwest::Method = method.parse().unwrap();
    let mut request = site.http.request(method, format!("{}{path}", site.url)).bearer_auth(&who.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

async fn put(site: &Site, who: &Person, id: &str, path: &str, body: impl Into<reqwest::Body>) -> Response {
    site.http
        .put(format!("{}/history/{id}/files/{path}", site.url))
        .bearer_auth(&who.token)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn ids(site: &Site, who: &Person, query: &str) -> Vec<String> {
    let page: Value = site.get(who, &format!("/history?{query}")).await.json().await.unwrap();
    assert!(page["items"].is_array(), "{} {query}: {page}", site.name);
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_search_goes_with_every_other_filter() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let todo =
            made(&site, &ana, "ui", "a todo app with due dates").await["id"].as_str().unwrap().to_owned();
        let timer = made(&site, &ana, "code", "a kitchen timer").await["id"].as_str().unwrap().to_owned();
        made(&site, &ben, "ui", "a todo app").await;
        assert_eq!(ids(&site, &ana, "q=TODO").await, [todo.as_str()], "{}", site.name);
        assert_eq!(ids(&site, &ana, "q=due%20app").await, [todo.as_str()]);
        assert_eq!(
            ids(&site, &ana, "q=useState&type=ui").await,
            [todo.as_str()],
            "words of the result are found"
        );
        assert_eq!(ids(&site, &ana, "q=kitchen&type=ui").await, [] as [&str; 0]);
        for q in ["%2A", "%22", "%28%28%28", "%26%7C%21%3A%2A", "%5C"] {
            assert_eq!(ids(&site, &ana, &format!("q={q}")).await, [] as [&str; 0], "{} {q}", site.name);
        }
        let answer = call(
            &site,
            &ana,
            "PATCH",
            &format!("/history/{timer}"),
            Some(json!({"starred": true, "title": "Egg clock"})),
        )
        .await;
        assert_eq!(answer.status(), StatusCode::OK);
        let changed: Value = answer.json().await.unwrap();
        assert_eq!((&changed["title"], &changed["starred"]), (&json!("Egg clock"), &json!(true)));
        assert_eq!(ids(&site, &ana, "q=egg&starred=true&status=completed&type=code").await, [timer.as_str()]);
        assert_eq!(ids(&site, &ana, "q=egg&starred=false").await, [] as [&str; 0]);
        assert_eq!(ids(&site, &ana, "starred=true").await, [timer.as_str()]);
        for bad in
            ["q=%00", &format!("q={}", "x".repeat(201)), "type=song", "starred=yes", "limit=0", "cursor=x"]
        {
            assert_eq!(
                site.get(&ana, &format!("/history?{bad}")).await.status(),
                StatusCode::UNPROCESSABLE_ENTITY,
                "{bad}"
            );
        }
        let hers =
            call(&site, &ben, "PATCH", &format!("/history/{timer}"), Some(json!({"starred": false}))).await;
        assert_eq!(hers.status(), StatusCode::NOT_FOUND);
        let page: Value = site.get(&ana, "/history?limit=1&q=a").await.json().await.unwrap();
        let cursor = page["nextCursor"].as_str().unwrap();
        made(&site, &ana, "code", "a newer one").await;
        assert_eq!(ids(&site, &ana, &format!("limit=1&q=a&cursor={cursor}")).await, [todo]);
    }
}

#[tokio::test]
async fn a_file_put_by_hand_is_a_new_version() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let first = made(&site, &ana, "ui", "a todo app").await;
        let id = first["id"].as_str().unwrap();
        let path = first["metadata"]["files"][0]["path"].as_str().unwrap();
        let content = "export default function App() { return <p>mine ```` ~~~</p> }\n";
        let answer = put(&site, &ana, id, path, content).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{}", site.name);
        let new: Value = answer.json().await.unwrap();
        let edited = new["id"].as_str().unwrap();
        assert_eq!(new["parentId"], id);
        assert_eq!(
            (&new["status"], &new["type"], &new["model"]),
            (&json!("completed"), &json!("ui"), &Value::Null)
        );
        assert_eq!(new["prompt"], format!("Edit {path}"));
        assert_eq!(new["metadata"]["costUsd"], 0.0);
        assert_eq!(
            new["metadata"]["files"].as_array().unwrap().len(),
            first["metadata"]["files"].as_array().unwrap().len()
        );
        let kept = site.get(&ana, &format!("/history/{edited}/files/{path}")).await.text().await.unwrap();
        assert_eq!(kept, content, "{}", site.name);
        let old: Value = site.get(&ana, &format!("/history/{id}")).await.json().await.unwrap();
        assert_eq!(old["result"], first["result"], "the version before stays as it is");
        let events = site.events(&ana, edited, None).await;
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].name.as_str(), events[0].id.as_str()), ("complete", "1-1"));
        assert!(site.events(&ana, edited, Some("1-1")).await.is_empty());
        let versions: Value =
            site.get(&ana, &format!("/history/{edited}/versions")).await.json().await.unwrap();
        let line: Vec<_> =
            versions["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(line, [id, edited]);
        let added = put(&site, &ana, edited, "src/n%C3%A9w%20file.ts", "export const a = 1").await;
        assert_eq!(added.status(), StatusCode::CREATED);
        let added: Value = added.json().await.unwrap();
        let files = added["metadata"]["files"].as_array().unwrap();
        assert!(files.iter().any(|file| file["path"] == "src/néw file.ts"), "{files:?}");
        assert_eq!(ids(&site, &ana, "q=mine").await.len(), 2, "a version by hand is searched too");
        for bad in ["..%2Fx", "%2Fetc%2Fx", "C:%5Cx", "CON", "a%2F..%2Fb"] {
            let refused = put(&site, &ana, id, bad, "x").await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{} {bad}", site.name);
        }
        assert_eq!(put(&site, &ana, id, path, &b"\xff"[..]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(put(&site, &ana, id, path, "a\0b").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let large = put(&site, &ana, id, path, vec![b'x'; 1024 * 1024 + 1]).await;
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(put(&site, &ben, id, path, "x").await.status(), StatusCode::NOT_FOUND);
        let running =
            site.begin(&ana, "ui", json!({"prompt": "words", "model": "tokens:5000+speed:100"})).await;
        assert_eq!(
            put(&site, &ana, &running, path, "x").await.status(),
            StatusCode::CONFLICT,
            "{}",
            site.name
        );
        let share = call(&site, &ana, "POST", &format!("/history/{running}/share"), None).await;
        assert_eq!(share.status(), StatusCode::CONFLICT, "nor can it be shared yet");
        call(&site, &ana, "POST", &format!("/history/{running}/cancel"), None).await;
    }
}

#[tokio::test]
async fn a_link_shows_the_work_until_it_is_ended() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let first = made(&site, &ana, "ui", "a todo app").await;
        let id = first["id"].as_str().unwrap();
        let share = format!("/history/{id}/share");
        let link = async || -> Value {
            let answer = call(&site, &ana, "POST", &share, None).await;
            assert_eq!(answer.status(), StatusCode::CREATED, "{}", site.name);
            answer.json().await.unwrap()
        };
        let one = link().await;
        assert_eq!(one, link().await, "{}: the same link until it is ended", site.name);
        let token = one["token"].as_str().unwrap();
        assert_eq!(token.len(), 43);
        assert_eq!(one["url"], format!("{}/s/{token}", site.backend.deps.settings.public_url));
        assert_eq!(call(&site, &ben, "POST", &share, None).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(call(&site, &ben, "DELETE", &share, None).await.status(), StatusCode::NOT_FOUND);
        let look = |path: String| site.http.get(format!("{}/shared/{path}", site.url)).send();
        let shown = look(token.into()).await.unwrap();
        assert_eq!(shown.status(), StatusCode::OK);
        assert_eq!(shown.headers()["cache-control"], "no-store");
        assert_eq!(shown.headers()["referrer-policy"], "no-referrer");
        assert!(shown.headers()["x-robots-tag"].to_str().unwrap().contains("noindex"));
        let shown: Value = shown.json().await.unwrap();
        let mut fields: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = [
            "completedAt",
            "createdAt",
            "files",
            "language",
            "model",
            "prompt",
            "result",
            "title",
            "type",
            "validation",
        ];
        assert_eq!(fields, expected);
        assert_eq!(shown["result"], first["result"]);
        let path = shown["files"][0]["path"].as_str().unwrap();
        let file = look(format!("{token}/files/{path}")).await.unwrap().text().await.unwrap();
        assert_eq!(file.len() as u64, shown["files"][0]["bytes"].as_u64().unwrap());
        let archive = look(format!("{token}/archive?format=tar.gz")).await.unwrap();
        assert_eq!(archive.headers()["content-type"], "application/gzip");
        assert!(archive.headers()["x-robots-tag"].to_str().unwrap().contains("noindex"));
        let dead = async |token: &str| {
            let answer = look(token.into()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{} {token}", site.name);
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let mut problem: Value = answer.json().await.unwrap();
            problem["traceId"] = Value::Null;
            problem
        };
        let unknown = dead(&"A".repeat(43)).await;
        for odd in ["x", "..%2f", &"x".repeat(5_000)] {
            dead(odd).await;
        }
        assert_eq!(call(&site, &ana, "DELETE", &share, None).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(dead(token).await, unknown, "a dead link and one that never was cannot be told apart");
        assert_eq!(call(&site, &ana, "DELETE", &share, None).await.status(), StatusCode::NO_CONTENT);
        let again = link().await;
        assert_ne!(again["token"], token, "{}: an ended link never comes back", site.name);
        assert_eq!(
            call(&site, &ana, "DELETE", &format!("/history/{id}"), None).await.status(),
            StatusCode::NO_CONTENT
        );
        dead(again["token"].as_str().unwrap()).await;
    }
}

#[tokio::test]
async fn an_archive_is_whole_in_both_forms_and_others_are_refused() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let first = made(&site, &ana, "ui", "a todo app").await;
        let id = first["id"].as_str().unwrap();
        put(&site, &ana, id, "x", "y").await;
        let files = first["metadata"]["files"].as_array().unwrap();
        let zip = site.get(&ana, &format!("/history/{id}/archive")).await;
        assert!(zip.headers()["content-disposition"].to_str().unwrap().contains(".zip"), "{}", site.name);
        let bytes = zip.bytes().await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.zip"), &bytes).unwrap();
        // As people unpack it: a program that reads the archive's directory, and one more that checks it.
        let tested = std::process::Command::new("python3")
            .args(["-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print('\\n'.join(z.namelist()))"])
            .arg(dir.path().join("a.zip"))
            .output()
            .unwrap();
        assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
        let names = String::from_utf8(tested.stdout).unwrap();
        let expected: Vec<&str> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
        assert_eq!(names.lines().collect::<Vec<_>>(), expected);
        let tarred = site.get(&ana, &format!("/history/{id}/archive?format=tar.gz")).await;
        assert!(tarred.headers()["content-disposition"].to_str().unwrap().contains(".tar.gz"));
        let tarred = tarred.bytes().await.unwrap();
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&tarred[..]));
        for (entry, file) in tar.entries().unwrap().zip(files) {
            let mut entry = entry.unwrap();
            assert_eq!(entry.path().unwrap().to_str().unwrap(), file["path"]);
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            assert_eq!(text.len() as u64, file["bytes"].as_u64().unwrap());
        }
        for bad in ["rar", "", "tar.gz%00"] {
            let refused = site.get(&ana, &format!("/history/{id}/archive?format={bad}")).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        }
    }
}

#[tokio::test]
async fn what_is_older_than_the_setting_is_forgotten_unless_it_is_starred_or_shared() {
    let start: DateTime<Utc> = "2030-01-01T00:00:00Z".parse().unwrap();
    for backend in backends([("AETHER_RETENTION_DAYS", "30")]).await {
        let name = backend.name;
        let clock = ManualClock::new(start);
        let backend = backend.with_clock(&clock);
        let people = aether_testkit::People::new(&backend.deps);
        let ana = people.join("Ana").await;
        let old = keep(&backend.deps, &ana, 205).await;
        let (starred, shared) = (old[0], old[1]);
        let mut tx = backend.deps.store.begin().await.unwrap();
        generations::update(&mut tx, starred, None, Some(true)).await.unwrap();
        let share =
            shares::NewShare { generation_id: shared, token_hash: b"h", seed: b"s", created_at: start };
        shares::create(&mut tx, &share).await.unwrap();
        tx.save().await.unwrap();
        clock.advance(TimeDelta::days(29));
        let young = keep(&backend.deps, &ana, 1).await[0];
        assert_eq!(retention::sweep(&backend.deps).await.unwrap(), 0, "{name}");
        clock.advance(TimeDelta::days(2));
        let other = backend.deps.clone();
        let (one, two) = tokio::join!(retention::sweep(&backend.deps), retention::sweep(&other));
        assert_eq!(one.unwrap() + two.unwrap(), 203, "{name}: two processes, each row once");
        let mut db = backend.deps.store.conn().await.unwrap();
        let filter = generations::Filter::default();
        let left = generations::list(&mut db, ana.id, &filter, None, 100).await.unwrap();
        let mut left: Vec<_> = left.into_iter().map(|row| row.id).collect();
        left.sort_unstable();
        let mut expected = vec![starred, shared, young];
        expected.sort_unstable();
        assert_eq!(left, expected, "{name}");
    }
    for backend in backends([]).await {
        let people = aether_testkit::People::new(&backend.deps);
        keep(&backend.deps, &people.join("Ana").await, 1).await;
        assert_eq!(
            retention::sweep(&backend.deps).await.unwrap(),
            0,
            "{}: without the setting, never",
            backend.name
        );
    }
}

#[tokio::test]
async fn a_long_result_moves_out_of_its_row_and_reads_as_before() {
    let text = format!("Words at its head. {}{}", "é".repeat(200_000), " tail");
    for backend in backends([("AETHER_RETENTION_DAYS", "30")]).await {
        let name = backend.name;
        let clock = ManualClock::new("2030-01-01T00:00:00Z".parse().unwrap());
        let backend = backend.with_clock(&clock);
        let (deps, store, objects) = (&backend.deps, &backend.deps.store, &backend.deps.objects);
        let ana = aether_testkit::People::new(deps).join("Ana").await;
        let mut long = Vec::new();
        for _ in 0..3 {
            long.push(row(deps, &ana, None, &text).await);
        }
        row(deps, &ana, None, &"x".repeat(256 * 1024)).await;
        let (one, two) = tokio::join!(retention::put_away(deps), retention::put_away(deps));
        assert_eq!(one.unwrap() + two.unwrap(), 3, "{name}: two processes, each row once");
        let key = |id| format!("results/{id}");
        let mut db = store.conn().await.unwrap();
        for id in &long {
            assert_eq!(objects.get(&key(*id)).await.unwrap().unwrap(), text.as_bytes(), "{name}");
            let kept = generations::find(&mut db, ana.id, *id).await.unwrap().unwrap();
            assert_eq!(kept.result.as_deref(), Some(text.as_str()), "{name}");
            let (answer, _) = generations::find_answer(&mut db, *id).await.unwrap().unwrap();
            assert_eq!(answer, text, "{name}");
            let last = generations::find_last_event(&mut db, *id).await.unwrap().unwrap();
            assert!(matches!(last.happening, Happening::Complete { result, .. } if result == text), "{name}");
        }
        let mut tx = store.begin().await.unwrap();
        generations::update(&mut tx, long[0], Some("Renamed"), None).await.unwrap();
        tx.save().await.unwrap();
        let filter =
            generations::Filter { text: Some("renamed head".into()), ..generations::Filter::default() };
        assert_eq!(generations::list(&mut db, ana.id, &filter, None, 9).await.unwrap().len(), 1, "{name}");
        assert!(texts::delete(store, long[0]).await.unwrap(), "{name}");
        assert_eq!(objects.get(&key(long[0])).await.unwrap(), None, "{name}: its object goes with it");
        objects.put(&key(deps.ids.mint()), b"nobody's".to_vec()).await.unwrap();
        assert_eq!(retention::sweep_orphans(deps).await.unwrap(), 1, "{name}");
        // Without its object it is not half a text that is told, but none.
        objects.delete(&key(long[1])).await.unwrap();
        assert!(generations::find(&mut db, ana.id, long[1]).await.is_err(), "{name}");
        // A line of versions is told without any of their texts.
        let line = generations::list_versions(&mut db, ana.id, long[1], 9).await.unwrap();
        assert!(line.last().is_some_and(|one| one.id == long[1] && one.result.is_none()), "{name}");
        clock.advance(TimeDelta::days(31));
        assert_eq!(retention::sweep(deps).await.unwrap(), 3, "{name}");
        assert_eq!(objects.get(&key(long[2])).await.unwrap(), None, "{name}");
    }
}

/// Completed generations, now.
async fn keep(deps: &Deps, who: &Person, count: usize) -> Vec<GenerationId> {
    let parent = row(deps, who, None, "r").await;
    let mut made = vec![parent];
    for _ in 1..count {
        made.push(row(deps, who, Some(parent), "r").await);
    }
    made
}

async fn row(deps: &Deps, who: &Person, parent: Option<GenerationId>, result: &str) -> GenerationId {
    let id = deps.ids.mint();
    let metadata = Metadata::default();
    let new = edits::NewEdit {
        id,
        user_id: who.id,
        kind: Kind::Code,
        title: "T",
        prompt: "p",
        result,
        language: None,
        parent_id: parent.unwrap_or(id),
        room_id: None,
        metadata: &metadata,
        at: deps.clock.now(),
    };
    let mut tx = deps.store.begin().await.unwrap();
    edits::create(&mut tx, &new).await.unwrap();
    tx.save().await.unwrap();
    id
}
