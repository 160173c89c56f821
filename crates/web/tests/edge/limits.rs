//! How much passes, for whom it counts, and what is told. In process time stands still, so that all is exact; on Redis
//! it goes on, and what comes back in the meantime may pass too.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aether_bus::Bus;
use aether_common::{
    clock::Clock,
    id::{Ids, SessionId, UserId},
    jwt::{
        AUDIENCE, ApiKeyFuture, ApiKeys, Authenticated, Claims, JwkSet, KeyFuture, KeySource, SigningKey,
        StaticKeys, TokenError, Verifier,
    },
    model::{
        scope::{Access, ScopeSet},
        user::Role,
    },
};
use aether_web::{
    auth::{Caller, GenerationsRead, Scoped},
    layers::timed,
    limits::{Class, Limits},
};
use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request},
    routing,
};
use futures::{StreamExt, stream};
use secrecy::SecretString;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::{Instant, advance},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{Answer, edge, send};

const ISSUER: &str = "http://localhost:8080";
const GOOD_KEY: &str = "aek_good";

/// Runs each story on both.
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(start_paused = true)]
            async fn $story() {
                super::$story(&super::Stand::new(super::Bus::memory())).await;
            })*
        }
        mod redis {
            $(#[tokio::test]
            async fn $story() {
                super::$story(&super::Stand::new(super::redis(&super::redis_url()).await)).await;
            })*
        }
    };
}

stories! {
    a_user_is_one_however_many_tokens_and_networks_they_call_from,
    a_network_is_one_however_many_addresses_and_forged_headers_it_has,
    classes_have_buckets_of_their_own,
    credentials_count_by_network_whoever_calls,
    a_bad_token_is_a_strangers,
    an_api_key_is_its_users,
    a_flood_of_invented_keys_ends_before_the_look_up,
    preflights_and_routes_without_a_class_are_not_counted,
}

struct Stand {
    router: Router,
    key: SigningKey,
    user: UserId,
    verified: Arc<AtomicUsize>,
    looked_up: Arc<AtomicUsize>,
    began: Instant,
}

/// Counts how often a token is verified.
struct Counted(StaticKeys, Arc<AtomicUsize>);

impl KeySource for Counted {
    fn find<'a>(&'a self, kid: &'a str) -> KeyFuture<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.find(kid)
    }
}

/// Knows one key, and counts how often it is asked.
struct OneKey(Claims, Arc<AtomicUsize>);

impl ApiKeys for OneKey {
    fn find<'a>(&'a self, key: &'a str) -> ApiKeyFuture<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let found = (key == GOOD_KEY).then(|| Authenticated {
            claims: self.0.clone(),
            access: Access::Key(ScopeSet::default()),
            key: None,
        });
        Box::pin(async { found.ok_or(TokenError::Invalid) })
    }
}

impl Stand {
    fn new(bus: Bus) -> Self {
        let key = SigningKey::generate("k1".into()).unwrap();
        let user = Ids::system().mint();
        let (verified, looked_up) = (Arc::default(), Arc::default());
        let keys = StaticKeys::new(&JwkSet { keys: vec![key.jwk().clone()] });
        let verifier = Verifier::new(Arc::new(Counted(keys, Arc::clone(&verified))), ISSUER, Clock::system())
            .with_api_keys(Arc::new(OneKey(claims(user), Arc::clone(&looked_up))));
        let router = router(&Limits::new(bus, verifier.clone()), verifier);
        Self { router, key, user, verified, looked_up, began: Instant::now() }
    }

    /// Another token of the user.
    fn token(&self) -> String {
        self.key.sign(&claims(self.user)).unwrap()
    }

    /// Checks that so much is left, and on Redis at most what came back since.
    fn has_left(&self, answer: &Answer, expected: u64) {
        let most = (expected + came_back(self.began, limit(answer))).min(limit(answer) - 1);
        assert!((expected..=most).contains(&remaining(answer)), "{} of {expected}", remaining(answer));
    }

    async fn ask(&self, path: &str, from: &str, token: Option<&str>) -> Answer {
        self.send(Request::builder().uri(path), from, token).await
    }

