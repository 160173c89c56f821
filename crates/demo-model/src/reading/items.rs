//! The nouns and fields of a prompt. The head ("a todo app") names the things, what comes after "with" and the like
//! names fields, or more things when they are things themselves.

use super::{
    Entity,
    mentions::nouns_of,
    text::{Text, is_word},
};
use crate::{
    ask::Kind,
    words::{self, Field, Type},
};

/// What was found in the first wish.
#[derive(Default)]
pub struct Found {
    pub entities: Vec<Entity>,
    pub fields: Vec<Field>,
    pub domain: Option<String>,
    pub nested: Vec<(usize, usize)>,
}

const MOST_ENTITIES: usize = 6;
const MOST_FIELDS: usize = 12;

const MARKERS: &str = "with having including includes include containing contains has have fields columns properties \
    attributes featuring storing recording tracking mit con avec com showing plus add where records \
    stores tracks shows supporting supports";
const SEPARATORS: &str = ", ; and or & also plus y und et then by ( ) : - * • / e";
pub const STOPS: &str = "for to so which when because using in on from that if while as into at of para für per like such \
    without who between";
pub const BEFORE: &str = "a an the its their his her optional required multiple several some any each every unique custom own \
    simple different basic new all various total my our your more separate editable possible extra \
    additional un una ein eine one nice two many both";
const AFTER: &str =
    "field fields column columns property properties attribute attributes info information data support";

/// Words that say what to do with things, not what they have.
pub const NOT_FIELDS: &str = "add edit delete remove create update view list mark show manage toggle search filter filters \
    filtering sort sorting chart charts graph graphs dark mode login drag drop export import streak \
    streaks reminder reminders pagination undo responsive mobile localstorage persistence storage \
    keyboard shortcuts statistics stats summary dashboard crud endpoints endpoint tests test ui \
    interface design button buttons sidebar header footer tailwind react typescript python javascript \
    animation animations can should must will is are it you i user users able let lets highlight \
    highlighted stand history authentication auth validation error errors handling examples example \
    documentation docs help colors colours theme html css json csv file files output input option \
    options flag flags argument arguments subcommand subcommands exit code codes form forms views page \
    tab tabs modal totals sum average averages progress bar counter calendar board cards table only just \
    no not everything something things stuff please make use changing editing adding deleting removing \
    creating viewing listing searching marking overdue expired paging crossed big large blue green red \
    purple modern clean beautiful them it him her me each";

pub const FILLERS: &str = "are if check checks bulk into pieces split large text a an the build make create write generate develop design implement give i want need would like \
    please me my our us simple small basic nice beautiful modern clean little tiny full complete great \
    good new personal smart online app apps application web website site page tool program system \
    platform service software api apis rest restful openapi crud backend cli command line terminal \
    script console python javascript typescript rust go golang node react html tailwind manager \
    management managing manage manages tracker tracking track tracks organizer organiser planner list \
    lists board box log logger logging catalog catalogue collection database registry directory library \
    keeper viewer editor for of to in on and or that which it is be can some something thing things \
    interface ui endpoint endpoints function class module code package helper utility utilities could \
    you let lets store stores storing keep keeps keeping save show shows display using use as at from \
    daily weekly monthly your their this we should so just also users user people add adds adding edit \
    edits delete deletes remove creates record records recording share sharing book books control handle \
    handles handling work working works document eine ein einen un una uma une de des la le el der die \
    das mit für para con erstelle crea crear crée fais hazme quiero bitte aplicación aplicacion \
    anwendung lista liste do does what how when where here there one two with by up out hi hello hey \
    thanks everything anything ignore previous instructions spec specification generator simulator demo csv json fake \
    sample example mini micro single file yaml json swagger based data model todo";

/// Marks a thing that no list knows.
pub const UNKNOWN: &str = "?";

pub fn among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

