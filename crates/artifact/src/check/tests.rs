//! What the check finds in whole artifacts, and what it must not find in good ones.

use super::*;
use crate::parse;

fn codes(kind: Kind, text: &str) -> Vec<String> {
    let mut files = parse(text, kind);
    check(kind, &mut files).issues.into_iter().map(|issue| issue.code).collect()
}

fn one(path: &str, content: &str) -> Vec<Issue> {
    let file = File {
        path: path.into(),
        language: String::new(),
        content: content.into(),
        status: FileStatus::Complete,
    };
    let mut files = [file];
    let validation = check(Kind::Code, &mut files);
    assert_eq!(validation.ok, validation.issues.is_empty());
    assert_eq!(files[0].status == FileStatus::Complete, validation.ok);
    validation.issues
}

#[test]
fn an_api_needs_a_document_that_can_be_read() {
    let good = "```yaml path=openapi.yaml\nopenapi: 3.1.0\ninfo: {title: A, version: '1'}\npaths: {/a: {get: {responses: {200: {description: b}}}}}\n```";
    assert!(codes(Kind::Api, good).is_empty());
    assert_eq!(codes(Kind::Api, "```yaml path=openapi.yaml\na: [\n```"), ["bad_yaml", "no_document"]);
    assert_eq!(codes(Kind::Api, "```json path=openapi.json\n{\"openapi\":\"2.0\"}\n```"), ["no_document"]);
    assert_eq!(codes(Kind::Api, &good.replace("description", "b")), ["bad_openapi"]);
}

#[test]
fn prose_alone_is_no_artifact() {
    assert_eq!(codes(Kind::Code, "I cannot do that."), ["no_files"]);
    assert_eq!(codes(Kind::Ui, "```css path=a.css\na{}\n```"), ["no_entry"]);
}

#[test]
fn an_import_of_a_file_that_is_not_there_is_said() {
    let text = "```tsx path=src/App.tsx\nimport A from './components/A';\nimport B from './b';\nimport './x.css?inline';\nimport C from './c.js';\nimport D from './d';\nimport r from 'react';\nimport e from '../../e';\n```\n```tsx path=src/components/A.tsx\nimport App from '../App';\nexport default 1;\n```\n```tsx path=src/b/index.tsx\nexport default 1;\n```\n```css path=src/x.css\na{}\n```\n```ts path=src/c.ts\nexport default 1;\n```\n";
    let mut files = parse(text, Kind::Ui);
    let issues = check(Kind::Ui, &mut files).issues;
    let said: Vec<_> = issues.iter().map(|issue| issue.message.split('`').nth(1).unwrap()).collect();
    assert_eq!(said, ["../../e", "./d"]);
    assert!(issues.iter().all(|issue| issue.code == "missing_file"));
}

#[test]
fn the_line_is_quoted_with_its_place_and_cut() {
    let long = format!("a = 1\nb = (1, {}\n", "x".repeat(300));
    let issues = one("a.py", &long);
    assert_eq!(issues[0].code, "bad_syntax");
    assert!(issues[0].message.starts_with("Line 2, column "), "{}", issues[0].message);
    assert!(issues[0].message.len() < 250);
    let issues = one("index.html", "<html>\n<script>\nlet a = ;\n</script></html>");
    assert!(issues[0].message.starts_with("Line 3, column 9"), "{}", issues[0].message);
}

#[test]
fn code_that_is_left_out_is_found_before_what_the_parser_makes_of_it() {
    for (path, content) in [
        ("a.ts", "function a() {\n  ...\n}\n"),
        ("a.rs", "fn main() {\n    ...\n}\n"),
        ("a.go", "package main\nfunc main() {\n\t...\n}\n"),
        ("a.css", "a {}\n...\n"),
        ("a.tsx", "export const A = () => (\n  <div>\n    {/* ... existing JSX ... */}\n  </div>\n);\n"),
    ] {
        let issues = one(path, content);
        assert_eq!(
            issues.iter().map(|issue| issue.code.as_str()).collect::<Vec<_>>(),
            ["left_out"],
            "{path}"
        );
    }
    assert_eq!(one("a.pyi", "def a() -> int: ...\nclass B:\n    ...\n"), []);
    assert_eq!(one("a.yaml", "a: 1\n...\n"), []);
    assert_eq!(one("a.html", "<p>\n...\n</p>"), []);
    assert_eq!(one("README.md", "...\n# existing code here\n"), []);
}

