#!/usr/bin/env python3
"""A timer for the terminal: counts down, once or in pomodoro rounds."""

import argparse
import re
import sys
import time


def parse_time(text):
    """Seconds of 90, 1:30, 1:00:00, 25m, 1h30m or 45s."""
    if re.fullmatch(r"\d+", text):
        seconds = int(text)
    elif re.fullmatch(r"\d+(:[0-5]?\d){1,2}", text):
        seconds = 0
        for part in text.split(":"):
            seconds = seconds * 60 + int(part)
    else:
        match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.lower())
        if not match or not text:
            raise argparse.ArgumentTypeError(f"{text!r} is not a time like 25m, 1h30m, 90 or 1:30")
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    if not 0 < seconds <= 24 * 3600:
        raise argparse.ArgumentTypeError("the time must be more than nothing and at most a day")
    return seconds


def show(seconds):
    hours, rest = divmod(seconds, 3600)
    return (f"{hours}:" if hours else "") + f"{rest // 60:02d}:{rest % 60:02d}"


def plan(args):
    """The phases: a name and its seconds."""
    if not args.pomodoro:
        return [(args.label, args.time)]
    phases = []
    for number in range(1, args.rounds + 1):
        phases.append((f"focus {number} of {args.rounds}", args.time))
        if number < args.rounds:
            phases.append(("break", args.rest))
    return phases


def run(name, seconds, quiet, clock, sleep):
    end = clock() + seconds
    while (left := end - clock()) > 0:
        if not quiet:
            print(f"\r{name}  {show(int(left + 0.999))} ", end="", flush=True)
        sleep(min(1, left))
    print(f"{'' if quiet else chr(13)}{name}: time is up.   ")


def main(argv=None, clock=time.monotonic, sleep=time.sleep):
    parser = argparse.ArgumentParser(
        prog="countdown", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  countdown 5m --label tea\n  countdown 1:30\n  countdown 25m --pomodoro --rounds 4 --rest 5m\n  countdown 3s --quiet")
    parser.add_argument("time", nargs="?", type=parse_time, default=1500, help="such as 25m, 1h30m, 90 (seconds) or 1:30 (default: 25m)")
    parser.add_argument("--label", default="timer", help="what the time is for")
    parser.add_argument("--pomodoro", action="store_true", help="focus and break in turns")
    parser.add_argument("--rounds", type=int, default=4, help="pomodoro rounds (default: 4)")
    parser.add_argument("--rest", type=parse_time, default=300, help="length of the breaks (default: 5m)")
    parser.add_argument("--plan", action="store_true", help="only print the phases")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not draw the time, only say when it is up")
    args = parser.parse_args(argv)
    if args.rounds < 1:
        parser.error("at least one round")
    try:
        for name, seconds in plan(args):
            if args.plan:
                print(f"{show(seconds)}  {name}")
            else:
                run(name, seconds, args.quiet, clock, sleep)
    except KeyboardInterrupt:
        print("\ncountdown: stopped", file=sys.stderr)
        return 1
    if not args.plan and not args.quiet:
        print("\a", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
