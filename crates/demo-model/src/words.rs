//! What is known of words: nouns with their fields, fields with their types, places with their nouns, plural and
//! singular. The knowledge is in `templates/*.txt`; here is how it is looked up.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Long,
    Int,
    Number,
    Money,
    Bool,
    Date,
    DateTime,
    Time,
    Email,
    Url,
    Phone,
    Rating,
    List,
    Choice(Vec<String>),
    /// The id of a thing of this noun.
    Ref(String),
}

/// A field of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// camelCase.
    pub name: String,
    pub label: String,
    pub of: Type,
    pub required: bool,
    /// Sample cells as written in the word lists: dates are days from today, `+3` or `-1T09:30`.
    pub samples: Vec<String>,
}

/// A noun as the word list has it.
pub struct Noun {
    pub name: String,
    pub singular: String,
    pub plural: String,
    pub fields: Vec<Field>,
    pub rows: usize,
}

/// Words that no field or variable may be named after, in any of the languages that are written.
const KEYWORDS: &str = "and as assert async await break case catch class const continue debugger def default del delete do \
    elif else enum except export extends finally fn for from func function global go goto if impl implements import in \
    instanceof interface is lambda let loop match mod mut new none nonlocal not null or package pass pub raise return \
    self static struct super switch this throw trait true try typeof use var void where while with yield fields id list";

struct Lists {
    nouns: Vec<Noun>,
    noun_of: HashMap<String, usize>,
    /// Words that ask for a noun and are no name for it ("reading list" asks for books).
    askers: HashSet<String>,
    fields: Vec<Field>,
    field_of: HashMap<String, usize>,
    domains: Vec<(String, Vec<String>)>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(Lists::read);

/// Finds a noun by its name or another word for it, singular or plural.
pub fn noun(words: &str) -> Option<&'static Noun> {
    LISTS.noun_of.get(words).and_then(|at| LISTS.nouns.get(*at))
}

/// Whether a word that finds a noun is also a name for it: a novel is a book and called a novel, a reading list is not.
pub fn is_a_name(words: &str) -> bool {
    !LISTS.askers.contains(words)
}

/// Finds a known field by one of its names, singular or plural.
pub fn field(words: &str) -> Option<&'static Field> {
    let find = |key: &str| LISTS.field_of.get(key).and_then(|at| LISTS.fields.get(*at));
    find(words).or_else(|| find(&singular(words)))
}

/// The nouns of a place or business ("library").
pub fn domain(words: &str) -> Option<&'static [String]> {
    LISTS.domains.iter().find(|(name, _)| name == words).map(|(_, nouns)| nouns.as_slice())
}

/// A field for words that no list knows; its type is told by its last word.
pub fn guess_field(words: &str) -> Field {
    let last = words.rsplit(' ').next().unwrap_or(words);
    let last = singular(last);
    let first = words.split(' ').next().unwrap_or(words);
    let of = match last.as_str() {
        "date" | "day" | "deadline" | "birthday" | "anniversary" => Type::Date,
        "price" | "cost" | "amount" | "total" | "fee" | "salary" | "budget" | "revenue" | "profit"
        | "tax" | "rent" => Type::Money,
        "count" | "number" | "quantity" | "minute" | "second" | "year" | "level" | "age" | "size"
        | "limit" | "capacity" | "floor" | "hour" | "point" | "calorie" | "step" | "page" | "rank" => {
            Type::Int
        }
        "weight" | "height" | "distance" | "width" | "length" | "speed" | "percentage" | "rate"
        | "temperature" | "volume" | "area" | "depth" | "pressure" | "radius" => Type::Number,
        "email" | "mail" => Type::Email,
        "url" | "link" | "website" | "image" | "photo" => Type::Url,
        "phone" | "telephone" => Type::Phone,
        "time" => Type::Time,
        "rating" => Type::Rating,
        "tag" | "keyword" | "skill" | "language" | "allergy" => Type::List,
        "description" | "note" | "text" | "comment" | "story" | "instruction" | "bio" | "summary"
        | "message" => Type::Long,
        _ if ["is", "has", "can"].contains(&first) => Type::Bool,
        _ => Type::Text,
    };
    make_field(&camel(&words_singular_last(words)), of, false)
}

