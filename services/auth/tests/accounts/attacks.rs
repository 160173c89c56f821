//! What an attacker sends, a line a case. Whatever comes, the answer is a problem with a stable code, never a 5xx; all
//! refusals of a token are the same bytes; and the service goes on. The numbers are those of the threat model
//! (docs/security.md); what needs a story of its own has one in the files beside this.

use std::io::Write as _;

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{Answer, App, Held, OK, PASSWORD, apps};

/// A case: what it is, what is sent, and the status and code of the answer.
struct Case {
    name: String,
    request: Request<Body>,
    status: u16,
    code: &'static str,
}

/// Cases are made anew for each backend: they hold its tokens.
struct Cases {
    ana: Held,
    all: Vec<Case>,
}

impl Cases {
    fn send(&mut self, name: impl Into<String>, request: Request<Body>, status: u16, code: &'static str) {
        self.all.push(Case { name: name.into(), request, status, code });
    }

    /// JSON to a path, with Ana's token.
    fn json(&mut self, name: &str, method: &str, path: &str, body: Value, status: u16, code: &'static str) {
        let request =
            json_request(method, path).header("authorization", format!("Bearer {}", self.ana.access));
        self.send(
            format!("{name}: {method} {path} {body}"),
            request.body(body.to_string().into()).unwrap(),
            status,
            code,
        );
    }

    /// A text to a path as if it were JSON.
    fn raw(&mut self, name: &str, path: &str, body: impl Into<Body>, status: u16, code: &'static str) {
        let request = json_request("POST", path).body(body.into()).unwrap();
        self.send(format!("{name} {path}"), request, status, code);
    }

    /// A token that opens nothing.
    fn token(&mut self, name: &str, token: &str, code: &'static str) {
        let header = HeaderValue::from_bytes(format!("Bearer {token}").as_bytes()).unwrap();
        let request = Request::get("/profile").header("authorization", header).body(Body::empty()).unwrap();
        self.send(name, request, 401, code);
    }
}

