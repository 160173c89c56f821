//! What happens when a provider fails and another one has the model, told through the HTTP routes on both backends, with
//! two demo models as the providers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aether_boot::{Deps, serve::stand_alone};
use aether_demo_model::{self as demo, DemoModel};
use aether_generation::{
    build_with,
    domain::cost::Model,
    provider::{Endpoint, Listed, Providers, openai::OpenAi},
    worker::Deadlines,
};
use aether_testkit::{Backend, People, Person, backends, sse};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The service with the providers `first` and `second`, which both have the model `m`.
struct Site {
    name: &'static str,
    url: String,
    first: DemoModel,
    second: DemoModel,
    people: People,
    backend: Backend,
}

/// A site on each backend; `m` is this at the two providers.
async fn sites(first: &str, second: &str) -> Vec<Site> {
    let quick = Deadlines {
        first_token: Duration::from_secs(2),
        idle: Duration::from_secs(1),
        total: Duration::from_mins(1),
    };
    let mut sites = Vec::new();
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let deps = backend.deps.clone();
        let (first_model, one) = provider(&deps, "first", first, Some(1_250_000)).await;
        let (second_model, two) = provider(&deps, "second", second, None).await;
        let people = People::new(&deps);
        let providers = Providers::new(vec![one, two]);
        let built = build_with(&deps, people.verifier(), providers, true, quick).unwrap();
        let router = stand_alone(built.service, &deps).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        sites.push(Site {
            name: backend.name,
            url,
            first: first_model,
            second: second_model,
            people,
            backend,
        });
    }
    sites
}

async fn provider(deps: &Deps, name: &str, upstream: &str, price: Option<i64>) -> (DemoModel, Endpoint) {
    let options = demo::Options { faults: true, ..demo::Options::default() };
    let model = demo::serve(options, deps.lifecycle.shutdown.clone(), &deps.lifecycle.tasks).await.unwrap();
    let base = model.base_url().parse().unwrap();
    let client = OpenAi::new(name, &base, None, deps.http.clone(), deps.clock.clone());
    let listed = Model {
        id: "m".into(),
        provider: name.into(),
        context_tokens: Some(100_000),
        max_output_tokens: Some(50_000),
        input_micros_per_million: price,
        output_micros_per_million: price,
    };
    let endpoint = Endpoint {
        provider: Arc::new(client),
        models: vec![Listed { model: listed, upstream: Some(upstream.into()) }],
        any_model: false,
        max_concurrent: 8,
    };
    (model, endpoint)
}

impl Site {
    fn post(&self, who: &Person, prompt: &str, model: &str) -> reqwest::RequestBuilder {
        let request = self.backend.deps.http.post(format!("{}/code", self.url));
        request.bearer_auth(&who.token).json(&json!({"prompt": prompt, "model": model}))
    }

    /// Waits for the whole.
    async fn make(&self, who: &Person, prompt: &str) -> Value {
        let answer = self.post(who, prompt, "m").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{}", self.name);
        answer.json().await.unwrap()
    }

    /// Reads it live: the last event's data, after a check that the last attempt's deltas are the text, without a seam.
    async fn read(&self, who: &Person, prompt: &str) -> Value {
        let request = self.post(who, prompt, "m").header("Accept", "text/event-stream");
        let events = sse::parse(&request.send().await.unwrap().text().await.unwrap());
        let mut at = (0, 0);
        let mut text = String::new();
        let mut last = Value::Null;
        for event in &events {
            last = serde_json::from_str(&event.data).unwrap();
            let place = (last["attempt"].as_u64().unwrap(), last["seq"].as_u64().unwrap());
            if place.0 > at.0 {
                text.clear();
                at = (place.0, 0);
            }
            assert_eq!(place, (at.0, at.1 + 1), "no gap and no double");
            at = place;
            text.push_str(last["delta"].as_str().unwrap_or(""));
        }
        assert_eq!(events.last().unwrap().name, "complete", "{} {last}", self.name);
        assert_eq!(last["result"], text);
        last
    }
}

