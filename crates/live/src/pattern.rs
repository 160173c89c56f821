//! A text that a pattern takes.

use rand::{Rng, RngExt};
use regex_syntax::hir::{Class, Hir, HirKind};

/// How often something that may repeat without end does, beyond what it must.
const MORE: u32 = 3;
/// No text grows longer.
const MAX_CHARS: usize = 2_000;

/// A text in which the pattern finds itself; none when the pattern cannot be read or asks for too much. Where it looks
/// around, nothing is promised.
pub fn text(pattern: &str, rng: &mut impl Rng) -> Option<String> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let mut text = String::new();
    write(&hir, rng, &mut text)?;
    Some(text)
}

fn write(hir: &Hir, rng: &mut impl Rng, text: &mut String) -> Option<()> {
    if text.len() > MAX_CHARS {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // Plain letters where the class has some.
            let plain: Vec<char> = (' '..='~')
                .filter(|c| class.ranges().iter().any(|range| range.start() <= *c && *c <= range.end()))
                .collect();
            let letters: Vec<char> = plain.iter().copied().filter(char::is_ascii_alphanumeric).collect();
            let choice = if letters.is_empty() { &plain } else { &letters };
            match choice.get(rng.random_range(0..choice.len().max(1))) {
                Some(c) => text.push(*c),
                None => text.push(class.ranges().first()?.start()),
            }
        }
        HirKind::Class(Class::Bytes(class)) => text.push(char::from(class.ranges().first()?.start())),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(MORE));
            for _ in 0..rng.random_range(repetition.min..=most.max(repetition.min)) {
                write(&repetition.sub, rng, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, rng, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, rng, text))?,
        HirKind::Alternation(ways) => write(ways.get(rng.random_range(0..ways.len().max(1)))?, rng, text)?,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn the_pattern_finds_itself() {
        let mut rng = StdRng::seed_from_u64(7);
        for pattern in
            ["^[A-Z]{3}-\\d{4}$", "^(red|green)+$", "^\\+?[1-9]\\d{1,14}$", "^(a+)+$", "[^a-z]", "^\\p{L}+$"]
        {
            let schema = serde_json::json!({ "pattern": pattern });
            for _ in 0..20 {
                let text = text(pattern, &mut rng).unwrap();
                assert!(jsonschema::is_valid(&schema, &text.clone().into()), "{pattern}: {text}");
            }
        }
        assert_eq!(text("(", &mut rng), None);
        assert_eq!(text("a{5000}", &mut rng), None);
    }
}
