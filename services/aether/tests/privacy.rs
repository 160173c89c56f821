//! Who goes is gone everywhere, and can take along what is theirs; who is shut out is out everywhere. The whole product on
//! both backends, over HTTP and sockets.
#![cfg(test)]

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aether_testkit::{Backend, backends, process::pause};
use chrono::{DateTime, Utc};
use futures::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::timeout};

/// CONTRACT.md says 1 s; a busy test machine gets more.
const SOON: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(1);
const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const PASSWORD: &str = "tiger umbrella 9 frost";
const FORM: &str = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes.md\"\r\n\r\n# Zanzibar\r\n--XX--\r\n";

struct Site {
    name: &'static str,
    url: String,
    http: reqwest::Client,
    backend: Backend,
}

struct Person {
    id: String,
    token: String,
    refresh: String,
}

#[derive(Clone)]
struct Socket {
    name: &'static str,
    url: String,
    http: reqwest::Client,
    heard: Arc<Mutex<Vec<String>>>,
}

async fn sites() -> Vec<Site> {
    let mut sites = Vec::new();
    for backend in backends([("METRICS_ADDR", "off"), ("AETHER_RATE_LIMITS", "off")]).await {
        let deps = backend.deps.clone();
        let router = aether::compose::router(&deps).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        sites.push(Site { name: backend.name, url, http: deps.http.clone(), backend });
    }
    sites
}

impl Socket {
    async fn send(&self, packet: String) {
        assert_eq!(self.http.post(&self.url).body(packet).send().await.unwrap().status(), StatusCode::OK);
    }

    async fn listen(&self) {
        while let Ok(polled) = self.http.get(&self.url).timeout(PATIENCE).send().await {
            let open = polled.status() == StatusCode::OK;
            let Ok(text) = polled.text().await else { return };
            for packet in text.split('\u{1e}').map(str::to_owned) {
                if packet == "2" {
                    let _ = self.http.post(&self.url).body("3").send().await;
                }
                self.heard.lock().unwrap().push(packet);
            }
            if !open {
                return;
            }
        }
    }

    /// Waits until packets that begin so have come, in any order.
    async fn hear(&self, starts: &[&str]) {
        let has = |start: &&str| self.heard.lock().unwrap().iter().any(|packet| packet.starts_with(*start));
        let heard = timeout(PATIENCE, async {
            while !starts.iter().all(has) {
                pause().await;
            }
        });
        let heard = heard.await;
        assert!(heard.is_ok(), "{}: not told {starts:?}, but {:?}", self.name, self.heard.lock().unwrap());
    }
}

