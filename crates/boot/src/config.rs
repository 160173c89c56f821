//! Settings: defaults, then `aether.toml`, then the environment (CONTRACT.md "Processes, ports, settings"). Read once, at
//! start; a wrong one stops the start with one line that names it.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    budgets::Budgets,
    mail::MailSettings,
    oauth::OAuth,
    providers::{self, ProviderSetting},
};

/// Which process is being started; it decides ports and the service's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// The three services, the web UI and the gateway's routes in one.
    Aether,
    /// Accounts.
    Auth,
    /// Generations.
    Generation,
    /// Rooms and sockets.
    Realtime,
}

/// How strict the start is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Everything has a working default.
    Development,
    /// Nothing insecure is allowed.
    Production,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object a line.
    Json,
    /// For people.
    Text,
}

/// To whom a kept answer may be given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheSetting {
    /// To the user whose request made it.
    User,
    /// To everybody, unless the request had private context (an earlier version, a room, uploads).
    Common,
    /// To nobody.
    Off,
}

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The process these settings are for.
    pub process: Process,
    /// `AETHER_ENV`
    pub environment: Environment,
    /// `AETHER_LOG`; `None` leaves it to the terminal.
    pub log: Option<LogFormat>,
    /// `BIND_ADDR`
    pub bind_addr: SocketAddr,
    /// `METRICS_ADDR`; `None` is off.
    pub metrics_addr: Option<SocketAddr>,
    /// `AETHER_PUBLIC_URL`, without a slash at its end: the tokens' issuer.
    pub public_url: String,
    /// `AETHER_CORS_ORIGINS`
    pub cors_origins: Vec<String>,
    /// `AETHER_DATA_DIR`
    pub data_dir: PathBuf,
    /// `DATABASE_URL`
    pub database_url: SecretString,
    /// `REDIS_URL`
    pub redis_url: Option<SecretString>,
    /// `STORAGE_URL`; `None`: a folder of the data dir.
    pub storage_url: Option<String>,
    /// `AETHER_RETENTION_DAYS`; `None`: for ever.
    pub retention_days: Option<u32>,
    /// `AETHER_AUDIT_DAYS`: how long entries of the audit log are kept.
    pub audit_days: u32,
    /// `[[providers]]`, `OPENAI_API_KEY` and `OPENAI_BASE_URL`, in failover order; none: the built-in demo model.
    pub providers: Vec<ProviderSetting>,
    /// `AETHER_MODEL_COMPLEX`
    pub model_complex: String,
    /// `AETHER_MODEL_SIMPLE`
    pub model_simple: String,
    /// `AETHER_MASTER_KEY`; `None` in development: made in the data dir.
    pub master_key: Option<SecretString>,
    /// `AETHER_PASSWORD_PEPPER`: the first goes into new hashes, the others still verify.
    pub password_peppers: Vec<SecretString>,
    /// `AETHER_KEY_ROTATION_DAYS`: how long a key signs; `None`: until an operator wants another.
    pub key_rotation_days: Option<u32>,
    /// `AUTH_URL`
    pub auth_url: String,
    /// `GENERATION_URL`
    pub generation_url: String,
    /// `AETHER_TRUSTED_PROXIES`
    pub trusted_proxies: Vec<IpNet>,
    /// `AETHER_FIRST_USER_ADMIN`
    pub first_user_admin: bool,
    /// `AETHER_RATE_LIMITS`
    pub rate_limits: bool,
    /// `AETHER_PROTOCOL_TEST`: whether sockets are those of the official conformance suites.
    pub protocol_test: bool,
    /// `AETHER_JOBS_PER_PROCESS`: how many generations one process makes at once.
    pub jobs_per_process: u32,
    /// `AETHER_JOBS_PER_USER`: how many generations of one user are made at once, in the whole installation.
    pub jobs_per_user: u32,
    /// `AETHER_UNENDED_PER_USER`: how many generations of one user may wait or be made; more are refused.
    pub unended_per_user: u32,
    /// `AETHER_FIRST_TOKEN_SECONDS`: how long a provider may take to the first text of an answer.
    pub first_token_seconds: u32,
    /// `AETHER_IDLE_SECONDS`: how long it may be silent between two pieces.
    pub idle_seconds: u32,
    /// `AETHER_TOTAL_SECONDS`: how long a generation may take once a worker has it.
    pub total_seconds: u32,
    /// `AETHER_CACHE`
    pub cache: CacheSetting,
    /// `AETHER_CACHE_HOURS`: how old a kept answer may be.
    pub cache_hours: u32,
    /// `AETHER_BUDGET_...`
    pub budgets: Budgets,
    /// `SMTP_URL` and `AETHER_MAIL_FROM`
    pub mail: MailSettings,
    /// `OAUTH_...`
    pub oauth: OAuth,
}

