//! The instructions that the model is given: everybody may read the ones in use; an administrator may write others, and go
//! back to any earlier one.

use aether_common::{
    id::UserId,
    model::generation::Kind,
    page::{Cursor, Page},
    problem::Problem,
    text,
};
use aether_store::prompts::{self, Prompt};
use aether_web::{
    auth::{Admin, GenerationsRead, Scoped},
    extract::{Json, Path},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain::prompt,
    prompts::{InUse, NewOverride},
    state::State,
};

/// Where a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PromptSource {
    /// It came with the program.
    Builtin,
    /// An administrator wrote it.
    Override,
}

/// A template in use.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromptInUse {
    /// What it asks for.
    #[serde(rename = "type")]
    kind: Kind,
    /// Name and version, as `ui@2`; `metadata.promptVersion` of what is made with it.
    version: String,
    /// Where it comes from.
    source: PromptSource,
    /// The instructions, with `{{language}}` to be filled.
    text: String,
    /// Name and version of the built-in template.
    builtin: String,
    /// When it was put in use; null when nobody has.
    #[schema(required = true)]
    since: Option<DateTime<Utc>>,
    /// Who put it in use; null when nobody has, or they have no account any more.
    #[schema(required = true)]
    user_id: Option<UserId>,
}

/// A template that is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PromptVersion {
    /// Name and version, as `ui@2+3`.
    version: String,
    /// Where it comes from.
    source: PromptSource,
    /// Whether it is in use.
    active: bool,
    /// The instructions; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Length of the instructions in bytes.
    bytes: u64,
    /// Why it was written.
    #[schema(required = true)]
    note: Option<String>,
    /// Who wrote it; null for a built-in one, or when they have no account any more.
    #[schema(required = true)]
    user_id: Option<UserId>,
    /// When it was written; null for a built-in one.
    #[schema(required = true)]
    created_at: Option<DateTime<Utc>>,
}

/// A template to be kept and put in use.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPromptVersion {
    /// The instructions, at most 65 536 bytes. The line `AetherOS-Kind: …` and `{{language}}` are put at the head when
    /// they lack.
    #[schema(min_length = 1, max_length = 65536)]
    text: String,
    /// Why it is written: at most 500 characters.
    #[schema(max_length = 500)]
    note: Option<String>,
}

/// Which template to go back to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// An earlier version, as `ui@2+3`, or the built-in one, as `ui@2`.
    version: String,
}

/// What a version's name means.
enum Named {
    BuiltIn(u32),
    /// Number of the built-in template when it was written, and its own.
    Override(u32, u32),
}

/// The prompt templates in use.
#[utoipa::path(
    get, path = "/prompts", tag = "prompts", operation_id = "listPrompts",
    security(("bearer" = ["generations:read"])),
    responses((status = 200, body = Page<PromptInUse>), (status = 401, body = ProblemBody))
)]
pub async fn prompts(
    Shared(state): Shared<State>,
    _caller: Scoped<GenerationsRead>,
) -> Result<Json<Page<PromptInUse>>> {
    let mut items = Vec::new();
    for kind in Kind::ALL {
        items.push(state.prompts.in_use(kind).await.into());
    }
    Ok(Json(Page { items, next_cursor: None }))
}

/// The administrators' versions of a template, the newest first, without their texts. For administrators.
#[utoipa::path(
    get, path = "/prompts/{kind}/versions", tag = "prompts", operation_id = "listPromptVersions",
    params(("kind" = Kind, Path), PageQuery),
    responses(
        (status = 200, body = Page<PromptVersion>), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn list_versions(
    Shared(state): Shared<State>,
    _admin: Admin,
    Path(kind): Path<Kind>,
    page: PageQuery,
) -> Result<Json<Page<PromptVersion>>> {
    let in_use = state.prompts.in_use(kind).await.template.version;
    let mut db = state.deps.store.conn().await?;
    let rows = prompts::list(&mut db, kind, page.cursor, page.limit).await?;
    let page = Page::from_rows(rows, page.limit, |row| Cursor { at: row.created_at, id: row.id.0 });
    let items = page.items.into_iter().map(|row| PromptVersion::kept(kind, row, &in_use)).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}

/// One version of a template, built-in ones too. For administrators.
#[utoipa::path(
    get, path = "/prompts/{kind}/versions/{version}", tag = "prompts", operation_id = "getPromptVersion",
    params(("kind" = Kind, Path), ("version" = String, Path, description = "As `ui@2+3` or `ui@2`")),
    responses(
        (status = 200, body = PromptVersion), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
    )
)]
pub async fn get_version(
    Shared(state): Shared<State>,
    _admin: Admin,
    Path((kind, version)): Path<(Kind, String)>,
) -> Result<Json<PromptVersion>> {
    let in_use = state.prompts.in_use(kind).await.template.version;
    let found = match named(kind, &version).ok_or_else(Problem::not_found)? {
        Named::BuiltIn(number) => {
            let one = prompt::BUILT_IN.iter().find(|one| one.kind == kind && one.number == number);
            one.map(|one| PromptVersion::built_in(one, &in_use))
        }
        Named::Override(_, number) => {
            let row = prompts::find(&mut state.deps.store.conn().await?, kind, number).await?;
            row.map(|row| PromptVersion::kept(kind, row, &in_use)).filter(|one| one.version == version)
        }
    };
    Ok(Json(found.ok_or_else(Problem::not_found)?))
}

