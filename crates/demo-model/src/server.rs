//! The HTTP face: chat completions and the model list, streamed at a natural pace. What is written comes from
//! `write`, what goes wrong from `faults`; here is only the order in which bytes leave.

use crate::{
    ask::Message,
    faults::{Break, Invalid, Length, NAMES, Refusal, Script, Told},
    pace::{Pace, tokens},
    recall, wire,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use futures::Stream;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

const KEPT_REQUESTS: usize = 100;
const KEPT_PROMPTS: usize = 100_000;
const KEPT_MODELS: usize = 1_000;
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. Default `127.0.0.1:0`: loopback, a free port.
    pub bind: SocketAddr,
    /// Whether fault model names, `X-Demo-Fault` and `requests` work. False in products: fault names are then
    /// unknown models and the header is ignored.
    pub faults: bool,
    /// Tokens a second that one stream gives; 0 is as fast as it can. Default 120.
    pub tokens_per_second: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), faults: false, tokens_per_second: 120.0 }
    }
}

/// The running server. Dropping it does not stop it; the `shutdown` token given to `serve` does.
#[derive(Clone, Debug)]
pub struct DemoModel {
    addr: SocketAddr,
    desk: Arc<Desk>,
}

impl DemoModel {
    /// What `OPENAI_BASE_URL` takes: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }

    /// The address that is listened on, with the real port.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Chat completion calls so far, refused ones too.
    pub fn calls(&self) -> u64 {
        self.desk.calls.load(Ordering::Relaxed)
    }

    /// Chat completion calls so far for this model name, refused ones too.
    pub fn calls_for(&self, model: &str) -> u64 {
        self.desk.by_model.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or(0)
    }

    /// Streams open now, so that a test can see a cancel close one.
    pub fn open_streams(&self) -> usize {
        self.desk.open.load(Ordering::Relaxed)
    }

    /// The last 100 request bodies, oldest first. Empty unless faults are on.
    pub fn requests(&self) -> Vec<Value> {
        self.desk.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Binds and serves until `shutdown` is cancelled; open streams then break off. Errors when the address can't be bound.
pub async fn serve(
    options: Options,
    shutdown: CancellationToken,
    tasks: &TaskTracker,
) -> io::Result<DemoModel> {
    let listener = TcpListener::bind(options.bind).await?;
    let addr = listener.local_addr()?;
    let desk = Arc::new(Desk::new(options, shutdown.clone()));
    let model = DemoModel { addr, desk: Arc::clone(&desk) };
    // Each token is a small write: with Nagle's algorithm they would wait for one another.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY on a demo model connection");
        }
    });
    tasks.spawn(async move {
        let served = axum::serve(listener, routes(desk))
            .with_graceful_shutdown(async move { shutdown.cancelled().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the demo model stopped");
        }
    });
    Ok(model)
}

/// The routes alone (`/v1/…`), to be mounted in a server of the caller's. `bind` is not used.
pub fn router(options: Options, shutdown: CancellationToken) -> Router {
    routes(Arc::new(Desk::new(options, shutdown)))
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(list_models))
        .route("/v1/models/{id}", get(get_model))
        .route("/__calls", get(count_calls))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(desk)
}

#[derive(Debug)]
struct Desk {
    options: Options,
    shutdown: CancellationToken,
    calls: AtomicU64,
    by_model: Mutex<BTreeMap<String, u64>>,
    open: Arc<AtomicUsize>,
    requests: Mutex<VecDeque<Value>>,
    met: Mutex<HashSet<u64>>,
}

impl Desk {
    fn new(options: Options, shutdown: CancellationToken) -> Self {
        Self {
            options,
            shutdown,
            calls: AtomicU64::new(0),
            by_model: Mutex::default(),
            open: Arc::default(),
            requests: Mutex::default(),
            met: Mutex::default(),
        }
    }

    fn record(&self, body: &Value) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(body.clone());
    }

    /// Names past the bound are not counted one by one.
    fn count(&self, model: &str) {
        let mut calls = self.by_model.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() < KEPT_MODELS || calls.contains_key(model) {
            *calls.entry(model.to_owned()).or_default() += 1;
        }
    }

    /// The script of this call, or `None` for a model that does not exist here.
    fn script(&self, model: &str, headers: &HeaderMap, messages: &[Message]) -> Option<Script> {
        if !self.options.faults {
            return wire::MODELS.contains(&model).then(Script::default);
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let delay = text("x-demo-delay-ms").and_then(|value| value.parse().ok());
        let script = match text("x-demo-fault") {
            Some(fault) if wire::MODELS.contains(&model) => Script::parse(fault, delay)?,
            _ => Script::parse(model, delay)?,
        };
        if script.once && script.is_faulty() && !self.first_time(model, messages) {
            return Some(script.healthy());
        }
        Some(script)
    }

    fn first_time(&self, model: &str, messages: &[Message]) -> bool {
        let mut hasher = DefaultHasher::new();
        model.hash(&mut hasher);
        for message in messages.iter().filter(|m| m.role == "user") {
            message.text.hash(&mut hasher);
        }
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= KEPT_PROMPTS {
            met.clear();
        }
        met.insert(hasher.finish())
    }
}

