//! Template files with named holes: `§name§`. What is put in is never scanned again, so no prompt can open a hole.
//! Text between `⟨` and `⟩` is kept for TypeScript and dropped for JavaScript, so one template serves both.

/// Fills the holes. A hole that is not named stays empty.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 256);
    let mut parts = template.split('§');
    if let Some(first) = parts.next() {
        out.push_str(first);
    }
    while let Some(name) = parts.next() {
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            out.push_str(value);
        }
        if let Some(text) = parts.next() {
            out.push_str(text);
        }
    }
    out
}

/// The TypeScript or the JavaScript reading of a template with type marks.
pub fn script(template: &str, typed: bool) -> String {
    let mut out = String::with_capacity(template.len());
    let mut depth = 0_usize;
    for letter in template.chars() {
        match letter {
            '⟨' => depth += 1,
            '⟩' => depth = depth.saturating_sub(1),
            _ if depth == 0 || typed => out.push(letter),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_once() {
        assert_eq!(fill("a §x§ b §y§ c §none§.", &[("x", "§y§"), ("y", "2")]), "a §y§ b 2 c .");
    }

    #[test]
    fn one_template_two_languages() {
        let template = "function add(a⟨: number⟩, b⟨: number⟩)⟨: number⟩ {}";
        assert_eq!(script(template, true), "function add(a: number, b: number): number {}");
        assert_eq!(script(template, false), "function add(a, b) {}");
    }
}