    async fn send(
        &self,
        mut request: axum::http::request::Builder,
        from: &str,
        token: Option<&str>,
    ) -> Answer {
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer = SocketAddr::new(from.parse().unwrap(), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        send(&self.router, request).await
    }
}

fn router(limits: &Limits, verifier: Verifier) -> Router {
    let answer = || routing::get(async || "done").post(async || "done");
    let api = Router::new()
        .route("/api", answer())
        .route("/me", routing::get(async |caller: Caller| caller.name))
        .route("/scoped", routing::get(async |caller: Scoped<GenerationsRead>| caller.name.clone()));
    edge(
        Router::new()
            .merge(Router::new().route("/credentials", answer()).layer(limits.layer(Class::Credentials)))
            .merge(timed(api, Duration::from_secs(30)).layer(limits.layer(Class::Api)))
            .merge(Router::new().route("/generate", answer()).layer(limits.layer(Class::Generate)))
            .merge(Router::new().route("/upload", answer()).layer(limits.layer(Class::Upload)))
            .route("/open", answer())
            .with_state(verifier),
    )
}

fn claims(user: UserId) -> Claims {
    let now = Clock::system().now().timestamp();
    Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: user,
        sid: Ids::system().mint::<SessionId>(),
        role: Role::User,
        name: "Ana".into(),
        iat: now,
        exp: now + 900,
        jti: Uuid::nil(),
    }
}

/// A /64 that no other test has; `host` makes an address of it.
fn network() -> impl Fn(u16) -> String {
    let [a, b, c] = std::array::from_fn(|_| rand::random::<u16>());
    move |host| format!("fd00:{a:x}:{b:x}:{c:x}:{host:x}::1")
}

fn number(answer: &Answer, header: &str) -> u64 {
    let value = answer.headers.get(header).unwrap_or_else(|| panic!("no {header}: {}", answer.status));
    value.to_str().unwrap().parse().unwrap()
}

/// What comes back of `limit` a minute, rounded up.
fn came_back(since: Instant, limit: u64) -> u64 {
    let millis = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    (millis * limit).div_ceil(60_000)
}

fn limit(answer: &Answer) -> u64 {
    number(answer, "ratelimit-limit")
}

fn remaining(answer: &Answer) -> u64 {
    number(answer, "ratelimit-remaining")
}

fn is_not_counted(answer: &Answer) -> bool {
    !answer.headers.keys().any(|name| name.as_str().starts_with("ratelimit"))
}

/// Sends these requests, a hundred at once, of which `limit` may pass, and what comes back of `limit` a minute meanwhile.
async fn flood(limit: u64, requests: impl Iterator<Item = impl Future<Output = Answer>>) -> Vec<Answer> {
    let began = Instant::now();
    let answers: Vec<Answer> = stream::iter(requests).buffer_unordered(100).collect().await;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status != 429);
    let (passed, most) = (passed.len() as u64, limit + came_back(began, limit) + 1);
    assert!((limit..=most).contains(&passed), "{passed} of {limit}, at most {most}");
    for answer in refused {
        assert_eq!(answer.code(), "rate_limited");
        assert_eq!((number(answer, "ratelimit-limit"), remaining(answer)), (limit, 0));
        let (wait, reset) = (number(answer, "retry-after"), number(answer, "ratelimit-reset"));
        assert!(wait == 1 && (wait..=60).contains(&reset), "{wait} {reset}");
    }
    answers
}

async fn a_user_is_one_however_many_tokens_and_networks_they_call_from(stand: &Stand) {
    let tokens: Vec<String> = (0..10).map(|_| stand.token()).collect();
    let networks: Vec<String> = (0..100).map(|_| network()(1)).collect();
    flood(600, (0..1000).map(|n| stand.ask("/api", &networks[n % 100], Some(&tokens[n % 10])))).await;
    // Those networks were not charged, and another user is another.
    assert_eq!(remaining(&stand.ask("/api", &networks[0], None).await), 1199);
    let other = stand.key.sign(&claims(Ids::system().mint())).unwrap();
    assert_eq!(remaining(&stand.ask("/api", &networks[0], Some(&other)).await), 599);
}

async fn a_network_is_one_however_many_addresses_and_forged_headers_it_has(stand: &Stand) {
    let (ours, other) = (network(), network());
    let addresses: Vec<String> = (0..1000).map(&ours).collect();
    let forged = |n: usize| {
        Request::post("/credentials")
            .header("x-forwarded-for", vec![&*other(1); n % 100].join(", "))
            .header("x-forwarded-for", format!("203.0.113.{}, 10.0.0.1", n % 256))
            .header("forwarded", format!("for=203.0.113.{}", n % 256))
            .header("x-real-ip", other(2))
    };
    flood(300, (0..1000).map(|n| stand.send(forged(n), &addresses[n], None))).await;
    assert_eq!(remaining(&stand.ask("/credentials", &other(1), None).await), 299);
    // A proxy of ours says who it is, whatever the client says.
    let proxied = |client: &str| {
        Request::get("/credentials")
            .header("x-forwarded-for", format!("203.0.113.1, 10.9.9.9, [{client}]:99"))
    };
    stand.has_left(&stand.send(proxied(&other(3)), "10.0.0.1", None).await, 298);

    // An IPv4 address is a network, in whatever form it comes.
    let [a, b] = std::array::from_fn(|_| rand::random::<u8>());
    let address = Ipv4Addr::new(198, 18, a, b);
    assert_eq!(remaining(&stand.ask("/credentials", &address.to_string(), None).await), 299);
    let mapped = address.to_ipv6_mapped().to_string();
    stand.has_left(&stand.ask("/credentials", &mapped, None).await, 298);
    let neighbour = Ipv4Addr::new(198, 18, a, b ^ 1).to_string();
    assert_eq!(remaining(&stand.ask("/credentials", &neighbour, None).await), 299);
}

