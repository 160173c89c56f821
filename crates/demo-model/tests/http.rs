//! The server as a client sees it: streams, limits, continuation, and each fault through the front door.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use aether_demo_model::{DemoModel, Options, serve};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

async fn start(faults: bool) -> (DemoModel, CancellationToken) {
    let shutdown = CancellationToken::new();
    let options = Options { faults, tokens_per_second: 0.0, ..Options::default() };
    (serve(options, shutdown.clone(), &TaskTracker::new()).await.unwrap(), shutdown)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

fn body(model: &str, prompt: &str) -> Value {
    json!({"model": model, "stream": true, "messages": [{"role": "user", "content": prompt}]})
}

async fn post(server: &DemoModel, body: &Value) -> reqwest::Response {
    client().post(format!("{}/chat/completions", server.base_url())).json(body).send().await.unwrap()
}

/// What came of a stream.
#[derive(Debug, Default)]
struct Heard {
    text: String,
    tokens: usize,
    finish: Option<String>,
    done: bool,
    broken: bool,
    errors: usize,
    garbage: usize,
    usage: Option<Value>,
}

async fn hear(mut response: reqwest::Response) -> Heard {
    let mut raw = String::new();
    let mut heard = Heard::default();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => raw.push_str(std::str::from_utf8(&bytes).unwrap()),
            Ok(None) => break,
            Err(_) => {
                heard.broken = true;
                break;
            }
        }
    }
    for data in raw.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
        if data == "[DONE]" {
            heard.done = true;
            continue;
        }
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            heard.garbage += 1;
            continue;
        };
        if chunk["error"].is_object() {
            heard.errors += 1;
        }
        if let Some(text) = chunk["choices"][0]["delta"]["content"].as_str().filter(|text| !text.is_empty()) {
            heard.text.push_str(text);
            heard.tokens += 1;
        }
        if let Some(finish) = chunk["choices"][0]["finish_reason"].as_str() {
            heard.finish = Some(finish.to_owned());
        }
        if chunk["usage"].is_object() {
            heard.usage = Some(chunk["usage"].clone());
        }
    }
    heard
}

async fn play(server: &DemoModel, model: &str) -> Heard {
    hear(post(server, &body(model, "a todo app")).await).await
}

#[tokio::test]
async fn a_stream_is_the_whole_answer_in_tokens() {
    let (server, _shutdown) = start(false).await;
    let mut request = body("aether-demo", "a todo app with due dates");
    request["stream_options"] = json!({"include_usage": true});
    let heard = hear(post(&server, &request).await).await;
    assert_eq!((heard.finish.as_deref(), heard.done, heard.broken), (Some("stop"), true, false));
    assert_eq!(heard.usage.unwrap()["completion_tokens"], heard.tokens);
    request["stream"] = json!(false);
    let whole: Value = post(&server, &request).await.json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], heard.text);
    assert!(heard.tokens > 500 && server.calls() == 2 && server.open_streams() == 0);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_cut_off_answer_goes_on_from_the_exact_byte() {
    let (server, _shutdown) = start(false).await;
    let whole = play(&server, "aether-demo").await.text;
    let mut request = body("aether-demo", "a todo app");
    request["max_completion_tokens"] = json!(50);
    let first = hear(post(&server, &request).await).await;
    assert_eq!((first.tokens, first.finish.as_deref()), (50, Some("length")));
    let request = json!({"model": "aether-demo", "stream": true, "messages": [
        {"role": "user", "content": "a todo app"},
        {"role": "assistant", "content": first.text},
        {"role": "user", "content": "Continue exactly where you stopped. Do not repeat anything."},
    ]});
    let rest = hear(post(&server, &request).await).await;
    assert_eq!(first.text + &rest.text, whole);
    assert_eq!(rest.finish.as_deref(), Some("stop"));
}

