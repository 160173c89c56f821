#!/usr/bin/env python3
"""Reads log files and says what is in them: levels, errors, status codes, paths, busy hours."""

import argparse
import json
import re
import sys
from collections import Counter

LEVEL = re.compile(r"\b(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b", re.IGNORECASE)
ACCESS = re.compile(r'^(?P<ip>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) (?P<size>\d+|-)')
HOUR = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d):|\d\d/\w{3}/\d{4}:(\d\d):")


def analyse(lines):
    found = {"lines": 0, "levels": Counter(), "status": Counter(), "paths": Counter(), "addresses": Counter(),
             "hours": Counter(), "messages": Counter(), "bytes": 0}
    for line in lines:
        line = line.rstrip("\n")
        if not line.strip():
            continue
        found["lines"] += 1
        hour = HOUR.search(line)
        if hour:
            found["hours"][hour.group(2) or hour.group(3)] += 1
        access = ACCESS.match(line)
        if access:
            found["status"][access["status"]] += 1
            found["paths"][access["path"].split("?")[0]] += 1
            found["addresses"][access["ip"]] += 1
            found["bytes"] += int(access["size"]) if access["size"] != "-" else 0
            continue
        level = LEVEL.search(line)
        if level:
            name = {"WARNING": "WARN"}.get(level[1].upper(), level[1].upper())
            found["levels"][name] += 1
            if name in ("ERROR", "CRITICAL", "FATAL"):
                # Numbers and ids differ from line to line; without them equal errors count together.
                found["messages"][re.sub(r"\b[0-9a-f-]*\d[0-9a-f-]*\b", "#", line[level.end():].strip(" :-]"))] += 1
    return found


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="loganalyzer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  loganalyzer app.log\n  loganalyzer access.log --top 20\n  cat app.log | loganalyzer --level error\n  loganalyzer app.log --json")
    parser.add_argument("files", nargs="*", default=["-"], help="log files, or - for standard input (default)")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="how many of each to list (default: 5)")
    parser.add_argument("--level", help="print only the lines of this level")
    parser.add_argument("--grep", metavar="REGEX", help="look only at lines that match")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(argv)
    try:
        wanted = re.compile(args.grep) if args.grep else None
    except re.error as error:
        parser.error(f"--grep: {error}")
    lines = []
    for path in args.files:
        try:
            if path == "-":
                lines += sys.stdin.readlines()
            else:
                with open(path, encoding="utf-8", errors="replace") as file:
                    lines += file.readlines()
        except OSError as error:
            print(f"loganalyzer: {path}: {error.strerror}", file=sys.stderr)
            return 1
    if wanted:
        lines = [line for line in lines if wanted.search(line)]
    if args.level:
        for line in lines:
            level = LEVEL.search(line)
            if level and level[1].upper().startswith(args.level.upper()[:4]):
                print(line.rstrip("\n"))
        return 0
    found = analyse(lines)
    if args.json:
        print(json.dumps({key: dict(value.most_common(args.top)) if isinstance(value, Counter) else value for key, value in found.items()}, indent=2))
        return 0
    print(f"{found['lines']} lines")
    titles = {"levels": "Levels", "status": "Status codes", "paths": "Paths", "addresses": "Addresses", "messages": "Errors", "hours": "Busy hours"}
    for key, title in titles.items():
        if found[key]:
            print(f"\n{title}")
            for value, count in found[key].most_common(args.top):
                print(f"  {count:>7}  {value}")
    if found["bytes"]:
        print(f"\n{found['bytes']} bytes sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
