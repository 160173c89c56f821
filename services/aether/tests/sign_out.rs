//! Who signs out is out everywhere: other services refuse the token, and its sockets are disconnected. The whole product
//! on both backends, over HTTP.
#![cfg(test)]

use std::{net::SocketAddr, time::Duration};

use aether_testkit::{Backend, PollingSocket, backends};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

/// CONTRACT.md says 1 s; a busy test machine gets more.
const SOON: Duration = Duration::from_secs(3);

struct Site {
    name: &'static str,
    url: String,
    http: reqwest::Client,
    _backend: Backend,
}

struct Session {
    token: String,
    refresh: String,
}

async fn sites() -> Vec<Site> {
    let mut sites = Vec::new();
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let deps = backend.deps.clone();
        let router = aether::compose::router(&deps).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        sites.push(Site { name: backend.name, url, http: deps.http.clone(), _backend: backend });
    }
    sites
}

impl Site {
    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }

    async fn enter(&self, path: &str, body: Value) -> Session {
        let answer = self.post(path).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{} {path}: {}", self.name, answer.status());
        let body: Value = answer.json().await.unwrap();
        let word = |name: &str| body[name].as_str().unwrap().to_owned();
        Session { token: word("accessToken"), refresh: word("refreshToken") }
    }

    async fn register(&self) -> Session {
        let body = json!({"email": "ana@example.com", "password": "tiger umbrella 9 frost", "name": "Ana"});
        self.enter("/api/auth/register", body).await
    }

    async fn login(&self) -> Session {
        let body = json!({"email": "ana@example.com", "password": "tiger umbrella 9 frost"});
        self.enter("/api/auth/login", body).await
    }

    async fn status(&self, session: &Session, path: &str) -> StatusCode {
        let url = format!("{}{path}", self.url);
        self.http.get(url).bearer_auth(&session.token).send().await.unwrap().status()
    }

    async fn is_in(&self, session: &Session) {
        for path in ["/api/generate/history", "/api/rooms"] {
            assert_eq!(self.status(session, path).await, StatusCode::OK, "{} {path}", self.name);
        }
    }

    async fn gets_out(&self, session: &Session) {
        let deadline = Instant::now() + SOON;
        for path in ["/api/generate/history", "/api/rooms"] {
            while self.status(session, path).await != StatusCode::UNAUTHORIZED {
                assert!(Instant::now() < deadline, "{} {path}: still lets in", self.name);
                tokio::task::yield_now().await;
            }
        }
    }

    async fn connect(&self, session: &Session) -> PollingSocket {
        PollingSocket::connect(&self.http, &self.url, &session.token, SOON).await
    }
}

impl Site {
    /// The events of a generation that takes some seconds, as a stream that has begun.
    async fn follow(&self, session: &Session) -> reqwest::Response {
        let started =
            self.post("/api/generate/ui").bearer_auth(&session.token).header("prefer", "respond-async");
        let body = json!({"prompt": "a dashboard with charts and a table", "cache": false});
        let started: Value = started.json(&body).send().await.unwrap().json().await.unwrap();
        let url = format!("{}/api/generate/history/{}/events", self.url, started["id"].as_str().unwrap());
        let mut events = self.http.get(url).bearer_auth(&session.token).send().await.unwrap();
        assert_eq!(events.status(), StatusCode::OK, "{}", self.name);
        assert!(events.chunk().await.unwrap().is_some(), "{}", self.name);
        events
    }
}

#[tokio::test]
async fn who_signs_out_is_out_everywhere() {
    for site in sites().await {
        let here = site.register().await;
        let there = site.login().await;
        let events = site.follow(&here).await;
        let socket = site.connect(&here).await;
        let other_socket = site.connect(&there).await;
        site.is_in(&here).await;

        let answer = site.post("/api/auth/logout").bearer_auth(&here.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        site.gets_out(&here).await;
        let rest = tokio::time::timeout(SOON, events.text()).await.expect("the stream ends").unwrap();
        assert!(!rest.contains("event: complete"), "{}: it was read to its end", site.name);
        // The reason may be the notice's or that of the watch over tokens, whichever comes first.
        socket.hear(r#"42["session_revoked",{"reason":""#).await;
        // Again is no mistake, though the token is dead.
        let answer = site.post("/api/auth/logout").bearer_auth(&here.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);

        // The other sign-in goes on, with its socket: it answers.
        site.is_in(&there).await;
        other_socket.send(r#"420["no_such_event",{}]"#).await;
        other_socket.hear("430[").await;
    }
}

#[tokio::test]
async fn a_deleted_api_key_is_out_everywhere() {
    for site in sites().await {
        let owner = site.register().await;
        let make = async || {
            let body = json!({"name": "a program", "scopes": ["generations:read", "rooms:read"]});
            let made = site.post("/api/auth/api-keys").bearer_auth(&owner.token).json(&body).send().await;
            let made: Value = made.unwrap().json().await.unwrap();
            let key = Session { token: made["key"].as_str().unwrap().to_owned(), refresh: String::new() };
            (made["id"].as_str().unwrap().to_owned(), key)
        };
        let ((id, key), (_, other)) = (make().await, make().await);
        let (socket, other_socket) = (site.connect(&key).await, site.connect(&other).await);
        site.is_in(&key).await;

        let url = format!("{}/api/auth/api-keys/{id}", site.url);
        let answer = site.http.delete(url).bearer_auth(&owner.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        site.gets_out(&key).await;
        socket.hear(r#"42["session_revoked",{"reason":""#).await;

        // The owner and the other key go on, with its socket: it answers.
        site.is_in(&owner).await;
        site.is_in(&other).await;
        other_socket.send(r#"420["no_such_event",{}]"#).await;
        other_socket.hear("430[").await;
    }
}

#[tokio::test]
async fn every_way_to_end_a_session_ends_its_token() {
    for site in sites().await {
        let stays = site.register().await;

        let by_refresh = site.login().await;
        site.is_in(&by_refresh).await;
        let answer =
            site.post("/api/auth/logout").json(&json!({"refreshToken": by_refresh.refresh})).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
        site.gets_out(&by_refresh).await;

        // The successor of the successor exists: whoever brings the first again has a copy.
        let stolen = site.login().await;
        let renew = |token: String| json!({"refreshToken": token});
        let second = site.enter("/api/auth/refresh", renew(stolen.refresh.clone())).await;
        let third = site.enter("/api/auth/refresh", renew(second.refresh.clone())).await;
        site.is_in(&third).await;
        let answer =
            site.post("/api/auth/refresh").json(&renew(stolen.refresh.clone())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        for session in [&stolen, &second, &third] {
            site.gets_out(session).await;
        }

        let by_id = site.login().await;
        let list: Value = {
            let request = site.http.get(format!("{}/api/auth/sessions", site.url)).bearer_auth(&by_id.token);
            request.send().await.unwrap().json().await.unwrap()
        };
        let current = list["items"].as_array().unwrap().iter().find(|one| one["current"] == true).unwrap();
        let url = format!("{}/api/auth/sessions/{}", site.url, current["id"].as_str().unwrap());
        let answer = site.http.delete(url).bearer_auth(&stays.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        site.gets_out(&by_id).await;

        let others = [site.login().await, site.login().await];
        let answer = site
            .http
            .delete(format!("{}/api/auth/sessions", site.url))
            .bearer_auth(&stays.token)
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), StatusCode::NO_CONTENT);
        for session in &others {
            site.gets_out(session).await;
        }
        site.is_in(&stays).await;
    }
}