#[test]
fn a_file_that_is_cut_off_in_a_closed_fence_is_found() {
    for (path, content) in [
        ("a.py", "def a():\n    return [1,\n"),
        ("a.py", "x = '''abc\n"),
        ("a.rs", "fn main() {\n    let a = vec![1,\n"),
        ("a.go", "package main\n\nfunc main() {\n\tif x {\n"),
        ("a.sh", "if true; then\n  echo 1\n"),
        ("a.sh", "echo \"abc\n"),
        ("a.java", "class A {\n  void a() {\n"),
        ("a.rb", "class A\n  def a\n    1\n"),
        ("a.c", "int main(void) {\n  return 0;\n"),
        ("a.tsx", "export default function App() {\n  return <div>\n"),
        ("a.json", "{\"a\": 1"),
        ("a.toml", "a = [1,\n"),
        ("a.yaml", "a: {b: 1\n"),
        ("a.html", "<html><body><script>let a = 1;"),
    ] {
        assert_eq!(one(path, content).len(), 1, "{path}: {content}");
    }
}

#[test]
fn the_forms_of_modern_languages_are_known() {
    for (path, content) in MODERN {
        assert_eq!(one(path, content), [], "{path}");
    }
}

#[test]
fn a_file_of_a_compiler_may_hold_comments_and_a_package_is_an_object() {
    assert_eq!(one("tsconfig.json", "{ // a\n \"a\": 1, }"), []);
    assert_eq!(one("a.json", "{ // a\n \"a\": 1 }")[0].code, "bad_json");
    assert_eq!(one("web/package.json", "[]")[0].code, "bad_package");
}

#[test]
fn the_number_of_issues_is_bounded_and_what_is_missing_is_among_them() {
    let files: Vec<String> =
        (0..150).map(|number| format!("```json path=a{number}.json\n{{\n```\n")).collect();
    let text = files.concat();
    let found = codes(Kind::Ui, &text);
    assert_eq!(found.len(), 50);
    assert_eq!(found[49], "no_entry");
}

