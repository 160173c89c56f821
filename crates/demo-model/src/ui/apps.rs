//! Apps that are not lists: games, timers, calculators, converters and the like. Each is a template; here is which
//! words ask for which.

use super::{
    App, crud, formula,
    templates::{Part, TEMPLATES, Template, template},
    title,
};
use crate::{
    literal::quoted,
    reading::{Reading, Text},
    samples,
    template::fill,
    words::{self, Type},
};

pub fn find(reading: &Reading) -> Option<App> {
    let text = &reading.base;
    if text.has(&["kanban", "trello", "task board", "kanban board", "scrum board", "sprint board"])
        || (text.has(&["board"]) && text.has(&["drag", "columns", "drag and drop", "cards"]))
    {
        return Some(board(reading));
    }
    // A tracker, list or log of things is a list even when a word of another app stands beside it.
    let keeps = text.has(&[
        "tracker",
        "inventory",
        "journal",
        "diary",
        "expense",
        "expenses",
        "recipes",
        "catalog",
        "calorie",
        "calories",
    ]) && !text.has(&["habit", "habits", "streak", "streaks"])
        && reading.named_thing;
    if !keeps {
        if let Some(app) = formula::find(reading) {
            return Some(app);
        }
        if is_converter(text) {
            return Some(converter(reading));
        }
        let longest = |template: &&Template| {
            template.words.iter().filter(|word| text.has(&[word])).map(|word| word.len()).max().unwrap_or(0)
        };
        if let Some(template) = TEMPLATES.iter().filter(|t| longest(t) > 0).max_by_key(longest) {
            return Some(from(template, reading));
        }
        if text.has(&[
            "counter",
            "tally",
            "click counter",
            "zähler",
            "contador",
            "counters",
            "compteur",
            "计数器",
        ]) {
            let what = count_word(text);
            let tsx = fill(
                template!("counter.tsx"),
                &[("accent", "§accent§"), ("title", &quoted(&title(reading, "Counter"))), ("first", &what)],
            );
            let about =
                "A counter with a step, reset, and as many more counters as you like; the numbers are kept.";
            return Some(app(about, "Press + and −.", tsx, &[Part::Storage]));
        }
    }
    let collects = text.has_stem(&[
        "collection",
        "list",
        "librar",
        "review",
        "shop",
        "track",
        "backlog",
        "score",
        "night",
    ]);
    let unknown_game = text.has(&[
        "tetris",
        "chess",
        "minesweeper",
        "pong",
        "2048",
        "breakout",
        "space invaders",
        "solitaire",
        "checkers",
        "connect four",
        "flappy bird",
        "pacman",
        "pac man",
        "blackjack",
        "poker",
        "platformer",
        "battleship",
        "asteroids",
        "othello",
        "crossword",
    ]);
    let records = text.has(&["tournament", "club", "tracker", "league", "openings", "players", "log"]);
    if (text.has(&["game", "juego", "spiel", "jeu"]) || unknown_game && !records) && !collects {
        let memory = TEMPLATES.iter().find(|template| template.title == "Memory")?;
        let mut app = from(memory, reading);
        app.intro = format!(
            "This model does not know that game. It knows a few small ones, such as this: {}",
            app.intro
        );
        return Some(app);
    }
    if text.has(&["dashboard", "analytics", "admin panel", "charts", "sales report", "kpi"])
        && !keeps
        && !text.has_stem(&["crud", "add ", "edit "])
    {
        return Some(dashboard(reading));
    }
    if text.has(&[
        "booking calendar",
        "booking",
        "bookings",
        "book appointments",
        "book an appointment",
        "appointment scheduler",
        "appointment booking",
        "calendar",
        "scheduler",
        "reservation system",
        "reservations",
        "book rooms",
        "room booking",
        "appointments",
        "reservas",
        "kalender",
    ]) && !text.has(&["hotel guests", "crm"])
        && !(reading.named_thing && reading.entities.len() > 1)
    {
        let own = reading.main();
        let name = if own.known && own.name == "room" {
            "Room booking"
        } else if text.has(&["calendar", "kalender"]) {
            "Calendar"
        } else {
            "Booking"
        };
        let tsx = fill(
            template!("booking.tsx"),
            &[("accent", "§accent§"), ("title", &quoted(&title(reading, name))), ("key", "bookings")],
        );
        let about = "A booking calendar: choose a day, see the free times, book one and cancel it again.";
        return Some(app(about, "Choose a day and a time.", tsx, &[Part::Storage, Part::Dates]));
    }
    if text.has(&[
        "landing page",
        "landingpage",
        "homepage",
        "home page",
        "marketing page",
        "pricing page",
        "product page",
        "website for",
        "waitlist",
        "coming soon",
        "portfolio",
    ]) {
        return Some(landing(reading));
    }
    if text.has(&[
        "login",
        "log in",
        "sign up",
        "signup",
        "sign in",
        "registration form",
        "register form",
        "contact form",
        "feedback form",
        "form",
        "formular",
        "formulario",
    ]) && !text.has(&["list"])
    {
        return Some(form(reading));
    }
    if text.has(&[
        "calculator",
        "calculate",
        "calculadora",
        "rechner",
        "taschenrechner",
        "calculatrice",
        "calc",
        "计算器",
        "電卓",
    ]) {
        let tsx = fill(
            template!("calculator.tsx"),
            &[("accent", "§accent§"), ("title", &quoted(&title(reading, "Calculator")))],
        );
        let about = "A calculator with the right order of operations, brackets, per cent, a history and the whole keyboard.";
        let own = Part::Own("lib/calculate.ts", template!("calculate.ts"));
        return Some(app(about, "Type a sum, then Enter.", tsx, &[own]));
    }
    None
}

