//! `GET /sessions`, `DELETE /sessions/{id}`, `DELETE /sessions`: one's own sign-ins.

use aether_common::{
    id::SessionId,
    page::{Cursor, Page},
    problem::Problem,
};
use aether_store::sessions::{self, EndReason};
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Path},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::{
    domain::audit::{Action, Entry},
    handlers::place,
    state::{AppState, SignedIn},
};

/// A sign-in.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnSession {
    id: SessionId,
    /// The program that signed in, as it calls itself.
    #[schema(required = true)]
    device: Option<String>,
    /// The address of the last use.
    ip: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    /// Whether this is the session that asks.
    current: bool,
}

/// One's own sign-ins, the newest first.
#[utoipa::path(
    get, path = "/sessions", operation_id = "listSessions", params(PageQuery), security(("bearer" = [])),
    responses(
        (status = 200, body = Page<OwnSession>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_sessions(
    State(state): State<AppState>,
    caller: SignedIn,
    page: PageQuery,
) -> Result<Json<Page<OwnSession>>> {
    let mut conn = state.store.conn().await?;
    // One more than asked for says whether there is a next page.
    let rows = i64::try_from(page.limit + 1).unwrap_or(i64::MAX);
    let sessions = sessions::list(&mut conn, caller.user.id, state.clock.now(), page.cursor, rows).await?;
    let items = sessions.into_iter().map(|session| OwnSession {
        current: session.id == caller.session_id,
        id: session.id,
        device: session.user_agent,
        ip: session.ip,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
    });
    let cursor = |session: &OwnSession| Cursor { at: session.created_at, id: session.id.0 };
    Ok(Json(Page::from_rows(items.collect(), page.limit, cursor)))
}

/// Signs out one of one's own sessions.
#[utoipa::path(
    delete, path = "/sessions/{id}", operation_id = "deleteSession", security(("bearer" = [])),
    params(("id" = SessionId, Path)),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_session(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<SessionId>,
) -> Result<StatusCode> {
    let place = place(ip, &headers);
    if !state.sessions.end(caller.user.id, id, EndReason::Revoked, &place).await? {
        return Err(Problem::not_found().into());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Signs out every other session of one's own.
#[utoipa::path(
    delete, path = "/sessions", operation_id = "deleteOtherSessions", security(("bearer" = [])),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_other_sessions(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let user = caller.user.id;
    let mut tx = state.store.begin().await?;
    let ended = state.sessions.end_all(&mut tx, user, Some(caller.session_id), EndReason::Revoked).await?;
    let place = place(ip, &headers);
    let entry = Entry::own(Action::SESSIONS_REVOKED, user, &place).with(json!({ "sessionIds": ended }));
    state.audit.record(&mut tx, entry).await?;
    tx.save().await?;
    state.announcer.ended(user, ended, EndReason::Revoked);
    Ok(StatusCode::NO_CONTENT)
}