/// `Due date` for `dueDate`.
pub fn label(name: &str) -> String {
    match name {
        "isbn" | "url" | "sku" | "id" => return name.to_uppercase(),
        "cookingMinutes" => return "Cooking time (min)".to_owned(),
        "durationMinutes" => return "Duration (min)".to_owned(),
        "durationSeconds" => return "Duration (s)".to_owned(),
        "distanceKm" => return "Distance (km)".to_owned(),
        "weightKg" => return "Weight (kg)".to_owned(),
        "heightCm" => return "Height (cm)".to_owned(),
        "areaSqm" => return "Area (m²)".to_owned(),
        "waterEveryDays" => return "Water every (days)".to_owned(),
        "photoUrl" => return "Photo URL".to_owned(),
        "startsAt" => return "Starts".to_owned(),
        "endsAt" => return "Ends".to_owned(),
        _ => {}
    }
    let name = name.strip_suffix("Id").filter(|stem| !stem.is_empty()).unwrap_or(name);
    capital(&spaced(name))
}

/// `due date` for `dueDate`.
pub fn spaced(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            out.push(' ');
        }
        out.extend(letter.to_lowercase());
    }
    out.trim().to_owned()
}

/// `dueDate` for `due date`; a name that can stand in code, `field` when nothing is left.
pub fn camel(words: &str) -> String {
    let out = joined(words);
    if is_keyword(&out) { format!("{out}Value") } else { out }
}

/// Whether a variable can't have this name in one of the languages that are written.
pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.split_whitespace().any(|word| word == name)
}

/// camelCase with no look at what the word means elsewhere.
fn joined(words: &str) -> String {
    let mut out = String::new();
    for (index, word) in
        words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).enumerate()
    {
        if index == 0 {
            out.push_str(&word.to_lowercase());
        } else {
            out.push_str(&capital(word));
        }
    }
    if out.is_empty() {
        return "field".to_owned();
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) { format!("n{out}") } else { out }
}

/// `due_date` for `dueDate`.
pub fn snake(name: &str) -> String {
    spaced(name).replace(' ', "_")
}

/// `DueDate` for `dueDate` or `due date`.
pub fn pascal(words: &str) -> String {
    words.split(|c: char| !c.is_ascii_alphanumeric()).map(capital).collect()
}

/// First letter large, the rest as it is.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `boxes` for `box`; of several words the last one changes.
pub fn plural(words: &str) -> String {
    let (head, last) = split_last(words);
    let many = match last {
        "person" => "people".to_owned(),
        "child" => "children".to_owned(),
        "man" => "men".to_owned(),
        "woman" => "women".to_owned(),
        "mouse" => "mice".to_owned(),
        "foot" => "feet".to_owned(),
        "tooth" => "teeth".to_owned(),
        "goose" => "geese".to_owned(),
        "leaf" => "leaves".to_owned(),
        "shelf" => "shelves".to_owned(),
        "knife" => "knives".to_owned(),
        "life" => "lives".to_owned(),
        "wolf" => "wolves".to_owned(),
        "analysis" => "analyses".to_owned(),
        "quiz" => "quizzes".to_owned(),
        "staff" | "equipment" | "news" | "series" | "species" | "sheep" | "fish" | "software"
        | "furniture" | "stock" | "data" | "media" | "homework" => last.to_owned(),
        w if w.ends_with('y') && !ends_vowel_y(w) => format!("{}ies", &w[..w.len() - 1]),
        w if ["s", "x", "z", "ch", "sh"].iter().any(|end| w.ends_with(end)) => format!("{w}es"),
        w if ["hero", "potato", "tomato", "echo"].contains(&w) => format!("{w}es"),
        w => format!("{w}s"),
    };
    format!("{head}{many}")
}