fn json_request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header("content-type", "application/json")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tokens(cases: &mut Cases) {
    let access = cases.ana.access.clone();
    let parts: Vec<&str> = access.split('.').collect();
    let with_header =
        |json: String, signature: &str| format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(json), parts[1]);
    for algorithm in
        ["none", "None", "nOnE", "NONE", "HS256", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", ""]
    {
        let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": "x"}).to_string();
        cases.token(
            &format!("A01 A03 algorithm {algorithm}"),
            &with_header(header.clone(), ""),
            "unauthorized",
        );
        cases.token(
            &format!("A01 A03 algorithm {algorithm}, signed"),
            &with_header(header, parts[2]),
            "unauthorized",
        );
    }
    for key in ["jku", "x5u", "jwk", "x5c", "crit", "x5t"] {
        let mut header = json!({"alg": "RS256", "typ": "at+jwt", "kid": "x"});
        header[key] = json!("http://127.0.0.1:9/keys");
        cases.token(&format!("A05 header {key}"), &with_header(header.to_string(), parts[2]), "unauthorized");
    }
    for kid in ["../../etc/passwd", "' OR 1=1 --", "", "\u{0}", &"k".repeat(5_000)] {
        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": kid}).to_string();
        cases.token("A05 kid of another kind", &with_header(header, parts[2]), "unauthorized");
    }
    for kind in ["JWT", "jwt", "mfa+jwt", "at+JWT ", ""] {
        let header = json!({"alg": "RS256", "typ": kind, "kid": "x"}).to_string();
        cases.token(&format!("A09 type {kind}"), &with_header(header, parts[2]), "unauthorized");
    }
    let forged = URL_SAFE_NO_PAD.encode(r#"{"role":"admin"}"#);
    cases.token("A15 a role of one's own", &format!("{}.{forged}.{}", parts[0], parts[2]), "unauthorized");
    cases.token("A09 a refresh token", &cases.ana.refresh.clone(), "unauthorized");
    for prefix in ["aep_", "aev_", "aes_", "aer_", "aek_"] {
        cases.token("A09 a token of another kind", &format!("{prefix}{}", "A".repeat(43)), "unauthorized");
    }
    cases.token("A47 half a sign-in", &format!("aem_{}", "A".repeat(43)), "mfa_required");
    for odd in ["", ".", "..", "a.b.c", "%00", "null", &"a".repeat(7_000), &"a.".repeat(3_000)] {
        cases.token("A01 no token at all", odd, "unauthorized");
    }
    let get = || Request::get("/profile");
    let bearer = format!("Bearer {access}");
    let twice = get().header("authorization", &bearer).header("authorization", &bearer);
    cases.send("A11 two headers", twice.body(Body::empty()).unwrap(), 401, "unauthorized");
    for value in [
        format!("Bearer {access} {access}"),
        format!("Bearer Bearer {access}"),
        format!("Bearer {access}, Bearer {access}"),
        format!("Basic {access}"),
        format!("Token {access}"),
        access.clone(),
        "Bearer".into(),
    ] {
        let request = get().header("authorization", value).body(Body::empty()).unwrap();
        cases.send("A11 another form", request, 401, "unauthorized");
    }
    for query in ["access_token", "token", "auth"] {
        let request = Request::get(format!("/profile?{query}={access}")).body(Body::empty()).unwrap();
        cases.send("A11 in the query", request, 401, "unauthorized");
    }
}

fn texts(cases: &mut Cases) {
    let register = |field: &str, value: Value| {
        let mut body = json!({"email": "new@example.com", "password": PASSWORD, "name": "New"});
        body[field] = value;
        body
    };
    let mut account = |name: &str, field: &str, value: Value, code: &'static str| {
        let body = register(field, value).to_string();
        let request = json_request("POST", "/register").body(body.into()).unwrap();
        cases.send(format!("{name} {field}"), request, 422, code);
    };
    for field in
        ["role", "id", "emailVerified", "email_verified", "disabled", "mfaEnabled", "createdAt", "__proto__"]
    {
        account("A15 a field of one's own", field, json!("admin"), "validation_failed");
    }
    for password in
        ["short 9!x", "password1234", "1234567890", "qwertyuiop", "aaaaaaaaaaaaaa", "new@example.com"]
    {
        account("A37 guessable", "password", json!(password), "password_policy");
    }
    for length in [129, 1_000, 100_000, 1_000_000] {
        account(
            "A39 too long",
            "password",
            json!("x7".repeat(length)[..length.min(900_000)]),
            "password_policy",
        );
    }
    for email in [
        "a@b",
        "a",
        "@example.com",
        "a@",
        "a b@example.com",
        "\"a b\"@example.com",
        "a@[127.0.0.1]",
        "а@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com\nX: y",
        "a@exa mple.com",
        "<a@example.com>",
        "a@@example.com",
    ] {
        account("A43 no address", "email", json!(email), "validation_failed");
    }
    account("A43 too long", "email", json!(format!("{}@example.com", "a".repeat(250))), "validation_failed");
    for field in ["email", "name"] {
        account("A51 NUL", field, json!("a\u{0}b@example.com"), "validation_failed");
        for value in [json!(null), json!(7), json!({}), json!([]), json!(true)] {
            account("A54 of another type", field, value, "validation_failed");
        }
    }
    account("A91 escapes of a terminal", "name", json!("a\u{1b}[31mb"), "validation_failed");
    account("A91 more than a line", "name", json!("a\r\nlevel=error"), "validation_failed");
    account("A51 letters that turn round", "name", json!("a\u{202e}b"), "validation_failed");
}