/// Counts a stream while it lives; a client that leaves drops the body and this with it.
struct OpenStream(Arc<AtomicUsize>);

impl OpenStream {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// For tests of other processes: calls in all, by model, and streams open now. Not there unless faults are on.
async fn count_calls(State(desk): State<Arc<Desk>>, uri: Uri) -> Response {
    if !desk.options.faults {
        return unknown(uri).await;
    }
    let models = desk.by_model.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let counts = json!({
        "calls": desk.calls.load(Ordering::Relaxed),
        "models": models,
        "open": desk.open.load(Ordering::Relaxed),
    });
    wire::json_response(StatusCode::OK, &counts)
}

async fn list_models(State(desk): State<Arc<Desk>>) -> Response {
    let faults = if desk.options.faults { NAMES } else { &[] };
    let data: Vec<Value> = wire::MODELS.iter().chain(faults).map(|id| wire::model(id)).collect();
    wire::json_response(StatusCode::OK, &json!({"object": "list", "data": data}))
}

async fn get_model(State(desk): State<Arc<Desk>>, uri: Uri) -> Response {
    let id = uri.path().rsplit('/').next().unwrap_or_default();
    let known = wire::MODELS.contains(&id) || (desk.options.faults && NAMES.contains(&id));
    if known { wire::json_response(StatusCode::OK, &wire::model(id)) } else { wire::model_not_found(id) }
}

async fn unknown(uri: Uri) -> Response {
    let message = format!("Unknown request URL: {}.", uri.path());
    wire::error(StatusCode::NOT_FOUND, "invalid_request_error", "unknown_url", &message, None)
}

async fn wrong_method() -> Response {
    let message = "Not allowed to use this method on this URL.";
    wire::error(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalid_request_error",
        "method_not_supported",
        message,
        None,
    )
}

async fn complete(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let call = desk.calls.fetch_add(1, Ordering::Relaxed) + 1;
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return wire::bad_request("We could not parse the JSON body of your request.", None);
    };
    if desk.options.faults {
        desk.record(&request);
    }
    let Some(model) = request["model"].as_str().filter(|model| !model.is_empty()) else {
        return wire::bad_request("You must provide a model parameter.", Some("model"));
    };
    desk.count(model);
    let Some(messages) = Message::list(&request["messages"]) else {
        return wire::bad_request(
            "'messages' must be a list of one or more messages with 'role' and 'content'.",
            Some("messages"),
        );
    };
    if request["n"].as_u64().is_some_and(|n| n != 1) {
        return wire::bad_request("Only n = 1 is supported.", Some("n"));
    }
    let Some(script) = desk.script(model, &headers, &messages) else {
        return wire::model_not_found(model);
    };
    if let Some(refusal) = script.refuse {
        return refuse(refusal);
    }
    let limit = match ["max_completion_tokens", "max_tokens"].into_iter().find(|key| !request[*key].is_null())
    {
        None => None,
        Some(key) => match request[key].as_u64() {
            Some(count) if count > 0 => Some(usize::try_from(count).unwrap_or(usize::MAX)),
            _ => {
                return wire::bad_request("The token limit must be a whole number of at least 1.", Some(key));
            }
        },
    };
    let play = Play::new(
        &desk,
        call,
        model,
        messages,
        script,
        limit,
        request["stream_options"]["include_usage"] == true,
    );
    if request["stream"] == true {
        let kind = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        (kind, Body::from_stream(play.stream())).into_response()
    } else {
        play.whole().await
    }
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        Refusal::RateLimited => {
            let message = "Rate limit reached. Please try again in 1s.";
            let mut response = wire::error(
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limit_error",
                "rate_limit_exceeded",
                message,
                None,
            );
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        Refusal::ServerError => {
            let message = "The server had an error while processing your request.";
            wire::error(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "server_error", message, None)
        }
        Refusal::Unauthorized => {
            let message = "Incorrect API key provided.";
            wire::error(StatusCode::UNAUTHORIZED, "invalid_request_error", "invalid_api_key", message, None)
        }
        Refusal::Html => {
            Html("<!doctype html><title>Welcome</title><p>This is a proxy's page.</p>").into_response()
        }
        Refusal::JsonError => wire::json_response(
            StatusCode::OK,
            &wire::error_body("server_error", "server_error", "The model is overloaded.", None),
        ),
    }
}

/// One answer, ready to be sent.
struct Play {
    call: u64,
    model: String,
    text: String,
    limit: usize,
    script: Script,
    speed: f64,
    with_usage: bool,
    told: Option<Told>,
    prompt_tokens: usize,
    shutdown: CancellationToken,
    open: OpenStream,
}

