//! Two nodes of the service on one database and one bus, and the scripts that speak to them.

use std::{net::SocketAddr, path, process::Stdio, sync::Arc, time::Duration};

use aether_boot::{Deps, api_keys::StoredApiKeys, revocations, serve::stand_alone};
use aether_bus::{Bus, Topic};
use aether_common::{
    clock::{Clock, ManualClock},
    id::{RowId, SessionId, UserId},
    model::scope::ScopeSet,
    notice::{Notice, Revocation},
};
use aether_store::{
    api_keys::{self, NewApiKey},
    token_cuts,
};
use aether_testkit::{Backend, People, Person, backends};
use aether_web::extract::{Json, Path};
use axum::{Router, extract::State, routing::post};
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use uuid::Uuid;

use crate::fake::Fake;

/// A story that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(3);

pub struct Stand {
    name: &'static str,
    urls: Vec<String>,
    people: Arc<People>,
    clock: ManualClock,
    _backend: Backend,
}

impl Stand {
    /// On both backends.
    pub async fn both(limits: &'static str, protocol_test: &'static str) -> Vec<Self> {
        let mut stands = Vec::new();
        let settings = [("AETHER_RATE_LIMITS", limits), ("AETHER_PROTOCOL_TEST", protocol_test)];
        for backend in backends([("METRICS_ADDR", "off"), settings[0], settings[1]]).await {
            stands.push(Self::new(backend).await);
        }
        stands
    }

    async fn new(backend: Backend) -> Self {
        let clock = ManualClock::new(Clock::system().now());
        let backend = backend.with_clock(&clock);
        let people = Arc::new(People::new(&backend.deps));
        let mut urls = Vec::new();
        for _ in 0..2 {
            let mut deps = backend.deps.clone();
            if deps.bus.is_shared() {
                deps.bus = another(&deps).await;
            }
            urls.push(node(&deps, &people, &clock).await);
        }
        Self { name: backend.name, urls, people, clock, _backend: backend }
    }

    /// Runs one script; its output is shown when it fails.
    pub async fn tell(&self, story: &str, transports: &str) {
        let here = path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let client = here.join("../../frontend/node_modules/socket.io-client");
        assert!(
            client.exists(),
            "the official client is missing: run `npm ci` in frontend/ (`cargo xtask test` does)"
        );
        let now = self.clock.clock().now().to_rfc3339();
        let mut people = Vec::new();
        for name in ["Ana", "Ben", "Cem"] {
            let Person { id, token } = self.people.join(name).await;
            let later = self.people.token(id, name);
            people.push(json!({ "id": id, "name": name, "token": token, "later": later }));
        }
        let stand = json!({ "urls": self.urls, "people": people, "transports": transports.split(',').collect::<Vec<_>>(), "now": now });
        let run = Command::new("node")
            .arg(here.join(format!("tests/js/{story}.mjs")))
            .env("STAND", stand.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let output =
            tokio::time::timeout(LIMIT, run).await.expect("the story hangs").expect("node is installed");
        assert!(
            output.status.success(),
            "{story} on {} over {transports}:\n{}{}",
            self.name,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
}

async fn node(deps: &Deps, people: &Arc<People>, clock: &ManualClock) -> String {
    let fake = Arc::new(Fake::new(deps));
    let verifier = people
        .verifier()
        .with_revocations(revocations::start(deps).await.unwrap())
        .with_api_keys(Arc::new(StoredApiKeys::new(deps)));
    let service = aether_realtime::build(deps, verifier, fake).await.unwrap();
    let controls = Router::new()
        .route("/test/advance/{seconds}", post(advance))
        .route("/test/revoke/{session}", post(revoke))
        .route("/test/sign-out/{user}/{session}", post(sign_out))
        .route("/test/make-key/{user}/{seconds}/{scopes}", post(make_key))
        .route("/test/delete-key/{user}/{id}", post(delete_key))
        .route("/test/cut/{subject}", post(cut))
        .route("/test/stop", post(stop))
        .with_state(Controls { clock: clock.clone(), deps: deps.clone() });
    let router = controls.merge(stand_alone(service, deps).unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
    url
}

#[derive(Clone)]
struct Controls {
    clock: ManualClock,
    deps: Deps,
}

async fn advance(State(controls): State<Controls>, Path(seconds): Path<i64>) {
    controls.clock.advance(TimeDelta::seconds(seconds));
}

async fn revoke(State(controls): State<Controls>, Path(session): Path<SessionId>) {
    let ended = Revocation::SessionsEnded { session_ids: vec![session] };
    controls.deps.bus.publish(&Topic::revocations(), serde_json::to_vec(&ended).unwrap()).await.unwrap();
}

async fn sign_out(State(controls): State<Controls>, Path((user, session)): Path<(UserId, SessionId)>) {
    let notice = Notice::SessionRevoked { session_id: Some(session), reason: "You signed out.".into() };
    controls.deps.bus.publish(&Topic::user(user), serde_json::to_vec(&notice).unwrap()).await.unwrap();
}

/// A key that ends after so many seconds; 0 is never. Its scopes have `+` between them.
async fn make_key(
    State(Controls { clock, deps }): State<Controls>,
    Path((user, seconds, scopes)): Path<(UserId, i64, String)>,
) -> Json<Value> {
    let id: RowId = deps.ids.mint();
    let (key, now) = (format!("aek_{id}"), clock.clock().now());
    let new = NewApiKey {
        id,
        user_id: user,
        name: "a key",
        prefix: "aek_",
        hash: &Sha256::digest(&key),
        scopes: ScopeSet::from_words(&scopes.replace('+', " ")),
        created_at: now,
        expires_at: (seconds > 0).then(|| now + TimeDelta::seconds(seconds)),
    };
    api_keys::create(&mut deps.store.conn().await.unwrap(), &new).await.unwrap();
    Json(json!({ "id": id, "token": key }))
}

/// Without a word to anybody.
async fn delete_key(State(controls): State<Controls>, Path((user, id)): Path<(UserId, RowId)>) {
    let mut db = controls.deps.store.conn().await.unwrap();
    assert!(api_keys::delete(&mut db, user, id).await.unwrap());
}

/// What the auth service does to a deleted key, and to a disabled user.
async fn cut(State(Controls { clock, deps }): State<Controls>, Path(subject): Path<Uuid>) {
    let at = clock.clock().now();
    token_cuts::cut(&mut deps.store.conn().await.unwrap(), subject, at).await.unwrap();
    let cut = Revocation::Cut { subject, at };
    deps.bus.publish(&Topic::revocations(), serde_json::to_vec(&cut).unwrap()).await.unwrap();
}

async fn stop(State(controls): State<Controls>) {
    controls.deps.lifecycle.shutdown.cancel();
}

/// Nodes are processes: each has its own connections to Redis.
async fn another(deps: &Deps) -> Bus {
    let url = SecretString::from(std::env::var("AETHER_TEST_REDIS_URL").unwrap());
    Bus::connect(Some(&url), deps.lifecycle.shutdown.clone(), &deps.lifecycle.tasks).await.unwrap()
}
