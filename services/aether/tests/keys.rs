//! Signing keys under operators' commands, with real processes: a rotation refuses nobody, a revoked key is refused by every
//! service, and services live without the auth service once they have its keys.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aether_auth::domain::{
    keys::{
        kept::KeptKeys,
        plan::{PUBLISHED_AHEAD, Wish},
    },
    seal::Sealer,
};
use aether_boot::{Process as Kind, run, serve::stand_alone};
use aether_common::{
    clock::{Clock, ManualClock},
    id::Ids,
};
use aether_testkit::{
    PollingSocket, Process, TestDatabase,
    process::{Signal, pause},
};
use chrono::TimeDelta;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    process::Command,
    sync::watch,
    time::Instant,
};
use tokio_util::task::TaskTracker;

const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SERVICE: &str = "AETHER_TEST_SERVICE";
const PATIENCE: Duration = Duration::from_mins(1);
/// A revoked key is refused everywhere within this time.
const REVOKED: Duration = Duration::from_secs(10);

/// No story: what this file's processes of a single service are. Cargo names only `aether`'s own program to these tests.
#[test]
fn service() {
    let Ok(name) = std::env::var(SERVICE) else { return };
    let code = match name.as_str() {
        "auth" => {
            run(
                Kind::Auth,
                |deps| async move { stand_alone(aether_auth::build(&deps).await?.service, &deps) },
            )
        }
        "generation" => run(Kind::Generation, |deps| async move {
            let verifier = aether_boot::serve::remote_verifier(&deps).await?;
            stand_alone(aether_generation::build(&deps, verifier).await?.service, &deps)
        }),
        _ => run(Kind::Realtime, |deps| async move {
            let verifier = aether_boot::serve::remote_verifier(&deps).await?;
            let url = &deps.settings.generation_url;
            let generations = aether_realtime::ports::HttpGenerations::new(deps.http.clone(), url);
            stand_alone(aether_realtime::build(&deps, verifier, Arc::new(generations)).await?, &deps)
        }),
    };
    assert_eq!(code, std::process::ExitCode::SUCCESS);
}

/// An installation and its operator.
struct Stand {
    name: &'static str,
    database: TestDatabase,
    settings: Vec<(&'static str, String)>,
    http: reqwest::Client,
    /// Where the services are: auth, generation, rooms.
    auth: Vec<String>,
    generation: String,
    rooms: String,
    processes: Vec<Process>,
    _data: TempDir,
}

#[derive(Clone)]
struct Held {
    access: String,
    refresh: String,
}

impl Stand {
    fn new(name: &'static str, database: TestDatabase) -> Self {
        let data = tempfile::tempdir().unwrap();
        let settings = vec![
            ("DATABASE_URL", database.url.clone()),
            ("AETHER_DATA_DIR", data.path().to_str().unwrap().to_owned()),
            ("AETHER_MASTER_KEY", MASTER_KEY.to_owned()),
            ("AETHER_RATE_LIMITS", "off".to_owned()),
        ];
        let http = reqwest::Client::builder().build().unwrap();
        Self {
            name,
            database,
            settings,
            http,
            auth: Vec::new(),
            generation: String::new(),
            rooms: String::new(),
            processes: Vec::new(),
            _data: data,
        }
    }

    /// `aether` on SQLite.
    async fn embedded() -> Self {
        let mut stand = Self::new("embedded", TestDatabase::sqlite().await);
        stand.make_keys().await;
        let settings = stand.pairs();
        let aether = Process::start("aether", env!("CARGO_BIN_EXE_aether"), &["serve"], &settings).await;
        stand.auth = vec![format!("{}/api/auth", aether.url)];
        stand.generation = format!("{}/api/generate", aether.url);
        stand.rooms = format!("{}/api/rooms", aether.url);
        stand.processes.push(aether);
        stand
    }