/// A setting that cannot be used, in one line. It never holds a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} holds {holds}; it may hold {may}")]
pub struct SettingError {
    name: Cow<'static, str>,
    holds: String,
    may: String,
}

impl SettingError {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        holds: impl Into<String>,
        may: impl Into<String>,
    ) -> Self {
        Self { name: name.into(), holds: holds.into(), may: may.into() }
    }
}

/// A setting, for the reader of the settings and for `aether.example.toml`.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable. In `aether.toml`: the same in lower case, without `AETHER_`.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// What it means.
    pub about: &'static str,
    secret: bool,
}

const fn setting(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, secret: false }
}

const fn secret(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, secret: true }
}

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting("AETHER_ENV", "development", "development or production"),
    setting("AETHER_LOG", "text on a terminal, else json", "json or text"),
    setting("BIND_ADDR", "127.0.0.1:8080", "Address of the public listener"),
    setting("METRICS_ADDR", "127.0.0.1:9464", "Address of the admin listener (/metrics), or off"),
    setting("AETHER_PUBLIC_URL", "http://localhost:8080", "The URL that browsers use; the issuer of tokens"),
    setting("AETHER_CORS_ORIGINS", "", "Other origins allowed to call with credentials, separated by commas"),
    setting("AETHER_DATA_DIR", "./data", "Where the embedded data lives: SQLite file, keys"),
    secret("DATABASE_URL", "SQLite in the data dir", "sqlite://PATH or postgres://..."),
    secret("REDIS_URL", "", "redis://...; empty: the in-process bus, one process only"),
    // Its value may be pasted with credentials in it.
    secret(
        "STORAGE_URL",
        "files in the data dir",
        "file:///FOLDER, s3://BUCKET, gs://BUCKET or az://CONTAINER; credentials in AWS_..., GOOGLE_..., AZURE_...",
    ),
    setting(
        "AETHER_RETENTION_DAYS",
        "",
        "Days after which ended generations are deleted that are neither starred nor shared; empty: never",
    ),
    setting("AETHER_AUDIT_DAYS", "365", "Days after which entries of the audit log are deleted"),
    secret("OPENAI_API_KEY", "", "Key of any OpenAI-compatible provider"),
    setting(
        "OPENAI_BASE_URL",
        "",
        "Its base URL, with /v1; no provider set, in development: the built-in demo model",
    ),
    setting(
        "AETHER_MODEL_COMPLEX",
        "gpt-5.1",
        "The model for complex requests; when providers list models: the first one listed",
    ),
    setting(
        "AETHER_MODEL_SIMPLE",
        "gpt-5-mini",
        "The model for simple requests; when providers list models: the cheapest, or without prices the last one listed",
    ),
    secret(
        "AETHER_MASTER_KEY",
        "made in the data dir in development",
        "32 bytes in base64: encrypts signing keys at rest",
    ),
    secret(
        "AETHER_PASSWORD_PEPPER",
        "",
        "A secret of 16 characters or more that goes into password hashes; to replace it write the new one in front of the old one, with a comma",
    ),
    setting(
        "AETHER_KEY_ROTATION_DAYS",
        "30",
        "Days after which another key signs access tokens; off: only by `aether keys rotate`",
    ),
    setting("AUTH_URL", "http://127.0.0.1:3001", "How the services reach auth"),
    setting("GENERATION_URL", "http://127.0.0.1:3002", "How the services reach generation"),
    setting("AETHER_TRUSTED_PROXIES", "", "CIDRs whose X-Forwarded-For counts, separated by commas"),
    setting(
        "AETHER_FIRST_USER_ADMIN",
        "true in development",
        "Whether the first account becomes admin: true or false",
    ),
    setting("AETHER_RATE_LIMITS", "on", "Whether requests are limited, by user and network: on or off"),
    setting(
        "AETHER_PROTOCOL_TEST",
        "off",
        "Serves the official Socket.IO conformance suites in place of the product's sockets: on or off",
    ),
    setting("AETHER_JOBS_PER_PROCESS", "512", "How many generations one process makes at once"),
    setting("AETHER_JOBS_PER_USER", "32", "How many generations of one user are made at once; the rest wait"),
    setting(
        "AETHER_UNENDED_PER_USER",
        "200",
        "How many generations of one user may wait or be made; more are refused",
    ),
    setting(
        "AETHER_FIRST_TOKEN_SECONDS",
        "30",
        "How long a provider may take to the first text of an answer, in seconds",
    ),
    setting("AETHER_IDLE_SECONDS", "30", "How long a provider may be silent between two pieces, in seconds"),
    setting("AETHER_TOTAL_SECONDS", "600", "How long a generation may take once it has begun, in seconds"),
    setting(
        "AETHER_CACHE",
        "user",
        "To whom a kept answer is given again: user (its maker), common (all, never with private context) or off",
    ),
    setting("AETHER_CACHE_HOURS", "24", "How old a kept answer may be, in hours"),
    setting(
        "AETHER_BUDGET_INSTALLATION_DAY",
        "",
        "US dollars that everybody together may spend on models in a day (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_INSTALLATION_MONTH",
        "",
        "US dollars that everybody together may spend on models in a month (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_USER_DAY",
        "",
        "US dollars that each user may spend on models in a day (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_USER_MONTH",
        "",
        "US dollars that each user may spend on models in a month (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_ROLE_USER_DAY",
        "",
        "US dollars that all users together, without administrators, may spend on models in a day (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_ROLE_USER_MONTH",
        "",
        "US dollars that all users together, without administrators, may spend on models in a month (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_ROLE_ADMIN_DAY",
        "",
        "US dollars that all administrators together may spend on models in a day (UTC); empty: no limit",
    ),
    setting(
        "AETHER_BUDGET_ROLE_ADMIN_MONTH",
        "",
        "US dollars that all administrators together may spend on models in a month (UTC); empty: no limit",
    ),
    setting(
        "OAUTH_GOOGLE_CLIENT_ID",
        "",
        "Sign-in with Google: the client id; with the secret it is on (docs/sign-in-with-google-and-github.md)",
    ),
    secret("OAUTH_GOOGLE_CLIENT_SECRET", "", "The client secret that Google gave with it"),
    setting(
        "OAUTH_GOOGLE_AUTH_URL",
        "https://accounts.google.com/o/oauth2/v2/auth",
        "Where the browser is sent to sign in with Google",
    ),
    setting(
        "OAUTH_GOOGLE_TOKEN_URL",
        "https://oauth2.googleapis.com/token",
        "Where Google's codes are exchanged",
    ),
    setting(
        "OAUTH_GOOGLE_USERINFO_URL",
        "https://openidconnect.googleapis.com/v1/userinfo",
        "Where an e-mail or a name is asked for that Google's ID token does not hold",
    ),
    setting("OAUTH_GOOGLE_ISSUER", "https://accounts.google.com", "The issuer of Google's ID tokens"),
    setting(
        "OAUTH_GOOGLE_JWKS_URL",
        "https://www.googleapis.com/oauth2/v3/certs",
        "The keys of Google's ID tokens",
    ),
    setting("OAUTH_GITHUB_CLIENT_ID", "", "Sign-in with GitHub: the client id; with the secret it is on"),
    secret("OAUTH_GITHUB_CLIENT_SECRET", "", "The client secret that GitHub gave with it"),
    setting(
        "OAUTH_GITHUB_AUTH_URL",
        "https://github.com/login/oauth/authorize",
        "Where the browser is sent to sign in with GitHub",
    ),
    setting(
        "OAUTH_GITHUB_TOKEN_URL",
        "https://github.com/login/oauth/access_token",
        "Where GitHub's codes are exchanged",
    ),
    setting(
        "OAUTH_GITHUB_USERINFO_URL",
        "https://api.github.com/user",
        "Where GitHub says who signed in; their addresses are at /emails below it",
    ),
    secret(
        "SMTP_URL",
        "",
        "smtp(s)://USER:PASSWORD@HOST:PORT for mail, %-encoded; smtp:// means STARTTLS, but for a server on this machine, or as ?tls=required, opportunistic or none says; empty, in development: .eml files in the data dir's mail folder",
    ),
    setting(
        "AETHER_MAIL_FROM",
        "AetherOS <no-reply@HOST of the public URL>",
        "The name and address that mail is sent from",
    ),
];

