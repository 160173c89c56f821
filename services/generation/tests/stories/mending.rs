//! An artifact that does not pass its check is mended once, and shown as what it is.

use serde_json::{Value, json};

use crate::site::{sites, text_of};

#[tokio::test]
async fn an_invalid_artifact_is_mended_in_a_new_attempt() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        for (kind, prompt) in
            [("code", "a function that makes slugs"), ("ui", "a todo app"), ("api", "an API for books")]
        {
            let calls = site.model.calls();
            let body = json!({"prompt": prompt, "model": "fault-invalid-once+speed-max"});
            let id = site.begin(&ana, kind, body).await;
            let events = site.events(&ana, &id, None).await;
            let (text, last) = text_of(&events);
            let metadata = &last["metadata"];
            assert_eq!(metadata["validation"], json!({"ok": true, "issues": []}), "{} {kind}", site.name);
            assert_eq!(
                (site.model.calls() - calls, &metadata["attempts"]),
                (2, &json!(2)),
                "{} {kind}",
                site.name
            );
            assert_eq!(last["result"], text);
            let stages: Vec<Value> = events
                .iter()
                .map(|event| serde_json::from_str::<Value>(&event.data).unwrap()["status"].clone())
                .collect();
            let at = |stage: &str| stages.iter().position(|one| one == stage);
            assert!(at("validating") < at("repairing"), "{} {kind}: it is said that it is mended", site.name);
            let used = metadata["usage"]["outputTokens"].as_u64().unwrap();
            assert!(used > text.len() as u64 / 8, "{}: both calls are counted", site.name);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_mended_is_completed_and_says_what_is_wrong() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let body = json!({"prompt": "a function that makes slugs", "model": "fault-invalid+speed-max"});
        let id = site.begin(&ana, "code", body).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!(
            (made["status"].as_str(), site.model.calls()),
            (Some("completed"), 2),
            "{}: once",
            site.name
        );
        let metadata = &made["metadata"];
        assert_eq!(metadata["validation"]["ok"], false, "{} {metadata}", site.name);
        let issue = &metadata["validation"]["issues"][0];
        let path = issue["path"].as_str().unwrap();
        let file = metadata["files"].as_array().unwrap().iter().find(|file| file["path"] == path).unwrap();
        assert_eq!(file["status"], "invalid", "{} {issue}", site.name);
    }
}

#[tokio::test]
async fn an_answer_in_words_is_no_broken_artifact() {
    for site in sites().await {
        let ana = site.people.join("Ana").await;
        let id = site.begin(&ana, "code", json!({"prompt": "w", "model": "tokens:30+speed-max"})).await;
        let made = site.ended(&ana, &id).await;
        assert_eq!((made["status"].as_str(), site.model.calls()), (Some("completed"), 1), "{}", site.name);
        assert_eq!(made["metadata"]["validation"]["issues"][0]["code"], "no_files", "{}", site.name);
    }
}
