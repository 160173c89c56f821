//! The parts of an HTML file that other parsers read, and whether it was cut off. HTML itself forgives everything else.

/// An inline script and what its tag says it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Inline<'a> {
    /// Where the script begins in the file, in bytes.
    pub at: usize,
    pub code: &'a str,
    /// A name whose ending says what it is; `None` for what is no script, as JSON or a template.
    pub name: Option<&'static str>,
}

/// The inline scripts; or the byte and the words for what makes the file unreadable.
pub(super) fn scripts(content: &str) -> Result<Vec<Inline<'_>>, (usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = content[at..].find('<').map(|start| at + start) {
        let rest = &content[start..];
        if rest.starts_with("<!--") {
            let end = rest.find("-->").ok_or_else(|| (start, "this comment is not closed".to_owned()))?;
            at = start + end + 3;
            continue;
        }
        if let Some(name) = ["script", "style"].into_iter().find(|name| is_tag(&rest[1..], name)) {
            let open = format!("<{name}> is not closed");
            let tag_end = tag_end(rest).ok_or_else(|| (start, open.clone()))?;
            let body = start + tag_end;
            let end = closing(&content[body..], name).map(|end| body + end).ok_or((start, open))?;
            if name == "script" {
                let tag = &rest[..tag_end];
                found.push(Inline { at: body, code: &content[body..end], name: script_type(tag) });
            }
            at = end + 2;
            continue;
        }
        if let Some(name) = ["script", "style"]
            .into_iter()
            .find(|name| rest[1..].strip_prefix('/').is_some_and(|rest| is_tag(rest, name)))
        {
            // Those that close something were passed with what they close.
            return Err((start, format!("</{name}> closes no <{name}>")));
        }
        at = start + 1;
    }
    let lower = content.trim_end().to_ascii_lowercase();
    if lower.contains("<html") && !lower.contains("</html") {
        return Err((content.len(), "the page ends before </html>".to_owned()));
    }
    Ok(found)
}

/// Whether `text`, which follows a `<`, is a tag of this name.
fn is_tag(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && text[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
        || text.len() == name.len() && text.eq_ignore_ascii_case(name)
}

/// The length of the tag that `text` begins with; a `>` in a quoted value does not end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn closing(text: &str, name: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| is_tag(&text[at + 2..], name))
}

fn script_type(tag: &str) -> Option<&'static str> {
    let lower = tag.to_ascii_lowercase();
    let Some((_, value)) = lower.split_once("type=") else { return Some("a.js") };
    let value = value.trim_start_matches(['"', '\'']);
    let value = value.split(['"', '\'', ' ', '>']).next().unwrap_or("");
    match value {
        "" | "module" | "text/javascript" | "application/javascript" | "text/ecmascript" => Some("a.js"),
        "text/babel" | "text/jsx" => Some("a.tsx"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_with_their_kind() {
        let page = "<!doctype html><html><!-- <script> --><style>a > b {}</style>\n<script src='a.js'></script><SCRIPT type=\"module\" data-x='>'>let a = '<b>';</script>\n<script type=\"application/json\">{}</script><script type=text/babel>x</script></html>";
        let found: Vec<_> = scripts(page).unwrap().into_iter().map(|one| (one.code, one.name)).collect();
        assert_eq!(
            found,
            [("", Some("a.js")), ("let a = '<b>';", Some("a.js")), ("{}", None), ("x", Some("a.tsx"))]
        );
    }

    #[test]
    fn what_is_not_closed_is_said() {
        for page in [
            "<script>let a",
            "<style>a{}",
            "<html><body>",
            "<!-- a",
            "<script",
            "<script>a = '</script>';</script>",
            "<p></style>",
        ] {
            assert!(scripts(page).is_err(), "{page}");
        }
        for page in ["<scripted>", "<p>a < b", "", "<style></style ><script></script>", "<", "</"] {
            assert!(scripts(page).is_ok(), "{page}");
        }
    }
}