/// Where values come from, before they are checked.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    values: BTreeMap<String, String>,
    file: toml::Table,
}

impl Process {
    /// The name in health answers and logs.
    pub fn service(self) -> &'static str {
        match self {
            Self::Aether => "aether",
            Self::Auth => "auth-service",
            Self::Generation => "generation-service",
            Self::Realtime => "realtime-service",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Aether => 8080,
            Self::Auth => 3001,
            Self::Generation => 3002,
            Self::Realtime => 3003,
        }
    }

    fn metrics_port(self) -> u16 {
        match self {
            Self::Aether => 9464,
            Self::Auth => 9101,
            Self::Generation => 9102,
            Self::Realtime => 9103,
        }
    }
}

impl Sources {
    /// `aether.toml` and `.env` of the working directory, then the environment of the process.
    pub fn from_process() -> Result<Self, SettingError> {
        let mut from = match std::fs::read_to_string("aether.toml") {
            Ok(text) => Self::from_file(&text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                let holds = format!("what cannot be read ({error})");
                return Err(SettingError::new("aether.toml", holds, "a file that this user can read"));
            }
        };
        let keys = providers::key_names(&from.file);
        let named = |name: &str| {
            SETTINGS.iter().any(|setting| setting.name == name) || keys.iter().any(|key| key == name)
        };
        let process: BTreeMap<String, String> = std::env::vars().filter(|(name, _)| named(name)).collect();
        let production = process.get("AETHER_ENV").is_some_and(|value| value == "production");
        if !production && let Ok(file) = dotenvy::from_path_iter(".env") {
            from.values.extend(file.flatten().filter(|(name, _)| named(name)));
        }
        from.values.extend(process);
        Ok(from)
    }

