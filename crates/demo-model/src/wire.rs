//! The OpenAI wire form: chunk lines, the whole answer, errors, the model list. No behaviour.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The two models of the product: the name and what it is for.
pub const MODELS: [&str; 2] = ["aether-demo", "aether-demo-mini"];

/// Writes the chunks of one stream. All chunks of a stream share id, time and model.
pub struct Chunks {
    head: String,
    with_usage: bool,
}

impl Chunks {
    pub fn new(call: u64, model: &str, with_usage: bool) -> Self {
        let head = json!({
            "id": format!("chatcmpl-demo-{call:08x}"),
            "object": "chat.completion.chunk",
            "created": unix_seconds(),
            "model": model,
            "system_fingerprint": "aether-demo-1",
        });
        let mut head = head.to_string();
        head.pop();
        Self { head, with_usage }
    }

    pub fn role(&self) -> String {
        self.choice(r#"{"role":"assistant","content":""}"#, "null")
    }

    pub fn token(&self, text: &str) -> String {
        self.choice(&format!(r#"{{"content":{}}}"#, Value::from(text)), "null")
    }

    pub fn finish(&self, reason: &str) -> String {
        self.choice("{}", &Value::from(reason).to_string())
    }

    pub fn usage(&self, usage: &Value) -> String {
        format!("data: {},\"choices\":[],\"usage\":{usage}}}\n\n", self.head)
    }

    fn choice(&self, delta: &str, finish: &str) -> String {
        let usage = if self.with_usage { r#","usage":null"# } else { "" };
        format!(
            "data: {},\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]{usage}}}\n\n",
            self.head
        )
    }
}

pub fn usage(prompt: usize, completion: usize) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

pub fn completion(call: u64, model: &str, text: &str, reason: &str, usage: &Value) -> Response {
    json_response(
        StatusCode::OK,
        &json!({
            "id": format!("chatcmpl-demo-{call:08x}"),
            "object": "chat.completion",
            "created": unix_seconds(),
            "model": model,
            "system_fingerprint": "aether-demo-1",
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": null},
                "logprobs": null,
                "finish_reason": reason,
            }],
            "usage": usage,
        }),
    )
}

pub fn error_body(kind: &str, code: &str, message: &str, param: Option<&str>) -> Value {
    json!({"error": {"message": message, "type": kind, "param": param, "code": code}})
}

pub fn error(status: StatusCode, kind: &str, code: &str, message: &str, param: Option<&str>) -> Response {
    json_response(status, &error_body(kind, code, message, param))
}

pub fn bad_request(message: &str, param: Option<&str>) -> Response {
    error(StatusCode::BAD_REQUEST, "invalid_request_error", "invalid_request", message, param)
}

pub fn model_not_found(model: &str) -> Response {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    error(StatusCode::NOT_FOUND, "invalid_request_error", "model_not_found", &message, Some("model"))
}

pub fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": 1_767_225_600, "owned_by": "aetheros"})
}

pub fn json_response(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (status, kind, body.to_string()).into_response()
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