async fn classes_have_buckets_of_their_own(stand: &Stand) {
    let (network, token) = (network()(1), stand.token());
    for (path, of_user, of_network) in
        [("/credentials", 300, 300), ("/api", 600, 1200), ("/generate", 300, 1200), ("/upload", 120, 1200)]
    {
        let answer = stand.ask(path, &network, Some(&token)).await;
        assert_eq!((answer.status.as_u16(), limit(&answer)), (200, of_user), "{path}");
        assert_eq!(remaining(&answer), of_user - 1, "{path}");
        assert_eq!(number(&answer, "ratelimit-reset"), 1, "{path}");
        assert_eq!(limit(&stand.ask(path, &network, None).await), of_network, "{path}");
    }
    // Also what a handler refuses says what is left.
    let answer = stand.ask("/scoped", &network, Some(GOOD_KEY)).await;
    assert_eq!((answer.status.as_u16(), &*answer.code(), limit(&answer)), (403, "insufficient_scope", 600));
}

async fn credentials_count_by_network_whoever_calls(stand: &Stand) {
    let (network, token) = (network(), stand.token());
    for expected in (297..300).rev() {
        let answer = stand.ask("/credentials", &network(1), Some(&token)).await;
        assert_eq!(limit(&answer), 300);
        stand.has_left(&answer, expected);
    }
    stand.has_left(&stand.ask("/credentials", &network(2), None).await, 296);
    assert_eq!(remaining(&stand.ask("/api", &network(1), Some(&token)).await), 599);
}

async fn a_bad_token_is_a_strangers(stand: &Stand) {
    let network = network()(1);
    let good = stand.token();
    for token in ["a.b.c", "", &good[..good.len() - 9], &format!("{good}, {good}"), "aem_x"] {
        let answer = stand.ask("/me", &network, Some(token)).await;
        assert_eq!((answer.status.as_u16(), limit(&answer)), (401, 1200), "{token}");
    }
    stand.has_left(&stand.ask("/me", &network, Some("a.b.c")).await, 1194);
    stand.verified.store(0, Ordering::SeqCst);
    assert_eq!(stand.ask("/me", &network, Some(&good)).await.body, b"Ana");
    assert_eq!(stand.verified.load(Ordering::SeqCst), 1, "a token is verified once");
}

async fn an_api_key_is_its_users(stand: &Stand) {
    let network = network()(1);
    assert_eq!(remaining(&stand.ask("/api", &network, Some(&stand.token())).await), 599);
    stand.has_left(&stand.ask("/api", &network, Some(GOOD_KEY)).await, 598);
    assert_eq!(remaining(&stand.ask("/api", &network, None).await), 1199);
}

async fn a_flood_of_invented_keys_ends_before_the_look_up(stand: &Stand) {
    let network = network()(1);
    flood(
        1200,
        (0..2000).map(|n| {
            let network = network.clone();
            async move { stand.ask("/api", &network, Some(&format!("aek_{n}"))).await }
        }),
    )
    .await;
    // On Redis one may have come back in the meantime.
    for _ in 0..50 {
        let before = stand.looked_up.load(Ordering::SeqCst);
        if stand.ask("/api", &network, Some("aek_x")).await.status == 429 {
            assert_eq!(stand.looked_up.load(Ordering::SeqCst), before, "who is refused is not looked up");
            // Whoever has signed in there goes on.
            assert_eq!(stand.ask("/me", &network, Some(&stand.token())).await.status, 200);
            return;
        }
    }
    panic!("it is not limited");
}

async fn preflights_and_routes_without_a_class_are_not_counted(stand: &Stand) {
    let network = network()(1);
    for path in ["/credentials", "/api", "/generate", "/upload"] {
        let preflight = |origin: &str| {
            Request::builder()
                .method(Method::OPTIONS)
                .uri(path)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
        };
        for origin in ["https://app.example.com", "https://evil.example"] {
            assert!(is_not_counted(&stand.send(preflight(origin), &network, None).await), "{path} {origin}");
        }
    }
    assert!(is_not_counted(&stand.ask("/open", &network, None).await));
    assert!(is_not_counted(&stand.ask("/nowhere", &network, None).await));
    assert_eq!(remaining(&stand.ask("/credentials", &network, None).await), 299);
    assert_eq!(remaining(&stand.ask("/api", &network, None).await), 1199);
}

