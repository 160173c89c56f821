//! What every handler and socket of this process shares.

use std::{future::Future, sync::Arc};

use aether_boot::Deps;
use aether_bus::{After, BusError, Following, Topic};
use aether_common::{
    id::{GenerationId, RoomId, UserId},
    jwt::Verifier,
    notice::Notice,
    problem::Problem,
};
use aether_store::{StoreError, generations};
use axum::extract::FromRef;
use chrono::{DateTime, Utc};

use crate::{fanout::Hub, flood::Floods, ports::Generations};

/// Cheap to clone.
#[derive(Clone)]
pub struct State {
    pub deps: Deps,
    pub verifier: Verifier,
    pub generations: Arc<dyn Generations>,
    pub hub: Arc<Hub>,
    pub floods: Arc<Floods>,
    pub started: DateTime<Utc>,
}

impl State {
    pub fn new(deps: &Deps, verifier: Verifier, generations: Arc<dyn Generations>) -> Self {
        Self {
            deps: deps.clone(),
            verifier,
            generations,
            hub: Arc::new(Hub::new(deps.ids.mint())),
            floods: Arc::default(),
            started: deps.clock.now(),
        }
    }

    /// Runs beside the request; the stop of the process waits for it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        self.deps.lifecycle.tasks.spawn(task)
    }

    /// Tells every process what happened in a room.
    pub async fn tell_room(&self, room: RoomId, notice: &Notice) -> Result<(), Problem> {
        let bytes = serde_json::to_vec(notice).map_err(Problem::internal)?;
        Ok(self.deps.bus.publish(&Topic::room(room), bytes).await?)
    }

    /// Tells every process what concerns a user.
    pub async fn tell_user(&self, user: UserId, notice: &Notice) -> Result<(), Problem> {
        let bytes = serde_json::to_vec(notice).map_err(Problem::internal)?;
        Ok(self.deps.bus.publish(&Topic::user(user), bytes).await?)
    }

    /// The events of a generation after a position, live until the last one. The caller has checked access.
    pub async fn follow(&self, id: GenerationId, after: After) -> Result<Following, Problem> {
        let store = self.deps.store.clone();
        let last = move || {
            let store = store.clone();
            async move {
                let unavailable = |error: StoreError| BusError::Unavailable(error.to_string());
                let mut db = store.conn().await.map_err(unavailable)?;
                generations::find_last_event(&mut db, id).await.map_err(unavailable)
            }
        };
        Ok(self.deps.bus.follow(id, after, last).await?)
    }
}

impl FromRef<State> for Verifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}
