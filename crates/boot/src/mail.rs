//! Where mail goes, and in whose name: `SMTP_URL` and `AETHER_MAIL_FROM`.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use crate::config::{SettingError, Sources};

const SMTP_MAY: &str = "a URL such as `smtps://USER:PASSWORD@HOST:465` or `smtp://USER:PASSWORD@HOST:587`, with `?tls=` \
                        and `required`, `opportunistic` or `none` behind smtp://";
const FROM_MAY: &str = "a name and an address such as `AetherOS <no-reply@example.org>`";

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `SMTP_URL`; `None`: mails are files in the data dir.
    pub smtp: Option<Smtp>,
    /// `AETHER_MAIL_FROM`
    pub from: Sender,
}

/// A mail server that takes our mail.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether others on the way can read.
    pub encryption: Encryption,
    /// User and password.
    pub credentials: Option<(String, SecretString)>,
}

/// Whether others on the way to the mail server can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, and nothing is sent without it.
    StartTls,
    /// STARTTLS where the server offers it.
    Opportunistic,
    /// None: for a server on this machine.
    None,
}

/// In whose name mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// What is shown.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl MailSettings {
    pub(crate) fn from_sources(from: &Sources, public_url: &str) -> Result<Self, SettingError> {
        let smtp = match from.get("SMTP_URL") {
            None => None,
            Some(text) => Some(smtp(text).ok_or_else(|| from.wrong("SMTP_URL", SMTP_MAY))?),
        };
        let sender = match from.get("AETHER_MAIL_FROM") {
            None => Sender {
                name: Some("AetherOS".into()),
                address: format!("no-reply@{}", name_of_host(public_url)),
            },
            Some(text) => sender(text).ok_or_else(|| from.wrong("AETHER_MAIL_FROM", FROM_MAY))?,
        };
        Ok(Self { smtp, from: sender })
    }
}

impl Sender {
    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }
}

fn smtp(text: &str) -> Option<Smtp> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    if host.is_empty() || !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return None;
    }
    let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        ("", _) | (_, None) => return None,
        (user, Some(password)) => Some((decoded(user)?, decoded(password)?.into())),
    };
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let unsaid = match &credentials {
        _ if here => Encryption::None,
        // Whoever takes STARTTLS out of the server's answer must not be given the password.
        Some(_) => Encryption::StartTls,
        None => Encryption::Opportunistic,
    };
    let (port, encryption) = match (url.scheme(), url.query()) {
        ("smtps", None) => (465, Encryption::Tls),
        ("smtp", None) => (587, unsaid),
        ("smtp", Some("tls=required")) => (587, Encryption::StartTls),
        ("smtp", Some("tls=opportunistic")) => (587, Encryption::Opportunistic),
        ("smtp", Some("tls=none")) => (587, Encryption::None),
        _ => return None,
    };
    Some(Smtp { host, port: url.port().unwrap_or(port), encryption, credentials })
}

fn sender(text: &str) -> Option<Sender> {
    let (name, address) = match text.strip_suffix('>') {
        Some(text) => text.split_once('<')?,
        None => ("", text),
    };
    let name = name.trim().trim_matches('"').trim();
    if name.chars().count() > 100
        || name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '"' | '\\'))
    {
        return None;
    }
    let (local, domain) = address.split_once('@')?;
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let sound = address.len() <= 254
        && (1..=64).contains(&local.len())
        && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
        && domain.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    let name = (!name.is_empty()).then(|| name.to_owned());
    sound.then(|| Sender { name, address: address.to_owned() })
}

