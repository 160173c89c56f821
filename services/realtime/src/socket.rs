//! The Socket.IO edge: namespace `/`, path `/socket.io/`. A socket's events are answered one after the other, in the order
//! in which they came.

mod connect;
mod farewell;
mod generations;
mod messages;
mod protocol_test;
mod request;
mod rooms;
mod session;
mod typing;

use std::time::Duration;

use axum::Router;
use connect::{Accepted, Handle};
use socketioxide::{SocketIo, extract::Extension, handler::ConnectHandler};

use crate::{outbox::BUFFER, state::State};

const PATH: &str = "/socket.io";
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(8);
/// Bytes of one payload, on both transports.
pub const MAX_PAYLOAD: u32 = 1_000_000;
/// Characters of one chat message.
pub const MAX_MESSAGE: usize = 16_000;
/// How long a transport may take to say hello in the namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The routes of the sockets; starts what watches over them.
pub fn serve(state: &State) -> Router {
    if state.deps.settings.protocol_test {
        return protocol_test::serve();
    }
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .max_payload(u64::from(MAX_PAYLOAD))
        .ws_max_message_size(MAX_PAYLOAD as usize)
        .ws_max_frame_size(MAX_PAYLOAD as usize)
        .max_buffer_size(BUFFER)
        .build_svc();
    let (welcome, check) = (state.clone(), state.clone());
    let welcome = async move |Handle(socket): Handle, Extension(accepted): Extension<Accepted>| {
        connect::welcome(welcome, socket, accepted);
    };
    let check = async move |socket: Handle, auth| connect::check(check, socket, auth).await;
    io.ns("/", ConnectHandler::with(welcome, check));
    state.spawn(session::watch(state.clone()));
    let (shutdown, leaving) = (state.deps.lifecycle.shutdown.clone(), state.clone());
    state.spawn(async move {
        shutdown.cancelled().await;
        farewell::send_away(&leaving, &io).await;
    });
    let path = format!("{PATH}/");
    Router::new().route_service(PATH, service.clone()).route_service(&path, service)
}
