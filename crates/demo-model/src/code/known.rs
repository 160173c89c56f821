//! The known pieces of code: which words ask for which, and in which languages each is there.

use super::Piece;
use crate::{
    ask::Language,
    cli,
    markdown::File,
    reading::Reading,
    template::{fill, script},
};

struct Topic {
    name: &'static str,
    words: &'static [&'static str],
    about: &'static str,
}

const TOPICS: &[Topic] = &[
    Topic {
        name: "slug",
        words: &["slug", "slugify", "slugs", "url friendly", "slug generator"],
        about: "Turns text into slugs for URLs, unique ones too.",
    },
    Topic {
        name: "fibonacci",
        words: &["fibonacci", "fibonacci numbers", "fibonacci sequence", "fib"],
        about: "Fibonacci numbers: one, the first ones, or without end.",
    },
    Topic {
        name: "lru_cache",
        words: &["lru", "lru cache", "least recently used", "cache", "memoize", "caching"],
        about: "A cache of fixed size that forgets what was used longest ago.",
    },
    Topic {
        name: "binary_search",
        words: &["binary search", "bisect", "search in a sorted", "sorted array search"],
        about: "Binary search, with the first of equal items and the place to insert.",
    },
    Topic {
        name: "sorting",
        words: &[
            "sort",
            "sorting",
            "sorts",
            "quicksort",
            "quick sort",
            "merge sort",
            "mergesort",
            "bubble sort",
            "insertion sort",
            "sorting algorithms",
            "heap sort",
            "selection sort",
            "sort algorithm",
        ],
        about: "The well-known sorting algorithms, each leaving order as it should be.",
    },
    Topic {
        name: "primes",
        words: &[
            "prime",
            "primes",
            "prime numbers",
            "sieve",
            "eratosthenes",
            "prime factors",
            "factorize",
            "is prime",
        ],
        about: "Prime numbers: the sieve, a test, factors.",
    },
    Topic {
        name: "roman",
        words: &["roman", "roman numerals", "roman numeral", "roman numbers"],
        about: "Roman numerals, both ways, refusing what is not one.",
    },
    Topic {
        name: "palindrome",
        words: &["palindrome", "palindromes", "anagram", "anagrams", "palindrome checker"],
        about: "Palindromes and anagrams, whatever the case and the signs.",
    },
    Topic {
        name: "email_validator",
        words: &[
            "email validator",
            "validate email",
            "validates email",
            "email validation",
            "email address",
            "validates an email",
            "validate an email",
            "validate emails",
            "email addresses",
        ],
        about: "Checks e-mail addresses and says what is wrong with them.",
    },
    Topic {
        name: "rate_limiter",
        words: &[
            "rate limiter",
            "rate limit",
            "rate limiting",
            "token bucket",
            "throttler",
            "leaky bucket",
            "limits requests",
        ],
        about: "A rate limiter: a token bucket whose time can be moved by tests.",
    },
    Topic {
        name: "retry",
        words: &["retry", "retries", "backoff", "exponential backoff", "retrying", "retry with backoff"],
        about: "Calls again what fails, with growing pauses and a limit.",
    },
    Topic {
        name: "collections_basic",
        words: &[
            "stack",
            "queue",
            "linked list",
            "linkedlist",
            "deque",
            "singly linked",
            "doubly linked list",
            "fifo",
            "lifo",
        ],
        about: "A stack, a queue and a linked list.",
    },
    Topic {
        name: "trie",
        words: &["trie", "prefix tree", "autocomplete", "auto complete", "word completion"],
        about: "A trie: words by their beginning, for completion.",
    },
    Topic {
        name: "matrix",
        words: &["matrix", "matrices", "matrix multiplication", "determinant", "linear algebra"],
        about: "Matrices: sums, products, transposition, determinant, inverse, all exact.",
    },
    Topic {
        name: "levenshtein",
        words: &[
            "levenshtein",
            "edit distance",
            "string distance",
            "fuzzy",
            "fuzzy search",
            "spell checker",
            "similarity",
            "string similarity",
            "fuzzy matching",
        ],
        about: "The edit distance of two texts, and the nearest of many.",
    },
    Topic {
        name: "flatten",
        words: &[
            "flatten",
            "flattens",
            "flatten json",
            "json flatten",
            "nested json",
            "nested list",
            "nested dictionary",
            "unflatten",
        ],
        about: "Flattens nested lists and JSON, and builds JSON up again.",
    },
    Topic {
        name: "date_tools",
        words: &[
            "date difference",
            "difference between two dates",
            "days between",
            "between two dates",
            "age from",
            "working days",
            "workdays",
            "business days",
            "date utilities",
            "date helper",
            "calculate age",
            "calculates age",
        ],
        about: "Dates: differences in words, ages, workdays, months that keep to their length.",
    },
    Topic {
        name: "csv_parser",
        words: &["csv parser", "parse csv", "parses csv", "parser for csv", "csv reader", "csv"],
        about: "Reads and writes CSV after RFC 4180, with no library.",
    },
    Topic {
        name: "event_emitter",
        words: &[
            "event emitter",
            "eventemitter",
            "event bus",
            "pub sub",
            "pubsub",
            "publish subscribe",
            "observer",
            "observer pattern",
            "event system",
        ],
        about: "An event emitter: listeners, once, and one failure that does not stop the others.",
    },
    Topic {
        name: "debounce",
        words: &["debounce", "throttle", "debounces", "debouncing", "throttling", "debounce function"],
        about: "Debounce and throttle, with flush and cancel.",
    },
    Topic {
        name: "bank_account",
        words: &[
            "bank account",
            "bank accounts",
            "bankaccount",
            "account with deposit",
            "deposit+withdraw",
            "bank+class",
        ],
        about: "A bank account with exact money: deposits, withdrawals, transfers that book both sides or none.",
    },
    Topic {
        name: "fizzbuzz",
        words: &["fizzbuzz", "fizz buzz"],
        about: "FizzBuzz, with rules that can be changed.",
    },
    Topic {
        name: "password_strength",
        words: &[
            "password strength",
            "password checker",
            "strong password check",
            "password validator",
            "validate password",
            "password validation",
            "checks passwords",
            "strength+password",
        ],
        about: "Says how strong a password is and how to make it stronger.",
    },
    Topic {
        name: "graph_search",
        words: &[
            "graph",
            "dijkstra",
            "shortest path",
            "bfs",
            "dfs",
            "breadth first",
            "depth first",
            "topological sort",
            "topological",
            "graph search",
            "pathfinding",
        ],
        about: "Graphs: the shortest way, breadth first, depth first, an order of tasks.",
    },
    Topic {
        name: "binary_tree",
        words: &["binary tree", "binary search tree", "bst", "search tree", "tree structure"],
        about: "A binary search tree that keeps its values in order.",
    },
    Topic {
        name: "temperature",
        words: &["temperature", "celsius", "fahrenheit", "temperature converter", "temperature conversion"],
        about: "Converts temperatures between Celsius, Fahrenheit and Kelvin.",
    },
    Topic {
        name: "luhn",
        words: &[
            "luhn",
            "credit card",
            "card number",
            "card numbers",
            "credit card number",
            "credit card validator",
            "card validation",
            "checksum+card",
        ],
        about: "Checks card numbers with the Luhn formula, makes check digits, tells the brand and hides digits.",
    },
    Topic {
        name: "iso_duration",
        words: &[
            "iso 8601 duration",
            "iso 8601 durations",
            "iso8601 duration",
            "iso8601 durations",
            "duration+iso",
            "durations+iso",
            "iso duration",
            "parse durations",
            "duration parser",
            "8601+duration",
            "8601+durations",
        ],
        about: "Reads and writes ISO 8601 durations; years and months stay apart because they have no fixed length.",
    },
    Topic {
        name: "shopping_cart",
        words: &[
            "shopping cart",
            "shopping basket",
            "cart+discount",
            "cart+discounts",
            "cart+items",
            "cart class",
            "checkout total",
            "cart+total",
            "cart+quantities",
        ],
        about: "A shopping cart with exact money: items, quantities, percent and fixed discount codes, delivery and tax.",
    },
    Topic {
        name: "expression_evaluator",
        words: &[
            "expression evaluator",
            "tokenizer",
            "tokeniser",
            "lexer",
            "expression parser",
            "evaluate expressions",
            "evaluates expressions",
            "math expressions",
            "math expression",
            "arithmetic expressions",
            "arithmetic expression",
            "recursive descent",
            "parser+expressions",
            "calculator+parser",
            "interpreter",
            "evaluates+expressions",
            "math parser",
            "shunting yard",
            "formula parser",
            "calculator",
            "expression+parser",
        ],
        about: "Evaluates arithmetic text with a tokenizer, a parser and an evaluator of its own; it never runs text as code.",
    },
    Topic {
        name: "priority_queue",
        words: &["priority queue", "priorityqueue", "min heap", "max heap", "binary heap", "heap"],
        about: "A priority queue on a binary heap that keeps the order of equals.",
    },
    Topic {
        name: "iban",
        words: &["iban", "ibans", "iban validation", "iban validator", "iban numbers"],
        about: "Checks bank account numbers (IBAN) and says what is wrong with them.",
    },
    Topic {
        name: "deep_clone",
        words: &[
            "deep clone",
            "deep copy",
            "deepclone",
            "clone an object",
            "deep equal",
            "deep merge",
            "deep comparison",
            "deepcopy",
        ],
        about: "Deep copies and deep comparison, circles too.",
    },
];

