//! What an uploaded file is, told from its bytes alone, and what of it is put before the model. Text of any kind is taken:
//! source code, data, documents, drawings that are text.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// A file may have so many bytes (CONTRACT.md "Generation").
pub const MAX_UPLOAD_BYTES: usize = 10 * 1024 * 1024;
/// So many characters of one file are put into the prompt's context; the rest is said to be left out.
pub const MAX_TEXT_CHARS: usize = 200_000;
const MAX_NAME_CHARS: usize = 200;

/// The file as text; nothing when it is none. UTF-8, or UTF-16 with its mark, as some editors write it.
pub fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(std::str::from_utf8(rest).ok()?),
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)?),
        _ => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
    };
    // Programs' output may ring or colour; more signs of that kind than that are no text.
    let odd = |c: char| c.is_control() && !c.is_whitespace() && !matches!(c, '\u{7}' | '\u{8}' | '\u{1b}');
    let readable = !text.contains('\0')
        && !text.starts_with("%PDF-")
        && text.chars().filter(|c| odd(*c)).count() * 1000 <= text.len();
    readable.then_some(text)
}

/// What kind of text it is. The bytes decide; only between kinds of plain text does the name.
pub fn media_type(name: &str, text: &str) -> &'static str {
    let head = text.trim_start();
    let begins = |mark: &str| head.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    if head.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return "application/json";
    }
    if begins("<!doctype html") || begins("<html") {
        return "text/html";
    }
    if begins("<svg") {
        return "image/svg+xml";
    }
    if begins("<?xml") || begins("<!doctype svg") {
        let near = &head[..head.floor_char_boundary(2048.min(head.len()))];
        return if near.contains("<svg") { "image/svg+xml" } else { "application/xml" };
    }
    match name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).as_deref() {
        Some("md" | "markdown") => "text/markdown",
        Some("csv") => "text/csv",
        Some("tsv") => "text/tab-separated-values",
        Some("yaml" | "yml") => "application/yaml",
        _ => "text/plain",
    }
}

/// What a file that is no text is, as far as its bytes tell.
pub fn binary_type(bytes: &[u8]) -> &'static str {
    infer::get(bytes).map_or("application/octet-stream", |kind| kind.mime_type())
}

/// The last part of a path of any system, without signs that hide or turn text.
pub fn clean_name(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    let seen: String = last.chars().filter(|c| !hidden(*c)).collect();
    let words = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.as_str() {
        "" | "." | ".." => "file".into(),
        name => name.chars().take(MAX_NAME_CHARS).collect(),
    }
}

/// The part that is put into the context, with a line that says so when it is not all.
pub fn excerpt(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) else { return text.to_owned() };
    let left_out = text[end..].chars().count();
    format!("{}\n\n[The rest of this file is left out: {left_out} characters.]", &text[..end])
}

fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| read(*pair))).collect::<Result<String, _>>().ok();
    text.filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_the_bytes() {
        assert_eq!(text("añb\r\n\t".as_bytes()).unwrap(), "añb\r\n\t");
        assert_eq!(text(b"\xEF\xBB\xBFx").unwrap(), "x");
        assert_eq!(text(b"\xFF\xFEh\0i\0").unwrap(), "hi");
        assert_eq!(text(b"\xFE\xFF\0h\0i").unwrap(), "hi");
        assert_eq!(text(b"\x1b[31mred\x1b[0m").unwrap(), "\u{1b}[31mred\u{1b}[0m");
        // They begin as pictures, programs and sounds do.
        for words in ["BMW is a car", "MZ is a prefix", "ID3 tags", "GIF89a", "{\\rtf"] {
            assert!(text(words.as_bytes()).is_some(), "{words}");
        }
        for bytes in [
            &b"\x89PNG\r\n\x1a\n\0\0"[..],
            b"\xff\xd8\xff\xe0",
            b"PK\x03\x04\x01\x02",
            b"%PDF-1.4\n",
            b"a\0b",
            b"\xe9t\xe9",
            b"\xFF\xFEh",
        ] {
            assert!(text(bytes).is_none(), "{bytes:?}");
        }
        assert_eq!(binary_type(b"\x89PNG\r\n\x1a\n\0\0"), "image/png");
        assert_eq!(binary_type(b"\x01\x02"), "application/octet-stream");
    }

    #[test]
    fn the_media_type_is_that_of_the_text() {
        for (name, text, expected) in [
            ("a.png", "{\"a\": 1}", "application/json"),
            ("a.json", "{a: 1", "text/plain"),
            ("a.txt", "<?xml version='1.0'?>\n<svg/>", "image/svg+xml"),
            ("a", "<svg xmlns='x'/>", "image/svg+xml"),
            ("a", "<?xml version='1.0'?><a/>", "application/xml"),
            ("a.txt", " <!DOCTYPE html><p>", "text/html"),
            ("README.MD", "# A", "text/markdown"),
            ("a.csv", "a,b", "text/csv"),
            ("main.rs", "fn main() {}", "text/plain"),
            ("a", "ä<", "text/plain"),
        ] {
            assert_eq!(media_type(name, text), expected, "{name} {text}");
        }
    }

    #[test]
    fn a_name_is_a_name_and_no_path() {
        for (given, expected) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\b.txt", "b.txt"),
            ("a\u{202e}txt.exe", "atxt.exe"),
            (" a \n b ", "a b"),
            ("..", "file"),
            ("", "file"),
            (".env", ".env"),
        ] {
            assert_eq!(clean_name(given), expected);
        }
        assert_eq!(clean_name(&"é".repeat(500)).chars().count(), 200);
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(excerpt("short"), "short");
        let long = excerpt(&"é".repeat(MAX_TEXT_CHARS + 7));
        assert!(long.ends_with("é\n\n[The rest of this file is left out: 7 characters.]"));
    }
}