fn bodies(cases: &mut Cases) {
    for path in ["/register", "/login", "/refresh"] {
        for broken in [
            "{",
            "{\"a\":",
            "nul",
            "{} {}",
            "{}x",
            "{\"a\": 1e400x}",
            "\u{feff}{}",
            "{'a': 1}",
            "{\"a\": 01}",
        ] {
            cases.raw("A54 no JSON", path, broken.to_owned(), 400, "malformed_json");
        }
        cases.raw("A54 depth", path, "[".repeat(100_000), 400, "malformed_json");
        cases.raw(
            "A54 depth in a field",
            path,
            format!("{{\"x\": {}", "{\"a\":".repeat(50_000)),
            400,
            "malformed_json",
        );
        cases.raw("A54 an array", path, "[]", 422, "validation_failed");
        let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        cases.raw("A54 UTF-16", path, utf16, 400, "malformed_json");
        cases.raw("A55 not UTF-8", path, b"{\"email\": \"\xff\xfe\"}".to_vec(), 400, "malformed_json");
        cases.raw(
            "A53 too large",
            path,
            format!("{{\"x\": \"{}\"}}", "a".repeat(1024 * 1024)),
            413,
            "body_too_large",
        );
        let bomb = json_request("POST", path).header("content-encoding", "gzip");
        let bomb = bomb.body(gzip(&vec![b' '; 4 * 1024 * 1024]).into()).unwrap();
        cases.send(format!("A53 a gzip bomb {path}"), bomb, 413, "body_too_large");
        for coding in ["br", "deflate", "zstd", "gzip, gzip", "x-unknown"] {
            let request = json_request("POST", path).header("content-encoding", coding);
            let request = request.body("{}".into()).unwrap();
            cases.send(format!("A53 {coding} {path}"), request, 415, "unsupported_content_encoding");
        }
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json; charset=utf-16",
        ] {
            let request = Request::post(path).header("content-type", media_type);
            let request = request.body("{}".into()).unwrap();
            cases.send(format!("A54 as {media_type} {path}"), request, 415, "unsupported_media_type");
        }
    }
    let many = (0..50_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(",");
    cases.raw("A54 many keys", "/login", format!("{{{many},\"x\":1}}"), 422, "validation_failed");
    let twice = r#"{"email": "a@example.com", "email": "b@example.com", "password": "x", "name": "x"}"#;
    cases.raw("A54 a key twice", "/register", twice, 422, "validation_failed");
    cases.raw("A54 a number too great", "/login", r#"{"email": 1e400}"#, 400, "malformed_json");
}

fn places(cases: &mut Cases) {
    let empty =
        |method: &str, uri: &str| Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
    for path in
        ["/nowhere", "/profile/", "/login/x", "/users/../profile", "//profile", "/PROFILE", "/sessions/"]
    {
        cases.send(format!("A57 {path}"), empty("GET", path), 404, "not_found");
    }
    for path in ["/%ff", "/a%00b", "/%", "/%zz", "/%c3%28"] {
        cases.send(format!("A55 {path}"), empty("GET", path), 400, "malformed_path");
    }
    cases.send("A55 in the query", empty("GET", "/profile?a=%ff"), 400, "malformed_query");
    for method in ["TRACE", "CONNECT", "PURGE", "OPTIONS", "DELETE"] {
        cases.send(format!("A57 {method}"), empty(method, "/login"), 405, "method_not_allowed");
    }
    let masked = Request::get("/login").header("x-http-method-override", "POST").body(Body::empty()).unwrap();
    cases.send("A57 an override", masked, 405, "method_not_allowed");
    let header = HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    let odd = Request::get("/profile").header("x-odd", header).body(Body::empty()).unwrap();
    cases.send("A55 in a header", odd, 400, "malformed_header");
    for (name, value) in [("x-user-id", "1"), ("x-forwarded-user", "admin"), ("x-role", "admin")] {
        let request = Request::get("/profile").header(name, value).body(Body::empty()).unwrap();
        cases.send(format!("A60 {name}"), request, 401, "unauthorized");
    }
    let get = |cases: &Cases, path: &str| {
        let request = Request::get(path).header("authorization", format!("Bearer {}", cases.ana.access));
        request.body(Body::empty()).unwrap()
    };
    for query in
        ["limit=0", "limit=-1", "limit=101", "limit=1e9", "limit=x", "limit=", "cursor=x", "cursor=AAAA"]
    {
        let request = get(cases, &format!("/sessions?{query}"));
        cases.send(format!("A69 {query}"), request, 422, "validation_failed");
    }
    for id in ["1", "00000000-0000-0000-0000-000000000000", "%27", "me", &"9".repeat(3_000)] {
        let path = format!("/sessions/{id}");
        let request = Request::delete(path).header("authorization", format!("Bearer {}", cases.ana.access));
        cases.send(
            format!("A69 the session {id:.40}"),
            request.body(Body::empty()).unwrap(),
            404,
            "not_found",
        );
    }
    for body in [
        json!({"role": "admin"}),
        json!({"email": "b@example.com"}),
        json!({"emailVerified": true}),
        json!({"id": "x"}),
    ] {
        cases.json("A15 by the profile", "PUT", "/profile", body, 422, "validation_failed");
    }
    for url in [
        "javascript:alert(1)",
        "http://example.com/a.png",
        "https://127.0.0.1/a.png",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://0x7f000001/",
        "https://localhost/",
        "file:///etc/passwd",
        "//example.com/a.png",
    ] {
        cases.json("A80 a picture", "PUT", "/profile", json!({"avatarUrl": url}), 422, "validation_failed");
    }
    cases.json("A54 preferences", "PUT", "/profile", json!({"preferences": []}), 422, "validation_failed");
    cases.json(
        "A54 preferences",
        "PUT",
        "/profile",
        json!({"preferences": {"a": "b".repeat(17_000)}}),
        422,
        "validation_failed",
    );
}

fn sign_ins(cases: &mut Cases) {
    for (email, password) in [
        ("ana@example.com", "a wrong password"),
        ("nobody@example.com", "a wrong password"),
        ("nobody@example.com", PASSWORD),
        ("ana@example.com", ""),
        ("ana@example.com", "' OR 1=1 --"),
        ("' OR 1=1 --", "x"),
        ("", ""),
        ("ana@example.com\r\nX: y", "x"),
        (&"a".repeat(100_000), "x"),
    ] {
        let body = json!({"email": email, "password": password}).to_string();
        cases.raw("A35 a sign-in", "/login", body, 401, "invalid_credentials");
    }
    for body in [json!({}), json!({"refreshToken": null})] {
        cases.raw("A65 no cookie", "/refresh", body.to_string(), 401, "unauthorized");
    }
    for token in ["", "aer_", "aer_unknown", &"a".repeat(500_000), "aer_\u{202e}"] {
        let body = json!({"refreshToken": token}).to_string();
        cases.raw("A18 a made-up refresh token", "/refresh", body, 401, "unauthorized");
    }
    for origin in
        ["https://evil.example", "null", "http://localhost:8080.evil.example", "http://evil.localhost:8080"]
    {
        let request = json_request("POST", "/refresh")
            .header("origin", origin)
            .header("cookie", "aether_refresh=aer_x");
        cases.send(format!("A63 {origin}"), request.body("{}".into()).unwrap(), 403, "cross_origin");
        let body = json!({"email": "ana@example.com", "password": PASSWORD, "tokenDelivery": "cookie"});
        let request =
            json_request("POST", "/login").header("origin", origin).body(body.to_string().into()).unwrap();
        cases.send(format!("A23 a sign-in from {origin}"), request, 403, "cross_origin");
    }
}

fn second_factors(cases: &mut Cases) {
    let token = format!("aem_{}", "A".repeat(43));
    let odd = [
        "",
        "123456",
        "１２３４５６",
        "٠١٢٣٤٥",
        "12345",
        "-12345",
        "' OR 1=1 --",
        "0000-0000-0000",
        "a\r\nb",
    ];
    for code in odd.into_iter().chain([&*"1".repeat(900_000)]) {
        let body = json!({"mfaToken": token, "code": code}).to_string();
        cases.raw("A45 a code", "/mfa/challenge", body, 401, "invalid_code");
    }
    let long = "a".repeat(500_000);
    for token in ["", "aem_", "aep_x", &*cases.ana.access.clone(), &*cases.ana.refresh.clone(), &*long] {
        let body = json!({"mfaToken": token, "code": "123456"}).to_string();
        cases.raw("A09 A47 another token", "/mfa/challenge", body, 401, "invalid_code");
    }
    for body in [json!({"mfaToken": token, "code": "a\u{0}"}), json!({"mfaToken": [token], "code": "1"})] {
        cases.raw("A54 no code", "/mfa/challenge", body.to_string(), 422, "validation_failed");
    }
    let code = json!({"code": "123456"});
    cases.json("A47 not begun", "POST", "/mfa/totp/verify", code.clone(), 409, "mfa_not_begun");
    cases.json("A45 no second factor", "POST", "/step-up", code, 401, "invalid_code");
    let password = json!({"password": "a wrong password"});
    cases.json("A35 a step-up", "POST", "/step-up", password, 401, "invalid_credentials");
    for body in
        [json!({}), json!({"password": PASSWORD, "code": "1"}), json!({"password": "x".repeat(900_000)})]
    {
        cases.json("A39 A54 a step-up", "POST", "/step-up", body, 422, "validation_failed");
    }
    cases.raw(
        "A47 a step-up of nobody",
        "/step-up",
        json!({"password": PASSWORD}).to_string(),
        401,
        "unauthorized",
    );
}

fn api_keys(cases: &mut Cases) {
    for (name, field, value) in [
        ("A15 a scope of one's own", "scopes", json!(["admin"])),
        ("A15 every scope", "scopes", json!(["*"])),
        ("A15 no scope", "scopes", json!([])),
        ("A54 many scopes", "scopes", json!(vec!["rooms:read"; 50_000])),
        ("A15 somebody else's", "userId", json!("0192f0c1-0000-7000-8000-000000000000")),
        ("A15 a key of one's own", "key", json!("aek_mine")),
        ("A51 NUL", "name", json!("a\u{0}")),
        ("A91 more than a line", "name", json!("a\r\nlevel=error")),
        ("A54 a long name", "name", json!("a".repeat(900_000))),
        ("A54 long ago", "expiresAt", json!("0000-01-01T00:00:00Z")),
        ("A54 far ahead", "expiresAt", json!("+262142-12-31T23:59:59Z")),
        ("A54 no time", "expiresAt", json!("2027-02-30T00:00:00Z")),
    ] {
        let mut body = json!({"name": "a program", "scopes": ["rooms:read"]});
        body[field] = value;
        cases.json(name, "POST", "/api-keys", body, 422, "validation_failed");
    }
    for id in ["1", "00000000-0000-0000-0000-000000000000", "%27", &"9".repeat(3_000)] {
        let path = format!("/api-keys/{id}");
        cases.json("A69 a key", "DELETE", &path, json!({}), 404, "not_found");
    }
}

fn check(case: &str, answer: &Answer, status: u16, code: &str) {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, status, "{case}: {text}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{case}");
    assert_eq!(answer.json()["code"], code, "{case}: {text}");
    for secret in ["SELECT", "sqlx", "panicked", "src/", PASSWORD, "argon2", "access-control-allow-origin"] {
        assert!(!text.contains(secret), "{case}: {text}");
    }
    assert!(text.len() < 4_000, "{case}: {} bytes", text.len());
    assert!(answer.headers.get("access-control-allow-origin").is_none(), "{case}");
    assert!(answer.headers.contains_key("x-request-id"), "{case}");
    if matches!(status, 429 | 503) {
        assert!(answer.headers.contains_key("retry-after"), "{case}");
    }
}

