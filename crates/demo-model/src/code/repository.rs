//! The general code file: a checked type for the prompt's thing and a repository of it, in each language.

use super::Piece;
use crate::{
    ask::Language,
    literal::quoted,
    markdown::File,
    reading::{Entity, Reading},
    samples,
    template::fill,
    words::{self, Field, Type},
};

pub fn write(reading: &Reading, _language: Language) -> Piece {
    let entity = reading.main();
    let about = format!(
        "A checked `{}` type and a repository of {}: add, get, update, remove, search and sort.",
        entity.pascal(),
        entity.plural
    );
    let files = python(entity, &about);
    Piece { about, files }
}

fn python(entity: &Entity, about: &str) -> Vec<File> {
    let module = words::snake(&entity.many());
    // A dataclass wants the fields that have defaults last.
    let (needed, rest): (Vec<&Field>, Vec<&Field>) = entity.fields.iter().partition(|f| is_needed(entity, f));
    let ordered: Vec<&Field> = needed.into_iter().chain(rest).collect();
    let fields: String = ordered
        .iter()
        .map(|f| format!("    {}: {}\n", words::snake(&f.name), python_type(entity, f)))
        .collect();
    let checks: String = ordered.iter().map(|f| python_check(entity, f)).collect();
    let values: String = ordered
        .iter()
        .map(|f| format!("        \"{}\": {},\n", words::snake(&f.name), python_value(f)))
        .collect();
    let tests: String = ordered.iter().find_map(|f| python_bad(f)).unwrap_or_default();
    let title = words::snake(&entity.title().name);
    let values = [
        ("about", about.replace('`', "")),
        ("Name", entity.pascal()),
        ("var", words::snake(&entity.name)),
        ("singular", entity.singular.clone()),
        ("plural", entity.plural.clone()),
        ("module", module.clone()),
        ("first", title),
        ("fields", fields),
        ("checks", checks),
        ("values", values),
        ("tests", tests),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    vec![
        File::new(
            "python",
            format!("{module}.py"),
            fill(include_str!("../../templates/code/repository.py"), &values),
        ),
        File::new(
            "python",
            format!("test_{module}.py"),
            fill(include_str!("../../templates/code/test_repository.py"), &values),
        ),
    ]
}

fn is_needed(entity: &Entity, field: &Field) -> bool {
    (field.required && !matches!(field.of, Type::Choice(_) | Type::Bool)) || field.name == entity.title().name
}

fn python_type(entity: &Entity, field: &Field) -> String {
    let base = match &field.of {
        Type::Int | Type::Rating => "int",
        Type::Number | Type::Money => "float",
        Type::Bool => return "bool = False".to_owned(),
        Type::Date => "date",
        Type::DateTime => "datetime",
        Type::List => return "tuple[str, ...] = ()".to_owned(),
        Type::Choice(choices) => {
            return format!("str = {}", choices.first().map_or("\"\"".to_owned(), |c| quoted(c)));
        }
        _ if is_needed(entity, field) => return "str".to_owned(),
        _ => return "str = \"\"".to_owned(),
    };
    if is_needed(entity, field) { base.to_owned() } else { format!("{base} | None = None") }
}

fn python_check(entity: &Entity, field: &Field) -> String {
    let name = words::snake(&field.name);
    let none = if is_needed(entity, field) { String::new() } else { format!("self.{name} is not None and ") };
    let raise = |test: &str, message: &str| {
        format!("        if {test}:\n            raise ValidationError(\"{name}\", {})\n", quoted(message))
    };
    match &field.of {
        Type::Int | Type::Number | Type::Money
            if !["balance", "temperature", "latitude", "longitude", "value"].contains(&name.as_str()) =>
        {
            raise(&format!("{none}self.{name} < 0"), "must be zero or more")
        }
        Type::Rating => raise(&format!("{none}not 1 <= self.{name} <= 5"), "must be 1 to 5"),
        Type::Choice(choices) => {
            let all: Vec<String> = choices.iter().map(|choice| quoted(choice)).collect();
            raise(
                &format!("self.{name} not in ({},)", all.join(", ")),
                &format!("must be one of {}", choices.join(", ")),
            )
        }
        Type::Email => {
            raise(&format!("self.{name} and \"@\" not in self.{name}"), "must be an e-mail address")
        }
        Type::Url => raise(&format!("self.{name} and \"://\" not in self.{name}"), "must be a link"),
        _ if is_needed(entity, field) && matches!(field.of, Type::Text | Type::Long) => {
            raise(&format!("not self.{name}.strip()"), "must not be blank")
        }
        _ => String::new(),
    }
}

fn python_value(field: &Field) -> String {
    let cell = samples::cell(field, 0);
    let number = |text: String| {
        text.split(['-', 'T', ':'])
            .map(|p| p.trim_start_matches('0'))
            .map(|p| if p.is_empty() { "0" } else { p }.to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match &field.of {
        Type::Int | Type::Number | Type::Money | Type::Rating => {
            if cell.is_empty() {
                "1".to_owned()
            } else {
                cell.to_owned()
            }
        }
        Type::Bool => if cell == "true" { "True" } else { "False" }.to_owned(),
        Type::Date => format!("date({})", number(samples::day(if cell.is_empty() { "+0" } else { cell }))),
        Type::DateTime => {
            format!("datetime({})", number(samples::moment(cell).trim_end_matches(":00Z").to_owned()))
        }
        Type::List => {
            let parts: String = cell
                .split(',')
                .filter(|p| !p.is_empty())
                .map(|p| format!("{}, ", quoted(p.trim())))
                .collect();
            format!("({})", parts.trim_end())
        }
        Type::Choice(choices) if cell.is_empty() => choices.first().map_or("\"\"".to_owned(), |c| quoted(c)),
        _ => quoted(cell),
    }
}

fn python_bad(field: &Field) -> Option<String> {
    let name = words::snake(&field.name);
    let bad = match &field.of {
        Type::Int | Type::Number | Type::Money
            if !["balance", "temperature", "latitude", "longitude", "value"].contains(&name.as_str()) =>
        {
            "-1"
        }
        Type::Rating => "6",
        Type::Choice(_) => "\"no such choice\"",
        Type::Email => "\"nobody\"",
        _ => return None,
    };
    Some(format!(
        "\n    def test_a_wrong_{name}_is_refused(self):\n        with self.assertRaises(ValidationError) as caught:\n            make({name}={bad})\n        self.assertEqual(caught.exception.field, \"{name}\")\n"
    ))
}
