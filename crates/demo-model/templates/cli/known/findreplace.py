#!/usr/bin/env python3
"""Searches text in files, and replaces it when asked to.

Nothing is written until --write is given: without it the changes are only shown.
"""

import argparse
import os
import re
import sys


def files(paths, ending, warn):
    for path in paths:
        if os.path.isfile(path):
            yield path
        elif os.path.isdir(path):
            for place, inner, names in os.walk(path):
                inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "node_modules")
                for name in sorted(names):
                    if not name.startswith(".") and (not ending or name.endswith(tuple(ending))):
                        yield os.path.join(place, name)
        else:
            warn(f"{path}: no such file or folder")


def read(path):
    """The text of a file, or None when it does not hold text."""
    with open(path, "rb") as file:
        data = file.read()
    if b"\0" in data[:8000]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="findreplace", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  findreplace TODO src\n  findreplace colour color docs --ext .md --write\n"
               "  findreplace '(\\w+)@old.org' '\\1@new.org' . --regex\n  cat a.txt | findreplace old new -\n\n"
               "exit codes: 0 found, 1 not found or could not be done, 2 wrong usage")
    parser.add_argument("text", help="what to find")
    parser.add_argument("rest", nargs="+", metavar="[NEW] PATH", help="the new text, then files or folders; - for standard input")
    parser.add_argument("-r", "--regex", action="store_true", help="TEXT is a regular expression, NEW may use \\1")
    parser.add_argument("-i", "--ignore-case", action="store_true", help="large and small letters are the same")
    parser.add_argument("-w", "--word", action="store_true", help="whole words only")
    parser.add_argument("--ext", nargs="+", metavar="ENDING", help="in folders: only files with these endings")
    parser.add_argument("--write", action="store_true", help="really change the files")
    args = parser.parse_args(argv)
    is_place = os.path.exists(args.rest[0]) or args.rest[0] == "-"
    new, paths = (None, args.rest) if is_place or len(args.rest) == 1 else (args.rest[0], args.rest[1:])
    source = args.text if args.regex else re.escape(args.text)
    try:
        pattern = re.compile(rf"\b(?:{source})\b" if args.word else source, re.IGNORECASE if args.ignore_case else 0)
        put = new if args.regex or new is None else new.replace("\\", "\\\\")
        if put is not None:
            re.sub(pattern, put, "")
            if pattern.groups < max([int(n) for n in re.findall(r"\\(\d+)", put)] or [0]) and args.regex:
                raise re.error("NEW names a group that TEXT does not have")
    except re.error as error:
        parser.error(str(error))
    if args.text == "":
        parser.error("TEXT must not be empty")
    if paths == ["-"]:
        text = sys.stdin.read()
        if put is not None:
            sys.stdout.write(pattern.sub(put, text))
        else:
            sys.stdout.writelines(line for line in text.splitlines(keepends=True) if pattern.search(line))
        return 0 if pattern.search(text) else 1
    problems, hits, changed = [], 0, 0
    for path in files(paths, args.ext, problems.append):
        try:
            text = read(path)
            found = len(pattern.findall(text)) if text is not None else 0
            if not found:
                continue
            hits += found
            changed += 1
            for number, line in enumerate(text.splitlines(), start=1):
                if pattern.search(line):
                    print(f"{path}:{number}: {line.strip()}")
                    if put is not None:
                        print(f"{' ' * len(f'{path}:{number}')}> {pattern.sub(put, line).strip()}")
            if put is not None and args.write:
                with open(path, "w", encoding="utf-8", newline="") as file:
                    file.write(pattern.sub(put, text))
        except OSError as error:
            problems.append(str(error))
    for problem in problems:
        print(f"findreplace: {problem}", file=sys.stderr)
    what = "found" if put is None else "replaced" if args.write else "would be replaced (add --write)"
    print(f"{hits} {what} in {changed} files.")
    return 0 if hits and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
