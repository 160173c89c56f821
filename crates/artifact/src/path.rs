//! Which paths may be written under any folder on any system, and which of them are the same file there.

use std::collections::HashSet;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A longer path is refused; so is, with it, every name that is too long for a file system (255 bytes).
pub(crate) const MAX_PATH_BYTES: usize = 200;
/// A deeper path is refused.
const MAX_LEVELS: usize = 20;

/// The paths of an artifact, as a file system would see them that does not tell upper from lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl Taken {
    /// Takes a path; false, and nothing taken, when it is another's path or its folder, or when that is its folder.
    pub fn take(&mut self, path: &str) -> bool {
        let key = key(path);
        let folders = || key.match_indices('/').map(|(at, _)| &key[..at]);
        if self.files.contains(&key)
            || self.folders.contains(&key)
            || folders().any(|folder| self.files.contains(folder))
        {
            return false;
        }
        self.folders.extend(folders().map(str::to_owned));
        self.files.insert(key);
        true
    }
}

/// Equal for two paths that one file system may take for the same.
pub(crate) fn key(path: &str) -> String {
    // Up and down again joins letters that only meet in one of the cases, as `ſ` and `s`.
    path.to_uppercase().to_lowercase().nfc().collect()
}

/// Whether a path can be written under any folder on any system: relative, no `..`, no drive, no device name, nothing that hides its
/// real name from a reader, at most 200 bytes and 20 levels; and no `.git`, whose content can be made to run.
pub fn is_safe(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= MAX_PATH_BYTES
        && path.split('/').count() <= MAX_LEVELS
        && is_nfc(path)
        && path.trim() == path
        && !path.chars().any(is_refused)
        && path.split('/').all(is_safe_name)
}

fn is_safe_name(name: &str) -> bool {
    !name.is_empty()
        && !name.ends_with(['.', ' '])
        && !name.eq_ignore_ascii_case(".git")
        && !name.eq_ignore_ascii_case("git~1")
        && !is_device(name)
}

/// Windows opens a device under these names, whatever follows the first dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or("").trim_end_matches(' ').to_lowercase();
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") {
        return true;
    }
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    port.is_some_and(|port| {
        let mut characters = port.chars();
        matches!((characters.next(), characters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}

fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        // What turns the direction of writing, ends a line or cannot be seen.
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}' | '\u{fff9}'..='\u{fffb}')
}

/// The one way to write a path: NFC, no `./`, no doubled slash, no dot or space at the end of a name. What cannot be
/// mended is left, and is not safe.
pub(crate) fn normalise(path: &str) -> String {
    let path: String = path.trim().chars().take(MAX_PATH_BYTES * 4).nfc().collect();
    let mut out = String::with_capacity(path.len());
    // A leading slash stays: it makes the path absolute, which is refused, not mended.
    if path.starts_with('/') {
        out.push('/');
    }
    let ends_open = path.ends_with('/');
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        let mended = part.trim_end_matches(['.', ' ']);
        if !out.is_empty() && !out.ends_with('/') {
            out.push('/');
        }
        out.push_str(if mended.is_empty() { part } else { mended });
    }
    if ends_open && !out.ends_with('/') {
        out.push('/');
    }
    if out.len() > MAX_PATH_BYTES {
        // Still too long with the mark, so that it stays unsafe.
        let mut end = MAX_PATH_BYTES;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
        out.push_str(&"…".repeat(2));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_leave_its_folder_or_hide_its_name_is_refused() {
        let long = "a".repeat(300);
        let deep = "a/".repeat(20) + "a";
        for path in [
            "",
            "../x",
            "/etc/x",
            "a/../b",
            "C:\\x",
            "c:x",
            "\\\\host\\x",
            "CON",
            "nul.txt",
            "a/COM9.log",
            "lpt1",
            "com¹",
            "CONIN$",
            "conout$.txt",
            "con .txt",
            "a//b",
            "a\u{7}b",
            "a\0",
            "x ",
            " x",
            "a./b",
            "a/",
            "./a",
            "...",
            "evil\u{202e}txt.exe",
            "a\u{2066}b",
            "a\u{200b}b",
            ".git/hooks/post-checkout",
            "a/.GIT/config",
            "e\u{301}.txt",
            long.as_str(),
            deep.as_str(),
        ] {
            assert!(!is_safe(path), "{path:?}");
        }
        for path in [
            "a",
            "src/App.tsx",
            ".gitignore",
            ".github/workflows/ci.yml",
            "a b/c.d",
            "ünï/códe.py",
            "app/[...slug]/page.tsx",
            "common/x",
            "com10",
            "contact.html",
            "日本/語.txt",
            "👩‍🚀.md",
        ] {
            assert!(is_safe(path), "{path:?}");
        }
    }

    #[test]
    fn what_can_be_mended_is_mended() {
        for (path, mended) in [
            ("./src//a.ts", "src/a.ts"),
            ("././a", "a"),
            ("a/./b", "a/b"),
            ("a./b ", "a/b"),
            (" e\u{301}.txt", "é.txt"),
            ("/etc/x", "/etc/x"),
            ("//etc", "/etc"),
            ("../x", "../x"),
            ("a/.. /b", "a/.. /b"),
            ("src/", "src/"),
        ] {
            assert_eq!(normalise(path), mended);
        }
        assert!(!is_safe(&normalise(&"ä".repeat(500))));
        assert!(!is_safe(&normalise("a/.. /b")));
    }

    #[test]
    fn a_mended_path_is_not_mended_further() {
        for path in ["a. ./b", "a/ . /b", " . ", "x . .", "././/."] {
            assert_eq!(normalise(&normalise(path)), normalise(path), "{path:?}");
        }
    }

    #[test]
    fn one_name_is_taken_once_without_regard_to_case_and_never_as_file_and_folder() {
        let mut taken = Taken::default();
        assert!(taken.take("src/A.ts"));
        assert!(!taken.take("SRC/a.TS"));
        assert!(!taken.take("Src"));
        assert!(!taken.take("src/a.ts/b"));
        assert!(taken.take("src/b/c"));
        assert!(!taken.take("src/B"));
        assert!(taken.take("straße"));
        assert!(!taken.take("STRASSE"));
    }
}
