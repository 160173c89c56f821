//! A stand-in for a model provider that keeps time: a token every so often, each with the time at which it left. How many
//! and how fast a call is told in its prompt, so that one simulator serves every scenario and both servers.

use std::{
    convert::Infallible,
    fmt::Write as _,
    io::{self, Write as _},
    time::Duration,
};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use futures::{Stream, stream};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep_until},
};

use super::clock;

/// The name of its model.
pub const MODEL: &str = "paced";
/// What every chunk begins with.
const HEAD: &str = concat!(
    r#"data: {"id":"chatcmpl-paced","object":"chat.completion.chunk","created":1767225600,"#,
    r#""model":"paced","system_fingerprint":"paced-1","choices":"#
);
/// The text is one file, so that a server that looks for files finds one that is whole.
const OPEN: &str = "```text path=tokens.txt\\n";
const CLOSE: &str = "\\n```\\n";

/// Writes so many tokens, so many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many.
    pub tokens: u32,
    /// How many a second.
    pub rate: u32,
}

impl Pace {
    /// A prompt that asks for this pace, unlike any other with another `run`.
    pub fn prompt(self, run: &str) -> String {
        format!("Write numbers. tokens={} rate={} run={run}", self.tokens, self.rate)
    }

    /// What passes between the first token and the last, in microseconds.
    pub fn nominal(self) -> u64 {
        u64::from(self.tokens.saturating_sub(1)) * 1_000_000 / u64::from(self.rate.max(1))
    }

    /// What the last prompt in a request asks for.
    fn of(request: &str) -> Self {
        let number = |key: &str| {
            let rest = request.rsplit_once(key)?.1;
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        };
        Self {
            tokens: number("tokens=").unwrap_or(100).clamp(1, 100_000),
            rate: number("rate=").unwrap_or(50).clamp(1, 100_000),
        }
    }
}

/// The tokens in a delta as it stands in JSON: the number of each, and when it left.
pub fn read(delta: &str) -> impl Iterator<Item = (u32, u64)> {
    delta.split(' ').filter_map(|word| {
        let (number, stamp) = word.split_once('@')?;
        // The first token has the opening of the file before its number.
        let start = number.rfind(|letter: char| !letter.is_ascii_digit()).map_or(0, |at| at + 1);
        Some((number[start..].parse().ok()?, stamp.parse().ok()?))
    })
}

/// Serves on a free port of loopback, or this one, and prints its base URL, until the process ends.
pub async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "http://{address}/v1")?;
    // Each token is a small write: with Nagle's algorithm they would wait for one another.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router()).await?)
}

fn router() -> Router {
    let models = || async {
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (kind, r#"{"object":"list","data":[{"id":"paced","object":"model","created":0,"owned_by":"bench"}]}"#)
    };
    Router::new().route("/v1/models", get(models)).route("/v1/chat/completions", post(complete))
}

async fn complete(request: Bytes) -> Response {
    let pace = Pace::of(&String::from_utf8_lossy(&request));
    let kind = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (kind, Body::from_stream(chunks(pace))).into_response()
}

/// Token `n` leaves `n + 1` gaps after the start, however late the one before it was.
fn chunks(pace: Pace) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let began = Instant::now();
    let gap = Duration::from_secs(1) / pace.rate.max(1);
    stream::unfold(0, move |number| async move {
        if number < pace.tokens {
            sleep_until(began + gap * (number + 1)).await;
            return Some((Ok(token(number, pace.tokens)), number + 1));
        }
        (number == pace.tokens).then(|| (Ok(ending(pace.tokens)), number + 1))
    })
}

fn token(number: u32, tokens: u32) -> Bytes {
    let open = if number == 0 { OPEN } else { "" };
    let close = if number + 1 == tokens { CLOSE } else { "" };
    let mut text = String::with_capacity(320);
    text.push_str(HEAD);
    text.push_str(r#"[{"index":0,"delta":{"content":""#);
    // Writing to a String cannot fail.
    let _ = write!(text, "{open}{number}@{} {close}", clock::micros());
    text.push_str("\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n");
    text.into()
}

fn ending(tokens: u32) -> Bytes {
    format!(
        "{HEAD}[{{\"index\":0,\"delta\":{{}},\"logprobs\":null,\"finish_reason\":\"stop\"}}],\"usage\":null}}\n\n\
         {HEAD}[],\"usage\":{{\"prompt_tokens\":20,\"completion_tokens\":{tokens},\"total_tokens\":{}}}}}\n\n\
         data: [DONE]\n\n",
        u64::from(tokens) + 20
    )
    .into()
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_prompt_says_the_pace_and_the_last_one_counts() {
        let pace = Pace { tokens: 7, rate: 1000 };
        let request = format!("tokens=3 rate=4 {} and more", pace.prompt("x"));
        assert_eq!(Pace::of(&request), pace);
        assert_eq!(Pace::of("nothing"), Pace { tokens: 100, rate: 50 });
        assert_eq!(Pace { tokens: 51, rate: 50 }.nominal(), 1_000_000);
    }

    #[tokio::test]
    async fn every_token_is_sent_once_in_order_and_is_read_again() {
        let pace = Pace { tokens: 5, rate: 2000 };
        let sent: Vec<Bytes> = chunks(pace).map(|chunk| chunk.unwrap()).collect().await;
        let sent = String::from_utf8(sent.concat()).unwrap();
        let mut text = String::new();
        let mut finish = Value::Null;
        let mut numbers = Vec::new();
        for line in
            sent.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|line| *line != "[DONE]")
        {
            let chunk: Value = serde_json::from_str(line).unwrap();
            if let Some(delta) = chunk["choices"][0]["delta"]["content"].as_str() {
                text.push_str(delta);
                let in_json = Value::from(delta).to_string();
                numbers.extend(read(in_json.trim_matches('"')).map(|(number, _)| number));
            }
            if chunk["choices"][0]["finish_reason"].is_string() {
                finish = chunk["choices"][0]["finish_reason"].clone();
            }
        }
        assert_eq!((numbers, finish), (vec![0, 1, 2, 3, 4], Value::from("stop")));
        assert!(text.starts_with("```text path=tokens.txt\n0@") && text.ends_with(" \n```\n"), "{text}");
        assert_eq!(read(r"3@10 4@20 \n```\n").collect::<Vec<_>>(), [(3, 10), (4, 20)]);
    }
}
