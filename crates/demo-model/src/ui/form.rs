//! The form of one thing: an input for each field, with the checks that its type asks for.

use super::crud;
use crate::{
    literal::quoted,
    reading::Entity,
    template::fill,
    words::{self, Field, Type},
};

pub fn ts_type(of: &Type) -> String {
    match of {
        Type::Int | Type::Number | Type::Money | Type::Rating => "number | null".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::List => "string[]".to_owned(),
        Type::Choice(choices) => {
            choices.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join(" | ")
        }
        _ => "string".to_owned(),
    }
}

pub fn form(entity: &Entity) -> String {
    let empty: String =
        entity.fields.iter().map(|field| format!("  {}: {},\n", field.name, start(field))).collect();
    let checks: String = entity.fields.iter().map(check).collect();
    let inputs: String = entity.fields.iter().map(|field| input(entity, field)).collect();
    let imports = if empty.contains("today()") { "\nimport { today } from '../lib/dates'" } else { "" };
    fill(
        include_str!("../../templates/ui/crud/Form.tsx"),
        &[
            ("accent", "§accent§"),
            ("Name", &entity.pascal()),
            ("imports", imports),
            ("empty", &empty),
            ("checks", &checks),
            ("inputs", &inputs),
        ],
    )
}

fn start(field: &Field) -> String {
    match &field.of {
        Type::Int | Type::Number | Type::Money | Type::Rating => "null".to_owned(),
        Type::Bool => "false".to_owned(),
        Type::List => "[]".to_owned(),
        Type::Choice(choices) => choices.first().map_or("''".to_owned(), |first| quoted(first)),
        Type::Date if field.required || field.name == "date" => "today()".to_owned(),
        _ => "''".to_owned(),
    }
}

fn check(field: &Field) -> String {
    let Field { name, label, required, .. } = field;
    let mut out = String::new();
    match &field.of {
        Type::Int | Type::Number | Type::Money => {
            if *required {
                out.push_str(&format!("  if (draft.{name} === null) errors.{name} = '{label} is needed.'\n"));
            }
            let signed = ["temperature", "balance", "latitude", "longitude", "value"].contains(&name.as_str());
            if !signed {
                out.push_str(&format!(
                    "  if (draft.{name} !== null && !(draft.{name} >= 0)) errors.{name} = '{label} must be zero or more.'\n"
                ));
            }
        }
        Type::Rating => out.push_str(&format!(
            "  if (draft.{name} !== null && !(draft.{name} >= 1 && draft.{name} <= 5)) errors.{name} = 'Choose 1 to 5.'\n"
        )),
        Type::Bool | Type::List | Type::Choice(_) => {}
        _ => {
            if *required {
                out.push_str(&format!("  if (!draft.{name}.trim()) errors.{name} = '{label} is needed.'\n"));
            }
            if field.of == Type::Email {
                out.push_str(&format!(
                    "  if (draft.{name} && !/^\\S+@\\S+\\.\\S+$/.test(draft.{name})) errors.{name} = 'This is not an e-mail address.'\n"
                ));
            }
            if field.of == Type::Url {
                out.push_str(&format!(
                    "  if (draft.{name} && !/^https?:\\/\\/\\S+$/.test(draft.{name})) errors.{name} = 'A link starts with https://'\n"
                ));
            }
        }
    }
    if name == "endDate" {
        out.push_str("  if (draft.endDate && draft.startDate && draft.endDate < draft.startDate) errors.endDate = 'The end is before the start.'\n");
    }
    out
}

fn input(entity: &Entity, field: &Field) -> String {
    let Field { name, label, required, of, .. } = field;
    if *name == "endDate" && entity.find("startDate").is_none() {
        // The check above reads both; without a start there is nothing to compare.
        return input_of(field, of, name, label, *required);
    }
    input_of(field, of, name, label, *required)
}

fn input_of(field: &Field, of: &Type, name: &str, label: &str, required: bool) -> String {
    let needed = if required { " required" } else { "" };
    let wide = if *of == Type::Long || field.name == "title" { " wide" } else { "" };
    let attributes = if required { " aria-required" } else { "" };
    let text = |kind: &str| {
        format!(
            "<input type=\"{kind}\" className={{inputStyle}}{attributes} value={{draft.{name}}} onChange={{event => set('{name}', event.target.value)}} />"
        )
    };
    let number = |step: &str, more: &str| {
        format!(
            "<input type=\"number\" step=\"{step}\"{more} inputMode=\"decimal\" className={{inputStyle}}{attributes} value={{draft.{name} ?? ''}}\n          onChange={{event => set('{name}', event.target.value === '' ? null : Number(event.target.value))}} />"
        )
    };
    let control = match of {
        Type::Long => format!(
            "<textarea rows={{3}} className={{inputStyle}}{attributes} value={{draft.{name}}} onChange={{event => set('{name}', event.target.value)}} />"
        ),
        Type::Int => number("1", " min=\"0\""),
        Type::Number => number("any", ""),
        Type::Money => number("0.01", " min=\"0\""),
        Type::Rating => number("1", " min=\"1\" max=\"5\""),
        Type::Bool => {
            return format!(
                "      <label className=\"flex items-center gap-2 text-sm text-slate-700\">\n        <input type=\"checkbox\" className=\"size-4 accent-§accent§-600\" checked={{draft.{name}}} onChange={{event => set('{name}', event.target.checked)}} />\n        {label}\n      </label>\n"
            );
        }
        Type::Date => text("date"),
        Type::DateTime => text("datetime-local"),
        Type::Time => text("time"),
        Type::Email => text("email"),
        Type::Url => text("url"),
        Type::Phone => text("tel"),
        Type::List => format!(
            "<input type=\"text\" className={{inputStyle}} placeholder=\"Apart by commas\" defaultValue={{draft.{name}.join(', ')}}\n          onChange={{event => set('{name}', event.target.value.split(',').map(part => part.trim()).filter(Boolean))}} />"
        ),
        Type::Choice(choices) => {
            let options: String = choices
                .iter()
                .map(|choice| {
                    format!("          <option value=\"{choice}\">{}</option>\n", words::capital(choice))
                })
                .collect();
            format!(
                "<select className={{inputStyle}} value={{draft.{name}}} onChange={{event => set('{name}', event.target.value as typeof draft.{name})}}>\n{options}        </select>"
            )
        }
        Type::Text | Type::Ref(_) => text("text"),
    };
    format!(
        "      <Field label=\"{label}\"{needed}{wide} error={{errors.{name}}}>\n        {control}\n      </Field>\n"
    )
}

/// Whether a row shows dates through `showDay`.
pub fn shows_days(entity: &Entity) -> bool {
    crud::has_dates(entity)
}
