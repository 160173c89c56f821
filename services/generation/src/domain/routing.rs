//! Which model writes it, when the request does not say: a score of how much is asked for, measured from its words and from
//! what comes with it. The words are English; length, lists and commas speak in any language.

use aether_common::model::generation::{Kind, Routing};

/// From this score on a request goes to the complex model.
pub const COMPLEX_FROM: u32 = 40;

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The model that the request names.
    pub explicit: Option<&'a str>,
    /// What is asked for.
    pub kind: Kind,
    /// In these words.
    pub prompt: &'a str,
    /// How much comes with it: the version that is changed, and uploads.
    pub context_bytes: usize,
    /// How many uploads.
    pub uploads: usize,
}

/// Something that is harder than it sounds.
struct Feature {
    /// For the reason.
    name: &'static str,
    /// What it counts.
    points: u32,
    /// How it is called, in lower case, with single spaces, between commas.
    words: &'static str,
}

const FEATURES: &[Feature] = &[
    Feature {
        name: "sign-in and rights",
        points: 10,
        words: "auth, authentication, authorization, login, log in, sign in, signs in, sign up, oauth, \
                jwt, password, passwords, permission, permissions, roles, rbac, admins",
    },
    Feature {
        name: "charts",
        points: 10,
        words: "chart, charts, graph, graphs, plot, plots, dashboard, dashboards, analytics, statistics, \
                heatmap, visualization, visualisation",
    },
    Feature {
        name: "drag and drop",
        points: 10,
        words: "drag and drop, drag drop, drag, draggable, kanban, sortable, resizable",
    },
    Feature {
        name: "realtime",
        points: 10,
        words: "realtime, real time, websocket, websockets, multiplayer, collaborative, collaboration, \
                streaming, webhook, webhooks, notifications, sse",
    },
    Feature {
        name: "storage",
        points: 10,
        words: "database, sql, sqlite, postgres, migration, migrations, offline, sync, synchronise, \
                synchronize, transaction, transactions, cache, caching, backup, backups, snapshots, b \
                tree",
    },
    Feature { name: "tests", points: 8, words: "tests, unit tests, test suite, benchmarks, property tests" },
    Feature {
        name: "concurrency",
        points: 12,
        words: "concurrent, concurrency, concurrently, thread safe, threads, async, parallel, lock free, \
                scheduler, worker pool, deadlock, cancellation",
    },
    Feature {
        name: "a language or protocol",
        points: 30,
        words: "parser, compiler, interpreter, lexer, bytecode, virtual machine, type checker, regex \
                engine, query planner, raft, paxos, consensus, distributed, crdt, crdts, protocol",
    },
    Feature {
        name: "money",
        points: 10,
        words: "payment, payments, checkout, invoice, invoices, billing, subscription, subscriptions, \
                cart, carts, tax, taxes, accounting",
    },
    Feature {
        name: "a game or simulation",
        points: 15,
        words: "game, chess, physics, simulation, simulator, tetris, 3d, pathfinding, animation, \
                animations, minesweeper, sudoku, solver",
    },
    Feature {
        name: "security or network",
        points: 10,
        words: "encryption, encrypted, encrypt, tls, proxy, crawler, scraper, rate limiter, rate \
                limiting, rate limits, signature, signatures",
    },
    Feature {
        name: "an editor or planner",
        points: 12,
        words: "editor, spreadsheet, rich text, gantt, calendar, timeline, undo, wizard, whiteboard, \
                flowchart, drawing",
    },
    Feature {
        name: "search and filters",
        points: 5,
        words: "search, full text, filter, filters, pagination, sorting, sort, autocomplete, facets",
    },
    Feature {
        name: "several languages of people",
        points: 8,
        words: "i18n, translations, multilingual, localised, localized, right to left",
    },
    Feature {
        name: "a whole product",
        points: 10,
        words: "full, complete, production, production ready, enterprise, platform, marketplace, clone, \
                suite, end to end, multi tenant, microservices",
    },
];

const LANGUAGES: &str = "python, javascript, typescript, rust, go, golang, java, kotlin, swift, php, ruby, bash, \
    scala, elixir, haskell, lua, zig, perl, dart, sql";

/// Who says so wants little.
const PLAIN: &str = "simple, tiny, small, basic, minimal, just, only, one liner, hello world, single";

const VERBS: &str = "add, allow, build, check, create, design, ensure, explain, export, generate, give, \
    handle, implement, import, include, keep, let, make, print, read, remember, replace, \
    report, return, save, send, show, store, support, use, validate, warn, write";

/// The model's name, and what `metadata.routing` tells.
pub fn choose(asked: &Asked<'_>, complex: &str, simple: &str) -> (String, Routing) {
    if let Some(model) = asked.explicit {
        let routing =
            Routing { choice: "explicit".into(), reason: "The request names it.".into(), score: None };
        return (model.to_owned(), routing);
    }
    let points = measure(asked);
    let score = points.iter().map(|(_, points)| points).sum::<i64>().max(0);
    let score = u32::try_from(score).unwrap_or(u32::MAX);
    let (model, choice, much) =
        if score >= COMPLEX_FROM { (complex, "complex", "much") } else { (simple, "simple", "little") };
    let told: Vec<String> = points
        .iter()
        .filter(|(_, points)| *points != 0)
        .map(|(what, points)| format!("{what} {points}"))
        .collect();
    let told = if told.is_empty() { "nothing that counts".to_owned() } else { told.join(", ") };
    let reason = format!("It asks for {much}: {score} points, complex from {COMPLEX_FROM} on ({told}).");
    (model.to_owned(), Routing { choice: choice.into(), reason, score: Some(score) })
}

