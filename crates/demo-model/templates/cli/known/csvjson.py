#!/usr/bin/env python3
"""Converts CSV to JSON and JSON to CSV."""

import argparse
import csv
import io
import json
import sys


class Problem(Exception):
    """Something the user can put right."""


def guess(text):
    """A number, a truth value or text, as JSON would have it."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text == "":
        return None
    digits = text.lstrip("-")
    if digits.isdigit() and (digits == "0" or not digits.startswith("0")):
        return int(text)
    try:
        return float(text) if digits[:1].isdigit() and not digits.startswith("00") and digits.lower() not in ("nan", "inf") else text
    except ValueError:
        return text


def csv_to_json(text, delimiter=",", types=False):
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    rows = [row for row in rows if row]
    if not rows:
        return []
    head, *rest = rows
    for number, row in enumerate(rest, start=2):
        if len(row) != len(head):
            raise Problem(f"line {number} has {len(row)} cells, the first line has {len(head)}")
    convert = guess if types else str
    return [dict(zip(head, map(convert, row))) for row in rest]


def flatten(value, prefix=""):
    """Nested objects as one level: {"a": {"b": 1}} gives {"a.b": 1}."""
    out = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict):
            out.update(flatten(item, name + "."))
        elif isinstance(item, list):
            out[name] = json.dumps(item, ensure_ascii=False)
        else:
            out[name] = "" if item is None else item
    return out


def json_to_csv(items, delimiter=","):
    if isinstance(items, dict):
        items = [items]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Problem("the JSON must be an object or a list of objects")
    rows = [flatten(item) for item in items]
    head = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, head, restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(path):
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"cannot read {path}: {error}") from None


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="csvjson", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  csvjson people.csv -o people.json\n  csvjson people.json --to csv\n  cat people.csv | csvjson - --to json --types")
    parser.add_argument("input", nargs="?", default="-", help="a file, or - for standard input (default)")
    parser.add_argument("-o", "--output", help="write to this file instead of standard output")
    parser.add_argument("--to", choices=["json", "csv"], help="what to make (default: told by the input's ending)")
    parser.add_argument("-d", "--delimiter", default=",", help="what stands between cells (default: ,)")
    parser.add_argument("--types", action="store_true", help="turn numbers, true and false into JSON types")
    parser.add_argument("--indent", type=int, default=2, help="spaces of indentation in JSON (default: 2)")
    args = parser.parse_args(argv)
    delimiter = {"tab": "\t", "\\t": "\t"}.get(args.delimiter, args.delimiter)
    if len(delimiter) != 1:
        parser.error("the delimiter is one character, or tab")
    try:
        text = read(args.input)
        to = args.to or ("csv" if args.input.endswith(".json") or text.lstrip()[:1] in "[{" and text.strip() else "json")
        if to == "json":
            result = json.dumps(csv_to_json(text, delimiter, args.types), indent=args.indent or None, ensure_ascii=False) + "\n"
        else:
            try:
                result = json_to_csv(json.loads(text), delimiter)
            except json.JSONDecodeError as error:
                raise Problem(f"this is not JSON: {error}") from None
        if args.output:
            try:
                with open(args.output, "w", encoding="utf-8", newline="") as file:
                    file.write(result)
            except OSError as error:
                raise Problem(f"cannot write {args.output}: {error}") from None
        else:
            sys.stdout.write(result)
    except Problem as problem:
        print(f"csvjson: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