#[tokio::test(start_paused = true)]
async fn what_was_used_comes_back_evenly() {
    let stand = Stand::new(Bus::memory());
    let (network, token) = (network()(1), stand.token());
    flood(120, (0..130).map(|_| stand.ask("/upload", &network, Some(&token)))).await;
    let refused = stand.ask("/upload", &network, Some(&token)).await;
    assert_eq!((number(&refused, "retry-after"), number(&refused, "ratelimit-reset")), (1, 60));
    advance(Duration::from_millis(499)).await;
    assert_eq!(stand.ask("/upload", &network, Some(&token)).await.status, 429);
    advance(Duration::from_millis(1)).await;
    assert_eq!(stand.ask("/upload", &network, Some(&token)).await.status, 200);
    advance(Duration::from_secs(30)).await;
    let answer = stand.ask("/upload", &network, Some(&token)).await;
    assert_eq!((remaining(&answer), number(&answer, "ratelimit-reset")), (59, 31));
}

#[tokio::test]
async fn without_limits_nothing_is_counted() {
    let stand = Stand::new(Bus::memory());
    let verifier = Verifier::new(Arc::new(StaticKeys::default()), ISSUER, Clock::system());
    let stand = Stand { router: router(&Limits::off(), verifier), ..stand };
    for path in ["/credentials", "/api", "/generate", "/upload"] {
        let answer = stand.ask(path, "203.0.113.1", None).await;
        assert!(answer.status == 200 && is_not_counted(&answer), "{path}");
    }
}

#[tokio::test]
async fn without_redis_credentials_are_closed_and_the_rest_is_open_but_for_floods() {
    let mut line = Line::to(&redis_url()).await;
    let stand = Stand::new(redis(&line.url()).await);
    let (network, token) = (network()(1), stand.token());
    assert_eq!(remaining(&stand.ask("/credentials", &network, None).await), 299);
    line.cut();
    for _ in 0..3 {
        let closed = stand.ask("/credentials", &network, None).await;
        assert_eq!((closed.status.as_u16(), &*closed.code()), (503, "unavailable"));
        assert!(number(&closed, "retry-after") >= 1);
        for (path, token) in [("/me", &*token), ("/generate", &token), ("/api", "aek_x")] {
            let open = stand.ask(path, &network, Some(token)).await;
            assert_eq!(open.status, 200, "{path}");
        }
    }
    flood(120, (0..200).map(|_| stand.ask("/upload", &network, Some(&token)))).await;
    line.join().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    for path in ["/credentials", "/api"] {
        // The common buckets, which hold what was charged before.
        while stand.ask(path, &network, Some(&token)).await.status != 200 {
            assert!(Instant::now() < deadline, "{path} is not limited again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A line to Redis that can be cut, and joined again.
struct Line {
    redis: SocketAddr,
    here: SocketAddr,
    open: CancellationToken,
}

impl Line {
    async fn to(url: &SecretString) -> Self {
        let url: url::Url = secrecy::ExposeSecret::expose_secret(url).parse().unwrap();
        let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(6379));
        let redis = tokio::net::lookup_host(address).await.unwrap().next().unwrap();
        let mut line = Self { redis, here: "127.0.0.1:0".parse().unwrap(), open: CancellationToken::new() };
        line.join().await;
        line
    }

    fn url(&self) -> SecretString {
        format!("redis://{}/", self.here).into()
    }

    async fn join(&mut self) {
        let listener = TcpListener::bind(self.here).await.unwrap();
        self.here = listener.local_addr().unwrap();
        self.open = CancellationToken::new();
        let (redis, open, calls) = (self.redis, self.open.clone(), TaskTracker::new());
        TaskTracker::new().spawn(self.open.clone().run_until_cancelled_owned(async move {
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                let call = async move {
                    let mut to = TcpStream::connect(redis).await.unwrap();
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                };
                calls.spawn(open.clone().run_until_cancelled_owned(call));
            }
        }));
    }

    fn cut(&self) {
        self.open.cancel();
    }
}

fn redis_url() -> SecretString {
    std::env::var("AETHER_TEST_REDIS_URL").expect("run `cargo xtask test`, which starts a Redis").into()
}

async fn redis(url: &SecretString) -> Bus {
    Bus::connect(Some(url), CancellationToken::new(), &TaskTracker::new()).await.unwrap()
}
