//! `GET /users`, `GET`, `PATCH` and `DELETE /users/{id}`, `DELETE /users/{id}/sessions`: accounts, for administrators.

use aether_common::{
    id::UserId,
    model::user::Role,
    page::{Cursor, Page},
    problem::Problem,
    text,
};
use aether_store::accounts::{self, Filter, Listed};
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Path, Query},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    domain::{
        admins::Change,
        audit::{Action, Entry},
    },
    handlers::{account::PATIENCE, place},
    state::{Administrator, AppState},
};

const MAX_TEXT: usize = 200;

/// Which accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Narrow {
    /// Whose name or e-mail holds this, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Of this role.
    role: Option<Role>,
    /// Shut out (`true`) or not (`false`).
    #[param(value_type = Option<bool>)]
    disabled: Option<Flag>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
}

/// `true` or `false`, as a word: behind `flatten` serde has only words.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Flag {
    True,
    False,
}

/// An account, as an administrator sees it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    id: UserId,
    email: String,
    name: String,
    #[schema(required = true)]
    avatar_url: Option<String>,
    role: Role,
    /// Whether it is shut out.
    disabled: bool,
    email_verified: bool,
    mfa_enabled: bool,
    created_at: DateTime<Utc>,
    /// When one of its sessions was last used; null when that is long ago.
    #[schema(required = true)]
    last_used_at: Option<DateTime<Utc>>,
}

/// What is to change; what is not named stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangeAccount {
    /// What the user may do.
    role: Option<Role>,
    /// Whether the user is shut out: signed out everywhere, with what runs for them stopped.
    disabled: Option<bool>,
}

/// The accounts, the newest first.
#[utoipa::path(
    get, path = "/users", operation_id = "listUsers", params(Narrow, PageQuery), security(("bearer" = [])),
    responses(
        (status = 200, body = Page<Account>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_users(
    State(state): State<AppState>,
    _caller: Administrator,
    Query(narrow): Query<Narrow>,
) -> Result<Json<Page<Account>>> {
    let text = narrow.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if let Some(message) = text.as_deref().and_then(|text| text::invalid(text, MAX_TEXT)) {
        return Err(Problem::invalid_field("q", message).into());
    }
    let disabled = narrow.disabled.map(|flag| matches!(flag, Flag::True));
    let filter = Filter { text, role: narrow.role, disabled };
    let PageQuery { limit, cursor } = narrow.page;
    let rows = accounts::list(&mut state.store.conn().await?, &filter, cursor, limit).await?;
    let items = rows.into_iter().map(Account::from).collect();
    Ok(Json(Page::from_rows(items, limit, |row: &Account| Cursor { at: row.created_at, id: row.id.0 })))
}

/// One account.
#[utoipa::path(
    get, path = "/users/{id}", operation_id = "getUser", params(("id" = UserId, Path)), security(("bearer" = [])),
    responses(
        (status = 200, body = Account),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_user(
    State(state): State<AppState>,
    _caller: Administrator,
    Path(id): Path<UserId>,
) -> Result<Json<Account>> {
    let found = accounts::find(&mut state.store.conn().await?, id).await?;
    Ok(Json(found.ok_or_else(Problem::not_found)?.into()))
}

/// Gives a user another role, shuts them out or lets them in again. What their tokens allowed ends everywhere within a second.
#[utoipa::path(
    patch, path = "/users/{id}", operation_id = "updateUser", params(("id" = UserId, Path)),
    request_body = ChangeAccount, security(("bearer" = [])),
    responses(
        (status = 200, body = Account),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`last_admin`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_user(
    State(state): State<AppState>,
    Administrator(caller): Administrator,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<UserId>,
    Json(body): Json<ChangeAccount>,
) -> Result<Json<Account>> {
    let change = Change { role: body.role, disabled: body.disabled };
    let place = place(ip, &headers);
    Ok(Json(state.administration.change(caller.user.id, id, change, &place).await?.into()))
}

/// Deletes an account for good, with all that is its owner's, as its owner could.
#[utoipa::path(
    delete, path = "/users/{id}", operation_id = "deleteUser", params(("id" = UserId, Path)), security(("bearer" = [])),
    responses(
        (status = 202, description = "The account is shut for good; erasing what was its takes a little longer"),
        (status = 204, description = "Nothing of it is left"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`last_admin`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_user(
    State(state): State<AppState>,
    Administrator(caller): Administrator,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    let mut tx = state.store.begin().await?;
    let begun = state.erasures.begin_by(&mut tx, caller.user.id, id).await?;
    let place = place(ip, &headers);
    state.audit.record(&mut tx, Entry::to(Action::ACCOUNT_DELETED, caller.user.id, id, &place)).await?;
    tx.save().await?;
    let erased = state.erasures.carry_out(begun, PATIENCE).await;
    Ok(if erased { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED })
}

/// Signs a user out everywhere. Their API keys stay.
#[utoipa::path(
    delete, path = "/users/{id}/sessions", operation_id = "deleteUserSessions", params(("id" = UserId, Path)),
    security(("bearer" = [])),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_user_sessions(
    State(state): State<AppState>,
    Administrator(caller): Administrator,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    state.administration.sign_out(caller.user.id, id, &place(ip, &headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Listed> for Account {
    fn from(row: Listed) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            avatar_url: row.avatar_url,
            role: row.role,
            disabled: row.disabled,
            email_verified: row.email_verified,
            mfa_enabled: row.mfa_enabled,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}
