//! How OpenAI-compatible servers write: read leniently, since many leave out fields or add their own. What decides is
//! kept strict: an answer is whole only with a finish reason.

use std::time::Duration;

use aether_common::model::generation::Usage;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Chunk, Finish, ProviderError};

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Tokens>,
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
}

/// A larger count, or a negative one, is not one.
const MAX_TOKENS: f64 = 1e9;

/// The chunks that one `data:` line holds, in order.
pub fn read(data: &str) -> Result<Vec<Chunk>, ProviderError> {
    let message: Message = serde_json::from_str(data).map_err(|error| {
        ProviderError::Garbage(format!("a chunk that is not JSON of the expected form: {error}"))
    })?;
    if let Some(error) = message.error.filter(|error| !error.is_null()) {
        let text = error.get("message").and_then(|text| text.as_str()).unwrap_or("no message");
        return Err(ProviderError::Failed(format!("an error in mid-stream: {text}")));
    }
    let mut chunks = Vec::new();
    if let Some(choice) = message.choices.into_iter().next() {
        if let Some(text) = choice.delta.and_then(|delta| delta.content).filter(|text| !text.is_empty()) {
            chunks.push(Chunk::Text(text));
        }
        if let Some(reason) = choice.finish_reason {
            chunks.push(Chunk::Finish(match reason.as_str() {
                "length" | "max_tokens" | "model_length" => Finish::Length,
                "content_filter" | "safety" => Finish::Filtered,
                // `stop`, and the other words that servers have for it (`eos`, `end_turn`, `stop_sequence`).
                _ => Finish::Stop,
            }));
        }
    }
    // What is no count is as if it were not told: the tokens are then counted here.
    if let Some((input_tokens, output_tokens)) =
        message.usage.and_then(|usage| Some((tokens(usage.prompt_tokens)?, tokens(usage.completion_tokens)?)))
    {
        chunks.push(Chunk::Usage(Usage { input_tokens, output_tokens }));
    }
    Ok(chunks)
}

/// `Retry-After`: seconds, or a date in any of the three forms of RFC 9110, section 5.6.7. A date that is past is no wait,
/// and no wait is longer than an hour.
pub fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?);
    Some((date - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// A count as it is told; 0 where it is left out.
fn tokens(told: Option<f64>) -> Option<u64> {
    let told = told.unwrap_or(0.0);
    if !(0.0..=MAX_TOKENS).contains(&told) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within bounds, as just checked"
    )]
    Some(told as u64)
}

/// The first `max` bytes at most, whole characters.
pub fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lean_and_odd_servers() {
        assert_eq!(read(r#"{"choices":[{"delta":{"content":"a"}}]}"#).unwrap(), [Chunk::Text("a".into())]);
        assert_eq!(
            read(r#"{"choices":[{"delta":{},"finish_reason":"eos","x":1}],"extra":true}"#).unwrap(),
            [Chunk::Finish(Finish::Stop)]
        );
        assert_eq!(
            read(r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#).unwrap(),
            [Chunk::Usage(Usage { input_tokens: 3, output_tokens: 4 })]
        );
        assert!(
            read(r#"{"choices":[{"delta":{"role":"assistant","content":null}}],"usage":null}"#)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date_of_three_forms() {
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        let seconds = |text: &str| retry_after(text, now).map(|wait| wait.as_secs());
        for (text, wait) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("86400", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:49:06 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:06 GMT", Some(3600)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Sun, 66 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(seconds(text), wait, "{text}");
        }
    }

    #[test]
    fn a_count_that_is_none_is_not_told_and_the_answer_stays() {
        for bad in ["-1", "1e18", "1.5e300"] {
            let chunk =
                format!(r#"{{"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":{bad}}}}}"#);
            assert!(read(&chunk).unwrap().is_empty(), "{bad}");
        }
        assert_eq!(
            read(r#"{"choices":[],"usage":{"prompt_tokens":3.0}}"#).unwrap(),
            [Chunk::Usage(Usage { input_tokens: 3, output_tokens: 0 })]
        );
    }

    #[test]
    fn an_error_or_nonsense_is_an_error() {
        assert!(matches!(read(r#"{"error":{"message":"x"}}"#), Err(ProviderError::Failed(_))));
        for bad in ["", "{", "[]", "null", r#"{"choices":"x"}"#, r#"{"choices":[{"delta":{"content":7}}]}"#] {
            assert!(matches!(read(bad), Err(ProviderError::Garbage(_))), "{bad}");
        }
    }
}
