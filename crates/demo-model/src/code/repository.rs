//! The general code file: a checked type for the prompt's thing and a repository of it, in each language.

use super::Piece;
use crate::{
    ask::Language,
    literal::quoted,
    markdown::File,
    reading::{Entity, Reading},
    samples,
    template::{fill, script},
    words::{self, Field, Type},
};

pub fn write(reading: &Reading, language: Language) -> Piece {
    let entity = reading.main();
    let about = format!(
        "A checked `{}` type and a repository of {}: add, get, update, remove, search and sort.",
        entity.pascal(),
        entity.plural
    );
    let files = match language {
        Language::Python | Language::Html => python(entity, &about),
        Language::JavaScript | Language::TypeScript => {
            script_files(entity, &about, language == Language::TypeScript)
        }
        Language::Rust => rust(entity, &about.replace(", search and sort", " and search")),
        Language::Go => go(entity),
    };
    Piece { about, files }
}

const SIGNED: &[&str] = &["balance", "temperature", "latitude", "longitude", "value"];

fn script_files(entity: &Entity, about: &str, typed: bool) -> Vec<File> {
    let module = entity.module();
    let var = entity.var();
    let var = var.as_str();
    let mut fields = String::new();
    let mut checks = String::new();
    let mut values = String::new();
    for field in &entity.fields {
        let Field { name, of, .. } = field;
        let optional = if is_needed(entity, field) { "" } else { "?" };
        let of_type = match of {
            Type::Int | Type::Number | Type::Money | Type::Rating => "number".to_owned(),
            Type::Bool => "boolean".to_owned(),
            Type::List => "string[]".to_owned(),
            Type::Choice(choices) => choices.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(" | "),
            _ => "string".to_owned(),
        };
        fields.push_str(&format!("  {name}{optional}: {of_type}\n"));
        let mut raise = |test: String, message: &str| {
            checks.push_str(&format!(
                "  if ({test}) throw new ValidationError('{name}', {})\n",
                quoted(message)
            ));
        };
        match of {
            Type::Int | Type::Number | Type::Money if !SIGNED.contains(&name.as_str()) => {
                raise(format!("{var}.{name} !== undefined && !({var}.{name} >= 0)"), "must be zero or more");
            }
            Type::Rating => raise(
                format!("{var}.{name} !== undefined && !({var}.{name} >= 1 && {var}.{name} <= 5)"),
                "must be 1 to 5",
            ),
            Type::Choice(choices) => {
                let all = choices.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
                raise(
                    format!("{var}.{name} !== undefined && ![{all}].includes({var}.{name})"),
                    &format!("must be one of {}", choices.join(", ")),
                );
            }
            Type::Email => raise(
                format!("{var}.{name} !== undefined && !{var}.{name}.includes('@')"),
                "must be an e-mail address",
            ),
            Type::Text | Type::Long if is_needed(entity, field) => {
                raise(format!("!{var}.{name}.trim()"), "must not be blank");
            }
            _ => {}
        }
        if let Some(value) = samples::doc(field, 0) {
            values.push_str(&format!("  {name}: {},\n", value.to_line()));
        }
    }
    let values = [
        ("about", about.replace("*/", "")),
        ("Name", entity.pascal()),
        ("var", var.to_owned()),
        ("singular", entity.singular.clone()),
        ("plural", entity.plural.clone()),
        ("module", module.clone()),
        ("ext", if typed { "ts" } else { "mjs" }.to_owned()),
        ("first", entity.title().name.clone()),
        ("fields", fields),
        ("checks", checks),
        ("values", values),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let text = fill(&script(include_str!("../../templates/code/repository.typescript.txt"), typed), &values);
    // Types between the marks hold field lines: they are dropped before the holes are filled.
    let (code, test) = text.split_once("--- test\n").unwrap_or((&text, ""));
    let (language, ending) = if typed { ("typescript", "ts") } else { ("javascript", "mjs") };
    vec![
        File::new(language, format!("{module}.{ending}"), code),
        File::new(language, format!("{module}.test.{ending}"), test),
    ]
}

fn rust(entity: &Entity, about: &str) -> Vec<File> {
    let mut fields = String::new();
    let mut checks = String::new();
    let mut values = String::new();
    let title = rust_name(&entity.title().name);
    for field in &entity.fields {
        let name = rust_name(&field.name);
        let needed = is_needed(entity, field);
        let base = match &field.of {
            Type::Int | Type::Rating => "i64",
            Type::Number | Type::Money => "f64",
            Type::Bool => "bool",
            Type::List => "Vec<String>",
            _ => "String",
        };
        let whole = needed || matches!(field.of, Type::Bool | Type::List);
        let of_type = if whole { base.to_owned() } else { format!("Option<{base}>") };
        fields.push_str(&format!("    pub {name}: {of_type},\n"));
        let zero = if base == "f64" { "0.0" } else { "0" };
        let mut raise = |test: String, message: &str| {
            checks.push_str(&format!(
                "        if {test} {{\n            return Err(Invalid {{ field: \"{name}\", message: {} }});\n        }}\n",
                quoted(message)
            ));
        };
        match &field.of {
            Type::Int | Type::Number | Type::Money if !SIGNED.contains(&name.as_str()) => {
                let test = if whole {
                    format!("self.{name} < {zero}")
                } else {
                    format!("self.{name}.is_some_and(|value| value < {zero})")
                };
                raise(test, "must be zero or more");
            }
            Type::Rating => {
                let test = if whole {
                    format!("!(1..=5).contains(&self.{name})")
                } else {
                    format!("self.{name}.is_some_and(|value| !(1..=5).contains(&value))")
                };
                raise(test, "must be 1 to 5");
            }
            Type::Choice(choices) => {
                let all = choices.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
                let test = if whole {
                    format!("![{all}].contains(&self.{name}.as_str())")
                } else {
                    format!("self.{name}.as_deref().is_some_and(|value| ![{all}].contains(&value))")
                };
                raise(test, &format!("must be one of {}", choices.join(", ")));
            }
            Type::Text | Type::Long if needed => {
                raise(format!("self.{name}.trim().is_empty()"), "must not be blank");
            }
            _ => {}
        }
        if needed && name != title {
            let cell = samples::doc(field, 0).map_or("0".to_owned(), |doc| doc.to_line());
            let value = match base {
                "f64" if !cell.contains('.') => format!("{cell}.0"),
                "String" => {
                    format!("{}.to_owned()", if cell.starts_with('"') { cell } else { quoted(&cell) })
                }
                _ => cell,
            };
            values.push_str(&format!("            {name}: {value},\n"));
        }
    }
    let values = [
        ("about", about.to_owned()),
        ("Name", entity.pascal()),
        ("var", rust_name(&entity.var())),
        ("singular", entity.singular.clone()),
        ("plural", entity.plural.clone()),
        ("first", title),
        ("fields", fields),
        ("checks", checks),
        ("values", values),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let text = fill(include_str!("../../templates/code/repository.rust.txt"), &values);
    vec![File::new("rust", "src/lib.rs", text), super::known::cargo_manifest(&entity.module())]
}

fn rust_name(name: &str) -> String {
    let name = words::snake(name);
    if ["type", "match", "move", "ref", "box", "use", "where", "loop", "in", "for", "if", "do", "final"]
        .contains(&name.as_str())
    {
        format!("{name}_")
    } else {
        name
    }
}

fn go(entity: &Entity) -> Vec<File> {
    let module = entity.many().to_lowercase();
    let mut fields = String::new();
    let mut checks = String::new();
    let mut values = String::new();
    let first = words::pascal(&words::spaced(&entity.title().name));
    // gofmt lines up names, types and values.
    let widest = |texts: Vec<usize>| texts.into_iter().max().unwrap_or(0);
    let name_width = widest(entity.fields.iter().map(|f| f.name.len()).collect());
    let type_width = widest(entity.fields.iter().map(|f| go_type(&f.of).len()).collect());
    let set: Vec<usize> = entity
        .fields
        .iter()
        .filter(|f| f.name == entity.title().name || (f.of != Type::List && samples::doc(f, 0).is_some()))
        .map(|f| f.name.len())
        .collect();
    let value_width = widest(set) + 1;
    for field in &entity.fields {
        let name = words::pascal(&words::spaced(&field.name));
        let of_type = go_type(&field.of);
        fields.push_str(&format!("\t{name:name_width$} {of_type:type_width$} `json:\"{}\"`\n", field.name));
        let test = match &field.of {
            Type::Text | Type::Long if is_needed(entity, field) => {
                Some((format!("strings.TrimSpace(v.{name}) == \"\""), "must not be blank".to_owned()))
            }
            Type::Int | Type::Number | Type::Money if !SIGNED.contains(&field.name.as_str()) => {
                Some((format!("v.{name} < 0"), "must be zero or more".to_owned()))
            }
            Type::Rating => {
                Some((format!("v.{name} < 0 || v.{name} > 5"), "must be 0 (none) to 5".to_owned()))
            }
            Type::Choice(choices) => {
                let tests: Vec<String> =
                    choices.iter().map(|c| format!("v.{name} != {}", quoted(c))).collect();
                Some((
                    format!("v.{name} != \"\" && {}", tests.join(" && ")),
                    format!("must be one of {}", choices.join(", ")),
                ))
            }
            _ => None,
        };
        if let Some((test, message)) = test {
            checks.push_str(&format!(
                "\tif {test} {{\n\t\treturn &Invalid{{\"{name}\", {}}}\n\t}}\n",
                quoted(&message)
            ));
        }
        if name != first
            && !matches!(field.of, Type::List)
            && let Some(value) = samples::doc(field, 0)
        {
            let key = format!("{name}:");
            values.push_str(&format!("\t\t{key:value_width$} {},\n", value.to_line()));
        }
    }
    let values = [
        ("module", module.clone()),
        ("Name", entity.pascal()),
        ("singular", entity.singular.clone()),
        ("plural", entity.plural.clone()),
        ("firstline", format!("{:value_width$} first", format!("{first}:"))),
        ("First", first),
        ("fields", fields),
        ("checks", checks),
        ("values", values),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let text = fill(include_str!("../../templates/code/repository.go.txt"), &values);
    let (code, test) = text.split_once("--- test\n").unwrap_or((&text, ""));
    vec![
        File::new("go", format!("{module}.go"), code),
        File::new("go", format!("{module}_test.go"), test),
        File::new("text", "go.mod", format!("module example.com/{module}\n\ngo 1.19\n")),
    ]
}

fn python(entity: &Entity, about: &str) -> Vec<File> {
    let module = entity.module();
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
        ("var", words::snake(&entity.var())),
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

fn go_type(of: &Type) -> &'static str {
    match of {
        Type::Int | Type::Rating => "int",
        Type::Number | Type::Money => "float64",
        Type::Bool => "bool",
        Type::List => "[]string",
        _ => "string",
    }
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
