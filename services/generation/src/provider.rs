//! What a model provider is, and the types that pass between it and the worker. Every provider has a file below.

pub mod breaker;
mod gate;
pub mod openai;
pub mod plan;
pub mod pool;
pub mod read;
pub mod setup;
mod wire;

use std::{pin::Pin, time::Duration};

use aether_common::model::generation::{Failure, Usage};
use futures::{Stream, future::BoxFuture};

pub use plan::{Plan, Step};
pub use pool::{Endpoint, Listed, Providers, Route};

/// Who says something in a conversation with the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Our instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

impl Speaker {
    /// The word that OpenAI-compatible servers have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: String,
}

/// A call for one answer.
#[derive(Clone, Debug)]
pub struct Call {
    /// The model's name.
    pub model: String,
    /// The conversation, oldest first.
    pub turns: Vec<Turn>,
    /// 0 to 2; the model's own default when absent.
    pub temperature: Option<f32>,
    /// It stops with [`Finish::Length`] after so many; the model's own bound when absent.
    pub max_output_tokens: Option<u64>,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// It was done.
    Stop,
    /// It reached the length it may write.
    Length,
    /// Its filter stopped it.
    Filtered,
}

/// A piece of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Text, never empty.
    Text(String),
    /// The model says why it stopped. An answer without this is not whole.
    Finish(Finish),
    /// Tokens used by this call.
    Usage(Usage),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It has too much to do (429).
    #[error("busy")]
    Busy {
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It failed (5xx) or cannot be reached.
    #[error("failed: {0}")]
    Failed(String),
    /// It stopped in the middle: the connection ended without a finish reason.
    #[error("cut: {0}")]
    Cut(String),
    /// It sent what is not an answer.
    #[error("garbage: {0}")]
    Garbage(String),
    /// It failed again and again, or asked for a pause, and is left alone for so long. It was not called.
    #[error("left alone for {0:?}")]
    Resting(Duration),
    /// It said nothing for too long.
    #[error("silent for {0:?}")]
    Silent(Duration),
    /// It does not take our key.
    #[error("key refused ({0})")]
    Unauthorized(u16),
    /// It does not have the model.
    #[error("model refused")]
    NoModel,
    /// It does not take the request.
    #[error("request refused ({0})")]
    Refused(u16),
}

/// A streamed answer. Dropping it closes the connection to the provider.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, ProviderError>> + Send>>;

/// Somebody who answers calls.
pub trait Provider: Send + Sync {
    /// The name that `metadata.provider` tells.
    fn name(&self) -> &str;

    /// Makes the call; resolves when the answer begins. The caller bounds the time.
    fn stream(&self, call: Call) -> BoxFuture<'_, Result<Chunks, ProviderError>>;

    /// Whether it can be reached; bounded to 2 s.
    fn check(&self) -> BoxFuture<'_, Result<(), ProviderError>>;
}

impl ProviderError {
    /// Whether the same call may succeed if it is made again.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Unauthorized(_) | Self::NoModel | Self::Refused(_))
    }

    /// As metrics tell it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::Failed(_) => "failed",
            Self::Cut(_) => "cut",
            Self::Garbage(_) => "garbage",
            Self::Resting(_) => "resting",
            Self::Silent(_) => "silent",
            Self::Unauthorized(_) => "unauthorized",
            Self::NoModel => "no_model",
            Self::Refused(_) => "refused",
        }
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// What the generation's owner is told. The details are for the log: they may hold what others should not read.
    pub fn failure(&self) -> Failure {
        let (code, message) = match self {
            Self::Busy { .. } => {
                ("provider_busy", "The model has too much to do now. Try again in a minute.".into())
            }
            Self::Failed(_) => ("provider_error", "The model's server answered with an error.".into()),
            Self::Resting(_) => (
                "provider_busy",
                "The model's server failed or asked for a pause, and is left alone until it is over. Try again in some minutes."
                    .into(),
            ),
            Self::Cut(_) => {
                ("provider_error", "The model's answer broke off. What was written is kept.".into())
            }
            Self::Garbage(_) => {
                ("provider_error", "The model's server sent something that is not an answer.".into())
            }
            Self::Silent(time) => (
                "provider_timeout",
                format!(
                    "The model stopped answering. No text came for {} seconds. What was written is kept.",
                    time.as_secs()
                ),
            ),
            Self::Unauthorized(_) => {
                ("provider_unauthorized", "The model's server does not accept the key that is set.".into())
            }
            Self::NoModel => ("model_unavailable", "The model's server does not have this model.".into()),
            Self::Refused(_) => {
                ("provider_refused", "The model's server does not accept this request.".into())
            }
        };
        Failure { code: code.into(), message }
    }
}