/// What counts, and how much.
fn measure(asked: &Asked<'_>) -> Vec<(String, i64)> {
    let text = plain(asked.prompt);
    let count = |words: &str| words.split(", ").filter(|word| text.contains(&format!(" {word} "))).count();
    let mut points: Vec<(String, i64)> = Vec::new();
    points.push(match asked.kind {
        Kind::Ui => ("a user interface".into(), 12),
        Kind::Api => ("an API".into(), 12),
        Kind::Cli => ("a command".into(), 5),
        Kind::Code => ("code".into(), 0),
    });
    let words = count_words(asked.prompt);
    points.push((format!("{words} words"), scaled(words, 1, 4, 40)));
    let items = asked.prompt.lines().filter(|line| is_item(line)).count();
    points.push((format!("{items} list items"), scaled(items, 5, 1, 40)));
    let parts = count_joints(asked.prompt).saturating_sub(1);
    points.push((format!("{} parts", parts + 1), scaled(parts, 3, 1, 24)));
    let orders = count_orders(asked.prompt).saturating_sub(1);
    points.push((format!("{} orders", orders + 1), scaled(orders, 4, 1, 20)));
    for feature in FEATURES {
        let named = count(feature.words);
        if named > 0 {
            let more = scaled(named - 1, 5, 1, 10);
            points.push((feature.name.into(), i64::from(feature.points) + more));
        }
    }
    let languages = count(LANGUAGES);
    if languages > 1 {
        points.push((format!("{languages} programming languages"), scaled(languages - 1, 12, 1, 36)));
    }
    if asked.context_bytes > 0 {
        let kilobytes = asked.context_bytes.div_ceil(1_000);
        points.push((format!("{kilobytes} kB to keep in mind"), 12 + scaled(kilobytes, 1, 1, 28)));
    }
    if asked.uploads > 0 {
        points.push((format!("{} uploads", asked.uploads), scaled(asked.uploads, 8, 1, 24)));
    }
    if count(PLAIN) > 0 {
        points.push(("plain by its own words".into(), -6));
    }
    points
}

/// `count` times `by` over `per`, at most `most`.
fn scaled(count: usize, by: i64, per: i64, most: i64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(by).min(most * per) / per
}

/// In lower case, with one space for everything between two words and one at both ends.
fn plain(prompt: &str) -> String {
    let mut text = String::with_capacity(prompt.len() + 2);
    text.push(' ');
    for c in prompt.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            text.push(c);
        } else if !text.ends_with(' ') {
            text.push(' ');
        }
    }
    if !text.ends_with(' ') {
        text.push(' ');
    }
    text
}

/// Words between spaces; of scripts that have no spaces, two characters are a word.
fn count_words(prompt: &str) -> usize {
    let dense = prompt
        .chars()
        .filter(|c| ('\u{3040}'..='\u{9fff}').contains(c) || ('\u{e00}'..='\u{e7f}').contains(c));
    let dense = dense.count();
    if dense > 4 { dense / 2 } else { prompt.split_whitespace().count() }
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let bullet = ["- ", "* ", "+ ", "• "].iter().any(|mark| line.starts_with(mark));
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    bullet || (number.len() < line.len() && [". ", ") "].iter().any(|mark| number.starts_with(mark)))
}

/// Where one part ends and the next begins: commas, semicolons, "and", "with". A comma before "and" is one with it.
fn count_joints(prompt: &str) -> usize {
    let mut joints = 0;
    let mut after_comma = false;
    for word in prompt.split_whitespace() {
        let is_word = ["and", "with", "plus", "also", "&", "und", "mit", "et", "avec", "y", "con"]
            .iter()
            .any(|joint| word.eq_ignore_ascii_case(joint));
        if is_word && !after_comma {
            joints += 1;
        }
        let marks = word.chars().filter(|c| matches!(c, ',' | ';' | '，' | '、' | '；')).count();
        joints += marks;
        after_comma = word.ends_with([',', ';']);
    }
    joints
}

