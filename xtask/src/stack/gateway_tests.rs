//! What `gateway/nginx.conf` promises, shown on a real nginx before three stub services that answer
//! with the request as they saw it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use super::nginx::{self, Gateway};
use super::supervisor::Supervisor;
use crate::ports;

struct Fixture {
    port: u16,
    /// Ends nginx when it goes.
    _supervisor: Supervisor,
}

/// nginx before stubs named `auth`, `generation` and `realtime`, with pages made here.
fn fixture() -> Fixture {
    let mut supervisor = Supervisor::new("gateway").unwrap();
    let pages = supervisor.dir().join("pages");
    fs::create_dir_all(pages.join("assets")).unwrap();
    fs::write(pages.join("index.html"), "<!doctype html>the page").unwrap();
    fs::write(pages.join("assets/app-1a2b.js"), "export {}").unwrap();
    fs::write(pages.join("favicon.svg"), "<svg/>").unwrap();
    let port = ports::free().unwrap();
    let gateway = Gateway {
        port,
        auth: &[stub("auth")],
        generation: &[stub("generation")],
        realtime: &[stub("realtime"), stub("realtime")],
        pages: &pages,
    };
    nginx::start(&mut supervisor, &gateway).expect("nginx must be installed for the gateway's tests");
    supervisor.wait_ready(nginx::NAME, port, "/", Duration::from_secs(20)).unwrap();
    Fixture { port, _supervisor: supervisor }
}

/// A service that answers with its name, the request line and the headers it got.
fn stub(name: &'static str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(name, stream));
        }
    });
    port
}

fn serve(name: &str, mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        std::io::copy(&mut (&mut reader).take(length.unwrap_or(0)), &mut std::io::sink()).ok()?;
        if head.starts_with("GET /die ") {
            return None;
        }
        if head.to_lowercase().contains("upgrade: websocket") {
            write!(
                stream,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n{name}"
            )
            .ok()?;
            // Keeps the socket open until the other side has enough.
            let _ = reader.read(&mut [0; 1]);
            return None;
        }
        if head.starts_with("GET /history/1/events ") {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            .and_then(|()| write!(stream, "7\r\n: one\n\n\r\n"))
            .ok()?;
            let _ = reader.read(&mut [0; 1]);
            return None;
        }
        let body = format!("{name}\n{head}");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nX-Request-Id: seen\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
    }
}

impl Fixture {
    fn send(&self, raw: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(raw.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A refused body may end in a reset; what came before it counts.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        self.get_with(path, "")
    }

    fn get_with(&self, path: &str, headers: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: a.example:8080\r\n{headers}Connection: close\r\n\r\n"
        ))
    }
}

