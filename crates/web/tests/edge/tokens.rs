//! Forged, altered and misused access tokens: each is refused with the same bytes, and nobody is called because of what
//! stands in one.

use std::sync::Arc;

use aether_common::{
    clock::ManualClock,
    jwt::{SigningKey, Verifier},
};
use aether_web::{auth::Caller, extract::Json};
use axum::{Router, routing};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{edge, get, keys::Endpoint, send};

const ISSUER: &str = "http://localhost:8080";
const NOW: i64 = 1_000_000;
const ID: &str = "0190aaaa-0000-7000-8000-000000000000";

struct Case {
    router: Router,
    endpoint: Endpoint,
    key: SigningKey,
}

impl Case {
    async fn new() -> Self {
        let key = SigningKey::generate("k1".into()).unwrap();
        let clock = ManualClock::new(DateTime::from_timestamp(NOW, 0).unwrap());
        let endpoint = Endpoint::start().await;
        endpoint.publish(&[&key]);
        let verifier = Verifier::new(Arc::new(endpoint.keys(&clock)), ISSUER, clock.clock());
        let router = Router::new()
            .route("/me", routing::get(async |caller: Caller| Json(caller.name)))
            .with_state(verifier);
        Self { router: edge(router), endpoint, key }
    }

    /// The status, and the body without what is different each time.
    async fn ask(&self, token: &str) -> (u16, String) {
        let request = get("/me").header("authorization", format!("Bearer {token}"));
        let answer = send(&self.router, request.body("".into()).unwrap()).await;
        let mut body = answer.json();
        if answer.status != 200 {
            body["traceId"] = "same".into();
        }
        (answer.status.as_u16(), body.to_string())
    }
}

fn encoding(key: &SigningKey) -> EncodingKey {
    EncodingKey::from_rsa_pem(key.pem().expose_secret().as_bytes()).unwrap()
}

fn signed(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "aether", "sub": ID, "sid": ID, "role": "user", "name": "Ana",
        "iat": NOW, "exp": NOW + 900, "jti": ID,
    })
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1"})
}

/// With these members put in, or taken out where they are null.
fn with(mut object: Value, changes: &Value) -> String {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = value.clone();
        }
    }
    object.to_string()
}

