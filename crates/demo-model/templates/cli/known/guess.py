#!/usr/bin/env python3
"""Guess the number: the program thinks of one, you find it."""

import argparse
import random
import sys


def play(secret, low, high, tries, read, say):
    """One game; whether it was won."""
    say(f"I think of a number from {low} to {high}. You have {tries} tries.")
    used = 0
    while used < tries:
        line = read(f"Try {used + 1}: ")
        if line is None or line.strip().lower() in ("q", "quit", "exit"):
            say(f"It was {secret}.")
            return False
        try:
            value = int(line)
        except ValueError:
            say("Type a whole number, or q to stop.")
            continue
        if not low <= value <= high:
            say(f"From {low} to {high}, please.")
            continue
        used += 1
        if value == secret:
            say(f"Yes! You needed {used} {'try' if used == 1 else 'tries'}.")
            return True
        say("Higher." if value < secret else "Lower.")
    say(f"No tries left. It was {secret}.")
    return False


def ask(prompt):
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    return line if line else None


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="guess", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  guess\n  guess --max 1000 --tries 10\n\nexit codes: 0 won, 1 not found, 2 wrong usage")
    parser.add_argument("--min", type=int, default=1, help="the smallest number (default: 1)")
    parser.add_argument("--max", type=int, default=100, help="the largest number (default: 100)")
    parser.add_argument("--tries", type=int, default=7, help="how many tries (default: 7)")
    parser.add_argument("--seed", type=int, help="the same seed thinks of the same number")
    args = parser.parse_args(argv)
    if args.min >= args.max or args.tries < 1:
        parser.error("min must be below max, and tries at least 1")
    secret = random.Random(args.seed).randint(args.min, args.max)
    return 0 if play(secret, args.min, args.max, args.tries, ask, print) else 1


if __name__ == "__main__":
    sys.exit(main())
