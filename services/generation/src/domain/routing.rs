//! Which model writes it, when the request does not say.

use aether_common::model::generation::{Kind, Routing};

/// A prompt of more characters is taken for a complex one.
const LONG_PROMPT: usize = 280;

/// The model's name and the reason, which `metadata.routing` tells.
pub fn choose(
    explicit: Option<&str>,
    kind: Kind,
    prompt: &str,
    has_parent: bool,
    complex: &str,
    simple: &str,
) -> (String, Routing) {
    let routing =
        |choice: &str, reason: &str| Routing { choice: choice.into(), reason: reason.into(), score: None };
    if let Some(model) = explicit {
        return (model.to_owned(), routing("explicit", "the request names it"));
    }
    let reason = match kind {
        Kind::Ui => Some("a user interface has many parts"),
        Kind::Api => Some("an API document must be valid as a whole"),
        _ if has_parent => Some("a change must keep what is there"),
        _ if prompt.chars().count() > LONG_PROMPT => Some("the prompt asks for much"),
        _ => None,
    };
    match reason {
        Some(reason) => (complex.to_owned(), routing("complex", reason)),
        None => (simple.to_owned(), routing("simple", "a short request for one piece")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_model_wins_and_the_rest_is_measured() {
        let name =
            |explicit, kind, prompt: &str, parent| choose(explicit, kind, prompt, parent, "big", "small").0;
        assert_eq!(name(Some("mine"), Kind::Ui, "x", true), "mine");
        assert_eq!(name(None, Kind::Ui, "x", false), "big");
        assert_eq!(name(None, Kind::Code, "x", false), "small");
        assert_eq!(name(None, Kind::Code, "x", true), "big");
        assert_eq!(name(None, Kind::Cli, &"x".repeat(281), false), "big");
    }
}