async fn all(app: &App) -> Vec<Case> {
    let mut cases = Cases { ana: app.register("ana@example.com").await, all: Vec::new() };
    tokens(&mut cases);
    texts(&mut cases);
    bodies(&mut cases);
    places(&mut cases);
    sign_ins(&mut cases);
    second_factors(&mut cases);
    api_keys(&mut cases);
    cases.all
}

#[tokio::test]
async fn every_attack_of_the_table_gets_its_answer() {
    for app in apps([]).await {
        let mut refusals: Vec<(String, Value)> = Vec::new();
        for case in all(&app).await {
            let answer = app.send(case.request).await;
            check(&case.name, &answer, case.status, case.code);
            if case.status == 401 && case.code == "unauthorized" && case.name.starts_with(['A']) {
                let mut body = answer.json();
                body["traceId"] = json!("the same");
                // Refresh tokens are asked for by another name.
                if body["detail"].as_str().is_some_and(|detail| detail.contains("access token")) {
                    refusals.push((case.name, body));
                }
            }
        }
        assert!(refusals.len() > 60);
        for (name, body) in &refusals {
            assert_eq!(*body, refusals[0].1, "{name} can be told from {}", refusals[0].0);
        }
        // After all that the service is as it was.
        let login = json!({"email": "ana@example.com", "password": PASSWORD});
        let held = app.post("/login", login).await.expect(OK).held();
        let profile = app.get("/profile", &held.access).await.expect(OK).json();
        assert_eq!(profile["name"], "Ana");
        assert_eq!(profile["emailVerified"], false);
    }
}