fn from(template: &Template, reading: &Reading) -> App {
    let text = &reading.base;
    let numbers = text.numbers();
    let minutes = |at: usize, default: u64| {
        numbers.get(at).copied().filter(|n| (1..=180).contains(n)).unwrap_or(default).to_string()
    };
    let name = match template.title {
        "Timer" if text.has(&["pomodoro", "番茄钟"]) => "Pomodoro timer",
        "Timer" if text.has(&["countdown"]) => "Countdown",
        other => other,
    };
    let currency = crud::currency(&reading.all);
    let tsx = fill(
        template.tsx,
        &[
            ("accent", "§accent§"),
            ("title", &quoted(&title(reading, name))),
            ("focus", &minutes(0, 25)),
            ("rest", &minutes(1, 5)),
            ("currency", currency),
        ],
    );
    app(
        &format!("{}.", template.about),
        &format!("{}.", words::capital(template.use_it)),
        tsx,
        template.parts,
    )
}

/// Puts an app together from its template and the parts it needs.
fn app(about: &str, use_it: &str, tsx: String, parts: &[Part]) -> App {
    let mut files = vec![("App.tsx".to_owned(), tsx)];
    for part in parts {
        let (path, text) = match part {
            Part::Storage => ("lib/storage.ts", include_str!("../../templates/ui/storage.ts")),
            Part::Dates => ("lib/dates.ts", include_str!("../../templates/ui/dates.ts")),
            Part::Own(path, text) => (*path, *text),
        };
        files.push((path.to_owned(), text.to_owned()));
    }
    files.push(("components/Page.tsx".to_owned(), template!("Page.tsx").to_owned()));
    App { intro: about.to_owned(), closing: use_it.to_owned(), files }
}

/// An app made of a template with files of its own.
pub fn made(about: &str, tsx: String, own: Vec<(String, String)>) -> App {
    let mut app = app(about, "The result follows what you type.", tsx, &[]);
    app.files.extend(own);
    app
}

fn count_word(text: &Text) -> String {
    let tokens = text.tokens();
    let before = tokens.iter().position(|t| t == "counter" || t == "tally").and_then(|at| at.checked_sub(1));
    match before.and_then(|at| tokens.get(at)) {
        Some(word)
            if word.len() > 2
                && word.chars().all(|c| c.is_ascii_alphabetic())
                && !["simple", "the", "click", "basic", "small", "nice", "react"]
                    .contains(&word.as_str()) =>
        {
            words::capital(&words::plural(&words::singular(word)))
        }
        _ => "Clicks".to_owned(),
    }
}

