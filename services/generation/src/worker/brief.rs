//! What is asked of the model: the instructions, the context that the starter may see, the prompt; and which model is asked.

use std::sync::Arc;

use aether_common::{
    id::UploadId,
    model::generation::{ContextInfo, Generation, Routing},
};
use aether_store::generations;

use super::job::{Job, Stop};
use crate::{
    domain::{
        context::{self, Sources},
        routing::{self, Asked},
        tokens,
    },
    provider::{ProviderError, Route, Turn},
};

/// How many earlier versions are looked at.
const MAX_VERSIONS: usize = 8;
/// How many earlier prompts of a room are looked at.
const MAX_ROOM_PROMPTS: usize = 10;

/// A request to a model, ready to be sent.
pub(super) struct Brief {
    pub turns: Vec<Turn>,
    pub model: String,
    pub routing: Routing,
    /// Who takes the model, in failover order.
    pub routes: Vec<Arc<Route>>,
    /// Name and version of the template.
    pub prompt_version: String,
    pub context: Option<ContextInfo>,
    /// Whether the turns hold what only some may see.
    pub private: bool,
}

/// Reads what the job needs and chooses the model.
pub(super) async fn read(job: &Job) -> Result<Brief, Stop> {
    let (claim, worker) = (&job.claim, &job.worker);
    let (earlier, room_prompts) = match earlier(job).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(generation.id = %claim.generation_id, %error, "the context cannot be read");
            return Err(Stop::Lost);
        }
    };
    let ids: Vec<_> = claim.payload.upload_ids.iter().copied().map(UploadId).collect();
    let uploads = match worker.uploads.texts(claim.user_id, &ids).await {
        Ok(uploads) => uploads,
        Err(problem) if problem.status >= 500 => {
            tracing::warn!(generation.id = %claim.generation_id, detail = %problem.detail, "an upload cannot be read");
            return Err(Stop::Lost);
        }
        Err(_) => {
            return Err(Stop::failed("upload_gone", "An upload that the request names is no longer there."));
        }
    };
    let template = worker.prompts.current(claim.kind).await;
    let settings = &worker.deps.settings;
    let asked = Asked {
        explicit: claim.model.as_deref(),
        kind: claim.kind,
        prompt: &claim.prompt,
        context_bytes: context::size(&earlier, &uploads),
        uploads: uploads.len(),
    };
    let (model, routing) = routing::choose(&asked, &settings.model_complex, &settings.model_simple);
    let routes = worker.providers.routes(&model);
    let Some(first) = routes.first() else {
        return Err(Stop::Failed(ProviderError::NoModel.failure()));
    };
    let private = !earlier.is_empty() || claim.room_id.is_some() || !uploads.is_empty();
    let prompt_version = template.version.clone();
    let limit = first.model.context_tokens;
    let (kind, language, prompt) = (claim.kind, claim.language.clone(), claim.prompt.clone());
    // On a thread of its own: counting the tokens of much context takes its time.
    let built = tokio::task::spawn_blocking(move || {
        let sources = Sources {
            kind,
            language: language.as_deref(),
            template: &template,
            earlier: &earlier,
            room_prompts: &room_prompts,
            uploads: &uploads,
            prompt: &prompt,
        };
        context::build(&sources, limit, &tokens::count)
    });
    let built = match built.await {
        Ok(built) => built.map_err(|_| {
            Stop::failed("context_too_long", "The prompt alone is longer than the model can read.")
        })?,
        Err(error) => {
            tracing::error!(generation.id = %claim.generation_id, %error, "the conversation cannot be built");
            return Err(Stop::Lost);
        }
    };
    Ok(Brief { turns: built.turns, model, routing, routes, prompt_version, context: built.context, private })
}

/// The versions that this one is made from, oldest first, and the room's earlier prompts, that its starter may still see.
async fn earlier(job: &Job) -> aether_store::Result<(Vec<Generation>, Vec<String>)> {
    let claim = &job.claim;
    let mut db = job.worker.deps.store.conn().await?;
    let mut line = match claim.parent_id {
        Some(parent) => generations::list_ancestors(&mut db, claim.user_id, parent, MAX_VERSIONS).await?,
        None => Vec::new(),
    };
    // What is made anew does not build on what it replaces.
    if claim.payload.regenerate {
        line.pop();
    }
    let mut prompts = Vec::new();
    if let Some(room) = claim.room_id {
        let known: Vec<_> = line.iter().map(|one| one.id).chain(claim.parent_id).collect();
        let listed =
            generations::list_room_prompts(&mut db, claim.user_id, room, claim.created_at, MAX_ROOM_PROMPTS)
                .await?;
        prompts =
            listed.into_iter().filter(|(id, _)| !known.contains(id)).map(|(_, prompt)| prompt).collect();
    }
    Ok((line, prompts))
}
