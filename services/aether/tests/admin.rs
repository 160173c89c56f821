//! What an operator relies on with `aether admin`: an account that can sign in, an administrator whose role counts within
//! seconds, and one line for what cannot be done. A running `aether` on both backends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    process::{Output, Stdio},
    time::Duration,
};

use aether_store::{
    audit::{self, Filter},
    users,
};
use aether_testkit::{Process, TestDatabase, process::pause};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command, time::Instant};

const PASSWORD: &str = "tiger umbrella 9 frost";
/// A command that is not heard is found in the database within 5 s; a busy machine gets more.
const SOON: Duration = Duration::from_secs(20);

struct Site {
    database: TestDatabase,
    settings: Vec<(&'static str, String)>,
    http: reqwest::Client,
    _data: TempDir,
}

fn sites(databases: [TestDatabase; 2]) -> Vec<Site> {
    let site = |database: TestDatabase| {
        let data = tempfile::tempdir().unwrap();
        let mut settings = vec![
            ("DATABASE_URL", database.url.clone()),
            ("AETHER_DATA_DIR", data.path().to_str().unwrap().to_owned()),
            ("AETHER_PASSWORD_PEPPER", "salt is not enough for this".to_owned()),
            ("AETHER_FIRST_USER_ADMIN", "false".to_owned()),
        ];
        if database.engine == "postgres" {
            settings.push(("REDIS_URL", std::env::var("AETHER_TEST_REDIS_URL").unwrap()));
        }
        Site { database, settings, http: reqwest::Client::builder().build().unwrap(), _data: data }
    };
    databases.map(site).into()
}

impl Site {
    fn pairs(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// `aether admin ...`, with this text on standard input.
    async fn admin(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aether"));
        command.arg("admin").args(arguments).current_dir(std::env::temp_dir()).env_clear();
        command.envs(self.pairs()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have said no before it reads this.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        child.wait_with_output().await.unwrap()
    }

    async fn done(&self, arguments: &[&str], input: &str) -> String {
        let output = self.admin(arguments, input).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn refused(&self, arguments: &[&str], input: &str) -> String {
        let output = self.admin(arguments, input).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
        said
    }

    async fn start(&self) -> Process {
        Process::start("aether", env!("CARGO_BIN_EXE_aether"), &["serve"], &self.pairs()).await
    }

    async fn enter(&self, at: &Process, path: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}/api/auth{path}", at.url)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}: {}", self.database.engine, answer.status());
        answer.json().await.unwrap()
    }

    async fn status(&self, at: &Process, path: &str, session: &Value) -> StatusCode {
        let token = session["accessToken"].as_str().unwrap();
        self.http.get(format!("{}{path}", at.url)).bearer_auth(token).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn an_account_made_by_command_signs_in_with_its_role() {
    for site in sites([TestDatabase::sqlite().await, TestDatabase::postgres().await]) {
        let made = ["create-user", "Root@Example.com", "--name", "Root", "--admin", "--password-stdin"];
        let said = site.done(&made, &format!("{PASSWORD}\n")).await;
        assert!(said.contains("root@example.com was made") && said.contains("`admin`"), "{said}");
        site.done(&["create-user", "ana@example.com", "--password-stdin"], PASSWORD).await;

        let aether = site.start().await;
        for (email, name, role, status) in [
            ("root@example.com", "Root", "admin", StatusCode::OK),
            ("ana@example.com", "ana", "user", StatusCode::FORBIDDEN),
        ] {
            let session = site.enter(&aether, "/login", json!({"email": email, "password": PASSWORD})).await;
            let user = &session["user"];
            assert_eq!((&user["name"], &user["role"]), (&name.into(), &role.into()));
            assert_eq!(user["emailVerified"], true);
            assert_eq!(site.status(&aether, "/api/auth/state", &session).await, status);
        }
        let entries = site.entries("registered").await;
        assert_eq!(entries.len(), 2);
        assert!(entries.iter().all(|detail| detail["by"] == "command"), "{entries:?}");
    }
}

#[tokio::test]
async fn whoever_is_promoted_is_an_administrator_within_seconds() {
    for site in sites([TestDatabase::sqlite().await, TestDatabase::postgres().await]) {
        let aether = site.start().await;
        let body = json!({"email": "ana@example.com", "password": PASSWORD, "name": "Ana"});
        let session = site.enter(&aether, "/register", body).await;
        for path in ["/api/generate/history", "/api/rooms"] {
            assert_eq!(site.status(&aether, path, &session).await, StatusCode::OK);
        }
        let said = site.done(&["promote", " ANA@example.com"], "").await;
        assert!(said.contains("ana@example.com is an administrator now"), "{said}");
        assert!(said.contains("never proved"), "{said}");

        // A token that says another role is dead, and the next one says the right one.
        let by = Instant::now() + SOON;
        for path in ["/api/generate/history", "/api/rooms"] {
            while site.status(&aether, path, &session).await != StatusCode::UNAUTHORIZED {
                assert!(Instant::now() < by, "{}: the old token is good", site.database.engine);
                pause().await;
            }
        }
        let renewed = site.enter(&aether, "/refresh", json!({"refreshToken": session["refreshToken"]})).await;
        for path in ["/api/auth/state", "/api/generate/state"] {
            assert_eq!(site.status(&aether, path, &renewed).await, StatusCode::OK);
        }
        let said = site.done(&["promote", "ana@example.com"], "").await;
        assert!(said.contains("was an administrator before"), "{said}");
        let entries = site.entries("role_changed").await;
        assert_eq!(entries, [json!({"by": "command", "from": "user", "to": "admin"})]);
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_one_line_and_leaves_nothing() {
    for site in sites([TestDatabase::sqlite().await, TestDatabase::postgres().await]) {
        for (arguments, input, word) in [
            (&["create-user", "ana"][..], PASSWORD, "email must be an e-mail address"),
            (&["create-user", "ana@example.com", "--name", " "], PASSWORD, "name must not be blank"),
            (&["create-user", "ana@example.com"], "short", "password must have at least 10"),
            (&["create-user", "ana@example.com"], "ana@example.com", "password must not be made of"),
            (&["create-user", "ana@example.com"], "", "password must have at least 10"),
            (&["create-user", "ana@example.com"], &"a".repeat(10_000), "password must have at most 128"),
        ] {
            let said = site.refused(&[arguments, &["--password-stdin"]].concat(), input).await;
            assert!(said.contains(word), "{said}");
        }
        let said = site.refused(&["create-user", "ana@example.com"], PASSWORD).await;
        assert!(said.contains("--password-stdin"), "without a terminal it says what to do: {said}");
        assert!(site.refused(&["promote", "ana@example.com"], "").await.contains("nobody has the address"));
        let mut db = site.database.store.conn().await.unwrap();
        assert!(users::find_by_email(&mut db, "ana@example.com").await.unwrap().is_none());
        drop(db);

        let made = ["create-user", "ana@example.com", "--password-stdin"];
        site.done(&made, PASSWORD).await;
        assert!(site.refused(&made, PASSWORD).await.contains("there is an account with this e-mail"));
    }
}

impl Site {
    /// What the audit log says of this action, of which there is no actor.
    async fn entries(&self, action: &str) -> Vec<Value> {
        let filter = Filter { action: Some(action.into()), ..Filter::default() };
        let mut db = self.database.store.conn().await.unwrap();
        let entries = audit::list(&mut db, &filter, None, 100).await.unwrap();
        let by_command =
            |listed: &audit::Listed| listed.entry.actor_id.is_none() && listed.entry.subject_id.is_some();
        entries.into_iter().filter(by_command).map(|listed| listed.entry.detail).collect()
    }
}