/// The host of a URL, where it is a name.
fn name_of_host(url: &str) -> String {
    let name =
        Url::parse(url).ok().and_then(|url| url.domain().map(|name| name.trim_end_matches('.').to_owned()));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read<const N: usize>(pairs: [(&str, &str); N]) -> Result<MailSettings, String> {
        MailSettings::from_sources(&Sources::from_pairs(pairs), "https://aether.example.org:8443")
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_says_server_encryption_and_credentials() {
        for (url, host, port, encryption) in [
            ("smtps://u:p@mail.example.org", "mail.example.org", 465, Encryption::Tls),
            ("smtps://u:p@mail.example.org:2465/", "mail.example.org", 2465, Encryption::Tls),
            ("smtp://u:p@mail.example.org", "mail.example.org", 587, Encryption::StartTls),
            ("smtp://mail.example.org:25", "mail.example.org", 25, Encryption::Opportunistic),
            ("smtp://mail.example.org?tls=required", "mail.example.org", 587, Encryption::StartTls),
            ("smtp://u:p@10.0.0.5:25?tls=none", "10.0.0.5", 25, Encryption::None),
            ("smtp://u:p@127.0.0.1:1025", "127.0.0.1", 1025, Encryption::None),
            ("smtp://[::1]:1025", "::1", 1025, Encryption::None),
            ("smtp://localhost:1025?tls=opportunistic", "localhost", 1025, Encryption::Opportunistic),
        ] {
            let smtp = read([("SMTP_URL", url)]).unwrap().smtp.unwrap();
            assert_eq!((&*smtp.host, smtp.port, smtp.encryption), (host, port, encryption), "{url}");
        }
        let smtp = read([("SMTP_URL", "smtps://ana%40example.org:p%40ss%3A@mail")]).unwrap().smtp.unwrap();
        let (user, password) = smtp.credentials.unwrap();
        assert_eq!((&*user, password.expose_secret()), ("ana@example.org", "p@ss:"));
        assert!(read([]).unwrap().smtp.is_none());
    }

    #[test]
    fn what_is_no_mail_server_is_refused_without_showing_the_secret() {
        for url in [
            "mail.example.org",
            "http://u:hunter2@mail",
            "smtp://",
            "smtps://u@mail",
            "smtps://:hunter2@mail",
            "smtps://u:hunter2@mail/path",
            "smtps://u:hunter2@mail#x",
            "smtps://u:hunter2@mail?tls=none",
            "smtp://u:hunter2@mail?tls=maybe",
            "smtp://u:hunter2@mail:99999",
            "smtp://u:%ff@mail",
        ] {
            let error = read([("SMTP_URL", url)]).unwrap_err();
            assert!(error.starts_with("SMTP_URL holds a secret that cannot be used; it may hold"), "{error}");
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn the_sender_is_set_or_made_of_the_public_url() {
        let from = |text| read([("AETHER_MAIL_FROM", text)]).map(|mail| (mail.from.name, mail.from.address));
        let named = |name: &str, address: &str| Ok((Some(name.to_owned()), address.to_owned()));
        assert_eq!(from(""), named("AetherOS", "no-reply@aether.example.org"));
        assert_eq!(
            from("Aether at Übung <a.b+c@example.org>"),
            named("Aether at Übung", "a.b+c@example.org")
        );
        assert_eq!(from("\"Ana, Ben\" <post@example.org>"), named("Ana, Ben", "post@example.org"));
        assert_eq!(from("post@example.org"), Ok((None, "post@example.org".into())));
        for bad in [
            "post",
            "<post>",
            "post@",
            "@example.org",
            "A <a@b.org> <c@d.org>",
            "A <a@b.org>, C <c@d.org>",
            "A\r\nBcc: eve@example.org <a@b.org>",
            "A <a@b.org\r\nBcc: eve@example.org>",
            "A <a b@example.org>",
        ] {
            assert!(from(bad).unwrap_err().starts_with("AETHER_MAIL_FROM holds"), "{bad}");
        }
        for (url, host) in [
            ("http://localhost:8080", "localhost"),
            ("http://127.0.0.1:8080", "localhost"),
            ("http://[::1]:8080", "localhost"),
        ] {
            assert_eq!(name_of_host(url), host);
        }
    }
}