/// Every operation that takes a body, as its document says, refuses what is none, with whatever token.
#[tokio::test]
async fn every_operation_refuses_a_body_that_is_none() {
    for app in apps([("AETHER_FIRST_USER_ADMIN", "true")]).await {
        let admin = app.register("admin@example.com").await;
        let document = app.get("/openapi.json", "").await.expect(OK).json();
        let mut asked = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["post", "put", "patch"] {
                if item[method]["requestBody"].is_null() {
                    continue;
                }
                let path = path
                    .replace("{id}", "0192f0c1-0000-7000-8000-000000000000")
                    .replace("{provider}", "google");
                for (name, body) in [
                    ("malformed", "{\"a\":".to_owned()),
                    ("of another shape", "[1, 2]".to_owned()),
                    ("with a field too many", "{\"surely unknown\": 1}".to_owned()),
                    (
                        "with NUL",
                        "{\"email\": \"\\u0000\", \"token\": \"\\u0000\", \"code\": \"\\u0000\"}".to_owned(),
                    ),
                    ("deep", format!("{{\"a\":{}", "[".repeat(20_000))),
                ] {
                    let request = json_request(&method.to_uppercase(), &path)
                        .header("authorization", format!("Bearer {}", admin.access))
                        .body(Body::from(body))
                        .unwrap();
                    let answer = app.send(request).await;
                    let said = String::from_utf8_lossy(&answer.body).into_owned();
                    assert!(
                        matches!(answer.status, 400 | 401 | 404 | 422),
                        "{method} {path} {name}: {} {said}",
                        answer.status
                    );
                    assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
                }
                asked += 1;
            }
        }
        assert!(asked >= 4, "{asked} operations were asked");
    }
}
