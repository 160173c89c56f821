//! The task of one topic: it listens, hands on to the sockets here, and keeps count of who is in its room.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use aether_bus::{BusError, Delivery, Subscription};
use aether_common::{
    id::{RoomId, UserId},
    notice::{Notice, Present},
    problem::Problem,
};
use serde_json::{Value, json};
use socketioxide::socket::Sid;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{About, Order, wire};
use crate::{
    connection::{Connection, Told},
    outbox::Behind,
    presence::{Change, Presence},
    state::State,
};

/// How long telling other processes may hold up this task.
const PUBLISH: Duration = Duration::from_secs(2);

/// The sockets of this process that listen to one topic.
pub(super) struct Audience {
    state: State,
    about: About,
    sockets: HashMap<Sid, Weak<Connection>>,
    /// Of a room; users have none.
    presence: Option<Presence>,
}

impl Audience {
    pub(super) async fn run(state: State, about: About, mut orders: mpsc::Receiver<Order>) {
        let subscription = state.deps.bus.subscribe(&about.topic()).await;
        match subscription {
            Ok(subscription) => {
                let presence = matches!(about, About::Room(_)).then(|| Presence::new(Instant::now()));
                let audience = Self { state, about, sockets: HashMap::new(), presence };
                audience.listen(subscription, &mut orders).await;
            }
            Err(error) => refuse(&state, about, &mut orders, &error),
        }
    }

    async fn listen(mut self, mut subscription: Subscription, orders: &mut mpsc::Receiver<Order>) {
        if let About::Room(room_id) = self.about {
            let node = self.state.hub.node;
            self.publish(room_id, &Notice::WhoIsPresent { room_id, node }).await;
        }
        loop {
            let settle_at = self.presence.as_ref().map(Presence::due_at);
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                delivery = subscription.next() => match delivery {
                    Delivery::Message(payload) => {
                        if let Some(told) = wire::read(&payload) {
                            self.hear(Arc::new(told));
                        }
                    }
                    Delivery::Lost => self.resync(),
                    Delivery::Closed => return,
                },
                () = wait_until(settle_at), if settle_at.is_some() => {}
            }
            self.settle().await;
            if self.is_idle() && self.state.hub.close(self.about, orders) {
                return;
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Join(connection, joined) => {
                if let Some(connection) = connection.upgrade() {
                    if let Some(presence) = &mut self.presence {
                        presence.enter(connection.sid, connection.user_id, &connection.session().caller.name);
                    }
                    self.sockets.insert(connection.sid, Arc::downgrade(&connection));
                }
                let _ = joined.send(Ok(self.everybody()));
            }
            Order::Leave { sid, user, at_once } => self.remove(sid, user, at_once),
            Order::Everybody(tell) => {
                let _ = tell.send(self.everybody());
            }
        }
    }

    fn everybody(&self) -> Vec<Present> {
        self.presence.as_ref().map(Presence::everybody).unwrap_or_default()
    }

    fn remove(&mut self, sid: Sid, user: UserId, at_once: bool) {
        if self.sockets.remove(&sid).is_some()
            && let Some(presence) = &mut self.presence
        {
            presence.leave(sid, user, at_once, Instant::now());
        }
    }

    fn hear(&mut self, told: Arc<Told>) {
        match &told.notice {
            Notice::GenerationEnded { generation_id } => {
                let mut connections = self.connections();
                // Whoever is not told of the start yet is not told of the end.
                connections.retain(|connection| !connection.holds(&told));
                super::bring_end(&self.state, *generation_id, connections);
            }
            Notice::MemberRemoved { room_id, user_id } => self.put_out(*room_id, Some(*user_id)),
            Notice::RoomDeleted { room_id } => self.put_out(*room_id, None),
            Notice::RoomPresent { node, people, .. } => {
                if *node != self.state.hub.node
                    && let Some(presence) = &mut self.presence
                {
                    presence.hear(*node, people.clone(), Instant::now());
                }
            }
            Notice::WhoIsPresent { node, .. } => {
                if *node != self.state.hub.node
                    && let Some(presence) = &mut self.presence
                {
                    presence.asked();
                }
            }
            _ => {
                for connection in self.connections() {
                    connection.take(&self.state, &told);
                }
            }
        }
    }

