//! A generated API answers: it is mounted, used by anybody who has its address, reset and ended.

use std::{fs, path::PathBuf};

use aether_testkit::Person;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::site::{Setup, Site, sites, sites_with};

/// The document of one story.
const NOTES: &str = r##"
openapi: 3.1.0
info: { title: Notes, version: "1" }
paths:
  /notes:
    get:
      responses:
        "200":
          description: All notes
          content:
            application/json:
              schema: { type: array, items: { $ref: "#/components/schemas/Note" } }
              example: [{ id: 3, text: An example }]
    post:
      requestBody: { required: true, content: { application/json: { schema: { $ref: "#/components/schemas/Note" } } } }
      responses:
        "201":
          description: It is kept
          headers: { Location: { schema: { type: string } }, X-Note: { schema: { const: "yes" } } }
          content: { application/json: { schema: { $ref: "#/components/schemas/Note" } } }
  /notes/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer } }]
    get: { responses: { "200": { description: One, content: { application/json: { schema: { $ref: "#/components/schemas/Note" } } } } } }
    delete: { responses: { "204": { description: Gone } } }
  /page: { get: { responses: { "200": { description: A page, content: { text/html: { example: "<script>alert(1)</script>" } } } } } }
components:
  schemas:
    Note:
      type: object
      required: [id, text]
      properties: { id: { type: integer, readOnly: true }, text: { type: string, minLength: 1 } }
"##;

/// A generation of an API whose document is this.
async fn api(site: &Site, who: &Person, name: &str, document: impl Into<reqwest::Body>) -> String {
    let first = site
        .post(who, "/api", &json!({ "prompt": "an API for notes", "model": "speed-max" }))
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    // Its own documents make room.
    let mut id = first["id"].as_str().unwrap().to_owned();
    for file in first["metadata"]["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let document = [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
        if document {
            id = put(site, who, &id, path, "{}").await;
        }
    }
    put(site, who, &id, name, document).await
}

