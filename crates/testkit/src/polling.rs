//! A Socket.IO client over long polling, as small as can be: it says hello, sends packets and waits for others.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

const PATH: &str = "/socket.io/?EIO=4&transport=polling";

/// A socket that is connected to the namespace `/`. It is polled only while [`hear`](Self::hear) waits.
pub struct PollingSocket {
    http: reqwest::Client,
    url: String,
    patience: Duration,
}

impl PollingSocket {
    /// Connects to the service at `base` with this token; what is waited for must come within `patience`.
    pub async fn connect(http: &reqwest::Client, base: &str, token: &str, patience: Duration) -> Self {
        let open = http.get(format!("{base}{PATH}")).send().await.unwrap_or_else(|error| panic!("{error}"));
        let open = open.text().await.unwrap_or_default();
        let open: Value =
            open.strip_prefix('0').and_then(|open| serde_json::from_str(open).ok()).unwrap_or_default();
        let id = open["sid"].as_str().unwrap_or_else(|| panic!("{base}: no socket"));
        let socket = Self { http: http.clone(), url: format!("{base}{PATH}&sid={id}"), patience };
        socket.send(format!("40{}", json!({ "token": token }))).await;
        socket.hear("40{").await;
        socket
    }

    /// Sends one packet.
    pub async fn send(&self, packet: impl Into<String>) {
        let sent = self.http.post(&self.url).body(packet.into()).send().await;
        let sent = sent.and_then(reqwest::Response::error_for_status);
        sent.unwrap_or_else(|error| panic!("a packet is not taken: {error}"));
    }

    /// The next packet that begins so.
    pub async fn hear(&self, start: &str) -> String {
        let deadline = Instant::now() + self.patience;
        loop {
            assert!(Instant::now() < deadline, "{}: no {start}", self.url);
            let polled = self.http.get(&self.url).timeout(self.patience).send().await;
            let polled =
                polled.unwrap_or_else(|error| panic!("no {start}: {error}")).text().await.unwrap_or_default();
            if let Some(packet) = polled.split('\u{1e}').find(|packet| packet.starts_with(start)) {
                return packet.to_owned();
            }
        }
    }
}
