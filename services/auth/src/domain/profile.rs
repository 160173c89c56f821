//! What may stand in a profile.

use aether_common::text;
use serde_json::Value;
use url::{Host, Url};

/// The longest name, in characters.
pub const MAX_NAME: usize = 200;
/// The longest picture URL, in bytes.
pub const MAX_AVATAR_URL: usize = 500;
/// The most that preferences may hold, in bytes of JSON.
pub const MAX_PREFERENCES: usize = 16 * 1024;

/// The name without blanks around it, or why it is not one.
pub fn name(text: &str) -> Result<String, String> {
    line(text, MAX_NAME)
}

/// One line that a person sees, of at most so many characters, without blanks around it; or why it is not one.
pub fn line(text: &str, max: usize) -> Result<String, String> {
    let name = text.trim();
    if let Some(reason) = text::invalid(name, max) {
        return Err(reason);
    }
    if name.chars().any(is_control) {
        return Err("must not hold control characters".into());
    }
    Ok(name.to_owned())
}

/// A name from elsewhere without what no name may hold; it may still be blank.
pub fn cleaned(text: &str) -> String {
    text.trim().chars().filter(|c| !is_control(*c)).take(MAX_NAME).collect()
}

/// Direction overrides let one name pass for another.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a picture may be shown from this URL: https at a public name, or our own origin. It is never fetched by us.
pub fn check_avatar_url(text: &str, public_url: &Url) -> Result<(), String> {
    let wrong = || "must be an https URL of a public host".to_owned();
    if text.len() > MAX_AVATAR_URL {
        return Err(format!("must have at most {MAX_AVATAR_URL} characters"));
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let ours = url.origin() == public_url.origin();
    let public = url.scheme() == "https"
        && matches!(url.host(), Some(Host::Domain(name)) if name.trim_end_matches('.').contains('.'));
    let plain = url.username().is_empty() && url.password().is_none();
    if plain && (ours || public) { Ok(()) } else { Err(wrong()) }
}

/// Preferences are an object of bounded size.
pub fn check_preferences(value: &Value) -> Result<(), String> {
    if !value.is_object() {
        return Err("must be an object".into());
    }
    if value.to_string().len() > MAX_PREFERENCES {
        return Err(format!("must have at most {MAX_PREFERENCES} bytes as JSON"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_is_trimmed_and_has_no_tricks() {
        assert_eq!(name("  Ana Müller 👩‍💻 "), Ok("Ana Müller 👩‍💻".into()));
        assert_eq!(name(&"é".repeat(200)), Ok("é".repeat(200)));
        for bad in ["", "  ", "a\nb", "a\u{0}b", "a\u{1b}[31mb", "a\u{202e}b", &"é".repeat(201)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_from_elsewhere_is_made_one_of_ours() {
        for (given, kept) in [("  Ana\n\u{202e}Müller\0 ", Some("AnaMüller")), (" \n", None), ("", None)] {
            assert_eq!(name(&cleaned(given)).ok().as_deref(), kept, "{given:?}");
        }
        assert_eq!(name(&cleaned(&"é".repeat(1_000))), Ok("é".repeat(200)));
    }

    #[test]
    fn a_picture_comes_from_a_public_host_or_from_us() {
        let public: Url = "http://localhost:8080".parse().unwrap();
        for good in ["https://example.com/a.png", "http://localhost:8080/avatars/1.png"] {
            assert_eq!(check_avatar_url(good, &public), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a.png",
            "/a.png",
            "//example.com/a.png",
            "http://example.com/a.png",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "https://127.0.0.1/a",
            "https://0x7f000001/a",
            "https://[::1]/a",
            "https://localhost/a",
            "https://169.254.169.254/",
            "https://user:pw@example.com/a",
            "file:///etc/passwd",
            "http://localhost:8081/a.png",
            &format!("https://example.com/{}", "a".repeat(500)),
        ] {
            assert!(check_avatar_url(bad, &public).is_err(), "{bad}");
        }
    }

    #[test]
    fn preferences_are_a_bounded_object() {
        assert_eq!(check_preferences(&json!({"theme": "dark"})), Ok(()));
        for bad in [json!(null), json!([]), json!("x"), json!({"x": "a".repeat(MAX_PREFERENCES)})] {
            assert!(check_preferences(&bad).is_err());
        }
    }
}