    /// What this text of an `aether.toml` holds, and nothing of the environment.
    pub fn from_file(text: &str) -> Result<Self, SettingError> {
        let file: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line =
                error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let holds = format!("a mistake in line {line} ({})", error.message().replace('\n', " "));
            SettingError::new("aether.toml", holds, "TOML with one key for each setting")
        })?;
        let key = |setting: &Setting| setting.name.trim_start_matches("AETHER_").to_lowercase();
        let mut values = BTreeMap::new();
        for (name, value) in file.iter().filter(|(name, _)| *name != "providers") {
            let Some(setting) = SETTINGS.iter().find(|setting| key(setting) == *name) else {
                let holds = format!("the unknown key `{}`", name.escape_debug());
                return Err(SettingError::new("aether.toml", holds, "the keys of `aether.example.toml`"));
            };
            let value = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            values.insert(setting.name.to_owned(), value);
        }
        Ok(Self { values, file })
    }

    /// Exactly these, for tests.
    pub fn from_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self::default().with(pairs)
    }

    /// These too, in place of what was there.
    #[must_use]
    pub fn with<const N: usize>(mut self, pairs: [(&str, &str); N]) -> Self {
        self.values.extend(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    /// `aether.toml`, for what is not one key with one value.
    pub(crate) fn file(&self) -> &toml::Table {
        &self.file
    }

    /// The value, or nothing when it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub(crate) fn wrong(&self, name: &'static str, may: impl Into<String>) -> SettingError {
        let secret = SETTINGS.iter().any(|setting| setting.name == name && setting.secret);
        let holds = match self.get(name) {
            None => "nothing".to_owned(),
            Some(_) if secret => "a secret that cannot be used".to_owned(),
            Some(value) => format!("`{value}`"),
        };
        SettingError::new(name, holds, may)
    }

    fn parse<T: FromStr>(&self, name: &'static str, may: &str) -> Result<Option<T>, SettingError> {
        self.get(name).map(|value| value.parse().map_err(|_| self.wrong(name, may))).transpose()
    }

    /// A whole number from 1 to `max`.
    fn number(&self, name: &'static str, default: u32, max: u32) -> Result<u32, SettingError> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let number = value.parse().ok().filter(|number| (1..=max).contains(number));
        number.ok_or_else(|| self.wrong(name, format!("a whole number from 1 to {max}")))
    }

    fn list<T>(
        &self,
        name: &'static str,
        may: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, SettingError> {
        let words =
            self.get(name).unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| read(word).ok_or_else(|| self.wrong(name, may))).collect()
    }

    fn one_of<T: Copy>(&self, name: &'static str, words: &[(&str, T)]) -> Result<Option<T>, SettingError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
        let may = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        found.map(Some).ok_or_else(|| self.wrong(name, may()))
    }
}

