//! `aether` on its embedded default is killed, or stopped, while it works, and started again on the same data: accounts and
//! tokens hold, and every generation that was being made still ends exactly once.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

use std::time::Duration;

use aether_demo_model::{self as demo, DemoModel};
use aether_testkit::{
    Process,
    process::{Signal, pause},
    reader::{Told, follow},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const PATIENCE: Duration = Duration::from_mins(1);

struct Stand {
    model: DemoModel,
    http: reqwest::Client,
    data: TempDir,
    shutdown: CancellationToken,
    _tasks: TaskTracker,
}

impl Stand {
    async fn new() -> Self {
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let options = demo::Options { faults: true, ..demo::Options::default() };
        let model = demo::serve(options, shutdown.clone(), &tasks).await.unwrap();
        let http = reqwest::Client::builder().build().unwrap();
        Self { model, http, data: tempfile::tempdir().unwrap(), shutdown, _tasks: tasks }
    }

    async fn start(&self) -> Process {
        let settings = [
            ("AETHER_DATA_DIR", self.data.path().to_str().unwrap()),
            ("OPENAI_BASE_URL", &self.model.base_url()),
            ("AETHER_MODEL_COMPLEX", "aether-demo"),
            ("AETHER_MODEL_SIMPLE", "aether-demo-mini"),
        ];
        Process::start("aether", env!("CARGO_BIN_EXE_aether"), &["serve"], &settings).await
    }

    async fn register(&self, at: &Process, number: usize) -> String {
        let person = json!({
            "email": format!("ana{number}@example.com"), "password": "tiger umbrella 9 frost", "name": "Ana",
        });
        let request = self.http.post(format!("{}/api/auth/register", at.url)).json(&person);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<Value>().await.unwrap()["accessToken"].as_str().unwrap().to_owned()
    }

    async fn ask(&self, at: &Process, token: &str, number: usize, model: &str) -> String {
        let body = json!({"prompt": format!("words {number}"), "model": model, "cache": false});
        let request = self.http.post(format!("{}/api/generate/code", at.url)).bearer_auth(token).json(&body);
        let answer = request.header("Prefer", "respond-async").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn get(&self, at: &Process, token: &str, id: &str) -> Value {
        let request = self.http.get(format!("{}/api/generate/history/{id}", at.url)).bearer_auth(token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    async fn streams(&self, at: &Process, token: &str, id: &str) {
        let streaming = async {
            while self.get(at, token, id).await["result"].as_str().is_none_or(str::is_empty) {
                pause().await;
            }
        };
        timeout(PATIENCE, streaming).await.expect("no words came");
    }

    async fn all_end(&self, at: &Process, asked: &[(String, String)]) -> Vec<Told> {
        let url = format!("{}/api/generate", at.url);
        let urls = [url.as_str()];
        let each = asked.iter().map(|(token, id)| follow(&urls, token, id, PATIENCE));
        let told = futures::future::join_all(each).await;
        for ((token, id), told) in asked.iter().zip(&told) {
            let kept = self.get(at, token, id).await;
            assert_eq!(told.end, "complete", "{}", told.last);
            assert_eq!(kept["result"].as_str(), Some(&*told.text));
            assert_eq!(kept["metadata"]["attempts"], told.attempt);
        }
        told
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_all_that_was_being_made_is_made() {
    let stand = Stand::new().await;
    let mut aether = stand.start().await;
    let mut asked = Vec::new();
    for number in 0..3 {
        let token = stand.register(&aether, number).await;
        for part in 0..3 {
            let id = stand.ask(&aether, &token, number * 3 + part, "tokens:200+speed:50").await;
            asked.push((token.clone(), id));
        }
    }
    let (token, id) = &asked[0];
    let short = stand.ask(&aether, token, 99, "tokens:5+speed-max").await;
    let done = follow(&[&format!("{}/api/generate", aether.url)], token, &short, PATIENCE).await;
    for (token, id) in &asked {
        stand.streams(&aether, token, id).await;
    }
    assert_eq!(stand.get(&aether, token, id).await["status"], "running");
    aether.kill().await;
    let killed = Instant::now();

    let aether = stand.start().await;
    // The token of before holds, and what had ended is there.
    assert_eq!(stand.get(&aether, token, &short).await["result"].as_str(), Some(&*done.text));
    let told = stand.all_end(&aether, &asked).await;
    for told in &told {
        assert!(told.text.contains("w200"));
        assert_eq!(told.attempt, 2, "what stood in the memory of the dead process is written anew");
    }
    assert_eq!(stand.model.calls(), 1 + 2 * 9);
    // A lease of ten seconds, a look each second, and four seconds of words.
    assert!(killed.elapsed() < Duration::from_secs(30), "after {:?}", killed.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_exits_cleanly_and_its_work_goes_on_at_the_next_start() {
    let stand = Stand::new().await;
    let mut aether = stand.start().await;
    let token = stand.register(&aether, 0).await;
    // The first stands still for ever when it is first asked for; the second ends while the process drains.
    let mut asked = Vec::new();
    for (number, model) in [(0, "fault-hang-once:20+tokens:60+speed:200"), (1, "tokens:100+speed:50")] {
        let id = stand.ask(&aether, &token, number, model).await;
        stand.streams(&aether, &token, &id).await;
        asked.push((token.clone(), id));
    }
    aether.signal(Signal::TERM);
    let status = aether.ended(Duration::from_secs(35)).await;
    assert_eq!(status.code(), Some(0), "{status}");

    let aether = stand.start().await;
    let started = Instant::now();
    let told = stand.all_end(&aether, &asked).await;
    assert!(started.elapsed() < Duration::from_secs(8), "handed over, so no lease must run out");
    assert_eq!((told[0].attempt, told[1].attempt), (2, 1));
    assert_eq!(stand.model.calls(), 3);
}
