#!/usr/bin/env python3
"""Change the text of files, or of standard input, line by line or as a whole.

Results go to standard output; --write puts them back into the files.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import collections
import os
import re
import sys
import tempfile
import textwrap

DEFAULT = "§operation§"


class Problem(Exception):
    """Something the user can put right; the message says what."""


def only(pattern):
    return lambda lines, _: list(dict.fromkeys(hit for line in lines for hit in re.findall(pattern, line)))


def needs(args, name, what):
    value = getattr(args, name)
    if value is None:
        raise Problem(f"this operation needs --{name} {what}")
    return value


def count_lines(lines, _):
    return [f"{count}\t{line}" for line, count in collections.Counter(lines).most_common()]


def wrap(lines, args):
    return [part for line in lines for part in textwrap.wrap(line, args.number or 80) or [""]]


# Each takes the lines without their ends and the arguments, and gives lines. Add your own here.
OPERATIONS = {
    "count": (count_lines, "equal lines with how often each is there"),
    "dedent": (lambda lines, _: textwrap.dedent("\n".join(lines)).split("\n"), "take away the indent that all lines share"),
    "emails": (only(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"), "the e-mail addresses"),
    "head": (lambda lines, args: lines[:args.number or 10], "the first lines (--number, 10)"),
    "indent": (lambda lines, args: [" " * (args.number or 4) + line if line else line for line in lines], "spaces before each line (--number, 4)"),
    "join": (lambda lines, args: [(args.word or " ").join(lines)], "all lines as one, with --word between"),
    "keep": (lambda lines, args: [line for line in lines if needs(args, "word", "WORD") in line], "only the lines with --word"),
    "lower": (lambda lines, _: [line.lower() for line in lines], "small letters"),
    "no-blank": (lambda lines, _: [line for line in lines if line.strip()], "take out blank lines"),
    "no-comments": (lambda lines, args: [line for line in lines if not line.lstrip().startswith(args.word or "#")], "take out lines that start with # (or --word)"),
    "number": (lambda lines, _: [f"{at:>6}  {line}" for at, line in enumerate(lines, 1)], "a number before each line"),
    "numbers": (only(r"-?\d+(?:\.\d+)?"), "the numbers"),
    "drop": (lambda lines, args: [line for line in lines if needs(args, "word", "WORD") not in line], "take out the lines with --word"),
    "reverse": (lambda lines, _: lines[::-1], "the last line first"),
    "sort": (lambda lines, _: sorted(lines, key=lambda line: (line.lower(), line)), "sort the lines"),
    "spaces": (lambda lines, args: [line.expandtabs(args.number or 4) for line in lines], "tabs to spaces (--number, 4)"),
    "tail": (lambda lines, args: lines[-(args.number or 10):], "the last lines (--number, 10)"),
    "title": (lambda lines, _: [line.title() for line in lines], "each word with a capital"),
    "trim": (lambda lines, _: [line.rstrip() for line in lines], "take away spaces at line ends"),
    "unique": (lambda lines, _: list(dict.fromkeys(lines)), "each line once, in the order they come"),
    "upper": (lambda lines, _: [line.upper() for line in lines], "capital letters"),
    "urls": (only(r"https?://[^\s<>\"')\]]+"), "the web addresses"),
    "wrap": (wrap, "break long lines (--number, 80)"),
}


def change(text, operation, args):
    lines = text.splitlines()
    result = OPERATIONS[operation][0](lines, args)
    return "".join(line + "\n" for line in result)


def find_files(paths, ending):
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                yield from (os.path.join(folder, n) for n in sorted(names) if n.endswith(ending or ".txt"))
        else:
            yield path


def read(path):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise Problem(f"{path} is not a text in UTF-8") from None
    except OSError as error:
        raise Problem(f"cannot read {path}: {error.strerror}") from None


def replace(path, text):
    """A new file first, so that a crash never leaves half a file."""
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8", newline="") as file:
        file.write(text)
    os.chmod(file.name, os.stat(path).st_mode)
    os.replace(file.name, path)


def run(args):
    if not args.paths or args.paths == ["-"]:
        if args.write:
            raise Problem("--write needs files, standard input cannot be written back")
        try:
            sys.stdout.write(change(sys.stdin.read(), args.operation, args))
        except UnicodeDecodeError:
            raise Problem("standard input is not a text in UTF-8") from None
        return
    changed = seen = 0
    for path in find_files(args.paths, args.ending):
        text = read(path)
        result = change(text, args.operation, args)
        seen += 1
        if not (args.write or args.dry_run):
            sys.stdout.write(result)
        elif result != text:
            changed += 1
            print(f"{'would change' if args.dry_run else 'changed'} {path}")
            if not args.dry_run:
                replace(path, result)
    if args.write or args.dry_run:
        print(f"{changed} of {seen} files {'would change' if args.dry_run else 'changed'}.")
    elif seen == 0:
        raise Problem(f"no files that end with {args.ending or '.txt'}; --ending names another")


def whole_number(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def build_parser():
    listed = "\n".join(f"  {name:<12} {about}" for name, (_, about) in sorted(OPERATIONS.items()))
    parser = argparse.ArgumentParser(
        prog="textfiles", description="Change the text of files or of standard input.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"""operations:
{listed}

examples:
  textfiles notes.txt                          {DEFAULT}, on standard output
  textfiles notes.txt --op sort --write        back into the file
  textfiles src --ending .py --op trim --dry-run
  cat list.txt | textfiles --op unique""")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders; none or - is standard input")
    parser.add_argument("--op", dest="operation", choices=sorted(OPERATIONS), default=DEFAULT, metavar="NAME", help="what to do (default: %(default)s)")
    parser.add_argument("-n", "--number", type=whole_number, metavar="N", help="how many, for the operations that count")
    parser.add_argument("-w", "--word", metavar="WORD", help="the word, for the operations that take one")
    parser.add_argument("--ending", metavar=".END", help="which files of folders (default: .txt)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="put the results back into the files")
    how.add_argument("--dry-run", action="store_true", help="only say which files would change")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        run(args)
    except Problem as problem:
        print(f"textfiles: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    except OSError as error:
        print(f"textfiles: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