const MODERN: [(&str, &str); 14] = [
    (
        "a.py",
        "#!/usr/bin/env python3\nfrom __future__ import annotations\nimport asyncio\n\ntype Pair[T: (int, str)] = tuple[T, T]\n\nclass Box[T]:\n    x: T | None = None\n\ndef first[T](items: list[T], /, *, default: T | None = None) -> T | None:\n    match items:\n        case []:\n            return default\n        case [x, *_] if x is not None:\n            return x\n        case {\"a\": int() as y, **rest} | Box(x=y):\n            print(f\"{y!r:>{10}} {rest['b']} {'nested' + f'{y + 1:.2f}'}\")\n        case -1 | \"s\" | None:\n            pass\n        case _:\n            raise ValueError from None\n\ndef g():\n    if (n := len('x')) > 1: ...\n    try:\n        yield from ()\n    except* (ValueError, TypeError) as e:\n        raise\n    with (open('a') as f, open('b') as g,):\n        pass\n    a, *b = 1, 2\n    print(f\"{a=}\", *b, sep='', **{})\n    lambda *a, k=1, **kw: (yield)\n    async def h():\n        async with x as y, z:\n            return [i async for i in y if await i]\n    global q; del a; assert x, 'y'\n    print(f'''{\n        a\n    }''', rb'\\x', 0x_ff, 1_0.5e3j)\n    return not a if b else c\n",
    ),
    (
        "b.py",
        "names = ['a']\nprint(f\"{\", \".join(names)} and {names[0] if names else \"none\"} {f\"{1}\"}\")\nmatch = 1\ncase = match + 1\ntype = 3\nprint(match, case, type)\nmatch.x = 1\n@dec.a(1)[0]\nclass A(B, metaclass=C): pass\ndef f(a: int = 1, *args: *Ts, b, **kw: Unpack[K]) -> None: ...\nprint('a' 'b' f'c')\nx = yield_ = 1\nif True:\n\tpass\nelif False: pass\nelse:\n    pass\nwhile 1: break\nelse: pass\nfor i, in []: continue\nx: Final = 1\nx @= y; x //= 2; x **= 3; x >>= 1\nprint(x[1:2, ..., ::3], {**a, 'b': 1}, {*a, 1}, (i for i in x))\n",
    ),
    (
        "a.rs",
        "#![allow(dead_code)]\nuse std::{fmt, io::{self, Read as _}};\n\npub struct A<'a, T: ?Sized + 'a, const N: usize = 3> where T: fmt::Debug { x: &'a T, y: [u8; N] }\n\nimpl<'a, T> A<'a, T> where for<'b> T: Fn(&'b str) -> bool + fmt::Debug {\n    pub(crate) async fn go(&mut self) -> Result<impl Iterator<Item = u8> + use<'a, T>, Box<dyn std::error::Error + Send>> {\n        let Some(x) = self.find() else { return Err(\"x\".into()) };\n        if let Some(a) = x && a > 1 && let Ok(b) = a.parse::<u8>() { println!(\"{a:?} {b:>width$}\"); }\n        let v = match a { 0..=9 | 20.. => 'l: { break 'l 1 }, n @ 1..5 if n > 2 => unsafe { *p }, _ => loop { break 3; } };\n        let c = async move |x: u8| -> u8 { x };\n        let raw = r#\"a \"quoted\" b\"#; let b = b\"x\\n\"; let c2 = c\"x\"; let n = 1_000u64 as f32 as _;\n        let s = Self { ..Default::default() };\n        x?.await?; let _ = |&(a, ref b), [c, .., d]: [u8; 4]| a;\n        Ok([1u8].into_iter())\n    }\n}\npub trait T2 { type Out<'a>: Iterator where Self: 'a; const X: u8 = 1; fn f(self: Box<Self>) -> !; }\nmacro_rules! m { ($($x:expr),* $(,)?) => { $( $x; )* }; }\nextern \"C\" { fn f(x: *const u8, ...); }\nconst fn k<const N: usize>() -> [u8; N] { const { [0; N] } }\nstatic mut S: u8 = 0;\n#[derive(Debug, Clone)] enum E { A { x: u8 }, B(u8), C = 3 }\nfn dynf(x: &dyn Fn(u8) -> u8) where [(); 3]: Sized { let r#type = &raw const x; }\n",
    ),
    (
        "a.go",
        "package main\n\nimport (\n\t\"fmt\"\n\t\"iter\"\n\tm \"maps\"\n)\n\ntype Number interface{ ~int | ~int64 | ~float64 }\n\ntype List[T any] struct {\n\thead *node[T]\n\tsize int `json:\"size,omitempty\"`\n}\n\ntype Set[K comparable] = map[K]struct{}\n\nfunc Map[T, U any](xs []T, f func(T) U) []U {\n\tout := make([]U, 0, len(xs))\n\tfor _, x := range xs {\n\t\tout = append(out, f(x))\n\t}\n\treturn out\n}\n\nfunc (l *List[T]) All() iter.Seq2[int, T] {\n\treturn func(yield func(int, T) bool) {\n\t\tfor i := range 10 {\n\t\t\tif !yield(i, l.head.v) {\n\t\t\t\treturn\n\t\t\t}\n\t\t}\n\t}\n}\n\nfunc main() {\n\tch := make(chan<- int, 1)\n\tdefer close(ch)\n\tgo func() { ch <- 1 }()\n\tselect {\n\tcase ch <- 2:\n\tdefault:\n\t}\n\tswitch x := any(1).(type) {\n\tcase int, string:\n\t\tfmt.Println(x, Map[int, string]([]int{1}, func(i int) string { return fmt.Sprint(i) }))\n\tcase nil:\n\t\tfallthrough\n\tdefault:\n\t\tgoto end\n\t}\nend:\n\tvar a, b = [...]int{1: 2}, min(1, 2)\n\t_ = a[0:1:2]\n\tx := struct{ A int }{A: 0b1010_1010}\n\t_, _, _ = b, x, m.Keys[map[string]int]\n\tif err := f(); err != nil && !ok || a == nil {\n\t}\n\ts := `raw\nstring`\n\t_ = s\n}\n",
    ),
    (
        "a.sh",
        "#!/usr/bin/env bash\nset -euo pipefail\nIFS=$'\\n\\t'\ndeclare -A map=([a]=1 [\"b c\"]=2)\narr=(one \"two three\" $(ls) *.txt)\narr+=(x)\nfor i in \"${!arr[@]}\"; do printf '%s\\n' \"${arr[$i]:-none}\" \"${#arr[@]}\" \"${arr[@]:1:2}\"; done\nfor ((i = 0; i < 10; i++)); do ((i % 2)) && continue; done\nwhile IFS= read -r -d '' line; do echo \"${line%%.*}\" \"${line//a/b}\" \"${line^^}\"; done < <(find . -print0)\nf() { local -r x=\"${1:?missing}\"; return 1; }\nfunction g {\n  cat <<EOF > \"$out\"\nHello $USER and `x` and 'quote\nEOF\n  cat <<-'EOS' | grep x\n\t$not (expanded\n\tEOS\n}\ncase \"$1\" in\n  -h|--help) usage; exit 0 ;;\n  a*) ;;&\n  *) echo \"?\" >&2 ;;\nesac\nif [[ $x =~ ^[0-9]+$ && -f \"$y\" || ! -z ${z-} ]]; then echo $((x + 1)) $((16#ff)); elif [ \"$a\" = b ]; then :; else exit 1; fi\ntrap 'rm -f \"$tmp\"' EXIT INT\ncmd 2>&1 | tee >(cat >/dev/null) &\nwait $!\nread -ra parts <<< \"$line\"\n{ echo a; echo b; } > f\n( cd x && ls )\nuntil false; do break; done\nselect o in a b; do break; done\necho {1..5} {a,b}.txt ~/x \"a\\\"b\" $'x\\ty' ${x:+y} ${!ref} ${x@Q}\ntime ls\n! true\n[ -n \"$x\" ] && { echo; } || exit 2\nexport A=1 B=2; unset A\nlocal_var=`date +%s`\n",
    ),
    (
        "A.java",
        "package a.b;\n\nimport java.util.*;\nimport static java.lang.Math.max;\n\npublic sealed interface A<T extends Comparable<? super T>> permits A.B, A.C {\n    record B<T extends Comparable<? super T>>(int x, List<String> y) implements A<T> {\n        B {\n            if (x < 0) throw new IllegalArgumentException(\"\"\"\n                text \"block\"\n                \"\"\");\n        }\n        static <K> Map<K, ?> of(K... k) { return Map.of(); }\n    }\n    non-sealed class C implements A { }\n    enum E { X(1) { @Override int v() { return 2; } }, Y; E(int... a) { } int v() { return 1; } }\n    @interface Ann { String value() default \"x\"; }\n    default String f(Object o) {\n        var l = new ArrayList<>(List.of(1, 2));\n        l.stream().map(i -> i * 2).filter(Objects::nonNull).toList();\n        return switch (o) {\n            case Integer i when i > 1 -> \"a\";\n            case B(int x, var y) -> { yield \"b\"; }\n            case null, default -> \"c\";\n        };\n    }\n    static void main(String[] a) throws Exception {\n        try (var r = x(); r2) { } catch (RuntimeException | Error e) { } finally { }\n        outer: for (int i = 0, j = 1; i < 1; i++) { continue outer; }\n        if (o instanceof String s && !s.isEmpty()) { int[][] q = new int[3][]; int z = (int) 1L >>> 2; }\n        synchronized (a) { assert true : \"x\"; }\n        do { } while (false);\n    }\n}\n",
    ),
    (
        "a.rb",
        "# frozen_string_literal: true\nrequire 'json'\n\nmodule M\n  class A < B\n    attr_reader :x, :y\n    CONST = %w[a b].freeze\n    def initialize(x, *r, k: 1, **kw, &blk) = @x = x\n    def f(...) = g(...)\n    def self.call(a:, b: 2)\n      a => {name: String => n}\n      case [a, b]\n      in [Integer => i, *] if i > 1 then puts \"#{i} #{\"x#{1}\"}\"\n      in {k: nil} | {k: 1..}\n        nil\n      else\n        raise ArgumentError, 'x' unless b&.c\n      end\n      h = {a:, 'b': 1, \"c\" => 2, **o}\n      [1].each_with_object({}) { |i, (m, n)| m[i] ||= n }\n      [1].map(&:to_s).map { it + 1 }.each { puts _1 }\n    rescue E, F => e\n      retry if (n += 1) < 3\n    ensure\n      puts <<~TXT\n        hi #{a}\n      TXT\n    end\n    private def p? = !!@x\n  end\nend\nputs(->(x) { x ** 2 }.(3)) if __FILE__ == $0\nwhile true do break end\nx = if a then b else c end\nbegin; 1; end until true\nputs /re#{1}/i =~ 'x', %i[a b], ?a, 1_000r, :\"sym bol\", a ? b : c\n",
    ),
    (
        "a.c",
        "#include <stdio.h>\n#include \"a.h\"\n#define MAX(a, b) ((a) > (b) ? (a) : (b))\n#ifdef X\ntypedef struct node { struct node *next; union { int i; float f; } u; unsigned bits : 3; } node_t;\n#endif\nstatic inline int f(const char *restrict s, int (*cb)(void *, int), ...) { return cb ? cb(NULL, s[0]) : -1; }\nenum e { A = 1, B };\nint g[2][3] = { [0] = { 1, 2 }, [1] = { 3 } };\nint main(int argc, char **argv)\n{\n    struct p p = { .x = 1, .y = (struct q){ 2 } };\n    for (size_t i = 0; i < sizeof(g) / sizeof *g; ++i) { if (i) continue; else break; }\n    switch (argc) { case 1: case 2: goto end; default: ; }\n    do { printf(\"%d\\n\" \"x\", p.x); } while (0);\n    uint64_t z = 0xFFull << 3; char c = '\\''; double d = 1.5e-3f;\n    _Static_assert(sizeof(int) == 4, \"x\");\n    int *q = malloc(sizeof(int) * 3), (*fp)(int) = &h;\n    z = _Generic(z, int: 1, default: 2);\nend:\n    return 0;\n}\n",
    ),
    ("a.toml", "a = 1\n[b.c]\nd = 1979-05-27T07:32:00Z\n[[e]]\nf = { g = [1, 2,] }\nh = '''x'''\n"),
    ("a.yaml", "a: &x\n  b: |\n    text\n  c: >-\n    folded\nd: *x\n? e\n: f\n---\n- !tag g\n- 0o7\n"),
    (
        "a.html",
        "<!DOCTYPE html>\n<html lang=en><head><style>a{}</style></head><body onload=\"x()\"><script type=module>import a from './a.js';\nawait a();</script><script>var x = '<\\/script>';</script></body></html>\n",
    ),
    ("a.svg", "<svg><path d='M0 0'/></svg>\n"),
    ("Dockerfile", "FROM x\n# the rest of the image is small\nRUN y\n"),
    ("a.sql", "select 1; -- the rest\n"),
];
#[test]
fn hostile_text_comes_to_an_end_in_every_language() {
    const UNITS: [&str; 16] = [
        "(", "{", "a ", "\"", "'", "<<EOF\n", "if ", "\n\t", "${", "[[", "f(x, ", "%w(", "&a *a ",
        "<script>", "`", "...\n",
    ];
    for extension in ["py", "rs", "go", "sh", "java", "rb", "c", "html", "ts", "yaml", "json", "toml"] {
        for unit in UNITS {
            assert!(one(&format!("a.{extension}"), &unit.repeat(16_000 / unit.len())).len() <= MAX_ISSUES);
        }
    }
}
