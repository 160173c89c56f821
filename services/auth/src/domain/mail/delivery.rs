//! How a mail leaves: over SMTP to the server of `SMTP_URL`, each step with its time; or as an .eml file that a mail program
//! opens, for its owner alone.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aether_boot::{
    StartError,
    mail::{Encryption, Sender, Smtp},
};
use aether_common::id::RowId;
use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret;
use tokio::time::timeout;

/// Where the files are, in the data dir.
const FOLDER: &str = "mail";

/// A mail as it is kept while it waits, sealed. `v` is the form's version.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Written {
    pub v: u8,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a mail has not left. The cause holds no address and no words of the mail.
#[derive(Debug)]
pub(super) struct Undelivered {
    /// Whether another try may help.
    pub may_pass: bool,
    pub cause: String,
}

/// Sends mails in one name.
pub(super) struct Delivery {
    from: Mailbox,
    domain: String,
    way: Way,
}

enum Way {
    Smtp(Box<Server>),
    Folder(PathBuf),
}

struct Server {
    smtp: Smtp,
    hello: ClientId,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    /// For each step.
    patience: Duration,
}

/// RFC 3834: no holiday notes are sent back.
#[derive(Clone)]
struct AutoSubmitted;

impl Delivery {
    /// The way that is set. `patience` is for each step of a conversation with the mail server.
    pub fn new(
        smtp: Option<&Smtp>,
        from: &Sender,
        data_dir: &Path,
        patience: Duration,
    ) -> Result<Self, StartError> {
        let unfit = || StartError::Other("AETHER_MAIL_FROM holds what cannot stand in a header".into());
        let address: Address = from.address.parse().map_err(|_| unfit())?;
        // lettre panics when it has to write a line break in a name.
        if from.name.as_ref().is_some_and(|name| name.contains(char::is_control)) {
            return Err(unfit());
        }
        let way = match smtp {
            None => Way::Folder(data_dir.join(FOLDER)),
            Some(smtp) => Way::Smtp(Box::new(Server::new(smtp, from, patience)?)),
        };
        Ok(Self { from: Mailbox::new(from.name.clone(), address), domain: from.domain().to_owned(), way })
    }

    /// Sends it; returns when the server has taken it over, or the file is there. Sent twice, it has the same `Message-ID`,
    /// and in the folder the same name.
    pub async fn deliver(
        &self,
        id: RowId,
        kind: &str,
        written: Written,
        at: DateTime<Utc>,
    ) -> Result<(), Undelivered> {
        let message =
            self.message(id, written, at).map_err(|cause| Undelivered { may_pass: false, cause })?;
        match &self.way {
            Way::Smtp(server) => server.send(&message).await,
            Way::Folder(folder) => {
                let name = format!("{}-{kind}-{id}.eml", at.format("%Y%m%dT%H%M%S%.6fZ"));
                let (folder, bytes) = (folder.clone(), message.formatted());
                let kept = tokio::task::spawn_blocking(move || keep(&folder, &name, &bytes)).await;
                kept.map_err(std::io::Error::other).flatten().map_err(|error| Undelivered {
                    may_pass: true,
                    cause: format!("the mail folder cannot be written: {error}"),
                })
            }
        }
    }

    fn message(&self, id: RowId, written: Written, at: DateTime<Utc>) -> Result<Message, String> {
        let to: Address = written.to.parse().map_err(|_| "the address is none")?;
        Message::builder()
            .from(self.from.clone())
            .to(to.into())
            .subject(written.subject)
            .date(SystemTime::from(at))
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(written.text, written.html))
            .map_err(|error| error.to_string())
    }
}

impl Server {
    fn new(smtp: &Smtp, from: &Sender, patience: Duration) -> Result<Self, StartError> {
        if !matches!(smtp.encryption, Encryption::Tls | Encryption::StartTls) {
            tracing::warn!(
                event = "mail_unencrypted",
                "SMTP_URL does not ask for TLS: whoever is on the way to the mail server may read mails and their links"
            );
        }
        let tls = TlsParameters::new(smtp.host.clone())
            .map_err(|error| StartError::Other(format!("SMTP_URL: no TLS: {error}")))?;
        let credentials = smtp
            .credentials
            .as_ref()
            .map(|(user, password)| Credentials::new(user.clone(), password.expose_secret().to_owned()));
        Ok(Self {
            smtp: smtp.clone(),
            hello: ClientId::Domain(from.domain().to_owned()),
            tls,
            credentials,
            patience,
        })
    }

    async fn send(&self, message: &Message) -> Result<(), Undelivered> {
        let address = (self.smtp.host.as_str(), self.smtp.port);
        let tls = (self.smtp.encryption == Encryption::Tls).then(|| self.tls.clone());
        let connecting = AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, tls, None);
        let mut conn = self.step("connecting", connecting).await?;
        let upgrade = match self.smtp.encryption {
            Encryption::StartTls => true,
            Encryption::Opportunistic => conn.can_starttls(),
            Encryption::Tls | Encryption::None => false,
        };
        if upgrade {
            self.step("STARTTLS", conn.starttls(self.tls.clone(), &self.hello)).await?;
        }
        if let Some(credentials) = &self.credentials {
            self.step("signing in", conn.auth(&[Mechanism::Plain, Mechanism::Login], credentials)).await?;
        }
        self.step("sending", conn.send(message.envelope(), &message.formatted())).await?;
        // It is sent: a server that does not answer the goodbye changes nothing.
        let _ = timeout(self.patience, conn.quit()).await;
        Ok(())
    }

    async fn step<T>(
        &self,
        step: &str,
        work: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
    ) -> Result<T, Undelivered> {
        match timeout(self.patience, work).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(undelivered(step, &error)),
            Err(_) => Err(Undelivered { may_pass: true, cause: format!("{step}: no answer in time") }),
        }
    }
}