pub fn find(text: &Text, kind: Kind) -> Found {
    let tokens = text.tokens();
    let head_end = tokens
        .iter()
        .position(|token| {
            (among(MARKERS, token.as_str()) || token == "that" || token == "which")
                && token != "add"
                && token != "plus"
        })
        .unwrap_or(tokens.len());
    let mut found = Found { domain: domain(tokens), ..Found::default() };
    let (mut entities, after_for) = nouns_of(&tokens[..head_end], kind, found.domain.as_deref());
    if entities.is_empty() && after_for.is_empty() && found.domain.is_none() {
        // "a backend for tracking doses": the word that starts a list elsewhere comes before the thing here.
        let hard =
            |token: &String| ["with", "having", "including", "mit", "con", "avec"].contains(&token.as_str());
        let end = tokens.iter().position(hard).unwrap_or(tokens.len());
        if end > head_end {
            let (first, later) = nouns_of(&tokens[head_end..end], kind, None);
            entities = if first.is_empty() { later } else { first };
        }
    } else if entities.is_empty() {
        entities = after_for;
    } else if kind == Kind::Api {
        // "tracking doses for patients" has patients too; "for a clinic" is a place and no plural.
        let more = after_for.into_iter().filter(|name| words::is_plural(name) && !entities.contains(name));
        let more: Vec<String> = more.collect();
        entities.extend(more);
    }
    let head_named = !entities.is_empty();
    let mut children = Vec::new();
    let listed = phrases(tokens);
    let place = kind == Kind::Ui && !head_named && found.domain.is_some();
    // "with vintages and ratings": each has one; "with name, nicknames": each has many.
    let one_each =
        !place && kind != Kind::Api && listed.iter().all(|phrase| words::is_plural(&phrase.join(" ")));
    for phrase in listed {
        match classify(&phrase, one_each) {
            Item::Field(field)
                if (kind == Kind::Api || place)
                    && field.of == Type::List
                    && words::field(&words::spaced(&field.name)).is_none() =>
            {
                children.push(format!("{UNKNOWN}{}", words::spaced(&field.name)));
            }
            Item::Field(field) if found.fields.len() < MOST_FIELDS => found.fields.push(field),
            Item::Thing(name, field) => {
                if kind == Kind::Api || (!head_named && kind == Kind::Ui && !one_each) {
                    children.push(name);
                } else if let Some(field) = field
                    && found.fields.len() < MOST_FIELDS
                {
                    found.fields.push(field);
                }
            }
            Item::Both(name, field) => {
                // "category" is a field of a thing, and a thing of its own in an API that names no other.
                if (kind == Kind::Api && !head_named)
                    || (place && field.of != Type::List)
                    || (kind == Kind::Api
                        && words::is_plural(&name)
                        && matches!(field.of, Type::Text | Type::Choice(_)))
                {
                    children.push(name);
                } else if found.fields.len() < MOST_FIELDS {
                    found.fields.push(field);
                }
            }
            _ => {}
        }
    }
    // "podcast API with episodes": a head that no list knows is a thing when it stands before "API".
    if kind == Kind::Api && !head_named && found.domain.is_none() && !children.is_empty() {
        let api = tokens[..head_end].iter().position(|token| token == "api").unwrap_or(0);
        if let Some(words) = unknown_noun(&tokens[..api]) {
            found.entities.push(Entity::unknown(&words));
        }
    }
    for name in entities.iter().chain(&children) {
        match name.strip_prefix(UNKNOWN) {
            Some(words) if found.entities.len() < MOST_ENTITIES => {
                let entity = Entity::unknown(words);
                if !found.entities.iter().any(|has| has.name == entity.name) {
                    found.entities.push(entity);
                }
            }
            _ => push(&mut found.entities, name),
        }
    }
    if kind == Kind::Api {
        for (at, child) in found.entities.iter().enumerate() {
            if at > 0
                && children.iter().any(|name| words::noun(name).is_some_and(|noun| noun.name == child.kin))
                && head_named
                && refers(child, &found.entities[0])
            {
                found.nested.push((0, at));
            }
        }
    }
    if let Some(members) = found.domain.as_deref().and_then(words::domain) {
        let wanted = match kind {
            Kind::Api if found.entities.len() < 2 => members.len(),
            _ if found.entities.is_empty() => 1,
            _ => 0,
        };
        for member in members.iter().take(wanted) {
            if !found.entities.iter().any(|entity| entity.kin.eq_ignore_ascii_case(member)) {
                push(&mut found.entities, member);
            }
        }
    }
    if found.entities.is_empty()
        && let Some(words) = unknown_noun(&tokens[..head_end])
    {
        found.entities.push(Entity::unknown(&words));
    }
    // A field that is one of the things here is that thing, not text.
    let things: Vec<String> = found.entities.iter().map(|entity| entity.name.clone()).collect();
    found.fields.retain(|field| !things.contains(&words::singular(&field.name)));
    found
}

