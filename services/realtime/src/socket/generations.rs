//! `start_generation`, `cancel_generation`, `subscribe_generation`.

use std::sync::Arc;

use aether_bus::After;
use aether_common::{
    id::{GenerationId, RoomId},
    model::generation::Kind,
    problem::Problem,
    text,
};
use aether_store::generations;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Answer, Answered, accepted};
use crate::{connection::Connection, ports::StartGeneration, replay::Plan, state::State};

const MAX_CLIENT_ID: usize = 255;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    prompt: String,
    #[serde(rename = "type")]
    kind: Kind,
    language: Option<String>,
    model: Option<String>,
    room_id: Option<RoomId>,
    parent_id: Option<GenerationId>,
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    generation_id: GenerationId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    generation_id: GenerationId,
    // Read without a type: a position that makes no sense is one that cannot be honoured, not an error.
    #[serde(default)]
    attempt: Value,
    #[serde(default)]
    last_seq: Value,
}

/// Starts a generation. Its events come after the ack.
pub async fn start(state: &State, connection: &Arc<Connection>, start: Start, ack: Option<i64>) -> Answered {
    check_client_id(start.client_id.as_deref())?;
    let room_id = start.room_id;
    let request = StartGeneration {
        prompt: start.prompt,
        kind: start.kind,
        language: start.language,
        model: start.model,
        room_id,
        parent_id: start.parent_id,
        client_id: start.client_id,
    };
    let session = connection.session();
    connection.hold();
    let started = state.generations.start(&session.caller, &session.token, request).await;
    let answer = match started {
        Ok(id) => {
            let acked = connection.outbox.ack(ack, accepted(json!({ "generationId": id }))).await;
            acked.map_or(Ok(Answer::Acked), |()| {
                connection.release(state);
                connection.follow_started(state, id, room_id);
                Ok(Answer::Acked)
            })
        }
        Err(problem) => Err(problem),
    };
    connection.release(state);
    answer
}

/// Stops a generation.
pub async fn cancel(state: &State, connection: &Connection, named: Named) -> Answered {
    let session = connection.session();
    state.generations.cancel(&session.caller, &session.token, named.generation_id).await?;
    Ok(Answer::Ack(Value::Null))
}

/// Follows a generation: the ack, then what came after the named position, then what comes.
pub async fn subscribe(
    state: &State,
    connection: &Arc<Connection>,
    asked: Subscribe,
    ack: Option<i64>,
) -> Answered {
    let id = asked.generation_id;
    let access = {
        let mut db = state.deps.store.conn().await?;
        generations::find_access(&mut db, connection.user_id, id).await?.ok_or_else(Problem::not_found)?
    };
    let named = named_position(&asked.attempt, &asked.last_seq);
    match connection.plan(id, access.starter, access.room_id, named).await? {
        Plan::Already => Ok(Answer::Ack(json!({ "status": access.status, "recovered": false }))),
        Plan::Open(mut after) => {
            if after == After::Beginning && access.status.has_ended() {
                // Whoever has nothing of an ended generation needs its last event alone.
                after = After::Unreadable;
            }
            let following = match state.follow(id, after).await {
                Ok(following) => following,
                Err(problem) => {
                    connection.not_opened(id);
                    return Err(problem);
                }
            };
            let answer = accepted(json!({ "status": access.status, "recovered": following.recovered }));
            if connection.outbox.ack(ack, answer).await.is_ok() {
                connection.opened(state, id, following);
            }
            Ok(Answer::Acked)
        }
    }
}

fn named_position(attempt: &Value, last_seq: &Value) -> After {
    let number = |value: &Value| if value.is_null() { None } else { Some(value.as_i64().unwrap_or(-1)) };
    After::from_parts(number(attempt), number(last_seq))
}

/// The client's own id of something.
pub fn check_client_id(client_id: Option<&str>) -> Result<(), Problem> {
    match client_id.and_then(|id| text::invalid(id, MAX_CLIENT_ID)) {
        Some(message) => Err(Problem::invalid_field("clientId", message)),
        None => Ok(()),
    }
}
