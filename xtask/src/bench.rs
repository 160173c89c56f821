//! `cargo xtask bench`: the benchmarks, each figure beside a peer that is measured in the same run.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::{front_end, out, tools};

#[derive(Args)]
pub struct Options {
    /// Only this one (accounts)
    which: Option<String>,
}

/// Every benchmark, by the name of its program.
const ALL: [&str; 1] = ["accounts"];

pub fn run(options: &Options) -> Result<ExitCode> {
    let chosen: Vec<&str> = match &options.which {
        None => ALL.to_vec(),
        Some(name) => match ALL.iter().find(|known| *known == name) {
            Some(known) => vec![known],
            None => bail!("there is no benchmark `{name}`; there are: {}", ALL.join(", ")),
        },
    };
    // The Node peers' packages are there.
    front_end::install()?;
    for name in chosen {
        out::say(format!("benchmark {name} (release build; best on an idle machine)"));
        let status = tools::cargo()
            .args(["run", "--release", "--quiet", "--package", "aether-bench", "--bin", name])
            .status()?;
        if !status.success() {
            bail!("the benchmark {name} failed");
        }
    }
    Ok(ExitCode::SUCCESS)
}
