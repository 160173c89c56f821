//! What the wishes mean: the things (with fields), the place, the verbs, the look, the title. Only reading; the
//! writers of the four kinds decide what to do with it.

mod implied;
mod items;
mod mentions;
mod text;

use crate::{
    ask::{Ask, Kind, Language},
    literal,
    words::{self, Field, Noun, Type},
};
pub use text::Text;

/// A thing the artifact is about.
#[derive(Clone, Debug)]
pub struct Entity {
    /// camelCase singular.
    pub name: String,
    pub singular: String,
    pub plural: String,
    pub fields: Vec<Field>,
    /// The noun of the word list that lends the fields; the own name when there is none.
    pub kin: String,
    /// How many rows of samples there are; at least 1.
    pub rows: usize,
    /// Whether the word list knows it, or it was made from the prompt's words.
    pub known: bool,
}

/// Everything read from a request.
pub struct Reading {
    pub kind: Kind,
    /// From the system message, else from the user's words.
    pub language: Option<Language>,
    /// A language that was asked for and that is not written here.
    pub other_language: Option<&'static str>,
    /// The first wish.
    pub base: Text,
    /// All wishes.
    pub all: Text,
    /// The wishes after the first.
    pub changes: Text,
    /// At least one.
    pub entities: Vec<Entity>,
    /// Whether the prompt named the first thing, or it is a guess for want of one.
    pub named_thing: bool,
    pub domain: Option<String>,
    /// Index pairs: parent with children.
    pub nested: Vec<(usize, usize)>,
    /// Fields named in the prompt, known ones too.
    pub wished: Vec<Field>,
    pub given_title: Option<String>,
    /// The user's words as one safe line, for headings.
    pub line: String,
    /// A Tailwind colour family.
    pub accent: &'static str,
    pub dark: bool,
}

impl Entity {
    pub fn of(noun: &Noun) -> Self {
        Self {
            name: noun.name.clone(),
            singular: noun.singular.clone(),
            plural: noun.plural.clone(),
            fields: noun.fields.clone(),
            kin: noun.name.clone(),
            rows: noun.rows.max(1),
            known: true,
        }
    }

    /// A thing of the word list under the name that the user gave it: the list only lends its fields.
    pub fn called(words: &str, noun: &Noun) -> Self {
        let mut entity = Self::of(noun);
        let singular = words::singular(words);
        let name = words::camel(&singular);
        if singular != noun.singular
            && !name.eq_ignore_ascii_case(&noun.name)
            && words.is_ascii()
            && words::is_a_name(words)
        {
            entity.plural = words::plural(&singular);
            entity.name = name;
            entity.singular = singular;
        }
        entity
    }

    /// A thing that no list knows: it gets a name and what most things have.
    pub fn unknown(words: &str) -> Self {
        let singular = words::singular(words);
        let name = words::camel(&singular);
        let mut first = words::make_field("name", Type::Text, true);
        first.samples = ["First", "Second", "Third"].iter().map(|nth| format!("{nth} {singular}")).collect();
        let fields = vec![
            first,
            words::make_field("description", Type::Long, false),
            words::make_field(
                "status",
                Type::Choice(["open", "in progress", "done"].map(str::to_owned).to_vec()),
                false,
            ),
        ];
        Self {
            plural: words::plural(&singular),
            singular,
            kin: name.clone(),
            name,
            fields,
            rows: 3,
            known: false,
        }
    }

    /// The name as a variable: what templates name by themselves is not shadowed.
    pub fn var(&self) -> String {
        const TAKEN: &[&str] = &[
            "event", "item", "draft", "query", "order", "error", "editing", "deleted", "type", "text",
            "part", "field", "value", "change", "name", "key",
        ];
        if TAKEN.contains(&self.name.as_str()) || words::is_keyword(&self.name) {
            format!("{}Item", self.name)
        } else {
            self.name.clone()
        }
    }

    /// The plural as a Python module; not one of the standard library's.
    pub fn module(&self) -> String {
        const TAKEN: &[&str] = &[
            "types",
            "numbers",
            "statistics",
            "secrets",
            "resources",
            "fractions",
            "tests",
            "calendar",
            "queue",
            "code",
            "signal",
            "news",
            "status",
        ];
        let name = words::snake(&self.many());
        if TAKEN.contains(&name.as_str()) { format!("{name}_store") } else { name }
    }

    pub fn pascal(&self) -> String {
        words::pascal(&words::spaced(&self.name))
    }

    /// camelCase plural.
    pub fn many(&self) -> String {
        words::camel(&self.plural)
    }

    /// The field that a list shows first.
    pub fn title(&self) -> &Field {
        let texts = |field: &&Field| matches!(field.of, Type::Text | Type::Long | Type::Url);
        self.fields
            .iter()
            .find(|f| f.required && texts(f))
            .or_else(|| self.fields.iter().find(texts))
            .unwrap_or(&self.fields[0])
    }

    pub fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn find_type(&self, wanted: impl Fn(&Type) -> bool) -> Option<&Field> {
        self.fields.iter().find(|field| wanted(&field.of))
    }

