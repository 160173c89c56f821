//! User text as literals of other languages. Everything that comes from a prompt and stands in a file goes through
//! here, so that no prompt can break out of a string, a comment, JSX or YAML.

/// A double-quoted string that JavaScript, TypeScript, Python, Go, Rust and YAML all read as the same text.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' | '\t' => out.push(' '),
            // Line separators end a line in JavaScript, and direction marks make code read as something else.
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') =>
                {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One line of plain words for comments, headings and JSX text: no control characters, brackets or quotes.
pub fn words(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '{' | '}' | '<' | '>' | '`' | '\\' | '*' | '"' | '#' | '[' | ']' | '|' => ' ',
            '\'' => '’',
            c if c.is_control() => ' ',
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => ' ',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `most` characters, cut at a word where that is near.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    match cut.rfind(' ') {
        Some(at) if at * 2 > cut.len() => format!("{}…", &cut[..at]),
        _ => format!("{cut}…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_stays_inside_its_string() {
        assert_eq!(quoted("a\"b\\c\nd\u{2028}"), "\"a\\\"b\\\\c\\nd\"");
        assert_eq!(words("a */ b\n{x} </script> `'"), "a / b x /script ’");
    }
}
