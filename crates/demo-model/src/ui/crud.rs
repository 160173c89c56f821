//! The app of a prompt that names things: add, edit, delete with undo, search, filter, sort, figures, a chart.

use super::{App, form, row};
use crate::{
    api::join,
    literal::quoted,
    reading::{Entity, Reading, Text},
    samples,
    template::fill,
    words::{self, Field, Type},
};

const MOST_TABS: usize = 3;

pub fn app(reading: &Reading) -> App {
    let entities = &reading.entities[..reading.entities.len().min(MOST_TABS)];
    let look = Look::of(reading);
    let title = super::title(reading, &own_title(reading));
    let mut files = vec![("App.tsx".to_owned(), shell(entities, &title))];
    files.push(("types.ts".to_owned(), entities.iter().map(interface).collect::<Vec<_>>().join("\n")));
    files.push(("data.ts".to_owned(), data(entities)));
    files.push(("lib/storage.ts".to_owned(), include_str!("../../templates/ui/storage.ts").to_owned()));
    if entities.iter().any(has_dates) {
        files.push(("lib/dates.ts".to_owned(), include_str!("../../templates/ui/dates.ts").to_owned()));
    }
    if entities.iter().any(has_money) {
        let currency = look.currency;
        files.push((
            "lib/money.ts".to_owned(),
            format!(
                "const format = new Intl.NumberFormat(undefined, {{ style: 'currency', currency: '{currency}' }})\n\nexport const money = (amount: number) => format.format(amount)\n"
            ),
        ));
    }
    for entity in entities {
        let name = entity.pascal();
        files.push((format!("components/{name}List.tsx"), list(entity, &look)));
        files.push((format!("components/{name}Row.tsx"), row::row(entity, &look)));
        files.push((format!("components/{name}Form.tsx"), form::form(entity)));
    }
    files.push((
        "components/Field.tsx".to_owned(),
        include_str!("../../templates/ui/crud/Field.tsx").to_owned(),
    ));
    if entities.iter().any(|entity| chart_by(entity, &look).is_some()) {
        files.push((
            "components/Chart.tsx".to_owned(),
            include_str!("../../templates/ui/crud/Chart.tsx").to_owned(),
        ));
    }
    let things: Vec<&str> = entities.iter().map(|entity| entity.plural.as_str()).collect();
    let fields: Vec<String> =
        entities[0].fields.iter().take(6).map(|field| words::spaced(&field.name)).collect();
    let charted =
        if entities.iter().any(|e| chart_by(e, &look).is_some()) { ", see them in a chart" } else { "" };
    let intro = format!(
        "{}An app for {}: add, edit and delete them, search, filter and sort{charted}. Each {} has {}.",
        unmet(reading),
        join(&things, "and"),
        entities[0].singular,
        join(&fields, "and"),
    );
    let closing = format!(
        "Press “Add {}” to begin; what you enter is kept in this browser, and a deletion can be undone.",
        entities[0].singular
    );
    App { intro, closing, files }
}

/// Says so first when the wish is for something that does more than keep things.
fn unmet(reading: &Reading) -> String {
    const DOES_MORE: &[&str] = &[
        "simulator",
        "simulation",
        "editor",
        "player",
        "visualizer",
        "visualiser",
        "visualization",
        "machine",
        "piano",
        "synth",
        "synthesizer",
        "spreadsheet",
        "recorder",
        "camera",
        "scanner",
        "translator",
        "browser",
        "maze",
        "solver",
        "metronome",
        "typing",
        "animation",
        "3d",
        "generator",
        "emulator",
        "compiler",
        "playground",
        "mixer",
        "tuner",
        "detector",
        "analyzer",
        "reader",
        "puzzle",
        "robot",
        "assistant",
        "video call",
        "map",
        "maps",
        "globe",
        "radio",
        "streaming",
        "ar",
        "vr",
        "physics",
        "particles",
        "fractal",
        "filter photos",
    ];
    const KEEPS: &[&str] = &[
        "list",
        "tracker",
        "track",
        "inventory",
        "manager",
        "manage",
        "log",
        "logs",
        "catalog",
        "catalogue",
        "collection",
        "database",
        "crud",
        "journal",
        "diary",
        "records",
        "keep",
        "library",
        "board",
        "schedule",
        "planner",
        "organizer",
        "add",
        "notes",
    ];
    let text = &reading.base;
    let meant = text.has(DOES_MORE) && !text.has(KEEPS);
    if meant || !reading.named_thing && !reading.line.is_empty() {
        format!("This model has no ready app for “{}”; here is one that keeps things instead. ", reading.line)
    } else {
        String::new()
    }
}