fn board(reading: &Reading) -> App {
    let entity = reading.main();
    let columns = match entity.find("status").map(|field| &field.of) {
        Some(Type::Choice(choices)) if reading.named_thing && entity.name != "task" => choices.clone(),
        _ => ["To do", "In progress", "Done"].map(str::to_owned).to_vec(),
    };
    let rows = entity.rows.clamp(3, 5);
    let cards: String = (0..rows)
        .map(|row| {
            let text = samples::cell(entity.title(), row);
            format!(
                "  {{ id: '{}', title: {}, column: {} }},\n",
                row + 1,
                quoted(text),
                row % columns.len().max(1)
            )
        })
        .collect();
    let names: Vec<String> = columns.iter().map(|name| quoted(&words::capital(name))).collect();
    let name = if reading.named_thing {
        format!("{} board", words::capital(&entity.singular))
    } else {
        "Board".to_owned()
    };
    let tsx = fill(
        template!("board.tsx"),
        &[
            ("accent", "§accent§"),
            ("title", &quoted(&title(reading, &name))),
            ("columns", &names.join(", ")),
            ("cards", &cards),
            ("key", &format!("{}-board", words::snake(&entity.name))),
        ],
    );
    let about = format!(
        "A board with the columns {}: add cards, drag them or move them with arrows, search and delete.",
        columns.join(", ")
    );
    app(&about, "Drag a card, or use its arrows.", tsx, &[Part::Storage])
}

fn is_converter(text: &Text) -> bool {
    text.has_stem(&["convert", "umrechn", "conversor"])
        && !text
            .has(&["case", "csv", "markdown", "json", "roman", "binary", "video", "pdf", "image", "images"])
        || text.has(&["celsius", "fahrenheit", "exchange rate", "exchange rates"])
}

fn converter(reading: &Reading) -> App {
    const GROUPS: &[(&str, &[&str], &str)] = &[
        (
            "Length",
            &[
                "length",
                "distance",
                "meter",
                "metre",
                "metres",
                "meters",
                "km",
                "kilometers",
                "miles",
                "feet",
                "inches",
                "cm",
            ],
            "'m': 1, 'km': 1000, 'cm': 0.01, 'mm': 0.001, 'mi': 1609.344, 'yd': 0.9144, 'ft': 0.3048, 'in': 0.0254",
        ),
        (
            "Weight",
            &["weight", "mass", "kg", "kilograms", "pounds", "lbs", "grams", "ounces"],
            "'kg': 1, 'g': 0.001, 't': 1000, 'lb': 0.45359237, 'oz': 0.028349523125, 'st': 6.35029318",
        ),
        (
            "Temperature",
            &["temperature", "temperatures", "celsius", "fahrenheit", "kelvin"],
            "'°C': 1, '°F': 1, 'K': 1",
        ),
        (
            "Volume",
            &["volume", "litre", "liter", "liters", "litres", "gallons", "cups", "cooking"],
            "'l': 1, 'ml': 0.001, 'm³': 1000, 'gal (US)': 3.785411784, 'pt (US)': 0.473176473, 'cup': 0.2365882365, 'tbsp': 0.01478676478",
        ),
        ("Speed", &["speed", "kmh", "mph", "knots"], "'km/h': 1, 'm/s': 3.6, 'mph': 1.609344, 'kn': 1.852"),
        (
            "Data",
            &["bytes", "megabytes", "gigabytes", "data size", "storage size", "kb", "mb", "gb"],
            "'MB': 1, 'kB': 0.001, 'GB': 1000, 'TB': 1000000, 'MiB': 1.048576, 'GiB': 1073.741824",
        ),
        (
            "Time",
            &["seconds", "minutes", "hours", "time units"],
            "'min': 60, 's': 1, 'h': 3600, 'day': 86400, 'week': 604800",
        ),
    ];
    let text = &reading.all;
    let currency = text.has(&[
        "currency",
        "currencies",
        "euro",
        "euros",
        "dollar",
        "dollars",
        "exchange",
        "money",
        "eur",
        "usd",
        "moneda",
        "währung",
    ]);
    let mut chosen: Vec<(&str, &str)> = if currency {
        vec![(
            "Currency",
            "'EUR': 1, 'USD': 0.92, 'GBP': 1.17, 'CHF': 1.05, 'JPY': 0.0061, 'SEK': 0.088, 'CAD': 0.67, 'INR': 0.011",
        )]
    } else {
        GROUPS
            .iter()
            .filter(|(_, names, _)| text.has(names))
            .map(|(name, _, units)| (*name, *units))
            .collect()
    };
    if chosen.is_empty() {
        chosen = GROUPS.iter().take(5).map(|(name, _, units)| (*name, *units)).collect();
    }
    let groups: String = chosen.iter().map(|(name, units)| format!("  {name}: {{ {units} }},\n")).collect();
    let first = chosen.first().map_or("Length", |(name, _)| *name);
    let name = match chosen.as_slice() {
        [(one, _)] => format!("{one} converter"),
        _ => "Unit converter".to_owned(),
    };
    let about = if currency {
        "Converts with the sample rates in src/lib/units.ts, because this app has no network."
    } else {
        "Type an amount; every other unit follows."
    };
    let tsx = fill(
        template!("converter.tsx"),
        &[
            ("accent", "§accent§"),
            ("title", &quoted(&title(reading, &name))),
            ("group", first),
            ("amount", if first == "Temperature" { "20" } else { "1" }),
            ("about", about),
        ],
    );
    let units = fill(template!("units.ts"), &[("groups", &groups)]);
    // Without temperatures their rule would never be used.
    let units = if chosen.iter().any(|(name, _)| *name == "Temperature") {
        units
    } else {
        without_temperature(&units)
    };
    let names: Vec<String> = chosen.iter().map(|(name, _)| name.to_lowercase()).collect();
    let intro = format!(
        "A converter for {} that shows the amount in all units at once, with a swap button.",
        crate::api::join(&names, "and")
    );
    let mut app = app(&intro, "Type an amount and choose the units.", tsx, &[]);
    app.files.push(("lib/units.ts".to_owned(), units));
    app
}