impl Settings {
    /// The settings of this process, from its files and its environment.
    pub fn load(process: Process) -> Result<Self, SettingError> {
        Self::from_sources(process, &Sources::from_process()?)
    }

    /// Checks the values.
    pub fn from_sources(process: Process, from: &Sources) -> Result<Self, SettingError> {
        let environment = from
            .one_of(
                "AETHER_ENV",
                &[("development", Environment::Development), ("production", Environment::Production)],
            )?
            .unwrap_or(Environment::Development);
        let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let metrics_addr = match from.get("METRICS_ADDR") {
            Some("off") => None,
            Some(_) => from.parse("METRICS_ADDR", "an address such as `127.0.0.1:9464`, or `off`")?,
            None => Some(local(process.metrics_port())),
        };
        let data_dir = PathBuf::from(from.get("AETHER_DATA_DIR").unwrap_or("./data"));
        let database_url = database_url(from, &data_dir)?;
        let redis_url = from.get("REDIS_URL").map(SecretString::from);
        if redis_url.as_ref().is_some_and(|url| {
            !["redis://", "rediss://"].iter().any(|scheme| url.expose_secret().starts_with(scheme))
        }) {
            return Err(from.wrong("REDIS_URL", "a URL that begins with `redis://` or `rediss://`"));
        }
        let providers = providers::read(from, process)?;
        let public_url = web_url(from, "AETHER_PUBLIC_URL", "http://localhost:8080")?;
        let mail = MailSettings::from_sources(from, &public_url)?;
        let (model_complex, model_simple) = providers::choose_models(from, &providers)?;
        let settings = Self {
            process,
            environment,
            log: from.one_of("AETHER_LOG", &[("json", LogFormat::Json), ("text", LogFormat::Text)])?,
            bind_addr: from
                .parse("BIND_ADDR", "an address such as `127.0.0.1:8080`")?
                .unwrap_or_else(|| local(process.port())),
            metrics_addr,
            public_url,
            cors_origins: from.list(
                "AETHER_CORS_ORIGINS",
                "origins such as `https://app.example.org`",
                origin,
            )?,
            data_dir,
            database_url,
            redis_url,
            storage_url: from.get("STORAGE_URL").map(str::to_owned),
            retention_days: retention_days(from)?,
            audit_days: from.number("AETHER_AUDIT_DAYS", 365, 3650)?,
            providers,
            model_complex,
            model_simple,
            master_key: master_key(from)?,
            password_peppers: from.list(
                "AETHER_PASSWORD_PEPPER",
                "secrets of 16 characters or more, separated by commas",
                |word| (word.chars().count() >= 16).then(|| word.into()),
            )?,
            key_rotation_days: key_rotation_days(from)?,
            auth_url: web_url(from, "AUTH_URL", "http://127.0.0.1:3001")?,
            generation_url: web_url(from, "GENERATION_URL", "http://127.0.0.1:3002")?,
            trusted_proxies: from.list("AETHER_TRUSTED_PROXIES", "CIDRs such as `10.0.0.0/8`", |word| {
                word.parse().ok().or_else(|| word.parse::<IpAddr>().ok().map(IpNet::from))
            })?,
            first_user_admin: from
                .one_of("AETHER_FIRST_USER_ADMIN", &[("true", true), ("false", false)])?
                .unwrap_or(environment == Environment::Development),
            rate_limits: from.one_of("AETHER_RATE_LIMITS", &[("on", true), ("off", false)])?.unwrap_or(true),
            protocol_test: from
                .one_of("AETHER_PROTOCOL_TEST", &[("on", true), ("off", false)])?
                .unwrap_or(false),
            jobs_per_process: from.number("AETHER_JOBS_PER_PROCESS", 512, 10_000)?,
            jobs_per_user: from.number("AETHER_JOBS_PER_USER", 32, 10_000)?,
            unended_per_user: from.number("AETHER_UNENDED_PER_USER", 200, 100_000)?,
            first_token_seconds: from.number("AETHER_FIRST_TOKEN_SECONDS", 30, 3600)?,
            idle_seconds: from.number("AETHER_IDLE_SECONDS", 30, 3600)?,
            total_seconds: from.number("AETHER_TOTAL_SECONDS", 600, 86_400)?,
            cache: from
                .one_of(
                    "AETHER_CACHE",
                    &[
                        ("user", CacheSetting::User),
                        ("common", CacheSetting::Common),
                        ("off", CacheSetting::Off),
                    ],
                )?
                .unwrap_or(CacheSetting::User),
            cache_hours: from.number("AETHER_CACHE_HOURS", 24, 8760)?,
            budgets: Budgets::from_sources(from)?,
            mail,
            oauth: OAuth::from_sources(from, environment)?,
        };
        if environment == Environment::Production {
            settings.refuse_insecure(from)?;
        }
        Ok(settings)
    }

