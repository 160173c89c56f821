//! One line of a list: the title, what else it has as small chips, and what can be done at once.

use super::{
    crud::{self, Look},
    form,
};
use crate::{
    reading::Entity,
    template::fill,
    words::{self, Field, Type},
};

pub fn row(entity: &Entity, look: &Look) -> String {
    let one = entity.var();
    let one = one.as_str();
    let title = entity.title();
    let check = crud::check(entity);
    let mut consts = String::new();
    let mut tone = "border-slate-200 bg-white".to_owned();
    let mut chips = String::new();
    let due = crud::due(entity);
    if let Some((field, open)) = &due {
        consts.push_str(&format!(
            "  const overdue = {open} && {one}.{0} !== '' && daysUntil({one}.{0}) < 0\n",
            field.name
        ));
        if look.overdue_loud {
            tone = "${overdue ? 'border-red-300 border-l-4 border-l-red-500 bg-red-50' : 'border-slate-200 bg-white'}".to_owned();
        }
        let word = if field.name == "expiryDate" { "Expired" } else { "Overdue" };
        chips.push_str(&format!(
            "          {{overdue && <span className=\"rounded-full bg-red-600 px-2 py-0.5 font-semibold text-white\">{word} by {{-daysUntil({one}.{0})}} d</span>}}\n",
            field.name
        ));
    }
    let mut detail = String::new();
    for field in entity.fields.iter().filter(|f| f.name != title.name) {
        if check.is_some_and(|flag| flag.name == field.name) {
            continue;
        }
        if field.of == Type::Long {
            detail.push_str(&format!(
                "        {{{one}.{0} && <p className=\"mt-1 text-sm whitespace-pre-line text-slate-600\">{{{one}.{0}}}</p>}}\n",
                field.name
            ));
        } else {
            chips.push_str(&chip(one, field));
        }
    }
    let (box_, strike) = match check {
        Some(flag) => {
            let crossed = ["done", "bought", "returned", "paid"].contains(&flag.name.as_str());
            let strike = if crossed {
                format!("${{{one}.{} ? 'line-through opacity-60' : ''}}", flag.name)
            } else {
                String::new()
            };
            let checkbox = format!(
                "      <input type=\"checkbox\" className=\"mt-1 size-5 accent-§accent§-600\" checked={{{one}.{0}}} onChange={{() => onChange({{ {0}: !{one}.{0} }})}}\n        aria-label={{`{1}: ${{{one}.{2}}}`}} title=\"{1}\" />\n",
                flag.name, flag.label, title.name
            );
            (checkbox, strike)
        }
        None => (String::new(), String::new()),
    };
    let mut imports = String::new();
    let mut from_dates = Vec::new();
    if chips.contains("daysUntil(") || consts.contains("daysUntil(") {
        from_dates.push("daysUntil");
    }
    if chips.contains("showDay(") && form::shows_days(entity) {
        from_dates.push("showDay");
    }
    if !from_dates.is_empty() {
        imports.push_str(&format!("\nimport {{ {} }} from '../lib/dates'", from_dates.join(", ")));
    }
    if chips.contains("money(") {
        imports.push_str("\nimport { money } from '../lib/money'");
    }
    if !consts.is_empty() {
        consts.push('\n');
    }
    fill(
        include_str!("../../templates/ui/crud/Row.tsx"),
        &[
            ("accent", "§accent§"),
            ("Name", &entity.pascal()),
            ("one", one),
            ("imports", &imports),
            ("consts", &consts),
            ("tone", &tone),
            ("check", &box_),
            ("strike", &strike),
            ("title", &format!("{one}.{}", title.name)),
            ("detail", &detail),
            ("chips", &chips),
        ],
    )
}

fn chip(one: &str, field: &Field) -> String {
    let Field { name, label, of, .. } = field;
    let pill = "rounded-full bg-slate-100 px-2 py-0.5";
    let lower = label.to_lowercase();
    match of {
        Type::Choice(choices) if ["status", "priority", "type", "mood"].contains(&name.as_str()) => {
            let options: String = choices
                .iter()
                .map(|c| format!("<option value=\"{c}\">{}</option>", words::capital(c)))
                .collect();
            format!(
                "          <select aria-label=\"{label}\" value={{{one}.{name}}} onChange={{event => onChange({{ {name}: event.target.value as typeof {one}.{name} }})}}\n            className=\"rounded-full border border-slate-300 bg-white px-2 py-0.5 text-xs text-slate-700\">\n            {options}\n          </select>\n"
            )
        }
        Type::Choice(_) => format!("          <span className=\"{pill}\">{{{one}.{name}}}</span>\n"),
        Type::Date | Type::DateTime => {
            format!(
                "          {{{one}.{name} && <span className=\"{pill}\">{label}: {{showDay({one}.{name})}}</span>}}\n"
            )
        }
        Type::Money => format!(
            "          {{{one}.{name} !== null && <span className=\"{pill} font-medium\">{label}: {{money({one}.{name})}}</span>}}\n"
        ),
        Type::Rating => format!(
            "          {{{one}.{name} !== null && <span aria-label={{`{label}: ${{{one}.{name}}} of 5`}} className=\"text-amber-600\">{{'★'.repeat({one}.{name})}}{{'☆'.repeat(5 - {one}.{name})}}</span>}}\n"
        ),
        Type::Int if ["quantity", "votes", "streak", "score", "reps", "sets"].contains(&name.as_str()) => {
            format!(
                "          <span className=\"flex items-center gap-1 {pill}\">\n            <button type=\"button\" aria-label=\"Less {lower}\" className=\"px-1 font-bold\" onClick={{() => onChange({{ {name}: Math.max(0, ({one}.{name} ?? 0) - 1) }})}}>−</button>\n            {label}: {{{one}.{name} ?? 0}}\n            <button type=\"button\" aria-label=\"More {lower}\" className=\"px-1 font-bold\" onClick={{() => onChange({{ {name}: ({one}.{name} ?? 0) + 1 }})}}>+</button>\n          </span>\n"
            )
        }
        Type::Int | Type::Number => format!(
            "          {{{one}.{name} !== null && <span className=\"{pill}\">{label}: {{{one}.{name}}}</span>}}\n"
        ),
        Type::Bool => format!(
            "          <button type=\"button\" aria-pressed={{{one}.{name}}} onClick={{() => onChange({{ {name}: !{one}.{name} }})}}\n            className={{`rounded-full px-2 py-0.5 ${{{one}.{name} ? 'bg-emerald-600 text-white' : 'bg-slate-100 text-slate-600'}}`}}>{label}</button>\n"
        ),
        Type::List => format!(
            "          {{{one}.{name}.map(part => <span key={{part}} className=\"rounded-full border border-slate-300 px-2 py-0.5\">{{part}}</span>)}}\n"
        ),
        Type::Url => format!(
            "          {{{one}.{name} && <a href={{{one}.{name}}} target=\"_blank\" rel=\"noreferrer\" className=\"text-§accent§-600 underline\">{{{one}.{name}.replace(/^https?:\\/\\//, '')}}</a>}}\n"
        ),
        _ => format!(
            "          {{{one}.{name} && <span>{label}: <b className=\"font-medium text-slate-800\">{{{one}.{name}}}</b></span>}}\n"
        ),
    }
}
