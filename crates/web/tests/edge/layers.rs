//! What every answer carries, and what no request can do.

use std::{net::SocketAddr, time::Duration};

use aether_web::{
    client_ip::ClientIp,
    context,
    extract::Json,
    layers::{EdgeConfig, layers, timed},
};
use axum::{Router, extract::ConnectInfo, http::Request, routing};

use crate::{Answer, config, edge, get, send};

async fn boom() -> Json<u8> {
    panic!("secret words of a panic")
}

fn router() -> Router {
    edge(
        Router::new()
            .route("/", routing::get(async || Json(context::traceparent())).post(async || "posted"))
            .route("/boom", routing::get(boom))
            .route("/ip", routing::get(async |ip: ClientIp| Json(ip.0.to_string())))
            .route(
                "/page",
                routing::get(async || {
                    ([("content-security-policy", "default-src 'self'; frame-ancestors 'self'")], "page")
                }),
            )
            .route("/open", routing::get(async || ([("access-control-allow-origin", "*")], "open"))),
    )
}

async fn with(path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(&router(), request.body("".into()).unwrap()).await
}

#[tokio::test]
async fn a_request_has_an_id_and_a_trace() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let answer = with("/", &[("x-request-id", "mine"), ("traceparent", &parent)]).await;
    assert_eq!(answer.headers["x-request-id"], "mine");
    assert!(answer.json().as_str().unwrap().starts_with(&format!("00-{trace}-")));

    let problem = with("/nowhere", &[("traceparent", &parent)]).await;
    assert_eq!(problem.json()["traceId"], trace);
    assert_eq!(problem.headers["x-request-id"].len(), 32);
}

#[tokio::test]
async fn a_panic_is_a_500_problem_without_its_words() {
    let answer = with("/boom", &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (500, "internal"));
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn a_wrong_method_is_405_with_allow() {
    for method in ["DELETE", "TRACE", "PUT", "INVENTED"] {
        let request = Request::builder().method(method).uri("/").header("x-http-method-override", "GET");
        let answer = send(&router(), request.body("".into()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (405, "method_not_allowed"), "{method}");
        assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
    }
}

#[tokio::test]
async fn a_header_that_is_not_utf8_is_400() {
    let request = get("/").header("x-anything", axum::http::HeaderValue::from_bytes(b"a\xffb").unwrap());
    let answer = send(&router(), request.body("".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (400, "malformed_header"));
}

#[tokio::test]
async fn a_slow_handler_is_cut_off_where_the_route_says_so() {
    let slow = Router::new().route("/slow", routing::get(std::future::pending::<()>));
    let answer =
        send(&edge(timed(slow, Duration::from_millis(5))), get("/slow").body("".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &*answer.code()), (503, "timeout"));
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn our_origins_may_call_with_credentials() {
    for origin in ["https://app.example.com", "http://localhost:8080"] {
        let answer = with("/", &[("origin", origin)]).await;
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        assert_eq!(answer.headers["access-control-allow-credentials"], "true");
        assert_eq!(answer.headers["vary"], "Origin");
    }
    let preflight = Request::options("/")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "POST");
    let answer = send(&router(), preflight.body("".into()).unwrap()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example.com");
    assert!(answer.headers["access-control-allow-headers"].to_str().unwrap().contains("Authorization"));
}

#[tokio::test]
async fn other_origins_get_no_cors_header_at_all() {
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "http://localhost:80800",
    ] {
        for method in ["GET", "OPTIONS"] {
            let request = Request::builder()
                .method(method)
                .uri("/")
                .header("origin", origin)
                .header("access-control-request-method", "POST");
            let answer = send(&router(), request.body("".into()).unwrap()).await;
            let names: Vec<_> =
                answer.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
            assert!(names.is_empty(), "{origin} {method}: {names:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_opens_itself_never_gets_credentials() {
    let answer = with("/open", &[("origin", "https://app.example.com")]).await;
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn answers_are_strict_unless_they_bring_their_own_headers() {
    let answer = with("/", &[]).await;
    assert_eq!(answer.headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(answer.headers["x-frame-options"], "DENY");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(!answer.headers.contains_key("strict-transport-security"));

    let page = with("/page", &[]).await;
    assert_eq!(page.headers["content-security-policy"], "default-src 'self'; frame-ancestors 'self'");
    assert!(!page.headers.contains_key("x-frame-options"));
}

#[tokio::test]
async fn hsts_only_where_the_public_url_is_https() {
    let config = EdgeConfig { public_url: "https://aether.example".parse().unwrap(), ..config() };
    let router = layers(Router::new().route("/", routing::get(async || "x")), &config);
    let answer = send(&router, get("/").body("".into()).unwrap()).await;
    assert!(answer.headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="));
}

#[tokio::test]
async fn the_clients_address_comes_from_a_trusted_proxy_alone() {
    let ask = async |peer: &str| {
        let mut request =
            get("/ip").header("x-forwarded-for", "1.2.3.4, 203.0.113.9").body("".into()).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        send(&router(), request).await.json()
    };
    assert_eq!(ask("10.1.1.1:5").await, "203.0.113.9");
    assert_eq!(ask("198.51.100.7:5").await, "198.51.100.7");
}