const PYTHON: &str = include_str!("../../templates/code/topics.python.txt");
const TYPESCRIPT: &str = include_str!("../../templates/code/topics.typescript.txt");
const RUST: &str = include_str!("../../templates/code/topics.rust.txt");
const GO: &str = include_str!("../../templates/code/topics.go.txt");

pub fn find(reading: &Reading, wanted: Language) -> Option<(Piece, Language)> {
    let (_, topic) = TOPICS
        .iter()
        .map(|topic| (cli::weight(&reading.base, topic.words), topic))
        .filter(|(weight, _)| *weight > 0)
        .max_by_key(|(weight, _)| *weight)?;
    // Not every topic is there in every language: the nearest one it is there in, and the answer says so.
    let order = [wanted, Language::Python, Language::TypeScript];
    let (language, text) =
        order.into_iter().find_map(|language| Some((language, section(source(language), topic.name)?)))?;
    let note = if language == wanted {
        String::new()
    } else {
        format!(" This model knows it in {}, not in {}.", language.name(), wanted.name())
    };
    let piece = Piece { about: format!("{}{note}", topic.about), files: files(topic.name, language, text) };
    Some((piece, language))
}

fn source(language: Language) -> &'static str {
    match language {
        Language::Python | Language::Html => PYTHON,
        Language::JavaScript | Language::TypeScript => TYPESCRIPT,
        Language::Rust => RUST,
        Language::Go => GO,
    }
}

