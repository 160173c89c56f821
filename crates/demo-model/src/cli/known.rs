//! The known command line programs, in Python: which words ask for which, and their files.

use super::Program;
use crate::{
    reading::{Reading, Text},
    template::fill,
    words,
};

struct Known {
    name: &'static str,
    /// Any of these words asks for it; a `+` joins words that must all be there.
    words: &'static [&'static str],
    about: &'static str,
    code: &'static str,
    tests: &'static str,
    examples: &'static [(&'static str, &'static str)],
}

macro_rules! known {
    ($name:literal, $words:expr, $about:literal, $examples:expr) => {
        Known {
            name: $name,
            words: $words,
            about: $about,
            code: include_str!(concat!("../../templates/cli/known/", $name, ".py")),
            tests: include_str!(concat!("../../templates/cli/known/test_", $name, ".py")),
            examples: $examples,
        }
    };
}

const KNOWN: &[Known] = &[
    known!(
        "csvjson",
        &["csv+json", "csv to json", "json to csv", "csv converter", "convert csv", "csv file", "csv files"],
        "Converts CSV to JSON and JSON to CSV",
        &[("people.csv -o people.json", "make JSON"), ("people.json", "make CSV, on standard output"),]
    ),
    known!(
        "rename",
        &[
            "rename",
            "renames",
            "renamer",
            "renaming",
            "file renamer",
            "file names",
            "filenames",
            "bulk rename"
        ],
        "Renames many files by a pattern, a number or the date a photo was taken; shows the new names before it changes anything",
        &[
            ("photos --by-date", "show the new names"),
            ("photos --by-date --apply", "rename"),
            ("photos --replace IMG_ holiday-", "another rule"),
        ]
    ),
    known!(
        "findreplace",
        &[
            "search and replace",
            "find and replace",
            "search replace",
            "replace text",
            "replaces text",
            "grep",
            "search text",
            "searches text",
            "search for text",
            "search files",
            "searches files",
            "text search",
            "find text",
            "finds text",
            "search+files",
            "replace+files",
            "replaces+files",
            "searches+files"
        ],
        "Searches text in files and replaces it when asked to; shows the changes before it writes",
        &[("TODO src", "search"), ("colour color docs --write", "replace"),]
    ),
    known!(
        "wordcount",
        &[
            "word count",
            "wordcount",
            "count words",
            "counts words",
            "word counter",
            "line counter",
            "count lines",
            "counts lines",
            "wc",
            "counts the words",
            "count the words",
            "word frequency",
            "how often+word",
            "how often+words",
            "count+words",
            "count+each word",
            "character count",
            "most common words",
            "word+counts",
            "lines of code",
            "frequencies"
        ],
        "Counts lines, words and characters of texts and lists the most used words",
        &[("book.txt --top 10", "figures and the ten most used words"),]
    ),
    known!(
        "loganalyzer",
        &[
            "log analyzer",
            "log analyser",
            "log analysis",
            "analyze logs",
            "analyse logs",
            "analyzes logs",
            "log file",
            "log files",
            "logs",
            "access log",
            "log parser",
            "parse logs",
            "parses logs",
            "nginx log",
            "apache log",
            "server log"
        ],
        "Reads log files and says what is in them: levels, equal errors, status codes, paths and busy hours",
        &[("app.log", "a summary"), ("app.log --level error", "only the errors"),]
    ),
    known!(
        "passgen",
        &[
            "password generator",
            "passwords generator",
            "generate password",
            "generate passwords",
            "generates passwords",
            "generates a password",
            "random password",
            "random passwords",
            "passphrase",
            "passphrases",
            "secure password",
            "secure passwords",
            "strong password",
            "strong passwords",
            "passwort"
        ],
        "Makes strong passwords and passphrases from the system's secure random numbers",
        &[("--length 24", "one password"), ("--words 6", "a passphrase"),]
    ),
    known!(
        "convert",
        &[
            "unit converter",
            "unit conversion",
            "convert units",
            "converts units",
            "units",
            "celsius",
            "fahrenheit",
            "kilometers",
            "kilometres",
            "miles",
            "temperature converter",
            "temperatures",
            "pounds+kg",
            "converts between",
            "length converter",
            "metric"
        ],
        "Converts between units of length, weight, temperature, volume, speed, time and data",
        &[("10 km mi", "kilometres to miles"), ("100 F to C", "Fahrenheit to Celsius"),]
    ),
    known!(
        "dupes",
        &[
            "duplicate",
            "duplicates",
            "duplicated files",
            "duplicate finder",
            "identical files",
            "same content",
            "dedupe",
            "deduplicate"
        ],
        "Finds files with the same content, and can delete all but one of each",
        &[(".", "list them"), (". --delete --yes", "keep one of each"),]
    ),
    known!(
        "bigfiles",
        &[
            "largest files",
            "largest file",
            "biggest files",
            "big files",
            "large files",
            "disk usage",
            "disk space",
            "folder size",
            "folder sizes",
            "file sizes",
            "directory size",
            "directory tree",
            "tree",
            "directory listing",
            "space usage",
            "biggest file",
            "size of folders",
            "lists files"
        ],
        "Finds the largest files, or draws a tree of folders with their sizes",
        &[("~/Downloads -n 20", "the twenty largest"), (". --tree --depth 2", "folders with their sizes"),]
    ),
    known!(
        "calc",
        &[
            "calculator",
            "calculate",
            "calculates",
            "evaluate expressions",
            "math expressions",
            "arithmetic",
            "rechner",
            "calculadora"
        ],
        "A calculator with brackets, powers and functions that never runs text as code",
        &[("\"2 * (3 + 4)\"", "a sum"), ("\"sqrt(2) ^ 2\"", "functions"),]
    ),
    known!(
        "countdown",
        &["timer", "countdown", "pomodoro", "alarm", "stopwatch"],
        "A timer that counts down, once or in pomodoro rounds",
        &[("5m --label tea", "five minutes"), ("25m --pomodoro", "focus and breaks in turns"),]
    ),
    known!(
        "checksum",
        &[
            "checksum",
            "checksums",
            "hash",
            "hashes",
            "sha256",
            "md5",
            "hashing",
            "verify files",
            "integrity",
            "file integrity"
        ],
        "Makes and checks checksums of files",
        &[("photo.jpg", "one checksum"), ("--check list.txt", "check a list made before"),]
    ),
    known!(
        "dice",
        &["dice", "roll", "rolls", "coin flip", "flip a coin", "würfel", "random picker", "picks a random"],
        "Rolls dice, flips coins and picks from a list",
        &[("2d6+3", "two dice and three"), ("--pick ana ben chloe", "one of them"),]
    ),
    known!(
        "organize",
        &[
            "organize files",
            "organizes files",
            "organise files",
            "organizer for files",
            "organize+folder",
            "organizes+folder",
            "sort files",
            "sorts files",
            "tidy",
            "clean up downloads",
            "downloads folder",
            "file organizer",
            "by file type",
            "by extension",
            "into folders",
            "into subfolders"
        ],
        "Sorts the files of a folder into folders by type, ending or month; shows the moves before it makes them",
        &[("~/Downloads", "show the moves"), ("~/Downloads --apply", "move"),]
    ),
    known!(
        "jsontool",
        &[
            "json",
            "pretty print json",
            "json formatter",
            "json validator",
            "format json",
            "json query",
            "query json",
            "jq"
        ],
        "Looks into JSON: prints it readably, checks it, takes out a part, lists its keys",
        &[("data.json", "print readably"), ("data.json --get \"users[0].name\" --raw", "take out a part"),]
    ),
    known!(
        "encode",
        &[
            "base64",
            "encode",
            "encoder",
            "decode",
            "encodes",
            "decodes",
            "caesar",
            "cipher",
            "rot13",
            "morse",
            "morse code",
            "binary converter",
            "hex",
            "url encode"
        ],
        "Encodes and decodes text: base64, hex, URL, HTML, rot13, Caesar, Morse and binary",
        &[("base64 hello", "encode"), ("base64 --decode aGVsbG8=", "decode"), ("morse SOS", "Morse"),]
    ),
    known!(
        "datecalc",
        &[
            "days between",
            "date difference",
            "days until",
            "date calculator",
            "age calculator",
            "dates",
            "between two dates",
            "weekday",
            "how old",
            "workdays",
            "date math",
            "days+dates"
        ],
        "Counts with dates: days between, days until, spans, ages, weekdays",
        &[("diff 2026-01-01 2026-06-15", "days between"), ("until 2026-12-24", "days until"),]
    ),
    known!(
        "md2html",
        &["markdown", "markdown to html", "md to html", "static site", "site generator"],
        "Turns Markdown into an HTML page",
        &[("notes.md -o notes.html", "make a page"),]
    ),
    known!(
        "guess",
        &[
            "guess the number",
            "guessing game",
            "number guessing",
            "guess a number",
            "number game",
            "terminal game",
            "text game"
        ],
        "Guess the number: the program thinks of one, you find it",
        &[("--max 1000 --tries 10", "a longer game"),]
    ),
    known!(
        "split",
        &[
            "split+file",
            "split+files",
            "split+lines",
            "split+parts",
            "splits+file",
            "splits+files",
            "splits+lines",
            "split+csv",
            "splitter",
            "file splitter",
            "split a big",
            "split a large",
            "splitting+file",
            "into chunks",
            "chunks+file",
            "merge+parts",
            "file into parts"
        ],
        "Splits a big file into parts by lines, size or number, and joins parts again",
        &[
            ("big.txt", "big-001.txt, big-002.txt and so on"),
            ("big.csv --lines 500 --header", "each part starts with the first line"),
            ("big.txt --parts 4 --dry-run", "only say what would be written"),
        ]
    ),
    known!(
        "encrypt",
        &[
            "encrypt",
            "encrypts",
            "encryption",
            "decrypt",
            "decrypts",
            "encrypting",
            "encrypt+password",
            "encrypt+file",
            "encrypts+file",
            "encrypt+files",
            "encrypts+files",
            "password protect",
            "password protects",
            "encrypt a file",
            "encrypted"
        ],
        "Encrypts and decrypts files with a password (scrypt, an HMAC-SHA256 key stream and seal, from Python's standard library; its format is reviewed by nobody, so use age or gpg for secrets that matter)",
        &[("notes.txt", "make notes.txt.enc"), ("--decrypt notes.txt.enc", "make notes.txt again"),]
    ),
    known!(
        "images",
        &[
            "resize images",
            "resizes images",
            "resize image",
            "resize+images",
            "resize+photos",
            "resize+pictures",
            "resizes+images",
            "resizes+photos",
            "resize+image",
            "thumbnail",
            "thumbnails",
            "image size",
            "image sizes",
            "images+folder",
            "image resizer",
            "image dimensions",
            "compress images",
            "compress+images",
            "convert images",
            "convert+images",
            "crop+images",
            "watermark",
            "images+sizes",
            "png+jpg",
            "png+jpeg",
            "image converter",
            "photo resizer",
            "batch resize"
        ],
        "Reads the sizes of PNG, JPEG, GIF, BMP and WebP images and works out new ones. It cannot change pictures: Python's standard library has no image codecs, so it prints the ImageMagick commands that do it",
        &[
            ("photos", "sizes of all images in the folder"),
            ("photos --fit 1200x1200", "the commands that resize them"),
            ("photos --csv", "as CSV"),
        ]
    ),
    known!(
        "archive",
        &[
            "zip",
            "unzip",
            "backup",
            "backups",
            "back up",
            "backs up",
            "archive a folder",
            "archive files",
            "archiver",
            "compress a folder",
            "compress files",
            "compress folder",
            "compresses a folder",
            "compresses files",
            "backup+folder",
            "backs up+folder",
            "archive+folder",
            "compress+folder",
            "compress+files",
            "backup script",
            "file compressor",
            "zip+folder",
            "compress a file"
        ],
        "Backs up folders into dated zip archives, lists, checks and unpacks them",
        &[
            ("make notes", "an archive with the date in its name"),
            ("make notes -o backups --keep 5", "keep the five newest"),
            ("list notes.zip", "what is inside"),
        ]
    ),
    known!(
        "compare",
        &[
            "compare two folders",
            "compares two folders",
            "compare folders",
            "compare directories",
            "compare two directories",
            "compares two directories",
            "compares directories",
            "compares folders",
            "compare files",
            "compare two files",
            "compares two files",
            "compare+folders",
            "compare+files",
            "compares+files",
            "diff",
            "sync",
            "syncs",
            "synchronize",
            "synchronise",
            "mirror a folder",
            "sync two folders",
            "sync folders",
            "differences between",
            "compare+directories",
            "sync+folders",
            "file sync"
        ],
        "Compares two folders or two files by content, and copies what is missing when asked to",
        &[
            ("photos backup", "what differs"),
            ("photos backup --copy --dry-run", "what would be copied"),
            ("old.txt new.txt", "the lines that differ"),
        ]
    ),
];