/// What the server answers may repeat the address: only its number is kept. A mailbox that is refused for good stays so; any
/// other refusal may be a mistake in the settings, here or there, which somebody will mend.
fn undelivered(step: &str, error: &lettre::transport::smtp::Error) -> Undelivered {
    let cause = match error.status() {
        Some(code) => format!("{step}: the server answered {code}"),
        None if error.is_tls() => format!("{step}: no TLS with a certificate that can be trusted"),
        None if error.is_client() => format!("{step}: {error}"),
        None if error.is_response() => format!("{step}: the server's answer is not SMTP"),
        None => format!("{step}: the connection failed"),
    };
    let no_such_mailbox = error.status().is_some_and(|code| matches!(u16::from(code), 550 | 551 | 553));
    Undelivered { may_pass: step != "sending" || !no_such_mailbox, cause }
}

/// Writes the file beside its place first: whoever looks sees all of it or none.
fn keep(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let part = folder.join(format!(".{name}.part"));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, folder.join(name))
}

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;

    fn delivery(name: &str) -> Delivery {
        let from = Sender { name: Some(name.into()), address: "no-reply@example.org".into() };
        Delivery::new(None, &from, Path::new("/nowhere"), Duration::from_secs(1)).unwrap()
    }

    fn message(delivery: &Delivery, to: &str, subject: &str, text: &str) -> Result<Vec<u8>, String> {
        let written = Written {
            v: 1,
            to: to.into(),
            subject: subject.into(),
            text: text.into(),
            html: format!("<p>{text}</p>"),
        };
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        delivery.message(RowId(uuid::Uuid::nil()), written, at).map(|message| message.formatted())
    }

    #[test]
    fn a_message_is_one_that_others_read() {
        let long = format!("Grüße: https://example.org/#token={}\r\n.\r\n👩‍💻", "x".repeat(200));
        let bytes = message(&delivery("Äther, Inc."), "o'hara+x@example.org", "Ein Gruß", &long).unwrap();
        assert!(bytes.is_ascii(), "no server has to know 8BITMIME");
        let mail = MessageParser::new().parse(&bytes).unwrap();
        let from = mail.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("Äther, Inc."), Some("no-reply@example.org")));
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("o'hara+x@example.org"));
        assert_eq!(mail.subject(), Some("Ein Gruß"));
        assert_eq!(mail.message_id(), Some("00000000-0000-0000-0000-000000000000@example.org"));
        assert_eq!(mail.date().unwrap().to_timestamp(), 1_800_000_000);
        assert_eq!(mail.header("Auto-Submitted").unwrap().as_text(), Some("auto-generated"));
        assert!(mail.content_type().unwrap().ctype() == "multipart");
        let same = |text: &str| text.replace("\r\n", "\n");
        assert_eq!(same(&mail.body_text(0).unwrap()).trim_end(), same(&long));
        assert!(same(&mail.body_html(0).unwrap()).contains(&same(&long)));
    }

    #[test]
    fn no_value_becomes_a_header() {
        let evil = "x\r\nBcc: eve@example.org\r\n\r\nowned";
        let from = Sender { name: Some(evil.into()), address: "no-reply@example.org".into() };
        assert!(Delivery::new(None, &from, Path::new("/nowhere"), Duration::from_secs(1)).is_err());
        for bytes in [
            message(&delivery("AetherOS"), "ana@example.org", evil, "text"),
            message(&delivery("AetherOS"), "ana@example.org", "Hello", evil),
        ] {
            let bytes = bytes.unwrap();
            let mail = MessageParser::new().parse(&bytes).unwrap();
            assert!(mail.bcc().is_none() && mail.header("Bcc").is_none());
            let head = String::from_utf8(bytes).unwrap();
            let head = head.split("\r\n\r\n").next().unwrap().to_lowercase();
            assert!(!head.contains("\nbcc"), "{head}");
        }
        for to in [
            "ana@example.org\r\nBcc: eve@example.org",
            "ana@example.org>, <eve@example.org",
            "ana@example.org, eve@example.org",
            "",
        ] {
            assert!(message(&delivery("AetherOS"), to, "Hello", "text").is_err(), "{to:?}");
        }
    }

    #[test]
    fn every_address_that_an_account_may_have_can_be_written_to() {
        for address in [
            "ana@example.com",
            "a.b+tag@sub.example.co",
            "ana@xn--bcher-kva.de",
            "o'hara@example.com",
            "!#$%&'*+/=?^_`{|}~-@example.com",
            "ana@1.example.com",
            "ana@example.x1",
            &format!("{}@example.com", "a".repeat(64)),
            &format!("{}@{}com", "a".repeat(64), format!("{}.", "b".repeat(60)).repeat(3)),
        ] {
            assert_eq!(crate::domain::email::canonical(address).as_deref(), Ok(address));
            assert!(message(&delivery("AetherOS"), address, "Hello", "text").is_ok(), "{address}");
        }
    }
}
