//! `GET /audit`, `GET /audit/export`: who did what, to whom, from where, for administrators.

use aether_common::{
    id::UserId,
    page::{Cursor, Page},
    problem::Problem,
    text,
};
use aether_store::{
    Store, StoreError,
    audit::{self, Filter, Listed, Named},
};
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Query},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    domain::{
        audit::{Action, Entry},
        csv,
    },
    handlers::place,
    state::{Administrator, AppState},
};

/// Entries that are read at once for an export.
const PAGE: i64 = 500;
const MAX_ACTION: usize = 64;
const COLUMNS: [&str; 13] = [
    "at",
    "action",
    "actorId",
    "actorName",
    "actorEmail",
    "subjectId",
    "subjectName",
    "subjectEmail",
    "ip",
    "userAgent",
    "detail",
    "traceId",
    "id",
];

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Narrow {
    /// Done by this user.
    actor: Option<UserId>,
    /// Done to this user.
    subject: Option<UserId>,
    /// Of this action.
    #[param(max_length = 64, example = "role_changed")]
    action: Option<String>,
    /// Not before this time.
    since: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
    /// Of an export.
    #[serde(default)]
    #[param(ignore)]
    format: Format,
    /// Of a list.
    #[serde(flatten)]
    #[param(ignore)]
    page: PageQuery,
}

/// The form of an export.
#[derive(Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A line for each entry; texts that a spreadsheet would compute begin with `'`.
    #[default]
    Csv,
    /// A JSON object on each line.
    Jsonl,
}

/// An entry.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// What was done: a stable word.
    action: String,
    /// Who did it; null for an operator's command and for whoever could not say who they are.
    #[schema(required = true)]
    actor: Option<Person>,
    /// To whose account.
    #[schema(required = true)]
    subject: Option<Person>,
    /// From which address; null when its person is erased.
    #[schema(required = true)]
    ip: Option<String>,
    /// From which program, as it calls itself.
    #[schema(required = true)]
    user_agent: Option<String>,
    /// What else there is to say.
    #[schema(value_type = Object)]
    detail: Value,
    #[schema(required = true)]
    trace_id: Option<String>,
}

/// A user in the log.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AuditPerson)]
pub(crate) struct Person {
    id: UserId,
    /// As it is now; null when the account is erased.
    #[schema(required = true)]
    name: Option<String>,
    /// As it is now; null when the account is erased.
    #[schema(required = true)]
    email: Option<String>,
}

/// The entries, the newest first.
#[utoipa::path(
    get, path = "/audit", operation_id = "listAudit", params(Narrow, PageQuery), security(("bearer" = [])),
    responses(
        (status = 200, body = Page<AuditEntry>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_audit(
    State(state): State<AppState>,
    _caller: Administrator,
    Query(narrow): Query<Narrow>,
) -> Result<Json<Page<AuditEntry>>> {
    let page = narrow.page;
    let filter = narrow.filter()?;
    let rows = i64::try_from(page.limit + 1).unwrap_or(i64::MAX);
    let found = audit::list(&mut state.store.conn().await?, &filter, page.cursor, rows).await?;
    let items = found.into_iter().map(AuditEntry::from).collect();
    let cursor = |entry: &AuditEntry| Cursor { at: entry.at, id: entry.id };
    Ok(Json(Page::from_rows(items, page.limit, cursor)))
}

/// The same as a file, all of it.
#[utoipa::path(
    get, path = "/audit/export", operation_id = "exportAudit",
    params(Narrow, ("format" = inline(Option<Format>), Query)), security(("bearer" = [])),
    responses(
        (status = 200, content((String = "text/csv"), (String = "application/jsonl"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export_audit(
    State(state): State<AppState>,
    Administrator(caller): Administrator,
    ip: ClientIp,
    headers: HeaderMap,
    Query(narrow): Query<Narrow>,
) -> Result<Response> {
    let format = narrow.format;
    let filter = narrow.filter()?;
    let place = place(ip, &headers);
    let (media_type, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Jsonl => ("application/jsonl", "jsonl"),
    };
    let entry = Entry::own(Action::AUDIT_EXPORTED, caller.user.id, &place);
    let mut db = state.store.conn().await?;
    state.audit.record(&mut db, entry.with(json!({ "format": extension }))).await?;
    drop(db);
    let name = format!("audit-{}.{extension}", state.clock.now().format("%Y-%m-%d"));
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(lines(state.store.clone(), filter, format))).into_response())
}

/// The whole log in pieces: a page is read when the one before it has been taken.
fn lines(
    store: Store,
    filter: Filter,
    format: Format,
) -> impl Stream<Item = Result<Vec<u8>, StoreError>> + Send {
    let head = match format {
        Format::Csv => csv::line(&COLUMNS),
        Format::Jsonl => String::new(),
    };
    stream::try_unfold((Some(head), None, store, filter), move |(head, after, store, filter)| async move {
        let page = audit::list(&mut store.conn().await?, &filter, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(head.map(|head| (head.into_bytes(), (None, after, store, filter))));
        };
        let after = Some(Cursor { at: last.entry.at, id: last.entry.id });
        let mut text = head.unwrap_or_default();
        for entry in page.into_iter().map(AuditEntry::from) {
            match format {
                Format::Csv => text.push_str(&entry.csv()),
                Format::Jsonl => {
                    let line = serde_json::to_string(&entry);
                    text.push_str(&line.map_err(|error| StoreError::Defect(error.to_string()))?);
                    text.push('\n');
                }
            }
        }
        Ok(Some((text.into_bytes(), (None, after, store, filter))))
    })
}

impl Narrow {
    fn filter(self) -> Result<Filter, Problem> {
        if let Some(message) = self.action.as_deref().and_then(|word| text::invalid(word, MAX_ACTION)) {
            return Err(Problem::invalid_field("action", message));
        }
        Ok(Filter {
            actor: self.actor,
            subject: self.subject,
            action: self.action,
            since: self.since,
            until: self.until,
        })
    }
}

impl AuditEntry {
    fn csv(&self) -> String {
        let of = |person: &Option<Person>| match person {
            None => Default::default(),
            Some(Person { id, name, email }) => {
                (id.to_string(), name.clone().unwrap_or_default(), email.clone().unwrap_or_default())
            }
        };
        let (actor, subject): ((String, String, String), (String, String, String)) =
            (of(&self.actor), of(&self.subject));
        csv::line(&[
            &self.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            &self.action,
            &actor.0,
            &actor.1,
            &actor.2,
            &subject.0,
            &subject.1,
            &subject.2,
            self.ip.as_deref().unwrap_or_default(),
            self.user_agent.as_deref().unwrap_or_default(),
            &self.detail.to_string(),
            self.trace_id.as_deref().unwrap_or_default(),
            &self.id.to_string(),
        ])
    }
}

impl From<Listed> for AuditEntry {
    fn from(Listed { entry, actor, subject }: Listed) -> Self {
        let person = |id: Option<UserId>, named: Option<Named>| {
            let (name, email) = named.map(|named| (named.name, named.email)).unzip();
            id.map(|id| Person { id, name, email })
        };
        Self {
            id: entry.id,
            at: entry.at,
            action: entry.action,
            actor: person(entry.actor_id, actor),
            subject: person(entry.subject_id, subject),
            ip: entry.ip,
            user_agent: entry.user_agent,
            detail: entry.detail,
            trace_id: entry.trace_id,
        }
    }
}