async fn put(site: &Site, who: &Person, id: &str, path: &str, content: impl Into<reqwest::Body>) -> String {
    let url = format!("{}/history/{id}/files/{path}", site.url);
    let answer = site.http.put(url).bearer_auth(&who.token).body(content).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{path}");
    answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn call(site: &Site, who: &Person, method: Method, path: &str, body: Option<Value>) -> Response {
    let mut request = site.http.request(method, format!("{}{path}", site.url)).bearer_auth(&who.token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

async fn mount(site: &Site, who: &Person, id: &str) -> Value {
    let answer = call(site, who, Method::PUT, &format!("/history/{id}/live"), None).await;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{}: {body}", site.name);
    body
}

/// Where the API is for this test, which does not know the public address.
fn address(site: &Site, live: &Value) -> String {
    format!("{}/api/live/{}", site.url, live["liveId"].as_str().unwrap())
}

async fn ask(site: &Site, method: Method, url: String, body: Option<Value>) -> (u16, Value) {
    let mut request = site.http.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

#[tokio::test]
async fn a_generated_api_answers_and_remembers() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        let id = api(&site, &ana, "openapi.yaml", NOTES).await;
        let path = format!("/history/{id}/live");
        assert_eq!(call(&site, &ben, Method::PUT, &path, None).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(call(&site, &ana, Method::GET, &path, None).await.status(), StatusCode::NOT_FOUND);
        let live = mount(&site, &ana, &id).await;
        let url = live["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("/api/live/{}", live["liveId"].as_str().unwrap())), "{live}");
        assert_eq!(live["docsUrl"], format!("{url}/openapi.json"));
        assert_eq!(live["operations"].as_array().unwrap().len(), 5);
        let at = address(&site, &live);

        assert_eq!(
            ask(&site, Method::GET, format!("{at}/notes"), None).await,
            (200, json!([{ "id": 3, "text": "An example" }])),
            "{}: it begins with its examples",
            site.name
        );
        let made =
            site.http.post(format!("{at}/notes")).json(&json!({ "text": "Milk" })).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        let header = |name: &str| made.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("content-type"), Some("application/json"));
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("content-security-policy"), Some("sandbox; default-src 'none'"));
        assert_eq!(header("access-control-allow-origin"), Some("*"));
        assert_eq!((header("x-note"), header("location"), header("set-cookie")), (Some("yes"), None, None));
        assert_eq!(made.json::<Value>().await.unwrap(), json!({ "id": 4, "text": "Milk" }));
        let (status, problem) =
            ask(&site, Method::POST, format!("{at}/notes"), Some(json!({ "text": "" }))).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("/text")));
        assert_eq!(ask(&site, Method::GET, format!("{at}/notes/99"), None).await.0, 404);

        // Another process, and the same document again, find what was kept.
        let other = site.start_service().await;
        let there = at.replace(&site.url, &other);
        assert_eq!(ask(&site, Method::GET, format!("{there}/notes/4"), None).await.1["text"], "Milk");
        assert_eq!(mount(&site, &ana, &id).await["liveId"], live["liveId"]);
        assert_eq!(ask(&site, Method::DELETE, format!("{at}/notes/3"), None).await.0, 204);
        assert_eq!(
            ask(&site, Method::GET, format!("{there}/notes"), None).await.1,
            json!([{ "id": 4, "text": "Milk" }])
        );
        let stands: Value = call(&site, &ana, Method::GET, &path, None).await.json().await.unwrap();
        assert_eq!(stands["records"], 1);

        let reset =
            call(&site, &ana, Method::POST, &format!("{path}/reset"), Some(json!({ "samples": 4 }))).await;
        assert_eq!(reset.json::<Value>().await.unwrap()["records"], 5);
        let list = ask(&site, Method::GET, format!("{at}/notes"), None).await.1;
        assert_eq!(list.as_array().unwrap().len(), 5);
        let reset = call(&site, &ana, Method::POST, &format!("{path}/reset"), None).await;
        assert_eq!(reset.json::<Value>().await.unwrap()["records"], 1);

        assert_eq!(call(&site, &ben, Method::DELETE, &path, None).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(call(&site, &ana, Method::DELETE, &path, None).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(ask(&site, Method::GET, format!("{at}/notes"), None).await.0, 404);
    }
}

#[tokio::test]
async fn no_document_makes_a_page_of_an_answer() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let id = api(&site, &ana, "openapi.yaml", NOTES).await;
        let at = address(&site, &mount(&site, &ana, &id).await);
        let page =
            site.http.get(format!("{at}/page")).header("cookie", "aether_refresh=x").send().await.unwrap();
        assert_eq!(page.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(page.headers()["content-security-policy"], "sandbox; default-src 'none'");
        let preflight = site
            .http
            .request(Method::OPTIONS, format!("{at}/notes"))
            .header("origin", "https://elsewhere.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type")
            .send()
            .await
            .unwrap();
        assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
        assert_eq!(preflight.headers()["access-control-allow-headers"], "authorization, content-type");
        assert!(!preflight.headers().contains_key("access-control-allow-credentials"));
        let (status, document) = ask(&site, Method::GET, format!("{at}/openapi.json"), None).await;
        assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
        assert!(document["servers"][0]["url"].as_str().unwrap().contains("/api/live/"));
        let nobody =
            ask(&site, Method::GET, format!("{}/api/live/{}/notes", site.url, uuid::Uuid::nil()), None).await;
        assert_eq!((nobody.0, &nobody.1["code"]), (404, &json!("not_found")));
        assert_eq!(ask(&site, Method::GET, format!("{}/api/live/x/notes", site.url), None).await.0, 404);
        let large =
            site.http.post(format!("{at}/notes")).body(vec![b' '; 1024 * 1024 + 1]).send().await.unwrap();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn the_owner_sees_each_request_and_makes_it_slow_or_faulty() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let id = api(&site, &ana, "openapi.yaml", NOTES).await;
        let at = address(&site, &mount(&site, &ana, &id).await);
        let path = format!("/history/{id}/live");
        let mut log = site.get(&ana, &format!("{path}/requests")).await;
        assert_eq!(log.headers()["content-type"], "text/event-stream");
        ask(&site, Method::GET, format!("{at}/notes?a=b"), None).await;
        let mut seen = String::new();
        while !seen.contains("\n\n") {
            seen.push_str(std::str::from_utf8(&log.chunk().await.unwrap().unwrap()).unwrap());
        }
        let line = seen.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["method"], &line["path"], &line["status"]),
            (&json!("GET"), &json!("/notes?a=b"), &json!(200)),
            "{}",
            site.name
        );
        for (body, field) in [
            (json!({ "latencyMs": 5001 }), "latencyMs"),
            (json!({ "failurePercent": 101 }), "failurePercent"),
        ] {
            let refused = call(&site, &ana, Method::PATCH, &path, Some(body)).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(refused.json::<Value>().await.unwrap()["errors"][0]["field"], field);
        }
        let tuned = call(&site, &ana, Method::PATCH, &path, Some(json!({ "failurePercent": 100 }))).await;
        assert_eq!(tuned.json::<Value>().await.unwrap()["failurePercent"], 100);
        let (status, problem) = ask(&site, Method::GET, format!("{at}/notes"), None).await;
        assert_eq!((status, &problem["code"]), (503, &json!("simulated_failure")));
        call(&site, &ana, Method::PATCH, &path, Some(json!({}))).await;
        assert_eq!(ask(&site, Method::GET, format!("{at}/notes"), None).await.0, 200);
    }
}

