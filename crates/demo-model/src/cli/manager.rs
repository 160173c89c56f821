//! The keeper of things: add, list, edit, remove, figures and export over a JSON file, in Python.

use super::Program;
use crate::{
    literal::{quoted, words as plain},
    reading::{Entity, Reading},
    samples,
    template::fill,
    words::{self, Field, Type},
};

pub fn write(reading: &Reading) -> Program {
    let entity = reading.main();
    let module = entity.module();
    let title = words::snake(&entity.title().name);
    let about = format!("Keeps {} on the command line", entity.plural);
    let flag = flag(entity);
    let examples = examples(entity, flag);
    let lines: Vec<String> =
        examples.iter().map(|(example, _)| format!("  {module} {}", example.replace('\\', ""))).collect();
    let fields: String = entity.fields.iter().map(field).collect();
    let flag_name = flag.map(|f| words::snake(&f.name)).unwrap_or_default();
    let flag_def = if flag.is_some() {
        format!(
            "\ndef toggle(args):\n    items = load(args.file)\n    item = find(items, args.id)\n    item[\"{flag_name}\"] = not item.get(\"{flag_name}\")\n    save(args.file, items)\n    print(f\"{} {{args.id}} is now {{'' if item['{flag_name}'] else 'not '}}{}.\")\n\n",
            words::capital(&entity.singular),
            flag_name.replace('_', " ")
        )
    } else {
        String::new()
    };
    let (flag_command, flag_test) = if flag.is_some() {
        let command = flag_name.replace('_', "-");
        (
            format!(
                "    command(\"{command}\", toggle, \"mark a {} as {} or not\", number=True)\n",
                entity.singular,
                flag_name.replace('_', " ")
            ),
            format!(
                "\n    def test_{flag_name}_is_toggled(self):\n        self.add()\n        self.assertEqual(self.run_cli(\"edit\", \"1\", \"--{command}\", \"no\")[0], 0)\n        self.assertEqual(self.run_cli(\"{command}\", \"1\")[0], 0)\n        self.assertTrue(json.loads(self.run_cli(\"list\", \"--json\")[1])[0][\"{flag_name}\"])\n"
            ),
        )
    } else {
        (String::new(), String::new())
    };
    let values = [
        ("about", format!("{about}.")),
        ("description", quoted(&format!("{about}."))),
        ("prog", module.clone()),
        ("module", module.clone()),
        ("ENV", format!("{}_FILE", module.to_uppercase())),
        ("Class", words::pascal(&entity.plural)),
        ("singular", entity.singular.clone()),
        ("plural", words::capital(&entity.plural).to_lowercase()),
        ("fields", fields),
        ("first", title.clone()),
        ("firstflag", title.replace('_', "-")),
        ("examples", lines.join("\n")),
        ("flagdef", flag_def),
        ("flagcommand", flag_command),
        ("flagtest", flag_test),
        ("addargs", add_arguments(entity).iter().map(|arg| quoted(arg)).collect::<Vec<_>>().join(", ")),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Program {
        code: fill(include_str!("../../templates/cli/manager.py"), &values),
        test: fill(include_str!("../../templates/cli/test_manager.py"), &values),
        name: module,
        script: false,
        about,
        examples,
    }
}

/// The yes-or-no field that has a command of its own.
pub fn flag(entity: &Entity) -> Option<&Field> {
    ["done", "paid", "read", "bought", "favorite"]
        .iter()
        .find_map(|name| entity.find(name).filter(|f| f.of == Type::Bool))
}

/// What `add` needs, as typed.
pub fn add_arguments(entity: &Entity) -> Vec<String> {
    let title = entity.title();
    let mut out = vec![typed(title, 0)];
    for field in entity.fields.iter().filter(|f| f.required && f.name != title.name) {
        out.push(format!("--{}", words::snake(&field.name).replace('_', "-")));
        out.push(typed(field, 0));
    }
    out
}

pub fn examples(entity: &Entity, flag: Option<&Field>) -> Vec<(String, String)> {
    let shell: Vec<String> = add_arguments(entity)
        .iter()
        .map(|arg| {
            if arg.chars().all(|c| c.is_ascii_alphanumeric() || "-.@".contains(c)) {
                arg.clone()
            } else {
                format!("\"{}\"", plain(arg))
            }
        })
        .collect();
    let mut out = vec![
        (format!("add {}", shell.join(" ")), format!("add a {}", entity.singular)),
        ("list".to_owned(), "all of them".to_owned()),
    ];
    if let Some(field) = entity.fields.iter().find(|f| matches!(f.of, Type::Choice(_))) {
        let name = words::snake(&field.name).replace('_', "-");
        out.push((
            format!("list --{name} \"{}\"", typed(field, 0)),
            format!("only with this {}", words::spaced(&field.name)),
        ));
    }
    if let Some(field) = flag {
        out.push((
            format!("{} 1", words::snake(&field.name).replace('_', "-")),
            format!("mark {} 1", entity.singular),
        ));
    }
    out.push(("stats".to_owned(), "figures".to_owned()));
    out
}

/// A sample as a user would type it.
fn typed(field: &Field, row: usize) -> String {
    let cell = samples::cell(field, row);
    match &field.of {
        Type::Date => samples::day(if cell.is_empty() { "+0" } else { cell }),
        Type::DateTime => samples::moment(cell).trim_end_matches(":00Z").to_owned(),
        Type::Bool => if cell == "true" { "yes" } else { "no" }.to_owned(),
        Type::Choice(choices) if cell.is_empty() => choices.first().cloned().unwrap_or_default(),
        _ => cell.to_owned(),
    }
}

fn field(field: &Field) -> String {
    let kind = match &field.of {
        Type::Int => "int",
        Type::Number => "number",
        Type::Money => "money",
        Type::Bool => "bool",
        Type::Date => "date",
        Type::DateTime => "datetime",
        Type::Rating => "rating",
        Type::List => "list",
        Type::Email => "email",
        Type::Choice(_) => "choice",
        _ => "text",
    };
    let mut parts = vec![format!("\"kind\": \"{kind}\"")];
    if field.required {
        parts.push("\"needed\": True".to_owned());
    }
    match &field.of {
        Type::Choice(choices) => {
            let all: Vec<String> = choices.iter().map(|choice| quoted(choice)).collect();
            parts.push(format!("\"choices\": [{}]", all.join(", ")));
            if let Some(first) = all.first() {
                parts.push(format!("\"start\": {first}"));
            }
        }
        Type::Bool => parts.push("\"start\": False".to_owned()),
        Type::List => parts.push("\"start\": []".to_owned()),
        _ => {}
    }
    format!("    \"{}\": {{{}}},\n", words::snake(&field.name), parts.join(", "))
}
