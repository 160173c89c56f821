//! A mail server for tests: it speaks as much SMTP as a client of it needs, keeps what it is given, and misbehaves as told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::{Message, MessageParser};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

/// How the server treats one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Says this to the recipient.
    Refuse(&'static str),
    /// Hangs up before the message is done.
    HangUp,
    /// Takes the connection and says nothing.
    Silence,
    /// Takes the message once the test lets it.
    Hold,
    /// Takes the message and does not answer the goodbye.
    NoGoodbye,
    /// Takes nobody's password.
    WrongPassword,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// User and password, if it signed in.
    pub(crate) credentials: Option<(String, String)>,
    /// What was sent.
    pub(crate) bytes: Vec<u8>,
}

/// The server; it ends with the test.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    /// How it treats the next conversations; well, when none is left.
    pub(crate) manners: Arc<Mutex<VecDeque<Manner>>>,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
    /// Every line that clients said.
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    /// A permit for each message that is held.
    pub(crate) release: Arc<Semaphore>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Self {
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            manners: Arc::default(),
            received: Arc::default(),
            heard: Arc::default(),
            release: Arc::new(Semaphore::new(0)),
        };
        let (tasks, this) = (TaskTracker::new(), server.clone());
        tasks.clone().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let this = this.clone();
                tasks.spawn(async move { this.talk(stream).await });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn treat(&self, manners: impl IntoIterator<Item = Manner>) {
        self.manners.lock().unwrap().extend(manners);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Whether every manner has had its conversation.
    pub(crate) fn is_done(&self) -> bool {
        self.manners.lock().unwrap().is_empty()
    }

    async fn talk(self, stream: TcpStream) -> Option<()> {
        let manner = self.manners.lock().unwrap().pop_front();
        let mut stream = BufReader::new(stream);
        if manner == Some(Manner::Silence) {
            let mut line = String::new();
            // Until the other one has had enough.
            while stream.read_line(&mut line).await.ok()? > 0 {}
            return None;
        }
        say(&mut stream, "220 mail.example.org ESMTP").await?;
        let (mut from, mut to, mut credentials) = (String::new(), Vec::new(), None);
        loop {
            let line = self.hear(&mut stream).await?;
            let (word, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
            let path = || rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            match (word.to_ascii_uppercase().as_str(), manner) {
                ("EHLO", _) => {
                    say(&mut stream, "250-mail.example.org\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?;
                }
                ("AUTH", Some(Manner::WrongPassword)) => say(&mut stream, "535 5.7.8 no").await?,
                ("AUTH", _) => {
                    let plain = STANDARD.decode(rest.split(' ').next_back()?).ok()?;
                    let plain = String::from_utf8(plain).ok()?;
                    let mut parts = plain.split('\0').skip(1).map(str::to_owned);
                    credentials = Some((parts.next()?, parts.next()?));
                    say(&mut stream, "235 2.7.0 welcome").await?;
                }
                ("MAIL", _) => {
                    from = path();
                    say(&mut stream, "250 2.1.0 ok").await?;
                }
                ("RCPT", Some(Manner::Refuse(answer))) => say(&mut stream, answer).await?,
                ("RCPT", _) => {
                    to.push(path());
                    say(&mut stream, "250 2.1.5 ok").await?;
                }
                ("DATA", Some(Manner::HangUp)) => return None,
                ("DATA", _) => {
                    if manner == Some(Manner::Hold) {
                        self.release.acquire().await.ok()?.forget();
                    }
                    say(&mut stream, "354 go on").await?;
                    let bytes = read_message(&mut stream).await?;
                    let mail = Received {
                        from: from.clone(),
                        to: to.clone(),
                        credentials: credentials.clone(),
                        bytes,
                    };
                    self.received.lock().unwrap().push(mail);
                    say(&mut stream, "250 2.0.0 taken").await?;
                }
                ("QUIT", Some(Manner::NoGoodbye)) => {}
                ("QUIT", _) => {
                    say(&mut stream, "221 2.0.0 bye").await?;
                    return None;
                }
                _ => say(&mut stream, "502 5.5.2 what?").await?,
            }
        }
    }

    async fn hear(&self, stream: &mut BufReader<TcpStream>) -> Option<String> {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        self.heard.lock().unwrap().push(line.clone());
        Some(line.trim_end().to_owned())
    }
}

impl Received {
    pub(crate) fn message(&self) -> Message<'_> {
        MessageParser::new().parse(&self.bytes).unwrap()
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()
}

async fn read_message(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        if line == b".\r\n" {
            return Some(bytes);
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