    /// How long a key signs access tokens; `None`: until an operator wants another.
    pub fn key_rotation(&self) -> Option<TimeDelta> {
        self.key_rotation_days.map(|days| TimeDelta::days(days.into()))
    }

    /// Where the mail, keys and SQLite file of this installation live; made if it is not there, for its owner only.
    pub fn make_data_dir(&self) -> Result<(), SettingError> {
        let made = std::fs::create_dir_all(&self.data_dir).and_then(|()| {
            let probe = self.data_dir.join(".writable");
            std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe))
        });
        made.map_err(|error| SettingError {
            name: "AETHER_DATA_DIR".into(),
            holds: format!("`{}`, which cannot be written ({error})", self.data_dir.display()),
            may: "a folder that this user can write".into(),
        })?;
        restrict(&self.data_dir, 0o700);
        Ok(())
    }

    /// The key that encrypts secrets at rest: as set, or, in development, made once in the data dir.
    pub fn master_key(&self) -> Result<[u8; 32], SettingError> {
        let wrong = |holds: String| SettingError {
            name: "AETHER_MASTER_KEY".into(),
            holds,
            may: "32 bytes in base64 (`openssl rand -base64 32`)".into(),
        };
        let read =
            |text: &str| STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        if let Some(key) = &self.master_key {
            return read(key.expose_secret()).ok_or_else(|| wrong("a secret that cannot be used".into()));
        }
        let path = self.data_dir.join("master.key");
        if let Ok(text) = std::fs::read_to_string(&path) {
            return read(&text).ok_or_else(|| wrong(format!("an unreadable key in {}", path.display())));
        }
        let key: [u8; 32] = rand::random();
        // `create_new` lets one of two processes that start together win; the other reads what it wrote.
        let text = STANDARD.encode(key);
        match write_new(&path, text.as_bytes()) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => std::fs::read_to_string(&path)
                .ok()
                .and_then(|text| read(&text))
                .ok_or_else(|| wrong(format!("an unreadable key in {}", path.display()))),
            Err(error) => Err(wrong(format!("nothing, and {} cannot be written ({error})", path.display()))),
        }
    }

    fn refuse_insecure(&self, from: &Sources) -> Result<(), SettingError> {
        if self.master_key.is_none() {
            return Err(from.wrong("AETHER_MASTER_KEY", "32 bytes in base64 (required in production)"));
        }
        if !self.rate_limits {
            return Err(from.wrong("AETHER_RATE_LIMITS", "`on` (required in production)"));
        }
        if self.protocol_test {
            return Err(from.wrong("AETHER_PROTOCOL_TEST", "`off` (required in production)"));
        }
        if self.mail.smtp.is_none() {
            return Err(
                from.wrong("SMTP_URL", "a URL such as `smtps://user:pass@host:465` (required in production)")
            );
        }
        if !self.public_url.starts_with("https://") {
            return Err(from.wrong("AETHER_PUBLIC_URL", "an https:// URL (required in production)"));
        }
        // Only they call providers.
        if self.providers.is_empty() && matches!(self.process, Process::Aether | Process::Generation) {
            return Err(from.wrong(
                "OPENAI_API_KEY",
                "a provider's key, if `[[providers]]` of aether.toml has none (required in production)",
            ));
        }
        if self.process != Process::Aether && self.redis_url.is_none() {
            return Err(
                from.wrong("REDIS_URL", "a redis:// URL (required in production for a single service)")
            );
        }
        Ok(())
    }
}

