//! The check of a finished artifact: is there what the kind promises, is every file what its name says, and is nothing left out.

mod closed;
mod data;
mod grammar;
mod html;
mod imports;
mod left_out;
mod openapi;
mod script;

use aether_common::model::generation::{FileStatus, Issue, Kind, Validation};

use crate::File;

/// More issues help nobody: neither a person nor the model that is asked to mend them.
const MAX_ISSUES: usize = 50;
/// A larger file is not read.
const MAX_READ_BYTES: usize = 1 << 20;
/// What is quoted of a line, in characters.
const MAX_QUOTE: usize = 120;

/// Looks at the files, marks those invalid that are not what their names say or leave code out, and says what is wrong,
/// at most 50 things. Pure, but real work (milliseconds for a usual artifact): not for a thread that serves requests.
///
/// Codes of issues: `truncated`, `bad_path`, `left_out`, `bad_json`, `bad_yaml`, `bad_toml`, `bad_html`, `bad_syntax`, `bad_package`,
/// `bad_openapi`, `broken_ref`, `external_ref`, `missing_file`, `no_entry`, `no_document`, `no_files`.
pub fn check(kind: Kind, files: &mut [File]) -> Validation {
    let mut issues = Vec::new();
    let mut imported = Vec::new();
    let mut has_document = false;
    let mut room = script::ARTIFACT_WORDS;
    for file in files.iter_mut() {
        match file.status {
            FileStatus::Truncated => issues.push(issue(file, "truncated", "The text ends inside this file.")),
            FileStatus::Invalid => {
                issues.push(issue(file, "bad_path", "This path cannot be used, or another file has it."));
            }
            FileStatus::Complete => {
                let mut read = Read {
                    kind,
                    file,
                    room: &mut room,
                    issues: Vec::new(),
                    imports: Vec::new(),
                    is_document: false,
                };
                read.content();
                let Read { issues: found, imports, is_document, .. } = read;
                has_document |= is_document;
                imported.extend(imports.into_iter().map(|import| (file.path.clone(), import)));
                if !found.is_empty() {
                    file.status = FileStatus::Invalid;
                }
                issues.extend(found);
            }
        }
        issues.truncate(MAX_ISSUES);
    }
    if kind == Kind::Ui {
        issues.extend(imports::missing(files, &imported));
    }
    if let Some((code, message)) = missing(kind, files, has_document) {
        // What is missing as a whole is never pushed out by details.
        issues.truncate(MAX_ISSUES - 1);
        issues.push(Issue { path: None, code: code.into(), message: message.into() });
    }
    issues.truncate(MAX_ISSUES);
    Validation { ok: issues.is_empty(), issues }
}

/// The OpenAPI document of an API's files, read.
pub struct Document {
    /// The file.
    pub path: String,
    /// What it holds.
    pub content: serde_json::Value,
    /// What is wrong with it: a JSON pointer and words.
    pub findings: Vec<(String, String)>,
}

/// The first file that is an OpenAPI 3 document with paths.
pub fn openapi_document(files: &[File]) -> Option<Document> {
    files
        .iter()
        .filter(|file| file.status != FileStatus::Truncated && file.content.len() <= MAX_READ_BYTES)
        .find_map(|file| {
            let read = match extension(&file.path).as_str() {
                "json" | "jsonc" => data::json(&file.content, false),
                "yaml" | "yml" => data::yaml(&file.content),
                _ => return None,
            };
            let content = read.ok().filter(openapi::is_document)?;
            let findings = openapi::find(&content, MAX_ISSUES);
            let findings = findings.into_iter().map(|found| (found.pointer, found.message)).collect();
            Some(Document { path: file.path.clone(), content, findings })
        })
}

fn missing(kind: Kind, files: &[File], has_document: bool) -> Option<(&'static str, &'static str)> {
    // A file that has an issue of its own is there all the same.
    let is_entry = |file: &File| {
        matches!(extension(&file.path).as_str(), "tsx" | "jsx" | "html" | "htm" | "ts" | "js")
            && crate::is_safe(&file.path)
    };
    match kind {
        Kind::Ui if !files.iter().any(is_entry) => {
            Some(("no_entry", "There is no React component or HTML page to show."))
        }
        Kind::Api if !has_document => Some(("no_document", "There is no OpenAPI 3 document with paths.")),
        _ if files.is_empty() => Some(("no_files", "The answer holds no file.")),
        _ => None,
    }
}

/// One file as it is read, and what was found in it.
struct Read<'a> {
    kind: Kind,
    file: &'a File,
    /// How much script may still be parsed.
    room: &'a mut usize,
    issues: Vec<Issue>,
    imports: Vec<String>,
    is_document: bool,
}

