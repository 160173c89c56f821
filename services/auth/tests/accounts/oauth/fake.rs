//! Providers for these stories: one like Google (with ID tokens) and one like GitHub (with an API), in one server on a free
//! port. They are as strict as the real ones about the secret, the redirect and PKCE, and do wrong when a story says so.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use aether_common::{clock::Clock, jwt::SigningKey};
use aether_web::extract::Json;
use axum::{
    Form, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_util::task::TaskTracker;
use url::Url;

pub(super) const CLIENT: &str = "aether-client";
pub(super) const SECRET: &str = "client+secret/with=signs";
/// What no answer of ours may hold.
pub(super) const WORDS: &str = "words of the provider";

/// Somebody with accounts at both.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub id: u64,
    pub name: Option<&'static str>,
    pub email: Option<&'static str>,
    pub verified: bool,
}

pub(super) const ANA: Person =
    Person { id: 1, name: Some("Ana"), email: Some("ana@example.com"), verified: true };
pub(super) const BEN: Person =
    Person { id: 2, name: Some("Ben"), email: Some("ben@example.com"), verified: true };

/// Makes an answer in the place of the honest one.
type Make<T> = Arc<dyn Fn() -> T + Send + Sync>;
/// Makes an ID token of the honest claims.
type Forge = Arc<dyn Fn(&Signer, &Value) -> Option<String> + Send + Sync>;

pub(super) struct Fake {
    pub url: String,
    kept: Arc<Kept>,
    _tasks: TaskTracker,
}

struct Kept {
    signer: Mutex<Arc<Signer>>,
    clock: OnceLock<Clock>,
    /// What each code was given for, until it is exchanged.
    codes: Mutex<HashMap<String, Grant>>,
    /// Whose each access token is.
    tokens: Mutex<HashMap<String, Person>>,
    answers: Mutex<HashMap<String, Make<Response>>>,
    claims: Mutex<Value>,
    forge: Mutex<Option<Forge>>,
    calls: Mutex<HashMap<String, usize>>,
    made: AtomicUsize,
}

struct Grant {
    person: Person,
    redirect: String,
    challenge: String,
    nonce: String,
}

/// The key of ID tokens.
pub(super) struct Signer {
    key: SigningKey,
    encoding: EncodingKey,
}

impl Signer {
    pub fn new(kid: &str) -> Self {
        let key = SigningKey::generate(kid.into()).unwrap();
        let encoding = EncodingKey::from_rsa_pem(key.pem().expose_secret().as_bytes()).unwrap();
        Self { key, encoding }
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(self.key.kid(), claims)
    }

    /// As if the key had this name.
    pub fn sign_as(&self, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.encoding).unwrap()
    }
}

