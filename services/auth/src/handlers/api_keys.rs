//! `GET` and `POST /api-keys`, `DELETE /api-keys/{id}`: keys for one's own programs.

use aether_common::{
    id::RowId,
    model::scope::{Scope, ScopeSet},
    page::{Cursor, Page},
    problem::{FieldError, Problem},
};
use aether_store::{
    api_keys::{self, ApiKey, NewApiKey},
    token_cuts,
};
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
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    domain::{
        api_key::{self, MAX_KEYS, NewKey},
        audit::{Action, Entry},
        mail::{Mail, Occasion, Recipient},
    },
    handlers::place,
    state::{AppState, SignedIn},
};

/// A socket may have been opened by a machine whose clock is so far ahead.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);

/// A key to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ApiKeyBody {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100, example = "nightly build")]
    name: String,
    /// What it may do: one scope at least, none twice.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// When it ends, within ten years; without this it has no end.
    expires_at: Option<DateTime<Utc>>,
}

/// A key, as its owner sees it. The key itself is not kept.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
pub(crate) struct OwnApiKey {
    id: RowId,
    name: String,
    /// How it begins.
    prefix: String,
    scopes: Vec<Scope>,
    created_at: DateTime<Utc>,
    #[schema(required = true)]
    expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    #[schema(required = true)]
    last_used_at: Option<DateTime<Utc>>,
}

/// A key that was just made.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CreatedApiKey {
    #[serde(flatten)]
    api_key: OwnApiKey,
    /// For `Authorization: Bearer`, and as the token of sockets. Shown once.
    key: String,
}

impl From<ApiKey> for OwnApiKey {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.iter().collect(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// One's own keys, the newest first.
#[utoipa::path(
    get, path = "/api-keys", operation_id = "listApiKeys", params(PageQuery), security(("bearer" = [])),
    responses(
        (status = 200, body = Page<OwnApiKey>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_api_keys(
    State(state): State<AppState>,
    caller: SignedIn,
    page: PageQuery,
) -> Result<Json<Page<OwnApiKey>>> {
    let mut conn = state.store.conn().await?;
    // One more than asked for says whether there is a next page.
    let rows = i64::try_from(page.limit + 1).unwrap_or(i64::MAX);
    let keys = api_keys::list(&mut conn, caller.user.id, page.cursor, rows).await?;
    let cursor = |key: &OwnApiKey| Cursor { at: key.created_at, id: key.id.0 };
    Ok(Json(Page::from_rows(keys.into_iter().map(OwnApiKey::from).collect(), page.limit, cursor)))
}

/// Makes a key, which stands for its owner in all that its scopes allow. It is shown once.
#[utoipa::path(
    post, path = "/api-keys", operation_id = "createApiKey", request_body = ApiKeyBody, security(("bearer" = [])),
    responses(
        (status = 201, body = CreatedApiKey),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`too_many_api_keys`: 50 are the most", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_api_key(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Json(body): Json<ApiKeyBody>,
) -> Result<(StatusCode, Json<CreatedApiKey>)> {
    let (user, now) = (caller.user.id, state.clock.now());
    let (name, scopes, expires_at) = check(&body, now)?;
    let mut tx = state.store.begin().await?;
    state.hold(&mut tx, &caller).await?;
    if api_keys::count(&mut tx, user).await? >= MAX_KEYS {
        return Err(Problem::conflict(
            "too_many_api_keys",
            "There are as many API keys as there may be. Delete one that is not used.",
        )
        .into());
    }
    let made = NewKey::generate();
    let new = NewApiKey {
        id: state.ids.mint(),
        user_id: user,
        name: &name,
        prefix: &made.prefix,
        hash: &made.hash,
        scopes,
        created_at: now,
        expires_at,
    };
    api_keys::create(&mut tx, &new).await?;
    let detail = json!({ "apiKeyId": new.id, "scopes": body.scopes, "expiresAt": expires_at });
    let place = place(ip, &headers);
    state.audit.record(&mut tx, Entry::own(Action::API_KEY_CREATED, user, &place).with(detail)).await?;
    let mail = Mail::ApiKeyCreated(Occasion { at: now, place });
    if state.postage.wait(&mut tx, user, mail.kind()).await?.is_none() {
        state.mailer.queue(&mut tx, &Recipient::owner(&caller.user), &mail).await?;
    }
    tx.save().await?;
    state.mailer.nudge();
    let api_key = OwnApiKey {
        id: new.id,
        scopes: scopes.iter().collect(),
        created_at: now,
        expires_at,
        last_used_at: None,
        prefix: made.prefix,
        name,
    };
    Ok((StatusCode::CREATED, Json(CreatedApiKey { api_key, key: made.key.expose_secret().to_owned() })))
}

/// Deletes a key: it is refused from now on, and its sockets are disconnected.
#[utoipa::path(
    delete, path = "/api-keys/{id}", operation_id = "deleteApiKey", security(("bearer" = [])),
    params(("id" = RowId, Path)),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_api_key(
    State(state): State<AppState>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
    Path(id): Path<RowId>,
) -> Result<StatusCode> {
    let (user, cut_at) = (caller.user.id, state.clock.now() + CLOCKS);
    let mut tx = state.store.begin().await?;
    if !api_keys::delete(&mut tx, user, id).await? {
        return Err(Problem::not_found().into());
    }
    token_cuts::cut(&mut tx, id.0, cut_at).await?;
    let place = place(ip, &headers);
    let entry = Entry::own(Action::API_KEY_DELETED, user, &place).with(json!({ "apiKeyId": id }));
    state.audit.record(&mut tx, entry).await?;
    tx.save().await?;
    state.announcer.cut(user, id.0, cut_at);
    Ok(StatusCode::NO_CONTENT)
}

/// Every field at fault at once, so that a form shows them all.
fn check(
    body: &ApiKeyBody,
    now: DateTime<Utc>,
) -> Result<(String, ScopeSet, Option<DateTime<Utc>>), Problem> {
    let name = api_key::name(&body.name);
    let scopes = api_key::scopes(&body.scopes);
    let expiry = body.expires_at.map(|at| api_key::expiry(at.trunc_subsecs(6), now)).transpose();
    match (name, scopes, expiry) {
        (Ok(name), Ok(scopes), Ok(expires_at)) => Ok((name, scopes, expires_at)),
        (name, scopes, expiry) => {
            let fields = [("name", name.err()), ("scopes", scopes.err()), ("expiresAt", expiry.err())];
            let errors = fields.into_iter().filter_map(|(field, reason)| {
                reason.map(|message| FieldError { field: field.into(), message })
            });
            Err(Problem::invalid(errors.collect()))
        }
    }
}
