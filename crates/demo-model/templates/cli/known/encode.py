#!/usr/bin/env python3
"""Encodes and decodes text: base64, hex, URL, HTML, rot13, Caesar, Morse, binary."""

import argparse
import base64
import binascii
import html
import sys
import urllib.parse

MORSE = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----.").split()))
LETTERS = {code: letter for letter, code in MORSE.items()}
METHODS = ["base64", "hex", "url", "html", "rot13", "caesar", "morse", "binary"]


def caesar(text, shift):
    def turn(letter):
        base = ord("a") if letter.islower() else ord("A")
        return chr((ord(letter) - base + shift) % 26 + base) if letter.isascii() and letter.isalpha() else letter
    return "".join(map(turn, text))


def encode(text, method, shift=3):
    data = text.encode("utf-8")
    if method == "base64":
        return base64.b64encode(data).decode()
    if method == "hex":
        return data.hex()
    if method == "url":
        return urllib.parse.quote(text, safe="")
    if method == "html":
        return html.escape(text)
    if method == "morse":
        return " / ".join(" ".join(MORSE[letter] for letter in word if letter in MORSE) for word in text.upper().split())
    if method == "binary":
        return " ".join(f"{byte:08b}" for byte in data)
    return caesar(text, 13 if method == "rot13" else shift)


def decode(text, method, shift=3):
    try:
        if method == "base64":
            return base64.b64decode(text.strip(), validate=True).decode("utf-8")
        if method == "hex":
            return bytes.fromhex(text.strip()).decode("utf-8")
        if method == "url":
            return urllib.parse.unquote(text, errors="strict")
        if method == "html":
            return html.unescape(text)
        if method == "morse":
            return " ".join("".join(LETTERS[code] for code in word.split()) for word in text.strip().split("/"))
        if method == "binary":
            return bytes(int(byte, 2) for byte in text.split()).decode("utf-8")
        return caesar(text, -(13 if method == "rot13" else shift))
    except (ValueError, KeyError, binascii.Error) as error:
        raise ValueError(f"this is not {method}: {error}") from None


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="encode", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  encode base64 'hello world'\n  encode base64 --decode aGVsbG8=\n  echo attack | encode caesar --shift 5\n  encode morse SOS")
    parser.add_argument("method", choices=METHODS, help="how")
    parser.add_argument("text", nargs="*", help="the text; without it, standard input is read")
    parser.add_argument("-d", "--decode", action="store_true", help="the other way round")
    parser.add_argument("--shift", type=int, default=3, help="for caesar: how far (default: 3)")
    args = parser.parse_intermixed_args(argv)
    text = " ".join(args.text) if args.text else sys.stdin.read().rstrip("\n")
    try:
        print((decode if args.decode else encode)(text, args.method, args.shift))
    except ValueError as problem:
        print(f"encode: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
