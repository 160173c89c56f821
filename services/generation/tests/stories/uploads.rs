//! Files for the prompt's context: what is taken, what is refused, and for how long.

use aether_common::{clock::ManualClock, id::UploadId};
use aether_generation::uploads::Uploads;
use aether_testkit::{Person, backends};
use chrono::TimeDelta;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::site::{Site, sites};

/// A form as browsers send it.
fn form(parts: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, name, bytes) in parts {
        let head = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: text/plain\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}

async fn send(site: &Site, who: &Person, key: Option<&str>, body: Vec<u8>) -> Response {
    let mut request = site
        .http
        .post(format!("{}/uploads", site.url))
        .bearer_auth(&who.token)
        .header("content-type", "multipart/form-data; boundary=XX");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    request.body(body).send().await.unwrap()
}

async fn upload(site: &Site, who: &Person, name: &str, bytes: &[u8]) -> Response {
    send(site, who, None, form(&[("file", name, bytes)])).await
}

#[tokio::test]
async fn text_of_any_kind_is_taken_and_told_from_its_bytes() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for (name, bytes, media_type) in [
            ("notes.md", &b"# Notes"[..], "text/markdown"),
            ("data.bin", b"{\"a\": [1, 2]}", "application/json"),
            ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            ("../../main.rs", b"fn main() {}", "text/plain"),
        ] {
            let answer = upload(&site, &ana, name, bytes).await;
            assert_eq!(answer.status(), StatusCode::CREATED, "{} {name}", site.name);
            let kept: Value = answer.json().await.unwrap();
            assert_eq!(kept["mediaType"], media_type, "{kept}");
            assert_eq!(kept["bytes"], bytes.len());
            assert_eq!(kept["name"], name.rsplit('/').next().unwrap());
            assert!(kept["id"].as_str().unwrap().parse::<UploadId>().is_ok());
        }
        for bytes in
            [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], b"PK\x03\x04\0\0", b"%PDF-1.7\n1 0 obj", b"\x7fELF\0\0"]
        {
            let answer = upload(&site, &ana, "honest.txt", bytes).await;
            assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{}", site.name);
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "unsupported_upload");
            assert!(problem["detail"].as_str().unwrap().contains("Markdown"), "{problem}");
        }
    }
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_and_sizes_are_counted() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let status = async |body: Vec<u8>| send(&site, &ana, None, body).await.status();
        assert_eq!(status(form(&[])).await, StatusCode::UNPROCESSABLE_ENTITY, "{}", site.name);
        assert_eq!(status(form(&[("file", "a", b"")])).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(status(form(&[("other", "a", b"x")])).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            status(form(&[("file", "a", b"x"), ("file", "b", b"y")])).await,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(status(b"--XX\r\nbroken".to_vec()).await, StatusCode::BAD_REQUEST);
        assert_eq!(status(Vec::new()).await, StatusCode::BAD_REQUEST);
        let full = vec![b'x'; 10 * 1024 * 1024];
        assert_eq!(upload(&site, &ana, "full", &full).await.status(), StatusCode::CREATED, "{}", site.name);
        let more = vec![b'x'; 10 * 1024 * 1024 + 1];
        assert_eq!(upload(&site, &ana, "more", &more).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let json = site.post(&ana, "/uploads", &json!({"file": "x"})).send().await.unwrap();
        assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let nobody = site.http.post(format!("{}/uploads", site.url)).body(form(&[])).send().await.unwrap();
        assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
        // 10 MiB are kept: nine more are the bound.
        for n in 0..9 {
            assert_eq!(upload(&site, &ana, &format!("{n}"), &full).await.status(), StatusCode::CREATED);
        }
        let refused = upload(&site, &ana, "last", b"x").await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{}", site.name);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "upload_quota");
    }
}

#[tokio::test]
async fn the_same_key_and_file_are_one_upload() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let same = || form(&[("file", "a.txt", b"one")]);
        let twins = (0..8).map(|_| send(&site, &ana, Some("k"), same()));
        let mut ids = Vec::new();
        for answer in futures::future::join_all(twins).await {
            assert_eq!(answer.status(), StatusCode::CREATED, "{}", site.name);
            ids.push(answer.json::<Value>().await.unwrap()["id"].clone());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{}", site.name);
        let other = send(&site, &ana, Some("k"), form(&[("file", "a.txt", b"two")])).await;
        assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(other.json::<Value>().await.unwrap()["code"], "idempotency_key_reused");
        let hers = send(&site, &ben, Some("k"), form(&[("file", "a.txt", b"two")])).await;
        assert_eq!(hers.status(), StatusCode::CREATED, "a key is each user's own");
        let long = send(&site, &ana, Some(&"k".repeat(256)), same()).await;
        assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_prompt_names_its_own_uploads_alone() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let kept: Value = upload(&site, &ana, "a.txt", b"x").await.json().await.unwrap();
        let ask = |ids: Value| json!({"prompt": "a timer", "model": "speed-max", "uploadIds": ids});
        for (who, ids) in [
            (&ben, json!([kept["id"]])),
            (&ana, json!(["01a1fc3f-db7f-7518-b298-8b377348bf3d"])),
            (&ana, json!(vec![kept["id"].clone(); 11])),
            (&ana, json!(["nonsense"])),
        ] {
            let answer = site.post(who, "/ui", &ask(ids)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{}", site.name);
            let problem: Value = answer.json().await.unwrap();
            assert!(problem["errors"][0]["field"].as_str().unwrap().starts_with("uploadIds"), "{problem}");
        }
        let answer = site.post(&ana, "/ui", &ask(json!([kept["id"]]))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{}", site.name);
        let made: Value = answer.json().await.unwrap();
        let told = &made["metadata"]["context"]["uploads"][0];
        assert_eq!(told["name"], "a.txt", "{} {}", site.name, made["metadata"]);
    }
}

#[tokio::test]
async fn texts_are_cut_with_a_word_about_it_and_the_unused_expire_with_their_objects() {
    let clock = ManualClock::new("2030-01-01T00:00:00Z".parse().unwrap());
    for backend in backends([]).await {
        let name = backend.name;
        let backend = backend.with_clock(&clock);
        let people = aether_testkit::People::new(&backend.deps);
        let (ana, ben) = (people.join("Ana").await, people.join("Ben").await);
        let uploads = Uploads::new(backend.deps.clone());
        let long = "é".repeat(200_001);
        let used = uploads.keep(ana.id, "long.txt", long.into_bytes(), None).await.unwrap().id;
        let unused = uploads.keep(ana.id, "b.txt", b"\xEF\xBB\xBFshort".to_vec(), None).await.unwrap().id;
        let texts = uploads.texts(ana.id, &[unused, used]).await.unwrap();
        assert_eq!((texts[0].name.as_str(), texts[0].text.as_str()), ("b.txt", "short"), "{name}");
        assert!(texts[1].text.ends_with("[The rest of this file is left out: 1 characters.]"), "{name}");
        assert_eq!(uploads.texts(ben.id, &[used]).await.unwrap_err().status, 422, "{name}");
        clock.advance(TimeDelta::days(6));
        uploads.texts(ana.id, &[used]).await.unwrap();
        clock.advance(TimeDelta::days(2));
        assert_eq!(
            uploads.texts(ana.id, &[unused]).await.unwrap_err().status,
            422,
            "{name}: expired at once"
        );
        assert_eq!(uploads.sweep_expired().await.unwrap(), 1, "{name}");
        let objects = &backend.deps.objects;
        let key = aether_store::uploads::key;
        assert_eq!(objects.get(&key(unused)).await.unwrap(), None, "{name}");
        uploads.texts(ana.id, &[used]).await.unwrap();
        // An object whose row was never written: nothing names it.
        let orphan: UploadId = backend.deps.ids.mint();
        objects.put(&key(orphan), b"x".to_vec()).await.unwrap();
        assert_eq!(uploads.sweep_orphans().await.unwrap(), 1, "{name}");
        assert_eq!(objects.get(&key(orphan)).await.unwrap(), None, "{name}");
        assert!(objects.get(&key(used)).await.unwrap().is_some(), "{name}");
        clock.advance(TimeDelta::days(-8));
    }
}

#[tokio::test]
async fn nobodys_slow_uploads_keep_out_those_of_others() {
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let uploads = Uploads::new(backend.deps.clone());
        let (ana, ben) = (backend.deps.ids.mint(), backend.deps.ids.mint());
        let mut slow = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let uploads = uploads.clone();
            slow.spawn(async move {
                let _slot = uploads.slot(ana).await;
                std::future::pending::<()>().await;
            });
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let place = tokio::time::timeout(std::time::Duration::from_secs(2), uploads.slot(ben)).await;
        assert!(place.is_ok_and(|place| place.is_ok()), "{}", backend.name);
    }
}
