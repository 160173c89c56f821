#!/usr/bin/env python3
"""Looks into JSON: prints it readably, checks it, takes out a part, lists its keys."""

import argparse
import json
import re
import sys


def take(value, path):
    """Follow a path such as users[0].name; [] or * goes into each item."""
    steps = re.findall(r"[^.\[\]]+|\[\d*\]", path)
    values, many = [value], False
    for step in steps:
        following = []
        for one in values:
            if step in ("[]", "*", "[*]"):
                many = True
                following += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
            elif isinstance(one, list) and re.fullmatch(r"\[?\d+\]?", step):
                index = int(step.strip("[]"))
                if index >= len(one):
                    raise KeyError(f"there is no item {index}")
                following.append(one[index])
            elif isinstance(one, dict) and step in one:
                following.append(one[step])
            elif not many:
                raise KeyError(f"there is no {step!r}")
        values = following
    return values if many else values[0]


def flatten(value, path=""):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from flatten(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from flatten(item, f"{path}[{index}]")
    else:
        yield path or ".", value


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="jsontool", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  jsontool data.json\n  jsontool data.json --get 'users[0].name' --raw\n  cat data.json | jsontool --flat\n  jsontool data.json --check\n  jsontool data.json --compact")
    parser.add_argument("file", nargs="?", default="-", help="a file, or - for standard input (default)")
    parser.add_argument("-g", "--get", metavar="PATH", help="take out a part, such as users[0].name or users[].email")
    parser.add_argument("-r", "--raw", action="store_true", help="print text without quotes, lists line by line")
    parser.add_argument("--flat", action="store_true", help="a line for each value with its path")
    parser.add_argument("--keys", action="store_true", help="list the keys")
    parser.add_argument("--compact", action="store_true", help="as short as can be")
    parser.add_argument("--sort", action="store_true", help="sort keys")
    parser.add_argument("--check", action="store_true", help="only say whether it is valid")
    parser.add_argument("--indent", type=int, default=2, help="spaces of indentation (default: 2)")
    args = parser.parse_args(argv)
    try:
        if args.file == "-":
            text = sys.stdin.read()
        else:
            with open(args.file, encoding="utf-8-sig") as file:
                text = file.read()
        value = json.loads(text)
        if args.check:
            print("valid")
            return 0
        if args.get:
            value = take(value, args.get)
    except json.JSONDecodeError as error:
        print(f"jsontool: line {error.lineno}, column {error.colno}: {error.msg}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError, KeyError) as error:
        print(f"jsontool: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return 1
    if args.keys:
        keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
        for key in keys:
            print(key)
    elif args.flat:
        for path, item in flatten(value):
            print(f"{path} = {json.dumps(item, ensure_ascii=False)}")
    elif args.raw and isinstance(value, list):
        for item in value:
            print(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False))
    elif args.raw and isinstance(value, str):
        print(value)
    elif args.compact:
        print(json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=args.sort))
    else:
        print(json.dumps(value, indent=args.indent, ensure_ascii=False, sort_keys=args.sort))
    return 0


if __name__ == "__main__":
    sys.exit(main())