/// What the wishes say of the look of lists.
pub struct Look {
    pub chart: bool,
    pub overdue_loud: bool,
    pub currency: &'static str,
    pub sort_by: Option<String>,
}

impl Look {
    fn of(reading: &Reading) -> Self {
        let text = &reading.all;
        let sort_by = ["sort by ", "sorted by ", "order by ", "ordered by "].iter().find_map(|mark| {
            let tokens = text.tokens().join(" ");
            let rest = tokens.split(mark).nth(1)?.to_owned();
            let words: Vec<&str> = rest.split(' ').take(2).collect();
            let field = words::field(&words.join(" ")).or_else(|| words::field(words.first()?))?;
            Some(field.name.clone())
        });
        Self {
            chart: text.has_stem(&[
                "chart",
                "graph",
                "statistic",
                "dashboard",
                "diagram",
                "visuali",
                "plot",
                "analytics",
                "pie ",
            ]),
            overdue_loud: text.has_stem(&[
                "overdue",
                "late ",
                "stand out",
                "highlight",
                "expired",
                "deadline",
            ]),
            currency: currency(text),
            sort_by,
        }
    }
}

/// The currency that the prompt speaks of.
pub fn currency(text: &Text) -> &'static str {
    let raw = text.raw();
    if raw.contains('€') || text.has(&["euro", "euros", "eur"]) {
        "EUR"
    } else if raw.contains('£') || text.has(&["gbp", "sterling"]) {
        "GBP"
    } else {
        "USD"
    }
}

pub fn has_dates(entity: &Entity) -> bool {
    entity.fields.iter().any(|field| matches!(field.of, Type::Date | Type::DateTime))
}

pub fn has_money(entity: &Entity) -> bool {
    entity.fields.iter().any(|field| field.of == Type::Money)
}

/// The yes-or-no field that a list shows as its checkbox.
pub fn check(entity: &Entity) -> Option<&Field> {
    let named = ["done", "paid", "bought", "returned", "read", "known", "favorite"];
    named
        .iter()
        .find_map(|name| entity.find(name).filter(|f| f.of == Type::Bool))
        .or_else(|| entity.find_type(|of| *of == Type::Bool))
}

/// The date after which a thing is late, and the test (of `thing`) that it is not finished.
pub fn due(entity: &Entity) -> Option<(&Field, String)> {
    let field = ["dueDate", "expiryDate", "deadline", "nextPaymentOn"]
        .iter()
        .find_map(|name| entity.find(name))
        .filter(|f| f.of == Type::Date)?;
    let ended = [
        "done",
        "paid",
        "delivered",
        "closed",
        "finished",
        "returned",
        "completed",
        "reached",
        "final",
        "won",
        "lost",
        "graded",
    ];
    let open =
        if let Some(done) = check(entity).filter(|f| ["done", "paid", "bought"].contains(&f.name.as_str())) {
            format!("!{}.{}", entity.var(), done.name)
        } else if let Some(status) = entity.find("status")
            && let Type::Choice(choices) = &status.of
            && choices.iter().any(|choice| ended.contains(&choice.as_str()))
        {
            let ends: Vec<String> =
                choices.iter().filter(|c| ended.contains(&c.as_str())).map(|c| format!("'{c}'")).collect();
            format!("![{}].includes({}.status)", ends.join(", "), entity.var())
        } else {
            "true".to_owned()
        };
    Some((field, open))
}