/// Sentences that tell to do something.
fn count_orders(prompt: &str) -> usize {
    prompt
        .split(['.', '!', '?', '\n', ';'])
        .filter_map(|sentence| sentence.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty()))
        .filter(|word| VERBS.split(", ").any(|verb| word.eq_ignore_ascii_case(verb)))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routed(kind: Kind, prompt: &str, context_bytes: usize, uploads: usize) -> Routing {
        choose(&Asked { explicit: None, kind, prompt, context_bytes, uploads }, "big", "small").1
    }

    #[test]
    fn an_explicit_model_wins() {
        let asked = Asked {
            explicit: Some("mine"),
            kind: Kind::Ui,
            prompt: "x",
            context_bytes: 1_000_000,
            uploads: 9,
        };
        let (model, routing) = choose(&asked, "big", "small");
        assert_eq!((model.as_str(), routing.choice.as_str(), routing.score), ("mine", "explicit", None));
    }

    #[test]
    fn the_choice_is_the_one_that_a_person_would_make() {
        use Kind::{Api, Cli, Code, Ui};
        const BRIEF: &str = "An expense tracker for a family.\n- add, edit and delete expenses\n- categories with colours\n\
             - a budget for each category\n- totals by month\n- recurring expenses\n- CSV import\n- CSV export\n- dark mode";
        let table: [(Kind, &str, usize, usize, &str); 34] = [
            (Ui, "a counter with plus and minus buttons", 0, 0, "simple"),
            (Ui, "a todo app with due dates", 0, 0, "simple"),
            (Ui, "a landing page for a bakery", 0, 0, "simple"),
            (Ui, "tic tac toe", 0, 0, "simple"),
            (Ui, "Eine Einkaufsliste mit Mengen", 0, 0, "simple"),
            (Ui, "買い物リストのアプリ", 0, 0, "simple"),
            (Ui, "a kanban board with drag and drop, login and charts", 0, 0, "complex"),
            (
                Ui,
                "dashboard with charts for sales, customers and orders, filters by date, and a CSV export",
                0,
                0,
                "complex",
            ),
            (
                Ui,
                "chess with legal moves, clocks, undo and a move list, playable against the computer",
                0,
                0,
                "complex",
            ),
            (
                Ui,
                "a full clone of Trello with boards, lists, cards, members, comments, labels and search",
                0,
                0,
                "complex",
            ),
            (Ui, BRIEF, 0, 0, "complex"),
            (Ui, "make the buttons blue", 6_000, 0, "simple"),
            (Ui, "add a dark mode", 40_000, 0, "complex"),
            (Ui, "add login, a chart of progress and drag and drop", 8_000, 0, "complex"),
            (Api, "API for books", 0, 0, "simple"),
            (Api, "weather stations and their measurements", 0, 0, "simple"),
            (Api, "REST API for a library with books, authors, loans and members", 0, 0, "simple"),
            (
                Api,
                "An online shop: products, categories, carts, orders, payments, customers, reviews; customers sign in with \
                   JWT; admins manage stock; webhooks for order changes",
                0,
                0,
                "complex",
            ),
            (
                Api,
                "multi-tenant project tracker: organisations, members with roles, projects, issues, comments, attachments, \
                   labels, search with filters",
                0,
                0,
                "complex",
            ),
            (Cli, "a cli that counts words in a file", 0, 0, "simple"),
            (Cli, "rename photos by the date they were taken", 0, 0, "simple"),
            (Cli, "convert CSV to JSON", 0, 0, "simple"),
            (
                Cli,
                "A backup tool with incremental snapshots, encryption, retention rules, restore, a progress bar and a config \
                   file",
                0,
                0,
                "complex",
            ),
            (Code, "debounce function", 0, 0, "simple"),
            (Code, "LRU cache", 0, 0, "simple"),
            (Code, "quicksort in Python", 0, 0, "simple"),
            (Code, "just a regex for dates", 0, 0, "simple"),
            (Code, "JSON parser in Go", 0, 0, "simple"),
            (Code, "A thread-safe LRU cache in Rust with TTL, statistics, and unit tests", 0, 0, "complex"),
            (
                Code,
                "Write a recursive descent parser and interpreter for a small language with variables, functions, closures \
                    and error messages",
                0,
                0,
                "complex",
            ),
            (
                Code,
                "Implement Raft consensus with leader election, log replication, snapshots and a simulated network",
                0,
                0,
                "complex",
            ),
            (
                Code,
                "Implement a rate limiter in Python, Go and Rust with the same tests for each",
                0,
                0,
                "complex",
            ),
            (Code, "sum up the numbers in these files", 50_000, 2, "complex"),
            (Code, "fix the typo in the greeting", 900, 1, "simple"),
        ];
        let wrong: Vec<_> = table
            .into_iter()
            .map(|(kind, prompt, bytes, uploads, wanted)| {
                (prompt, routed(kind, prompt, bytes, uploads), wanted)
            })
            .filter(|(_, routing, wanted)| routing.choice != *wanted)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_long_prompt_is_complex_in_any_words_and_the_reason_has_the_numbers() {
        let routing = routed(Kind::Code, &"wort ".repeat(200), 0, 0);
        assert_eq!((routing.choice.as_str(), routing.score), ("complex", Some(40)));
        let routing = routed(Kind::Ui, "a chart", 0, 0);
        assert_eq!(
            routing.reason,
            "It asks for little: 22 points, complex from 40 on (a user interface 12, charts 10)."
        );
        assert_eq!(routed(Kind::Code, "", 0, 0).score, Some(0));
        assert_eq!(routed(Kind::Code, &",".repeat(32_000), usize::MAX, usize::MAX).choice, "complex");
    }
}
