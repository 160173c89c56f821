//! From the handshake to the end of a socket.

use std::{
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aether_common::{jwt::TokenError, problem::Problem};
use serde::Deserialize;
use serde_json::Value;
use socketioxide::{
    extract::{Event, TryData},
    handler::{FromConnectParts, FromMessageParts, Value as Packet},
    socket::Socket,
};
use tokio::sync::{Semaphore, mpsc};

use super::request::{self, Request};
use crate::{
    connection::{Connection, Session, lock},
    flood::{Floods, Verdict},
    outbox::{Drain, outbox},
    state::State,
};

/// Requests of one socket that wait for an answer, and their bytes. More are refused.
const WAITING: usize = 4096;
const WAITING_BYTES: usize = 4 * 1024 * 1024;

/// `auth` of the handshake.
#[derive(Deserialize)]
pub struct Handshake {
    token: String,
}

/// Why a socket is refused: the message of the client's `connect_error`.
#[derive(Debug)]
pub enum Refusal {
    Unauthorized,
    RateLimited,
    Unavailable,
}

/// The socket itself, as socketioxide's own extractors hold it.
pub struct Handle(pub Arc<Socket>);

/// What the handshake made, for the handler that follows it.
#[derive(Clone)]
pub struct Accepted {
    connection: Arc<Connection>,
    work: Arc<Mutex<Option<Work>>>,
}

/// What the socket's two tasks take from. Requests are boxed: a channel keeps room for 32 of them from the start.
type Work = (Drain, mpsc::Receiver<Box<Request>>);

/// An event as it came, whatever it is. Its payload is read once it is known that the event is heard.
struct Incoming {
    event: String,
    packet: Packet,
    socket: Arc<Socket>,
    ack: Option<i64>,
    bytes: u32,
}

/// Lets in who has a valid token. Before the client knows that it is connected, what concerns its user is heard, and what
/// it asks is taken: it may ask at once.
pub async fn check(state: State, Handle(socket): Handle, auth: TryData<Handshake>) -> Result<(), Refusal> {
    let token = auth.0.map_err(|_| Refusal::Unauthorized)?.token;
    let who = state.verifier.authenticate(&token).await.map_err(|reason| {
        tracing::debug!(%reason, "a socket is refused");
        if matches!(reason, TokenError::Unavailable(_)) {
            Refusal::Unavailable
        } else {
            Refusal::Unauthorized
        }
    })?;
    if state.deps.settings.rate_limits && !state.floods.admits(who.claims.sub) {
        return Err(Refusal::RateLimited);
    }
    let (outbox, drain) = outbox();
    let connection = Arc::new(Connection::new(socket.id, Session::new(who, token), outbox));
    state.hub.attach(&state, &connection).await.map_err(|problem| {
        tracing::warn!(cause = problem.cause, "a socket cannot be served now");
        Refusal::Unavailable
    })?;
    let (requests, waiting) = mpsc::channel(WAITING);
    let (asker, floods) = (connection.clone(), state.deps.settings.rate_limits.then(|| state.floods.clone()));
    let space = Arc::new(Semaphore::new(WAITING_BYTES));
    socket.on_fallback(move |incoming: Incoming| {
        if floods.as_ref().is_none_or(|floods| is_heard(&asker, floods, &incoming)) {
            receive(&asker, &requests, &space, incoming);
        }
        std::future::ready(())
    });
    let left = connection.clone();
    socket.on_disconnect(move || {
        left.closed.cancel();
        state.hub.detach(left.sid, left.user_id, &left.rooms());
        std::future::ready(())
    });
    let work = Arc::new(Mutex::new(Some((drain, waiting))));
    socket.extensions.insert(Accepted { connection, work });
    Ok(())
}

/// Starts a socket's two tasks: one answers its requests, the other sends what leaves it.
pub fn welcome(state: State, socket: Arc<Socket>, accepted: Accepted) {
    let connection = accepted.connection;
    let Some((drain, waiting)) = lock(&accepted.work).take() else { return };
    tracing::debug!(user.id = %connection.user_id, socket.id = %connection.sid, "a socket connected");
    let sender = connection.clone();
    state.spawn(async move {
        metrics::gauge!("realtime_sockets").increment(1);
        drain.run(socket, sender.closed.clone()).await;
        sender.closed.cancel();
        metrics::gauge!("realtime_sockets").decrement(1);
    });
    state.clone().spawn(answer(state, connection, waiting));
}

/// Refuses what is too much, and closes the socket that goes on all the same.
fn is_heard(connection: &Connection, floods: &Floods, incoming: &Incoming) -> bool {
    // What comes after the last word is not read.
    if connection.condemned().is_some() {
        connection.speaks();
        return false;
    }
    match floods.judge(connection.sid, connection.user_id, &incoming.event) {
        Verdict::Heard => true,
        Verdict::Refused(problem) => {
            connection.outbox.ack_now(incoming.ack, request::refusal(&problem));
            false
        }
        Verdict::Flood => {
            tracing::warn!(user.id = %connection.user_id, socket.id = %connection.sid, "a flood: the socket is closed");
            metrics::counter!("realtime_floods_total").increment(1);
            connection
                .condemn("too_many_events", "Too many events, for too long. Connect anew and ask for less.");
            false
        }
    }
}

fn receive(
    connection: &Connection,
    requests: &mpsc::Sender<Box<Request>>,
    space: &Arc<Semaphore>,
    mut incoming: Incoming,
) {
    let ack = incoming.ack;
    let payload = incoming.payload();
    let taken = space.clone().try_acquire_many_owned(incoming.bytes).ok().and_then(|place| {
        let request = Request { event: incoming.event, payload, ack, _place: place };
        requests.try_send(Box::new(request)).ok()
    });
    if taken.is_none() {
        let problem = Problem::too_many("Too many events wait for an answer.", Duration::from_secs(1));
        connection.outbox.ack_now(ack, request::refusal(&problem));
    }
}

async fn answer(state: State, connection: Arc<Connection>, mut waiting: mpsc::Receiver<Box<Request>>) {
    loop {
        let request = tokio::select! {
            biased;
            () = connection.closed.cancelled() => return,
            request = waiting.recv() => request,
        };
        let Some(request) = request else { return };
        tokio::select! {
            biased;
            () = connection.closed.cancelled() => return,
            // Boxed: most sockets are idle, and what an answer needs is many times what they do.
            () = Box::pin(request::answer(&state, &connection, *request)) => {}
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        })
    }
}

impl FromConnectParts<socketioxide::adapter::LocalAdapter> for Handle {
    type Error = Infallible;

    fn from_connect_parts(socket: &Arc<Socket>, _: &Option<Packet>) -> Result<Self, Infallible> {
        Ok(Self(socket.clone()))
    }
}

impl FromMessageParts<socketioxide::adapter::LocalAdapter> for Incoming {
    type Error = Infallible;

    fn from_message_parts(
        socket: &Arc<Socket>,
        packet: &mut Packet,
        ack: &Option<i64>,
    ) -> Result<Self, Infallible> {
        let bytes = match packet {
            Packet::Str(text, _) => text.len(),
            Packet::Bytes(bytes) => bytes.len(),
        };
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let event = Event::from_message_parts(socket, packet, ack).map_or(String::new(), |event| event.0);
        Ok(Self { event, packet: packet.clone(), socket: socket.clone(), ack: *ack, bytes })
    }
}

impl Incoming {
    /// Nothing when there is none or it cannot be read.
    fn payload(&mut self) -> Option<Value> {
        let Ok(TryData(payload)) =
            TryData::<Value>::from_message_parts(&self.socket, &mut self.packet, &self.ack);
        payload.ok()
    }
}
