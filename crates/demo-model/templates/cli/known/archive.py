#!/usr/bin/env python3
"""Back up folders into dated zip archives, look into archives, check and unpack them.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import fnmatch
import os
import sys
import zipfile
from datetime import datetime


class Problem(Exception):
    """Something the user can put right; the message says what."""


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def files_of(path, leave_out):
    """Pairs of file and name in the archive; links are not followed."""
    if os.path.isfile(path):
        yield path, os.path.basename(path)
        return
    if not os.path.isdir(path):
        raise Problem(f"{path} is not there")
    base = os.path.dirname(os.path.abspath(path))
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(n for n in folders if not any(fnmatch.fnmatch(n, rule) for rule in leave_out))
        for name in sorted(names):
            full = os.path.join(folder, name)
            if os.path.isfile(full) and not any(fnmatch.fnmatch(name, rule) for rule in leave_out):
                yield full, os.path.relpath(os.path.abspath(full), base)


def make(args):
    name = os.path.basename(os.path.abspath(args.paths[0]))
    target = args.output or f"{name}-{datetime.now():%Y%m%d-%H%M%S}.zip"
    if os.path.isdir(target):
        target = os.path.join(target, f"{name}-{datetime.now():%Y%m%d-%H%M%S}.zip")
    if os.path.exists(target) and not args.force:
        raise Problem(f"{target} is there already; --force writes over it")
    found = [pair for path in args.paths for pair in files_of(path, args.exclude)
             if os.path.abspath(pair[0]) != os.path.abspath(target)]
    if not found:
        raise Problem("there is nothing to put into an archive")
    total = sum(os.path.getsize(path) for path, _ in found)
    if args.dry_run:
        for _, inside in found:
            print(inside)
        print(f"{len(found)} files, {total} bytes, would go into {target}.")
        return
    half = target + ".part"
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for path, inside in found:
            archive.write(path, inside)
    os.replace(half, target)
    print(f"{target}: {len(found)} files, {total} bytes, {os.path.getsize(target)} packed.")
    if args.keep:
        folder = os.path.dirname(os.path.abspath(target))
        old = sorted(n for n in os.listdir(folder) if n.startswith(name + "-") and n.endswith(".zip"))[:-args.keep]
        for one in old:
            os.remove(os.path.join(folder, one))
            print(f"Removed the old {one}.")


def open_archive(path):
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise Problem(f"cannot read {path}: {error}") from None


def list_archive(args):
    with open_archive(args.archive) as archive:
        for info in archive.infolist():
            print(f"{info.file_size:>12}  {info.filename}")


def check(args):
    with open_archive(args.archive) as archive:
        bad = archive.testzip()
        if bad:
            raise Problem(f"{bad} in {args.archive} is damaged")
        print(f"{args.archive}: {len(archive.namelist())} files, all whole.")


def unpack(args):
    with open_archive(args.archive) as archive:
        root = os.path.realpath(args.to)
        for info in archive.infolist():
            goal = os.path.realpath(os.path.join(root, info.filename))
            if goal != root and not goal.startswith(root + os.sep):
                raise Problem(f"{info.filename} would land outside {args.to}")
            if os.path.isfile(goal) and not args.force:
                raise Problem(f"{goal} is there already; --force writes over it")
        archive.extractall(root)
        print(f"{len(archive.namelist())} files unpacked to {args.to}.")


def build_parser():
    parser = argparse.ArgumentParser(
        prog="archive", description="Back up folders into zip archives, list, check and unpack them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  archive make notes                       notes-20260615-093000.zip
  archive make notes -o backups --keep 5   the five newest stay
  archive make src --exclude node_modules --exclude '*.log' --dry-run
  archive list notes.zip
  archive check notes.zip
  archive unpack notes.zip --to restored""")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("make", help="put files and folders into an archive")
    one.add_argument("paths", nargs="+", metavar="PATH")
    one.add_argument("-o", "--output", metavar="PATH", help="the archive, or a folder for it")
    one.add_argument("--exclude", action="append", default=[], metavar="RULE", help="names to leave out, like '*.log'")
    one.add_argument("--keep", type=positive, metavar="N", help="remove all but the N newest archives of this folder")
    one.add_argument("--force", action="store_true", help="write over an archive that is there")
    one.add_argument("--dry-run", action="store_true", help="say what would go in, write nothing")
    one.set_defaults(run=make)
    for name, run, about in (("list", list_archive, "what is inside"), ("check", check, "whether it is whole"), ("unpack", unpack, "take all files out")):
        one = commands.add_parser(name, help=about)
        one.add_argument("archive", metavar="ARCHIVE")
        one.set_defaults(run=run)
        if name == "unpack":
            one.add_argument("--to", default=".", metavar="FOLDER", help="where to (default: here)")
            one.add_argument("--force", action="store_true", help="write over files that are there")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except Problem as problem:
        print(f"archive: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"archive: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