fn own_title(reading: &Reading) -> String {
    let main = reading.main();
    if reading.entities.len() > 1 {
        let things: Vec<String> = reading.entities.iter().take(MOST_TABS).map(|e| e.plural.clone()).collect();
        return words::capital(&join(&things, "and"));
    }
    let suffix = [
        "tracker",
        "planner",
        "box",
        "board",
        "inventory",
        "journal",
        "log",
        "library",
        "catalog",
        "diary",
        "collection",
        "manager",
        "organizer",
    ]
    .iter()
    .find(|word| {
        reading.base.has(&[&format!("{} {word}", main.singular), &format!("{} {word}", main.plural)])
    });
    match suffix {
        Some(word) => words::capital(&format!("{} {word}", main.singular)),
        None => words::capital(&main.plural),
    }
}

fn shell(entities: &[Entity], title: &str) -> String {
    let mut imports = String::new();
    for entity in entities {
        let name = entity.pascal();
        imports.push_str(&format!("import {{ {name}List }} from './components/{name}List'\n"));
    }
    let heading =
        "          <h1 className=\"text-2xl font-semibold tracking-tight text-slate-900\">{title}</h1>\n";
    if let [one] = entities {
        return format!(
            "{imports}\nconst title = {}\n\nexport default function App() {{\n  return (\n    <main className=\"min-h-screen bg-slate-50 px-4 py-10 text-slate-900\">\n      <div className=\"mx-auto max-w-3xl space-y-6\">\n        <header>\n{heading}        </header>\n        <{}List />\n      </div>\n    </main>\n  )\n}}\n",
            quoted(title),
            one.pascal()
        );
    }
    let tabs: Vec<String> = entities
        .iter()
        .map(|e| format!("  {{ label: '{}', List: {}List }},\n", words::capital(&e.plural), e.pascal()))
        .collect();
    format!(
        "import {{ useState }} from 'react'\n{imports}\nconst title = {}\n\nconst tabs = [\n{}]\n\nexport default function App() {{\n  const [at, setAt] = useState(0)\n  const {{ List }} = tabs[at]\n  return (\n    <main className=\"min-h-screen bg-slate-50 px-4 py-10 text-slate-900\">\n      <div className=\"mx-auto max-w-3xl space-y-6\">\n        <header className=\"flex flex-wrap items-center justify-between gap-4\">\n{heading}          <nav aria-label=\"Sections\" className=\"flex gap-1 rounded-lg bg-slate-200 p-1\">\n            {{tabs.map(({{ label }}, index) => (\n              <button key={{label}} type=\"button\" aria-pressed={{index === at}} onClick={{() => setAt(index)}}\n                className={{`rounded-md px-3 py-1.5 text-sm font-medium ${{index === at ? 'bg-white text-slate-900 shadow-sm' : 'text-slate-600'}}`}}>\n                {{label}}\n              </button>\n            ))}}\n          </nav>\n        </header>\n        <List />\n      </div>\n    </main>\n  )\n}}\n",
        quoted(title),
        tabs.concat()
    )
}

fn interface(entity: &Entity) -> String {
    let mut out = format!("export interface {} {{\n  id: string\n", entity.pascal());
    for field in &entity.fields {
        out.push_str(&format!("  {}: {}\n", field.name, form::ts_type(&field.of)));
    }
    out.push_str("}\n");
    out
}

fn data(entities: &[Entity]) -> String {
    let names: Vec<String> = entities.iter().map(Entity::pascal).collect();
    let mut out = format!("import type {{ {} }} from './types'\n", names.join(", "));
    if entities.iter().any(has_dates) {
        out.push_str("import { inDays } from './lib/dates'\n");
    }
    for entity in entities {
        out.push_str(&format!(
            "\nexport const sample{}: {}[] = [\n",
            words::pascal(&entity.plural),
            entity.pascal()
        ));
        for at in 0..entity.rows.min(5) {
            let cells: Vec<String> =
                entity.fields.iter().map(|field| format!("{}: {}", field.name, value(field, at))).collect();
            out.push_str(&format!("  {{ id: '{}', {} }},\n", at + 1, cells.join(", ")));
        }
        out.push_str("]\n");
    }
    out
}