/// The program for texts and files that no other knows; its operation is told by the wish.
const TEXT_FILES: Known = known!(
    "textfiles",
    &[],
    "Changes the text of files or of standard input",
    &[
        ("notes.txt", "on standard output"),
        ("notes.txt --write", "back into the file"),
        ("notes --ending .md --dry-run", "which files would change"),
        ("--help", "all operations"),
    ]
);

/// A known program, or the one for texts, in Python.
pub fn find_exact(reading: &Reading) -> Option<Program> {
    find(reading).or_else(|| text_files(reading))
}

/// Words, and the operation of `textfiles` that they ask for. The first that is there wins.
const OPERATIONS: &[(&[&str], &str)] = &[
    (&["email addresses", "emails", "e mails", "mail addresses"], "emails"),
    (&["urls", "links", "web addresses", "hyperlinks"], "urls"),
    (&["extract+numbers", "extracts+numbers", "finds+numbers"], "numbers"),
    (
        &["duplicate lines", "duplicated lines", "repeated lines", "unique lines", "unique", "distinct"],
        "unique",
    ),
    (&["blank lines", "empty lines"], "no-blank"),
    (
        &[
            "remove comments",
            "removes comments",
            "strip comments",
            "strips comments",
            "comments+remove",
            "comments+strip",
        ],
        "no-comments",
    ),
    (&["trailing whitespace", "trailing spaces", "whitespace", "trim", "trims"], "trim"),
    (&["tabs+spaces", "tabs to spaces", "tabs"], "spaces"),
    (&["uppercase", "upper case", "capital letters"], "upper"),
    (&["lowercase", "lower case", "small letters"], "lower"),
    (&["title case", "capitalize", "capitalizes"], "title"),
    (&["line numbers", "number lines", "numbers lines", "number the lines"], "number"),
    (
        &[
            "sort lines",
            "sorts lines",
            "sort+lines",
            "sorts+lines",
            "sort a file",
            "sort text",
            "sort+file",
            "sorts+file",
            "alphabetically",
        ],
        "sort",
    ),
    (&["reverse", "reverses", "backwards"], "reverse"),
    (&["first lines", "head", "first+lines"], "head"),
    (&["last lines", "tail", "last+lines"], "tail"),
    (&["merge lines", "join lines", "joins lines", "join+lines"], "join"),
    (&["wrap", "wraps", "line length", "reflow"], "wrap"),
    (&["indent", "indents", "indentation"], "indent"),
    (&["filter+lines", "filters+lines", "lines containing", "lines that contain", "matching lines"], "keep"),
];