fn section(source: &'static str, name: &str) -> Option<&'static str> {
    let source = source.strip_prefix("=== ").unwrap_or(source);
    source.split("\n=== ").find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'))
}

fn files(name: &str, language: Language, text: &str) -> Vec<File> {
    let (code, test) = text.split_once("--- test\n").unwrap_or((text, ""));
    match language {
        Language::Python | Language::Html => {
            vec![
                File::new("python", format!("{name}.py"), code),
                File::new("python", format!("test_{name}.py"), test),
            ]
        }
        Language::JavaScript => vec![
            File::new("javascript", format!("{name}.mjs"), script(code, false)),
            File::new(
                "javascript",
                format!("{name}.test.mjs"),
                fill(&script(test, false), &[("ext", "mjs")]),
            ),
        ],
        Language::TypeScript => vec![
            File::new("typescript", format!("{name}.ts"), script(code, true)),
            File::new("typescript", format!("{name}.test.ts"), fill(&script(test, true), &[("ext", "ts")])),
        ],
        Language::Rust => vec![File::new("rust", "src/lib.rs", code), cargo_manifest(name)],
        Language::Go => vec![
            File::new("go", format!("{name}.go"), code),
            File::new("go", format!("{name}_test.go"), test),
            File::new("text", "go.mod", format!("module example.com/{name}\n\ngo 1.19\n")),
        ],
    }
}

pub fn cargo_manifest(name: &str) -> File {
    let body = format!(
        "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n",
        name.replace('_', "-")
    );
    File::new("toml", "Cargo.toml", body)
}