/// A sample as a TypeScript expression; days count from today.
pub fn value(field: &Field, at: usize) -> String {
    let cell = samples::cell(field, at);
    let day = |text: &str| text.trim_start_matches('+').parse::<i64>().unwrap_or(0);
    match &field.of {
        Type::Int | Type::Number | Type::Money | Type::Rating => {
            if cell.is_empty() {
                "null".to_owned()
            } else {
                cell.to_owned()
            }
        }
        Type::Bool => (cell == "true").to_string(),
        Type::Date if cell.is_empty() => "''".to_owned(),
        Type::Date => format!("inDays({})", day(cell)),
        Type::DateTime => {
            let (days, time) = cell.split_once('T').unwrap_or((cell, "09:00"));
            format!("inDays({}, '{time}')", day(days))
        }
        Type::List => {
            let parts: Vec<String> =
                cell.split(',').map(str::trim).filter(|p| !p.is_empty()).map(quoted).collect();
            format!("[{}]", parts.join(", "))
        }
        Type::Choice(choices) if cell.is_empty() => {
            choices.first().map_or("''".to_owned(), |first| quoted(first))
        }
        _ => quoted(cell),
    }
}

/// The field that a chart groups by, and the one it adds up (`None`: it counts).
fn chart_by<'a>(entity: &'a Entity, look: &Look) -> Option<(&'a Field, Option<&'a Field>)> {
    if !look.chart {
        return None;
    }
    let by = entity
        .find("category")
        .filter(|f| matches!(f.of, Type::Choice(_)))
        .or_else(|| entity.find_type(|of| matches!(of, Type::Choice(_))))
        .unwrap_or_else(|| entity.title());
    let sum = entity.find_type(|of| *of == Type::Money).or_else(|| {
        if matches!(by.of, Type::Choice(_)) {
            None
        } else {
            entity.find_type(|of| matches!(of, Type::Int | Type::Number))
        }
    });
    Some((by, sum))
}

