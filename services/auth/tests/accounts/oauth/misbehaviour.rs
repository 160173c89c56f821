//! What a provider may say or do that it should not: nobody gets in by it, and nobody hears its words.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::{
    BOTH, Visit,
    fake::{ANA, SECRET, Signer, WORDS},
    refused, stands,
};
use crate::OK;

/// Makes an ID token.
type Forge = Box<dyn Fn(&Signer, &Value) -> Option<String> + Send + Sync>;
/// What stands in the place of an answer, with its name.
type Trouble = (&'static str, fn() -> Response);

fn json_of(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

#[tokio::test]
async fn an_id_token_that_does_not_hold_in_every_point_lets_nobody_in() {
    for stand in stands().await {
        let now = stand.app.clock.clock().now().timestamp();
        let claims = [
            ("another audience", json!({"aud": "another-client"})),
            ("two audiences", json!({"aud": ["aether-client", "another-client"]})),
            ("another party", json!({"aud": ["aether-client", "another"], "azp": "another"})),
            ("another nonce", json!({"nonce": "another"})),
            ("no nonce", json!({"nonce": null})),
            ("another issuer", json!({"iss": "https://evil.example"})),
            ("expired", json!({"exp": now - 3600, "iat": now - 7200})),
            ("from the future", json!({"iat": now + 3600, "exp": now + 7200})),
            ("no subject", json!({"sub": null})),
            ("an empty subject", json!({"sub": ""})),
            ("a long subject", json!({"sub": "s".repeat(256)})),
            ("a subject that the database refuses", json!({"sub": "a\u{0}b"})),
        ];
        for (what, claims) in claims {
            stand.fake.claim(claims);
            let answer = stand.sign_in("google", &ANA).await;
            assert_eq!(answer.problem(), refused(400, "oauth_failed"), "{what}");
        }
        stand.fake.be_honest();

        let unsigned = |algorithm: &'static str| {
            move |_: &Signer, claims: &Value| {
                let header = json!({"alg": algorithm, "typ": "JWT", "kid": "k1"}).to_string();
                let part = |text: String| URL_SAFE_NO_PAD.encode(text);
                Some(format!("{}.{}.", part(header), part(claims.to_string())))
            }
        };
        let tampered = |signer: &Signer, claims: &Value| {
            let token = signer.sign(claims);
            let body = token.split('.').nth(1).unwrap();
            let mut other = claims.clone();
            other["sub"] = json!("2");
            Some(token.replace(body, &URL_SAFE_NO_PAD.encode(other.to_string())))
        };
        let by_secret = |_: &Signer, claims: &Value| {
            let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS256) };
            let key = EncodingKey::from_secret(SECRET.as_bytes());
            Some(jsonwebtoken::encode(&header, claims, &key).unwrap())
        };
        let forged: [(&str, Forge); 9] = [
            ("unsigned", Box::new(unsigned("none"))),
            ("unsigned in other letters", Box::new(unsigned("nOnE"))),
            ("an empty signature", Box::new(unsigned("RS256"))),
            ("signed with our secret", Box::new(by_secret)),
            ("changed after it was signed", Box::new(tampered)),
            ("another key of the same name", Box::new(|_, claims| Some(Signer::new("k1").sign(claims)))),
            ("a key that is not published", Box::new(|signer, claims| Some(signer.sign_as("k9", claims)))),
            ("no token", Box::new(|_, _| None)),
            ("no token's form", Box::new(|_, _| Some("nonsense".into()))),
        ];
        for (what, forge) in forged {
            stand.fake.forge(forge);
            let answer = stand.sign_in("google", &ANA).await;
            assert_eq!(answer.problem(), refused(400, "oauth_failed"), "{what}");
        }
        assert_eq!((stand.count("users").await, stand.count("sessions").await), (0, 0), "{}", stand.name());
        stand.fake.be_honest();
        stand.sign_in("google", &ANA).await.expect(OK);
    }
}

