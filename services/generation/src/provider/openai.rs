//! Any OpenAI-compatible server, over HTTP. Requests are async-openai's types; the stream is read here, because that crate
//! takes a cut stream for a whole one and loses status and `Retry-After` (docs/decisions/0003).

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use aether_common::clock::Clock;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use futures::{StreamExt, future::BoxFuture};
use reqwest::{Response, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Call, Chunks, Provider, ProviderError, Speaker, Turn,
    read::Reader,
    wire::{cut, retry_after},
};

/// What is read of an error's body.
const MAX_ERROR_BYTES: usize = 16 * 1024;
/// What is logged of it.
const MAX_TOLD_BYTES: usize = 200;

/// A client of one server.
pub struct OpenAi {
    name: String,
    base_url: String,
    key: Option<SecretString>,
    http: reqwest::Client,
    clock: Clock,
    /// It has shown that it only knows the old name of the token limit.
    old_limit: AtomicBool,
    /// It has shown that it does not know `stream_options`.
    no_options: AtomicBool,
}

/// Makes what a provider said fit for a log.
#[derive(Clone)]
struct Clean(Option<SecretString>);

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
        Self {
            name: name.into(),
            base_url,
            key,
            http,
            clock,
            old_limit: AtomicBool::new(false),
            no_options: AtomicBool::new(false),
        }
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/{path}", self.base_url));
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    async fn call(&self, call: Call) -> Result<Chunks, ProviderError> {
        let mut body = CreateChatCompletionRequest {
            model: call.model,
            messages: call.turns.into_iter().map(message).collect(),
            temperature: call.temperature,
            stream: Some(true),
            ..CreateChatCompletionRequest::default()
        };
        let limit = call.max_output_tokens.map(|most| u32::try_from(most).unwrap_or(u32::MAX));
        loop {
            self.fill(&mut body, limit);
            let response = self
                .request(reqwest::Method::POST, "chat/completions")
                .header(header::ACCEPT, "text/event-stream")
                .json(&body)
                .send()
                .await
                .map_err(|error| {
                    ProviderError::Failed(self.clean().text(&error.without_url().to_string()))
                })?;
            if !response.status().is_success() {
                match self.refusal(response, &body).await {
                    Some(error) => return Err(error),
                    None => continue,
                }
            }
            let kind = response.headers().get(header::CONTENT_TYPE);
            let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
            if !kind.starts_with("text/event-stream") {
                let kind = self.clean().text(kind);
                return Err(ProviderError::Garbage(format!("an answer of type {kind}")));
            }
            return Ok(chunks(response, self.clean()));
        }
    }

    /// Servers that refuse what newer ones ask for are asked in the old form.
    #[expect(deprecated, reason = "max_tokens is what older servers know")]
    fn fill(&self, body: &mut CreateChatCompletionRequest, limit: Option<u32>) {
        let old = self.old_limit.load(Ordering::Relaxed);
        body.max_tokens = limit.filter(|_| old);
        body.max_completion_tokens = limit.filter(|_| !old);
        let options = ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None };
        body.stream_options = Some(options).filter(|_| !self.no_options.load(Ordering::Relaxed));
    }

    /// What a refusal means; `None`: it did not know a part of the request that can be left out or told in another way.
    async fn refusal(&self, response: Response, sent: &CreateChatCompletionRequest) -> Option<ProviderError> {
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = wait.and_then(|text| retry_after(text, self.clock.now()));
        let text = error_text(response).await;
        if matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) {
            for (word, was_sent, known) in [
                ("max_completion_tokens", sent.max_completion_tokens.is_some(), &self.old_limit),
                ("stream_options", sent.stream_options.is_some(), &self.no_options),
            ] {
                if was_sent && text.contains(word) {
                    known.store(true, Ordering::Relaxed);
                    tracing::info!(
                        event = "provider_is_old",
                        provider = self.name,
                        word,
                        "asked in the old form"
                    );
                    return None;
                }
            }
        }
        let told = self.clean().text(&text);
        tracing::warn!(
            event = "provider_refused",
            provider = self.name,
            status = status.as_u16(),
            "a provider refused a call; RUST_LOG=aether_generation=debug shows its words"
        );
        // Its words may quote the prompt: they are for who looks for a fault, and are not in a usual log.
        tracing::debug!(event = "provider_told", provider = self.name, told);
        Some(match status {
            // A spent quota does not come back by waiting seconds.
            StatusCode::TOO_MANY_REQUESTS if !text.contains("insufficient_quota") => {
                ProviderError::Busy { retry_after }
            }
            StatusCode::TOO_MANY_REQUESTS => ProviderError::Refused(429),
            StatusCode::SERVICE_UNAVAILABLE if retry_after.is_some() => ProviderError::Busy { retry_after },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ProviderError::Unauthorized(status.as_u16()),
            StatusCode::NOT_FOUND => ProviderError::NoModel,
            _ if text.contains("model_not_found") => ProviderError::NoModel,
            _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                ProviderError::Failed(format!("{status}: {told}"))
            }
            _ => ProviderError::Refused(status.as_u16()),
        })
    }

    fn clean(&self) -> Clean {
        Clean(self.key.clone())
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
    let until = tokio::time::Instant::now() + Duration::from_secs(2);
    while let Ok(Some(Ok(piece))) = tokio::time::timeout_at(until, body.next()).await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_ERROR_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn chunks(response: Response, clean: Clean) -> Chunks {
    Box::pin(async_stream::stream! {
        let mut body = response.bytes_stream();
        let mut reader = Reader::default();
        let mut items = Vec::new();
        while !reader.is_over() {
            match body.next().await {
                Some(Ok(piece)) => reader.push(&piece, &mut items),
                Some(Err(error)) => reader.end(Some(error.without_url().to_string()), &mut items),
                None => reader.end(None, &mut items),
            }
            for item in items.drain(..) {
                yield item.map_err(|error| clean.error(error));
            }
        }
    })
}

impl Clean {
    /// The first 200 bytes, in one line, without the key.
    fn text(&self, text: &str) -> String {
        // Cut only after the key is out: half of it must not stay.
        let text = match self.0.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()) {
            Some(key) => text.replace(key, "[key]"),
            None => text.to_owned(),
        };
        let line: String =
            text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        cut(&line, MAX_TOLD_BYTES).to_owned()
    }

    fn error(&self, error: ProviderError) -> ProviderError {
        match error {
            ProviderError::Failed(text) => ProviderError::Failed(self.text(&text)),
            ProviderError::Cut(text) => ProviderError::Cut(self.text(&text)),
            ProviderError::Garbage(text) => ProviderError::Garbage(self.text(&text)),
            other => other,
        }
    }
}
