#!/usr/bin/env python3
"""Read the sizes of PNG, JPEG, GIF, BMP and WebP images in folders, with no libraries.

It does not change pictures: Python's standard library cannot decode or write JPEG, so resizing needs a tool such
as ImageMagick or the package Pillow. With --fit it works out the new sizes and prints the ImageMagick commands.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import csv
import json
import os
import shlex
import struct
import sys

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")


class Problem(Exception):
    """Something the user can put right; the message says what."""


def jpeg_size(data):
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at += 1
            continue
        mark = data[at + 1]
        if mark in (0xFF, 0x00, 0x01) or 0xD0 <= mark <= 0xD8:
            at += 1 if mark == 0xFF else 2
            continue
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    return None


def webp_size(data):
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and len(data) >= 30:
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def image_size(data):
    """Format, width and height; None when these are not the bytes of a known image."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return ("PNG", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return ("GIF", *struct.unpack("<HH", data[6:10]))
    if data.startswith(b"BM") and len(data) >= 26:
        width, height = struct.unpack("<ii", data[18:26])
        return "BMP", width, abs(height)
    if data.startswith(b"\xff\xd8"):
        size = jpeg_size(data)
        return ("JPEG", *size) if size else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        size = webp_size(data)
        return ("WebP", *size) if size else None
    return None


def find_images(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                yield from (os.path.join(folder, name) for name in sorted(names) if name.lower().endswith(ENDINGS))
        elif os.path.isfile(path):
            yield path
        else:
            raise Problem(f"{path} is not there")


def parse_box(text):
    """800x600, 800x or x600: the box that images must fit into."""
    width, sign, height = text.lower().partition("x")
    if sign and (width or height) and all(part == "" or part.isdigit() and int(part) > 0 for part in (width, height)):
        return (int(width) if width else None, int(height) if height else None)
    raise argparse.ArgumentTypeError(f"{text!r} is not a size like 800x600, 800x or x600")


def fitted(width, height, box):
    """The largest size of the same shape in the box; never larger than the image is."""
    scale = min([1.0] + [most / has for most, has in zip(box, (width, height)) if most and has])
    return max(1, round(width * scale)), max(1, round(height * scale))


def look(args):
    images, bad = [], 0
    for path in find_images(args.paths):
        try:
            with open(path, "rb") as file:
                found = image_size(file.read(1 << 20))
        except OSError as error:
            found = None
            print(f"images: {path}: {error.strerror}", file=sys.stderr)
        if found is None:
            bad += 1
            print(f"images: {path}: not an image this program can read", file=sys.stderr)
            continue
        images.append({"file": path, "format": found[0], "width": found[1], "height": found[2], "bytes": os.path.getsize(path)})
    return images, bad


def show(images, args):
    if args.fit:
        for image in images:
            width, height = fitted(image["width"], image["height"], args.fit)
            if (width, height) == (image["width"], image["height"]):
                print(f"# {image['file']} fits already")
                continue
            stem, ending = os.path.splitext(image["file"])
            print(shlex.join(["magick", image["file"], "-resize", f"{width}x{height}", f"{stem}-{width}x{height}{ending}"]))
    elif args.json:
        print(json.dumps(images, indent=2))
    elif args.csv:
        writer = csv.DictWriter(sys.stdout, ["file", "format", "width", "height", "bytes"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(images)
    else:
        for image in images:
            size = f"{image['width']} x {image['height']}"
            print(f"{size:>13}  {image['format']:<5} {image['bytes']:>10} bytes  {image['file']}")
        print(f"{len(images)} images.")


def build_parser():
    parser = argparse.ArgumentParser(
        prog="images", description="Read the sizes of images. Changes nothing; prints the commands for resizing.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""examples:
  images photos                     sizes of all images below the folder
  images photos --larger-than 4000x3000
  images photos --fit 1200x1200     the ImageMagick commands that would resize them
  images photos --csv > sizes.csv""")
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="images or folders (default: this folder)")
    parser.add_argument("--larger-than", type=parse_box, metavar="SIZE", help="only images wider or higher than this")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fit", type=parse_box, metavar="SIZE", help="print commands that fit them into this size")
    how.add_argument("--json", action="store_true", help="print JSON")
    how.add_argument("--csv", action="store_true", help="print CSV")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        images, bad = look(args)
        if args.larger_than:
            wide, high = args.larger_than
            images = [i for i in images if (wide and i["width"] > wide) or (high and i["height"] > high)]
        show(images, args)
    except Problem as problem:
        print(f"images: {problem}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