fn without_temperature(units: &str) -> String {
    let cut = units.split("\nfunction toCelsius").next().unwrap_or(units);
    let lines = cut.lines().filter(|line| !line.contains("fromCelsius"));
    lines.collect::<Vec<_>>().join("\n").replace("; temperatures have their own rule below", "") + "\n"
}

/// Words, title, what is added up, what is counted, groups, whether it is money.
type Topic = (&'static [&'static str], &'static str, &'static str, &'static str, [&'static str; 4], bool);

fn dashboard(reading: &Reading) -> App {
    let text = &reading.base;
    let topics: &[Topic] = &[
        (
            &["fitness", "workout", "workouts", "running", "steps", "health"],
            "Fitness dashboard",
            "distance (km)",
            "Workouts",
            ["Running", "Cycling", "Swimming", "Strength"],
            false,
        ),
        (
            &["website", "traffic", "visitors", "web analytics", "seo", "page views"],
            "Traffic dashboard",
            "visits",
            "Visitors",
            ["Search", "Direct", "Social", "Mail"],
            false,
        ),
        (
            &["energy", "electricity", "solar", "power", "iot", "sensor", "sensors"],
            "Energy dashboard",
            "use (kWh)",
            "Readings",
            ["Heating", "Kitchen", "Light", "Other"],
            false,
        ),
        (
            &["hr", "employees", "employee", "people", "team"],
            "People dashboard",
            "hours",
            "People",
            ["Engineering", "Sales", "Support", "Finance"],
            false,
        ),
        (
            &["support", "helpdesk", "tickets", "ticket"],
            "Support dashboard",
            "minutes",
            "Tickets",
            ["Mail", "Chat", "Phone", "Form"],
            false,
        ),
        (
            &["expenses", "finance", "budget", "spending", "personal finance"],
            "Finance dashboard",
            "spending",
            "Payments",
            ["Home", "Food", "Transport", "Fun"],
            true,
        ),
    ];
    let hit = topics.iter().find(|(names, ..)| text.has(names));
    let (own, what, things, groups, money) = hit.map_or(
        ("Sales dashboard", "sales", "Orders", ["Online", "Shops", "Partners", "Phone"], true),
        |(_, own, what, things, groups, money)| (*own, *what, *things, *groups, *money),
    );
    let values = [4200, 3900, 4650, 5100, 4870, 5420, 6010, 5780, 6230, 6900, 6640, 7350];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let rows: String = months
        .iter()
        .zip(values)
        .enumerate()
        .map(|(at, (month, value))| {
            format!("  {{ month: '{month}', value: {value}, count: {} }},\n", value / 48 + at % 3 * 7)
        })
        .collect();
    let shares: String = groups
        .iter()
        .zip([42, 27, 19, 12])
        .map(|(name, share)| format!("  {{ name: '{name}', value: {share} }},\n"))
        .collect();
    let show = if money {
        format!(
            "n.toLocaleString(undefined, {{ style: 'currency', currency: '{}', maximumFractionDigits: 0 }})",
            crud::currency(&reading.all)
        )
    } else {
        "Math.round(n).toLocaleString()".to_owned()
    };
    let data = format!(
        "/** Sample figures. */\nexport const rows = [\n{rows}]\n\nexport const shares = [\n{shares}]\n\nexport const show = (n: number) => {show}\n"
    );
    let tsx = fill(
        template!("dashboard.tsx"),
        &[
            ("accent", "§accent§"),
            ("hex", "§hex§"),
            ("title", &quoted(&title(reading, own))),
            ("what", what),
            ("What", &words::capital(what)),
            ("things", things),
        ],
    );
    let about = format!(
        "A {} with figures, two charts, a choice of time and shares by group, on sample data.",
        own.to_lowercase()
    );
    let mut app = app(&about, "Choose a range; put your figures into src/data.ts.", tsx, &[]);
    app.files.push(("data.ts".to_owned(), data));
    app
}

