#!/usr/bin/env python3
"""Split a big file into parts, by lines, by size or into a number of parts, and join parts again.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import os
import sys

UNITS = {"": 1, "k": 1000, "m": 1000 ** 2, "g": 1000 ** 3}


class Problem(Exception):
    """Something the user can put right; the message says what."""


def positive(text):
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return number


def size(text):
    """1500, 10k, 5M or 1G as bytes."""
    text = text.strip().lower().removesuffix("b")
    unit = text[-1:] if text[-1:] in ("k", "m", "g") else ""
    try:
        number = int(float(text.removesuffix(unit)) * UNITS[unit])
    except (ValueError, OverflowError):
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size like 500k, 10M or 1G")
    return number


def part_name(path, folder, number, digits):
    stem, ending = os.path.splitext(os.path.basename(path))
    return os.path.join(folder, f"{stem}-{number:0{digits}}{ending}")


def chunks_of_lines(file, count, header):
    """Lists of lines; the file is read as it goes, never as a whole."""
    head = file.readline() if header else b""
    lines = []
    for line in file:
        lines.append(line)
        if len(lines) == count:
            yield head + b"".join(lines)
            lines = []
    if lines:
        yield head + b"".join(lines)


def chunks_of_bytes(file, count):
    while data := file.read(count):
        yield data


def split(args):
    path = args.inputs[0]
    try:
        total = os.path.getsize(path)
        file = open(path, "rb")
    except OSError as error:
        raise Problem(f"cannot read {path}: {error.strerror}") from None
    with file:
        if args.parts:
            chunks = chunks_of_bytes(file, max(1, -(-total // args.parts)))
        elif args.bytes:
            chunks = chunks_of_bytes(file, args.bytes)
        else:
            chunks = chunks_of_lines(file, args.lines, args.header)
        folder = args.output or os.path.dirname(path)
        if folder and not args.dry_run:
            os.makedirs(folder, exist_ok=True)
        number = 0
        for number, data in enumerate(chunks, 1):
            name = part_name(path, folder, number, 3)
            if os.path.exists(name) and not args.force:
                raise Problem(f"{name} is there already; --force writes over it")
            if not args.dry_run:
                with open(name, "wb") as part:
                    part.write(data)
            print(f"{name}  {data.count(bytes([10]))} lines, {len(data)} bytes")
    print(f"{number} parts{' would be written' if args.dry_run else ''}.")


def join(args):
    if not args.output:
        raise Problem("--join needs -o FILE, the file to make")
    if os.path.exists(args.output) and not args.force:
        raise Problem(f"{args.output} is there already; --force writes over it")
    if any(not os.path.isfile(path) for path in args.inputs):
        raise Problem("cannot read " + next(path for path in args.inputs if not os.path.isfile(path)))
    total = sum(os.path.getsize(path) for path in args.inputs)
    if not args.dry_run:
        with open(args.output, "wb") as whole:
            for path in args.inputs:
                with open(path, "rb") as part:
                    while data := part.read(1 << 20):
                        whole.write(data)
    print(f"{args.output}  {total} bytes from {len(args.inputs)} parts")


def build_parser():
    parser = argparse.ArgumentParser(
        prog="split", description="Split a big file into parts, or join parts again. The file itself is left as it is.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  split big.txt                     parts of §lines§ lines: big-001.txt, big-002.txt, ...
  split big.csv --lines 500 --header  each part starts with the first line
  split video.bin --bytes 10M -o parts
  split big.txt --parts 4 --dry-run
  split --join part-001.txt part-002.txt -o whole.txt""")
    parser.add_argument("inputs", nargs="+", metavar="FILE", help="the file to split, or the parts to join")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-l", "--lines", type=positive, default=§lines§, metavar="N", help="lines in each part (default: §lines§)")
    how.add_argument("-b", "--bytes", type=size, metavar="SIZE", help="bytes in each part, like 500k or 10M")
    how.add_argument("-p", "--parts", type=positive, metavar="N", help="how many parts of equal size")
    how.add_argument("--join", action="store_true", help="join the files in the order given")
    parser.add_argument("--header", action="store_true", help="repeat the first line in each part (for CSV)")
    parser.add_argument("-o", "--output", metavar="PATH", help="folder for the parts, or the file to join into")
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written, write nothing")
    return parser


def main(argv=None):
    parser = build_parser()
    args = parser.parse_args(argv)
    if not args.join and len(args.inputs) > 1:
        parser.error("only one file can be split at a time")
    try:
        join(args) if args.join else split(args)
    except Problem as problem:
        print(f"split: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"split: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
