//! Every path of the service on one screen.

use aether_boot::{Service, serve};
use aether_web::{
    layers::{REQUEST_TIMEOUT, timed},
    limits::Class,
    openapi::{self, Access},
};
use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{handlers as h, state::State};

#[derive(OpenApi)]
#[openapi(info(
    title = "AetherOS realtime service",
    description = "Rooms over REST. Sockets speak the Socket.IO v4 protocol at `/socket.io/`, namespace `/`."
))]
struct Document;

pub fn build(state: State, sockets: Router) -> Service {
    let limits = serve::limits(&state.deps, &state.verifier);
    let rooms = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(h::list_rooms::list_rooms, h::create_room::create_room))
        .routes(routes!(h::join::join))
        .routes(routes!(h::get_room::get_room, h::update_room::update_room, h::delete_room::delete_room))
        .routes(routes!(h::list_messages::list_messages))
        .routes(routes!(h::create_invite::create_invite, h::list_invites::list_invites))
        .routes(routes!(h::delete_invite::delete_invite))
        .routes(routes!(h::list_members::list_members))
        .routes(routes!(h::update_member::update_member, h::remove_member::remove_member))
        .layer(limits.layer(Class::Api));
    let about = OpenApiRouter::new()
        .routes(routes!(h::about::capabilities))
        .routes(routes!(h::about::state))
        .layer(limits.layer(Class::Api));
    let (rooms, mut document) = rooms.split_for_parts();
    let (about, described) = about.split_for_parts();
    document.merge(described);
    openapi::complete(&mut document, Access::Bearer);
    let health = serve::health("realtime-service", &state.deps);
    let health = serve::with_keys(health, state.verifier.clone());
    let router = timed(about, REQUEST_TIMEOUT)
        .with_state(state.clone())
        .merge(health.clone().routes())
        .merge(openapi::routes(&document));
    Service {
        name: "realtime-service",
        prefix: "/api/realtime",
        router,
        absolute: timed(rooms, REQUEST_TIMEOUT).with_state(state).merge(sockets),
        openapi: document,
        health,
    }
}
