//! From the bus to this process's sockets. Each user and each room with sockets here has one task that listens to its
//! topic; no task waits for a socket.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use aether_bus::Topic;
use aether_common::{
    id::{GenerationId, RoomId, RowId, UserId},
    notice::Present,
    problem::Problem,
};
use aether_store::generations;
use socketioxide::socket::Sid;
use tokio::sync::{mpsc, oneshot};

use crate::{
    connection::{Connection, lock},
    outbox::Behind,
    presence::Attention,
    state::State,
};

mod audience;
mod wire;

use audience::Audience;

/// Orders that wait for one audience.
const ORDERS: usize = 4096;

/// The audiences of this process.
pub struct Hub {
    /// This process, since its start.
    node: RowId,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    audiences: HashMap<About, mpsc::Sender<Order>>,
    connections: HashMap<Sid, Weak<Connection>>,
}

/// What an audience listens for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum About {
    User(UserId),
    Room(RoomId),
}

enum Order {
    Join(Weak<Connection>, oneshot::Sender<Result<Vec<Present>, Problem>>),
    Leave { sid: Sid, user: UserId, at_once: bool },
    Everybody(oneshot::Sender<Vec<Present>>),
    Attend { sid: Sid, user: UserId, attention: Attention, watching: Option<GenerationId> },
}

impl Hub {
    pub fn new(node: RowId) -> Self {
        Self { node, tables: Mutex::default() }
    }

    /// Lets a socket hear what concerns its user. When this returns nothing is missed any more.
    pub async fn attach(&self, state: &State, connection: &Arc<Connection>) -> Result<(), Problem> {
        lock(&self.tables).connections.insert(connection.sid, Arc::downgrade(connection));
        self.join(state, About::User(connection.user_id), connection).await.map(drop)
    }

    /// Forgets a socket everywhere: it is closed.
    pub fn detach(&self, sid: Sid, user: UserId, rooms: &[RoomId]) {
        lock(&self.tables).connections.remove(&sid);
        self.order(About::User(user), Order::Leave { sid, user, at_once: true });
        for room in rooms {
            self.order(About::Room(*room), Order::Leave { sid, user, at_once: false });
        }
    }

    /// Lets a socket hear what happens in a room. Answers who is there. The caller has checked that the user is a member.
    pub async fn join_room(
        &self,
        state: &State,
        room: RoomId,
        connection: &Arc<Connection>,
    ) -> Result<Vec<Present>, Problem> {
        self.join(state, About::Room(room), connection).await
    }

    /// The socket's user leaves the room by will.
    pub fn leave_room(&self, room: RoomId, connection: &Connection) {
        let (sid, user) = (connection.sid, connection.user_id);
        self.order(About::Room(room), Order::Leave { sid, user, at_once: true });
    }

    /// The socket says whether somebody is in front of it, and what they look at.
    pub fn attend(
        &self,
        room: RoomId,
        connection: &Connection,
        attention: Attention,
        watching: Option<GenerationId>,
    ) {
        let (sid, user) = (connection.sid, connection.user_id);
        self.order(About::Room(room), Order::Attend { sid, user, attention, watching });
    }

    /// Who is in the room, as far as this process knows: it knows only while it has a socket there.
    pub async fn present(&self, room: RoomId) -> Vec<Present> {
        let (tell, told) = oneshot::channel();
        self.order(About::Room(room), Order::Everybody(tell));
        told.await.unwrap_or_default()
    }

    /// Every socket of this process.
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        let mut tables = lock(&self.tables);
        // A transport that broke in its handshake said no goodbye.
        tables.connections.retain(|_, connection| connection.strong_count() > 0);
        tables.connections.values().filter_map(Weak::upgrade).collect()
    }

    async fn join(
        &self,
        state: &State,
        about: About,
        connection: &Arc<Connection>,
    ) -> Result<Vec<Present>, Problem> {
        let (tell, told) = oneshot::channel();
        let order = Order::Join(Arc::downgrade(connection), tell);
        {
            let mut tables = lock(&self.tables);
            let audience = tables.audiences.entry(about).or_insert_with(|| {
                let (sender, orders) = mpsc::channel(ORDERS);
                state.spawn(Audience::run(state.clone(), about, orders));
                sender
            });
            audience.try_send(order).map_err(Problem::unavailable)?;
        }
        told.await.map_err(Problem::unavailable)?
    }

    fn order(&self, about: About, order: Order) {
        let tables = lock(&self.tables);
        if let Some(audience) = tables.audiences.get(&about)
            && audience.try_send(order).is_err()
        {
            // Nobody is left behind for good: a closed socket is found at the next notice.
            tracing::warn!(?about, "an audience has too much to do");
        }
    }

    /// Takes an audience off the list, unless somebody is just coming.
    fn close(&self, about: About, orders: &mpsc::Receiver<Order>) -> bool {
        let mut tables = lock(&self.tables);
        let idle = orders.is_empty();
        if idle {
            tables.audiences.remove(&about);
        }
        idle
    }
}

/// Brings the last event of a generation to those of these sockets that do not get it otherwise. It is read once for all.
pub fn bring_end(state: &State, id: GenerationId, mut connections: Vec<Arc<Connection>>) {
    connections.retain(|connection| connection.misses_end(id));
    if connections.is_empty() {
        return;
    }
    let reader = state.clone();
    state.spawn(async move {
        let found = async {
            let mut db = reader.deps.store.conn().await?;
            generations::find_last_event(&mut db, id).await
        };
        match found.await {
            Ok(Some(event)) => connections.iter().for_each(|connection| connection.told_end(&event)),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(generation.id = %id, %error, "cannot read the end of a generation");
                for connection in connections {
                    connection.outbox.fall_behind(Behind::Generation(id));
                }
            }
        }
    });
}

impl About {
    fn topic(self) -> Topic {
        match self {
            Self::User(id) => Topic::user(id),
            Self::Room(id) => Topic::room(id),
        }
    }
}
