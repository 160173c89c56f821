//! From the queue to the mail server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use aether_auth::domain::{
    mail::{Mail, Mailer, Occasion, Recipient, mailer::Pace},
    seal::Sealer,
    session::Place,
};
use aether_common::id::UserId;
use aether_testkit::{Backend, backends};
use chrono::TimeDelta;
use mail_parser::MessageParser;
use sqlx::{Connection, Row};

use super::{
    inbox::{is_empty, until},
    smtp::{Manner, Server},
};

/// Patience enough for a busy machine, and no more pauses than a test must see.
const PACE: Pace = Pace {
    poll: Duration::from_millis(20),
    step: Duration::from_secs(5),
    whole: Duration::from_secs(10),
    lease: TimeDelta::minutes(1),
    pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(20),
};
const HASTY: Pace = Pace { step: Duration::from_millis(200), ..PACE };

fn mailer(backend: &Backend, pace: Pace) -> Mailer {
    Mailer::new(&backend.deps, Arc::new(Sealer::new(&[7; 32]).unwrap()), pace).unwrap()
}

fn ana() -> Recipient {
    Recipient { user: None, address: "ana@example.org".into(), name: Some("Ana".into()) }
}

fn reset() -> Mail {
    Mail::ResetPassword { token: "aep_SecretOfTheLink".into() }
}

fn changed(backend: &Backend) -> Mail {
    let place = Place { ip: "203.0.113.9".into(), user_agent: Some("curl/8".into()), trace_id: None };
    Mail::PasswordChanged(Occasion { at: backend.deps.clock.now(), place })
}

async fn queue(backend: &Backend, mailer: &Mailer, to: &Recipient, mail: &Mail) {
    let mut tx = backend.deps.store.begin().await.unwrap();
    mailer.queue(&mut tx, to, mail).await.unwrap();
    tx.save().await.unwrap();
    mailer.nudge();
}

/// A row of the table.
struct Kept {
    /// Kind and outcome.
    fate: (String, Option<String>),
    tries: i64,
    sealed: Option<Vec<u8>>,
}

async fn rows(backend: &Backend) -> Vec<Kept> {
    let sql = "SELECT kind, outcome, tries, sealed FROM mails";
    macro_rules! read {
        ($connection:ty) => {{
            let mut conn = <$connection>::connect(&backend.database.url).await.unwrap();
            let rows = sqlx::query(sql).fetch_all(&mut conn).await.unwrap();
            let kept = |row: &_| Kept {
                fate: (Row::get(row, 0), Row::get(row, 1)),
                tries: Row::get(row, 2),
                sealed: Row::get(row, 3),
            };
            rows.iter().map(kept).collect()
        }};
    }
    if backend.database.engine == "sqlite" {
        read!(sqlx::SqliteConnection)
    } else {
        read!(sqlx::PgConnection)
    }
}

/// That one mail of this kind ended so, and that nothing is left of it.
#[track_caller]
fn assert_ended(rows: &[Kept], outcome: &str) {
    let [row] = rows else { panic!("{} rows", rows.len()) };
    assert_eq!((&*row.fate.0, row.fate.1.as_deref()), ("reset_password", Some(outcome)));
    assert_eq!(row.sealed, None);
}

fn folder(backend: &Backend) -> PathBuf {
    backend.deps.settings.data_dir.join("mail")
}

#[tokio::test]
async fn a_mail_reaches_the_server_whole() {
    let server = Server::start().await;
    let url = format!("smtp://us%40er:p%3Ass@127.0.0.1:{}", server.port);
    for backend in backends([
        ("SMTP_URL", &*url),
        ("AETHER_MAIL_FROM", "Äther <post@aether.example.org>"),
        ("AETHER_PUBLIC_URL", "https://aether.example.org"),
    ])
    .await
    {
        let mailer = mailer(&backend, PACE);
        queue(&backend, &mailer, &ana(), &reset()).await;
        mailer.start();
        until("the mail is sent", async || is_empty(&backend).await).await;
        let received = server.received.lock().unwrap().pop().unwrap();
        assert_eq!(
            (&*received.from, &*received.to),
            ("post@aether.example.org", &["ana@example.org".into()][..])
        );
        assert_eq!(received.credentials, Some(("us@er".into(), "p:ss".into())));
        let mail = received.message();
        let from = mail.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("Äther"), Some("post@aether.example.org")));
        assert_eq!(mail.to().unwrap().first().unwrap().address(), Some("ana@example.org"));
        assert_eq!(mail.subject(), Some("Set a new password"));
        let link = "https://aether.example.org/reset-password#token=aep_SecretOfTheLink";
        assert!(mail.body_text(0).unwrap().contains(link));
        assert!(mail.body_html(0).unwrap().contains(&format!("href=\"{link}\"")));
        assert!(server.heard.lock().unwrap().iter().any(|line| line.starts_with("EHLO aether.example.org")));
    }
}

