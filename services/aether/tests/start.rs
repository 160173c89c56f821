//! What a person sees who starts `aether` with something wrong: exit code not 0, and one line that says what.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::{
    net::TcpListener,
    process::{Command, Output},
};

fn aether(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_aether"));
    command.args(arguments).current_dir(dir.path()).env_clear();
    command.env("AETHER_DATA_DIR", dir.path().join("data")).env("METRICS_ADDR", "off");
    command.env("BIND_ADDR", "127.0.0.1:0").envs(settings.iter().copied());
    command.output().unwrap()
}

fn complaint(settings: &[(&str, &str)]) -> String {
    let output = aether(settings, &["serve"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    said
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = complaint(&[("BIND_ADDR", &address)]);
    assert!(
        said.contains("BIND_ADDR") && said.contains(&address) && said.contains("another program"),
        "{said}"
    );
}

#[test]
fn an_unknown_database_is_named_without_its_password() {
    let said = complaint(&[("DATABASE_URL", "mysql://root:hunter2@localhost/x")]);
    assert!(said.contains("DATABASE_URL") && said.contains("mysql") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_data_dir_that_cannot_be_written_is_named() {
    let said = complaint(&[("AETHER_DATA_DIR", "/proc/nowhere")]);
    assert!(said.contains("AETHER_DATA_DIR") && said.contains("/proc/nowhere"), "{said}");
}

#[test]
fn a_database_that_does_not_answer_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = complaint(&[("DATABASE_URL", &format!("postgres://u:hunter2@{free}/x"))]);
    assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
}

#[test]
fn an_unknown_storage_is_named_without_its_secret() {
    for url in ["ftp://files.example.org", "s3://key:hunter2@bucket", "file:///proc/nowhere"] {
        let said = complaint(&[("STORAGE_URL", url)]);
        assert!(said.contains("STORAGE_URL holds") && said.contains("it may hold"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn production_refuses_the_defaults() {
    let said = complaint(&[("AETHER_ENV", "production")]);
    assert!(said.contains("required in production"), "{said}");
}

#[test]
fn the_other_commands_answer() {
    let checked = aether(&[], &["config", "check"]);
    assert!(checked.status.success() && !checked.stdout.is_empty());
    assert!(aether(&[], &["migrate"]).status.success());
    let wrong = aether(&[("AETHER_LOG", "loud")], &["config", "check"]);
    assert!(!wrong.status.success());
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(said.contains("AETHER_LOG holds `loud`; it may hold `json` or `text`"), "{said}");
}

#[test]
fn the_document_describes_every_service() {
    let output = aether(&[], &["openapi"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for path in ["/api/auth/register", "/api/generate/ui", "/api/generate/history/{id}", "/api/rooms"] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
}
