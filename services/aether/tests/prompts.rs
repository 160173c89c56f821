//! What an operator relies on with `aether prompts eval`: figures on standard output, an exit code for scripts, and no trace in
//! the data.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use std::process::Output;

use aether_common::{
    clock::Clock,
    id::{Ids, UserId},
    model::{generation::Kind, user::Role},
};
use aether_demo_model as demo;
use aether_generation::prompts::{NewOverride, Prompts};
use aether_store::{
    Store,
    users::{self, NewUser},
};
use serde_json::Value;
use tokio::process::Command;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

async fn eval(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("two.yaml"),
        "- {kind: ui, prompt: a todo app}\n- {kind: cli, prompt: wc}\n",
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_aether"));
    command.args(["prompts", "eval"]).args(arguments).current_dir(dir.path()).env_clear();
    command.env("AETHER_DATA_DIR", dir.path().join("data")).envs(settings.iter().copied());
    let output = command.output().await.unwrap();
    assert!(!dir.path().join("data").exists(), "nothing is kept");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_built_in_model_passes_the_built_in_set() {
    let output = eval(&[], &["--min-valid", "1"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), 6, "a head, four kinds, all: {said}");
    assert!(said.lines().last().unwrap().contains("100 %"), "{said}");
    assert_eq!(text(&output.stderr).lines().count(), 40, "one line of progress for each");
}

#[tokio::test]
async fn a_missed_threshold_is_an_exit_code_and_the_failures_are_told() {
    let stop = CancellationToken::new();
    let options = demo::Options { faults: true, tokens_per_second: 0.0, ..demo::Options::default() };
    let model = demo::serve(options, stop.clone(), &TaskTracker::new()).await.unwrap();
    let url = model.base_url();
    let settings = [("OPENAI_API_KEY", "k"), ("OPENAI_BASE_URL", url.as_str())];
    let bad = ["--set", "two.yaml", "--model", "fault-invalid"];

    let output = eval(&settings, &bad).await;
    assert!(
        output.status.success(),
        "without a threshold the figures are the answer: {}",
        text(&output.stderr)
    );
    assert!(text(&output.stdout).contains("invalid (ui, fault-invalid, ui@"), "{}", text(&output.stdout));

    let output = eval(&settings, &[&bad[..], &["--min-valid", "0.9", "--json"]].concat()).await;
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["all"]["asked"], &report["all"]["invalid"]), (&2.into(), &2.into()));
    assert!(report["failures"][0]["issues"][0]["code"].is_string());
    assert!(text(&output.stderr).lines().last().unwrap().contains("0 % of the artifacts are good"));

    let output =
        eval(&settings, &["--set", "two.yaml", "--kind", "cli", "--model", "speed-max", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["kinds"][0]["type"], &report["all"]["valid"]), (&"cli".into(), &1.into()));
    stop.cancel();
}

#[tokio::test]
async fn an_administrators_own_prompt_is_the_one_that_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let url = Store::sqlite_url(&dir.path().join("own.db"));
    let store = Store::connect(&url).await.unwrap();
    let (ids, now) = (Ids::system(), Clock::system().now());
    let ada: UserId = ids.mint();
    let mut tx = store.begin().await.unwrap();
    let account = NewUser {
        id: ada,
        email: "ada@example.org".into(),
        password_hash: None,
        name: "Ada".into(),
        role: Role::Admin,
        created_at: now,
    };
    users::create(&mut tx, &account).await.unwrap();
    tx.save().await.unwrap();
    let new = NewOverride { kind: Kind::Cli, text: "Be brief.", note: None, user_id: ada, now };
    Prompts::new(store.clone()).create(&new, ids.mint()).await.unwrap();
    store.close().await;

    let output = eval(&[("DATABASE_URL", &url)], &["--set", "two.yaml", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let versions: Vec<_> =
        report["kinds"].as_array().unwrap().iter().map(|one| &one["promptVersion"]).collect();
    assert!(versions[0].as_str().unwrap().starts_with("ui@") && !versions[0].as_str().unwrap().contains('+'));
    assert!(versions[1].as_str().unwrap().ends_with("+1"), "{versions:?}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_named_in_one_line() {
    for (arguments, word) in [
        (&["--set", "none.yaml"][..], "none.yaml"),
        (&["--set", "two.yaml", "--kind", "api"], "two.yaml has no prompt of this kind"),
    ] {
        let output = eval(&[], arguments).await;
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        assert!(said.contains(word) && said.trim_end().lines().count() == 1, "{said}");
    }
    assert_eq!(eval(&[], &["--min-valid", "2"]).await.status.code(), Some(2));
}
