//! A generation: one prompt and what became of it (CONTRACT.md "Generation").

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{GenerationId, RoomId, UserId};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A piece of code with its test.
    Code,
    /// An OpenAPI document that can be served live.
    Api,
    /// A user interface that can be previewed.
    Ui,
    /// A command-line tool that runs in the browser.
    Cli,
}

/// Where a generation stands. The last three are its ends, and an end never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a worker.
    Queued,
    /// A worker has it.
    Running,
    /// The whole result is there.
    Completed,
    /// Ended by an error; what was written so far is kept.
    Failed,
    /// Ended by its owner; what was written so far is kept.
    Cancelled,
}

/// Why a generation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Failure {
    /// A stable word: `provider_error`, `provider_busy`, `provider_timeout`, `truncated`, `interrupted`, ...
    pub code: String,
    /// For a person.
    pub message: String,
}

/// Tokens used, over all attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens read by the model.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
}

/// Whether an artifact file can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// Its fence was closed.
    Complete,
    /// The text ended inside it.
    Truncated,
    /// It has no usable path, or its content is not what its name says.
    Invalid,
}

/// One file of the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileInfo {
    /// Relative, with `/`, unique.
    pub path: String,
    /// The fence's language word.
    pub language: String,
    /// Length of the content in bytes (UTF-8).
    pub bytes: u64,
    /// Whether it can be used.
    pub status: FileStatus,
}

/// Something that the check of the artifact found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Issue {
    /// The file, when it is about one.
    #[schema(required = true)]
    pub path: Option<String>,
    /// A stable word.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// The outcome of the check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Validation {
    /// Whether nothing was found.
    pub ok: bool,
    /// What was found.
    pub issues: Vec<Issue>,
}

/// Which model was chosen, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Routing {
    /// `explicit`, `complex`, `simple` or `fallback`.
    pub choice: String,
    /// For a person.
    pub reason: String,
    /// How much the request asks for, when that was measured: from 40 on it is complex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
}

/// What the model was given beside the instructions and the prompt, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContextInfo {
    /// The earlier versions that were given whole, oldest first.
    pub versions: Vec<GenerationId>,
    /// How many earlier prompts of the room were given.
    pub prompts: u32,
    /// The uploads that were given.
    pub uploads: Vec<ContextUpload>,
    /// Tokens of the whole request; null when it is so short that nobody had to count.
    pub tokens: Option<u64>,
    /// What was left out.
    pub omitted: Vec<Omitted>,
}

/// An upload that the model was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ContextUpload {
    /// Its file name.
    pub name: String,
    /// Tokens of what was given; null when it is so short that nobody had to count.
    pub tokens: Option<u64>,
    /// Whether its middle was left out.
    pub truncated: bool,
}

/// Something that the model was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Omitted {
    /// For a person: which version, prompt or upload, or which part of one.
    pub what: String,
    /// A stable word: `context_full` or `empty`.
    pub reason: String,
}

/// How the result came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The provider's name; null until one was asked.
    pub provider: Option<String>,
    /// The model that wrote it; null until one was asked.
    pub model: Option<String>,
    /// Which model was chosen, and why.
    pub routing: Option<Routing>,
    /// Name and version of the prompt template, as `ui@2`; as `ui@2+3` for the third override that an administrator wrote.
    pub prompt_version: Option<String>,
    /// What the model was given beside the instructions and the prompt; null when that was nothing.
    pub context: Option<ContextInfo>,
    /// Tokens.
    pub usage: Usage,
    /// In US dollars; 0 when cached or when the model has no price.
    pub cost_usd: f64,
    /// From the first claim to the end, in milliseconds.
    pub duration_ms: Option<u64>,
    /// From the request to the provider to its first text, in milliseconds.
    pub first_token_ms: Option<u64>,
    /// Whether it came from the cache.
    pub cached: bool,
    /// The last attempt's number; 0 before the first.
    pub attempts: u32,
    /// The artifact's files, in the order of the text.
    pub files: Vec<FileInfo>,
    /// The outcome of the check.
    pub validation: Validation,
}

/// A generation as its readers see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Identity.
    pub id: GenerationId,
    /// Who started it. Not sent: members of a room see names through the room.
    #[serde(skip)]
    pub user_id: UserId,
    /// What was asked for.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// A few words for lists.
    pub title: String,
    /// What was asked, as typed.
    pub prompt: String,
    /// The model's text of the last attempt, byte for byte; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// The programming language asked for.
    #[schema(required = true)]
    pub language: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// 0 to 100; never falls within an attempt.
    pub progress: u8,
    /// Why it failed.
    #[schema(required = true)]
    pub error: Option<Failure>,
    /// The model asked for, or the one that wrote it.
    #[schema(required = true)]
    pub model: Option<String>,
    /// The version that this one was made from.
    #[schema(required = true)]
    pub parent_id: Option<GenerationId>,
    /// The room it was started in.
    #[schema(required = true)]
    pub room_id: Option<RoomId>,
    /// Whether its owner marked it.
    pub starred: bool,
    /// How the result came to be.
    pub metadata: Metadata,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
    /// When it ended, however it ended.
    #[schema(required = true)]
    pub completed_at: Option<DateTime<Utc>>,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Code, Self::Api, Self::Ui, Self::Cli];

    /// The word that is stored, sent and used as a path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Api => "api",
            Self::Ui => "ui",
            Self::Cli => "cli",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Cancelled];

    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing more will come.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Default for Validation {
    fn default() -> Self {
        Self { ok: true, issues: Vec::new() }
    }
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            provider: None,
            model: None,
            routing: None,
            prompt_version: None,
            context: None,
            usage: Usage::default(),
            cost_usd: 0.0,
            duration_ms: None,
            first_token_ms: None,
            cached: false,
            attempts: 0,
            files: Vec::new(),
            validation: Validation::default(),
        }
    }
}