/// The fields that later wishes add.
pub fn find_changes(text: &Text) -> Vec<Field> {
    let mut fields = Vec::new();
    for phrase in phrases(text.tokens()) {
        match classify(&phrase, false) {
            Item::Field(field) | Item::Both(_, field) | Item::Thing(_, Some(field))
                if fields.len() < MOST_FIELDS =>
            {
                fields.push(field);
            }
            _ => {}
        }
    }
    fields
}

enum Item {
    Field(Field),
    /// A thing, and the field it would be on another thing.
    Thing(String, Option<Field>),
    Both(String, Field),
    Nothing,
}

fn classify(phrase: &[String], one_each: bool) -> Item {
    let mut words: Vec<&str> = phrase.iter().map(String::as_str).collect();
    while words.first().is_some_and(|word| among(BEFORE, word)) {
        words.remove(0);
    }
    while words.last().is_some_and(|word| among(AFTER, word)) && words.len() > 1 {
        words.pop();
    }
    // "table assignments" are a table each.
    let assigned = words.len() > 1
        && words
            .last()
            .is_some_and(|last| ["assignment", "assignments", "selection", "choice"].contains(last));
    if assigned {
        words.pop();
    }
    let text = words.join(" ");
    if words.is_empty() || words.len() > 4 || text.len() > 40 {
        return Item::Nothing;
    }
    let noun = words::noun(&text).filter(|_| words::is_plural(&text) || words.len() > 1);
    let field = words::field(&text);
    match (noun, field) {
        (_, Some(field)) if assigned => return Item::Field(field.clone()),
        (Some(_), Some(field)) => return Item::Both(text.clone(), own_name(field, &text)),
        (None, Some(field)) => return Item::Field(own_name(field, &text)),
        (Some(_), None) => {
            let list = if one_each {
                words::guess_field(&text)
            } else {
                words::make_field(&words::camel(&text), Type::List, false)
            };
            return Item::Thing(text, Some(list));
        }
        (None, None) => {}
    }
    if assigned {
        return Item::Field(words::guess_field(&text));
    }
    if words.iter().any(|word| among(NOT_FIELDS, word) || !word.chars().all(|c| c.is_ascii_alphanumeric())) {
        return Item::Nothing;
    }
    if words.len() > 3 || words.iter().all(|word| word.chars().all(|c| c.is_ascii_digit())) || text.len() < 2
    {
        return Item::Nothing;
    }
    // "monthly fee" is money because a fee is.
    if let Some(known) = words.last().and_then(|last| words::field(last)).filter(|_| words.len() > 1) {
        return Item::Field(words::make_field(
            &words::camel(&words::singular(&text)),
            known.of.clone(),
            false,
        ));
    }
    let mut guess = words::guess_field(&text);
    if guess.of == Type::Text && words::is_plural(&text) && !one_each {
        guess = words::make_field(&words::camel(&text), Type::List, false);
    }
    Item::Field(guess)
}

/// The known field under the word the user has for it: a "client" stays a client and is not called customer.
fn own_name(field: &Field, words: &str) -> Field {
    const NOT_NAMES: &str = "when where until from who ends end starts start place make count total hour";
    let word = words::singular(words);
    let keeps = matches!(field.of, Type::Text | Type::Choice(_) | Type::Money)
        && word.len() > 3
        && !word.contains(' ')
        && word.chars().all(|c| c.is_ascii_alphabetic())
        && !among(NOT_NAMES, &word);
    let name = words::camel(&word);
    if keeps && name != field.name {
        Field { label: words::label(&name), name, ..field.clone() }
    } else {
        field.clone()
    }
}

