//! Imports of files that the artifact does not hold.

use std::collections::HashSet;

use aether_common::model::generation::Issue;

use crate::File;

/// What a bundler tries after the path as it stands.
const ENDINGS: [&str; 13] = [
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mjs",
    ".mts",
    ".json",
    ".d.ts",
    ".vue",
    ".svelte",
    "/index.ts",
    "/index.tsx",
    "/index.js",
];

/// An issue for each import, given as the file that has it and the relative path in it, that leads to no file.
pub(super) fn missing(files: &[File], imports: &[(String, String)]) -> Vec<Issue> {
    let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut issues = Vec::new();
    for (from, import) in imports {
        // `./logo.svg?raw` is the file without what follows the question mark.
        let target = import.split(['?', '#']).next().unwrap_or(import);
        let found = join(from, target).is_some_and(|path| exists(&path, &paths));
        if !found {
            let shown: String = import.chars().take(120).collect();
            issues.push(Issue {
                path: Some(from.clone()),
                code: "missing_file".into(),
                message: format!("It imports `{shown}`, but there is no such file."),
            });
        }
    }
    issues
}

fn exists(path: &str, paths: &HashSet<&str>) -> bool {
    if paths.contains(path) || ENDINGS.iter().any(|ending| paths.contains(format!("{path}{ending}").as_str()))
    {
        return true;
    }
    let in_folder = |ending: &str| {
        paths.contains(
            if path.is_empty() { ending[1..].to_owned() } else { format!("{path}{ending}") }.as_str(),
        )
    };
    if ["/index.jsx", "/index.mjs", "/index.ts", "/index.tsx", "/index.js"]
        .iter()
        .any(|ending| in_folder(ending))
    {
        return true;
    }
    // TypeScript imports `./a.js` and means `./a.ts`.
    path.rsplit_once('.').is_some_and(|(stem, extension)| match extension {
        "js" | "jsx" => {
            [".ts", ".tsx", ".jsx"].iter().any(|ending| paths.contains(format!("{stem}{ending}").as_str()))
        }
        "mjs" => paths.contains(format!("{stem}.mts").as_str()),
        _ => false,
    })
}

/// The path that `import` is, seen from the file `from`; `None` when it leaves the artifact.
fn join(from: &str, import: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
