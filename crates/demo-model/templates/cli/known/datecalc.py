#!/usr/bin/env python3
"""Counts with dates: days between, days until, a date and some days, an age, a weekday."""

import argparse
import re
import sys
from datetime import date, timedelta


def parse_day(text):
    text = text.lower()
    if text in ("today", "now"):
        return date.today()
    if text in ("tomorrow", "yesterday"):
        return date.today() + timedelta(days=1 if text == "tomorrow" else -1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-06-15, today or tomorrow") from None


def shift(day, text):
    """A day plus 10d, -2w, 3m or 1y; the last day of a month stays in its month."""
    match = re.fullmatch(r"([+-]?\d+)\s*([dwmy]?)", text.lower())
    if not match:
        raise ValueError(f"{text!r} is not a span like 10d, -2w, 3m or 1y")
    count, unit = int(match[1]), match[2] or "d"
    try:
        if unit in "dw":
            return day + timedelta(days=count * (7 if unit == "w" else 1))
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        for number in range(day.day, day.day - 4, -1):
            try:
                return date(year, month + 1, number)
            except ValueError:
                if number == day.day - 3:
                    raise
    except (OverflowError, ValueError):
        raise ValueError("this day is out of range") from None


def workdays(first, last):
    """Mondays to Fridays from the first day up to, not with, the last one."""
    step = 1 if last >= first else -1
    return step * sum((first + timedelta(days=step * n)).weekday() < 5 for n in range(abs((last - first).days)))


def age(born, on):
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="datecalc", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  datecalc diff 2026-01-01 2026-06-15\n  datecalc until 2026-12-24\n  datecalc add today 6w\n  datecalc age 1990-05-17\n  datecalc weekday 2026-06-15")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    diff = commands.add_parser("diff", help="days between two days")
    diff.add_argument("first", type=parse_day)
    diff.add_argument("last", type=parse_day)
    until = commands.add_parser("until", help="days from today until a day")
    until.add_argument("day", type=parse_day)
    add = commands.add_parser("add", help="a day and a span")
    add.add_argument("day", type=parse_day)
    add.add_argument("span", help="such as 10d, 2w, 3m, 1y; below zero with a minus sign after --")
    old = commands.add_parser("age", help="how old somebody is")
    old.add_argument("born", type=parse_day)
    old.add_argument("--on", type=parse_day, default=None, help="on this day (default: today)")
    weekday = commands.add_parser("weekday", help="the day of the week")
    weekday.add_argument("day", type=parse_day)
    args = parser.parse_args(argv)
    try:
        if args.command == "diff":
            days = (args.last - args.first).days
            print(f"{days} days ({days / 7:.1f} weeks, {workdays(args.first, args.last)} workdays)")
        elif args.command == "until":
            days = (args.day - date.today()).days
            print(f"{days} days" if days >= 0 else f"{-days} days ago")
        elif args.command == "add":
            print(shift(args.day, args.span))
        elif args.command == "age":
            on = args.on or date.today()
            if on < args.born:
                raise ValueError("this is before the birth")
            print(f"{age(args.born, on)} years")
        else:
            print(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][args.day.weekday()])
    except ValueError as problem:
        print(f"datecalc: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
