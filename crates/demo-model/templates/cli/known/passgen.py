#!/usr/bin/env python3
"""Makes strong passwords and passphrases from the system's secure random numbers."""

import argparse
import math
import secrets
import string
import sys

WORDS = ("amber anchor apple arrow autumn bamboo basket beacon berry bridge butter candle canyon carbon castle cedar "
         "cherry cinder cloud cobalt copper coral cotton crystal dahlia desert dragon ember falcon feather fennel forest "
         "garden ginger glacier granite harbor hazel helmet hollow island jasmine jigsaw kettle lantern lemon lilac linen "
         "lumber magnet maple marble meadow mirror nectar needle oasis ocean olive orbit orchid paper pebble pepper "
         "pillow planet plum pocket prairie quartz raven ribbon river saddle saffron salmon shadow silver spiral spruce "
         "summit sunset thistle thunder timber topaz tulip tunnel valley velvet violet walnut willow winter yonder zephyr").split()
ALIKE = "O0Il1|"


def password(length, letters=True, digits=True, signs=True, alike=True):
    groups = [group for wanted, group in [(letters, string.ascii_lowercase), (letters, string.ascii_uppercase),
                                          (digits, string.digits), (signs, "!#$%&*+-=?@_")] if wanted]
    if not alike:
        groups = ["".join(sign for sign in group if sign not in ALIKE) for group in groups]
    if not groups:
        raise ValueError("choose at least one kind of characters")
    if length < len(groups):
        raise ValueError(f"the length must be at least {len(groups)}")
    everything = "".join(groups)
    # One of each group, then any, then shuffled.
    signs_ = [secrets.choice(group) for group in groups] + [secrets.choice(everything) for _ in range(length - len(groups))]
    secrets.SystemRandom().shuffle(signs_)
    return "".join(signs_), length * math.log2(len(everything))


def passphrase(count, between="-"):
    return between.join(secrets.choice(WORDS) for _ in range(count)), count * math.log2(len(WORDS))


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="passgen", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  passgen\n  passgen --length 32 --count 5\n  passgen --no-signs --no-alike\n  passgen --words 6")
    parser.add_argument("-l", "--length", type=int, default=20, help="characters (default: 20)")
    parser.add_argument("-c", "--count", type=int, default=1, help="how many to make (default: 1)")
    parser.add_argument("-w", "--words", type=int, metavar="N", help="a passphrase of N words instead")
    parser.add_argument("--no-signs", action="store_true", help="letters and digits only")
    parser.add_argument("--no-digits", action="store_true", help="no digits")
    parser.add_argument("--no-letters", action="store_true", help="no letters, as for a PIN")
    parser.add_argument("--no-alike", action="store_true", help="leave out characters that look alike, such as O and 0")
    parser.add_argument("-v", "--verbose", action="store_true", help="say on standard error how strong it is")
    args = parser.parse_args(argv)
    if not 1 <= args.count <= 1000 or not 1 <= args.length <= 1024 or (args.words is not None and not 1 <= args.words <= 64):
        parser.error("count is 1 to 1000, length 1 to 1024, words 1 to 64")
    try:
        for _ in range(args.count):
            if args.words:
                text, bits = passphrase(args.words)
            else:
                text, bits = password(args.length, not args.no_letters, not args.no_digits, not args.no_signs, not args.no_alike)
            print(text)
    except ValueError as problem:
        print(f"passgen: {problem}", file=sys.stderr)
        return 1
    if args.verbose:
        print(f"{bits:.0f} bits", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
