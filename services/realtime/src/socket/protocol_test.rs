//! What the official conformance suites of Engine.IO and Socket.IO speak to, in place of the product's sockets
//! (`AETHER_PROTOCOL_TEST=on`): <https://github.com/socketio/engine.io-protocol/tree/main/test-suite> and
//! <https://github.com/socketio/socket.io-protocol/tree/main/test-suite>. Anybody may connect; nothing of the product is
//! reached. `docs/protocol.md` says how to run them.

use std::{fmt, sync::Arc, time::Duration};

use axum::Router;
use engineioxide::{
    DisconnectReason, Socket, Str, config::EngineIoConfig, handler::EngineIoHandler, service::EngineIoService,
};
use rmpv::Value;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
    ser::SerializeTuple,
};
use socketioxide::{
    SocketIo,
    extract::{AckSender, Data, SocketRef, TryData},
};

const PING_INTERVAL: Duration = Duration::from_millis(300);
const PING_TIMEOUT: Duration = Duration::from_millis(200);
/// How long a transport may take to say hello in a namespace.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_PAYLOAD: u64 = 1_000_000;

/// The routes that the suites ask.
pub fn serve() -> Router {
    let (service, io) = SocketIo::builder()
        .req_path(super::PATH)
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .max_payload(MAX_PAYLOAD)
        .build_svc();
    for namespace in ["/", "/custom"] {
        io.ns(namespace, welcome);
    }
    let config = EngineIoConfig::builder()
        .ping_interval(PING_INTERVAL)
        .ping_timeout(PING_TIMEOUT)
        .max_payload(MAX_PAYLOAD)
        .build();
    let echo = EngineIoService::with_config(Arc::new(Echo), config);
    Router::new().route_service("/socket.io/", service).route_service("/engine.io/", echo)
}

async fn welcome(socket: SocketRef, auth: TryData<Value>) {
    // The suites say with `auth` what they expect to be told.
    let auth = auth.0.unwrap_or_else(|_| Value::Map(Vec::new()));
    let _ = socket.emit("auth", &auth);
    socket.on("message", async |socket: SocketRef, Data::<Arguments>(arguments)| {
        let _ = socket.emit("message-back", &arguments);
    });
    socket.on("message-with-ack", async |Data::<Arguments>(arguments), ack: AckSender| {
        let _ = ack.send(&arguments);
    });
}

/// All arguments of an event, with the bytes among them. To socketioxide a tuple is a list of arguments, and a list is one:
/// this is a tuple of any length.
struct Arguments(Vec<Value>);

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for argument in &self.0 {
            tuple.serialize_element(argument)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(usize::MAX, Listed)
    }
}

struct Listed;

impl<'de> Visitor<'de> for Listed {
    type Value = Arguments;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Arguments, A::Error> {
        let mut arguments = Vec::new();
        while let Some(argument) = list.next_element()? {
            arguments.push(argument);
        }
        Ok(Arguments(arguments))
    }
}

/// Says what it hears.
#[derive(Debug)]
struct Echo;

impl EngineIoHandler for Echo {
    type Data = ();

    fn on_connect(self: Arc<Self>, _: Arc<Socket<()>>) {}

    fn on_disconnect(&self, _: Arc<Socket<()>>, _: DisconnectReason) {}

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<()>>) {
        let _ = socket.emit(message);
    }

    fn on_binary(self: &Arc<Self>, data: bytes::Bytes, socket: Arc<Socket<()>>) {
        let _ = socket.emit_binary(data);
    }
}