fn list(entity: &Entity, look: &Look) -> String {
    let one = entity.var();
    let one = one.as_str();
    let many = if entity.many() == entity.name || entity.many() == one {
        format!("{one}List")
    } else {
        entity.many()
    };
    let title = entity.title();
    let mut imports = String::new();
    let mut states = String::new();
    let mut filters = String::new();
    let mut deps = String::new();
    let mut controls = String::new();
    let select = "rounded-lg border border-slate-300 bg-white px-3 py-2 text-sm text-slate-700";
    if let Some(flag) = check(entity) {
        let (yes, no) = flag_words(&flag.name, &flag.label);
        states.push_str("  const [only, setOnly] = useState<'all' | 'yes' | 'no'>('all')\n");
        filters.push_str(&format!(
            "      .filter({one} => only === 'all' || {one}.{} === (only === 'yes'))\n",
            flag.name
        ));
        deps.push_str(", only");
        controls.push_str(&format!(
            "        <select aria-label=\"Show\" value={{only}} onChange={{event => setOnly(event.target.value as typeof only)}} className=\"{select}\">\n          <option value=\"all\">All</option>\n          <option value=\"no\">{no}</option>\n          <option value=\"yes\">{yes}</option>\n        </select>\n"
        ));
    }
    for field in entity.fields.iter().filter(|f| matches!(f.of, Type::Choice(_))).take(2) {
        let Type::Choice(choices) = &field.of else { continue };
        let name = &field.name;
        let setter = words::pascal(&words::spaced(name));
        let label = words::spaced(name);
        states.push_str(&format!("  const [{name}Filter, set{setter}Filter] = useState('')\n"));
        filters
            .push_str(&format!("      .filter({one} => !{name}Filter || {one}.{name} === {name}Filter)\n"));
        deps.push_str(&format!(", {name}Filter"));
        let options: Vec<String> = choices
            .iter()
            .map(|c| format!("          <option value=\"{c}\">{}</option>\n", words::capital(c)))
            .collect();
        controls.push_str(&format!(
            "        <select aria-label=\"Filter by {label}\" value={{{name}Filter}} onChange={{event => set{setter}Filter(event.target.value)}} className=\"{select}\">\n          <option value=\"\">Any {label}</option>\n{}        </select>\n",
            options.concat()
        ));
    }
    let (orders, first) = orders(entity, look);
    let (stats, columns) = stats(entity, &many, look);
    let mut chart = String::new();
    let mut before = stats;
    if let Some((by, sum)) = chart_by(entity, look) {
        imports.push_str("\nimport { Chart } from './Chart'");
        let of_sum = sum.map_or("1".to_owned(), |f| format!("({one}.{} ?? 0)", f.name));
        let format = if sum.is_some_and(|f| f.of == Type::Money) { "money" } else { "String" };
        let what = sum.map_or(words::capital(&entity.plural), |f| f.label.clone());
        before.push_str(&format!(
            "  const sums = new Map<string, number>()\n  for (const {one} of {many}) sums.set({one}.{}, (sums.get({one}.{}) ?? 0) + {of_sum})\n  const bars = [...sums].map(([name, value]) => ({{ name, value: Math.round(value * 100) / 100 }})).sort((a, b) => b.value - a.value)\n\n",
            by.name, by.name
        ));
        chart = format!(
            "      <Chart title=\"{what} by {}\" data={{bars}} format={{{format}}} />\n",
            words::spaced(&by.name)
        );
    }
    if before.contains("money(") || chart.contains("{money}") {
        imports.push_str("\nimport { money } from '../lib/money'");
    }
    if before.contains("daysUntil(") {
        imports.push_str("\nimport { daysUntil } from '../lib/dates'");
    }
    let searched: Vec<String> = entity
        .fields
        .iter()
        .filter_map(|f| match f.of {
            Type::Text | Type::Long | Type::Choice(_) | Type::Email | Type::Url | Type::Phone => {
                Some(format!("{one}.{}", f.name))
            }
            Type::List => Some(format!("...{one}.{}", f.name)),
            _ => None,
        })
        .collect();
    fill(
        include_str!("../../templates/ui/crud/List.tsx"),
        &[
            ("accent", "§accent§"),
            ("Name", &entity.pascal()),
            ("Many", &words::pascal(&entity.plural)),
            ("many", &many),
            ("key", &many),
            ("one", one),
            ("singular", &entity.singular),
            ("plural", &entity.plural),
            ("Plural", &words::capital(&entity.plural)),
            ("imports", &imports),
            ("orders", &orders),
            ("order", &first),
            ("states", &states),
            ("filters", &filters),
            ("deps", &deps),
            ("controls", &controls),
            ("searched", &searched.join(", ")),
            ("stats", &before),
            ("columns", &columns.to_string()),
            ("chart", &chart),
            ("deletedTitle", &format!("deleted.{}", title.name)),
        ],
    )
}

fn flag_words(name: &str, label: &str) -> (String, String) {
    match name {
        "done" => ("Done".to_owned(), "Open".to_owned()),
        "paid" => ("Paid".to_owned(), "Not paid".to_owned()),
        "favorite" => ("Favourites".to_owned(), "Others".to_owned()),
        _ => (label.to_owned(), format!("Not {}", label.to_lowercase())),
    }
}

