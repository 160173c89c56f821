#!/usr/bin/env python3
"""Converts between units of length, weight, temperature, volume, speed, time and data."""

import argparse
import sys

UNITS = {
    "length": {"m": 1, "km": 1000, "cm": 0.01, "mm": 0.001, "mi": 1609.344, "yd": 0.9144, "ft": 0.3048, "in": 0.0254, "nmi": 1852},
    "weight": {"kg": 1, "g": 0.001, "mg": 1e-6, "t": 1000, "lb": 0.45359237, "oz": 0.028349523125, "st": 6.35029318},
    "volume": {"l": 1, "ml": 0.001, "m3": 1000, "gal": 3.785411784, "pt": 0.473176473, "cup": 0.2365882365, "floz": 0.0295735296},
    "speed": {"m/s": 1, "km/h": 1 / 3.6, "mph": 0.44704, "kn": 1852 / 3600},
    "time": {"s": 1, "min": 60, "h": 3600, "day": 86400, "week": 604800},
    "data": {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30},
    "temperature": {"C": None, "F": None, "K": None},
}
NAMES = {"metre": "m", "meter": "m", "kilometre": "km", "kilometer": "km", "mile": "mi", "yard": "yd", "foot": "ft",
         "feet": "ft", "inch": "in", "inche": "in", "kilogram": "kg", "kilo": "kg", "gram": "g", "pound": "lb", "lbs": "lb", "ounce": "oz",
         "stone": "st", "litre": "l", "liter": "l", "gallon": "gal", "pint": "pt", "cups": "cup", "kmh": "km/h", "kph": "km/h",
         "knot": "kn", "second": "s", "minute": "min", "hour": "h", "celsius": "C", "fahrenheit": "F", "kelvin": "K",
         "°c": "C", "°f": "F", "c": "C", "f": "F", "k": "K"}


def unit(text):
    """The unit and its kind; ValueError when there is none of this name."""
    for one in (text, NAMES.get(text.lower()), NAMES.get(text.lower().rstrip("s"))):
        for kind, units in UNITS.items():
            if one in units:
                return one, kind
    raise ValueError(f"there is no unit {text!r}, see --list")


def convert(value, source, target):
    source, kind = unit(source)
    target, other = unit(target)
    if kind != other:
        raise ValueError(f"{source} is a {kind}, {target} is a {other}")
    if kind == "temperature":
        celsius = {"C": value, "F": (value - 32) * 5 / 9, "K": value - 273.15}[source]
        if celsius < -273.15 - 1e-9:
            raise ValueError("there is nothing colder than -273.15 °C")
        return {"C": celsius, "F": celsius * 9 / 5 + 32, "K": celsius + 273.15}[target]
    return value * UNITS[kind][source] / UNITS[kind][target]


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="convert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  convert 10 km mi\n  convert 100 F to C\n  convert 2.5 pounds kg --digits 3\n  convert --list")
    parser.add_argument("words", nargs="*", metavar="VALUE FROM [to] TO", help="what to convert")
    parser.add_argument("--digits", type=int, default=6, help="digits after the point at most (default: 6)")
    parser.add_argument("--list", action="store_true", help="list the units")
    # A number below zero is a value here, not an option.
    args, more = parser.parse_known_args(argv)
    words = more + args.words if more and all(part.lstrip("-").replace(".", "", 1).isdigit() for part in more) else args.words
    if more and words is args.words:
        parser.error(f"unknown: {' '.join(more)}")
    if args.list:
        for kind, units in UNITS.items():
            print(f"{kind}: {', '.join(units)}")
        return 0
    words = [word for word in words if word.lower() not in ("to", "in", "=", "as") or len(words) == 3]
    if len(words) != 3:
        parser.error("give a value, a unit and the unit to convert to, such as: 10 km mi")
    try:
        value = float(words[0].replace(",", "."))
    except ValueError:
        parser.error(f"{words[0]!r} is not a number")
    try:
        result = convert(value, words[1], words[2])
    except ValueError as problem:
        print(f"convert: {problem}", file=sys.stderr)
        return 1
    show = lambda number: f"{number:.{args.digits}f}".rstrip("0").rstrip(".") if args.digits > 0 else f"{number:.0f}"
    print(f"{show(value)} {unit(words[1])[0]} = {show(result)} {unit(words[2])[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