impl Read<'_> {
    fn content(&mut self) {
        let content = self.file.content.as_str();
        if content.len() > MAX_READ_BYTES {
            return;
        }
        let extension = extension(&self.file.path);
        let placeholder = left_out::find(&extension, content);
        if let Some((line, text)) = placeholder {
            self.left_out(line, text);
        }
        match extension.as_str() {
            "json" | "jsonc" => self.json(),
            "yaml" | "yml" => match data::yaml(content) {
                Ok(value) => self.openapi(&value),
                Err(error) => self.say("bad_yaml", &format!("It is not YAML: {error}")),
            },
            "toml" => {
                if let Err(error) = data::toml(content) {
                    self.say("bad_toml", &format!("It is not TOML: {}", error.trim()));
                }
            }
            "html" | "htm" => self.html(),
            _ => {
                if let Some(source) = script::source_type(&self.file.path) {
                    self.script(content, 0, source);
                } else if let Some((line, column, what)) = grammar::find(&extension, content) {
                    self.syntax(line, column, &what);
                } else if DOTS_ARE_NO_CODE.contains(&extension.as_str())
                    && let Some((line, text)) = left_out::lone_dots(content)
                {
                    self.left_out(line, text);
                }
            }
        }
    }

    fn json(&mut self) {
        let path = self.file.path.to_lowercase();
        match data::json(&self.file.content, data::may_hold_comments(&path)) {
            Ok(value)
                if (path == "package.json" || path.ends_with("/package.json")) && !value.is_object() =>
            {
                self.say("bad_package", "package.json must hold an object.");
            }
            Ok(value) => self.openapi(&value),
            Err(error) => self.say("bad_json", &format!("It is not JSON: {error}")),
        }
    }

    fn openapi(&mut self, value: &serde_json::Value) {
        if self.kind != Kind::Api || !openapi::is_document(value) {
            return;
        }
        self.is_document = true;
        for found in openapi::find(value, MAX_ISSUES) {
            let pointer = if found.pointer.is_empty() { "/" } else { &found.pointer };
            self.say(found.code, &format!("{pointer}: {}.", found.message));
        }
    }

    fn html(&mut self) {
        let content = self.file.content.as_str();
        match html::scripts(content) {
            Ok(scripts) => {
                for inline in scripts.iter().filter(|inline| !inline.code.trim().is_empty()) {
                    if let Some(source) = inline.name.and_then(script::source_type) {
                        self.script(inline.code, inline.at, source);
                    }
                }
            }
            Err((at, what)) => {
                let (line, column) = grammar::place(content, at);
                self.say("bad_html", &format!("Line {line}, column {column}: {what}."));
            }
        }
    }

    /// `at`: where the script begins in the file.
    fn script(&mut self, code: &str, at: usize, source: oxc_span::SourceType) {
        let Some(found) = script::read(code, source, self.room) else { return };
        if let Some((byte, what)) = found.error {
            let (line, column) = grammar::place(&self.file.content, at + byte);
            self.syntax(line, column, &what);
        }
        self.imports.extend(found.imports);
    }

    fn syntax(&mut self, line: usize, column: usize, what: &str) {
        // Dots are the cause, not what the parser made of them.
        if let Some((line, text)) = left_out::lone_dots(&self.file.content) {
            return self.left_out(line, text);
        }
        let text = self.file.content.lines().nth(line - 1).unwrap_or("");
        let message =
            format!("Line {line}, column {column}: {}: `{}`", what.trim_end_matches('.'), quote(text));
        self.say("bad_syntax", &message);
    }

    fn left_out(&mut self, line: usize, text: &str) {
        if self.issues.iter().any(|issue| issue.code == "left_out") {
            return;
        }
        self.say("left_out", &format!("Line {line} stands for code that is left out: `{}`", quote(text)));
    }

    fn say(&mut self, code: &str, message: &str) {
        self.issues.push(issue(self.file, code, message));
    }
}

/// Languages without a parser here in which a line of dots is never code.
const DOTS_ARE_NO_CODE: [&str; 12] =
    ["css", "scss", "less", "php", "kt", "swift", "cs", "cc", "cpp", "hpp", "dart", "scala"];

/// The lower-case extension; for names without one, the name of the language.
fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    match name.rsplit_once('.') {
        Some((_, extension)) => extension.to_owned(),
        None if matches!(name.as_str(), "dockerfile" | "makefile") => name,
        None => String::new(),
    }
}

fn quote(line: &str) -> String {
    line.trim().chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect()
}

fn issue(file: &File, code: &str, message: &str) -> Issue {
    let message = message.chars().take(500).collect();
    Issue { path: Some(file.path.clone()), code: code.into(), message }
}

#[cfg(test)]
mod tests;
