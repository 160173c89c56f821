#!/usr/bin/env python3
"""Counts lines, words and characters, and lists the most used words."""

import argparse
import json
import re
import sys
from collections import Counter

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def measure(text):
    words = WORD.findall(text)
    return {
        "lines": len(text.splitlines()),
        "words": len(words),
        "characters": len(text),
        "bytes": len(text.encode("utf-8")),
        "longest line": max((len(line) for line in text.splitlines()), default=0),
    }


def most_used(text, count, least=1):
    words = (word.lower() for word in WORD.findall(text))
    return sorted(Counter(word for word in words if len(word) >= least).items(), key=lambda pair: (-pair[1], pair[0]))[:count]


def read(path):
    if path == "-":
        return sys.stdin.read()
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="wordcount", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  wordcount book.txt\n  wordcount *.md --top 10\n  cat book.txt | wordcount --json")
    parser.add_argument("files", nargs="*", default=["-"], help="files, or - for standard input (default)")
    parser.add_argument("--top", type=int, default=0, metavar="N", help="list the N most used words")
    parser.add_argument("--min-length", type=int, default=1, metavar="N", help="with --top: only words of N letters or more")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(argv)
    code, texts = 0, {}
    for path in args.files:
        try:
            texts[path] = read(path)
        except OSError as error:
            print(f"wordcount: {path}: {error.strerror}", file=sys.stderr)
            code = 1
    results = {path: measure(text) for path, text in texts.items()}
    top = most_used("\n".join(texts.values()), args.top, args.min_length)
    if args.json:
        print(json.dumps({"files": results, "top": dict(top)}, indent=2, ensure_ascii=False))
        return code
    if len(results) > 1:
        total = {key: sum(one[key] for one in results.values()) for key in measure("") if key != "longest line"}
        results["total"] = {**total, "longest line": max(one["longest line"] for one in results.values())}
    if results:
        print("  ".join(f"{name:>12}" for name in measure("")))
    for path, numbers in results.items():
        print("  ".join(f"{number:>12}" for number in numbers.values()) + ("" if path == "-" else f"  {path}"))
    for word, count in top:
        print(f"{count:>8}  {word}")
    return code


if __name__ == "__main__":
    sys.exit(main())
