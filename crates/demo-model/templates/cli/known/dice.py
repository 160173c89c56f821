#!/usr/bin/env python3
"""Rolls dice such as 2d6+3, flips coins and picks from a list."""

import argparse
import random
import re
import sys

DICE = re.compile(r"(\d*)d(\d+|%)(?:k([hl])(\d+))?([+-]\d+)?", re.IGNORECASE)


def roll(text, chance):
    """All dice of one roll, those that count, and the sum."""
    match = DICE.fullmatch(text.replace(" ", ""))
    if not match:
        raise ValueError(f"{text!r} is not a roll like d20, 2d6+3 or 4d6kh3")
    count = int(match[1] or 1)
    sides = 100 if match[2] == "%" else int(match[2])
    if not 1 <= count <= 1000 or not 2 <= sides <= 1000000:
        raise ValueError("1 to 1000 dice with 2 to 1000000 sides")
    rolled = [chance.randint(1, sides) for _ in range(count)]
    kept = sorted(rolled, reverse=(match[3] or "h").lower() == "h")[: int(match[4])] if match[4] else rolled
    return rolled, kept, sum(kept) + int(match[5] or 0)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="dice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  dice 2d6+3\n  dice d20 --times 5\n  dice 4d6kh3 --quiet\n  dice --coin\n  dice --pick ana ben chloe")
    parser.add_argument("rolls", nargs="*", help="such as d20, 2d6+3, 4d6kh3 (keep the highest 3) (default: d6)")
    parser.add_argument("-t", "--times", type=int, default=1, help="how often (default: 1)")
    parser.add_argument("--coin", action="store_true", help="flip a coin")
    parser.add_argument("--pick", nargs="+", metavar="NAME", help="pick one of these")
    parser.add_argument("--seed", type=int, help="the same seed gives the same rolls")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the sums only")
    args = parser.parse_args(argv)
    if not 1 <= args.times <= 10000:
        parser.error("times is 1 to 10000")
    chance = random.Random(args.seed) if args.seed is not None else random.SystemRandom()
    for _ in range(args.times):
        if args.coin:
            print(chance.choice(["heads", "tails"]))
        elif args.pick:
            print(chance.choice(args.pick))
        else:
            for text in args.rolls or ["d6"]:
                try:
                    rolled, kept, total = roll(text, chance)
                except ValueError as problem:
                    print(f"dice: {problem}", file=sys.stderr)
                    return 1
                print(total if args.quiet else f"{text}: {', '.join(map(str, rolled))}{'' if kept is rolled else f' (kept {kept})'} = {total}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
