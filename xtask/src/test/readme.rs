//! The README's curl calls are a test: the block after `<!-- test:curl -->` is run as printed, with
//! AETHER set to the server's address.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{out, process, tools};

const MARK: &str = "<!-- test:curl -->";

/// Runs the calls against `url`. An error when one fails or the generation did not complete.
pub fn check(url: &str, logs: &Path) -> Result<()> {
    let step = out::step(format!("the README's curl calls against {url}"));
    let readme = fs::read_to_string(tools::root().join("README.md")).context("README.md")?;
    let script = block(&readme)?;
    let folder = logs.join("readme");
    fs::create_dir_all(&folder)?;
    let log = folder.join("output");
    let mut command = Command::new("bash");
    command.args(["-eu", "-c", &script]).current_dir(&folder).env("AETHER", url);
    process::run_logged(&mut command, Duration::from_mins(2), &log).context("the README's curl calls")?;
    let printed = fs::read_to_string(&log)?;
    if !printed.split_whitespace().collect::<String>().contains(r#""status":"completed""#) {
        bail!("the README's curl calls printed no completed generation:\n{}", out::tail(&log, 30));
    }
    step.done();
    Ok(())
}

/// The one bash block that follows the mark.
fn block(readme: &str) -> Result<String> {
    let mut parts = readme.split(MARK).skip(1);
    let (Some(after), None) = (parts.next(), parts.next()) else {
        bail!("README.md must hold {MARK} once, before the block of curl calls");
    };
    let block = after.trim_start().strip_prefix("```bash\n").and_then(|rest| rest.split_once("\n```"));
    Ok(block.with_context(|| format!("a ```bash block must follow {MARK} in README.md"))?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn the_marked_block_is_found() {
        let readme = "# A\n```bash\nno\n```\n<!-- test:curl -->\n```bash\ncurl x\ncurl y\n```\nmore ```";
        assert_eq!(block(readme).unwrap(), "curl x\ncurl y");
        assert!(block("# A\n```bash\nno\n```").is_err());
        assert!(block("<!-- test:curl -->\nno block").is_err());
    }
}