impl Fake {
    pub async fn start() -> Self {
        let kept = Arc::new(Kept {
            signer: Mutex::new(Arc::new(Signer::new("k1"))),
            clock: OnceLock::new(),
            codes: Mutex::default(),
            tokens: Mutex::default(),
            answers: Mutex::default(),
            claims: Mutex::new(json!({})),
            forge: Mutex::default(),
            calls: Mutex::default(),
            made: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/google/token", post(google_token))
            .route("/google/userinfo", get(google_userinfo))
            .route("/google/jwks", get(google_jwks))
            .route("/github/token", post(github_token))
            .route("/github/user", get(github_user))
            .route("/github/user/emails", get(github_emails))
            .layer(middleware::from_fn_with_state(kept.clone(), instead))
            .with_state(kept.clone());
        let tasks = TaskTracker::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self { url, kept, _tasks: tasks }
    }

    pub fn follow(&self, clock: Clock) {
        assert!(self.kept.clock.set(clock).is_ok());
    }

    /// What the provider's page does: the person agrees, and the browser is sent back with a code and the state. Panics
    /// when the request is not as the real provider wants it.
    pub fn approve(&self, authorize_url: &Url, person: &Person) -> (String, String) {
        let asked: HashMap<_, _> = authorize_url.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["code_challenge"].len(), 43);
        assert!(asked["state"].len() >= 43 && asked["nonce"].len() >= 43);
        let code = format!("code-{}", self.kept.made.fetch_add(1, Ordering::Relaxed));
        let grant = Grant {
            person: person.clone(),
            redirect: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
            nonce: asked["nonce"].clone(),
        };
        self.kept.codes.lock().unwrap().insert(code.clone(), grant);
        (code, asked["state"].clone())
    }

    /// From now on this is answered at the path.
    pub fn answer(&self, path: &str, make: impl Fn() -> Response + Send + Sync + 'static) {
        self.kept.answers.lock().unwrap().insert(path.into(), Arc::new(make));
    }

    /// From now on ID tokens have these claims in the place of theirs; null takes one away.
    pub fn claim(&self, claims: Value) {
        *self.kept.claims.lock().unwrap() = claims;
    }

    /// From now on ID tokens are made like this.
    pub fn forge(&self, make: impl Fn(&Signer, &Value) -> Option<String> + Send + Sync + 'static) {
        *self.kept.forge.lock().unwrap() = Some(Arc::new(make));
    }

    /// From now on all is as it should be.
    pub fn be_honest(&self) {
        self.kept.answers.lock().unwrap().clear();
        self.claim(json!({}));
        *self.kept.forge.lock().unwrap() = None;
    }

    /// Signs with another key, and publishes that one alone.
    pub fn rotate(&self, kid: &str) {
        *self.kept.signer.lock().unwrap() = Arc::new(Signer::new(kid));
    }

    /// How often the path was asked for.
    pub fn calls(&self, path: &str) -> usize {
        self.kept.calls.lock().unwrap().get(path).copied().unwrap_or_default()
    }

    /// The access tokens that were given out.
    pub fn access_tokens(&self) -> Vec<String> {
        self.kept.tokens.lock().unwrap().keys().cloned().collect()
    }
}

/// Counts the call, and answers what a story wants answered.
async fn instead(State(kept): State<Arc<Kept>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    *kept.calls.lock().unwrap().entry(path.clone()).or_default() += 1;
    let make = kept.answers.lock().unwrap().get(&path).cloned();
    match make {
        Some(make) => make(),
        None => next.run(request).await,
    }
}

type Fields = Form<HashMap<String, String>>;

impl Kept {
    /// Exchanges a code, once: an access token and what the code was given for.
    fn exchange(&self, form: &HashMap<String, String>) -> Result<(String, Grant), &'static str> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if (field("client_id"), field("client_secret")) != (CLIENT, SECRET) {
            return Err("invalid_client");
        }
        let grant = self.codes.lock().unwrap().remove(field("code")).ok_or("invalid_grant")?;
        let verifier = field("code_verifier");
        let proved = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == grant.challenge;
        if !proved || !(43..=128).contains(&verifier.len()) || grant.redirect != field("redirect_uri") {
            return Err("invalid_grant");
        }
        let token = format!("access-token-of-{}", field("code"));
        self.tokens.lock().unwrap().insert(token.clone(), grant.person.clone());
        Ok((token, grant))
    }

    fn bearer(&self, headers: &HeaderMap) -> Option<Person> {
        let token = headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?;
        self.tokens.lock().unwrap().get(token).cloned()
    }

    fn id_token(&self, person: &Person, nonce: &str) -> Option<String> {
        let now = self.clock.get().unwrap().now().timestamp();
        let mut claims = json!({
            "iss": "https://id.example", "aud": CLIENT, "sub": person.id.to_string(), "nonce": nonce,
            "iat": now, "exp": now + 3600,
        });
        let mut put = |name: &str, value: Value| claims[name] = value;
        if let Some(email) = person.email {
            put("email", json!(email));
            put("email_verified", json!(person.verified));
        }
        if let Some(name) = person.name {
            put("name", json!(name));
        }
        for (name, value) in self.claims.lock().unwrap().as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        let signer = self.signer.lock().unwrap().clone();
        match &*self.forge.lock().unwrap() {
            Some(forge) => forge(&signer, &claims),
            None => Some(signer.sign(&claims)),
        }
    }
}

async fn google_token(State(kept): State<Arc<Kept>>, Form(form): Fields) -> Response {
    match kept.exchange(&form) {
        Ok((token, grant)) => {
            let mut answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3599});
            if let Some(id_token) = kept.id_token(&grant.person, &grant.nonce) {
                answer["id_token"] = json!(id_token);
            }
            Json(answer).into_response()
        }
        Err(error) => {
            let said = json!({"error": error, "error_description": WORDS});
            (StatusCode::BAD_REQUEST, Json(said)).into_response()
        }
    }
}

async fn google_userinfo(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    match kept.bearer(&headers) {
        Some(person) => Json(json!({
            "sub": person.id.to_string(), "email": "userinfo@example.com", "email_verified": true, "name": "Info",
        }))
        .into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn google_jwks(State(kept): State<Arc<Kept>>) -> Json<Value> {
    let signer = kept.signer.lock().unwrap().clone();
    let other = json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA", "alg": "ES256"});
    Json(json!({"keys": [other, signer.key.jwk()]}))
}

/// GitHub says no with a 200.
async fn github_token(State(kept): State<Arc<Kept>>, Form(form): Fields) -> Json<Value> {
    Json(match kept.exchange(&form) {
        Ok((token, _)) => {
            json!({"access_token": token, "token_type": "bearer", "scope": "read:user,user:email"})
        }
        Err(_) => {
            json!({"error": "bad_verification_code", "error_description": WORDS, "error_uri": "https://x/"})
        }
    })
}

async fn github_user(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    match kept.bearer(&headers) {
        Some(person) => {
            let login = format!("login-{}", person.id);
            Json(json!({"id": person.id, "login": login, "name": person.name, "email": "public@example.com"}))
                .into_response()
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn github_emails(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    let Some(person) = kept.bearer(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let mut emails = vec![json!({
        "email": format!("{}+x@users.noreply.github.com", person.id), "primary": false, "verified": true,
        "visibility": null,
    })];
    if let Some(email) = person.email {
        emails.push(
            json!({"email": email, "primary": true, "verified": person.verified, "visibility": "private"}),
        );
    }
    Json(json!(emails)).into_response()
}