/// Keeps a new version of a template and puts it in use, everywhere within five seconds. For administrators.
#[utoipa::path(
    post, path = "/prompts/{kind}/versions", tag = "prompts", operation_id = "createPromptVersion",
    request_body = NewPromptVersion, params(("kind" = Kind, Path)),
    responses(
        (status = 201, body = PromptVersion), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn create_version(
    Shared(state): Shared<State>,
    Admin(admin): Admin,
    Path(kind): Path<Kind>,
    Json(body): Json<NewPromptVersion>,
) -> Result<(StatusCode, Json<PromptVersion>)> {
    let note = body.note.as_deref().filter(|note| !note.trim().is_empty());
    if let Some(message) = note.and_then(|note| text::invalid(note, 500)) {
        return Err(Problem::invalid_field("note", message).into());
    }
    let new =
        NewOverride { kind, text: &body.text, note, user_id: admin.user_id, now: state.deps.clock.now() };
    let kept = state.prompts.create(&new, state.deps.ids.mint()).await?;
    let version = prompt::override_version(kind, kept.base, kept.number);
    tracing::info!(event = "prompt_changed", user.id = %admin.user_id, version, "a prompt template is put in use");
    Ok((StatusCode::CREATED, Json(PromptVersion::kept(kind, kept, &version))))
}

/// Puts an earlier version or the built-in template in use again, everywhere within five seconds. For administrators.
#[utoipa::path(
    post, path = "/prompts/{kind}/rollback", tag = "prompts", operation_id = "rollBackPrompt",
    request_body = Rollback, params(("kind" = Kind, Path)),
    responses(
        (status = 200, body = PromptInUse), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn roll_back(
    Shared(state): Shared<State>,
    Admin(admin): Admin,
    Path(kind): Path<Kind>,
    Json(body): Json<Rollback>,
) -> Result<Json<PromptInUse>> {
    let unknown =
        || Problem::invalid_field("version", "names no version of this template that can be put in use");
    let own = match named(kind, &body.version).ok_or_else(unknown)? {
        // Only the newest: an older one is not followed by the next release, so it has to be written anew.
        Named::BuiltIn(number) if number == prompt::newest(kind).number => None,
        Named::BuiltIn(_) => return Err(unknown().into()),
        Named::Override(base, number) => Some((base, number)),
    };
    let now = state.deps.clock.now();
    if !state.prompts.roll_back(kind, own, admin.user_id, now).await? {
        return Err(unknown().into());
    }
    let in_use = state.prompts.in_use(kind).await;
    let version = in_use.template.version.as_str();
    tracing::info!(event = "prompt_changed", user.id = %admin.user_id, version, "a prompt template is put in use");
    Ok(Json(in_use.into()))
}

impl PromptVersion {
    fn kept(kind: Kind, row: Prompt, in_use: &str) -> Self {
        let version = prompt::override_version(kind, row.base, row.number);
        Self {
            active: version == in_use,
            version,
            source: PromptSource::Override,
            text: row.text,
            bytes: row.bytes,
            note: row.note,
            user_id: row.user_id,
            created_at: Some(row.created_at),
        }
    }

    fn built_in(one: &prompt::BuiltIn, in_use: &str) -> Self {
        let version = one.version();
        Self {
            active: version == in_use,
            version,
            source: PromptSource::Builtin,
            text: Some(one.text().to_owned()),
            bytes: one.text().len() as u64,
            note: one.front_matter().map(|front| front.description),
            user_id: None,
            created_at: None,
        }
    }
}

impl From<InUse> for PromptInUse {
    fn from(one: InUse) -> Self {
        let source = if one.is_override { PromptSource::Override } else { PromptSource::Builtin };
        Self {
            kind: one.template.kind,
            version: one.template.version,
            source,
            text: one.template.text,
            builtin: prompt::newest(one.template.kind).version(),
            since: one.since,
            user_id: one.user_id,
        }
    }
}

/// Reads `ui@2` and `ui@2+3`, of this kind alone and in no other spelling.
fn named(kind: Kind, version: &str) -> Option<Named> {
    let rest = version.strip_prefix(kind.as_str())?.strip_prefix('@')?;
    let (base, number) = match rest.split_once('+') {
        Some((base, number)) => (base, Some(number)),
        None => (rest, None),
    };
    let base: u32 = base.parse().ok()?;
    let number: Option<u32> = number.map(str::parse).transpose().ok()?;
    let same = match number {
        Some(number) => prompt::override_version(kind, base, number),
        None => format!("{}@{base}", kind.as_str()),
    };
    (same == version).then_some(match number {
        Some(number) => Named::Override(base, number),
        None => Named::BuiltIn(base),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_name() {
        assert!(matches!(named(Kind::Ui, "ui@2"), Some(Named::BuiltIn(2))));
        assert!(matches!(named(Kind::Ui, "ui@2+13"), Some(Named::Override(2, 13))));
        for other in
            ["", "ui", "ui@", "ui@+1", "ui@02", "ui@2+", "ui@2+-1", "api@2", "ui@2+99999999999", "UI@2"]
        {
            assert!(named(Kind::Ui, other).is_none(), "{other}");
        }
    }
}
