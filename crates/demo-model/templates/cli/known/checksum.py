#!/usr/bin/env python3
"""Makes and checks checksums of files."""

import argparse
import hashlib
import hmac
import os
import sys

METHODS = ["sha256", "sha512", "sha1", "md5", "blake2b"]


def digest(path, method):
    result = hashlib.new(method)
    if path == "-":
        stream = getattr(sys.stdin, "buffer", None)
        result.update(stream.read() if stream else sys.stdin.read().encode("utf-8"))
        return result.hexdigest()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            result.update(block)
    return result.hexdigest()


def expand(paths):
    for path in paths:
        if os.path.isdir(path):
            for place, inner, names in os.walk(path):
                inner.sort()
                yield from (os.path.join(place, name) for name in sorted(names))
        else:
            yield path


def check(listing, method):
    """Compare the files of a list with it; the number of bad ones."""
    bad = 0
    with open(listing, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if line.strip()]
    for line in lines:
        wanted, _, path = line.partition("  ")
        try:
            same = hmac.compare_digest(digest(path, method), wanted.lower())
            print(f"{path}: {'OK' if same else 'CHANGED'}")
        except OSError as error:
            same = False
            print(f"{path}: {error.strerror}")
        bad += not same
    return bad


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="checksum", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  checksum photo.jpg\n  checksum folder > list.txt\n  checksum --check list.txt\n  checksum a.iso --expect 9f86d0...\n  cat a | checksum - --method md5")
    parser.add_argument("paths", nargs="*", help="files or folders, or - for standard input")
    parser.add_argument("-m", "--method", choices=METHODS, default="sha256", help="how (default: sha256)")
    parser.add_argument("-c", "--check", metavar="LIST", help="check the files of a list made before")
    parser.add_argument("--expect", metavar="SUM", help="say whether the one file has this checksum")
    args = parser.parse_args(argv)
    if not args.check and not args.paths:
        parser.error("name a file, a folder or -, or use --check")
    if args.expect and len(args.paths) != 1:
        parser.error("--expect takes one file")
    code = 0
    try:
        if args.check:
            bad = check(args.check, args.method)
            if bad:
                print(f"checksum: {bad} did not match", file=sys.stderr)
            return 1 if bad else 0
        for path in expand(args.paths):
            try:
                result = digest(path, args.method)
            except OSError as error:
                print(f"checksum: {path}: {error.strerror}", file=sys.stderr)
                code = 1
                continue
            if args.expect:
                same = hmac.compare_digest(result, args.expect.strip().lower())
                print(f"{path}: {'OK' if same else 'CHANGED'}")
                code = 0 if same else 1
            else:
                print(f"{result}  {path}")
    except OSError as error:
        print(f"checksum: {error}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