#[tokio::test]
async fn a_provider_that_fails_before_the_first_word_is_replaced_unseen() {
    for fault in ["fault-500", "fault-429", "fault-401", "fault-html", "no-such-model"] {
        for site in sites(fault, "speed-max").await {
            let ana = site.people.join("Ana").await;
            let began = std::time::Instant::now();
            let made = site.make(&ana, "a function that makes slugs").await;
            assert!(began.elapsed() < Duration::from_secs(5), "it does not wait for the first");
            assert_eq!(made["status"], "completed", "{} {fault} {made}", site.name);
            let metadata = &made["metadata"];
            assert_eq!(
                (&metadata["provider"], &metadata["model"], &metadata["attempts"]),
                (&json!("second"), &json!("m"), &json!(1)),
                "{} {fault}",
                site.name
            );
            assert_eq!((site.first.calls(), site.second.calls()), (1, 1), "{} {fault}", site.name);
            assert_eq!(site.second.calls_for("speed-max"), 1, "by the name that it knows");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_begun_anew_elsewhere_without_a_seam() {
    for fault in ["fault-cut:12", "fault-eof:12", "fault-garbage:12", "fault-mid-error:12", "fault-hang:12"] {
        for site in sites(&format!("{fault}+speed:1000"), "speed-max").await {
            let ana = site.people.join("Ana").await;
            let last = site.read(&ana, "a function that makes slugs").await;
            let metadata = &last["metadata"];
            assert_eq!(
                (&metadata["provider"], &metadata["attempts"]),
                (&json!("second"), &json!(2)),
                "{} {fault} {last}",
                site.name
            );
            assert_eq!(metadata["validation"]["ok"], true, "{} {fault}", site.name);
            assert_eq!((site.first.calls(), site.second.calls()), (1, 1), "{} {fault}", site.name);
        }
    }
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone() {
    for site in sites("fault-500", "speed-max").await {
        let ana = site.people.join("Ana").await;
        for number in 1..=5 {
            let made = site.make(&ana, &format!("a function that makes slugs, number {number}")).await;
            assert_eq!(made["metadata"]["provider"], "second", "{}", site.name);
            assert_eq!(site.first.calls(), number, "{}", site.name);
        }
        let prompts = [1, 2, 3, 4, 5, 6].map(|number| format!("a function that sorts, number {number}"));
        let made = futures::future::join_all(prompts.iter().map(|prompt| site.make(&ana, prompt))).await;
        assert!(made.iter().all(|made| made["metadata"]["provider"] == "second"), "{}", site.name);
        assert_eq!(
            (site.first.calls(), site.second.calls()),
            (5, 11),
            "{}: the first is not called",
            site.name
        );
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_a_pause_gets_it_from_all_jobs() {
    for site in sites("fault-429", "fault-429-once+speed-max").await {
        let ana = site.people.join("Ana").await;
        // Both ask for a second.
        let began = std::time::Instant::now();
        let made = site.make(&ana, "a function that makes slugs").await;
        assert_eq!(made["status"], "completed", "{} {made}", site.name);
        assert!(began.elapsed() >= Duration::from_secs(1), "{}", site.name);
        assert!(site.first.calls() + site.second.calls() <= 4, "{}", site.name);
    }
}

#[tokio::test]
async fn when_all_fail_it_ends_after_a_bounded_number_of_calls() {
    for site in sites("fault-500", "fault-eof:0").await {
        let ana = site.people.join("Ana").await;
        let made = site.make(&ana, "a function that makes slugs").await;
        assert_eq!((&made["status"], &made["error"]["code"]), (&json!("failed"), &json!("provider_error")));
        assert_eq!(site.first.calls() + site.second.calls(), 6, "{}", site.name);
        let none = site.post(&ana, "a slug", "unknown").send().await.unwrap();
        let none: Value = none.json().await.unwrap();
        let told = none["error"]["code"].as_str().or(none["code"].as_str());
        assert_eq!(told, Some("model_unavailable"), "{} {none}", site.name);
        assert_eq!(site.first.calls() + site.second.calls(), 6, "{}: nobody has that model", site.name);
    }
}

#[tokio::test]
async fn the_list_of_models_is_what_the_first_provider_of_each_says() {
    for site in sites("speed-max", "speed-max").await {
        let ana = site.people.join("Ana").await;
        let request = site.backend.deps.http.get(format!("{}/models", site.url)).bearer_auth(&ana.token);
        let list: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            list,
            json!({
                "items": [{
                    "id": "m",
                    "provider": "first",
                    "contextTokens": 100_000,
                    "maxOutputTokens": 50_000,
                    "inputUsdPerMillion": 1.25,
                    "outputUsdPerMillion": 1.25,
                }],
                "nextCursor": null,
                "demo": true,
            }),
            "{}",
            site.name
        );
    }
}
