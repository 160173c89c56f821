//! One event of a client and its answer: `{ok: true, ...}` or `{ok: false, error: {code, message}}`.

use std::{fmt::Write as _, sync::Arc};

use aether_common::{
    id::{RoomId, UserId},
    model::{room::RoomRole, scope::Scope},
    problem::Problem,
};
use aether_store::rooms;
use aether_web::context::{RequestContext, scope};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::{generations, messages, rooms as room_events, session, typing};
use crate::{connection::Connection, state::State};

/// An event as it came.
pub struct Request {
    pub event: String,
    /// Nothing when there was none or it could not be read.
    pub payload: Option<Value>,
    pub ack: Option<i64>,
    /// Its bytes among those that wait; free again when it is dropped.
    pub _place: OwnedSemaphorePermit,
}

/// The ack's fields beside `ok`. Events that must send something after the ack take it in their own hands.
pub enum Answer {
    Ack(Value),
    Acked,
}

pub type Answered = Result<Answer, Problem>;

/// Answers one event.
pub async fn answer(state: &State, connection: &Arc<Connection>, request: Request) {
    let traceparent = request.payload.as_ref().and_then(|payload| payload["traceparent"].as_str());
    let context = Arc::new(RequestContext::from_traceparent(traceparent));
    context.set_user(connection.user_id);
    scope(context, async {
        let ack = request.ack;
        let event = request.event.clone();
        let answer = match dispatch(state, connection, request).await {
            Ok(Answer::Acked) => return,
            Ok(Answer::Ack(fields)) => accepted(fields),
            Err(problem) => {
                log(&event, &problem);
                refusal(&problem)
            }
        };
        let _ = connection.outbox.ack(ack, answer).await;
    })
    .await;
}

async fn dispatch(state: &State, connection: &Arc<Connection>, request: Request) -> Answered {
    let Request { event, payload, ack, _place } = request;
    if let Some(scope) = needed(&event)? {
        connection.must_have(scope)?;
    }
    match event.as_str() {
        "join_room" => room_events::join(state, connection, read(payload)?, ack).await,
        "leave_room" => room_events::leave(state, connection, read(payload)?),
        "send_message" => messages::send(state, connection, read(payload)?).await,
        "edit_message" => messages::edit(state, connection, read(payload)?).await,
        "delete_message" => messages::delete(state, connection, read(payload)?).await,
        "mark_read" => messages::mark_read(state, connection, read(payload)?).await,
        "start_generation" => generations::start(state, connection, read(payload)?, ack).await,
        "cancel_generation" => generations::cancel(state, connection, read(payload)?).await,
        "subscribe_generation" => generations::subscribe(state, connection, read(payload)?, ack).await,
        "typing" => typing::typing(state, connection, read(payload)?).await,
        "set_presence" => room_events::set_presence(state, connection, read(payload)?).await,
        "authenticate" => session::authenticate(state, connection, read(payload)?).await,
        _ => Err(unknown_event()),
    }
}

/// What an API key must be allowed for an event of this name. One that is not here is none.
fn needed(event: &str) -> Result<Option<Scope>, Problem> {
    match event {
        "join_room" | "leave_room" | "set_presence" => Ok(Some(Scope::RoomsRead)),
        "send_message" | "edit_message" | "delete_message" | "mark_read" | "typing" => {
            Ok(Some(Scope::RoomsWrite))
        }
        "start_generation" | "cancel_generation" => Ok(Some(Scope::GenerationsWrite)),
        "subscribe_generation" => Ok(Some(Scope::GenerationsRead)),
        "authenticate" => Ok(None),
        _ => Err(unknown_event()),
    }
}

fn unknown_event() -> Problem {
    Problem::bad_request("unknown_event", "There is no event of this name.")
}

/// The ack of what was done.
pub fn accepted(mut fields: Value) -> Value {
    if fields.is_null() {
        fields = json!({});
    }
    fields["ok"] = Value::Bool(true);
    fields
}

/// The ack of what was not done.
pub fn refusal(problem: &Problem) -> Value {
    let code = match problem.status {
        422 if problem.code == "validation_failed" => "invalid",
        _ => &problem.code,
    };
    let mut message = problem.detail.to_string();
    for error in &problem.errors {
        // Writing to a String cannot fail.
        let _ = write!(message, " {} {}.", error.field, error.message);
    }
    let mut error = json!({ "code": code, "message": message });
    if let Some(wait) = problem.retry_after {
        // Whole seconds, rounded up, as in the header of this name.
        error["retryAfter"] = json!(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    }
    json!({ "ok": false, "error": error })
}

/// The user's role in a room that this socket has joined. Asked at every event: a member may have been put out.
pub async fn role(state: &State, connection: &Connection, room: RoomId) -> Result<RoomRole, Problem> {
    if !connection.is_in(room) {
        return Err(Problem::not_found());
    }
    let mut db = state.deps.store.conn().await?;
    rooms::find_role(&mut db, connection.user_id, room).await?.ok_or_else(Problem::not_found)
}

/// Who writes in a room is at least an editor.
pub fn must_edit(role: RoomRole) -> Result<(), Problem> {
    if role >= RoomRole::Editor {
        return Ok(());
    }
    Err(Problem::forbidden("forbidden", "Your role in this room does not allow this."))
}

/// A user id in a payload says nothing that the token does not: another's is nobody here.
pub fn must_be(connection: &Connection, named: Option<UserId>) -> Result<(), Problem> {
    if named.is_none_or(|named| named == connection.user_id) { Ok(()) } else { Err(Problem::not_found()) }
}

fn read<T: DeserializeOwned>(payload: Option<Value>) -> Result<T, Problem> {
    let invalid = |message: String| Problem::new(422, "invalid", message);
    let payload =
        payload.ok_or_else(|| invalid("The payload cannot be read; it must be an object.".into()))?;
    serde_path_to_error::deserialize(payload).map_err(|error| {
        let place = error.path().to_string();
        invalid(format!("{place}: {}", error.inner()))
    })
}

fn log(event: &str, problem: &Problem) {
    let (status, code, cause) = (problem.status, &*problem.code, problem.cause.as_deref());
    if status >= 500 {
        tracing::error!(event, status, code, cause, "a socket event failed");
    } else {
        tracing::debug!(event, status, code, "a socket event was refused");
    }
}