impl Site {
    async fn call(
        &self,
        method: Method,
        path: &str,
        person: Option<&Person>,
        body: Option<Value>,
    ) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(person) = person {
            request = request.bearer_auth(&person.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn json(&self, method: Method, path: &str, person: &Person, body: Option<Value>) -> Value {
        let answer = self.call(method, path, Some(person), body).await;
        assert!(answer.status().is_success(), "{} {path}: {}", self.name, answer.status());
        answer.json().await.unwrap()
    }

    async fn register(&self, name: &str) -> Person {
        let body = json!({"email": format!("{name}@example.com"), "password": PASSWORD, "name": name});
        let answer = self.call(Method::POST, "/api/auth/register", None, Some(body)).await;
        let body: Value = answer.json().await.unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        Person {
            id: word(&body["user"]["id"]),
            token: word(&body["accessToken"]),
            refresh: word(&body["refreshToken"]),
        }
    }

    async fn upload(&self, person: &Person) -> String {
        let request = self.http.post(format!("{}/api/generate/uploads", self.url)).bearer_auth(&person.token);
        let request = request.header("content-type", "multipart/form-data; boundary=XX").body(FORM);
        let kept: Value = request.send().await.unwrap().json().await.unwrap();
        kept["id"].as_str().unwrap().to_owned()
    }

    /// A socket over long polling, which is polled until it is closed.
    async fn connect(&self, person: &Person) -> Socket {
        let open = self.call(Method::GET, POLLING, None, None).await.text().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        let url = format!("{}{POLLING}&sid={}", self.url, open["sid"].as_str().unwrap());
        let socket = Socket { name: self.name, url, http: self.http.clone(), heard: Arc::default() };
        socket.send(format!("40{}", json!({"token": person.token}))).await;
        let listening = socket.clone();
        self.backend.deps.lifecycle.tasks.spawn(async move { listening.listen().await });
        socket.hear(&["40{"]).await;
        socket
    }

    async fn gets_out(&self, person: &Person) {
        for path in ["/api/generate/history", "/api/rooms", "/api/auth/profile"] {
            let out = timeout(SOON, async {
                while self.call(Method::GET, path, Some(person), None).await.status()
                    != StatusCode::UNAUTHORIZED
                {
                    pause().await;
                }
            });
            assert!(out.await.is_ok(), "{} {path}: still lets in", self.name);
        }
    }

    async fn export(&self, person: &Person) -> BTreeMap<String, String> {
        let asked = self.json(Method::POST, "/api/auth/account/export", person, None).await;
        let path = format!("/api/auth/account/export/{}", asked["id"].as_str().unwrap());
        let ready = timeout(PATIENCE, async {
            loop {
                let answer = self.call(Method::GET, &path, Some(person), None).await;
                if answer.status() != StatusCode::ACCEPTED {
                    return answer;
                }
                pause().await;
            }
        });
        let answer = ready.await.unwrap_or_else(|_| panic!("{}: no export", self.name));
        assert_eq!(
            (answer.status(), &answer.headers()["content-type"]),
            (StatusCode::OK, &"application/zip".parse().unwrap())
        );
        let mut zip = zip::ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
        let mut files = BTreeMap::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(file.name().unwrap().into_owned(), text);
        }
        files
    }

    async fn objects(&self) -> Vec<String> {
        let keys = self.backend.deps.objects.list_before("", DateTime::<Utc>::MAX_UTC);
        keys.map(Result::unwrap).collect().await
    }
}

#[tokio::test]
async fn who_goes_takes_everything_along_and_leaves_the_others_their_room() {
    for site in sites().await {
        let name = site.name;
        let (ana, ben) = (site.register("ana").await, site.register("ben").await);
        let room = site.json(Method::POST, "/api/rooms", &ben, Some(json!({"name": "Plans"}))).await;
        let room = room["id"].as_str().unwrap();
        let invite =
            site.json(Method::POST, &format!("/api/rooms/{room}/invites"), &ben, Some(json!({}))).await;
        let join = json!({"token": invite["token"]});
        site.json(Method::POST, "/api/rooms/join", &ana, Some(join.clone())).await;
        let (ana_socket, ben_socket) = (site.connect(&ana).await, site.connect(&ben).await);
        for socket in [&ana_socket, &ben_socket] {
            socket.send(format!("420{}", json!(["join_room", {"roomId": room}]))).await;
            socket.hear(&["430["]).await;
        }
        let say = json!(["send_message", {"roomId": room, "message": "to zanzibar"}]);
        ben_socket.send(format!("421{say}")).await;
        ana_socket.hear(&[r#"42["message_received""#]).await;

        let upload = site.upload(&ben).await;
        let ask = json!({"prompt": "a timer for zanzibar", "roomId": room, "uploadIds": [upload]});
        let made = site.json(Method::POST, "/api/generate/code", &ben, Some(ask)).await;
        assert_eq!(made["status"], "completed", "{name}: {made}");
        let generation = made["id"].as_str().unwrap();
        let share = format!("/api/generate/history/{generation}/share");
        let share = site.json(Method::POST, &share, &ben, None).await;
        let shared = format!("/api/generate/shared/{}", share["token"].as_str().unwrap());
        assert_eq!(site.call(Method::GET, &shared, None, None).await.status(), StatusCode::OK);

        let files = site.export(&ben).await;
        assert_eq!(files[&format!("uploads/{upload}/notes.md")], "# Zanzibar", "{name}");
        assert_eq!(
            files[&format!("generations/{generation}/result.md")],
            made["result"].as_str().unwrap(),
            "{name}"
        );
        let path = made["metadata"]["files"][0]["path"].as_str().unwrap();
        assert!(files.contains_key(&format!("generations/{generation}/files/{path}")), "{name}: {path}");
        assert!(files[&format!("rooms/{room}/messages.json")].contains("to zanzibar"), "{name}");
        assert!(files["shares.json"].contains(generation), "{name}");
        assert!(files["usage.json"].contains(generation), "{name}");
        assert!(files["profile.json"].contains("ben@example.com"), "{name}");

        // One more is being made, or waits.
        let ask = json!({"prompt": "a clock for zanzibar", "cache": false});
        let request = site.http.post(format!("{}/api/generate/ui", site.url)).bearer_auth(&ben.token);
        let queued = request.header("prefer", "respond-async").json(&ask).send().await.unwrap();
        assert_eq!(queued.status(), StatusCode::ACCEPTED);

        let gone = site.call(Method::DELETE, "/api/auth/account", Some(&ben), None).await;
        assert_eq!(gone.status(), StatusCode::NO_CONTENT, "{name}");
        site.gets_out(&ben).await;
        ben_socket.hear(&[r#"42["session_revoked""#]).await;
        ana_socket.hear(&[r#"42["message_deleted""#, r#"42["user_left""#, r#"42["resync_required""#]).await;
        let renew = json!({"refreshToken": ben.refresh});
        let refused = site.call(Method::POST, "/api/auth/refresh", None, Some(renew)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            site.call(Method::GET, &shared, None, None).await.status(),
            StatusCode::NOT_FOUND,
            "{name}"
        );

        let left = site.json(Method::GET, &format!("/api/rooms/{room}"), &ana, None).await;
        assert_eq!((&left["role"], &left["memberCount"]), (&json!("owner"), &json!(1)), "{name}");
        assert_eq!(left["ownerId"], *ana.id);
        let said = site.json(Method::GET, &format!("/api/rooms/{room}/messages"), &ana, None).await;
        assert_eq!(said["items"], json!([]), "{name}");
        let late = site.register("cem").await;
        let refused = site.call(Method::POST, "/api/rooms/join", Some(&late), Some(join)).await;
        assert_eq!(refused.status(), StatusCode::NOT_FOUND, "{name}: the link of who is gone lets nobody in");

        assert_eq!(site.objects().await, Vec::<String>::new(), "{name}");
        let texts = [ben.id.clone(), "ben@example.com".to_owned(), "zanzibar".to_owned()];
        let stays = ["audit.actor_id", "audit.subject_id", "token_cuts.subject"].map(str::to_owned);
        let traces = site.backend.database.find_traces(&texts).await;
        assert!(traces.is_subset(&stays.into()), "{name}: {traces:?}");
    }
}

#[tokio::test]
async fn who_is_disabled_or_given_another_role_is_out_of_every_service_with_what_was_allowed() {
    for site in sites().await {
        let name = site.name;
        let (root, ben) = (site.register("root").await, site.register("ben").await);
        let user = format!("/api/auth/users/{}", ben.id);
        let socket = site.connect(&ben).await;
        site.json(Method::PATCH, &user, &root, Some(json!({"role": "admin"}))).await;
        site.gets_out(&ben).await;
        socket.hear(&[r#"42["session_revoked""#]).await;

        let renew = json!({"refreshToken": ben.refresh});
        let answer = site.call(Method::POST, "/api/auth/refresh", None, Some(renew)).await;
        let renewed: Value = answer.json().await.unwrap();
        let word = |field: &str| renewed[field].as_str().unwrap().to_owned();
        let ben = Person { id: ben.id, token: word("accessToken"), refresh: word("refreshToken") };
        let state = "/api/generate/state";
        assert_eq!(site.call(Method::GET, state, Some(&ben), None).await.status(), StatusCode::OK, "{name}");

        let key = json!({"role": "user", "disabled": true});
        let socket = site.connect(&ben).await;
        site.json(Method::PATCH, &user, &root, Some(key)).await;
        site.gets_out(&ben).await;
        socket.hear(&[r#"42["session_revoked""#]).await;
        assert_eq!(site.call(Method::GET, state, Some(&ben), None).await.status(), StatusCode::UNAUTHORIZED);
        let renew = json!({"refreshToken": ben.refresh});
        let refused = site.call(Method::POST, "/api/auth/refresh", None, Some(renew)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}
