#!/usr/bin/env python3
"""Sorts the files of a folder into folders, by type, ending or month.

Nothing is moved until --apply is given: without it the moves are only shown.
"""

import argparse
import shutil
import sys
from datetime import datetime
from pathlib import Path

KINDS = {
    "images": "jpg jpeg png gif webp svg heic bmp tiff", "documents": "pdf doc docx odt txt md rtf epub",
    "tables": "xls xlsx csv ods tsv", "slides": "ppt pptx odp key", "audio": "mp3 wav flac ogg m4a aac",
    "video": "mp4 mov avi mkv webm", "archives": "zip tar gz tgz bz2 xz 7z rar", "code": "py js ts html css json yaml yml sh rs go java c cpp h",
}
KIND_OF = {ending: kind for kind, endings in KINDS.items() for ending in endings.split()}


def target(path, by):
    ending = path.suffix.lstrip(".").lower()
    if by == "type":
        return KIND_OF.get(ending, "other")
    if by == "ending":
        return ending or "none"
    return datetime.fromtimestamp(path.stat().st_mtime).strftime("%Y-%m")


def free(path, taken):
    """The path, or one with -2, -3 ... when something is there already."""
    result, number = path, 2
    while result.exists() or result in taken:
        result = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return result


def plan(folder, by):
    moves, taken = [], set()
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            place = free(folder / target(path, by) / path.name, taken)
            taken.add(place)
            moves.append((path, place))
    return moves


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="organize", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  organize ~/Downloads\n  organize ~/Downloads --by month\n  organize ~/Downloads --apply")
    parser.add_argument("folder", nargs="?", default=".", help="the folder (default: this one)")
    parser.add_argument("--by", choices=["type", "ending", "month"], default="type", help="how to sort (default: type)")
    parser.add_argument("--apply", action="store_true", help="really move the files")
    args = parser.parse_args(argv)
    folder = Path(args.folder)
    if not folder.is_dir():
        print(f"organize: {folder} is not a folder", file=sys.stderr)
        return 1
    try:
        moves = plan(folder, args.by)
        for old, new in moves:
            print(f"{old.name} -> {new.relative_to(folder)}")
            if args.apply:
                new.parent.mkdir(exist_ok=True)
                shutil.move(str(old), str(new))
    except OSError as error:
        print(f"organize: {error}", file=sys.stderr)
        return 1
    print(f"{len(moves)} files moved." if args.apply else f"{len(moves)} files would move. Add --apply to do it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
