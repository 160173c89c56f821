//! Who may call.

use std::sync::Arc;

use aether_common::{
    clock::ManualClock,
    id::{SessionId, UserId},
    jwt::{AUDIENCE, Claims, JwkSet, SigningKey, StaticKeys, Verifier},
    model::user::Role,
};
use aether_web::{
    auth::{Admin, Caller},
    extract::Json,
};
use axum::{Router, routing};
use chrono::{DateTime, TimeDelta};
use uuid::Uuid;

use crate::{Answer, edge, get, send};

const ISSUER: &str = "http://localhost:8080";

struct Case {
    router: Router,
    key: SigningKey,
    clock: ManualClock,
}

impl Case {
    fn new() -> Self {
        let key = SigningKey::generate("k1".into()).unwrap();
        let clock = ManualClock::new(DateTime::from_timestamp(1_000_000, 0).unwrap());
        let keys = StaticKeys::new(&JwkSet { keys: vec![key.jwk().clone()] });
        let verifier = Verifier::new(Arc::new(keys), ISSUER, clock.clock());
        let router = Router::new()
            .route("/me", routing::get(async |caller: Caller| Json(caller.name)))
            .route("/maybe", routing::get(async |caller: Option<Caller>| Json(caller.is_some())))
            .route("/admin", routing::get(async |Admin(caller): Admin| Json(caller.user_id)))
            .with_state(verifier);
        Self { router: edge(router), key, clock }
    }

    fn token(&self, role: Role) -> String {
        let claims = Claims {
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
            sub: UserId(Uuid::nil()),
            sid: SessionId(Uuid::nil()),
            role,
            name: "Ana".into(),
            iat: 1_000_000,
            exp: 1_000_900,
            jti: Uuid::nil(),
        };
        self.key.sign(&claims).unwrap()
    }

    async fn ask(&self, path: &str, authorization: &[&str]) -> Answer {
        let mut request = get(path);
        for value in authorization {
            request = request.header("authorization", *value);
        }
        send(&self.router, request.body("".into()).unwrap()).await
    }
}

#[tokio::test]
async fn a_good_token_is_let_in() {
    let case = Case::new();
    let token = case.token(Role::User);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(case.ask("/me", &[&format!("{scheme} {token}")]).await.json(), "Ana");
    }
}

#[tokio::test]
async fn every_refusal_has_the_same_bytes() {
    let case = Case::new();
    let token = case.token(Role::User);
    let bearer = format!("Bearer {token}");
    let answers = [
        case.ask("/me", &[]).await,
        case.ask("/me", &["Bearer "]).await,
        case.ask("/me", &["Bearer"]).await,
        case.ask("/me", &[&format!("Basic {token}")]).await,
        case.ask("/me", &[&token]).await,
        case.ask("/me", &[&format!("Bearer Bearer {token}")]).await,
        case.ask("/me", &[&format!("{bearer}, {bearer}")]).await,
        case.ask("/me", &[&bearer, &bearer]).await,
        case.ask("/me", &["Bearer a.b.c"]).await,
        case.ask("/me", &["Bearer aek_0123456789"]).await,
        case.ask(&format!("/me?token={token}&access_token={token}"), &[]).await,
        case.ask("/me", &[&format!("Bearer {}", "a".repeat(10_000))]).await,
        case.ask("/maybe", &["Bearer a.b.c"]).await,
    ];
    let mut bodies: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            let mut body = answer.json();
            body["traceId"] = "same".into();
            body.to_string()
        })
        .collect();
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_token_ends() {
    let case = Case::new();
    let bearer = format!("Bearer {}", case.token(Role::User));
    case.clock.advance(TimeDelta::minutes(16));
    assert_eq!(case.ask("/me", &[&bearer]).await.status, 401);
}

#[tokio::test]
async fn an_optional_caller_may_be_absent() {
    let case = Case::new();
    assert_eq!(case.ask("/maybe", &[]).await.json(), false);
    assert_eq!(case.ask("/maybe", &[&format!("Bearer {}", case.token(Role::User))]).await.json(), true);
}

#[tokio::test]
async fn only_an_admin_is_an_admin() {
    let case = Case::new();
    assert_eq!(case.ask("/admin", &[]).await.status, 401);
    let user = case.ask("/admin", &[&format!("Bearer {}", case.token(Role::User))]).await;
    assert_eq!((user.status.as_u16(), &*user.code()), (403, "forbidden"));
    assert_eq!(case.ask("/admin", &[&format!("Bearer {}", case.token(Role::Admin))]).await.status, 200);
}
