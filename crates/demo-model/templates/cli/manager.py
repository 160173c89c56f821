#!/usr/bin/env python3
"""§about§

§plural§ are kept in a JSON file: §module§.json in the current folder, or the file
that --file or the variable §ENV§ names.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from datetime import date, datetime

FIELDS = {
§fields§}
TITLE = "§first§"


class Problem(Exception):
    """Something the user can put right; the message says what."""


def parse_value(name, text):
    """Turn what was typed into a value of the field's type."""
    kind = FIELDS[name]["kind"]
    text = text.strip()
    try:
        if kind == "int":
            return int(text)
        if kind in ("number", "money"):
            return round(float(text), 2)
        if kind == "bool":
            if text.lower() in ("yes", "true", "1", "y"):
                return True
            if text.lower() in ("no", "false", "0", "n"):
                return False
            raise ValueError
        if kind == "date":
            return date.fromisoformat(text).isoformat()
        if kind == "datetime":
            return datetime.fromisoformat(text).isoformat(timespec="minutes")
        if kind == "rating":
            stars = int(text)
            if not 1 <= stars <= 5:
                raise ValueError
            return stars
    except ValueError:
        hints = {"int": "a whole number", "number": "a number", "money": "an amount like 12.50", "bool": "yes or no",
                 "date": "a day like 2026-06-15", "datetime": "a time like 2026-06-15T09:30", "rating": "1 to 5"}
        raise Problem(f"{name}: {text!r} is not {hints[kind]}") from None
    if kind == "choice":
        for choice in FIELDS[name]["choices"]:
            if choice.lower() == text.lower():
                return choice
        raise Problem(f"{name}: {text!r} is not one of {', '.join(FIELDS[name]['choices'])}")
    if kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "email" and "@" not in text:
        raise Problem(f"{name}: {text!r} is not an e-mail address")
    if FIELDS[name].get("needed") and not text:
        raise Problem(f"{name}: must not be empty")
    return text


def load(path):
    """Read all §plural§; a file that is not there yet holds none."""
    try:
        with open(path, encoding="utf-8") as file:
            items = json.load(file)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise Problem(f"cannot read {path}: {error}") from None
    if not isinstance(items, list):
        raise Problem(f"cannot read {path}: it does not hold a list")
    return items


def save(path, items):
    """Write to a new file first, so that a crash never leaves half a file."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(items, file, indent=2, ensure_ascii=False)
            file.write("\n")
        os.replace(file.name, path)
    except OSError as error:
        raise Problem(f"cannot write {path}: {error}") from None


def find(items, number):
    for item in items:
        if item["id"] == number:
            return item
    raise Problem(f"there is no §singular§ {number}")


def given(args):
    """The fields that were named on the command line."""
    return {name: parse_value(name, getattr(args, name)) for name in FIELDS if getattr(args, name, None) is not None}


def show_value(value):
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return str(value)


def print_table(items, names):
    rows = [["id", *names]] + [[str(item["id"]), *(show_value(item.get(name)) for name in names)] for item in items]
    widths = [min(40, max(len(row[at]) for row in rows)) for at in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell[:40].ljust(width) for cell, width in zip(row, widths)).rstrip())


def add(args):
    items = load(args.file)
    values = given(args)
    item = {"id": max((item["id"] for item in items), default=0) + 1}
    for name, field in FIELDS.items():
        item[name] = values.get(name, field.get("start"))
    items.append(item)
    save(args.file, items)
    print(f"Added §singular§ {item['id']}: {show_value(item[TITLE])}")


def chosen(args):
    items = load(args.file)
    for name, value in given(args).items():
        items = [item for item in items if item.get(name) == value]
    if args.search:
        word = args.search.lower()
        items = [item for item in items if any(word in show_value(value).lower() for value in item.values())]
    if args.sort:
        items.sort(key=lambda item: (item.get(args.sort) is None, item.get(args.sort) or 0 if isinstance(
            item.get(args.sort), (int, float)) else str(item.get(args.sort))), reverse=args.reverse)
    return items


def list_items(args):
    items = chosen(args)
    if args.json:
        print(json.dumps(items, indent=2, ensure_ascii=False))
    elif not items:
        print("No §plural§.")
    else:
        print_table(items, list(FIELDS))


def show(args):
    item = find(load(args.file), args.id)
    for name, value in item.items():
        print(f"{name}: {show_value(value)}")


def edit(args):
    values = given(args)
    if not values:
        raise Problem("name at least one field to change, see edit --help")
    items = load(args.file)
    find(items, args.id).update(values)
    save(args.file, items)
    print(f"Changed §singular§ {args.id}.")


def remove(args):
    items = load(args.file)
    item = find(items, args.id)
    items.remove(item)
    save(args.file, items)
    print(f"Removed §singular§ {args.id}: {show_value(item[TITLE])}")

§flagdef§
def stats(args):
    items = load(args.file)
    print(f"§plural§: {len(items)}")
    for name, field in FIELDS.items():
        values = [item[name] for item in items if item.get(name) is not None]
        if field["kind"] in ("int", "number", "money") and values:
            print(f"{name}: total {round(sum(values), 2)}, average {round(sum(values) / len(values), 2)}")
        elif field["kind"] in ("choice", "bool"):
            for value in dict.fromkeys(show_value(value) for value in values):
                print(f"{name} {value}: {sum(show_value(other) == value for other in values)}")


def export(args):
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["id", *FIELDS])
    for item in load(args.file):
        writer.writerow([item["id"], *("" if item.get(name) is None else show_value(item[name]) for name in FIELDS)])


def build_parser():
    parser = argparse.ArgumentParser(
        prog="§prog§", description=§description§, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
§examples§""")
    parser.add_argument("--file", default=os.environ.get("§ENV§", "§module§.json"), help="where the §plural§ are kept (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def fields_of(command, title_first):
        for name, field in FIELDS.items():
            hint = "one of: " + ", ".join(field["choices"]) if "choices" in field else field["kind"]
            needed = title_first and field.get("needed", False)
            if name == TITLE and title_first:
                command.add_argument(name, help=hint)
            else:
                command.add_argument("--" + name.replace("_", "-"), dest=name, required=needed, metavar="VALUE", help=hint)

    def command(name, run, about, number=False):
        one = commands.add_parser(name, help=about, description=about)
        one.set_defaults(run=run)
        if number:
            one.add_argument("id", type=int, help="the number shown by list")
        return one

    fields_of(command("add", add, "add a §singular§"), True)
    lister = command("list", list_items, "list §plural§, all or those with these values")
    fields_of(lister, False)
    lister.add_argument("--search", metavar="WORD", help="only those that hold this word")
    lister.add_argument("--sort", choices=list(FIELDS), help="sort by a field")
    lister.add_argument("--reverse", action="store_true", help="turn the order round")
    lister.add_argument("--json", action="store_true", help="print JSON")
    command("show", show, "show one §singular§", number=True)
    fields_of(command("edit", edit, "change fields of a §singular§", number=True), False)
§flagcommand§    command("remove", remove, "remove a §singular§", number=True)
    command("stats", stats, "count and add up")
    command("export", export, "print all §plural§ as CSV")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except Problem as problem:
        print(f"§prog§: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
