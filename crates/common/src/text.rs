//! What the contract calls valid text: counted in Unicode scalar values, not blank, without U+0000.

/// Says why `text` is not acceptable as 1 to `max` characters, or nothing when it is.
///
/// "Characters" are Unicode scalar values (CONTRACT.md "Everywhere").
pub fn invalid(text: &str, max: usize) -> Option<String> {
    if text.contains('\0') {
        return Some("must not hold the character U+0000".into());
    }
    if text.trim().is_empty() {
        return Some("must not be blank".into());
    }
    // A text of fewer bytes than `max` cannot have more characters: the common case costs nothing.
    if text.len() > max {
        let length = text.chars().count();
        if length > max {
            return Some(format!("must have at most {max} characters; it has {length}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::invalid;

    #[test]
    fn counts_characters_and_not_bytes() {
        assert_eq!(invalid(&"é".repeat(10), 10), None);
        assert!(invalid(&"é".repeat(11), 10).is_some());
    }

    #[test]
    fn refuses_blank_and_nul() {
        assert!(invalid(" \n\t", 10).is_some());
        assert!(invalid("", 10).is_some());
        assert!(invalid("a\0b", 10).is_some());
    }
}
