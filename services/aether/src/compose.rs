//! The one router of `aether`: each service below its prefix, as behind the gateway.

use std::sync::Arc;

use aether_boot::{
    Deps, Service, StartError,
    api_keys::StoredApiKeys,
    revocations,
    serve::{edge, health},
};
use aether_common::jwt::Verifier;
use aether_web::layers::{fallbacks, layers};
use axum::Router;

use crate::{openapi, port::InProcess, web_ui};

/// Builds the three services and everything around them.
pub async fn router(deps: &Deps) -> Result<Router, StartError> {
    let services = services(deps).await?;
    let mut whole = health("aether", deps);
    let document = openapi::merge(&services);
    let mut router = Router::new();
    for service in services {
        whole = whole.including(&service.health);
        router = router.nest(service.prefix, fallbacks(service.router)).merge(service.absolute);
    }
    let router =
        router.merge(whole.routes()).merge(aether_web::openapi::routes(&document)).merge(web_ui::routes());
    Ok(layers(router, &edge(deps)?))
}

/// The three services, wired by calls instead of HTTP.
pub async fn services(deps: &Deps) -> Result<[Service; 3], StartError> {
    let auth = aether_auth::build(deps).await?;
    let verifier = Verifier::new(auth.keys, &deps.settings.public_url, deps.clock.clone())
        .with_revocations(revocations::start(deps).await?)
        .with_api_keys(Arc::new(StoredApiKeys::new(deps)));
    let generation = aether_generation::build(deps, verifier.clone()).await?;
    let port = Arc::new(InProcess(generation.generations));
    let realtime = aether_realtime::build(deps, verifier, port).await?;
    Ok([auth.service, generation.service, realtime])
}
