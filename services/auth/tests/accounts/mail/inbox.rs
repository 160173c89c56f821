//! What people find in their mail, as the service wrote it into the folder of its data dir.

use std::time::Duration;

use aether_store::mails;
use aether_testkit::Backend;
use axum::{body::Body, http::Request};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};

use crate::{Answer, App, Held, OK, PASSWORD, post};

/// A password that no test begins with.
pub(super) const NEW: &str = "quiet copper harbour 7";

/// A proxy that may say where a request comes from.
pub(super) const PROXY: (&str, &str) = ("AETHER_TRUSTED_PROXIES", "0.0.0.0/32");

/// A mail as its receiver reads it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
}

pub(super) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_mins(1), waiting).await.is_ok(), "never: {what}");
}

/// Whether every mail of the queue has left.
pub(super) async fn is_empty(backend: &Backend) -> bool {
    mails::count_waiting(&mut backend.deps.store.conn().await.unwrap()).await.unwrap() == 0
}

impl Letter {
    /// The token of its link.
    pub(super) fn token(&self) -> String {
        let (_, rest) = self.text.split_once("#token=").unwrap_or_else(|| panic!("no link in {}", self.text));
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

impl App {
    /// All letters of this kind that this address has got once every mail has left, the oldest first.
    pub(super) async fn letters(&self, kind: &str, to: &str) -> Vec<Letter> {
        until("every mail has left", async || is_empty(&self.backend).await).await;
        let folder = self.backend.deps.settings.data_dir.join("mail");
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut letters = Vec::new();
        for file in files.iter().filter(|file| file.to_string_lossy().contains(&format!("Z-{kind}-"))) {
            let bytes = std::fs::read(file).unwrap();
            let mail = MessageParser::new().parse(&bytes).unwrap();
            if mail.to().unwrap().first().unwrap().address() == Some(to) {
                let (subject, text) = (mail.subject().unwrap().to_owned(), mail.body_text(0).unwrap().into());
                letters.push(Letter { subject, text });
            }
        }
        letters
    }

    /// The newest letter of this kind to this address, when there are so many.
    pub(crate) async fn letter(&self, kind: &str, to: &str, count: usize) -> Letter {
        until(&format!("{count} × {kind} to {to}"), async || self.letters(kind, to).await.len() == count)
            .await;
        self.letters(kind, to).await.pop().unwrap()
    }

    /// A new account whose address is proved.
    pub(super) async fn join(&self, email: &str) -> Held {
        let held = self.register(email).await;
        let token = self.letter("verify_address", email, 1).await.token();
        self.post("/email/verify", json!({"token": token})).await.expect(204);
        held
    }

    pub(super) async fn sign_in_with(&self, email: &str, password: &str) -> Answer {
        self.post("/login", json!({"email": email, "password": password})).await
    }

    /// Asks for a link for a forgotten password, as the `count`th time for this address.
    pub(super) async fn forget(&self, email: &str, count: usize) -> String {
        self.post("/password/forgot", json!({"email": email})).await.expect(202);
        self.letter("reset_password", email, count).await.token()
    }

    pub(super) async fn reset(&self, token: &str, password: &str) -> Answer {
        self.post("/password/reset", json!({"token": token, "newPassword": password})).await
    }

    pub(super) async fn profile(&self, held: &Held) -> Value {
        self.get("/profile", &held.access).await.expect(OK).json()
    }

    pub(super) async fn put(&self, path: &str, held: &Held, body: Value) -> Answer {
        self.call("PUT", path, &held.access, Some(body)).await
    }

    /// A request as it comes from this address with this program.
    pub(super) async fn from(&self, address: &str, agent: &str, path: &str, body: &Value) -> Answer {
        let request: Request<Body> = post(path)
            .header("x-forwarded-for", address)
            .header("user-agent", agent)
            .body(body.to_string().into())
            .unwrap();
        self.send(request).await
    }

    /// What no call of the service does.
    pub(super) async fn sql(&self, sql: &str) {
        let url = &self.backend.database.url;
        if self.backend.database.engine == "sqlite" {
            let mut conn = sqlx::SqliteConnection::connect(url).await.unwrap();
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
        } else {
            let mut conn = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
        }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, sql: &str) -> i64 {
        let url = &self.backend.database.url;
        let sql = AssertSqlSafe(sql.to_owned());
        if self.backend.database.engine == "sqlite" {
            let mut conn = sqlx::SqliteConnection::connect(url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
        } else {
            let mut conn = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
        }
    }
}

/// A network of one test alone: others count on the same Redis.
pub(super) fn network() -> String {
    let number: u64 = rand::random();
    format!("2001:db8:{:x}:{:x}", number & 0xffff, (number >> 16) & 0xffff)
}

/// Refused in the same bytes, whatever was wrong.
pub(super) fn refusal(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["traceId"] = json!("same");
    body["status"] = json!(answer.status);
    body
}

pub(super) fn signing_in(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}
