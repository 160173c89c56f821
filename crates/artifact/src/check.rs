//! The check of a finished artifact: is there what the kind promises, and can it be read as what it is called.

use aether_common::model::generation::{FileStatus, Issue, Kind, Validation};
use serde_json::Value;

use crate::File;

/// Looks at the files, marks the unreadable ones invalid and says what is wrong.
pub fn check(kind: Kind, files: &mut [File]) -> Validation {
    let mut issues = Vec::new();
    for file in files.iter_mut() {
        match file.status {
            FileStatus::Truncated => issues.push(issue(file, "truncated", "The text ends inside this file.")),
            FileStatus::Invalid => {
                issues.push(issue(file, "bad_path", "This path cannot be used, or another file has it."));
            }
            FileStatus::Complete => {
                if let Some(found) = unreadable(file) {
                    issues.push(found);
                    file.status = FileStatus::Invalid;
                }
            }
        }
    }
    let good = |test: fn(&str) -> bool| {
        files.iter().any(|file| file.status == FileStatus::Complete && test(&file.path.to_lowercase()))
    };
    let missing = match kind {
        Kind::Ui if !good(|path| has_extension(path, &["tsx", "jsx", "html", "ts", "js"])) => {
            Some(("no_entry", "There is no React component or HTML page to show."))
        }
        Kind::Api if !files.iter().any(is_openapi) => {
            Some(("no_document", "There is no OpenAPI 3 document with paths."))
        }
        _ if files.is_empty() => Some(("no_files", "The answer holds no file.")),
        _ => None,
    };
    if let Some((code, message)) = missing {
        issues.push(Issue { path: None, code: code.into(), message: message.into() });
    }
    Validation { ok: issues.is_empty(), issues }
}

fn unreadable(file: &File) -> Option<Issue> {
    let path = file.path.to_lowercase();
    if has_extension(&path, &["json"]) {
        let error = serde_json::from_str::<serde::de::IgnoredAny>(&file.content).err()?;
        return Some(issue(file, "bad_json", &format!("It is not JSON: {error}")));
    }
    if has_extension(&path, &["yaml", "yml"]) {
        let error = yaml_serde::from_str::<Value>(&file.content).err()?;
        return Some(issue(file, "bad_yaml", &format!("It is not YAML: {error}")));
    }
    None
}

fn is_openapi(file: &File) -> bool {
    if file.status != FileStatus::Complete
        || !has_extension(&file.path.to_lowercase(), &["json", "yaml", "yml"])
    {
        return false;
    }
    // YAML 1.2 holds JSON, so one reader does for both.
    let Ok(document) = yaml_serde::from_str::<Value>(&file.content) else { return false };
    let version = document.get("openapi").and_then(Value::as_str).unwrap_or("");
    (version.starts_with("3.0") || version.starts_with("3.1"))
        && document.get("paths").and_then(Value::as_object).is_some_and(|paths| !paths.is_empty())
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn issue(file: &File, code: &str, message: &str) -> Issue {
    Issue { path: Some(file.path.clone()), code: code.into(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn codes(kind: Kind, text: &str) -> Vec<String> {
        let mut files = parse(text, kind);
        check(kind, &mut files).issues.into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn an_api_needs_a_document_that_can_be_read() {
        let good =
            "```yaml path=openapi.yaml\nopenapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {/a: {}}\n```";
        assert!(codes(Kind::Api, good).is_empty());
        assert_eq!(codes(Kind::Api, "```yaml path=openapi.yaml\na: [\n```"), ["bad_yaml", "no_document"]);
        assert_eq!(
            codes(Kind::Api, "```json path=openapi.json\n{\"openapi\":\"2.0\"}\n```"),
            ["no_document"]
        );
    }

    #[test]
    fn prose_alone_is_no_artifact() {
        assert_eq!(codes(Kind::Code, "I cannot do that."), ["no_files"]);
        assert_eq!(codes(Kind::Ui, "```css path=a.css\na{}\n```"), ["no_entry"]);
    }
}