/// A program that works on files, for a wish that speaks of files and of nothing to keep.
pub fn text_files(reading: &Reading) -> Option<Program> {
    let text = &reading.base;
    let operation =
        OPERATIONS.iter().find(|(words, _)| weight(text, words) > 0).map(|(_, operation)| *operation);
    let files = text.has(&[
        "file",
        "files",
        "folder",
        "folders",
        "directory",
        "directories",
        "line",
        "lines",
        "stdin",
        "text",
        "texts",
        "pdf",
        "pdfs",
        "video",
        "videos",
        "audio",
        "mp3",
        "xml",
        "yaml",
        "spreadsheet",
        "excel",
    ]);
    if text.has(KEEPERS) || !(files || operation.is_some() && !reading.named_thing) {
        return None;
    }
    let mut program = program(&TEXT_FILES, reading, operation.unwrap_or("trim"));
    program.about = match operation {
        Some(name) => format!("Changes the text of files or of standard input: `{name}`, and some twenty other operations"),
        None => "This model has no program for exactly that. Here is one that walks files and folders of text and changes them with the operation you name (sort, unique, trim, emails and others); your own goes into OPERATIONS".to_owned(),
    };
    Some(program)
}

/// Whether the wish speaks of keeping things.
pub fn keeps(reading: &Reading) -> bool {
    reading.base.has(KEEPERS)
        || reading.base.has_stem(&[
            "log", "record", "list", "keep", "collect", "catalog", "organi", "diary", "journal", "plan",
        ])
}