#[tokio::test]
async fn bad_requests_are_answered_in_the_openai_form() {
    let (server, _shutdown) = start(false).await;
    let url = format!("{}/chat/completions", server.base_url());
    let response = client().post(&url).body("{").send().await.unwrap();
    assert_eq!(response.status(), 400);
    for (request, status, code) in [
        (json!({}), 400, "invalid_request"),
        (json!({"model": "aether-demo"}), 400, "invalid_request"),
        (json!({"model": "aether-demo", "messages": []}), 400, "invalid_request"),
        (body("gpt-4o", "x"), 404, "model_not_found"),
    ] {
        let response = post(&server, &request).await;
        assert_eq!(response.status(), status);
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["error"]["code"], code, "{problem}");
    }
}

#[tokio::test]
async fn a_user_cannot_switch_faults_on() {
    let (server, _shutdown) = start(false).await;
    for model in ["fault-500", "fault-429-once", "speed-max", "tokens:5", "aether-demo+fault-cut"] {
        assert_eq!(post(&server, &body(model, "x")).await.status(), 404, "{model}");
    }
    let response = client()
        .post(format!("{}/chat/completions", server.base_url()))
        .header("x-demo-fault", "fault-500")
        .json(&body("aether-demo", "a todo app"))
        .send()
        .await
        .unwrap();
    assert_eq!(hear(response).await.finish.as_deref(), Some("stop"));
    let models: Value =
        client().get(format!("{}/models", server.base_url())).send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn refusals() {
    let (server, _shutdown) = start(true).await;
    let limited = post(&server, &body("fault-429", "x")).await;
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    for (model, status) in [("fault-500", 500), ("fault-401", 401), ("no-such-model", 404)] {
        let response = post(&server, &body(model, "x")).await;
        assert_eq!(response.status(), status, "{model}");
        assert!(response.json::<Value>().await.unwrap()["error"]["message"].is_string());
    }
    let html = post(&server, &body("fault-html", "x")).await;
    assert!(html.status() == 200 && html.text().await.unwrap().contains("<!doctype html>"));
    let error = post(&server, &body("fault-json-error", "x")).await;
    assert!(error.status() == 200 && error.json::<Value>().await.unwrap()["error"].is_object());
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn once_means_the_first_call_of_a_prompt() {
    let (server, _shutdown) = start(true).await;
    for model in ["fault-429-once+tokens:3", "fault-500-once+tokens:3", "fault-cut-once+tokens:30"] {
        for prompt in ["first prompt", "second prompt"] {
            let first = post(&server, &body(model, prompt)).await;
            let failed = !first.status().is_success() || hear(first).await.broken;
            assert!(failed, "{model}");
            let heard = hear(post(&server, &body(model, prompt)).await).await;
            assert_eq!(heard.finish.as_deref(), Some("stop"), "{model}");
        }
    }
}

#[tokio::test]
async fn broken_streams() {
    let (server, _shutdown) = start(true).await;
    let cut = play(&server, "fault-cut").await;
    assert!(cut.broken && cut.tokens > 0 && cut.finish.is_none() && !cut.done, "{cut:?}");
    let eof = play(&server, "fault-eof").await;
    assert!(!eof.broken && eof.tokens > 0 && eof.finish.is_none() && !eof.done, "{eof:?}");
    let nodone = play(&server, "fault-nodone").await;
    assert!(nodone.finish.as_deref() == Some("stop") && !nodone.done && !nodone.broken);
    let garbage = play(&server, "fault-garbage").await;
    assert!(garbage.garbage == 1 && garbage.done);
    let error = play(&server, "fault-mid-error").await;
    assert!(error.errors == 1 && error.tokens > 0 && error.finish.is_none());
    let empty = play(&server, "fault-empty").await;
    assert!(empty.text.is_empty() && empty.finish.as_deref() == Some("stop") && empty.done);
}

#[tokio::test]
async fn lengths_and_numbered_words() {
    let (server, _shutdown) = start(true).await;
    let words = play(&server, "tokens:300").await;
    assert!(words.tokens == 300 && words.text.starts_with("w1 w2 ") && words.text.ends_with(" w300"));
    assert_eq!(play(&server, "fault-length").await.finish.as_deref(), Some("length"));
    let request = json!({"model": "fault-length:forever+tokens:60", "stream": true, "messages": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": play(&server, "fault-length:forever+tokens:60").await.text},
        {"role": "user", "content": "continue exactly where you stopped"},
    ]});
    assert_eq!(hear(post(&server, &request).await).await.finish.as_deref(), Some("length"));
}

#[tokio::test]
async fn an_artifact_that_does_not_parse_until_its_repair_is_asked_for() {
    let (server, _shutdown) = start(true).await;
    let whole = play(&server, "speed-max").await.text;
    let ask = async |model: &str, turn: &str| {
        let request = json!({"model": model, "stream": true, "messages": [
            {"role": "user", "content": "a todo app"},
            {"role": "assistant", "content": "what it wrote"},
            {"role": "user", "content": turn},
        ]});
        hear(post(&server, &request).await).await.text
    };
    for _ in 0..2 {
        let broken = play(&server, "fault-invalid-once").await.text;
        assert!(broken.contains("function broken( {") && broken != whole);
        assert_eq!(play(&server, "fault-invalid").await.text, broken);
        assert_eq!(ask("fault-invalid-once", "AetherOS-Repair: the files have problems").await, whole);
        assert_eq!(ask("fault-invalid", "AetherOS-Repair: the files have problems").await, broken);
    }
    let changed = ask("fault-invalid-once", "make it blue").await;
    assert!(changed.contains("function broken( {"), "a new wish is no repair");
}

#[tokio::test]
async fn usage_as_told_and_calls_counted_by_model() {
    let (server, _shutdown) = start(true).await;
    let usage = async |model: &str| {
        let mut request = body(model, "x");
        request["stream_options"] = json!({"include_usage": true});
        hear(post(&server, &request).await).await.usage
    };
    assert_eq!(usage("tokens:5+fault-no-usage").await, None);
    let told = usage("tokens:5+fault-usage:11:7").await.unwrap();
    assert_eq!((told["prompt_tokens"].as_u64(), told["completion_tokens"].as_u64()), (Some(11), Some(7)));
    usage("tokens:5+fault-no-usage").await;
    assert_eq!(
        (server.calls(), server.calls_for("tokens:5+fault-no-usage"), server.calls_for("x")),
        (3, 2, 0)
    );
    let url = |server: &DemoModel| format!("http://{}/__calls", server.addr());
    let counts: Value = client().get(url(&server)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&counts["calls"], &counts["models"]["tokens:5+fault-no-usage"]), (&json!(3), &json!(2)));
    let (product, _shutdown) = start(false).await;
    assert_eq!(client().get(url(&product)).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn speed_and_a_slow_first_token() {
    let (server, _shutdown) = start(true).await;
    let began = Instant::now();
    play(&server, "tokens:20+speed:100").await;
    assert!(began.elapsed() >= Duration::from_millis(180), "{:?}", began.elapsed());
    let began = Instant::now();
    play(&server, "tokens:3+fault-slow-first:300").await;
    assert!(began.elapsed() >= Duration::from_millis(300));
    let began = Instant::now();
    let heard = play(&server, "tokens:5000+speed-max").await;
    assert!(heard.tokens == 5000 && began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_client_that_leaves_closes_its_stream_at_once() {
    let (server, shutdown) = start(true).await;
    for model in ["fault-hang", "fault-hang-first", "tokens:100000+speed:5"] {
        let response = post(&server, &body(model, "x")).await;
        assert_eq!(server.open_streams(), 1, "{model}");
        drop(response);
        let began = Instant::now();
        while server.open_streams() > 0 {
            assert!(began.elapsed() < Duration::from_secs(5), "{model} stays open");
            tokio::task::yield_now().await;
        }
    }
    let response = post(&server, &body("fault-hang", "x")).await;
    shutdown.cancel();
    assert!(hear(response).await.broken);
}
