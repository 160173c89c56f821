#!/usr/bin/env python3
"""Turns Markdown into an HTML page."""

import argparse
import html
import re
import sys

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif }} pre {{ padding: 1rem; background: #f4f4f5; overflow-x: auto }} blockquote {{ border-left: 3px solid #ccc; margin-left: 0; padding-left: 1rem }}</style>
</head>
<body>
{body}
</body>
</html>
"""


def inline(text):
    codes = []

    def keep(match):
        codes.append(f"<code>{html.escape(match[1])}</code>")
        return f"\0{len(codes) - 1}\0"

    text = re.sub(r"`([^`]+)`", keep, text.replace("\0", ""))
    text = html.escape(text, quote=False)
    text = re.sub(r"!\[([^\]]*)\]\((https?:[^)\s\"]+|[\w./-]+)\)", r'<img src="\2" alt="\1">', text)
    text = re.sub(r"\[([^\]]+)\]\((https?:[^)\s\"]+|mailto:[^)\s\"]+|[\w./#-]+)\)", r'<a href="\2">\1</a>', text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
    return re.sub("\0(\\d+)\0", lambda match: codes[int(match[1])], text)


def convert(markdown):
    out, paragraph, lines, at = [], [], markdown.splitlines(), 0

    def close():
        if paragraph:
            out.append(f"<p>{inline(' '.join(paragraph))}</p>")
            paragraph.clear()

    while at < len(lines):
        line = lines[at]
        heading = re.match(r"(#{1,6}) (.+)", line)
        item = re.match(r"([-*]|\d+\.) ", line)
        if line.startswith("```"):
            close()
            code = []
            at += 1
            while at < len(lines) and not lines[at].startswith("```"):
                code.append(lines[at])
                at += 1
            out.append(f"<pre><code>{html.escape(chr(10).join(code))}</code></pre>")
        elif heading:
            close()
            out.append(f"<h{len(heading[1])}>{inline(heading[2])}</h{len(heading[1])}>")
        elif item:
            close()
            tag = "ol" if item[1][0].isdigit() else "ul"
            out.append(f"<{tag}>")
            while at < len(lines) and (found := re.match(r"(?:[-*]|\d+\.) (.*)", lines[at])):
                out.append(f"<li>{inline(found[1])}</li>")
                at += 1
            out.append(f"</{tag}>")
            continue
        elif line.startswith(">"):
            close()
            out.append(f"<blockquote>{inline(line.lstrip('> '))}</blockquote>")
        elif re.fullmatch(r"-{3,}|\*{3,}", line.strip()):
            close()
            out.append("<hr>")
        elif line.strip():
            paragraph.append(line.strip())
        else:
            close()
        at += 1
    close()
    return "\n".join(out)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="md2html", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  md2html notes.md -o notes.html\n  cat notes.md | md2html --fragment")
    parser.add_argument("input", nargs="?", default="-", help="a file, or - for standard input (default)")
    parser.add_argument("-o", "--output", help="write to this file instead of standard output")
    parser.add_argument("--title", help="title of the page (default: the first heading)")
    parser.add_argument("--fragment", action="store_true", help="only the body, no whole page")
    args = parser.parse_args(argv)
    try:
        if args.input == "-":
            markdown = sys.stdin.read()
        else:
            with open(args.input, encoding="utf-8") as file:
                markdown = file.read()
        body = convert(markdown)
        first = re.search(r"^#+ (.+)", markdown, re.MULTILINE)
        title = args.title or (first[1] if first else "Document")
        page = body + "\n" if args.fragment else PAGE.format(title=html.escape(title), body=body)
        if args.output:
            with open(args.output, "w", encoding="utf-8") as file:
                file.write(page)
        else:
            sys.stdout.write(page)
    except (OSError, UnicodeDecodeError) as error:
        print(f"md2html: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