/// Words that say things are kept: then it is a keeper, not one of these.
const KEEPERS: &[&str] = &[
    "todo",
    "todos",
    "task manager",
    "tracker",
    "track",
    "tracks",
    "manage",
    "manages",
    "inventory",
    "list manager",
    "keeps",
    "contacts",
    "expenses",
    "expense",
];

pub fn find(reading: &Reading) -> Option<Program> {
    let best = KNOWN
        .iter()
        .map(|known| (weight(&reading.base, known.words), known))
        .filter(|(weight, _)| *weight > 0)
        .max_by_key(|(weight, _)| *weight)?;
    // "duplicate lines" of a file are another thing than duplicate files.
    let operation = OPERATIONS.iter().map(|(words, _)| weight(&reading.base, words)).max().unwrap_or(0);
    if operation > best.0
        && let Some(program) = text_files(reading)
    {
        return Some(program);
    }
    // A short word such as "json" loses against things to keep ("a todo list stored as json").
    if best.0 < 12 && reading.base.has(KEEPERS) && reading.named_thing {
        return None;
    }
    Some(program(best.1, reading, ""))
}

fn program(known: &Known, reading: &Reading, operation: &str) -> Program {
    let lines = reading.base.numbers().into_iter().find(|n| (1..=10_000_000).contains(n)).unwrap_or(1000);
    let test = fill(
        include_str!("../../templates/cli/test_known.py"),
        &[("module", known.name), ("Class", &words::pascal(known.name)), ("tests", known.tests)],
    );
    Program {
        name: known.name.to_owned(),
        script: false,
        about: known.about.to_owned(),
        code: fill(known.code, &[("lines", &lines.to_string()), ("operation", operation)]),
        test,
        examples: known
            .examples
            .iter()
            .map(|(call, what)| ((*call).to_owned(), (*what).to_owned()))
            .collect(),
    }
}

/// How well words fit: the length of the longest that is there, joined words a little more.
pub fn weight(text: &Text, words: &[&str]) -> usize {
    words
        .iter()
        .filter(|word| word.split('+').all(|part| text.has(&[part])))
        .map(|word| word.len() + usize::from(word.contains('+')) * 4)
        .max()
        .unwrap_or(0)
}