#[tokio::test]
async fn a_server_that_refuses_hangs_up_or_is_silent_is_tried_until_it_takes_the_mail() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        server.treat([
            Manner::Refuse("451 4.7.1 come again"),
            Manner::HangUp,
            Manner::Silence,
            Manner::Refuse("554 5.7.1 our settings are wrong"),
            Manner::Refuse("421 4.3.2 too busy"),
        ]);
        let mailer = mailer(&backend, HASTY);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("the mail is sent", async || is_empty(&backend).await).await;
        assert!(server.is_done());
        assert_eq!(std::mem::take(&mut *server.received.lock().unwrap()).len(), 1, "{}", backend.name);
        assert_ended(&rows(&backend).await, "sent");
    }
}

#[tokio::test]
async fn what_is_queued_while_the_server_is_down_is_sent_when_it_is_up() {
    for name in ["embedded", "distributed"] {
        // A port that is nobody's, until the server comes.
        let reserved = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = reserved.local_addr().unwrap();
        drop(reserved);
        let url = format!("smtp://{address}");
        let backend = match name {
            "embedded" => Backend::embedded([("SMTP_URL", &*url)]).await,
            _ => Backend::distributed([("SMTP_URL", &*url)]).await,
        };
        let mailer = mailer(&backend, PACE);
        mailer.start();
        for _ in 0..3 {
            queue(&backend, &mailer, &ana(), &changed(&backend)).await;
        }
        until("each was tried", async || rows(&backend).await.iter().all(|row| row.tries > 0)).await;
        let server = Server::on(tokio::net::TcpListener::bind(address).await.unwrap());
        until("all are sent", async || is_empty(&backend).await).await;
        assert_eq!(server.received().len(), 3, "{name}");
    }
}

#[tokio::test]
async fn a_server_that_forgets_its_manners_after_taking_a_mail_gets_it_once() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        server.treat([Manner::NoGoodbye]);
        let mailer = mailer(&backend, HASTY);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("the mail is sent", async || is_empty(&backend).await).await;
        assert_ended(&rows(&backend).await, "sent");
        assert_eq!(std::mem::take(&mut *server.received.lock().unwrap()).len(), 1, "{}", backend.name);
    }
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_not_tried_again() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        server.treat([Manner::Refuse("550 5.1.1 <ana@example.org> who?")]);
        let mailer = mailer(&backend, PACE);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("it is given up", async || is_empty(&backend).await).await;
        assert_ended(&rows(&backend).await, "given_up");
        assert!(server.received().is_empty(), "{}", backend.name);
    }
}

