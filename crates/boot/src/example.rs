//! The example files of the settings, made from the table that the settings are read by; a test holds the files equal.

use std::fmt::Write;

use crate::{config::SETTINGS, providers::EXAMPLE};

/// `aether.example.toml`: every setting, commented out, with its default and a sentence.
pub fn toml() -> String {
    let mut text = String::from(
        "# Every setting with its default. Copy to `aether.toml` and take away the `#` of what you change.\n\
         # The environment wins: the same names in capitals, as in `.env.example`.\n",
    );
    for setting in SETTINGS {
        let key = setting.name.trim_start_matches("AETHER_").to_lowercase();
        let _ = write!(text, "\n# {}.\n# {key} = {:?}\n", setting.about, setting.default);
    }
    text.push_str(
        "\n# Any number of OpenAI-compatible providers, last in the file. Their order is the failover order: a model that several have is\n\
         # called at the first, and at the next when that one fails. OPENAI_API_KEY and OPENAI_BASE_URL make one more, `openai`, in\n\
         # front, or fill in what an entry of that name leaves out.\n",
    );
    for line in EXAMPLE.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    text
}

/// `.env.example`: the same for the environment; a `.env` is read in development.
pub fn env() -> String {
    let mut text = String::from(
        "# Every setting with its default. Copy to `.env` (read in development) and take away the `#` of what you change.\n",
    );
    for setting in SETTINGS {
        let _ = write!(text, "\n# {}.\n# {}={}\n", setting.about, setting.name, setting.default);
    }
    text
}

#[cfg(test)]
mod tests {
    /// With `UPDATE_EXAMPLES=1` the files are written instead of compared.
    #[test]
    fn the_example_files_are_what_the_settings_are() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (name, text) in [("aether.example.toml", super::toml()), (".env.example", super::env())] {
            let path = root.join(name);
            if std::env::var_os("UPDATE_EXAMPLES").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                kept, text,
                "{name} is old: UPDATE_EXAMPLES=1 cargo test -p aether-boot writes it anew"
            );
        }
    }
}