#[tokio::test]
async fn one_api_answers_fifty_requests_a_second_at_most() {
    let limited = Setup { settings: &[("AETHER_RATE_LIMITS", "on")], listed: Vec::new() };
    for site in sites_with(limited).await {
        let ana = site.people.join("Ana").await;
        let id = api(&site, &ana, "openapi.yaml", NOTES).await;
        let at = address(&site, &mount(&site, &ana, &id).await);
        let asked = (0..200).map(|_| ask(&site, Method::GET, format!("{at}/notes/3"), None));
        let mut refused = 0;
        for (status, problem) in futures::future::join_all(asked).await {
            assert!(status == 200 || status == 429, "{status}");
            if status == 429 {
                assert_eq!(problem["code"], "rate_limited");
                refused += 1;
            }
        }
        assert!(refused > 0, "{}: two hundred at once are too many", site.name);
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_pointed_at() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let bad = NOTES
            .replace("type: integer, readOnly: true", "type: whole")
            .replace("minLength: 1", "pattern: '('");
        let id = api(&site, &ana, "openapi.yaml", bad).await;
        let refused = call(&site, &ana, Method::PUT, &format!("/history/{id}/live"), None).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{}", site.name);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], "invalid_document");
        assert!(
            problem["errors"]
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["field"].as_str().unwrap().starts_with('/')),
            "{problem}"
        );
        let page = site
            .post(&ana, "/ui", &json!({ "prompt": "a clock", "model": "speed-max" }))
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap();
        let path = format!("/history/{}/live", page["id"].as_str().unwrap());
        let refused = call(&site, &ana, Method::PUT, &path, None).await;
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "not_an_api");
    }
}

fn documents(kind: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/live/documents").join(kind);
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[tokio::test]
async fn documents_as_models_and_people_write_them_are_served_and_bad_ones_do_no_harm() {
    let site = sites().await.into_iter().next().unwrap();
    let ana = site.people.join("Ana").await;
    for (kind, good) in [("generated", true), ("public", true), ("bad", false)] {
        for file in documents(kind) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let text = fs::read(&file).unwrap();
            let id = api(&site, &ana, &format!("served/{name}"), text).await;
            let answer = call(&site, &ana, Method::PUT, &format!("/history/{id}/live"), None).await;
            let status = answer.status();
            let body = answer.text().await.unwrap();
            if good {
                assert_eq!(status, StatusCode::OK, "{name}: {body}");
            } else {
                assert!(matches!(status.as_u16(), 200 | 422), "{name}: {status} {body}");
            }
        }
    }
}