#[tokio::test]
async fn several_audiences_are_good_when_we_are_the_authorized_party() {
    for stand in stands().await {
        stand.fake.claim(json!({"aud": ["another", "aether-client"], "azp": "aether-client"}));
        stand.sign_in("google", &ANA).await.expect(OK);
    }
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_is_refused_without_its_words() {
    for stand in stands().await {
        for provider in BOTH {
            let visit = stand.visit(provider, &ANA).await;
            let guessed = Visit { code: "guessed".into(), ..visit.clone() };
            let answer = stand.finish(provider, &guessed).await;
            assert_eq!(answer.problem(), refused(400, "oauth_failed"), "{provider}");
            assert!(!String::from_utf8_lossy(&answer.body).contains(WORDS));
            // Somebody else's code: it was not asked for with this browser's challenge.
            let (mine, theirs) = (stand.visit(provider, &ANA).await, stand.visit(provider, &ANA).await);
            let stolen = Visit { code: theirs.code, ..mine };
            assert_eq!(stand.finish(provider, &stolen).await.problem(), refused(400, "oauth_failed"));
        }
        assert_eq!(stand.count("users").await, 0);
    }
}

#[tokio::test]
async fn a_provider_in_trouble_is_said_to_be_and_asked_again_later() {
    for stand in stands().await {
        let trouble: [Trouble; 8] = [
            ("500", || (StatusCode::INTERNAL_SERVER_ERROR, WORDS).into_response()),
            ("503", || (StatusCode::SERVICE_UNAVAILABLE, WORDS).into_response()),
            ("429", || (StatusCode::TOO_MANY_REQUESTS, WORDS).into_response()),
            ("a page", || (StatusCode::OK, [("content-type", "text/html")], WORDS).into_response()),
            ("nothing", || StatusCode::OK.into_response()),
            ("no JSON", || ([("content-type", "application/json")], WORDS).into_response()),
            ("other JSON", || json_of(&json!({"words": WORDS}))),
            ("a huge answer", || {
                json_of(&json!({"access_token": "x".repeat(1_000_000), "token_type": "bearer"}))
            }),
        ];
        let places = [
            ("google", "/google/token"),
            ("google", "/google/jwks"),
            ("github", "/github/token"),
            ("github", "/github/user"),
            ("github", "/github/user/emails"),
        ];
        for (provider, path) in places {
            for (what, make) in trouble {
                stand.fake.answer(path, make);
                let answer = stand.sign_in(provider, &ANA).await;
                assert_eq!(answer.problem(), refused(503, "provider_unavailable"), "{what} at {path}");
                assert_eq!(answer.headers["retry-after"], "5", "{what} at {path}");
                assert!(!String::from_utf8_lossy(&answer.body).contains(WORDS), "{what} at {path}");
                // Keys are asked for again after a second.
                stand.app.clock.advance(TimeDelta::seconds(1));
            }
            stand.fake.be_honest();
        }
        assert_eq!(stand.count("users").await, 0);
        stand.sign_in("google", &ANA).await.expect(OK);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for_without_end() {
    let stands = stands().await;
    futures::future::join_all(stands.iter().map(async |stand| {
        // It takes the connection and says nothing.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut deps = stand.app.backend.deps.clone();
        let mut settings = (*deps.settings).clone();
        let github = settings.oauth.github.as_mut().unwrap();
        github.token_url = format!("http://{}/token", listener.local_addr().unwrap()).parse().unwrap();
        deps.settings = settings.into();
        let service = aether_auth::build(&deps).await.unwrap().service;
        let router = aether_boot::serve::stand_alone(service, &deps).unwrap();
        let visit = stand.visit("github", &ANA).await;
        let body = json!({"code": visit.code, "state": visit.state}).to_string();
        let request = crate::post("/oauth/github")
            .header("cookie", visit.cookie)
            .body(axum::body::Body::from(body))
            .unwrap();
        let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
        assert_eq!(answer.status(), 503, "{}", stand.name());
        assert!(answer.headers().contains_key("retry-after"));
    }))
    .await;
}

#[tokio::test]
async fn no_provider_can_send_us_to_an_address_inside() {
    for stand in stands().await {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = format!("http://{}/secrets", listener.local_addr().unwrap());
        let heard = Arc::new(AtomicUsize::new(0));
        let tasks = TaskTracker::new();
        let count = heard.clone();
        tasks.spawn(async move {
            while listener.accept().await.is_ok() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        for (provider, path) in [
            ("google", "/google/token"),
            ("google", "/google/jwks"),
            ("github", "/github/token"),
            ("github", "/github/user"),
            ("github", "/github/user/emails"),
        ] {
            for status in [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT]
            {
                let to = inside.clone();
                stand.fake.answer(path, move || (status, [("location", to.clone())]).into_response());
                let answer = stand.sign_in(provider, &ANA).await;
                assert_eq!(answer.problem(), refused(503, "provider_unavailable"), "{status} at {path}");
                stand.app.clock.advance(TimeDelta::seconds(1));
            }
            stand.fake.be_honest();
        }
        assert_eq!(heard.load(Ordering::Relaxed), 0, "{}", stand.name());
    }
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_the_provider_has_new_ones() {
    for stand in stands().await {
        let fetched = || stand.fake.calls("/google/jwks");
        for _ in 0..3 {
            stand.sign_in("google", &ANA).await.expect(OK);
        }
        assert_eq!(fetched(), 1, "{}", stand.name());
        // Tokens with made-up key names do not make us ask again and again.
        for n in 0..20 {
            stand.fake.forge(move |signer, claims| Some(signer.sign_as(&format!("made-up-{n}"), claims)));
            if n == 10 {
                stand.app.clock.advance(TimeDelta::seconds(31));
            }
            assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(400, "oauth_failed"));
        }
        assert_eq!(fetched(), 2, "{}", stand.name());
        stand.fake.be_honest();
        stand.fake.rotate("k2");
        assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(400, "oauth_failed"));
        stand.app.clock.advance(TimeDelta::seconds(30));
        stand.sign_in("google", &ANA).await.expect(OK);
        assert_eq!(fetched(), 3);
        // A key that was withdrawn is forgotten within the hour.
        stand.app.clock.advance(TimeDelta::minutes(61));
        stand.sign_in("google", &ANA).await.expect(OK);
        assert_eq!(fetched(), 4);
    }
}

#[tokio::test]
async fn keys_stay_good_for_a_day_while_their_place_is_down() {
    for stand in stands().await {
        stand.sign_in("google", &ANA).await.expect(OK);
        stand.fake.answer("/google/jwks", || StatusCode::INTERNAL_SERVER_ERROR.into_response());
        stand.app.clock.advance(TimeDelta::hours(23));
        stand.sign_in("google", &ANA).await.expect(OK);
        stand.app.clock.advance(TimeDelta::hours(2));
        assert_eq!(stand.sign_in("google", &ANA).await.problem(), refused(503, "provider_unavailable"));
        stand.fake.be_honest();
        stand.app.clock.advance(TimeDelta::seconds(1));
        stand.sign_in("google", &ANA).await.expect(OK);
    }
}

#[tokio::test]
async fn the_userinfo_endpoint_is_asked_for_a_missing_address_and_must_speak_of_the_same_person() {
    for stand in stands().await {
        stand.sign_in("google", &ANA).await.expect(OK);
        assert_eq!(stand.fake.calls("/google/userinfo"), 0);
        stand.fake.claim(json!({"email": null, "name": null, "sub": "7"}));
        let of_another = stand.sign_in("google", &ANA).await;
        assert_eq!(of_another.problem(), refused(400, "oauth_failed"));
        stand.fake.answer("/google/userinfo", || {
            json_of(&json!({"sub": "7", "email": "info@example.com", "email_verified": true, "name": "Info"}))
        });
        let user = stand.sign_in("google", &ANA).await.expect(OK).json()["user"].clone();
        assert_eq!((&user["email"], &user["name"]), (&json!("info@example.com"), &json!("Info")));
    }
}