/// The runs of words that stand in lists after a marker.
fn phrases(tokens: &[String]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let mut phrase: Vec<String> = Vec::new();
    let (mut listing, mut skip) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let word = token.as_str();
        if word == "\n" || matches!(word, "." | "!" | "?") {
            out.push(std::mem::take(&mut phrase));
            let next = tokens.get(at + 1).map_or("", String::as_str);
            listing = matches!(next, "-" | "*" | "•") && word == "\n";
            skip = false;
        } else if among(MARKERS, word) {
            out.push(std::mem::take(&mut phrase));
            listing = true;
            skip = false;
        } else if among(SEPARATORS, word) {
            out.push(std::mem::take(&mut phrase));
            // "sorted by name": what follows is still something the things have.
            listing |= word == "by"
                && at > 0
                && [
                    "filter",
                    "filtered",
                    "sort",
                    "sorted",
                    "group",
                    "grouped",
                    "search",
                    "searchable",
                    "filterable",
                ]
                .contains(&tokens[at - 1].as_str());
            skip = false;
        } else if among(STOPS, word) {
            out.push(std::mem::take(&mut phrase));
            skip = true;
        } else if listing && !skip && is_word(word) {
            phrase.push(token.clone());
        } else if listing && !skip {
            out.push(std::mem::take(&mut phrase));
        }
    }
    out.push(phrase);
    out.retain(|phrase| !phrase.is_empty());
    out.truncate(60);
    out
}

fn domain(tokens: &[String]) -> Option<String> {
    for length in (1..=3).rev() {
        for window in tokens.windows(length) {
            let words = window.join(" ");
            if words::domain(&words).is_some() {
                // "a library for dates" in code is no place; the caller's kind decides what to do with it.
                return Some(words);
            }
        }
    }
    None
}

fn unknown_noun(tokens: &[String]) -> Option<String> {
    let mut best: Option<Vec<&str>> = None;
    let mut run: Vec<&str> = Vec::new();
    for token in tokens.iter().map(String::as_str).chain(["."]) {
        let ok = is_word(token)
            && !among(FILLERS, token)
            && token.len() > 2
            && token.len() < 24
            && token.chars().all(|c| c.is_ascii_alphabetic());
        if ok {
            run.push(token);
        } else if !run.is_empty() {
            best = Some(std::mem::take(&mut run));
        }
    }
    let run = best?;
    let from = run.len().saturating_sub(2);
    Some(run[from..].join(" "))
}

fn refers(child: &Entity, parent: &Entity) -> bool {
    child
        .fields
        .iter()
        .any(|field| matches!(&field.of, Type::Ref(target) if target.eq_ignore_ascii_case(&parent.name)))
}

fn push(entities: &mut Vec<Entity>, words: &str) {
    if entities.len() < MOST_ENTITIES
        && let Some(noun) = words::noun(words)
    {
        let entity = Entity::called(words, noun);
        if !entities.iter().any(|has| has.name == entity.name) {
            entities.push(entity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prompt: &str, kind: Kind) -> (Vec<String>, Vec<String>) {
        let found = find(&Text::new(prompt), kind);
        (
            found.entities.iter().map(|entity| entity.name.clone()).collect(),
            found.fields.iter().map(|field| field.name.clone()).collect(),
        )
    }

    #[test]
    fn nouns_and_fields_of_a_prompt() {
        let cases: &[(&str, Kind, &[&str], &[&str])] = &[
            ("a todo app with due dates", Kind::Ui, &["todo"], &["dueDate"]),
            (
                "recipe box with ingredients and cooking time",
                Kind::Ui,
                &["recipe"],
                &["ingredients", "cookingMinutes"],
            ),
            ("expense tracker with categories and a chart", Kind::Ui, &["expense"], &["category"]),
            (
                "API for a veterinary clinic with pets, owners and appointments",
                Kind::Api,
                &["pet", "owner", "appointment"],
                &[],
            ),
            ("API for a library lending books", Kind::Api, &["book", "member", "loan"], &[]),
            ("posts with comments", Kind::Api, &["post", "comment"], &[]),
            (
                "a gizmo tracker with colour, weight and serial number",
                Kind::Ui,
                &["gizmo"],
                &["colour", "weightKg", "serialNumber"],
            ),
            ("contacts and companies", Kind::Ui, &["contact", "company"], &[]),
        ];
        for (prompt, kind, entities, fields) in cases {
            let (things, has) = read(prompt, *kind);
            assert_eq!(
                (things, has),
                (
                    entities.iter().map(ToString::to_string).collect(),
                    fields.iter().map(ToString::to_string).collect()
                ),
                "{prompt}"
            );
        }
    }
}
