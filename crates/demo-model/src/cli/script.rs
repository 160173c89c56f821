//! Command line programs in JavaScript for Node 20: a few known ones and the keeper of things. Node's own modules only.

use super::{Program, known, manager};
use crate::{
    literal::quoted,
    reading::Reading,
    template::fill,
    words::{self, Field, Type},
};

struct Known {
    name: &'static str,
    words: &'static [&'static str],
    about: &'static str,
    usage: &'static str,
    imports: &'static str,
    options: &'static str,
    flags: &'static str,
    code: &'static str,
    main: &'static str,
    tests: &'static str,
    examples: &'static [(&'static str, &'static str)],
}

const KNOWN: &[Known] = &[
    Known {
        name: "wordcount",
        words: &[
            "word count",
            "wordcount",
            "count words",
            "counts words",
            "word counter",
            "line counter",
            "count lines",
            "counts lines",
            "counts the words",
            "word frequency",
            "most common words",
            "word+counts",
        ],
        about: "Counts lines, words and characters of texts and lists the most used words",
        usage: "[--top N] [--json] [FILE]...",
        imports: "import { readFileSync } from 'node:fs'\n",
        options: "  --top N               list the N most used words\n  --json                print JSON",
        flags: "top: { type: 'string', default: '0' }, json: { type: 'boolean' }",
        code: "export function measure(text) {\n  const words = text.match(/[\\p{L}\\p{N}]+(?:['’-][\\p{L}\\p{N}]+)*/gu) ?? []\n  return { lines: text === '' ? 0 : text.replace(/\\n$/, '').split('\\n').length, words: words.length, characters: [...text].length }\n}\n\nexport function mostUsed(text, count) {\n  const counts = new Map()\n  for (const word of text.toLowerCase().match(/[\\p{L}\\p{N}]+(?:['’-][\\p{L}\\p{N}]+)*/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)\n  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, count)\n}\n\n",
        main: "  if (!/^\\d+$/.test(values.top)) throw new Problem('--top takes a whole number', 2)\n  // 0 is standard input.\n  const texts = (positionals.length ? positionals : [0]).map(path => readFileSync(path === '-' ? 0 : path, 'utf8'))\n  const all = texts.join('\\n')\n  const files = texts.map((text, n) => ({ file: positionals[n] ?? '-', ...measure(text) }))\n  const top = mostUsed(all, Number(values.top))\n  if (values.json) return say(JSON.stringify({ files, top: Object.fromEntries(top) }, null, 2))\n  for (const { file, lines, words, characters } of files) say(`${file}: ${lines} lines, ${words} words, ${characters} characters`)\n  for (const [word, count] of top) say(`${String(count).padStart(8)}  ${word}`)\n",
        tests: "test('lines, words and characters', () => {\n  write('a.txt', 'one two\\nthree\\n')\n  const { files } = JSON.parse(run(at('a.txt'), '--json'))\n  assert.deepEqual([files[0].lines, files[0].words, files[0].characters], [2, 3, 14])\n})\n\ntest('the most used words', () => assert.deepEqual(cli.mostUsed('Sea sea sun', 1), [['sea', 2]]))\n\ntest('a missing file is said', () => assert.throws(() => run(at('nothing')), { code: 'ENOENT' }))\n",
        examples: &[
            ("book.txt --top 10", "figures and the ten most used words"),
            ("a.txt b.txt --json", "JSON"),
        ],
    },
    Known {
        name: "csvjson",
        words: &["csv+json", "csv to json", "json to csv", "csv converter", "convert csv"],
        about: "Converts CSV to JSON and JSON to CSV",
        usage: "[--to json|csv] [-o FILE] [FILE]",
        imports: "import { readFileSync, writeFileSync } from 'node:fs'\n",
        options: "  --to json|csv         what to make (told by the input's ending)\n  -o, --output FILE     write to this file",
        flags: "to: { type: 'string' }, output: { type: 'string', short: 'o' }",
        code: "export function parseCsv(text) {\n  const rows = [[]]\n  let cell = ''\n  let quoted = false\n  const end = () => { rows.at(-1).push(cell); cell = '' }\n  for (let at = 0; at < text.length; at++) {\n    const sign = text[at]\n    if (quoted) {\n      if (sign === '\"' && text[at + 1] === '\"') cell += text[++at]\n      else if (sign === '\"') quoted = false\n      else cell += sign\n    } else if (sign === '\"' && cell === '') quoted = true\n    else if (sign === ',') end()\n    else if (sign === '\\n') { end(); rows.push([]) }\n    else if (sign !== '\\r') cell += sign\n  }\n  if (quoted) throw new Problem('a quote is never closed')\n  if (cell || rows.at(-1).length) end()\n  return rows.filter(row => row.length > 1 || row[0])\n}\n\nexport function csvToJson(text) {\n  const [head = [], ...rows] = parseCsv(text.replace(/^\\ufeff/, ''))\n  return rows.map((row, n) => {\n    if (row.length !== head.length) throw new Problem(`row ${n + 2} has ${row.length} cells, the first has ${head.length}`)\n    return Object.fromEntries(head.map((name, at) => [name, row[at]]))\n  })\n}\n\nexport function jsonToCsv(value) {\n  const items = Array.isArray(value) ? value : [value]\n  if (items.some(item => item === null || typeof item !== 'object')) throw new Problem('the JSON must be an object or a list of objects')\n  const head = [...new Set(items.flatMap(item => Object.keys(item)))]\n  const cell = value => {\n    const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)\n    return /[\",\\n]/.test(text) ? `\"${text.replaceAll('\"', '\"\"')}\"` : text\n  }\n  return [head, ...items.map(item => head.map(name => item[name]))].map(row => row.map(cell).join(',')).join('\\n')\n}\n\n",
        main: "  const [path = '-'] = positionals\n  const text = readFileSync(path === '-' ? 0 : path, 'utf8')\n  const to = values.to ?? (path.endsWith('.json') || /^\\s*[[{]/.test(text) ? 'csv' : 'json')\n  if (!['json', 'csv'].includes(to)) throw new Problem('--to takes json or csv', 2)\n  let result\n  if (to === 'json') result = JSON.stringify(csvToJson(text), null, 2)\n  else {\n    let value\n    try {\n      value = JSON.parse(text)\n    } catch (error) {\n      throw new Problem(`this is not JSON: ${error.message}`)\n    }\n    result = jsonToCsv(value)\n  }\n  if (values.output) writeFileSync(values.output, result + '\\n')\n  else say(result)\n",
        tests: "test('there and back', () => {\n  const csv = 'name,age\\nAna,31\\n\"Lind, Chloe\",28'\n  const items = cli.csvToJson(csv)\n  assert.deepEqual(items[1], { name: 'Lind, Chloe', age: '28' })\n  assert.equal(cli.jsonToCsv(items), csv)\n})\n\ntest('files', () => {\n  write('a.csv', 'a,b\\n1,2\\n')\n  run(at('a.csv'), '-o', at('a.json'))\n  assert.equal(run(at('a.json')), 'a,b\\n1,2')\n})\n\ntest('a short row and bad JSON are said', () => {\n  assert.throws(() => cli.csvToJson('a,b\\n1'), { code: 1, message: /row 2/ })\n  write('a.json', '{')\n  assert.throws(() => run(at('a.json')), { code: 1 })\n})\n",
        examples: &[("people.csv -o people.json", "make JSON"), ("people.json", "make CSV")],
    },
    Known {
        name: "rename",
        words: &["rename", "renames", "renamer", "renaming"],
        about: "Renames many files by a text, a number or their date; shows the new names before it changes anything",
        usage: "[FOLDER] [--replace OLD --with NEW] [--number NAME] [--by-date] [--lower] [--apply]",
        imports: "import { existsSync, readdirSync, renameSync, statSync } from 'node:fs'\nimport { extname, join } from 'node:path'\n",
        options: "  --replace OLD         replace OLD in names\n  --with NEW            by this (default: nothing)\n  --number NAME         NAME001, NAME002, ...\n  --by-date             name after the time of the last change\n  --lower               small letters only\n  --apply               really rename",
        flags: "replace: { type: 'string' }, with: { type: 'string', default: '' }, number: { type: 'string' }, 'by-date': { type: 'boolean' }, lower: { type: 'boolean' }, apply: { type: 'boolean' }",
        code: "export function plan(folder, rules) {\n  const files = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isFile() && !entry.name.startsWith('.')).map(entry => entry.name).sort()\n  const used = new Set(readdirSync(folder).filter(name => !files.includes(name)))\n  const pairs = []\n  files.forEach((name, n) => {\n    const ending = extname(name)\n    let stem = name.slice(0, name.length - ending.length)\n    if (rules['by-date']) stem = statSync(join(folder, name)).mtime.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-')\n    if (rules.replace) stem = stem.replaceAll(rules.replace, rules.with)\n    if (rules.number !== undefined) stem = `${rules.number}${String(n + 1).padStart(3, '0')}`\n    if (rules.lower) stem = stem.toLowerCase()\n    if (!stem || /[/\\\\]/.test(stem)) throw new Problem(`${name} would get the name ${JSON.stringify(stem + ending)}, which cannot be`)\n    let next = stem + ending\n    for (let copy = 2; used.has(next); copy++) next = `${stem}-${copy}${ending}`\n    used.add(next)\n    if (next !== name) pairs.push([name, next])\n  })\n  return pairs\n}\n\n",
        main: "  const [folder = '.'] = positionals\n  if (!values.replace && values.number === undefined && !values['by-date'] && !values.lower) throw new Problem('say how: --replace, --number, --by-date or --lower', 2)\n  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Problem(`${folder} is not a folder`)\n  const pairs = plan(folder, values)\n  for (const [old, next] of pairs) say(`${old} -> ${next}`)\n  if (!values.apply) return say(`${pairs.length} files would be renamed. Add --apply to do it.`)\n  // By way of temporary names, so that files can swap their names.\n  pairs.forEach(([old], n) => renameSync(join(folder, old), join(folder, `.rename-${process.pid}-${n}`)))\n  pairs.forEach(([, next], n) => renameSync(join(folder, `.rename-${process.pid}-${n}`), join(folder, next)))\n  say(`Renamed ${pairs.length} files.`)\n",
        tests: "test('nothing changes without --apply', () => {\n  write('IMG_1.jpg', 'x')\n  assert.match(run(folder, '--replace', 'IMG_', '--with', 'sea-'), /IMG_1.jpg -> sea-1.jpg/)\n  assert.deepEqual(readdirSync(folder), ['IMG_1.jpg'])\n  run(folder, '--replace', 'IMG_', '--with', 'sea-', '--apply')\n  assert.ok(existsSync(at('sea-1.jpg')))\n})\n\ntest('numbers', () => {\n  write('b.txt', 'x')\n  write('a.txt', 'x')\n  run(folder, '--number', 'page-', '--apply')\n  assert.deepEqual(readdirSync(folder).sort(), ['page-001.txt', 'page-002.txt'])\n})\n\ntest('no rule is wrong usage, no folder a failure', () => {\n  assert.throws(() => run(folder), { code: 2 })\n  assert.throws(() => run(at('nowhere'), '--lower'), { code: 1 })\n})\n",
        examples: &[
            ("photos --replace IMG_ --with holiday-", "show the new names"),
            ("photos --by-date --apply", "rename"),
        ],
    },
    Known {
        name: "bigfiles",
        words: &[
            "largest files",
            "largest file",
            "biggest files",
            "big files",
            "large files",
            "disk usage",
            "folder size",
            "file sizes",
            "directory size",
            "tree",
        ],
        about: "Finds the largest files below a folder",
        usage: "[FOLDER] [-n COUNT] [--ext ENDING] [--json]",
        imports: "import { existsSync, readdirSync, statSync } from 'node:fs'\nimport { join } from 'node:path'\n",
        options: "  -n, --number COUNT    how many to list (10)\n  --ext ENDING          only files with this ending\n  --json                print JSON",
        flags: "number: { type: 'string', short: 'n', default: '10' }, ext: { type: 'string' }, json: { type: 'boolean' }",
        code: WALK_AND_HUMAN,
        main: "  const [folder = '.'] = positionals\n  if (!/^[1-9]\\d*$/.test(values.number)) throw new Problem('--number takes a whole number of at least 1', 2)\n  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Problem(`${folder} is not a folder`)\n  let files = [...walk(folder)].map(path => ({ path, bytes: statSync(path).size }))\n  if (values.ext) files = files.filter(({ path }) => path.endsWith('.' + values.ext.replace(/^\\./, '')))\n  files = files.sort((a, b) => b.bytes - a.bytes || a.path.localeCompare(b.path)).slice(0, Number(values.number))\n  if (values.json) return say(JSON.stringify(files, null, 2))\n  if (files.length === 0) return say('No files.')\n  for (const { path, bytes } of files) say(`${human(bytes).padStart(10)}  ${path}`)\n",
        tests: "test('the largest come first', () => {\n  write('small.txt', 'x'.repeat(10))\n  write('deep/large.log', 'x'.repeat(3000))\n  const files = JSON.parse(run(folder, '-n', '1', '--json'))\n  assert.deepEqual(files, [{ path: at('deep/large.log'), bytes: 3000 }])\n})\n\ntest('sizes are readable', () => assert.deepEqual([cli.human(10), cli.human(1500)], ['10 B', '1.5 kB']))\n\ntest('what is wrong is said', () => {\n  assert.throws(() => run(at('nowhere')), { code: 1 })\n  assert.throws(() => run(folder, '-n', 'many'), { code: 2 })\n})\n",
        examples: &[("~/Downloads -n 20", "the twenty largest"), (". --ext log", "only logs")],
    },
    Known {
        name: "dupes",
        words: &["duplicate", "duplicates", "duplicate finder", "identical files", "same content"],
        about: "Finds files with the same content",
        usage: "[FOLDER] [--json]",
        imports: "import { createHash } from 'node:crypto'\nimport { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'\nimport { join } from 'node:path'\n",
        options: "  --json                print JSON",
        flags: "json: { type: 'boolean' }",
        code: WALK_AND_DUPES,
        main: "  const [folder = '.'] = positionals\n  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Problem(`${folder} is not a folder`)\n  const groups = duplicates(folder)\n  if (values.json) return say(JSON.stringify(groups, null, 2))\n  for (const { bytes, files } of groups) say(`${files.length} x ${bytes} bytes\\n  ${files.join('\\n  ')}`)\n  say(groups.length ? `${groups.length} groups.` : 'No duplicates.')\n",
        tests: "test('equal files are found and others not', () => {\n  write('a.txt', 'same')\n  write('deep/b.txt', 'same')\n  write('c.txt', 'else')\n  assert.deepEqual(JSON.parse(run(folder, '--json')), [{ bytes: 4, files: [at('a.txt'), at('deep/b.txt')] }])\n})\n\ntest('none, and no folder', () => {\n  assert.match(run(folder), /No duplicates/)\n  assert.throws(() => run(at('nowhere')), { code: 1 })\n})\n",
        examples: &[("~/Pictures", "list them"), (". --json", "JSON")],
    },
    Known {
        name: "passgen",
        words: &[
            "password generator",
            "generate password",
            "generate passwords",
            "generates passwords",
            "random password",
            "random passwords",
            "passphrase",
            "secure passwords",
            "strong passwords",
        ],
        about: "Makes strong passwords from the system's secure random numbers",
        usage: "[--length N] [--count N] [--no-signs]",
        imports: "import { randomInt } from 'node:crypto'\n",
        options: "  -l, --length N        characters (20)\n  -c, --count N         how many (1)\n  --no-signs            letters and digits only",
        flags: "length: { type: 'string', short: 'l', default: '20' }, count: { type: 'string', short: 'c', default: '1' }, 'no-signs': { type: 'boolean' }",
        code: "export function password(length, signs = true) {\n  const groups = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789', ...(signs ? ['!#$%&*+-=?@_'] : [])]\n  if (length < groups.length) throw new Problem(`the length must be at least ${groups.length}`, 2)\n  const letters = groups.map(group => group[randomInt(group.length)])\n  const all = groups.join('')\n  while (letters.length < length) letters.push(all[randomInt(all.length)])\n  for (let at = letters.length - 1; at > 0; at--) {\n    const other = randomInt(at + 1)\n    ;[letters[at], letters[other]] = [letters[other], letters[at]]\n  }\n  return letters.join('')\n}\n\n",
        main: "  if (![values.length, values.count].every(text => /^[1-9]\\d{0,3}$/.test(text))) throw new Problem('length and count take whole numbers from 1 to 9999', 2)\n  for (let n = 0; n < Number(values.count); n++) say(password(Number(values.length), !values['no-signs']))\n",
        tests: "test('length and kinds', () => {\n  const text = run('--length', '40', '--no-signs')\n  assert.match(text, /^[A-Za-z0-9]{40}$/)\n  assert.match(text, /\\d/)\n})\n\ntest('all differ', () => assert.equal(new Set(run('--count', '50').split('\\n')).size, 50))\n\ntest('too short is refused', () => assert.throws(() => run('--length', '2'), { code: 2 }))\n",
        examples: &[("--length 24", "one password"), ("--count 5 --no-signs", "five")],
    },
];