#[tokio::test]
async fn many_processes_send_each_mail_once() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        let mailers: Vec<Mailer> = (0..4).map(|_| mailer(&backend, PACE)).collect();
        for _ in 0..20 {
            queue(&backend, &mailers[0], &ana(), &changed(&backend)).await;
        }
        for mailer in &mailers {
            mailer.start();
        }
        until("all are sent", async || is_empty(&backend).await).await;
        let received = std::mem::take(&mut *server.received.lock().unwrap());
        let mut ids: Vec<_> =
            received.iter().map(|mail| mail.message().message_id().unwrap().to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((received.len(), ids.len()), (20, 20), "{}", backend.name);
    }
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_given_neither_password_nor_mail() {
    let server = Server::start().await;
    let url = format!("smtp://user:hunter2@127.0.0.1:{}?tls=required", server.port);
    for backend in backends([("SMTP_URL", &*url)]).await {
        let mailer = mailer(&backend, PACE);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("it was tried", async || server.heard.lock().unwrap().len() > 2).await;
        let heard = std::mem::take(&mut *server.heard.lock().unwrap());
        assert!(heard.iter().all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")), "{heard:?}");
        assert!(!is_empty(&backend).await, "{}", backend.name);
        backend.deps.lifecycle.shutdown.cancel();
    }
}

#[tokio::test]
async fn a_wrong_password_for_the_server_loses_no_mail() {
    let server = Server::start().await;
    let url = format!("smtp://user:old@127.0.0.1:{}", server.port);
    for backend in backends([("SMTP_URL", &*url)]).await {
        server.treat([Manner::WrongPassword, Manner::WrongPassword]);
        let mailer = mailer(&backend, PACE);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("the mail is sent", async || is_empty(&backend).await).await;
        assert!(server.is_done());
        assert_eq!(std::mem::take(&mut *server.received.lock().unwrap()).len(), 1, "{}", backend.name);
    }
}

#[tokio::test]
async fn nobody_reads_a_waiting_mail_in_the_database() {
    for backend in backends([]).await {
        let mailer = mailer(&backend, PACE);
        queue(&backend, &mailer, &ana(), &reset()).await;
        let kept = rows(&backend).await.pop().unwrap().sealed.unwrap();
        let kept = String::from_utf8_lossy(&kept);
        for word in ["aep_", "SecretOfTheLink", "ana@example.org", "http", "password#"] {
            assert!(!kept.contains(word), "{}: {word}", backend.name);
        }
    }
}

#[tokio::test]
async fn a_link_whose_time_is_over_is_not_sent() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        let clock = aether_common::clock::ManualClock::new(backend.deps.clock.now());
        let backend = backend.with_clock(&clock);
        let mailer = mailer(&backend, PACE);
        queue(&backend, &mailer, &ana(), &reset()).await;
        clock.advance(TimeDelta::hours(1));
        mailer.start();
        until("it is given up", async || is_empty(&backend).await).await;
        assert_ended(&rows(&backend).await, "given_up");
        assert!(server.received().is_empty(), "{}", backend.name);
    }
}

#[tokio::test]
async fn in_development_a_mail_is_a_file_for_its_owner_alone() {
    for backend in backends([]).await {
        let mailer = mailer(&backend, PACE);
        mailer.start();
        queue(&backend, &mailer, &ana(), &reset()).await;
        until("the mail is written", async || is_empty(&backend).await).await;
        let files: Vec<_> =
            std::fs::read_dir(folder(&backend)).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let stem = files[0].file_stem().unwrap().to_string_lossy();
        assert!(stem.contains("Z-reset_password-"), "{stem}");
        assert_eq!(files[0].extension().unwrap(), "eml");
        let bytes = std::fs::read(&files[0]).unwrap();
        let mail = MessageParser::new().parse(&bytes).unwrap();
        assert_eq!(mail.from().unwrap().first().unwrap().address(), Some("no-reply@localhost"));
        let link = "http://localhost:8080/reset-password#token=aep_SecretOfTheLink";
        assert!(mail.body_text(0).unwrap().contains(link));
        #[cfg(unix)]
        for (path, mode) in [(&files[0], 0o600), (&folder(&backend), 0o700)] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{path:?}");
        }
    }
}

#[tokio::test]
async fn a_stop_lets_the_mails_that_are_being_sent_end_and_takes_no_other() {
    let server = Server::start().await;
    for backend in backends([("SMTP_URL", &*server.url())]).await {
        server.treat([Manner::Hold; 8]);
        let mailer = mailer(&backend, PACE);
        for _ in 0..9 {
            queue(&backend, &mailer, &ana(), &reset()).await;
        }
        mailer.start();
        until("eight are being sent", async || server.is_done()).await;
        // The stop is polled first, and so has begun when the server goes on.
        let (stopped, ()) =
            tokio::join!(biased; backend.deps.lifecycle.stop(), async { server.release.add_permits(8) });
        assert!(stopped, "{}", backend.name);
        assert_eq!(std::mem::take(&mut *server.received.lock().unwrap()).len(), 8, "{}", backend.name);
        let waiting = rows(&backend).await.iter().filter(|row| row.sealed.is_some()).count();
        assert_eq!(waiting, 1, "{}: the next process sends it", backend.name);
    }
}

#[tokio::test]
async fn an_address_that_is_nobodys_gets_nothing() {
    for backend in backends([]).await {
        let mailer = mailer(&backend, PACE);
        let id: UserId = backend.deps.ids.mint();
        let nobody = Recipient { user: None, address: format!("{id}@unclaimed.invalid"), name: None };
        queue(&backend, &mailer, &nobody, &reset()).await;
        assert!(rows(&backend).await.is_empty(), "{}", backend.name);
    }
}
