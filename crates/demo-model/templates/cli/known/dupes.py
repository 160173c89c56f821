#!/usr/bin/env python3
"""Finds files with the same content, and can delete all but one of each."""

import argparse
import hashlib
import json
import os
import sys
from collections import defaultdict


def walk(folders, least, hidden, warn):
    for folder in folders:
        if not os.path.isdir(folder):
            raise NotADirectoryError(f"{folder} is not a folder")
        for place, inner, names in os.walk(folder, onerror=lambda error: warn(str(error))):
            if not hidden:
                inner[:] = [name for name in inner if not name.startswith(".")]
            for name in sorted(names):
                path = os.path.join(place, name)
                if (hidden or not name.startswith(".")) and os.path.isfile(path) and not os.path.islink(path):
                    size = os.path.getsize(path)
                    if size >= least:
                        yield path, size


def digest(path):
    result = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            result.update(block)
    return result.hexdigest()


def find(folders, least=1, hidden=False, warn=lambda text: None):
    """Groups of paths with equal content, the most wasteful first."""
    by_size = defaultdict(list)
    for path, size in walk(folders, least, hidden, warn):
        by_size[size].append(path)
    groups = []
    for size, paths in by_size.items():
        if len(paths) < 2:
            continue  # a size of its own cannot have a twin: no need to read it
        by_content = defaultdict(list)
        for path in paths:
            try:
                by_content[digest(path)].append(path)
            except OSError as error:
                warn(str(error))
        groups += [(size, sorted(same)) for same in by_content.values() if len(same) > 1]
    return sorted(groups, key=lambda group: (-group[0] * (len(group[1]) - 1), group[1]))


def human(size):
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="dupes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  dupes ~/Pictures\n  dupes a b --min-size 1000000\n  dupes . --json\n  dupes . --delete --yes")
    parser.add_argument("folders", nargs="*", default=["."], help="where to look (default: this folder)")
    parser.add_argument("--min-size", type=int, default=1, metavar="BYTES", help="leave out smaller files (default: 1)")
    parser.add_argument("--hidden", action="store_true", help="look at hidden files too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--delete", action="store_true", help="delete all but the first of each group")
    parser.add_argument("--yes", action="store_true", help="with --delete: really do it")
    args = parser.parse_args(argv)
    problems = []
    try:
        groups = find(args.folders, args.min_size, args.hidden, problems.append)
    except OSError as problem:
        print(f"dupes: {problem}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps([{"bytes": size, "files": paths} for size, paths in groups], indent=2))
    else:
        for size, paths in groups:
            print(f"{len(paths)} x {human(size)}")
            for path in paths:
                print(f"  {path}")
        wasted = sum(size * (len(paths) - 1) for size, paths in groups)
        print(f"{len(groups)} groups, {human(wasted)} could be freed." if groups else "No duplicates.")
    if args.delete:
        for path in (path for _, paths in groups for path in paths[1:]):
            if not args.yes:
                print(f"would delete {path}", file=sys.stderr)
                continue
            try:
                os.remove(path)
                print(f"deleted {path}", file=sys.stderr)
            except OSError as error:
                problems.append(str(error))
    for problem in problems:
        print(f"dupes: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
