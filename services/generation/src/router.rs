//! Every path of the service on one screen.

use aether_boot::{Service, serve};
use aether_web::{
    health::Health,
    layers::{REQUEST_TIMEOUT, timed},
    limits::Class,
    openapi::{self, Access},
};
use axum::{Router, extract::DefaultBodyLimit, routing::any};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{handlers as h, state::State};

#[derive(OpenApi)]
#[openapi(info(title = "AetherOS generation service", description = "From a prompt to software."))]
struct Document;

pub fn build(state: State) -> Service {
    let limits = serve::limits(&state.deps, &state.verifier);
    // These wait or stream, each with a bound of its own.
    let starts = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(h::create::create_code))
        .routes(routes!(h::create::create_api))
        .routes(routes!(h::create::create_ui))
        .routes(routes!(h::create::create_cli))
        .layer(limits.layer(Class::Generate));
    let streams = OpenApiRouter::new()
        .routes(routes!(h::events::events))
        .routes(routes!(h::live::requests))
        .layer(limits.layer(Class::Api));
    // A file is larger than other bodies.
    let uploads = OpenApiRouter::new()
        .routes(routes!(h::uploads::create))
        .layer(DefaultBodyLimit::max(h::uploads::MAX_BODY_BYTES))
        .layer(limits.layer(Class::Upload));
    let again =
        OpenApiRouter::new().routes(routes!(h::regenerate::regenerate)).layer(limits.layer(Class::Generate));
    let short = OpenApiRouter::new()
        .routes(routes!(h::history::list))
        .routes(routes!(h::generation::get, h::generation::update, h::generation::delete))
        .routes(routes!(h::cancel::cancel))
        .routes(routes!(h::versions::versions))
        .routes(routes!(h::files::list))
        .routes(routes!(h::files::get, h::files::put))
        .routes(routes!(h::archive::archive))
        .routes(routes!(h::share::share, h::share::unshare))
        .routes(routes!(h::live::mount, h::live::get, h::live::tune, h::live::unmount))
        .routes(routes!(h::live::reset))
        .routes(routes!(h::shared::get))
        .routes(routes!(h::shared::archive))
        .routes(routes!(h::shared::file))
        .routes(routes!(h::models::models))
        .routes(routes!(h::prompts::prompts))
        .routes(routes!(h::prompts::list_versions, h::prompts::create_version))
        .routes(routes!(h::prompts::get_version))
        .routes(routes!(h::prompts::roll_back))
        .routes(routes!(h::usage::own))
        .routes(routes!(h::usage::installation))
        .routes(routes!(h::budgets::list))
        .routes(routes!(h::budgets::get, h::budgets::put, h::budgets::delete))
        .routes(routes!(h::capabilities::capabilities))
        .routes(routes!(h::capabilities::state))
        .layer(limits.layer(Class::Api))
        .merge(again);
    let (long, mut document) = starts.merge(streams).merge(uploads).split_for_parts();
    let (short, described) = short.split_for_parts();
    document.merge(described);
    // axum's sign for "the rest of the path" is not OpenAPI's, which has none.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    openapi::complete(&mut document, Access::Bearer);
    let health = health(&state);
    // Each has limits of its own, and its callers have no account.
    let lives = Router::new()
        .route("/api/live/{id}", any(h::live::any))
        .route("/api/live/{id}/{*path}", any(h::live::any))
        .route("/api/live/{id}/", any(h::live::any));
    let absolute = timed(lives, REQUEST_TIMEOUT).with_state(state.clone());
    let router = Router::new()
        .merge(long)
        .merge(timed(short, REQUEST_TIMEOUT))
        .with_state(state)
        .merge(health.clone().routes())
        .merge(openapi::routes(&document));
    Service {
        name: "generation-service",
        prefix: "/api/generate",
        router,
        absolute,
        openapi: document,
        health,
    }
}

fn health(state: &State) -> Health {
    let (providers, verifier) = (state.providers.clone(), state.verifier.clone());
    let health = serve::health("generation-service", &state.deps);
    serve::with_keys(health, verifier).likes("externalApis", move || {
        let providers = providers.clone();
        async move { providers.check().await.map_err(|error| error.to_string()) }
    })
}