const WALK_AND_HUMAN: &str = "/** All files below a folder, hidden ones and node_modules left out. */\nexport function* walk(folder) {\n  for (const entry of readdirSync(folder, { withFileTypes: true })) {\n    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue\n    const path = join(folder, entry.name)\n    if (entry.isDirectory()) yield* walk(path)\n    else if (entry.isFile()) yield path\n  }\n}\n\nexport function human(size) {\n  for (const unit of ['B', 'kB', 'MB', 'GB']) {\n    if (size < 1000) return `${unit === 'B' ? size : size.toFixed(1)} ${unit}`\n    size /= 1000\n  }\n  return `${size.toFixed(1)} TB`\n}\n\n";

const WALK_AND_DUPES: &str = "/** All files below a folder, hidden ones and node_modules left out. */\nexport function* walk(folder) {\n  for (const entry of readdirSync(folder, { withFileTypes: true })) {\n    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue\n    const path = join(folder, entry.name)\n    if (entry.isDirectory()) yield* walk(path)\n    else if (entry.isFile()) yield path\n  }\n}\n\n/** Groups of files with equal content; only files of equal size are read. */\nexport function duplicates(folder) {\n  const sizes = new Map()\n  for (const path of walk(folder)) {\n    const size = statSync(path).size\n    sizes.set(size, [...(sizes.get(size) ?? []), path])\n  }\n  const groups = []\n  for (const [bytes, paths] of sizes) {\n    if (bytes === 0 || paths.length < 2) continue\n    const same = new Map()\n    for (const path of paths) {\n      const sum = createHash('sha256').update(readFileSync(path)).digest('hex')\n      same.set(sum, [...(same.get(sum) ?? []), path])\n    }\n    for (const files of same.values()) if (files.length > 1) groups.push({ bytes, files: files.sort() })\n  }\n  return groups.sort((a, b) => b.bytes - a.bytes)\n}\n\n";

