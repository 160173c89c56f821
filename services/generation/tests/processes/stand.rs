//! What these tests stand on: PostgreSQL and Redis, keys, a demo model that counts its calls, and any number of
//! `aether-generation` processes on them.

use std::time::Duration;

use aether_demo_model::{self as demo, DemoModel};
use aether_testkit::{
    Backend, People, Person, Process,
    process::pause,
    reader::{Told, follow},
};
use axum::{Router, routing::get};
use futures::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// For a whole story, on a machine that is busy with others.
pub const PATIENCE: Duration = Duration::from_mins(1);

pub struct Stand {
    pub model: DemoModel,
    pub backend: Backend,
    pub people: People,
    pub http: reqwest::Client,
    settings: Vec<(&'static str, String)>,
}

/// A generation that was asked for, and who asked.
pub struct Asked {
    pub id: String,
    pub who: Person,
}

impl Stand {
    pub async fn new() -> Self {
        let backend = Backend::distributed([("METRICS_ADDR", "off")]).await;
        let (lifecycle, people) = (&backend.deps.lifecycle, People::new(&backend.deps));
        let options = demo::Options { faults: true, tokens_per_second: 0.0, ..demo::Options::default() };
        let model = demo::serve(options, lifecycle.shutdown.clone(), &lifecycle.tasks).await.unwrap();
        let keys = people.jwks();
        let answer = move || {
            let keys = keys.clone();
            async move { aether_web::extract::Json(keys) }
        };
        let auth = Router::new().route("/.well-known/jwks.json", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let auth_url = format!("http://{}", listener.local_addr().unwrap());
        lifecycle.tasks.spawn(async move { axum::serve(listener, auth).await });
        let settings = vec![
            ("DATABASE_URL", backend.database.url.clone()),
            ("REDIS_URL", std::env::var("AETHER_TEST_REDIS_URL").unwrap()),
            ("AUTH_URL", auth_url),
            ("OPENAI_BASE_URL", model.base_url()),
            ("AETHER_MODEL_COMPLEX", "aether-demo".to_owned()),
            ("AETHER_MODEL_SIMPLE", "aether-demo-mini".to_owned()),
            // Where it may keep what it must; removed with the rest.
            ("AETHER_DATA_DIR", backend.deps.settings.data_dir.join("process").display().to_string()),
            ("AETHER_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        ];
        Self { model, people, http: backend.deps.http.clone(), settings, backend }
    }

    pub async fn start(&self, name: &'static str) -> Process {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start(name, env!("CARGO_BIN_EXE_aether-generation"), &[], &settings).await
    }

    /// Asks a process for a generation of somebody new: nobody's bound on what runs at once is met.
    pub async fn ask(&self, of: &Process, model: &str) -> Asked {
        let who = self.people.join("Ana").await;
        let body = json!({"prompt": format!("words for {}", who.id), "model": model, "cache": false});
        let request = self.http.post(format!("{}/code", of.url)).bearer_auth(&who.token).json(&body);
        let answer = request.header("Prefer", "respond-async").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        let id = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        Asked { id, who }
    }

    pub async fn get(&self, of: &Process, asked: &Asked) -> Value {
        let url = format!("{}/history/{}", of.url, asked.id);
        let answer = self.http.get(url).bearer_auth(&asked.who.token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    /// Waits until what GET says of it is as wanted.
    pub async fn until(&self, of: &Process, asked: &Asked, wanted: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let now = self.get(of, asked).await;
                if wanted(&now) {
                    return now;
                }
                pause().await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("it never came to that")
    }

    /// Waits until its words come.
    pub async fn streams(&self, of: &Process, asked: &Asked) {
        self.until(of, asked, |now| now["result"].as_str().is_some_and(|text| !text.is_empty())).await;
    }

    /// Follows it until an event says this.
    pub async fn hears(&self, of: &Process, asked: &Asked, word: &str) {
        let url = format!("{}/history/{}/events", of.url, asked.id);
        let answer = self.http.get(url).bearer_auth(&asked.who.token).send().await.unwrap();
        let mut stream = answer.bytes_stream();
        let mut heard = String::new();
        let hearing = async {
            while !heard.contains(word) {
                let bytes = stream.next().await.expect("it ended without").unwrap();
                heard.push_str(&String::from_utf8_lossy(&bytes));
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.expect("it was never said");
    }

    /// No job is left, and what is kept is what was told.
    pub async fn all_is_kept(&self, of: &Process, asked: &[Asked], told: &[Told]) {
        for (asked, told) in asked.iter().zip(told) {
            let kept = self.get(of, asked).await;
            assert_eq!(told.end, "complete", "{}", told.last);
            assert_eq!(
                (kept["status"].as_str(), kept["result"].as_str()),
                (Some("completed"), Some(&*told.text))
            );
            assert_eq!(kept["metadata"]["attempts"], told.attempt);
        }
        let mut db = self.backend.deps.store.conn().await.unwrap();
        assert_eq!(aether_store::jobs::count_ready(&mut db).await.unwrap(), 0);
    }
}

/// Where these processes are.
pub fn at<const N: usize>(of: [&Process; N]) -> Vec<String> {
    of.map(|process| process.url.clone()).to_vec()
}

/// Follows them all, each by any of these services.
pub async fn follow_all(urls: Vec<String>, asked: &[Asked]) -> Vec<Told> {
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let each = asked.iter().map(|asked| follow(&urls, &asked.who.token, &asked.id, PATIENCE));
    futures::future::join_all(each).await
}