/// `box` for `boxes`; a word that is not a plural stays.
pub fn singular(words: &str) -> String {
    let (head, last) = split_last(words);
    let one = match last {
        "people" => "person".to_owned(),
        "children" => "child".to_owned(),
        "men" => "man".to_owned(),
        "women" => "woman".to_owned(),
        "mice" => "mouse".to_owned(),
        "feet" => "foot".to_owned(),
        "teeth" => "tooth".to_owned(),
        "geese" => "goose".to_owned(),
        "leaves" => "leaf".to_owned(),
        "shelves" => "shelf".to_owned(),
        "knives" => "knife".to_owned(),
        "lives" => "life".to_owned(),
        "wolves" => "wolf".to_owned(),
        "analyses" => "analysis".to_owned(),
        "quizzes" => "quiz".to_owned(),
        "menus" | "movies" | "cookies" | "ties" | "pies" | "zombies" | "calories" if last != "calories" => {
            last[..last.len() - 1].to_owned()
        }
        "news" | "series" | "species" | "status" | "address" | "progress" | "bus" | "gas" | "lens"
        | "analysis" | "notes" | "business" | "class" | "canvas" | "process" | "access" | "campus"
        | "bonus" | "virus" | "cactus" | "tennis" | "yes" | "chess" | "focus" | "css" | "js" | "ts"
        | "rs" | "aws" | "dos" | "this" | "is" | "was" | "has" | "its" | "us" | "as" => {
            if last == "notes" {
                "note".to_owned()
            } else {
                last.to_owned()
            }
        }
        w if w.ends_with("ies") && w.len() > 4 => format!("{}y", &w[..w.len() - 3]),
        w if ["sses", "xes", "ches", "shes", "zes"].iter().any(|end| w.ends_with(end)) && w.len() > 4 => {
            w[..w.len() - 2].to_owned()
        }
        w if ["heroes", "potatoes", "tomatoes", "echoes", "statuses", "buses", "viruses"].contains(&w) => {
            w[..w.len() - 2].to_owned()
        }
        w if w.ends_with('s')
            && !w.ends_with("ss")
            && !w.ends_with("us")
            && !w.ends_with("is")
            && w.len() > 2 =>
        {
            w[..w.len() - 1].to_owned()
        }
        w => w.to_owned(),
    };
    format!("{head}{one}")
}

/// Whether the last word is a plural.
pub fn is_plural(words: &str) -> bool {
    singular(words) != words
}

pub fn make_field(name: &str, of: Type, required: bool) -> Field {
    let samples = match LISTS.fields.iter().find(|field| field.name == name && field.of == of) {
        Some(known) => known.samples.clone(),
        None => default_samples(name, &of),
    };
    Field { name: name.to_owned(), label: label(name), of, required, samples }
}

fn words_singular_last(words: &str) -> String {
    singular(words)
}

fn ends_vowel_y(word: &str) -> bool {
    word.len() > 1 && word[..word.len() - 1].ends_with(['a', 'e', 'i', 'o', 'u'])
}

fn split_last(words: &str) -> (&str, &str) {
    words.rfind(' ').map_or(("", words), |at| words.split_at(at + 1))
}

fn default_samples(name: &str, of: &Type) -> Vec<String> {
    let cells: Vec<&str> = match of {
        Type::Text => {
            let label = label(name);
            return vec![format!("{label} A"), format!("{label} B"), format!("{label} C")];
        }
        Type::Ref(_) => vec!["1", "2", "3"],
        Type::Long => vec!["Short and clear", "A little more to say here", "See the shelf on the left"],
        Type::Int => vec!["12", "3", "40"],
        Type::Number => vec!["4.5", "12", "7.2"],
        Type::Money => vec!["24.5", "130", "8.9"],
        Type::Bool => vec!["true", "false", "true"],
        Type::Date => vec!["-2", "+3", "+10"],
        Type::DateTime => vec!["+1T09:30", "+2T14:00", "+3T11:15"],
        Type::Time => vec!["09:30", "14:00", "18:15"],
        Type::Email => vec!["ana@example.com", "ben@example.com", "chloe@example.com"],
        Type::Url => vec!["https://example.com", "https://example.org", "https://example.net"],
        Type::Phone => vec!["+1 555 0101", "+1 555 0102", "+1 555 0103"],
        Type::Rating => vec!["5", "4", "3"],
        Type::List => vec!["new,important", "later", "new"],
        Type::Choice(choices) => return choices.clone(),
    };
    cells.into_iter().map(str::to_owned).collect()
}