pub fn find(reading: &Reading) -> Option<Program> {
    let (_, hit) = KNOWN
        .iter()
        .map(|known| (known::weight(&reading.base, known.words), known))
        .filter(|(weight, _)| *weight > 0)
        .max_by_key(|(weight, _)| *weight)?;
    let lines: Vec<String> = hit.examples.iter().map(|(call, _)| format!("  {} {call}", hit.name)).collect();
    let examples = lines.join("\n");
    let values = [
        ("about", hit.about),
        ("prog", hit.name),
        ("module", hit.name),
        ("usage", hit.usage),
        ("imports", hit.imports),
        ("options", hit.options),
        ("flags", hit.flags),
        ("code", hit.code),
        ("main", hit.main),
        ("tests", hit.tests),
        ("examples", examples.as_str()),
    ];
    Some(Program {
        name: hit.name.to_owned(),
        script: true,
        about: hit.about.to_owned(),
        code: fill(include_str!("../../templates/cli/script/lines.mjs"), &values),
        test: fill(include_str!("../../templates/cli/script/lines.test.mjs"), &values),
        examples: hit.examples.iter().map(|(call, what)| ((*call).to_owned(), (*what).to_owned())).collect(),
    })
}

/// The keeper of things, in JavaScript.
pub fn manager(reading: &Reading) -> Program {
    let entity = reading.main();
    let module = words::spaced(&entity.many()).replace(' ', "-");
    let about = format!("Keeps {} on the command line", entity.plural);
    let fields: String = entity.fields.iter().map(field).collect();
    let arguments: Vec<String> = manager::add_arguments(entity)
        .iter()
        .map(|arg| match arg.strip_prefix("--") {
            Some(name) => quoted(&format!("--{}", words::camel(name))),
            None => quoted(arg),
        })
        .collect();
    let examples: Vec<(String, String)> = manager::examples(entity, None)
        .into_iter()
        .map(|(call, what)| {
            let words: Vec<String> = call
                .split(' ')
                .map(|word| {
                    if word.len() > 2 && word.starts_with("--") {
                        format!("--{}", words::camel(&word[2..]))
                    } else {
                        word.to_owned()
                    }
                })
                .collect();
            (words.join(" "), what)
        })
        .collect();
    let lines: Vec<String> = examples
        .iter()
        .map(|(call, _)| format!("  {module} {}", call.replace(['`', '\\', '$'], "")))
        .collect();
    let values = [
        ("about", format!("{about}.")),
        ("prog", module.clone()),
        ("module", module.clone()),
        ("ENV", format!("{}_FILE", module.to_uppercase().replace('-', "_"))),
        ("singular", entity.singular.clone()),
        ("plural", entity.plural.clone()),
        ("fields", fields),
        ("first", entity.title().name.clone()),
        ("FIRST", entity.title().name.to_uppercase()),
        ("firstflag", entity.title().name.clone()),
        ("examples", lines.join("\n")),
        ("addargs", arguments.join(", ")),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    Program {
        code: fill(include_str!("../../templates/cli/script/manager.mjs"), &values),
        test: fill(include_str!("../../templates/cli/script/manager.test.mjs"), &values),
        name: module,
        script: true,
        about,
        examples,
    }
}

fn field(field: &Field) -> String {
    let kind = match &field.of {
        Type::Int => "int",
        Type::Number => "number",
        Type::Money => "money",
        Type::Bool => "bool",
        Type::Date => "date",
        Type::Rating => "rating",
        Type::List => "list",
        Type::Choice(_) => "choice",
        _ => "text",
    };
    let mut out = format!("  {}: {{ kind: '{kind}'", field.name);
    if field.required {
        out.push_str(", needed: true");
    }
    match &field.of {
        Type::Choice(choices) => {
            let all: Vec<String> = choices.iter().map(|choice| quoted(choice)).collect();
            out.push_str(&format!(
                ", choices: [{}], start: {}",
                all.join(", "),
                all.first().map_or("null", String::as_str)
            ));
        }
        Type::Bool => out.push_str(", start: false"),
        Type::List => out.push_str(", start: []"),
        _ => {}
    }
    out.push_str(" },\n");
    out
}
