//! Every operation that the documents name is limited as its class says, on both backends and through a proxy.
#![cfg(test)]

use std::net::SocketAddr;

use aether_common::id::SessionId;
use aether_testkit::{Backend, backends};
use futures::{StreamExt, stream};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ON: [(&str, &str); 3] =
    [("METRICS_ADDR", "off"), ("AETHER_RATE_LIMITS", "on"), ("AETHER_TRUSTED_PROXIES", "127.0.0.0/8")];

/// Paths below `/api/auth` where something is proved that could be guessed at.
const CREDENTIALS: [&str; 8] =
    ["/register", "/login", "/mfa/challenge", "/step-up", "/refresh", "/password", "/email", "/oauth/"];

struct Site {
    name: &'static str,
    url: String,
    http: reqwest::Client,
    /// A network that no other test has.
    client: String,
    _backend: Backend,
}

async fn sites<const N: usize>(settings: [(&str, &str); N]) -> Vec<Site> {
    let mut sites = Vec::new();
    for backend in backends(settings).await {
        let deps = backend.deps.clone();
        let router = aether::compose::router(&deps).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        let random = deps.ids.mint::<SessionId>().0.as_u128();
        let words = [32, 16, 0].map(|shift| (random >> shift) & 0xffff);
        let client = format!("fd00:{:x}:{:x}:{:x}::1", words[0], words[1], words[2]);
        sites.push(Site { name: backend.name, url, http: deps.http.clone(), client, _backend: backend });
    }
    sites
}

impl Site {
    async fn ask(&self, method: &Method, path: &str, token: Option<&str>) -> Response {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        request = request.header("x-forwarded-for", format!("203.0.113.1, {}", self.client));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap()
    }

    async fn limit(&self, method: &Method, path: &str, token: Option<&str>) -> Option<u64> {
        let answer = self.ask(method, path, token).await;
        let number = |header: &str| answer.headers().get(header)?.to_str().ok()?.parse::<u64>().ok();
        let limit = number("ratelimit-limit")?;
        assert!(number("ratelimit-remaining")? < limit && number("ratelimit-reset")? >= 1, "{path}");
        Some(limit)
    }

    async fn register(&self) -> String {
        let body = json!({"email": "ana@example.com", "password": "tiger umbrella 9 frost", "name": "Ana"});
        let request = self.http.post(format!("{}/api/auth/register", self.url)).json(&body);
        let answer = request.header("x-forwarded-for", &self.client).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", self.name);
        answer.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned()
    }

    /// Every operation, with something in the place of its parameters.
    async fn operations(&self) -> Vec<(Method, String)> {
        let document: Value = self.ask(&Method::GET, "/openapi.json", None).await.json().await.unwrap();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys().filter_map(|name| name.to_uppercase().parse().ok())
            {
                let parts: Vec<&str> =
                    path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
                operations.push((method, parts.join("/")));
            }
        }
        assert!(operations.len() > 40, "{operations:?}");
        operations
    }
}

/// What a user and a stranger may send of it in a minute.
fn expected(method: &Method, path: &str) -> Option<(u64, u64)> {
    if path.ends_with("/jwks.json") || path.contains("/health") || path.contains("/openapi.json") {
        return None;
    }
    if let Some(below) = path.strip_prefix("/api/auth")
        && CREDENTIALS.iter().any(|start| below.starts_with(start))
    {
        return Some((300, 300));
    }
    let start = ["/code", "/api", "/ui", "/cli"].iter().any(|kind| path == format!("/api/generate{kind}"));
    let user = match path {
        _ if *method == Method::POST && (start || path.ends_with("/regenerate")) => 300,
        "/api/generate/uploads" if *method == Method::POST => 120,
        _ => 600,
    };
    Some((user, 1200))
}

#[tokio::test]
async fn every_operation_is_limited_as_its_class_says() {
    for site in sites(ON).await {
        let token = site.register().await;
        for (method, path) in site.operations().await {
            let expected = expected(&method, &path);
            let case = format!("{} {method} {path}", site.name);
            let stranger = site.limit(&method, &path, None).await;
            assert_eq!(stranger, expected.map(|(_, stranger)| stranger), "{case} of a stranger");
            // Not what would end the session that asks.
            if method != Method::DELETE && !path.ends_with("/logout") {
                let user = site.limit(&method, &path, Some(&token)).await;
                assert_eq!(user, expected.map(|(user, _)| user), "{case} of a user");
            }
        }
    }
}

#[tokio::test]
async fn what_machines_and_browsers_fetch_is_not_limited() {
    for site in sites(ON).await {
        for path in [
            "/health",
            "/health/live",
            "/health/ready",
            "/openapi.json",
            "/docs",
            "/",
            "/sign-in",
            "/assets/none.js",
            "/api/auth/health",
            "/api/auth/openapi.json",
            "/api/auth/docs",
            "/api/auth/.well-known/jwks.json",
            "/api/generate/health/ready",
            "/api/realtime/health",
            "/socket.io/?EIO=4&transport=polling",
        ] {
            assert_eq!(site.limit(&Method::GET, path, None).await, None, "{} {path}", site.name);
        }
    }
}

#[tokio::test]
async fn limits_can_be_turned_off() {
    for site in sites([("METRICS_ADDR", "off"), ("AETHER_RATE_LIMITS", "off")]).await {
        for path in ["/api/auth/login", "/api/generate/ui", "/api/generate/uploads", "/api/rooms"] {
            assert_eq!(site.limit(&Method::POST, path, None).await, None, "{} {path}", site.name);
        }
    }
}

#[tokio::test]
async fn guessing_from_one_network_ends_in_429() {
    for site in sites(ON).await {
        let path = "/api/auth/refresh";
        let answers: Vec<Response> =
            stream::iter(0..400).map(|_| site.ask(&Method::POST, path, None)).buffered(50).collect().await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        let passed = statuses.iter().filter(|status| **status != 429).count();
        assert!((300..400).contains(&passed) && !statuses.contains(&503), "{}: {statuses:?}", site.name);
        let refused = answers.into_iter().find(|answer| answer.status() == 429).unwrap();
        assert!(refused.headers().contains_key("retry-after"), "{}", site.name);
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "rate_limited");
    }
}
