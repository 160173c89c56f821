//! `DELETE /account`, `POST /account/export`, `GET /account/export`, `GET /account/export/{id}`: going, and taking along what
//! is kept.

use std::time::Duration;

use aether_common::{id::RowId, page::Page};
use aether_store::exports::{Export, ExportStatus};
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Path},
    idempotency,
    respond::{ProblemBody, Result},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    answer,
    domain::{
        audit::{Action, Entry},
        export,
        mail::{Mail, Occasion, Recipient},
    },
    handlers::place,
    state::{AppState, SignedIn, SteppedUp},
};

/// How long the answer to a deletion waits for its end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An archive of all that is kept of a user.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AccountExport)]
pub(crate) struct ExportBody {
    id: RowId,
    status: Status,
    /// 0 to 100.
    progress: u8,
    /// Of the archive, once it is ready.
    #[schema(required = true)]
    bytes: Option<u64>,
    created_at: DateTime<Utc>,
    #[schema(required = true)]
    completed_at: Option<DateTime<Utc>>,
    /// When the archive is deleted.
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
}

/// Where an export stands.
#[derive(Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AccountExportStatus)]
pub(crate) enum Status {
    /// Nobody makes it yet.
    Queued,
    /// It is being made.
    Running,
    /// It can be downloaded.
    Ready,
    /// It could not be made.
    Failed,
}

/// Deletes one's own account for good, with all that is its owner's. One is signed out everywhere at once. Rooms pass to the
/// editor who is in them longest; without one they are deleted.
#[utoipa::path(
    delete, path = "/account", operation_id = "deleteAccount", security(("bearer" = [])),
    responses(
        (status = 202, description = "The account is shut for good; erasing what was its takes a little longer"),
        (status = 204, description = "Nothing of it is left"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`step_up_required`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`last_admin`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_account(
    State(state): State<AppState>,
    SteppedUp(caller): SteppedUp,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<Response> {
    let user = caller.user.id;
    let mut tx = state.store.begin().await?;
    let begun = state.erasures.begin(&mut tx, user).await?;
    let place = place(ip, &headers);
    state.audit.record(&mut tx, Entry::own(Action::ACCOUNT_DELETED, user, &place)).await?;
    let goodbye = Mail::AccountErased(Occasion { at: state.clock.now(), place });
    state.mailer.queue(&mut tx, &Recipient::owner(&caller.user).outliving(), &goodbye).await?;
    tx.save().await?;
    state.mailer.nudge();
    let erased = state.erasures.carry_out(begun, PATIENCE).await;
    let status = if erased { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED };
    Ok(answer::without_cookie(status.into_response(), &state.public_url))
}

/// Asks for an archive of everything that is kept of oneself. While one is being made, that is the answer. Three a day.
#[utoipa::path(
    post, path = "/account/export", operation_id = "exportAccount", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 202, description = "`GET /account/export/{id}` says how far it is, then gives it", body = ExportBody),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "`export_limit`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export_account(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<Response> {
    let key = idempotency::key(&headers)?;
    let export = state.exports.ask(caller.user.id, key, &place(ip, &headers)).await?;
    let location = format!("/api/auth/account/export/{}", export.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(told(&export))).into_response())
}

/// One's own archives of the last seven days, the newest first.
#[utoipa::path(
    get, path = "/account/export", operation_id = "listExports", security(("bearer" = [])),
    responses(
        (status = 200, body = Page<ExportBody>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_exports(
    State(state): State<AppState>,
    caller: SignedIn,
) -> Result<Json<Page<ExportBody>>> {
    let exports = state.exports.list(caller.user.id).await?;
    Ok(Json(Page { items: exports.iter().map(told).collect(), next_cursor: None }))
}

/// The archive once it is ready, for seven days; before, how far it is.
#[utoipa::path(
    get, path = "/account/export/{id}", operation_id = "getExport", security(("bearer" = [])),
    params(("id" = RowId, Path)),
    responses(
        (status = 200, content_type = "application/zip", body = String, description = "Everything; README.txt in it says what is where"),
        (status = 202, description = "It is being made", body = ExportBody),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`export_failed`: ask for another one", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_export(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<RowId>,
) -> Result<Response> {
    let export = state.exports.get(caller.user.id, id).await?;
    if !export::is_ready(&export)? {
        return Ok((StatusCode::ACCEPTED, Json(told(&export))).into_response());
    }
    let (bytes, pieces) = state.exports.open(caller.user.id, &export, &place(ip, &headers)).await?;
    let name = format!("aetheros-export-{}.zip", export.created_at.format("%Y-%m-%d"));
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

fn told(export: &Export) -> ExportBody {
    ExportBody {
        id: export.id,
        status: export.status.into(),
        progress: export.progress,
        bytes: export.bytes,
        created_at: export.created_at,
        completed_at: export.completed_at,
        expires_at: export.completed_at.map(|at| at + export::KEPT),
    }
}

impl From<ExportStatus> for Status {
    fn from(status: ExportStatus) -> Self {
        match status {
            ExportStatus::Queued => Self::Queued,
            ExportStatus::Running => Self::Running,
            ExportStatus::Ready => Self::Ready,
            ExportStatus::Failed => Self::Failed,
        }
    }
}
