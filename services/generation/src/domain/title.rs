//! A few words for lists, taken from the prompt.

const MAX_CHARS: usize = 60;
const OPENINGS: [&str; 16] = [
    "please ",
    "can you ",
    "could you ",
    "i want ",
    "i need ",
    "make me ",
    "make ",
    "build me ",
    "build ",
    "create ",
    "write ",
    "generate ",
    "give me ",
    "an ",
    "a ",
    "the ",
];

/// The prompt's first line without its opening courtesies, cut at a word.
pub fn from_prompt(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("Untitled");
    let mut words = line;
    while let Some(opening) = OPENINGS.iter().find(|opening| {
        words.get(..opening.len()).is_some_and(|start| start.eq_ignore_ascii_case(opening))
            && words.len() > opening.len()
    }) {
        words = words[opening.len()..].trim_start();
    }
    let words = if words.is_empty() { line } else { words };
    let mut title: String = words.chars().filter(|c| !c.is_control()).take(MAX_CHARS + 1).collect();
    if title.chars().count() > MAX_CHARS {
        title.pop();
        if let Some((head, _)) = title.rsplit_once(' ').filter(|(head, _)| head.len() > MAX_CHARS / 2) {
            title = head.to_owned();
        }
        title.push('…');
    }
    let title = title.trim_end_matches(['.', ',', ';', ':']).to_owned();
    let mut chars = title.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Untitled".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::from_prompt;

    #[test]
    fn takes_the_subject_of_the_prompt() {
        assert_eq!(from_prompt("a todo app with due dates"), "Todo app with due dates");
        assert_eq!(from_prompt("Please make me a timer."), "Timer");
        assert_eq!(from_prompt("  \n a\n"), "A");
        assert_eq!(from_prompt("ß"), "SS");
        assert!(from_prompt(&"word ".repeat(100)).chars().count() <= 61);
        assert!(from_prompt(&"ü".repeat(100)).chars().count() <= 61);
    }
}
