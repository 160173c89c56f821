//! The task of one topic: it listens, hands on to the sockets here, and keeps count of who is in its room.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use aether_bus::{Delivery, Subscription};
use aether_common::{
    id::{MessageId, RoomId, UserId},
    notice::{Notice, Present},
    problem::Problem,
};
use aether_store::messages;
use serde_json::{Value, json};
use socketioxide::socket::Sid;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{About, Order, wire};
use crate::{
    connection::{Connection, Told},
    outbox::{self, Behind},
    presence::{Change, Presence},
    state::State,
};

/// How many missed messages are told one by one.
const MISSED: usize = 500;
/// How long telling other processes may hold up this task.
const PUBLISH: Duration = Duration::from_secs(2);

/// The sockets of this process that listen to one topic.
pub(super) struct Audience {
    state: State,
    about: About,
    sockets: HashMap<Sid, (UserId, Weak<Connection>)>,
    /// Of a room; users have none.
    presence: Option<Presence>,
    /// The newest message of the room that the sockets here have.
    newest: Option<MessageId>,
}

impl Audience {
    pub(super) async fn run(state: State, about: About, mut orders: mpsc::Receiver<Order>) {
        match Self::open(&state, about).await {
            Ok((audience, subscription)) => audience.listen(subscription, &mut orders).await,
            Err(problem) => refuse(&state, about, &mut orders, &problem),
        }
    }

    /// Listens first and reads then: who joins later is told everything up to what is read here.
    async fn open(state: &State, about: About) -> Result<(Self, Subscription), Problem> {
        let subscription = state.deps.bus.subscribe(&about.topic()).await?;
        let mut audience =
            Self { state: state.clone(), about, sockets: HashMap::new(), presence: None, newest: None };
        if let About::Room(room) = about {
            audience.presence = Some(Presence::new(Instant::now()));
            let mut db = state.deps.store.conn().await?;
            audience.newest = messages::find_newest(&mut db, room).await?;
        }
        Ok((audience, subscription))
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
                            self.hear(Arc::new(told)).await;
                        }
                    }
                    Delivery::Lost => self.resync().await,
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
                    let seat = (connection.user_id, Arc::downgrade(&connection));
                    self.sockets.insert(connection.sid, seat);
                }
                let _ = joined.send(Ok(self.everybody()));
            }
            Order::Leave { sid, user, at_once } => self.remove(sid, user, at_once),
            Order::Attend { sid, user, attention, watching } => {
                if let Some(presence) = &mut self.presence {
                    presence.attend(sid, user, attention, watching);
                }
            }
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

    async fn hear(&mut self, told: Arc<Told>) {
        match &told.notice {
            Notice::GenerationEnded { generation_id } => {
                let mut connections = self.connections();
                // Whoever is not told of the start yet is not told of the end.
                connections.retain(|connection| !connection.holds(&told));
                super::bring_end(&self.state, *generation_id, connections);
            }
            Notice::MemberRemoved { room_id, user_id } => self.put_out(*room_id, Some(*user_id)),
            Notice::RoomDeleted { room_id } => self.put_out(*room_id, None),
            Notice::RoomChanged { room_id } => self.resync_all(Behind::Room(*room_id)),
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
            // The watch over sessions would find them too, a little later and without the reason.
            Notice::SessionRevoked { session_id, reason } => {
                for connection in self.connections() {
                    let session = connection.session().caller.session_id;
                    if session_id.is_none_or(|revoked| revoked == session) {
                        connection.dismiss("session_revoked", reason);
                    }
                }
            }
            Notice::MessageReceived { message, after } => {
                let (id, room) = (message.id, message.room_id);
                if self.newest.is_some_and(|newest| id <= newest) {
                    return;
                }
                if *after <= self.newest {
                    self.newest = Some(id);
                    self.pass(&told);
                } else {
                    // One that was kept before is still on its way, or lost.
                    self.catch_up(room).await;
                }
            }
            _ => self.pass(&told),
        }
    }

    fn pass(&mut self, told: &Arc<Told>) {
        for connection in self.connections() {
            connection.take(&self.state, told);
        }
    }

    /// Tells the sockets here every message that they miss, in order.
    async fn catch_up(&mut self, room: RoomId) {
        let found = async {
            let mut db = self.state.deps.store.conn().await?;
            let from = self.newest.unwrap_or(MessageId(Uuid::nil()));
            messages::list_after(&mut db, room, from, MISSED).await
        };
        match found.await {
            Ok(missed) if missed.len() <= MISSED => {
                for message in missed {
                    self.newest = Some(message.id);
                    self.pass(&Arc::new(wire::told(Notice::MessageReceived { message, after: None })));
                }
            }
            Ok(missed) => {
                self.newest = missed.last().map(|message| message.id);
                self.resync_all(Behind::Room(room));
            }
            Err(error) => {
                // The next message is compared with the same place again.
                tracing::warn!(room.id = %room, %error, "cannot read what a room missed");
                self.resync_all(Behind::Room(room));
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
    async fn resync(&mut self) {
        match self.about {
            About::User(_) => self.resync_all(Behind::Everything),
            About::Room(room) => {
                self.catch_up(room).await;
                self.resync_all(Behind::Room(room));
            }
        }
        if let Some(presence) = &mut self.presence {
            presence.asked();
        }
    }

    fn resync_all(&mut self, behind: Behind) {
        for connection in self.connections() {
            connection.outbox.fall_behind(behind);
        }
    }

    async fn settle(&mut self) {
        if self.presence.as_ref().is_some_and(|presence| presence.due_at() <= Instant::now()) {
            self.connections();
        }
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
        let payload = outbox::payload(&payload);
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
                tracing::warn!(room.id = %room, cause = problem.cause, "presence is not told");
            }
            Err(_) => tracing::warn!(room.id = %room, "presence is not told in time"),
        }
    }

    /// The sockets that are still there. One whose goodbye was lost is noticed here.
    fn connections(&mut self) -> Vec<Arc<Connection>> {
        let mut connections = Vec::with_capacity(self.sockets.len());
        let mut gone = Vec::new();
        for (sid, (user, socket)) in &self.sockets {
            match socket.upgrade() {
                Some(connection) => connections.push(connection),
                None => gone.push((*sid, *user)),
            }
        }
        for (sid, user) in gone {
            self.remove(sid, user, false);
        }
        connections
    }

    fn is_idle(&self) -> bool {
        self.presence.as_ref().is_none_or(Presence::is_empty)
            && self.sockets.values().all(|(_, socket)| socket.strong_count() == 0)
    }
}

/// Nothing can be heard: whoever wants to join is told so.
fn refuse(state: &State, about: About, orders: &mut mpsc::Receiver<Order>, problem: &Problem) {
    loop {
        while let Ok(order) = orders.try_recv() {
            if let Order::Join(_, joined) = order {
                let _ = joined.send(Err(problem.clone()));
            }
        }
        if state.hub.close(about, orders) {
            return;
        }
    }
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
