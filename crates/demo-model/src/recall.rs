//! Continuation: when the last messages are an answer that was cut off and the wish to go on, the rest of the same
//! text follows from the exact byte. This works because the same messages always give the same text.

use crate::ask::{Ask, Message};

/// How the turn begins with which the generation service asks for a repair.
const REPAIR_MARK: &str = "AetherOS-Repair:";

/// What to send: the text and whether it goes on from an earlier, cut-off answer.
pub struct Answer {
    pub text: String,
    pub continued: bool,
}

/// Answers a conversation. `written` makes the full text for the messages before the cut-off answer.
pub fn answer(messages: &[Message], written: impl Fn(&[Message]) -> String) -> Answer {
    let mut end = messages.len();
    let mut said = Vec::new();
    while end >= 2 && asks_to_continue(&messages[end - 1]) && messages[end - 2].role == "assistant" {
        said.push(messages[end - 2].text.as_str());
        end -= 2;
    }
    // A provider may also be given the partial answer alone, as the last message to go on from.
    if said.is_empty() && end >= 2 && messages[end - 1].role == "assistant" {
        said.push(messages[end - 1].text.as_str());
        end -= 1;
    }
    if said.is_empty() || end == 0 {
        return Answer { text: written(messages), continued: false };
    }
    said.reverse();
    let full = written(&messages[..end]);
    // A client may send the earlier parts one by one, or joined in the last one.
    let joined = said.concat();
    let last = said.last().copied().unwrap_or_default();
    for so_far in [joined.as_str(), last] {
        if let Some(rest) = full.strip_prefix(so_far)
            && !so_far.is_empty()
        {
            return Answer { text: rest.to_owned(), continued: true };
        }
    }
    match after_tail(&full, last) {
        Some(rest) => Answer { text: rest.to_owned(), continued: true },
        None => Answer { text: written(messages), continued: false },
    }
}

/// The conversation in the form the writer takes.
pub fn ask(messages: &[Message]) -> Ask {
    let wishes: Vec<Message> = messages.iter().filter(|m| !asks_to_continue(m)).cloned().collect();
    Ask::from_messages(&wishes)
}

/// Whether a user turn after an answer says that the answer has problems.
pub fn asks_for_repair(messages: &[Message]) -> bool {
    let answered = messages.iter().position(|message| message.role == "assistant");
    let later = answered.map_or(&[][..], |at| &messages[at + 1..]);
    later.iter().any(|message| {
        let text = message.text.to_lowercase();
        let words = ["problem", "invalid", "not valid", "does not parse", "error", "repair"];
        message.text.starts_with(REPAIR_MARK)
            || message.role == "user"
                && !asks_to_continue(message)
                && words.iter().any(|word| text.contains(word))
    })
}

fn asks_to_continue(message: &Message) -> bool {
    if message.role != "user" || message.text.len() > 800 || message.text.starts_with("AetherOS-") {
        return false;
    }
    let text = message.text.to_lowercase();
    let goes_on = ["continue", "go on", "carry on", "keep going"].iter().any(|word| text.contains(word));
    let place = ["where", "cut off", "stopped", "left off", "exactly", "truncated", "next character"];
    goes_on && (place.iter().any(|word| text.contains(word)) || text.trim().len() < 40)
}

/// The text after the place where `said` ended, found by its last bytes when its start was edited away.
fn after_tail<'a>(full: &'a str, said: &str) -> Option<&'a str> {
    let mut from = said.len().saturating_sub(200);
    while !said.is_char_boundary(from) {
        from += 1;
    }
    let tail = &said[from..];
    if tail.trim().len() < 20 {
        return None;
    }
    full.rfind(tail).map(|at| &full[at + tail.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(role: &str, text: &str) -> Message {
        Message { role: role.to_owned(), text: text.to_owned() }
    }

    fn written(_: &[Message]) -> String {
        "one two three four five six".to_owned()
    }

    #[test]
    fn goes_on_from_the_exact_byte_even_when_asked_twice() {
        let go_on = "Continue exactly where you stopped.";
        let once = [says("user", "count"), says("assistant", "one two th"), says("user", go_on)];
        let answered = answer(&once, written);
        assert_eq!((answered.text.as_str(), answered.continued), ("ree four five six", true));
        let mut twice = once.to_vec();
        twice.extend([says("assistant", "ree fo"), says("user", go_on)]);
        assert_eq!(answer(&twice, written).text, "ur five six");
        let joined = [says("user", "count"), says("assistant", "one two three fo"), says("user", go_on)];
        assert_eq!(answer(&joined, written).text, "ur five six");
    }

    #[test]
    fn a_repair_is_asked_for_after_an_answer_and_is_no_wish() {
        let first = [says("user", "an app that shows errors")];
        assert!(!asks_for_repair(&first));
        let mut marked = first.to_vec();
        marked.extend([says("assistant", "x"), says("user", "AetherOS-Repair: again, please")]);
        assert!(asks_for_repair(&marked));
        assert_eq!(ask(&marked), ask(&first));
        marked[2].text = "make it blue".to_owned();
        assert!(!asks_for_repair(&marked));
        marked[2].text = "Your answer has these problems: line 3".to_owned();
        assert!(asks_for_repair(&marked));
    }

    #[test]
    fn a_follow_up_is_not_a_continuation() {
        let talk = [says("user", "count"), says("assistant", "one two"), says("user", "make it blue")];
        assert!(!answer(&talk, written).continued);
    }
}