fn orders(entity: &Entity, look: &Look) -> (String, String) {
    let mut out = String::new();
    let mut keys: Vec<String> = Vec::new();
    for field in &entity.fields {
        let name = &field.name;
        let compare = match &field.of {
            Type::Text => format!("a.{name}.localeCompare(b.{name})"),
            Type::Date if name == "date" => "b.date.localeCompare(a.date)".to_owned(),
            // What has no date comes last.
            Type::Date | Type::DateTime => format!("(a.{name} || '9').localeCompare(b.{name} || '9')"),
            Type::Int | Type::Number | Type::Money | Type::Rating => {
                format!("(b.{name} ?? 0) - (a.{name} ?? 0)")
            }
            Type::Choice(choices) if name == "priority" => {
                let list: Vec<String> = choices.iter().rev().map(|choice| format!("'{choice}'")).collect();
                format!("[{0}].indexOf(a.{name}) - [{0}].indexOf(b.{name})", list.join(", "))
            }
            _ => continue,
        };
        if keys.len() < 5 || look.sort_by.as_ref() == Some(name) {
            keys.push(name.clone());
            out.push_str(&format!(
                "  {name}: {{ label: '{}', by: (a, b) => {compare} }},\n",
                field.label.to_lowercase()
            ));
        }
    }
    if keys.is_empty() {
        let name = &entity.title().name;
        keys.push(name.clone());
        out = format!(
            "  {name}: {{ label: '{}', by: (a, b) => String(a.{name}).localeCompare(String(b.{name})) }},\n",
            entity.title().label.to_lowercase()
        );
    }
    let wished = look.sort_by.as_ref().filter(|name| keys.contains(name)).cloned();
    let due = due(entity).map(|(field, _)| field.name.clone()).filter(|name| keys.contains(name));
    let newest = keys.iter().find(|name| *name == "date").cloned();
    let first = wished.or(due).or(newest).unwrap_or_else(|| keys[0].clone());
    (out, first)
}

fn stats(entity: &Entity, many: &str, _look: &Look) -> (String, usize) {
    let one = &entity.var();
    let mut tiles = vec![format!("['{}', {many}.length]", words::capital(&entity.plural))];
    if let Some(flag) = check(entity) {
        let (yes, _) = flag_words(&flag.name, &flag.label);
        tiles.push(format!("['{yes}', {many}.filter({one} => {one}.{}).length]", flag.name));
    }
    if let Some((field, open)) = due(entity) {
        let label = if field.name == "expiryDate" { "Expired" } else { "Overdue" };
        tiles.push(format!(
            "['{label}', {many}.filter({one} => {open} && {one}.{0} && daysUntil({one}.{0}) < 0).length]",
            field.name
        ));
    }
    if let Some(sum) = entity.find_type(|of| *of == Type::Money) {
        tiles.push(format!(
            "['Total {}', money({many}.reduce((sum, {one}) => sum + ({one}.{} ?? 0), 0))]",
            words::spaced(&sum.name),
            sum.name
        ));
    }
    if let Some(rating) = entity.find_type(|of| *of == Type::Rating) {
        tiles.push(format!(
            "['Average rating', {many}.length ? ({many}.reduce((sum, {one}) => sum + ({one}.{} ?? 0), 0) / {many}.length).toFixed(1) : '–']",
            rating.name
        ));
    }
    if tiles.len() < 4
        && let Some(field) = ["status", "priority", "mood"].iter().find_map(|name| entity.find(name))
        && let Type::Choice(choices) = &field.of
    {
        for choice in choices.iter().rev().take(4 - tiles.len().min(4)) {
            let label = format!("['{}',", words::capital(choice));
            if tiles.iter().any(|tile| tile.starts_with(&label)) {
                continue;
            }
            tiles.push(format!(
                "['{}', {many}.filter({one} => {one}.{} === '{choice}').length]",
                words::capital(choice),
                field.name
            ));
        }
    }
    if tiles.len() < 4
        && let Some(sum) = entity.find_type(|of| matches!(of, Type::Int | Type::Number))
        && !["year", "publishedYear", "age", "page"].contains(&sum.name.as_str())
    {
        tiles.push(format!(
            "['{} in all', {many}.reduce((sum, {one}) => sum + ({one}.{} ?? 0), 0)]",
            sum.label, sum.name
        ));
    }
    tiles.truncate(4);
    let count = tiles.len().max(2);
    (
        format!("  const stats: [string, string | number][] = [\n    {},\n  ]\n\n", tiles.join(",\n    ")),
        count,
    )
}
