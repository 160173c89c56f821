//! A Socket.IO 5 client over Engine.IO 4 on a WebSocket, as small as the load needs: what it costs is taken from the server.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

/// The default of 128 KiB would make ten thousand sockets more than a gigabyte.
const READ_BUFFER: usize = 4 * 1024;

/// A connected socket in the namespace `/`.
pub struct Socket {
    transport: WebSocketStream<TcpStream>,
    asked: u32,
}

/// Takes `http://HOST:PORT` apart.
pub fn address(url: &str) -> Result<SocketAddr> {
    let host = url.strip_prefix("http://").context("an http URL")?;
    host.parse().with_context(|| format!("{host} is no address"))
}

impl Socket {
    /// Connects and signs in.
    pub async fn connect(server: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{server}/socket.io/?EIO=4&transport=websocket");
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
        let (transport, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut socket = Self { transport, asked: 0 };
        let open = socket.hear().await?;
        ensure!(open.starts_with('0'), "no Engine.IO handshake but {open}");
        socket.write(format!("40{}", json!({"token": token}))).await?;
        let welcome = socket.hear().await?;
        ensure!(welcome.starts_with("40"), "the server refuses the socket: {welcome}");
        Ok(socket)
    }

    /// The next packet but heartbeats, which are answered.
    pub async fn hear(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.transport.next().await.context("the server has closed a socket")?? {
                Message::Text(text) if text.as_str() == "2" => self.write("3".to_owned()).await?,
                Message::Text(text) if text.as_str() == "1" || text.starts_with("41") => {
                    bail!("the server has ended a socket")
                }
                Message::Text(text) => return Ok(text),
                Message::Close(_) => bail!("the server has closed a socket"),
                _ => {}
            }
        }
    }

    /// Sends an event that asks for an ack. Gives the ack's number.
    pub async fn send(&mut self, event: &str, payload: &Value) -> Result<u32> {
        self.asked += 1;
        self.write(format!("42{}{}", self.asked, json!([event, payload]))).await?;
        Ok(self.asked)
    }

    /// Sends an event and waits for its ack, which must be `ok`. What else comes meanwhile is lost.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value> {
        let head = format!("43{}[", self.send(event, payload).await?);
        loop {
            let text = self.hear().await?;
            if text.starts_with(&head) {
                let answer: Value = serde_json::from_str(&text[head.len() - 1..])?;
                ensure!(answer[0]["ok"] == true, "{event} was answered with {answer}");
                return Ok(answer[0].clone());
            }
        }
    }

    async fn write(&mut self, text: String) -> Result<()> {
        Ok(self.transport.send(Message::Text(text.into())).await?)
    }
}

/// What stands between `key` and the next `end`.
pub fn between<'a>(text: &'a str, key: &str, end: char) -> Option<&'a str> {
    let rest = &text[text.find(key)? + key.len()..];
    rest.split_once(end).map(|(found, _)| found)
}

/// The number that follows `key`.
pub fn number_after(text: &str, key: &str) -> Option<u64> {
    let rest = &text[text.find(key)? + key.len()..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_a_packet() {
        let packet = r#"42["generation_progress",{"attempt":1,"seq":12,"delta":"3@99 "}]"#;
        assert_eq!(number_after(packet, "\"seq\":"), Some(12));
        assert_eq!(between(packet, "\"delta\":\"", '"'), Some("3@99 "));
        assert_eq!(number_after(packet, "\"other\":"), None);
        assert_eq!(address("http://127.0.0.1:80").unwrap().port(), 80);
    }
}
