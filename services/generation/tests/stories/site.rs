//! The service on a free port, on each backend, with a demo model that plays faults; and how its events are read.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use aether_boot::serve::stand_alone;
use aether_demo_model::{self as demo, DemoModel};
use aether_generation::{
    build_with,
    domain::cost::Model,
    provider::{Call, Chunks, Provider, ProviderError, Providers, openai::OpenAi},
    worker::Deadlines,
};
use aether_testkit::{Backend, People, Person, backends, sse};
use futures::{StreamExt, future::BoxFuture};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// The service on a free port, with a demo model that plays faults.
pub struct Site {
    pub name: &'static str,
    pub url: String,
    pub model: DemoModel,
    pub people: People,
    pub http: reqwest::Client,
    pub backend: Backend,
    listed: Vec<Model>,
}

/// What differs from the usual.
pub struct Setup {
    /// Settings beside the usual ones.
    pub settings: &'static [(&'static str, &'static str)],
    /// Models with prices and sizes; others are taken too.
    pub listed: Vec<Model>,
}

/// A provider that plays what a test writes: for each call, the pieces of its answer.
pub struct Scripted(pub Box<dyn Fn(&Call) -> Chunks + Send + Sync>);

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn stream(&self, call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
        Box::pin(std::future::ready(Ok((self.0)(&call))))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }
}

/// A site on each backend whose calls are answered by this script.
pub async fn scripted(script: impl Fn(&Backend) -> Box<dyn Fn(&Call) -> Chunks + Send + Sync>) -> Vec<Site> {
    let mut sites = Vec::new();
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let mut site = Site::idle(backend, Vec::new()).await;
        let script = script(&site.backend);
        site.url = site.start_service_with(Arc::new(Scripted(script))).await;
        sites.push(site);
    }
    sites
}

/// A site on each backend.
pub async fn sites() -> Vec<Site> {
    sites_with(Setup { settings: &[], listed: Vec::new() }).await
}

/// A site on each backend, with these models and settings.
pub async fn sites_with(setup: Setup) -> Vec<Site> {
    let mut sites = Vec::new();
    let none = ("AETHER_LOG", "json");
    let [one, two, three] = [0, 1, 2].map(|index| setup.settings.get(index).copied().unwrap_or(none));
    assert!(setup.settings.len() <= 3, "so many settings are passed on");
    for backend in backends([("METRICS_ADDR", "off"), one, two, three]).await {
        let mut site = Site::idle(backend, setup.listed.clone()).await;
        site.url = site.start_service().await;
        sites.push(site);
    }
    sites
}

/// Asks as a client should: who is told that the database has no connection left comes again.
pub async fn served(request: reqwest::RequestBuilder) -> Response {
    let mut tries = 20;
    loop {
        let answer = request.try_clone().unwrap().send().await.unwrap();
        tries -= 1;
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE || tries == 0 {
            return answer;
        }
        let wait = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
}

impl Site {
    /// All but the service.
    async fn idle(backend: Backend, listed: Vec<Model>) -> Self {
        let deps = backend.deps.clone();
        let options = demo::Options { faults: true, ..demo::Options::default() };
        let model =
            demo::serve(options, deps.lifecycle.shutdown.clone(), &deps.lifecycle.tasks).await.unwrap();
        let people = People::new(&deps);
        Self {
            name: backend.name,
            url: String::new(),
            model,
            people,
            http: deps.http.clone(),
            listed,
            backend,
        }
    }

    /// Starts the service, with a worker of its own; answers its URL. A second one is as a second process.
    pub async fn start_service(&self) -> String {
        let base = self.model.base_url().parse().unwrap();
        let deps = &self.backend.deps;
        let provider = OpenAi::new("demo", &base, None, deps.http.clone(), deps.clock.clone());
        self.start_service_with(Arc::new(provider)).await
    }

    /// The same with a provider of the test's own.
    pub async fn start_service_with(&self, provider: Arc<dyn Provider>) -> String {
        let quick = Deadlines {
            first_token: Duration::from_secs(2),
            idle: Duration::from_secs(1),
            total: Duration::from_mins(5),
        };
        let deps = self.backend.deps.clone();
        let providers = Providers::single(provider, self.listed.clone());
        let built = build_with(&deps, self.people.verifier(), providers, true, quick).unwrap();
        let router = stand_alone(built.service, &deps).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        url
    }

    pub fn post(&self, who: &Person, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(&who.token).json(body)
    }

    pub async fn get(&self, who: &Person, path: &str) -> Response {
        served(self.http.get(format!("{}{path}", self.url)).bearer_auth(&who.token)).await
    }

    /// Starts one and answers its id.
    pub async fn begin(&self, who: &Person, kind: &str, body: Value) -> String {
        let request = self.post(who, &format!("/{kind}"), &body).header("Prefer", "respond-async");
        let answer = served(request).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", self.name);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let queued: Value = answer.json().await.unwrap();
        let id = queued["id"].as_str().unwrap().to_owned();
        assert_eq!(location, format!("/api/generate/history/{id}"));
        id
    }

    /// All events from a position, until the stream closes.
    pub async fn events(&self, who: &Person, id: &str, last: Option<&str>) -> Vec<sse::SseEvent> {
        let mut request = self.http.get(format!("{}/history/{id}/events", self.url)).bearer_auth(&who.token);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = served(request).await;
        if answer.status() == StatusCode::NO_CONTENT {
            return Vec::new();
        }
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        sse::parse(&answer.text().await.unwrap())
    }

    /// Waits for the first text.
    pub async fn first_delta(&self, who: &Person, id: &str) {
        let mut stream = self.get(who, &format!("/history/{id}/events")).await.bytes_stream();
        let mut seen = String::new();
        while !seen.contains("\"delta\"") {
            seen.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
        }
    }

    pub async fn ended(&self, who: &Person, id: &str) -> Value {
        self.events(who, id, None).await;
        self.get(who, &format!("/history/{id}")).await.json().await.unwrap()
    }
}

/// Checks what the contract says of a whole run of events: no gap, no double, one end; answers the last attempt's text.
pub fn text_of(events: &[sse::SseEvent]) -> (String, Value) {
    let mut at = (0_u64, 0_u64);
    let mut text = String::new();
    let mut progress = 0;
    for (index, event) in events.iter().enumerate() {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let (attempt, seq) = (data["attempt"].as_u64().unwrap(), data["seq"].as_u64().unwrap());
        assert_eq!(event.id, format!("{attempt}-{seq}"));
        if attempt > at.0 {
            assert_eq!(seq, 1, "an attempt begins at 1");
            (text, progress) = (String::new(), 0);
        } else {
            assert_eq!((attempt, seq), (at.0, at.1 + 1), "no gap and no double");
        }
        at = (attempt, seq);
        let last = event.name != "progress";
        assert_eq!(last, index == events.len() - 1, "exactly one last event");
        if !last {
            assert!(data["progress"].as_u64().unwrap() >= progress, "progress never falls");
            assert_eq!(
                data["status"] == "queued",
                (attempt, seq) == (1, 1),
                "it begins in the queue, and only there"
            );
            progress = data["progress"].as_u64().unwrap();
            text.push_str(data["delta"].as_str().unwrap_or(""));
        } else if event.name == "complete" {
            assert_eq!(data["result"].as_str().unwrap(), text);
        }
    }
    let last = serde_json::from_str(&events.last().unwrap().data).unwrap();
    (text, last)
}