impl Play {
    fn new(
        desk: &Desk,
        call: u64,
        model: &str,
        messages: Vec<Message>,
        script: Script,
        limit: Option<usize>,
        with_usage: bool,
    ) -> Self {
        let prompt_tokens = messages.iter().map(|message| tokens(&message.text).len() + 3).sum();
        let answer = recall::answer(&messages, |messages| {
            if let Some(count) = script.words {
                return numbered_words(count);
            }
            let broken = match script.invalid {
                None => false,
                Some(Invalid::Always) => true,
                Some(Invalid::UntilRepaired) => !recall::asks_for_repair(messages),
            };
            let ask = recall::ask(messages);
            if broken { crate::write_broken(&ask) } else { crate::write(&ask) }
        });
        let mut text = if script.empty { String::new() } else { answer.text };
        if script.length == Some(Length::Forever) {
            while tokens(&text).len() < 50 {
                text.push_str("\nand so on");
            }
        }
        let cut = script.length.and_then(|length| length.limit(answer.continued));
        Self {
            call,
            model: model.to_owned(),
            text,
            limit: limit.unwrap_or(usize::MAX).min(cut.unwrap_or(usize::MAX)),
            speed: script.speed.unwrap_or(desk.options.tokens_per_second),
            with_usage: with_usage && script.told != Some(Told::Nothing),
            told: script.told,
            script,
            prompt_tokens,
            shutdown: desk.shutdown.clone(),
            open: OpenStream::new(&desk.open),
        }
    }

    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        async_stream::stream! {
            let Self { call, model, text, limit, script, speed, with_usage, told, prompt_tokens, shutdown, open } = self;
            let _open = open;
            let chunks = wire::Chunks::new(call, &model, with_usage);
            let pieces = tokens(&text);
            let count = pieces.len().min(limit);
            let mut pace = Pace::new(speed);
            pace.think();
            if let Some(delay) = script.first_delay {
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    () = shutdown.cancelled() => { yield Err(broken()); return; }
                }
                pace = Pace::new(speed);
            }
            let breaks = script.break_at.map(|(kind, at)| (kind, at.min(count)));
            let mut first = true;
            // One turn more than tokens: a break may come after the last one.
            for (index, piece) in pieces.iter().take(count).map(Some).chain([None]).enumerate() {
                match breaks {
                    Some((Break::Cut, at)) if at == index => {
                        // What was said before the break must have left, or the client sees no stream at all.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        yield Err(broken());
                        return;
                    }
                    Some((Break::Eof, at)) if at == index => return,
                    Some((Break::Hang, at)) if at == index => {
                        shutdown.cancelled().await;
                        yield Err(broken());
                        return;
                    }
                    Some((Break::Garbage, at)) if at == index => {
                        yield Ok(Bytes::from_static(b"data: {\"id\":\"chatcmpl-demo\",\"choices\":[{\"delta\":{\"con\n\n"));
                    }
                    Some((Break::Error, at)) if at == index => {
                        let body = wire::error_body("server_error", "server_error", "The model failed while answering.", None);
                        yield Ok(Bytes::from(format!("data: {body}\n\n")));
                        return;
                    }
                    _ => {}
                }
                let Some(piece) = piece else { break };
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => { yield Err(broken()); return; }
                    () = pace.turn() => {}
                }
                if first {
                    first = false;
                    yield Ok(Bytes::from(chunks.role()));
                }
                yield Ok(Bytes::from(chunks.token(piece)));
                if index % 64 == 63 {
                    tokio::task::yield_now().await;
                }
            }
            if first {
                yield Ok(Bytes::from(chunks.role()));
            }
            let reason = if count < pieces.len() { "length" } else { "stop" };
            yield Ok(Bytes::from(chunks.finish(reason)));
            if with_usage {
                yield Ok(Bytes::from(chunks.usage(&usage(told, prompt_tokens, count))));
            }
            if !script.no_done {
                yield Ok(Bytes::from_static(b"data: [DONE]\n\n"));
            }
        }
    }

    async fn whole(self) -> Response {
        let pieces = tokens(&self.text);
        let count = pieces.len().min(self.limit);
        if let Some(delay) = self.script.first_delay {
            tokio::time::sleep(delay).await;
        }
        match self.script.break_at {
            Some((Break::Hang, _)) => {
                self.shutdown.cancelled().await;
                return refuse(Refusal::ServerError);
            }
            Some(_) => return refuse(Refusal::ServerError),
            None => {}
        }
        let mut pace = Pace::new(self.speed);
        pace.think();
        for _ in 0..count {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return refuse(Refusal::ServerError),
                () = pace.turn() => {}
            }
        }
        let reason = if count < pieces.len() { "length" } else { "stop" };
        let usage = match self.told {
            Some(Told::Nothing) => Value::Null,
            told => usage(told, self.prompt_tokens, count),
        };
        wire::completion(self.call, &self.model, &pieces[..count].concat(), reason, &usage)
    }
}

fn usage(told: Option<Told>, read: usize, written: usize) -> Value {
    match told {
        Some(Told::Numbers(read, written)) => wire::usage(read, written),
        _ => wire::usage(read, written),
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the demo model broke off")
}

fn numbered_words(count: usize) -> String {
    let mut text = String::with_capacity(count * 7);
    for number in 1..=count {
        if number > 1 {
            text.push(' ');
        }
        text.push('w');
        text.push_str(&number.to_string());
    }
    text
}
