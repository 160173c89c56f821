#!/usr/bin/env python3
"""Renames many files at once: by a pattern, a number or the date a photo was taken.

Nothing is changed until --apply is given: without it the new names are only shown.
"""

import argparse
import os
import re
import sys
from datetime import datetime
from pathlib import Path

EXIF_TIME = re.compile(rb"((?:19|20)\d\d):([01]\d):([0-3]\d) ([0-2]\d):([0-5]\d):([0-5]\d)")


class Problem(Exception):
    """Something the user can put right."""


def taken(path):
    """When a photo was taken, from its EXIF data; else when the file was changed."""
    with open(path, "rb") as file:
        found = EXIF_TIME.findall(file.read(256 * 1024))
    for parts in reversed(found):  # the last one is DateTimeOriginal or DateTimeDigitized
        try:
            return datetime(*(int(part) for part in parts))
        except ValueError:
            continue
    return datetime.fromtimestamp(path.stat().st_mtime)


def new_name(path, number, args):
    stem, ending = path.stem, path.suffix
    if args.by_date:
        stem = taken(path).strftime(args.format)
    if args.replace:
        old, new = args.replace
        try:
            stem = re.sub(old, new, stem) if args.regex else stem.replace(old, new)
        except (re.error, IndexError) as error:
            raise Problem(f"the pattern {old!r} is not valid: {error}") from None
    if args.number:
        stem = f"{args.number}{number:0{args.digits}d}"
    if args.lower:
        stem, ending = stem.lower(), ending.lower()
    if args.spaces:
        stem = re.sub(r"\s+", args.spaces, stem.strip())
    name = f"{args.prefix}{stem}{args.suffix}{ending}"
    if not stem or "/" in name or "\\" in name:
        raise Problem(f"{path.name} would get the name {name!r}, which cannot be")
    return name


def plan(folder, args):
    """Pairs of old and new paths; names that meet get -2, -3 and so on."""
    files = sorted(path for path in folder.glob(args.only) if path.is_file() and not path.name.startswith("."))
    stay = {path.name for path in folder.iterdir()} - {path.name for path in files}
    used, pairs = {name.lower() for name in stay}, []
    for number, path in enumerate(files, start=args.start):
        name = new_name(path, number, args)
        stem, ending, copy = Path(name).stem, Path(name).suffix, 2
        while name.lower() in used:
            name, copy = f"{stem}-{copy}{ending}", copy + 1
        used.add(name.lower())
        if name != path.name:
            pairs.append((path, path.with_name(name)))
    return pairs


def apply(pairs):
    """Goes by way of temporary names, so that files can swap their names."""
    middle = []
    for number, (old, new) in enumerate(pairs):
        temporary = old.with_name(f".rename-{os.getpid()}-{number}")
        old.rename(temporary)
        middle.append((temporary, new))
    for temporary, new in middle:
        temporary.rename(new)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="rename", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  rename photos --by-date\n  rename photos --by-date --format %Y-%m-%d --apply\n"
               "  rename . --replace IMG_ holiday- --only '*.jpg'\n  rename . --number page- --digits 3 --apply")
    parser.add_argument("folder", nargs="?", default=".", help="the folder (default: this one)")
    parser.add_argument("--by-date", action="store_true", help="name after the date taken (EXIF, else the file's time)")
    parser.add_argument("--format", default="%Y-%m-%d_%H-%M-%S", help="form of the date, as in strftime (default: %%Y-%%m-%%d_%%H-%%M-%%S)")
    parser.add_argument("--replace", nargs=2, metavar=("OLD", "NEW"), help="replace text in names")
    parser.add_argument("--regex", action="store_true", help="OLD is a regular expression")
    parser.add_argument("--number", metavar="NAME", help="NAME001, NAME002, ...")
    parser.add_argument("--start", type=int, default=1, help="the first number (default: 1)")
    parser.add_argument("--digits", type=int, default=3, help="digits of the number (default: 3)")
    parser.add_argument("--prefix", default="", help="put this in front")
    parser.add_argument("--suffix", default="", help="put this before the ending")
    parser.add_argument("--lower", action="store_true", help="small letters only")
    parser.add_argument("--spaces", metavar="SIGN", help="put SIGN in the place of spaces")
    parser.add_argument("--only", default="*", metavar="GLOB", help="only these files (default: *)")
    parser.add_argument("--apply", action="store_true", help="really rename")
    parser.add_argument("--dry-run", action="store_true", help="only show the new names (this is the default)")
    args = parser.parse_args(argv)
    if not (args.by_date or args.replace or args.number or args.prefix or args.suffix or args.lower or args.spaces):
        parser.error("say how: --by-date, --replace, --number, --prefix, --suffix, --lower or --spaces")
    folder = Path(args.folder)
    try:
        if not folder.is_dir():
            raise Problem(f"{folder} is not a folder")
        pairs = plan(folder, args)
        for old, new in pairs:
            print(f"{old.name} -> {new.name}")
        if args.apply and not args.dry_run:
            apply(pairs)
            print(f"Renamed {len(pairs)} files.")
        else:
            print(f"{len(pairs)} files would be renamed. Add --apply to do it.")
    except (Problem, OSError) as problem:
        print(f"rename: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