fn read_type(text: &str) -> Type {
    match text {
        "long" => Type::Long,
        "int" => Type::Int,
        "number" => Type::Number,
        "money" => Type::Money,
        "bool" => Type::Bool,
        "date" => Type::Date,
        "datetime" => Type::DateTime,
        "time" => Type::Time,
        "email" => Type::Email,
        "url" => Type::Url,
        "phone" => Type::Phone,
        "rating" => Type::Rating,
        "list" => Type::List,
        _ => match text.strip_prefix("choice=") {
            Some(choices) => Type::Choice(choices.split('/').map(str::to_owned).collect()),
            None => Type::Text,
        },
    }
}

impl Lists {
    fn read() -> Self {
        let (fields, field_of) = read_fields(include_str!("../templates/fields.txt"));
        let (nouns, noun_of, askers) = read_nouns(include_str!("../templates/nouns.txt"), &fields);
        let mut domains = Vec::new();
        for line in lines(include_str!("../templates/domains.txt")) {
            if let Some((names, members)) = line.split_once('|') {
                let members: Vec<String> = members.split(',').map(str::to_owned).collect();
                domains.extend(names.split(',').map(|name| (name.to_owned(), members.clone())));
            }
        }
        Self { nouns, noun_of, askers, fields, field_of, domains }
    }
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn read_fields(text: &'static str) -> (Vec<Field>, HashMap<String, usize>) {
    let mut fields = Vec::new();
    let mut names = HashMap::new();
    for line in lines(text) {
        let cells: Vec<&str> = line.split('|').collect();
        let [name, of, others, samples] = cells[..] else { continue };
        let of = read_type(of);
        let mut samples: Vec<String> =
            samples.split(';').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        if samples.is_empty() {
            samples = default_samples(name, &of);
        }
        for other in others.split(',').filter(|other| !other.is_empty()) {
            names.entry(other.to_owned()).or_insert(fields.len());
        }
        names.insert(spaced(name), fields.len());
        fields.push(Field { name: name.to_owned(), label: label(name), of, required: false, samples });
    }
    (fields, names)
}

fn read_nouns(text: &'static str, known: &[Field]) -> (Vec<Noun>, HashMap<String, usize>, HashSet<String>) {
    let mut nouns = Vec::new();
    let mut askers = HashSet::new();
    let mut names: HashMap<String, usize> = HashMap::new();
    for line in lines(text) {
        let cells: Vec<&str> = line.splitn(4, '|').collect();
        let [name, others, fields, rows] = cells[..] else { continue };
        let askers_here = others.split(',').filter_map(|other| other.strip_prefix('~'));
        for asker in askers_here.filter(|asker| asker.replace(' ', "") != name) {
            askers.insert(asker.to_owned());
            askers.insert(plural(asker));
        }
        let others: Vec<&str> = others
            .split(',')
            .map(|other| other.trim_start_matches('~'))
            .filter(|other| !other.is_empty())
            .collect();
        // The first other word is the spaced form when the name is written together ("menuitem", "menu item").
        let spaced_name = others
            .first()
            .filter(|other| other.replace(' ', "") == name)
            .map_or(name, |other| *other)
            .to_owned();
        let rows: Vec<Vec<&str>> =
            rows.split("||").filter(|row| !row.is_empty()).map(|row| row.split(';').collect()).collect();
        let mut column = 0;
        let fields = fields
            .split(',')
            .map(|text| {
                let mut field = read_field(text, known);
                if !matches!(field.of, Type::Ref(_)) {
                    let cells: Vec<String> = rows
                        .iter()
                        .filter_map(|row| row.get(column))
                        .map(|cell| (*cell).to_owned())
                        .collect();
                    if cells.iter().any(|cell| !cell.is_empty()) {
                        field.samples = cells;
                    }
                    column += 1;
                }
                field
            })
            .collect();
        for other in others.iter().chain([&name]) {
            names.insert((*other).to_owned(), nouns.len());
            names.entry(plural(other)).or_insert(nouns.len());
        }
        nouns.push(Noun {
            name: joined(&spaced_name),
            plural: plural(&spaced_name),
            singular: spaced_name,
            fields,
            rows: rows.len(),
        });
    }
    (nouns, names, askers)
}

fn read_field(text: &str, known: &[Field]) -> Field {
    if let Some((name, target)) = text.split_once('>') {
        return Field {
            name: name.trim_end_matches('!').to_owned(),
            label: label(name.trim_end_matches('!')),
            of: Type::Ref(target.to_owned()),
            required: true,
            samples: vec!["1".to_owned(), "2".to_owned(), "3".to_owned()],
        };
    }
    let required = text.contains('!');
    let text = text.replace('!', "");
    if let Some((name, choices)) = text.split_once('=') {
        let choices: Vec<String> = choices.split('/').map(str::to_owned).collect();
        let samples = choices.clone();
        return Field {
            name: name.to_owned(),
            label: label(name),
            of: Type::Choice(choices),
            required,
            samples,
        };
    }
    if let Some((name, of)) = text.split_once(':') {
        let of = read_type(of);
        let samples = default_samples(name, &of);
        return Field { name: name.to_owned(), label: label(name), of, required, samples };
    }
    if let Some(field) = known.iter().find(|field| field.name == text) {
        return Field { required, ..field.clone() };
    }
    let samples = default_samples(&text, &Type::Text);
    Field { label: label(&text), name: text, of: Type::Text, required, samples }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_and_singular_go_both_ways() {
        for one in
            ["box", "category", "person", "movie", "class", "day", "tax", "menu item", "loan", "quiz", "bus"]
        {
            assert_eq!(singular(&plural(one)), one, "{one}");
        }
    }

    #[test]
    fn every_noun_has_a_first_field_that_names_it_and_only_known_references() {
        for noun in &LISTS.nouns {
            assert!(!noun.fields.is_empty(), "{}", noun.name);
            for field in &noun.fields {
                assert!(!field.samples.is_empty(), "{}.{}", noun.name, field.name);
                if let Type::Ref(target) = &field.of {
                    assert!(super::noun(target).is_some(), "{}.{}", noun.name, field.name);
                }
            }
        }
        for (name, members) in &LISTS.domains {
            assert!(members.iter().all(|member| noun(member).is_some()), "{name}");
        }
    }

    #[test]
    fn samples_fit_their_types() {
        for noun in &LISTS.nouns {
            for field in &noun.fields {
                for cell in field.samples.iter().filter(|cell| !cell.is_empty()) {
                    let fits = match &field.of {
                        Type::Int | Type::Date => cell.parse::<i64>().is_ok(),
                        Type::Rating => cell.parse::<u8>().is_ok(),
                        Type::Number | Type::Money => cell.parse::<f64>().is_ok(),
                        Type::Bool => cell == "true" || cell == "false",
                        Type::DateTime => cell.contains('T'),
                        Type::Time => cell.contains(':'),
                        Type::Choice(choices) => choices.contains(cell),
                        Type::Email => cell.contains('@'),
                        Type::Url => cell.starts_with("https://"),
                        _ => true,
                    };
                    assert!(fits, "{}.{}: {cell}", noun.name, field.name);
                }
            }
        }
    }
}