    /// The sockets of one user, or all, leave the room now.
    fn put_out(&mut self, room: RoomId, user: Option<UserId>) {
        for connection in self.connections() {
            if user.is_none_or(|user| user == connection.user_id) {
                connection.leave(room);
                connection.forget_room(room);
                self.remove(connection.sid, connection.user_id, true);
                // It asks again, and is told that there is nothing here for it.
                connection.outbox.fall_behind(Behind::Room(room));
            }
        }
    }

    /// Something may have been missed.
    fn resync(&mut self) {
        let behind = match self.about {
            About::User(_) => Behind::Everything,
            About::Room(room) => Behind::Room(room),
        };
        for connection in self.connections() {
            connection.outbox.fall_behind(behind);
        }
        if let Some(presence) = &mut self.presence {
            presence.asked();
        }
    }

    async fn settle(&mut self) {
        let (Some(presence), About::Room(room_id)) = (&mut self.presence, self.about) else { return };
        let due = presence.settle(Instant::now());
        for change in due.changes {
            let (event, one) = match change {
                Change::Joined(one) => ("user_joined", one),
                Change::Left(one) => ("user_left", one),
            };
            let payload = json!({ "roomId": room_id, "userId": one.user_id, "name": one.name });
            self.say(event, payload, room_id, Some(one.user_id));
        }
        if let Some(everybody) = due.presence {
            let payload = json!({ "roomId": room_id, "members": wire::members(&everybody) });
            self.say("presence", payload, room_id, None);
        }
        if let Some(people) = due.announce {
            let node = self.state.hub.node;
            self.publish(room_id, &Notice::RoomPresent { room_id, node, people }).await;
        }
    }

    fn say(&mut self, event: &'static str, payload: Value, room: RoomId, except: Option<UserId>) {
        let payload = Arc::new(payload);
        for connection in self.connections() {
            if except != Some(connection.user_id) {
                connection.outbox.say(event, payload.clone(), Behind::Room(room));
            }
        }
    }

    async fn publish(&self, room: RoomId, notice: &Notice) {
        match timeout(PUBLISH, self.state.tell_room(room, notice)).await {
            Ok(Ok(())) => {}
            // The next repetition tells it.
            Ok(Err(problem)) => {
                tracing::warn!(room.id = %room, cause = problem.cause, "presence is not told")
            }
            Err(_) => tracing::warn!(room.id = %room, "presence is not told in time"),
        }
    }

    /// The sockets that are still there.
    fn connections(&mut self) -> Vec<Arc<Connection>> {
        let mut connections = Vec::with_capacity(self.sockets.len());
        self.sockets.retain(|_, socket| match socket.upgrade() {
            Some(connection) => {
                connections.push(connection);
                true
            }
            None => false,
        });
        connections
    }

    fn is_idle(&self) -> bool {
        self.presence.as_ref().is_none_or(Presence::is_empty)
            && self.sockets.values().all(|socket| socket.strong_count() == 0)
    }
}

/// Nothing can be heard: whoever wants to join is told so.
fn refuse(state: &State, about: About, orders: &mut mpsc::Receiver<Order>, error: &BusError) {
    loop {
        while let Ok(order) = orders.try_recv() {
            if let Order::Join(_, joined) = order {
                refuse_one(joined, error);
            }
        }
        if state.hub.close(about, orders) {
            return;
        }
    }
}

fn refuse_one(joined: oneshot::Sender<Result<Vec<Present>, Problem>>, error: &BusError) {
    let _ = joined.send(Err(error.clone().into()));
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
