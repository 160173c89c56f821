//! `cargo xtask generate`: the files that are made from the code. `--check` fails when one of them
//! would change, so that the wire never changes unseen.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::{front_end, out, process, run, temp, tools};

#[derive(Args)]
pub struct Options {
    /// Write nothing; fail when a file would change
    #[arg(long)]
    check: bool,
}

pub fn run(options: &Options) -> Result<ExitCode> {
    front_end::check_node()?;
    front_end::install()?;
    run::cargo_build(&["aether"], false)?;
    if options.check {
        check()?;
    } else {
        write()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when a file would change. Needs the built `aether` and the installed npm packages.
pub fn check() -> Result<()> {
    let changed: Vec<_> = made()?
        .into_iter()
        .filter(|file| fs::read(&file.path).unwrap_or_default() != file.bytes)
        .map(|file| shown(&file.path))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    bail!(
        "not what the code says: {}. Run `cargo xtask generate` and commit what it writes.",
        changed.join(", ")
    )
}

fn write() -> Result<()> {
    for file in made()? {
        if let Some(folder) = file.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&file.path, &file.bytes)
            .with_context(|| format!("cannot write {}", file.path.display()))?;
        out::say(format!("wrote {}", shown(&file.path)));
    }
    Ok(())
}

struct Made {
    path: PathBuf,
    bytes: Vec<u8>,
}

fn made() -> Result<Vec<Made>> {
    let scratch = temp::TempDir::new("generate")?;
    let output = Command::new(tools::built("aether", false))
        .arg("openapi")
        .current_dir(scratch.path())
        .output()
        .context("cannot run `aether openapi`")?;
    if !output.status.success() {
        bail!("`aether openapi` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let document: Value =
        serde_json::from_slice(&output.stdout).context("`aether openapi` did not print JSON")?;
    let mut bytes = serde_json::to_vec_pretty(&sorted(document))?;
    bytes.push(b'\n');
    let from = scratch.path().join("openapi.json");
    fs::write(&from, &bytes)?;
    let mut files = vec![Made { path: tools::root().join("docs/openapi.json"), bytes }];

    let generator = front_end::folder().join("node_modules/.bin/openapi-typescript");
    if generator.is_file() {
        let types = scratch.path().join("generated.ts");
        let mut command = Command::new(&generator);
        command.arg(&from).arg("--output").arg(&types).current_dir(front_end::folder());
        process::run_logged(&mut command, Duration::from_mins(1), &scratch.path().join("log"))?;
        files.push(Made { path: front_end::folder().join("src/api/generated.ts"), bytes: fs::read(types)? });
    }
    Ok(files)
}

/// Keys in order: else the order would depend on the features that a build happens to turn on.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(tools::root()).unwrap_or(path).display().to_string()
}
