//! Whether a call that sets or uses the cookie was made by a page of ours. `SameSite=Strict` keeps the cookie from other
//! sites already; this holds where a browser or a sibling subdomain does not.

use aether_common::problem::Problem;
use axum::http::{HeaderMap, HeaderName, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a call that a page of another origin may have made.
///
/// Every browser of the last years sends `Origin` with a POST, and `Sec-Fetch-Site` to https and to localhost; scripts can
/// set neither. A call with neither comes from a program that was given the cookie by its owner (curl), and is let in.
pub(crate) fn check(headers: &HeaderMap, origins: &[String]) -> Result<(), Problem> {
    let word = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(one), None) => one.to_str().map(Some).map_err(|_| refused()),
            _ => Err(refused()),
        }
    };
    let (site, origin) = (word(&FETCH_SITE)?, word(&header::ORIGIN)?);
    let ours = origin.map(|origin| origins.iter().any(|known| known == origin));
    match (site, ours) {
        // The browser itself vouches, whatever name it reached us by.
        (Some("same-origin"), _) | (_, Some(true)) | (None, None) => Ok(()),
        _ => Err(refused()),
    }
}

fn refused() -> Problem {
    Problem::forbidden("cross_origin", "A page of another origin may not make this call.")
}

#[cfg(test)]
mod tests {
    use super::check;
    use axum::http::HeaderMap;

    fn allowed(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        check(&map, &["https://aether.example".into()]).is_ok()
    }

    #[test]
    fn pages_of_ours_and_programs_may() {
        assert!(allowed(&[]));
        assert!(allowed(&[("origin", "https://aether.example")]));
        assert!(allowed(&[("origin", "https://aether.example"), ("sec-fetch-site", "same-site")]));
        assert!(allowed(&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn other_pages_may_not() {
        for site in ["cross-site", "same-site", "none", "Same-Origin", ""] {
            assert!(!allowed(&[("sec-fetch-site", site)]), "{site}");
        }
        for origin in [
            "null",
            "https://evil.example",
            "https://aether.example.evil.example",
            "http://aether.example",
            "",
        ] {
            assert!(!allowed(&[("origin", origin)]), "{origin}");
        }
        assert!(!allowed(&[("origin", "https://evil.example"), ("origin", "https://aether.example")]));
    }
}