fn assert_problem(answer: &str, status: u16, code: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(head.contains("Content-Type: application/problem+json"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["code"], code);
    assert!(head.contains(&format!("X-Request-Id: {}", body["traceId"].as_str().unwrap())), "{answer}");
}

#[test]
fn each_prefix_reaches_its_service_and_is_stripped_where_the_contract_says() {
    let gateway = fixture();
    for (path, service, seen) in [
        ("/api/auth/login?x=%2F", "auth", "/login?x=%2F"),
        ("/api/auth/.well-known/jwks.json", "auth", "/.well-known/jwks.json"),
        ("/api/generate/history/1", "generation", "/history/1"),
        ("/api/generate/history/1/files/src%2Fa.ts", "generation", "/history/1/files/src%2Fa.ts"),
        ("/api/generate/uploads", "generation", "/uploads"),
        ("/api/live/abc/tasks?a=b", "generation", "/api/live/abc/tasks?a=b"),
        ("/api/rooms", "realtime", "/api/rooms"),
        ("/api/rooms?limit=2", "realtime", "/api/rooms?limit=2"),
        ("/api/rooms/1/messages", "realtime", "/api/rooms/1/messages"),
        ("/api/realtime/health", "realtime", "/health"),
        ("/socket.io/?EIO=4&transport=polling", "realtime", "/socket.io/?EIO=4&transport=polling"),
        ("/health", "generation", "/health"),
    ] {
        let answer = gateway.get(path);
        assert!(answer.contains(&format!("\r\n\r\n{service}\nGET {seen} HTTP/1.1\r\n")), "{path}: {answer}");
    }
    for path in ["/api/auth", "/api/generate", "/api/live", "/api/nothing", "/socket.io"] {
        assert_problem(&gateway.get(path), 404, "not_found");
    }
}

#[test]
fn no_spelling_of_a_path_reaches_another_services_route() {
    let gateway = fixture();
    for path in [
        "/api/auth/../generate/history",
        "/api/auth/..%2fgenerate/history",
        "/api/auth/%2e%2e/generate/history",
        "/api/auth/%252e%252e/generate/history",
        "/api/auth%2flogin",
        "/api//auth/login",
        "//api/auth/login",
        "/api/auth/login%00",
        "/api/auth/login;x=1",
        "/api/auth/..;/generate/history",
        "/api/auth/.",
        "/api/%61uth/login",
        "/%61pi/auth/login",
        "/api/auth\\login",
        "/api/auth/%5c..%5cx",
        "/api/generate/history/1/files/..%2f..%2f..%2fusers",
        "/api/generate/history/1/files/a%2f%2e%2e%2fb",
        "/../etc/passwd",
    ] {
        let answer = gateway.get(path);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
        assert_problem(&answer, 400, "bad_request");
    }
}

#[test]
fn services_hear_the_gateways_word_on_the_client_not_the_clients() {
    let gateway = fixture();
    let forged = "X-Forwarded-For: 9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nX-User-Id: 1\r\n\
                  X-User-Role: admin\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer t\r\n\
                  traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
                  X-Request-Id: mine-1\r\n";
    let answer = gateway.get_with("/api/auth/profile", forged);
    let seen = answer.split_once("auth\nGET").unwrap().1.to_lowercase();
    assert!(!seen.contains("9.9.9.9") && !seen.contains("x-user") && !seen.contains("https"), "{seen}");
    for header in [
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-forwarded-proto: http\r\n",
        "host: a.example:8080\r\n",
        "authorization: bearer t\r\n",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
        "x-request-id: mine-1\r\n",
    ] {
        assert!(seen.contains(header), "{header} in {seen}");
    }
    // However often it is said and in whatever form: limits count by what the gateway says.
    let hundred = vec!["9.9.9.9"; 100].join(", ");
    let forged = format!(
        "X-Forwarded-For: {hundred}\r\nx-forwarded-for: 2001:db8::9\r\nX-Forwarded-For: 127.0.0.1, 9.9.9.9\r\n\
         X_Forwarded_For: 9.9.9.9\r\nForwarded: for=\"[2001:db8::9]\"\r\n"
    );
    for path in
        ["/api/auth/login", "/api/generate/ui", "/api/generate/uploads", "/api/rooms", "/socket.io/?EIO=4"]
    {
        let seen = gateway.get_with(path, &forged).to_lowercase();
        assert_eq!(seen.matches("forwarded-for: ").count(), 1, "{path}: {seen}");
        assert!(seen.contains("x-forwarded-for: 127.0.0.1\r\n"), "{path}: {seen}");
        assert!(!seen.contains("9.9.9.9") && !seen.contains("2001:db8"), "{path}: {seen}");
    }
    // One id on the answer, the service's own; a bad one from the client is replaced.
    assert_eq!(answer.matches("X-Request-Id: ").count() - 1, 1, "{answer}");
    let answer = gateway.get_with("/api/auth/profile", "X-Request-Id: a\"b\r\n").to_lowercase();
    assert!(!answer.contains("a\"b"), "{answer}");
}

#[test]
fn a_body_too_large_and_a_dead_service_are_problems() {
    let gateway = fixture();
    let post = |path: &str, length: usize| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        gateway.send(&(head + &"x".repeat(length)))
    };
    assert!(post("/api/auth/login", 1024 * 1024).starts_with("HTTP/1.1 200"));
    assert_problem(&post("/api/auth/login", 1024 * 1024 + 1), 413, "body_too_large");
    assert!(post("/api/generate/uploads", 11 * 1024 * 1024).starts_with("HTTP/1.1 200"));
    assert_problem(&post("/api/generate/uploads", 13 * 1024 * 1024), 413, "body_too_large");
    let answer = gateway.get("/api/auth/die");
    assert_problem(&answer, 503, "unavailable");
    assert!(answer.contains("Retry-After: "), "{answer}");
    assert_problem(
        &gateway.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"),
        400,
        "bad_request",
    );
    assert_problem(
        &gateway.send("POST /library HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        405,
        "method_not_allowed",
    );
}

#[test]
fn an_event_arrives_while_its_stream_is_open_and_a_websocket_is_upgraded() {
    let gateway = fixture();
    let mut stream = gateway.connect();
    write!(stream, "GET /api/generate/history/1/events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_until(&mut stream, ": one\n\n");

    let mut socket = gateway.connect();
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    write!(socket, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n{upgrade}\r\n").unwrap();
    let answer = read_until(&mut socket, "realtime");
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    // Only sockets are upgraded.
    let answer = gateway.get_with("/api/auth/profile", "Upgrade: websocket\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn the_page_answers_for_routes_of_the_ui_alone_and_is_never_kept() {
    let gateway = fixture();
    let wants_page = "Accept: text/html,*/*\r\n";
    for path in ["/", "/sign-in", "/register", "/library", "/c/1", "/g/1"] {
        let answer = gateway.get_with(path, wants_page);
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("the page"), "{path}: {answer}");
        assert!(
            answer.contains("Cache-Control: no-store") && answer.contains("connect-src 'self'"),
            "{path}: {answer}"
        );
    }
    for path in ["/nothing", "/c/", "/c/1/2", "/library/", "/assets/", "/assets/gone.js", "/index"] {
        let answer = gateway.get_with(path, wants_page);
        assert!(answer.starts_with("HTTP/1.1 404 ") && answer.ends_with("the page"), "{path}: {answer}");
        assert!(
            answer.contains("Cache-Control: no-store") && answer.contains("X-Frame-Options: DENY"),
            "{path}: {answer}"
        );
        assert_problem(&gateway.get(path), 404, "not_found");
    }
    assert!(gateway.get("/index.html").starts_with("HTTP/1.1 404 "));
    let asset = gateway.get("/assets/app-1a2b.js");
    assert!(asset.contains("immutable") && asset.contains("Content-Type: text/javascript"), "{asset}");
    assert!(gateway.get("/favicon.svg").contains("Cache-Control: no-cache"));
    assert!(!gateway.get("/").contains("nginx/"), "the version is nobody's business");
}

fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 1024];
    while !text.contains(end) {
        let count = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error} after {text:?}"));
        assert!(count > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}