#[tokio::test]
async fn only_an_access_token_of_ours_is_taken() {
    let (case, thief) = (Case::new().await, Endpoint::start().await);
    let stranger = SigningKey::generate("k1".into()).unwrap();
    thief.publish(&[&stranger]);
    let theirs = format!("http://{}/.well-known/jwks.json", thief.address);
    let (ours, stolen) = (encoding(&case.key), encoding(&stranger));
    let (good_header, good_claims) = (header().to_string(), claims().to_string());
    let good = signed(&good_header, &good_claims, &ours, Algorithm::RS256);
    assert_eq!(case.ask(&good).await, (200, "\"Ana\"".into()));
    let [head, body, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();

    let mut table: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| table.push((name.to_owned(), token));

    // A01: no algorithm.
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        let unsigned = URL_SAFE_NO_PAD.encode(with(header(), &json!({"alg": alg})));
        add("A01 no signature", format!("{unsigned}.{body}."));
        add("A01 a signature all the same", format!("{unsigned}.{body}.{signature}"));
    }
    // A03: every algorithm but ours, with a valid key of ours, and with the public half as a secret.
    for (word, algorithm) in [
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS512", Algorithm::PS512),
    ] {
        let named = with(header(), &json!({"alg": word}));
        add("A03 another algorithm", signed(&named, &good_claims, &ours, algorithm));
        add("A03 another than it says", signed(&good_header, &good_claims, &ours, algorithm));
    }
    for word in ["ES256", "EdDSA", "rs256", "RS256 ", "RS1", "HS256"] {
        let named = with(header(), &json!({"alg": word}));
        add("A03 named otherwise", signed(&named, &good_claims, &ours, Algorithm::RS256));
    }
    let jwk = serde_json::to_string(case.key.jwk()).unwrap();
    for public in [&case.key.jwk().n, &jwk] {
        let secret = EncodingKey::from_secret(public.as_bytes());
        let named = with(header(), &json!({"alg": "HS256"}));
        add("A03 the public half as a secret", signed(&named, &good_claims, &secret, Algorithm::HS256));
    }
    // A05: the header brings its own key, or says where one is.
    for extra in [
        json!({"jku": theirs}),
        json!({"x5u": theirs}),
        json!({"kid": theirs}),
        json!({"jwk": stranger.jwk()}),
        json!({"x5c": [STANDARD.encode("certificate")]}),
        json!({"x5t": "AAAA", "x5t#S256": "AAAA"}),
        json!({"kid": "k1", "jku": format!("{ISSUER}@{}", thief.address)}),
    ] {
        let named = with(header(), &extra);
        add("A05 their key", signed(&named, &good_claims, &stolen, Algorithm::RS256));
        add("A05 our key", signed(&named, &good_claims, &ours, Algorithm::RS256));
    }
    add("A05 their key under our name", signed(&good_header, &good_claims, &stolen, Algorithm::RS256));
    // What must be understood, and what says two things.
    for extra in [
        json!({"crit": []}),
        json!({"crit": ["exp"]}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"b64": false}),
        json!({"zip": "DEF"}),
        json!({"cty": "JWT"}),
        json!({"enc": "A128GCM"}),
    ] {
        add("crit and its like", signed(&with(header(), &extra), &good_claims, &ours, Algorithm::RS256));
    }
    for twice in [
        r#"{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"k1"}"#,
        r#"{"alg":"RS256","alg":"none","typ":"at+jwt","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"at+jwt","kid":"k2","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"JWT","typ":"at+jwt","kid":"k1"}"#,
        r#"{"alg":"RS256","typ":"at+jwt","kid":"k1"}{}"#,
        r#"["RS256","at+jwt","k1"]"#,
        "null",
        "",
    ] {
        add("a header that says two things", signed(twice, &good_claims, &ours, Algorithm::RS256));
    }
    let open = good_claims.trim_end_matches('}');
    for (name, value) in [("exp", "9999999999"), ("sub", &format!("\"{ID}\"")), ("role", "\"admin\"")] {
        let twice = format!("{open},\"{name}\":{value}}}");
        add("claims that say two things", signed(&good_header, &twice, &ours, Algorithm::RS256));
    }
    // The name of the key.
    for kid in [json!(null), json!(1), json!(["k1"]), json!({}), json!(""), json!("K1"), json!("k1\u{0}")] {
        let named = if kid.is_null() {
            with(header(), &json!({"kid": null}))
        } else {
            with(header(), &json!({ "kid": kid }))
        };
        add("kid", signed(&named, &good_claims, &ours, Algorithm::RS256));
    }
    for kid in ["../../../etc/passwd", "' OR 1=1 --", "made-up", &"k".repeat(4_000)] {
        let named = with(header(), &json!({ "kid": kid }));
        add("a made-up kid", signed(&named, &good_claims, &ours, Algorithm::RS256));
    }
    // A09: a token of another type.
    for typ in
        [json!(null), json!("JWT"), json!("jwt"), json!("refresh+jwt"), json!("AT+JWT"), json!("logout+jwt")]
    {
        let named = with(header(), &json!({ "typ": typ }));
        add("A09 typ", signed(&named, &good_claims, &ours, Algorithm::RS256));
    }
    for prefix in ["aer_", "aep_", "aev_", "aes_", "aek_"] {
        add("A09 another token of ours", format!("{prefix}{signature}"));
    }
    // A07 and its neighbours: times, issuer, audience, and what is missing or of another form.
    for changes in [
        json!({"nbf": NOW + 3600}),
        json!({"iat": NOW + 3600, "exp": NOW + 4500}),
        json!({"exp": NOW - 10}),
        json!({"exp": NOW - 5}),
        json!({"exp": -1}),
        json!({"exp": i64::MIN}),
        json!({"exp": "9999999999"}),
        json!({"exp": 1e300}),
        json!({"exp": null}),
        json!({"iat": null}),
        json!({"iat": i64::MAX}),
        json!({"iss": null}),
        json!({"iss": format!("{ISSUER}/")}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": [ISSUER]}),
        json!({"aud": null}),
        json!({"aud": "other"}),
        json!({"aud": ["aether", "other"]}),
        json!({"aud": []}),
        json!({"sub": null}),
        json!({"sub": "root"}),
        json!({"sid": null}),
        json!({"role": "root"}),
        json!({"role": null}),
        json!({"jti": null}),
    ] {
        add("A07 claims", signed(&good_header, &with(claims(), &changes), &ours, Algorithm::RS256));
    }
    // Altered, cut, joined, and in another form.
    let admin = URL_SAFE_NO_PAD.encode(with(claims(), &json!({"role": "admin"})));
    let other = signed(&good_header, &with(claims(), &json!({"name": "Eve"})), &ours, Algorithm::RS256);
    let other = other.rsplit('.').next().unwrap();
    for token in [
        format!("{head}.{admin}.{signature}"),
        format!("{head}.{body}.{other}"),
        format!("{head}.{body}.{}", &signature[..signature.len() - 4]),
        format!("{head}.{body}.{signature}AAAA"),
        format!("{head}.{body}.{signature}=="),
        format!("{head}=.{body}.{signature}"),
        format!("{head}.{body}.{signature}."),
        format!("{head}.{body}.{signature}.{signature}"),
        format!("{head}..{body}..{signature}"),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!(".{body}.{signature}"),
        format!("{head}..{signature}"),
        format!("{head}.{body}.{signature}.x.y"),
        format!("{head}.{body}.{}", signature.replace(['-', '_'], "+")),
        format!("{{\"payload\":\"{body}\"}}"),
        "..".into(),
        ".".into(),
        "a.b.c".into(),
        format!("{head}.{body}.{}", "A".repeat(8_192)),
        "A".repeat(8_192),
    ] {
        add("the form", token);
    }

    let (status, refusal) = case.ask("a.b.c").await;
    assert_eq!(status, 401);
    for (name, token) in &table {
        let (status, body) = case.ask(token).await;
        assert_eq!((status, &body), (401, &refusal), "{name}: {token}");
    }
    assert_eq!(thief.asked(), 0, "an address in a header is never followed");
    // One load, for all the names that were made up.
    assert_eq!(case.endpoint.asked(), 1);
    assert_eq!(case.ask(&good).await.0, 200);
    assert!(table.len() > 120, "{}", table.len());
}
