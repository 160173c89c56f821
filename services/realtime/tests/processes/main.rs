//! What clients rely on when machines fail: two real processes on a real PostgreSQL and Redis, which are killed, restarted
//! and emptied while the official client follows `docs/protocol.md`. The story is `tests/js/processes.mjs`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{process::Stdio, sync::Arc, time::Duration};

use aether_boot::Deps;
use aether_bus::{Bus, Topic};
use aether_common::{
    event::{Happening, Position, Stage},
    id::{GenerationId, RoomId, UserId},
    model::generation::{Kind, Metadata, Status},
    notice::Notice,
};
use aether_store::{
    generations::{self, End, NewGeneration},
    jobs::{self, JobPayload},
};
use aether_testkit::{Backend, People, Process, RedisServer};
use aether_web::extract::{Json, Path};
use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{net::TcpListener, process::Command, sync::Mutex, time::sleep};

/// A story that takes longer hangs.
const LIMIT: Duration = Duration::from_mins(4);
/// Between two events of a generation.
const PACE: Duration = Duration::from_millis(5);

/// What the story may do to the installation.
struct Site {
    deps: Deps,
    redis: Mutex<RedisServer>,
    nodes: Mutex<Vec<Process>>,
    settings: Vec<(&'static str, String)>,
}

impl Site {
    async fn node(&self) -> Process {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start("realtime", env!("CARGO_BIN_EXE_aether-realtime"), &[], &settings).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_nodes_and_redis_fail() {
    let redis = RedisServer::start().await;
    let backend = Backend::distributed([("METRICS_ADDR", "off")]).await;
    let mut deps = backend.deps.clone();
    let (url, shutdown) = (SecretString::from(redis.url()), deps.lifecycle.shutdown.clone());
    deps.bus = Bus::connect(Some(&url), shutdown, &deps.lifecycle.tasks).await.unwrap();
    let people = People::new(&deps);
    let jwks = serde_json::to_value(people.jwks()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let control = format!("http://{}", listener.local_addr().unwrap());
    let data = tempfile::tempdir().unwrap();
    let site = Arc::new(Site {
        settings: vec![
            ("DATABASE_URL", backend.database.url.clone()),
            ("REDIS_URL", redis.url()),
            ("AUTH_URL", control.clone()),
            ("GENERATION_URL", control.clone()),
            ("AETHER_PUBLIC_URL", deps.settings.public_url.clone()),
            ("AETHER_DATA_DIR", data.path().to_str().unwrap().to_owned()),
        ],
        deps: deps.clone(),
        redis: Mutex::new(redis),
        nodes: Mutex::default(),
    });
    let router = Router::new()
        .route("/.well-known/jwks.json", get(async move || Json(jwks.clone())))
        .route("/test/write/{user}/{room}/{count}", post(write))
        .route("/test/kill/{node}", post(kill))
        .route("/test/start/{node}", post(start))
        .route("/test/redis/restart", post(restart_redis))
        .route("/test/redis/wipe", post(wipe_redis))
        .with_state(site.clone());
    deps.lifecycle.tasks.spawn(async move { axum::serve(listener, router).await });
    let (one, two) = tokio::join!(site.node(), site.node());
    let urls = [one.url.clone(), two.url.clone()];
    site.nodes.lock().await.extend([one, two]);

    let mut everybody = Vec::new();
    for name in ["Ana", "Ben", "Cem"] {
        let person = people.join(name).await;
        everybody.push(json!({ "id": person.id, "name": name, "token": person.token }));
    }
    let stand = json!({ "urls": urls, "control": control, "people": everybody, "transports": ["websocket"] });
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js/processes.mjs");
    let run = Command::new("node")
        .arg(script)
        .env("STAND", stand.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LIMIT, run).await.unwrap().unwrap();
    let [said, complaint] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{said}{complaint}");
}

async fn kill(State(site): State<Arc<Site>>, Path(node): Path<usize>) {
    site.nodes.lock().await[node].kill().await;
}

/// Starts another process in the place of one that was killed; answers where it is.
async fn start(State(site): State<Arc<Site>>, Path(node): Path<usize>) -> Json<Value> {
    let process = site.node().await;
    let url = process.url.clone();
    site.nodes.lock().await[node] = process;
    Json(json!({ "url": url }))
}

async fn restart_redis(State(site): State<Arc<Site>>) {
    let mut redis = site.redis.lock().await;
    redis.stop().await;
    sleep(Duration::from_millis(500)).await;
    redis.start_again().await;
}

async fn wipe_redis(State(site): State<Arc<Site>>) {
    site.redis.lock().await.wipe().await;
}

/// Writes a generation of so many words in a room, as a worker does: when its journal is lost, it begins anew.
async fn write(
    State(site): State<Arc<Site>>,
    Path((user_id, room_id, count)): Path<(UserId, RoomId, u32)>,
) -> Json<Value> {
    let deps = site.deps.clone();
    let id: GenerationId = deps.ids.mint();
    let mut tx = deps.store.begin().await.unwrap();
    let new = NewGeneration {
        id,
        user_id,
        kind: Kind::Code,
        title: "words",
        prompt: "words",
        language: None,
        model: None,
        parent_id: None,
        room_id: Some(room_id),
        client_id: None,
        request_hash: None,
        payload: None,
        created_at: deps.clock.now(),
    };
    generations::create(&mut tx, &new).await.unwrap();
    let payload = JobPayload { v: 1, ..JobPayload::default() };
    jobs::create(&mut tx, id, user_id, deps.clock.now(), &payload).await.unwrap();
    tx.save().await.unwrap();
    let notice = Notice::GenerationStarted {
        generation_id: id,
        kind: Kind::Code,
        prompt: "words".into(),
        user_id,
        room_id: Some(room_id),
    };
    tell(&deps, user_id, room_id, &notice).await;
    deps.lifecycle.tasks.clone().spawn(work(deps, id, user_id, room_id, count));
    Json(json!({ "id": id }))
}

async fn work(deps: Deps, id: GenerationId, user: UserId, room: RoomId, count: u32) {
    let mut attempt = 1;
    let (result, position) = 'attempt: loop {
        let (mut result, mut position) = (String::new(), Position::START);
        for number in 1..=count {
            let delta = format!("{attempt}.{number} ");
            result.push_str(&delta);
            let step = Happening::Progress { progress: 50, status: Stage::Streaming, delta: Some(delta) };
            position = deps.bus.append(id, attempt, &step).await.unwrap();
            if position.attempt != attempt || position.seq != u64::from(number) {
                // The journal has lost what came before.
                attempt += 1;
                continue 'attempt;
            }
            sleep(PACE).await;
        }
        break (result, position);
    };
    let metadata = Metadata { attempts: attempt, ..Metadata::default() };
    let end = End {
        status: Status::Completed,
        result: &result,
        error: None,
        metadata: &metadata,
        position: position.next(),
        progress: 100,
        at: deps.clock.now(),
    };
    let mut tx = deps.store.begin().await.unwrap();
    assert!(generations::end(&mut tx, id, None, &end).await.unwrap());
    tx.save().await.unwrap();
    let last = Happening::Complete { result, metadata: Box::new(metadata) };
    deps.bus.append(id, attempt, &last).await.unwrap();
    tell(&deps, user, room, &Notice::GenerationEnded { generation_id: id }).await;
}

async fn tell(deps: &Deps, user: UserId, room: RoomId, notice: &Notice) {
    let bytes = serde_json::to_vec(notice).unwrap();
    for topic in [Topic::user(user), Topic::room(room)] {
        deps.bus.publish(&topic, bytes.clone()).await.unwrap();
    }
}
