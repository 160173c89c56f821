//! The things that the head of a prompt names, in the user's words: nouns of the word list, and plurals in a list that
//! no list knows. What they have is read elsewhere.

use super::items::{BEFORE, FILLERS, NOT_FIELDS, STOPS, UNKNOWN, among};
use crate::{ask::Kind, words};

/// Words that hold things when they stand behind a thing: a recipe book has recipes.
const CONTAINERS: &str = "book document item entry file record element journal album message card object thing library link \
    list table url job image menu diary log catalog position category account stock inventory reminder schedule alert";

/// Nouns that are mostly something else in talk about programs.
const WEAK: &str = "track tracks player class file image picture document link url record element object item thing table position word user \
    account reading state answer question response category city message entry comment run password job \
    station room stock auto match";

/// The things of the head, in the user's words: before "for", and after it.
pub fn nouns_of(tokens: &[String], kind: Kind, domain: Option<&str>) -> (Vec<String>, Vec<String>) {
    let mut found: Vec<Mention> = Vec::new();
    let domain_words: Vec<&str> = domain.map(|name| name.split(' ').collect()).unwrap_or_default();
    let mut past_for = false;
    let mut last_end = usize::MAX;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "for" | "para" | "für" | "pour" => past_for = true,
            // "an API for a museum: artworks and artists": what follows is the list of things.
            ":" => past_for = false,
            _ => {}
        }
        let hit = (1..=3).rev().find_map(|length| {
            let words = tokens.get(at..at + length)?.join(" ");
            if length == 1 && domain_words.contains(&words.as_str()) {
                return None;
            }
            words::noun(&words).map(|noun| (length, noun, words))
        });
        let Some((length, noun, words)) = hit else {
            at += 1;
            continue;
        };
        let weak = length == 1 && among(WEAK, words.as_str()) && (kind != Kind::Api || noun.name == "item");
        let code = matches!(kind, Kind::Code | Kind::Cli)
            && length == 1
            && (among(WEAK, words::singular(&words).as_str()));
        let verb = words == "book"
            && tokens.get(at + 1).is_some_and(|next| ["a", "an", "the"].contains(&next.as_str()));
        // "a tool to log my runs" is no tool that is kept.
        let program = words == "tool"
            && tokens.get(at + 1).is_some_and(|next| ["to", "that", "for", "which"].contains(&next.as_str()));
        if weak || code || verb || program {
            at += 1;
            continue;
        }
        let before = found.last().is_some_and(|mention| mention.past_for == past_for);
        if last_end == at && before {
            // Two nouns in a row are one thing: the last one, or the first when the last only holds it.
            if among(CONTAINERS, words::singular(&words).as_str()) {
                at += length;
                continue;
            }
            if kind != Kind::Api {
                found.pop();
            }
        }
        let asks = !words::is_a_name(&words);
        let name = if asks { noun.name.to_lowercase() } else { words };
        let known = found.iter().any(|has| {
            has.past_for == past_for
                && (words::singular(&has.name) == words::singular(&name)
                    || (asks || has.asks || kind == Kind::Ui)
                        && words::noun(&has.name).is_some_and(|other| other.name == noun.name))
        });
        if !known {
            found.push(Mention { at, past_for, asks, name });
        }
        at += length;
        last_end = at;
    }
    found.extend(unknown_mentions(tokens, kind, &found, &domain_words));
    found.sort_by_key(|mention| mention.at);
    // "inventory of a wine cellar" is about wines: words that only ask for a thing give way to names of things.
    let generic =
        |mention: &Mention| mention.asks && ["product", "item", "entry"].contains(&mention.name.as_str());
    if found.iter().any(|mention| !mention.asks) {
        let names_first = found.iter().any(|mention| !mention.asks && !mention.past_for);
        found.retain(|mention| !mention.asks || !(names_first || generic(mention)));
    }
    let split = |past: bool| {
        found.iter().filter(|mention| mention.past_for == past).map(|mention| mention.name.clone()).collect()
    };
    (split(false), split(true))
}

/// A thing that the head names.
struct Mention {
    at: usize,
    past_for: bool,
    /// The word asks for a thing and does not name it ("inventory").
    asks: bool,
    name: String,
}

/// Plurals that no list knows and that stand in a list of things: "parking spaces and permits".
fn unknown_mentions(tokens: &[String], kind: Kind, found: &[Mention], domain: &[&str]) -> Vec<Mention> {
    let parts: Vec<(usize, &[String])> = {
        let mut out = Vec::new();
        let mut from = 0;
        for (at, token) in tokens.iter().enumerate() {
            if matches!(token.as_str(), "," | "and" | "&" | ";" | ":" | "plus") {
                out.push((from, &tokens[from..at]));
                from = at + 1;
            }
        }
        out.push((from, &tokens[from..]));
        out
    };
    if parts.len() < 2 || !matches!(kind, Kind::Api | Kind::Ui) {
        return Vec::new();
    }
    let mut out: Vec<Mention> = Vec::new();
    for (from, part) in parts {
        if found.iter().any(|mention| (from..from + part.len()).contains(&mention.at)) {
            continue;
        }
        let past_for = tokens[..from + part.len()]
            .iter()
            .rev()
            .find_map(|token| match token.as_str() {
                "for" => Some(true),
                ":" => Some(false),
                _ => None,
            })
            .unwrap_or(false);
        let mut run: Vec<&str> = Vec::new();
        for word in part.iter().rev().map(String::as_str) {
            let plain = word.len() > 2 && word.len() < 24 && word.chars().all(|c| c.is_ascii_alphabetic());
            if !plain
                || among(FILLERS, word)
                || among(NOT_FIELDS, word)
                || among(BEFORE, word)
                || among(STOPS, word)
                || domain.contains(&word)
                || word.ends_with("ing")
                || run.len() == 2
            {
                break;
            }
            run.insert(0, word);
        }
        let name = run.join(" ");
        if !run.is_empty() && words::is_plural(&name) && (kind == Kind::Api || words::field(&name).is_none())
        {
            out.push(Mention { at: from, past_for, asks: false, name: format!("{UNKNOWN}{name}") });
        }
    }
    out
}