fn landing(reading: &Reading) -> App {
    let headline = if reading.base.has(&["portfolio"]) {
        "Work that speaks quietly and clearly"
    } else {
        "Less fuss, more of what matters"
    };
    let own = if reading.base.has(&["portfolio"]) { "Portfolio" } else { landing_name(reading) };
    let tsx = fill(
        template!("landing.tsx"),
        &[("accent", "§accent§"), ("title", &quoted(&title(reading, own))), ("headline", headline)],
    );
    let about = "A landing page with a waiting list form that checks the address, reasons, prices by month or year, and questions.";
    app(about, "Try the form and the price switch.", tsx, &[])
}

fn landing_name(reading: &Reading) -> &'static str {
    if reading.base.has(&["coffee", "café", "cafe", "bakery", "restaurant"]) {
        "Harbour Café"
    } else if reading.base.has(&["startup", "saas", "app", "product"]) {
        "Tidewater"
    } else {
        "Northlight"
    }
}

/// Name, label, input type, whether it is needed.
type Row = (&'static str, &'static str, &'static str, bool);

fn form(reading: &Reading) -> App {
    let text = &reading.base;
    let (own, about, send, rows): (&str, &str, &str, Vec<Row>) =
        if text.has(&["login", "log in", "sign in"]) && !text.has(&["sign up", "signup", "register"]) {
            (
                "Log in",
                "Welcome back.",
                "Log in",
                vec![("email", "E-mail", "email", true), ("password", "Password", "password", true)],
            )
        } else if text.has(&[
            "sign up",
            "signup",
            "registration",
            "registration form",
            "register",
            "register form",
        ]) {
            (
                "Create an account",
                "It takes a minute.",
                "Create the account",
                vec![
                    ("name", "Name", "text", true),
                    ("email", "E-mail", "email", true),
                    ("password", "Password", "password", true),
                    ("again", "Password again", "password", true),
                ],
            )
        } else if text.has(&["feedback"]) {
            (
                "Feedback",
                "Tell us what you think.",
                "Send",
                vec![
                    ("name", "Name", "text", false),
                    ("email", "E-mail", "email", false),
                    ("message", "What do you think?", "textarea", true),
                ],
            )
        } else {
            (
                "Contact",
                "We answer within two days.",
                "Send",
                vec![
                    ("name", "Name", "text", true),
                    ("email", "E-mail", "email", true),
                    ("phone", "Phone", "tel", false),
                    ("message", "Message", "textarea", true),
                ],
            )
        };
    let mut lines: Vec<String> = rows
        .iter()
        .map(|(name, label, kind, needed)| {
            format!("  {{ name: '{name}', label: '{label}', type: '{kind}', needed: {needed} }},\n")
        })
        .collect();
    for field in reading.wished.iter().filter(|f| !rows.iter().any(|(name, ..)| *name == f.name)).take(6) {
        let kind = match field.of {
            Type::Email => "email",
            Type::Phone => "tel",
            Type::Date => "date",
            Type::Long => "textarea",
            Type::Int | Type::Number | Type::Money | Type::Rating => "number",
            _ => "text",
        };
        lines.push(format!(
            "  {{ name: '{}', label: '{}', type: '{kind}', needed: false }},\n",
            field.name, field.label
        ));
    }
    let tsx = fill(
        template!("signup.tsx"),
        &[
            ("accent", "§accent§"),
            ("title", &quoted(&title(reading, own))),
            ("about", about),
            ("send", send),
            ("fields", &lines.concat()),
        ],
    );
    let intro = format!(
        "A form “{own}” that checks each field, says what is wrong beside it, and shows what was sent."
    );
    app(&intro, "Send it empty to see the messages, then fill it in.", tsx, &[])
}
