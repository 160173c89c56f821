//! What an API key may do over REST: what the OpenAPI document says, and nothing else. The whole product, over HTTP.
#![cfg(test)]

use std::{collections::BTreeSet, net::SocketAddr};

use aether_common::{
    id::{SessionId, UserId},
    model::{
        generation::Kind,
        scope::{Access, Scope},
        user::Role,
    },
};
use aether_realtime::ports::{Generations, HttpGenerations, StartGeneration};
use aether_testkit::{Backend, backends};
use aether_web::auth::Caller;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

struct Site {
    name: &'static str,
    url: String,
    http: reqwest::Client,
    owner: String,
    _backend: Backend,
}

/// Who may call an operation.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Everybody,
    People,
    Keys(BTreeSet<String>),
}

impl Decision {
    /// As the document says.
    fn of(operation: &Value) -> Self {
        let ways = operation["security"].as_array().cloned().unwrap_or_default();
        if ways.is_empty() || ways.contains(&json!({})) {
            return Self::Everybody;
        }
        let scopes: BTreeSet<String> = ways
            .iter()
            .flat_map(|way| way["bearer"].as_array().unwrap())
            .map(|scope| scope.as_str().unwrap().to_owned())
            .collect();
        if scopes.is_empty() { Self::People } else { Self::Keys(scopes) }
    }
}

impl Site {
    async fn on(backend: Backend) -> Self {
        let deps = backend.deps.clone();
        let router = aether::compose::router(&deps).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        deps.lifecycle.tasks.spawn(async move { axum::serve(listener, service).await });
        let mut site = Self {
            name: backend.name,
            url,
            http: deps.http.clone(),
            owner: String::new(),
            _backend: backend,
        };
        let body = json!({"email": "ana@example.com", "password": "tiger umbrella 9 frost", "name": "Ana"});
        let session = site.call(Method::POST, "/api/auth/register", None, Some(body)).await.1;
        site.owner = session["accessToken"].as_str().unwrap().to_owned();
        site
    }

    async fn key(&self, scopes: &[Scope]) -> String {
        let body = json!({"name": "a program", "scopes": scopes});
        let (status, made) =
            self.call(Method::POST, "/api/auth/api-keys", Some(&self.owner), Some(body)).await;
        assert_eq!(status, 201, "{made}");
        made["key"].as_str().unwrap().to_owned()
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }
}

/// Every operation of the document: method, path, who may call.
fn operations(document: &Value) -> Vec<(Method, String, Decision)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && operation["responses"].is_object()
            {
                all.push((method, path.clone(), Decision::of(operation)));
            }
        }
    }
    all
}

/// The path with something in place of each parameter.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{provider}" => "google".to_owned(),
        part if part.starts_with('{') => NOBODY.to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_key_may_do_what_the_document_says_and_nothing_else() {
    for backend in backends([("METRICS_ADDR", "off"), ("AETHER_RATE_LIMITS", "off")]).await {
        let site = Site::on(backend).await;
        let document = site.call(Method::GET, "/openapi.json", None, None).await.1;
        let operations = operations(&document);
        for scope in Scope::ALL {
            let key = site.key(&[scope]).await;
            for (method, path, decision) in &operations {
                let body = (*method != Method::GET).then(|| json!({}));
                let (status, answer) = site.call(method.clone(), &filled(path), Some(&key), body).await;
                let refused = answer["code"] == "insufficient_scope";
                let context = format!("{method} {path} with {} on {}: {answer}", scope.as_str(), site.name);
                let may = match decision {
                    Decision::Everybody => true,
                    Decision::People => false,
                    Decision::Keys(scopes) => scopes.contains(scope.as_str()),
                };
                assert_eq!((refused, status == 403 && refused), (!may, !may), "{context}");
                if may && *decision != Decision::Everybody {
                    assert!(status != 401 && status < 500, "{context}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_may_only_read_changes_nothing() {
    let site = Site::on(Backend::embedded([("METRICS_ADDR", "off")]).await).await;
    let document = site.call(Method::GET, "/openapi.json", None, None).await.1;
    let (mut open, mut of_the_account) = (0, Vec::new());
    for (method, path, decision) in operations(&document) {
        let Decision::Keys(scopes) = decision else { continue };
        let kind = if method == Method::GET { ":read" } else { ":write" };
        assert!(scopes.iter().all(|scope| scope.ends_with(kind)), "{method} {path}: {scopes:?}");
        open += 1;
        if path.starts_with("/api/auth/") {
            of_the_account.push(format!("{method} {path}"));
        }
    }
    assert_eq!(of_the_account, ["GET /api/auth/profile"]);
    assert!(open > 30, "{open}: does the document name the scopes?");
}

#[tokio::test]
async fn the_realtime_service_forwards_the_key_to_another_process() {
    for backend in backends([("METRICS_ADDR", "off")]).await {
        let site = Site::on(backend).await;
        let port = HttpGenerations::new(site.http.clone(), &format!("{}/api/generate", site.url));
        let nobody: UserId = NOBODY.parse().unwrap();
        let caller = Caller {
            user_id: nobody,
            session_id: SessionId(nobody.0),
            role: Role::User,
            name: "Ana".into(),
            issued_at: 0,
            access: Access::Session,
            key: None,
        };
        let start = || StartGeneration {
            prompt: "a todo app".into(),
            kind: Kind::Code,
            language: None,
            model: None,
            room_id: None,
            parent_id: None,
            client_id: Some("once".into()),
        };
        let reader = site.key(&[Scope::GenerationsRead]).await;
        let refused = port.start(&caller, &reader, start()).await.unwrap_err();
        assert_eq!((refused.status, &*refused.code), (403, "insufficient_scope"), "{}", site.name);
        let writer = site.key(&[Scope::GenerationsWrite]).await;
        let id = port.start(&caller, &writer, start()).await.unwrap();
        assert_eq!(port.start(&caller, &writer, start()).await.unwrap(), id, "the same client id starts one");
        // It is the owner's.
        let path = format!("/api/generate/history/{id}");
        assert_eq!(site.call(Method::GET, &path, Some(&site.owner), None).await.0, 200);
        assert_eq!(site.call(Method::GET, &path, Some(&reader), None).await.0, 200);
        let refused = port.cancel(&caller, &reader, id).await.unwrap_err();
        assert_eq!((refused.status, &*refused.code), (403, "insufficient_scope"));
    }
}