    /// Two auth services and one of each other, on PostgreSQL and Redis.
    async fn distributed() -> Self {
        let mut stand = Self::new("distributed", TestDatabase::postgres().await);
        stand.settings.push(("REDIS_URL", std::env::var("AETHER_TEST_REDIS_URL").unwrap()));
        stand.make_keys().await;
        let (one, two) = tokio::join!(stand.start("auth"), stand.start("auth"));
        stand.settings.push(("AUTH_URL", one.url.clone()));
        let (generation, realtime) = tokio::join!(stand.start("generation"), stand.start("realtime"));
        stand.auth = vec![one.url.clone(), two.url.clone()];
        stand.generation = generation.url.clone();
        stand.rooms = format!("{}/api/rooms", realtime.url);
        stand.processes.extend([one, two, generation, realtime]);
        stand
    }

    /// Keys as an installation has them that has run for a while: the next one may sign.
    async fn make_keys(&self) {
        let past = ManualClock::new(Clock::system().now() - PUBLISHED_AHEAD - TimeDelta::minutes(1));
        self.kept(past.clock()).fulfil(&Wish::Upkeep(None)).await.unwrap().unwrap();
    }

    fn kept(&self, clock: Clock) -> KeptKeys {
        let sealer = Arc::new(Sealer::new(&[0; 32]).unwrap());
        KeptKeys::new(self.database.store.clone(), clock, Ids::system(), sealer)
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    async fn start(&self, name: &'static str) -> Process {
        let (program, mut settings) = (std::env::current_exe().unwrap(), self.pairs());
        settings.push((SERVICE, name));
        let arguments = ["--exact", "service", "--nocapture"];
        Process::start(name, program.to_str().unwrap(), &arguments, &settings).await
    }

    /// `aether keys ...`, with the settings of the services but for these.
    async fn keys(&self, arguments: &[&str], without: &[&str]) -> String {
        let output = command(&self.pairs(), arguments, without).await;
        let [said, complaint] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{}: {arguments:?}: {complaint}", self.name);
        said.into_owned()
    }

    /// The keys in this state, as the operator sees them.
    async fn listed(&self, state: &str) -> Vec<String> {
        let listed = self.keys(&["list"], &[]).await;
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        listed.lines().map(words).filter(|words| words[1] == state).map(|mut words| words.remove(0)).collect()
    }

    async fn enter(&self, path: &str, body: Value) -> Held {
        let answer = self.http.post(path).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{} {path}: {}", self.name, answer.status());
        let body: Value = answer.json().await.unwrap();
        let word = |name: &str| body[name].as_str().unwrap().to_owned();
        Held { access: word("accessToken"), refresh: word("refreshToken") }
    }

    async fn register(&self, number: usize) -> Held {
        let person = json!({
            "email": format!("ana{number}@example.com"), "password": "tiger umbrella 9 frost", "name": "Ana",
        });
        self.enter(&format!("{}/register", self.auth[0]), person).await
    }

    async fn renew(&self, held: &Held, at: usize) -> Held {
        let auth = &self.auth[at % self.auth.len()];
        self.enter(&format!("{auth}/refresh"), json!({"refreshToken": held.refresh})).await
    }

    fn doors(&self) -> Vec<String> {
        let profiles = self.auth.iter().map(|auth| format!("{auth}/profile"));
        profiles.chain([format!("{}/history", self.generation), self.rooms.clone()]).collect()
    }

    async fn knock(&self, door: &str, access: &str) -> StatusCode {
        self.http.get(door).bearer_auth(access).send().await.unwrap().status()
    }
}

async fn command(settings: &[(&str, &str)], arguments: &[&str], without: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aether"));
    command.arg("keys").args(arguments).current_dir(std::env::temp_dir()).env_clear();
    command.envs(settings.iter().filter(|(name, _)| !without.contains(name)).copied());
    command.output().await.unwrap()
}

fn kid(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn stands() -> [Stand; 2] {
    [Stand::embedded().await, Stand::distributed().await]
}

/// Renews tokens and uses them everywhere, as fast as it goes, until told to stop. Nothing may be refused.
async fn traffic(stand: &Stand, number: usize, stop: &AtomicBool, new: &str, by_new: &AtomicUsize) {
    let mut held = stand.register(number).await;
    let mut round = number;
    while !stop.load(Ordering::Relaxed) {
        round += 1;
        held = stand.renew(&held, round).await;
        for door in stand.doors() {
            let status = stand.knock(&door, &held.access).await;
            assert_eq!(status, StatusCode::OK, "{} {door} with a token of {}", stand.name, kid(&held.access));
        }
        if kid(&held.access) == new {
            by_new.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_by_command_refuses_nobody() {
    for stand in stands().await {
        let [old, new] = [stand.listed("current").await, stand.listed("next").await];
        let ([old], [new]) = (&old[..], &new[..]) else { panic!("one signs, one is to follow") };
        let (stop, by_new) = (AtomicBool::new(false), AtomicUsize::new(0));
        let operator = async {
            // Somebody whose token is of the old key to its end.
            let patient = stand.register(100).await;
            assert_eq!(kid(&patient.access), *old);
            let said = stand.keys(&["rotate"], &[]).await;
            assert!(said.contains(&format!("Key {new} signs from now on")), "{said}");
            let by = Instant::now() + PATIENCE;
            while by_new.load(Ordering::Relaxed) < 50 {
                assert!(Instant::now() < by, "{}: the new key does not sign", stand.name);
                pause().await;
            }
            stop.store(true, Ordering::Relaxed);
            for door in stand.doors() {
                assert_eq!(
                    stand.knock(&door, &patient.access).await,
                    StatusCode::OK,
                    "{} {door}",
                    stand.name
                );
            }
        };
        let users = join_all((0..4).map(|number| traffic(&stand, number, &stop, new, &by_new)));
        tokio::join!(operator, users);
        assert_eq!(stand.listed("retired").await, std::slice::from_ref(old), "{}", stand.name);

        // Once more at once: the next key is too new, which is said, and nothing changes.
        let said = stand.keys(&["rotate"], &[]).await;
        assert!(said.contains("signs from 2") && said.contains("--now"), "{said}");
        assert_eq!(stand.listed("current").await, std::slice::from_ref(new));
        let said = stand.keys(&["rotate", "--now"], &[]).await;
        assert!(said.contains("less than ten minutes"), "{said}");
        assert_ne!(stand.listed("current").await, std::slice::from_ref(new));
    }
}

/// Waits until every service refuses the token, and answers how long that took.
async fn refused_everywhere(stand: &Stand, access: &str, since: Instant) {
    for door in stand.doors() {
        while stand.knock(&door, access).await != StatusCode::UNAUTHORIZED {
            assert!(since.elapsed() < REVOKED, "{} {door}: still lets in", stand.name);
            pause().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_everywhere() {
    for stand in stands().await {
        // Once told over Redis, where there is one, and once to be found in the database alone.
        for without in [&[][..], &["REDIS_URL"]] {
            let mut held = stand.register(without.len()).await;
            for door in stand.doors() {
                assert_eq!(stand.knock(&door, &held.access).await, StatusCode::OK, "{} {door}", stand.name);
            }
            let site = stand.rooms.trim_end_matches("/api/rooms");
            let socket = PollingSocket::connect(&stand.http, site, &held.access, REVOKED).await;
            let (stolen, next) = (kid(&held.access), stand.listed("next").await.remove(0));
            let said = stand.keys(&["revoke", &stolen], without).await;
            let since = Instant::now();
            assert!(said.contains(&format!("Key {next} signs from now on")), "{said}");
            refused_everywhere(&stand, &held.access, since).await;
            socket.hear(r#"42["session_revoked",{"reason":""#).await;
            assert!(stand.listed("revoked").await.contains(&stolen));

            // Who was signed in goes on, with every service.
            let by = Instant::now() + PATIENCE;
            while kid(&held.access) != next {
                assert!(Instant::now() < by, "{}: the next key does not sign", stand.name);
                held = stand.renew(&held, 0).await;
            }
            for door in stand.doors() {
                while stand.knock(&door, &held.access).await != StatusCode::OK {
                    assert!(Instant::now() < by, "{} {door}: the new key is not known", stand.name);
                    pause().await;
                }
            }
            let said = stand.keys(&["revoke", &stolen], without).await;
            assert!(said.contains("was revoked at"), "again is no mistake: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_start_and_live_without_the_auth_service() {
    let mut stand = Stand::new("distributed", TestDatabase::postgres().await);
    stand.settings.push(("REDIS_URL", std::env::var("AETHER_TEST_REDIS_URL").unwrap()));
    stand.make_keys().await;
    let mut auth = stand.start("auth").await;
    stand.auth = vec![auth.url.clone()];
    let held = stand.register(0).await;

    // The way to the auth service is not there yet: nobody is told that a good token is bad.
    let line = Line::to(&auth.url).await;
    stand.settings.push(("AUTH_URL", line.url.clone()));
    let mut settings = stand.pairs();
    settings.push((SERVICE, "generation"));
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "service", "--nocapture"];
    let generation =
        Process::start_alive("generation", program.to_str().unwrap(), &arguments, &settings).await;
    let (door, ready) = (format!("{}/history", generation.url), format!("{}/health/ready", generation.url));
    let answer = stand.http.get(&door).bearer_auth(&held.access).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(stand.knock(&ready, "").await, StatusCode::SERVICE_UNAVAILABLE);

    line.up.send_replace(true);
    let by = Instant::now() + PATIENCE;
    for door in [&door, &ready] {
        while stand.knock(door, &held.access).await != StatusCode::OK {
            assert!(Instant::now() < by, "{door}: it does not find the keys");
            pause().await;
        }
    }

    // From now on it can do without.
    auth.signal(Signal::TERM);
    auth.ended(PATIENCE).await;
    line.up.send_replace(false);
    assert_eq!(stand.knock(&door, &held.access).await, StatusCode::OK);
    assert_eq!(stand.knock(&ready, "").await, StatusCode::OK);
    // A revocation reaches it all the same, by the database and Redis.
    stand.keys(&["revoke", &kid(&held.access)], &[]).await;
    let since = Instant::now();
    while stand.knock(&door, &held.access).await != StatusCode::UNAUTHORIZED {
        assert!(since.elapsed() < REVOKED, "still lets in");
        pause().await;
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_line() {
    let complaint = async |settings: &[(&str, &str)], arguments: &[&str]| {
        let output = command(settings, arguments, &[]).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        said
    };
    for database in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let stand = Stand::new("idle", database);
        // Nothing has run on this database yet.
        assert!(complaint(&stand.pairs(), &["rotate"]).await.contains("no signing key yet"));
        assert!(stand.keys(&["list"], &[]).await.contains("no signing key yet"));
        stand.make_keys().await;
        let said = complaint(&stand.pairs(), &["revoke", "made\u{1b}up"]).await;
        assert!(said.contains(r"no signing key is called `made\u{1b}up`"), "{said}");
        let mut wrong = stand.pairs();
        wrong.push(("AETHER_MASTER_KEY", "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="));
        for arguments in [&["rotate"][..], &["revoke", &stand.listed("current").await[0]]] {
            assert!(complaint(&wrong, arguments).await.contains("AETHER_MASTER_KEY holds"), "{arguments:?}");
        }
        // And nothing has changed by all that.
        assert_eq!(stand.listed("current").await.len() + stand.listed("next").await.len(), 2);
        // Services are not needed.
        let next = stand.listed("next").await;
        stand.keys(&["rotate"], &[]).await;
        assert_eq!(stand.listed("current").await, next);
    }
}

/// A way to a server that can be cut. It is cut at first.
struct Line {
    url: String,
    up: watch::Sender<bool>,
    _tasks: TaskTracker,
}

impl Line {
    async fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((up, state), tasks) = (watch::channel(false), TaskTracker::new());
        let spawner = tasks.clone();
        tasks.spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (mut state, target) = (state.clone(), target.clone());
                spawner.spawn(async move {
                    if !*state.borrow() {
                        return;
                    }
                    let Ok(mut there) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = state.wait_for(|up| !up) => {}
                    }
                });
            }
        });
        Self { url, up, _tasks: tasks }
    }
}
