//! What a client may ask for, checked before anything is kept.

use aether_common::{
    id::{GenerationId, RoomId, UploadId},
    problem::{FieldError, Problem},
    text,
};
use serde::{Deserialize, Serialize};

use super::prompt;

/// A prompt's length in Unicode scalar values, at most (CONTRACT.md "Generation").
pub const MAX_PROMPT_CHARS: usize = 32_000;
/// A prompt's uploads, at most.
pub const MAX_UPLOADS: usize = 10;

/// The body of `POST /code`, `/api`, `/ui` and `/cli`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGeneration {
    /// What is wanted, in plain words: 1 to 32 000 characters.
    #[schema(min_length = 1, max_length = 32000)]
    pub prompt: String,
    /// The programming language wanted, such as `python`.
    pub language: Option<String>,
    /// The model that shall write it; see `GET /models`.
    pub model: Option<String>,
    /// The version that this one is made from.
    pub parent_id: Option<GenerationId>,
    /// The room it is started in.
    pub room_id: Option<RoomId>,
    /// 0 to 2.
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// Whether a kept answer may be given; true by default.
    pub cache: Option<bool>,
    /// Uploads to be put into the prompt's context.
    #[schema(max_items = 10)]
    pub upload_ids: Option<Vec<UploadId>>,
}

impl CreateGeneration {
    /// Says which fields are at fault, all at once.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        let mut fault =
            |field: &str, message: String| errors.push(FieldError { field: field.into(), message });
        if let Some(message) = text::invalid(&self.prompt, MAX_PROMPT_CHARS) {
            fault("prompt", message);
        }
        if let Some(language) = &self.language
            && !prompt::is_language(language)
        {
            let words =
                "must be 1 to 50 letters, digits or one of + # . _ - and space, in at most four words";
            fault("language", words.into());
        }
        if let Some(model) = &self.model
            && (model.is_empty() || model.len() > 200 || !model.chars().all(|c| c.is_ascii_graphic()))
        {
            fault("model", "must be 1 to 200 visible ASCII characters".into());
        }
        if self.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)) {
            fault("temperature", "must be from 0 to 2".into());
        }
        if self.upload_ids.as_ref().is_some_and(|ids| ids.len() > MAX_UPLOADS) {
            fault("uploadIds", format!("must be at most {MAX_UPLOADS}"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(request: &CreateGeneration) -> Vec<String> {
        request.check().err().map(|p| p.errors.into_iter().map(|e| e.field).collect()).unwrap_or_default()
    }

    #[test]
    fn a_prompt_has_1_to_32_000_characters() {
        let prompt = |prompt: String| faults(&CreateGeneration { prompt, ..Default::default() });
        assert!(prompt("é".repeat(32_000)).is_empty());
        for bad in ["é".repeat(32_001), String::new(), " \n".into(), "a\0b".into()] {
            assert_eq!(prompt(bad), ["prompt"]);
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let request = CreateGeneration {
            language: Some("<script>".into()),
            model: Some("a b".into()),
            temperature: Some(f32::NAN),
            upload_ids: Some(vec!["01a1fc3f-db7f-7518-b298-8b377348bf3d".parse().unwrap(); 11]),
            ..Default::default()
        };
        assert_eq!(faults(&request), ["prompt", "language", "model", "temperature", "uploadIds"]);
    }
}
