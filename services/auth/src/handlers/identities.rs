//! `GET /identities` and `DELETE /identities/{provider}`: the ways into one's own account.

use aether_common::problem::Problem;
use aether_store::identities;
use aether_web::{
    client_ip::ClientIp,
    extract::{Json, Path},
    respond::{ProblemBody, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    domain::oauth::Provider,
    handlers::place,
    state::{AppState, SignedIn},
};

/// The ways into an account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identities {
    /// Linked accounts of providers, one of each at most.
    items: Vec<Identity>,
    /// Whether there is a password.
    has_password: bool,
}

/// A linked account of a provider.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    provider: Provider,
    /// The address there, as it was when it was linked.
    #[schema(required = true)]
    email: Option<String>,
    /// When it was linked.
    created_at: DateTime<Utc>,
}

/// The ways into one's own account.
#[utoipa::path(
    get, path = "/identities", operation_id = "listIdentities", security(("bearer" = [])),
    responses(
        (status = 200, body = Identities),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_identities(
    State(state): State<AppState>,
    caller: SignedIn,
) -> Result<Json<Identities>> {
    let linked = identities::list(&mut state.store.conn().await?, caller.user.id).await?;
    let items = linked.into_iter().map(|identity| {
        let provider = Provider::parse(&identity.provider)
            .ok_or_else(|| Problem::internal("an identity of a provider that is not known"))?;
        Ok(Identity { provider, email: identity.email, created_at: identity.created_at })
    });
    let items = items.collect::<Result<_, Problem>>()?;
    Ok(Json(Identities { items, has_password: caller.has_password }))
}

/// Unlinks a provider's account. The last way in stays.
#[utoipa::path(
    delete, path = "/identities/{provider}", operation_id = "deleteIdentity", security(("bearer" = [])),
    params(("provider" = Provider, Path)),
    responses(
        (status = 204),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`last_credential`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_identity(
    State(state): State<AppState>,
    Path(provider): Path<Provider>,
    caller: SignedIn,
    ip: ClientIp,
    headers: HeaderMap,
) -> Result<StatusCode> {
    state.identities.unlink(caller.user.id, provider, &place(ip, &headers)).await?;
    Ok(StatusCode::NO_CONTENT)
}
