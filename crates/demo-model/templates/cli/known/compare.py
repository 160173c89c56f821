#!/usr/bin/env python3
"""Compare two folders or two files: what is only here, only there, different; and copy what is missing.

Exit codes: 0 they are equal or were made equal, 1 they differ or it could not be done, 2 wrong usage.
"""

import argparse
import difflib
import filecmp
import os
import shutil
import sys


class Problem(Exception):
    """Something the user can put right; the message says what."""


def files_of(folder):
    found = set()
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.update(os.path.relpath(os.path.join(base, name), folder) for name in names)
    return found


def compare_folders(one, two):
    here, there = files_of(one), files_of(two)
    both = sorted(here & there)
    different = [n for n in both if not filecmp.cmp(os.path.join(one, n), os.path.join(two, n), shallow=False)]
    return sorted(here - there), sorted(there - here), different


def read_lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except UnicodeDecodeError:
        raise Problem(f"{path} is not a text; only whether it is equal can be told") from None


def run(args):
    one, two = args.one, args.two
    for path in (one, two):
        if not os.path.exists(path) and not (args.copy and path == two):
            raise Problem(f"{path} is not there")
    if os.path.isfile(one) and os.path.isfile(two):
        if filecmp.cmp(one, two, shallow=False):
            print("The files are equal.")
            return 0
        for line in difflib.unified_diff(read_lines(one), read_lines(two), one, two, lineterm=""):
            print(line)
        return 1
    if os.path.isfile(one) or os.path.isfile(two):
        raise Problem("compare two files or two folders, not one of each")
    only_one, only_two, different = compare_folders(one, two)
    for sign, names in (("only in " + one, only_one), ("only in " + two, only_two), ("different", different)):
        for name in names:
            print(f"{sign}: {name}")
    if args.copy:
        for name in only_one + different:
            target = os.path.join(two, name)
            if not args.dry_run:
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(os.path.join(one, name), target)
        print(f"{len(only_one) + len(different)} files {'would be ' if args.dry_run else ''}copied to {two}; nothing is deleted.")
        return 0
    print(f"{len(only_one)} only in {one}, {len(only_two)} only in {two}, {len(different)} different.")
    return 1 if only_one or only_two or different else 0


def build_parser():
    parser = argparse.ArgumentParser(
        prog="compare", description="Compare two folders or two files, by content.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  compare photos backup                   what differs
  compare photos backup --copy --dry-run  what would be copied
  compare photos backup --copy            bring backup up to date; nothing is deleted
  compare old.txt new.txt                 the lines that differ""")
    parser.add_argument("one", metavar="ONE")
    parser.add_argument("two", metavar="TWO")
    parser.add_argument("--copy", action="store_true", help="copy new and different files from ONE to TWO")
    parser.add_argument("--dry-run", action="store_true", help="with --copy: say what would be copied, copy nothing")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        return run(args)
    except Problem as problem:
        print(f"compare: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"compare: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