fn database_url(from: &Sources, data_dir: &std::path::Path) -> Result<SecretString, SettingError> {
    let Some(url) = from.get("DATABASE_URL") else {
        return Ok(aether_store::Store::sqlite_url(&data_dir.join("aether.db")).into());
    };
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    if matches!(scheme, "sqlite" | "postgres" | "postgresql") {
        return Ok(url.into());
    }
    // The scheme alone is shown: the rest may hold a password.
    Err(SettingError {
        name: "DATABASE_URL".into(),
        holds: format!("a URL of the unknown scheme `{}`", scheme.chars().take(20).collect::<String>()),
        may: "`sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`".into(),
    })
}

fn retention_days(from: &Sources) -> Result<Option<u32>, SettingError> {
    const MAY: &str = "a number of days from 1 to 36500";
    match from.parse::<u32>("AETHER_RETENTION_DAYS", MAY)? {
        Some(days) if !(1..=36_500).contains(&days) => Err(from.wrong("AETHER_RETENTION_DAYS", MAY)),
        days => Ok(days),
    }
}

fn key_rotation_days(from: &Sources) -> Result<Option<u32>, SettingError> {
    match from.get("AETHER_KEY_ROTATION_DAYS") {
        Some("0" | "off") => Ok(None),
        Some(text) => match text.parse() {
            Ok(days @ 1..=3650) => Ok(Some(days)),
            _ => Err(from.wrong("AETHER_KEY_ROTATION_DAYS", "a whole number from 1 to 3650, or `off`")),
        },
        None => Ok(Some(30)),
    }
}

fn master_key(from: &Sources) -> Result<Option<SecretString>, SettingError> {
    let Some(text) = from.get("AETHER_MASTER_KEY") else { return Ok(None) };
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(Some(text.into())),
        _ => Err(from.wrong("AETHER_MASTER_KEY", "32 bytes in base64 (`openssl rand -base64 32`)")),
    }
}

fn web_url(from: &Sources, name: &'static str, default: &str) -> Result<String, SettingError> {
    let text = from.get(name).unwrap_or(default);
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err(from.wrong(name, format!("an http:// or https:// URL such as `{default}`"))),
    }
}

fn origin(word: &str) -> Option<String> {
    let url = Url::parse(word).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.path() == "/")
        .then(|| url.origin().ascii_serialization())
}

fn write_new(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(bytes)
}

