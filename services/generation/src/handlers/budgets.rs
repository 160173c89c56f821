//! What may be spent, for administrators: the limits of the settings, and what single users are allowed instead.

use aether_common::{
    id::UserId,
    money::{from_usd, usd},
    page::{Cursor, Page},
    problem::Problem,
};
use aether_store::{
    budgets::{self, Budget},
    usage::Limit,
};
use aether_web::{
    auth::Admin,
    extract::{Json, Path, ValidJson},
    page::PageQuery,
    respond::{ProblemBody, Result},
};
use axum::{extract::State as Shared, http::StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};

use super::usage::Quotas;
use crate::state::State;

/// US dollars by day and month (UTC).
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BudgetLimit)]
pub struct ShownLimit {
    /// Null: no limit.
    #[schema(required = true)]
    day_usd: Option<f64>,
    /// Null: no limit.
    #[schema(required = true)]
    month_usd: Option<f64>,
}

/// The limits of the settings, and the users who are allowed something else.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budgets {
    /// For everybody together.
    installation: ShownLimit,
    /// For each user alone.
    user: ShownLimit,
    /// For all of a role together.
    roles: RoleBudgets,
    /// The one set last first.
    items: Vec<UserBudget>,
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Limits of roles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RoleBudgets {
    user: ShownLimit,
    admin: ShownLimit,
}

/// What one user is allowed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBudget {
    user_id: UserId,
    name: String,
    /// Null: as the settings say.
    #[schema(required = true)]
    day_usd: Option<f64>,
    /// Null: as the settings say.
    #[schema(required = true)]
    month_usd: Option<f64>,
    updated_at: DateTime<Utc>,
}

/// What one user is allowed, and what that leaves.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBudgetStanding {
    user_id: UserId,
    /// Null: as the settings say.
    #[schema(required = true)]
    day_usd: Option<f64>,
    /// Null: as the settings say.
    #[schema(required = true)]
    month_usd: Option<f64>,
    /// Null: nothing was set.
    #[schema(required = true)]
    updated_at: Option<DateTime<Utc>>,
    /// What holds for the user, whoever set it.
    quota: Quotas,
}

/// What a user shall be allowed; what is not named is as the settings say.
#[derive(Clone, Copy, Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetBudget {
    /// US dollars in a day (UTC), with at most 6 decimals; 0 stops every call that costs.
    #[garde(custom(is_sum))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    day_usd: Option<f64>,
    /// US dollars in a month (UTC), with at most 6 decimals.
    #[garde(custom(is_sum))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    month_usd: Option<f64>,
}

/// The limits of the settings, and the users who are allowed something else. For administrators.
#[utoipa::path(
    get, path = "/budgets", tag = "usage", operation_id = "listBudgets", params(PageQuery),
    responses(
        (status = 200, body = Budgets), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 422, body = ProblemBody),
    )
)]
pub async fn list(Shared(state): Shared<State>, _admin: Admin, page: PageQuery) -> Result<Json<Budgets>> {
    let mut db = state.deps.store.conn().await?;
    let rows = budgets::list(&mut db, page.cursor, page.limit).await?;
    let page = Page::from_rows(rows, page.limit, |row| Cursor { at: row.updated_at, id: row.user_id.0 });
    let settings = state.ledger.budgets();
    Ok(Json(Budgets {
        installation: settings.installation.into(),
        user: settings.user.into(),
        roles: RoleBudgets { user: settings.role_user.into(), admin: settings.role_admin.into() },
        items: page.items.into_iter().map(UserBudget::from).collect(),
        next_cursor: page.next_cursor,
    }))
}

/// What one user is allowed, and what is left of it. For administrators.
#[utoipa::path(
    get, path = "/budgets/users/{id}", tag = "usage", operation_id = "getUserBudget", params(("id" = UserId, Path)),
    responses(
        (status = 200, body = UserBudgetStanding), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
    )
)]
pub async fn get(
    Shared(state): Shared<State>,
    _admin: Admin,
    Path(id): Path<UserId>,
) -> Result<Json<UserBudgetStanding>> {
    Ok(Json(standing(&state, id).await?))
}

/// Sets what one user is allowed, from the next call on. For administrators.
#[utoipa::path(
    put, path = "/budgets/users/{id}", tag = "usage", operation_id = "putUserBudget", params(("id" = UserId, Path)),
    request_body = SetBudget,
    responses(
        (status = 200, body = UserBudgetStanding), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody), (status = 422, body = ProblemBody),
    )
)]
pub async fn put(
    Shared(state): Shared<State>,
    Admin(admin): Admin,
    Path(id): Path<UserId>,
    ValidJson(body): ValidJson<SetBudget>,
) -> Result<Json<UserBudgetStanding>> {
    let limit = Limit { day: body.day_usd.and_then(from_usd), month: body.month_usd.and_then(from_usd) };
    let set = {
        let mut db = state.deps.store.conn().await?;
        budgets::set(&mut db, id, limit, state.deps.clock.now()).await?
    };
    if !set {
        return Err(Problem::not_found().into());
    }
    tracing::info!(
        event = "budget_set",
        admin.id = %admin.user_id,
        user.id = %id,
        day_micros = limit.day,
        month_micros = limit.month,
        "a user's budget is set"
    );
    Ok(Json(standing(&state, id).await?))
}

/// Lets the settings hold for one user again. For administrators.
#[utoipa::path(
    delete, path = "/budgets/users/{id}", tag = "usage", operation_id = "deleteUserBudget",
    params(("id" = UserId, Path)),
    responses(
        (status = 204), (status = 401, body = ProblemBody), (status = 403, body = ProblemBody),
        (status = 404, description = "Nothing was set", body = ProblemBody),
    )
)]
pub async fn delete(
    Shared(state): Shared<State>,
    Admin(admin): Admin,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    let mut db = state.deps.store.conn().await?;
    if !budgets::delete(&mut db, id).await? {
        return Err(Problem::not_found().into());
    }
    tracing::info!(event = "budget_deleted", admin.id = %admin.user_id, user.id = %id, "a user's budget is as the settings say");
    Ok(StatusCode::NO_CONTENT)
}

async fn standing(state: &State, id: UserId) -> Result<UserBudgetStanding> {
    let quota = state.ledger.quota(id).await?.ok_or_else(Problem::not_found)?;
    let mut db = state.deps.store.conn().await?;
    let own = budgets::find(&mut db, id).await?;
    let limit = own.as_ref().map(|own| own.limit).unwrap_or_default();
    Ok(UserBudgetStanding {
        user_id: id,
        day_usd: limit.day.map(usd),
        month_usd: limit.month.map(usd),
        updated_at: own.map(|own| own.updated_at),
        quota: quota.user.into(),
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::ref_option, reason = "garde's signature")]
fn is_sum(dollars: &Option<f64>, (): &()) -> garde::Result {
    match dollars {
        Some(dollars) if from_usd(*dollars).is_none() => {
            Err(garde::Error::new("must be from 0 to 1000000000 with at most 6 decimals"))
        }
        _ => Ok(()),
    }
}

impl From<Limit> for ShownLimit {
    fn from(limit: Limit) -> Self {
        Self { day_usd: limit.day.map(usd), month_usd: limit.month.map(usd) }
    }
}

impl From<Budget> for UserBudget {
    fn from(budget: Budget) -> Self {
        Self {
            user_id: budget.user_id,
            name: budget.name,
            day_usd: budget.limit.day.map(usd),
            month_usd: budget.limit.month.map(usd),
            updated_at: budget.updated_at,
        }
    }
}
