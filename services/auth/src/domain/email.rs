//! One canonical form for each e-mail address, so that one address is one account.

use unicode_normalization::UnicodeNormalization;
use url::Host;

const MAX: usize = 254;
const MAX_LOCAL: usize = 64;

/// The canonical form: trimmed, NFC, lower-case, the domain in ASCII; or why the text is not an address that we take.
///
/// Only plain ASCII stands before the `@`: quotes and look-alike letters have no honest use in a sign-up form.
pub fn canonical(text: &str) -> Result<String, String> {
    let wrong = || "must be an e-mail address such as ana@example.com".to_owned();
    // Bounded before any work is done on it.
    if text.len() > 4 * MAX {
        return Err(format!("must have at most {MAX} characters"));
    }
    let text = text.trim().nfc().collect::<String>().to_lowercase();
    if text.is_empty() {
        return Err("must not be blank".into());
    }
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let local_is_sound = (1..=MAX_LOCAL).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte));
    if !local_is_sound || domain.contains(['@', '%', '[', ':']) {
        return Err(wrong());
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return Err(wrong()) };
    // RFC 2606: nobody's. Accounts that lost their address have one of these.
    let domain_is_sound = domain.contains('.')
        && !domain.ends_with(".invalid")
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    if !domain_is_sound {
        return Err(wrong());
    }
    let address = format!("{local}@{domain}");
    if address.len() > MAX { Err(format!("must have at most {MAX} characters")) } else { Ok(address) }
}

/// What RFC 5322 calls atext.
fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_address_has_one_form() {
        for (text, form) in [
            ("ana@example.com", "ana@example.com"),
            ("  Ana@Example.COM ", "ana@example.com"),
            ("a.b+tag@sub.example.co", "a.b+tag@sub.example.co"),
            ("ana@bücher.de", "ana@xn--bcher-kva.de"),
            ("ana@BU\u{308}CHER.de", "ana@xn--bcher-kva.de"),
            ("ana@xn--bcher-kva.de", "ana@xn--bcher-kva.de"),
            ("o'hara@example.com", "o'hara@example.com"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(form), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@{}.com", "a".repeat(64), "b".repeat(63).repeat(4));
        let too_long = format!("ana@{}example.com", "b.".repeat(130));
        for text in [
            "",
            " ",
            "ana",
            "@example.com",
            "ana@",
            "a@b",
            "a@b@example.com",
            "\"a b\"@example.com",
            "a b@example.com",
            "ana@example.com\r\nBcc: eve@example.com",
            "ana\n@example.com",
            "ana@exam\tple.com",
            ".ana@example.com",
            "ana.@example.com",
            "a..b@example.com",
            "ana@example..com",
            "ana@.example.com",
            "ana@-example.com",
            "ana@127.0.0.1",
            "ana@0x7f000001",
            "ana@[::1]",
            "аna@example.com",
            "ana@exam%70le.com",
            "ana@example.com:25",
            "ana@example.com.",
            "ana@localhost",
            "ana@exa_mple.com",
            "ana@unclaimed.invalid",
            "<ana@example.com>",
            &long,
            &too_long,
            &"a".repeat(1_000_000),
        ] {
            assert!(canonical(text).is_err(), "{} was taken", &text[..text.len().min(60)]);
        }
    }
}
