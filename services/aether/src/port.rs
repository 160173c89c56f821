//! How the realtime service reaches the generation service when both are in this process: by a call.

use aether_common::{id::GenerationId, problem::Problem};
use aether_generation::{Start, domain::request::CreateGeneration};
use aether_realtime::ports::{Generations, StartGeneration};
use aether_web::auth::Caller;
use futures::future::BoxFuture;

/// The generation service of this process.
pub struct InProcess(pub aether_generation::Generations);

impl Generations for InProcess {
    fn start<'a>(
        &'a self,
        caller: &'a Caller,
        _token: &'a str,
        start: StartGeneration,
    ) -> BoxFuture<'a, Result<GenerationId, Problem>> {
        Box::pin(async move {
            let request = CreateGeneration {
                prompt: start.prompt,
                language: start.language,
                model: start.model,
                parent_id: start.parent_id,
                room_id: start.room_id,
                ..CreateGeneration::default()
            };
            let start = Start { kind: start.kind, request, client_id: start.client_id, regenerate: false };
            self.0.start(caller.user_id, &start).await
        })
    }

    fn cancel<'a>(
        &'a self,
        caller: &'a Caller,
        _token: &'a str,
        id: GenerationId,
    ) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(self.0.cancel(caller.user_id, id))
    }
}