fn restrict(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A folder of another owner stays as its owner set it; the write probe has already passed.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load<const N: usize>(pairs: [(&str, &str); N]) -> Result<Settings, String> {
        Settings::from_sources(Process::Aether, &Sources::from_pairs(pairs))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_set_is_the_embedded_default() {
        let settings = load([]).unwrap();
        assert_eq!(settings.bind_addr.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.metrics_addr.unwrap().port(), 9464);
        assert!(settings.providers.is_empty());
        assert_eq!(settings.model_complex, "aether-demo");
        assert!(settings.first_user_admin);
    }

    #[test]
    fn a_wrong_setting_is_one_line_that_names_it_what_it_holds_and_what_it_may_hold() {
        for (name, value, says) in [
            ("AETHER_ENV", "prod", "AETHER_ENV holds `prod`; it may hold `development` or `production`"),
            ("BIND_ADDR", "8080", "BIND_ADDR holds `8080`"),
            ("METRICS_ADDR", "no", "`off`"),
            ("AETHER_PUBLIC_URL", "localhost", "AETHER_PUBLIC_URL holds `localhost`"),
            ("AETHER_TRUSTED_PROXIES", "10.0.0.0/8, x", "AETHER_TRUSTED_PROXIES"),
            ("AETHER_FIRST_USER_ADMIN", "yes", "`true` or `false`"),
            ("AETHER_RATE_LIMITS", "maybe", "`on` or `off`"),
            ("AETHER_RETENTION_DAYS", "0", "AETHER_RETENTION_DAYS holds `0`"),
            ("AETHER_KEY_ROTATION_DAYS", "never", "a whole number from 1 to 3650, or `off`"),
            ("AETHER_AUDIT_DAYS", "3651", "AETHER_AUDIT_DAYS holds `3651`"),
        ] {
            let error = load([(name, value)]).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn no_error_shows_a_secret() {
        for (name, value) in [
            ("DATABASE_URL", "mysql://root:hunter2@db/x"),
            ("REDIS_URL", "http://:hunter2@redis"),
            ("AETHER_MASTER_KEY", "hunter2"),
            ("AETHER_PASSWORD_PEPPER", "hunter2"),
        ] {
            let error = load([(name, value)]).unwrap_err();
            assert!(error.contains(name) && !error.contains("hunter2"), "{error}");
        }
        assert!(load([("DATABASE_URL", "mysql://x")]).unwrap_err().contains("unknown scheme `mysql`"));
    }

    #[test]
    fn production_refuses_what_is_insecure() {
        let key = STANDARD.encode([7; 32]);
        let all = [
            ("AETHER_ENV", "production"),
            ("AETHER_MASTER_KEY", key.as_str()),
            ("SMTP_URL", "smtps://u:p@mail:465"),
            ("AETHER_PUBLIC_URL", "https://aether.example.org"),
            ("OPENAI_API_KEY", "sk-x"),
        ];
        assert!(load(all).is_ok());
        for missing in 1..all.len() {
            let mut some = all;
            some[missing].1 = "";
            let error = load(some).unwrap_err();
            assert!(error.contains("required in production"), "{error}");
        }
        let mut open = all.to_vec();
        open.push(("AETHER_RATE_LIMITS", "off"));
        let pairs: [(&str, &str); 6] = open.try_into().unwrap();
        assert!(load(pairs).unwrap_err().contains("AETHER_RATE_LIMITS"));
        let mut tested = all.to_vec();
        tested.push(("AETHER_PROTOCOL_TEST", "on"));
        let pairs: [(&str, &str); 6] = tested.try_into().unwrap();
        assert!(load(pairs).unwrap_err().contains("AETHER_PROTOCOL_TEST"));
        let single = Settings::from_sources(Process::Auth, &Sources::from_pairs(all)).unwrap_err();
        assert!(single.to_string().contains("REDIS_URL"));
    }

    #[test]
    fn the_master_key_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_string_lossy().into_owned();
        let settings = load([("AETHER_DATA_DIR", path.as_str())]).unwrap();
        settings.make_data_dir().unwrap();
        assert_eq!(settings.master_key().unwrap(), settings.master_key().unwrap());
    }

    #[test]
    fn a_data_dir_that_cannot_be_written_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let path = file.join("data").to_string_lossy().into_owned();
        let error =
            load([("AETHER_DATA_DIR", path.as_str())]).unwrap().make_data_dir().unwrap_err().to_string();
        assert!(error.starts_with("AETHER_DATA_DIR holds") && !error.contains('\n'), "{error}");
    }
}
