//! Equal requests at the same time: one generation, one call, one answer for all.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::site::sites;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_equal_submits_at_once_are_one_job_and_one_call() {
    for site in sites().await {
        let (ana, ben) = (site.people.join("Ana").await, site.people.join("Ben").await);
        // As two processes of the service, on one database and one bus.
        let other = site.start_service().await;
        let body = json!({"prompt": "words", "model": "tokens:50+speed:200", "cache": false});
        let submit = async |number: usize, body: &Value| {
            let url = if number.is_multiple_of(2) { &site.url } else { &other };
            let request = site.http.post(format!("{url}/code")).bearer_auth(&ana.token).json(body);
            let request = request.header("Idempotency-Key", "the same");
            // Some wait for the end, some do not.
            let request =
                if number.is_multiple_of(3) { request } else { request.header("Prefer", "respond-async") };
            let answer = request.send().await.unwrap();
            (answer.status(), answer.json::<Value>().await.unwrap())
        };
        let answers = futures::future::join_all((0..50).map(|number| submit(number, &body))).await;
        let id = answers[0].1["id"].as_str().unwrap().to_owned();
        for (number, (status, made)) in answers.iter().enumerate() {
            let wanted = if number % 3 == 0 { StatusCode::CREATED } else { StatusCode::ACCEPTED };
            assert_eq!((*status, made["id"].as_str()), (wanted, Some(&*id)), "{} {made}", site.name);
            if number % 3 == 0 {
                assert_eq!(made["result"], answers[0].1["result"], "{}", site.name);
            }
        }
        assert_eq!(site.ended(&ana, &id).await["status"], "completed");
        assert_eq!(site.model.calls(), 1, "{}", site.name);
        let list: Value = site.get(&ana, "/history").await.json().await.unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{}", site.name);

        let changed = json!({"prompt": "other words", "model": "tokens:50+speed:200", "cache": false});
        let (status, refused) = submit(1, &changed).await;
        assert_eq!(
            (status, &refused["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("idempotency_key_reused"))
        );
        // The key is Ana's own.
        let bens = site.post(&ben, "/code", &changed).header("Idempotency-Key", "the same");
        let bens = bens.header("Prefer", "respond-async").send().await.unwrap();
        assert_eq!(bens.status(), StatusCode::ACCEPTED, "{}", site.name);
    }
}
