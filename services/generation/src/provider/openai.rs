//! Any OpenAI-compatible server, over HTTP. Requests are async-openai's types; the stream is read here, because that crate
//! takes a cut stream for a whole one and loses status and `Retry-After` (docs/decisions/0003).

use std::time::Duration;

use aether_common::clock::Clock;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use chrono::DateTime;
use eventsource_stream::Eventsource;
use futures::{StreamExt, future::BoxFuture};
use reqwest::{Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Call, Chunk, Chunks, Finish, Provider, ProviderError, Speaker, Turn,
    wire::{cut, read},
};

/// A server that sends more than this without ending a line is not answering.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// No answer of a model is as long.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// What is read of an error's body.
const MAX_ERROR_BYTES: usize = 16 * 1024;

/// A client of one server.
pub struct OpenAi {
    name: String,
    base_url: String,
    key: Option<SecretString>,
    http: reqwest::Client,
    clock: Clock,
}

impl OpenAi {
    /// A client of the server at `base_url`, which ends with its version, such as `https://api.openai.com/v1`.
    pub fn new(
        name: &str,
        base_url: &Url,
        key: Option<SecretString>,
        http: reqwest::Client,
        clock: Clock,
    ) -> Self {
        let base_url = base_url.as_str().trim_end_matches('/').to_owned();
        Self { name: name.into(), base_url, key, http, clock }
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/{path}", self.base_url));
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    async fn call(&self, call: Call) -> Result<Chunks, ProviderError> {
        let body = CreateChatCompletionRequest {
            model: call.model,
            messages: call.turns.into_iter().map(message).collect(),
            temperature: call.temperature,
            max_completion_tokens: call.max_output_tokens.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
            stream: Some(true),
            stream_options: Some(ChatCompletionStreamOptions {
                include_usage: Some(true),
                include_obfuscation: None,
            }),
            ..CreateChatCompletionRequest::default()
        };
        let response = self
            .request(reqwest::Method::POST, "chat/completions")
            .header(header::ACCEPT, "text/event-stream")
            .json(&body)
            .send()
            .await
            .map_err(|error| ProviderError::Failed(error.without_url().to_string()))?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.starts_with("text/event-stream") {
            return Err(ProviderError::Garbage(format!("an answer of type {}", cut(kind, 100))));
        }
        Ok(chunks(response))
    }

    async fn refusal(&self, response: Response) -> ProviderError {
        let status = response.status();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| self.retry_after(text));
        let text = error_text(response).await;
        match status {
            // A spent quota does not come back by waiting seconds.
            StatusCode::TOO_MANY_REQUESTS if !text.contains("insufficient_quota") => {
                ProviderError::Busy { retry_after }
            }
            StatusCode::TOO_MANY_REQUESTS => ProviderError::Refused(429),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized(status.as_u16()),
            StatusCode::NOT_FOUND => ProviderError::NoModel,
            _ if text.contains("model_not_found") => ProviderError::NoModel,
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                ProviderError::Failed(format!("{status}: {}", cut(&text, 200)))
            }
            _ => ProviderError::Refused(status.as_u16()),
        }
    }

    /// Seconds or a date (RFC 9110 section 10.2.3).
    fn retry_after(&self, text: &str) -> Option<Duration> {
        if let Ok(seconds) = text.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
        (date.to_utc() - self.clock.now()).to_std().ok()
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>> {
        Box::pin(self.call(call))
    }

    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(async {
            let asked =
                self.request(reqwest::Method::GET, "models").timeout(Duration::from_secs(2)).send().await;
            match asked {
                Ok(response) if response.status().is_server_error() => {
                    Err(ProviderError::Failed(response.status().to_string()))
                }
                Ok(_) => Ok(()),
                Err(error) => Err(ProviderError::Failed(error.without_url().to_string())),
            }
        })
    }
}

fn message(turn: Turn) -> ChatCompletionRequestMessage {
    match turn.speaker {
        Speaker::System => {
            ChatCompletionRequestSystemMessage { content: turn.text.into(), name: None }.into()
        }
        Speaker::User => ChatCompletionRequestUserMessage { content: turn.text.into(), name: None }.into(),
        Speaker::Assistant => ChatCompletionRequestAssistantMessage {
            content: Some(turn.text.into()),
            ..ChatCompletionRequestAssistantMessage::default()
        }
        .into(),
    }
}

async fn error_text(response: Response) -> String {
    let mut bytes = Vec::new();
    let mut body = response.bytes_stream();
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(Duration::from_secs(2), body.next()).await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_ERROR_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The body's bytes, ended by an error when they pass a bound: the event parser itself has none.
fn bounded(response: Response) -> impl futures::Stream<Item = Result<Vec<u8>, String>> + Send {
    let (mut all, mut line) = (0_usize, 0_usize);
    response.bytes_stream().map(move |piece| {
        let piece = piece.map_err(|error| error.without_url().to_string())?;
        all += piece.len();
        line = match piece.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => piece.len() - end,
            None => line + piece.len(),
        };
        if all > MAX_ANSWER_BYTES || line > MAX_LINE_BYTES {
            return Err("more than an answer may have".to_owned());
        }
        Ok(piece.to_vec())
    })
}

fn chunks(response: Response) -> Chunks {
    let events = Box::pin(bounded(response)).eventsource();
    Box::pin(async_stream::stream! {
        let mut events = std::pin::pin!(events);
        let mut finish: Option<Finish> = None;
        while let Some(event) = events.next().await {
            let data = match event {
                Ok(event) => event.data,
                Err(error) => {
                    // Once the reason is told the text is whole; a cut in what follows takes nothing away.
                    if finish.is_none() {
                        yield Err(ProviderError::Cut(error.to_string()));
                    }
                    return;
                }
            };
            if data.trim() == "[DONE]" {
                break;
            }
            match read(&data) {
                Ok(pieces) => for piece in pieces {
                    if let Chunk::Finish(reason) = piece {
                        finish = Some(reason);
                    }
                    yield Ok(piece);
                },
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
        if finish.is_none() {
            yield Err(ProviderError::Cut("the stream ended without a finish reason".into()));
        }
    })
}