    /// Adds a field unless it has one of that name. A wish for one it has under another name gives it that name.
    pub fn add(&mut self, field: Field) {
        if self.find(&field.name).is_some() {
            return;
        }
        let usual = words::field(&words::spaced(&field.name)).map(|known| known.name.clone());
        match self.fields.iter_mut().find(|has| Some(&has.name) == usual.as_ref()) {
            Some(has) => {
                has.name = field.name;
                has.label = field.label;
            }
            None => self.fields.push(field),
        }
    }

    /// Takes what `marking it as read` says: a yes or no instead of a choice with that word in it.
    fn add_mark(&mut self, field: Field) {
        let word = words::spaced(&field.name);
        let said = |of: &Type| matches!(of, Type::Choice(choices) if choices.contains(&word));
        self.fields.retain(|has| !said(&has.of));
        self.add(field);
    }
}

impl Reading {
    pub fn of(ask: &Ask) -> Self {
        let wishes: Vec<&str> = ask.wishes.iter().map(String::as_str).collect();
        let base = Text::new(wishes.first().copied().unwrap_or_default());
        let all = Text::new(&wishes.join("\n"));
        let changes = Text::new(&wishes.iter().skip(1).copied().collect::<Vec<_>>().join("\n"));
        let found = items::find(&base, ask.kind);
        let later = items::find_changes(&changes);
        let mut reading = Self {
            kind: ask.kind,
            language: ask.language.or_else(|| all.language()),
            other_language: if ask.language.is_some() { None } else { all.other_language() },
            given_title: all.given_title(),
            line: literal::shortened(&literal::words(base.raw()), 120),
            accent: all.accent(),
            dark: all.has(&["dark mode", "dark theme", "dark", "night mode", "darkmode", "dunkel"]),
            named_thing: !found.entities.is_empty(),
            entities: found.entities,
            domain: found.domain,
            nested: found.nested,
            wished: found.fields,
            base,
            all,
            changes,
        };
        reading.wished.extend(later);
        reading.complete();
        reading
    }

    /// The main thing.
    pub fn main(&self) -> &Entity {
        &self.entities[0]
    }

    fn complete(&mut self) {
        if self.entities.is_empty() {
            self.entities.push(match words::noun("item") {
                Some(noun) => Entity::of(noun),
                None => Entity::unknown("item"),
            });
        }
        let dropped = self.changes.dropped();
        let overdue = self.all.has(&["overdue", "late", "deadline", "deadlines"]);
        let main = &mut self.entities[0];
        if !main.known && self.wished.len() >= 2 {
            // The prompt says what it has: only the name stays of what was guessed.
            main.fields.truncate(1);
            if self.wished.iter().any(|field| field.name == "title") {
                main.fields.clear();
            }
        }
        for field in &self.wished {
            main.add(field.clone());
        }
        for field in implied::fields(&self.all) {
            if field.of == Type::Bool {
                main.add_mark(field);
            } else {
                main.add(field);
            }
        }
        if overdue && main.find_type(|of| *of == Type::Date).is_none() {
            main.add(words::make_field("dueDate", Type::Date, false));
        }
        if !dropped.is_empty() {
            let kept: Vec<Field> = main
                .fields
                .iter()
                .enumerate()
                .filter(|(index, field)| *index == 0 || !dropped.contains(&field.name))
                .map(|(_, field)| field.clone())
                .collect();
            main.fields = kept;
        }
        main.fields.truncate(16);
        self.drop_dangling_references();
    }

    /// A reference stays only when the thing it points at is here too, and then text of the same name goes.
    fn drop_dangling_references(&mut self) {
        let here: Vec<(String, String)> =
            self.entities.iter().map(|entity| (entity.kin.to_lowercase(), entity.name.clone())).collect();
        let many = self.kind == Kind::Api;
        for entity in &mut self.entities {
            let own = entity.name.clone();
            entity.fields.retain_mut(|field| match &mut field.of {
                Type::Ref(target) => {
                    let hit = here.iter().find(|(kin, name)| *kin == target.to_lowercase() && *name != own);
                    if let Some((_, name)) = hit.filter(|_| many) {
                        // A thing under the user's own name is referred to by that name.
                        if !name.eq_ignore_ascii_case(target) {
                            field.name = format!("{name}Id");
                            field.label = words::label(&field.name);
                            name.clone_into(target);
                        }
                        return true;
                    }
                    false
                }
                _ => true,
            });
            let referred: Vec<String> = entity
                .fields
                .iter()
                .filter_map(|field| match &field.of {
                    Type::Ref(target) => Some(target.to_lowercase()),
                    _ => None,
                })
                .collect();
            entity.fields.retain(|field| {
                matches!(field.of, Type::Ref(_)) || !referred.contains(&field.name.to_lowercase())
            });
            let named =
                entity.fields.iter().any(|field| matches!(field.of, Type::Text | Type::Long | Type::Url));
            if entity.fields.is_empty() || (!many && !named) {
                let mut name = words::make_field("name", Type::Text, true);
                name.samples = ["First", "Second", "Third"]
                    .iter()
                    .map(|nth| format!("{nth} {}", entity.singular))
                    .collect();
                entity.fields.insert(0, name);
            }
        }
    }
}
