//! `POST /code`, `/api`, `/ui`, `/cli`: start a generation, and answer in one of three ways: wait for its end, stream its
//! events, or say at once where it will be found.

use std::time::Duration;

use aether_bus::After;
use aether_common::{
    id::GenerationId,
    model::generation::{Generation, Kind},
    problem::Problem,
};
use aether_web::{
    auth::{Caller, GenerationsWrite, Scoped},
    extract::Json,
    idempotency,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;

use super::events;
use crate::{
    domain::request::CreateGeneration,
    generations::{Generations, Start},
    state::State,
};

/// How long a waiting client waits before it is told where to look.
const WAIT: Duration = Duration::from_mins(2);

macro_rules! create {
    ($name:ident, $operation:literal, $path:literal, $kind:expr, $what:literal) => {
        #[doc = concat!("Makes ", $what, " from a prompt.")]
        ///
        /// Waits for the end by default (202 with `Location` after 120 s); `Accept: text/event-stream` streams the events;
        /// `Prefer: respond-async` answers at once. With an `Idempotency-Key` the same request starts one generation.
        #[utoipa::path(
            post, path = $path, tag = "generations", operation_id = $operation,
            security(("bearer" = ["generations:write"])), request_body = CreateGeneration,
            params(("Idempotency-Key" = Option<String>, Header), ("Prefer" = Option<String>, Header)),
            responses(
                (status = 200, description = "The events, as they come", content_type = "text/event-stream", body = String),
                (status = 201, description = "The generation, whatever its final status", body = Generation),
                (status = 202, description = "It goes on; `Location` says where", body = Generation),
                (status = 403, description = "A viewer of the room", body = ProblemBody),
                (status = 404, description = "`roomId` is not a room of yours", body = ProblemBody),
                (status = 422, body = ProblemBody),
            )
        )]
        pub async fn $name(
            Shared(state): Shared<State>,
            caller: Scoped<GenerationsWrite>,
            headers: HeaderMap,
            Json(request): Json<CreateGeneration>,
        ) -> Result<Response> {
            create(state, caller, &headers, $kind, request).await
        }
    };
}

create!(create_code, "createCode", "/code", Kind::Code, "a piece of code");
create!(create_api, "createApi", "/api", Kind::Api, "an API");
create!(create_ui, "createUi", "/ui", Kind::Ui, "a user interface");
create!(create_cli, "createCli", "/cli", Kind::Cli, "a command-line tool");

async fn create(
    state: State,
    caller: Scoped<GenerationsWrite>,
    headers: &HeaderMap,
    kind: Kind,
    request: CreateGeneration,
) -> Result<Response> {
    let client_id = idempotency::key(headers)?.map(str::to_owned);
    let start = Start { kind, request, client_id, regenerate: false };
    let id = state.generations.start(caller.user_id, &start).await?;
    if names(headers, header::ACCEPT, "text/event-stream") {
        return events::stream(&state, caller.into_inner(), id, After::Beginning).await;
    }
    if names(headers, "prefer", "respond-async") {
        return answer(&state.generations, &caller, id, StatusCode::ACCEPTED).await;
    }
    let status = wait(&state, id).await?;
    answer(&state.generations, &caller, id, status).await
}

/// The generation with `Location`.
pub async fn answer(
    generations: &Generations,
    caller: &Caller,
    id: GenerationId,
    status: StatusCode,
) -> Result<Response> {
    let generation = generations.get(caller.user_id, id).await?;
    let location = format!("/api/generate/history/{id}");
    Ok((status, [(header::LOCATION, location)], axum_json(&generation)?).into_response())
}

fn axum_json(generation: &Generation) -> Result<Response, Problem> {
    let body = serde_json::to_vec(generation).map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// 201 once it has ended; 202 when it takes too long or this process is stopping: leaving never stops a generation.
async fn wait(state: &State, id: GenerationId) -> Result<StatusCode> {
    let mut following = state.generations.follow(id, After::Beginning).await?;
    let ended = async {
        while let Some(event) = following.events.next().await {
            if event.is_last() {
                return true;
            }
        }
        false
    };
    let ended = tokio::select! {
        ended = ended => ended,
        () = tokio::time::sleep(WAIT) => false,
        () = state.deps.lifecycle.shutdown.cancelled() => false,
    };
    Ok(if ended { StatusCode::CREATED } else { StatusCode::ACCEPTED })
}

/// Whether a comma-separated header holds this word, whatever its parameters.
fn names(headers: &HeaderMap, name: impl header::AsHeaderName, word: &str) -> bool {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .any(|one| one.split(';').next().is_some_and(|one| one.trim().eq_ignore_ascii_case(word)))
    })
}
