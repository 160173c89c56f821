#!/usr/bin/env python3
"""Finds the largest files, or draws a tree of folders with their sizes."""

import argparse
import heapq
import json
import os
import sys


def files(folder, hidden, warn):
    for place, inner, names in os.walk(folder, onerror=lambda error: warn(str(error))):
        if not hidden:
            inner[:] = [name for name in inner if not name.startswith(".")]
        inner.sort()
        for name in names:
            path = os.path.join(place, name)
            if (hidden or not name.startswith(".")) and not os.path.islink(path):
                try:
                    yield path, os.path.getsize(path)
                except OSError as error:
                    warn(str(error))


def human(size):
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def parse_size(text):
    units = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
    number = text.rstrip("bBkKmMgG ")
    try:
        return int(float(number) * units[text[len(number):].strip().lower()])
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 500k, 10MB or 1g") from None


def tree(folder, depth, hidden, warn):
    """Sizes of all folders down to a depth, each with what is below it."""
    root = os.path.abspath(folder)
    sizes = {root: 0}
    for path, size in files(root, hidden, warn):
        place = os.path.dirname(path)
        while True:
            sizes[place] = sizes.get(place, 0) + size
            if place == root:
                break
            place = os.path.dirname(place)
    for place in sorted(sizes, key=lambda place: os.path.relpath(place, root).split(os.sep) if place != root else []):
        level = 0 if place == root else os.path.relpath(place, root).count(os.sep) + 1
        if level <= depth:
            yield level, folder if place == root else os.path.basename(place), sizes[place]


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="bigfiles", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  bigfiles\n  bigfiles ~/Downloads -n 20 --min 10MB\n  bigfiles . --ext .log .txt\n  bigfiles . --tree --depth 2\n  bigfiles . --json")
    parser.add_argument("folder", nargs="?", default=".", help="where to look (default: this folder)")
    parser.add_argument("-n", "--number", type=int, default=10, help="how many files to list (default: 10)")
    parser.add_argument("--min", type=parse_size, default=0, metavar="SIZE", help="only files of this size or more")
    parser.add_argument("--ext", nargs="+", metavar="ENDING", help="only files with these endings")
    parser.add_argument("--hidden", action="store_true", help="look at hidden files too")
    parser.add_argument("--tree", action="store_true", help="draw folders with their sizes instead")
    parser.add_argument("--depth", type=int, default=3, help="with --tree: how deep (default: 3)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(argv)
    if args.number < 1:
        parser.error("the number must be at least 1")
    if not os.path.isdir(args.folder):
        print(f"bigfiles: {args.folder} is not a folder", file=sys.stderr)
        return 1
    problems = []
    if args.tree:
        for level, name, size in tree(args.folder, args.depth, args.hidden, problems.append):
            print(f"{human(size):>10}  {'  ' * level}{name}/")
    else:
        endings = tuple("." + ending.lstrip(".").lower() for ending in args.ext or [])
        found = ((size, path) for path, size in files(args.folder, args.hidden, problems.append)
                 if size >= args.min and (not endings or path.lower().endswith(endings)))
        largest = heapq.nsmallest(args.number, found, key=lambda pair: (-pair[0], pair[1]))
        if args.json:
            print(json.dumps([{"path": path, "bytes": size} for size, path in largest], indent=2))
        else:
            for size, path in largest:
                print(f"{human(size):>10}  {path}")
            if not largest:
                print("No files.")
    for problem in problems:
        print(f"bigfiles: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
