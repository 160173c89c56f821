#!/usr/bin/env python3
"""Encrypt and decrypt files with a password, with Python's standard library only.

The key comes from the password by scrypt with a fresh salt. The text is combined with a key stream of
HMAC-SHA256 in counter mode, and a second HMAC-SHA256 over everything tells a wrong password or a changed file.
These are sound parts, but this file format has been reviewed by nobody: for secrets that matter use a known
tool such as age or gpg. Without the password nobody, not even this program, can read the file again.

Exit codes: 0 all went well, 1 it could not be done, 2 wrong usage.
"""

import argparse
import getpass
import hashlib
import hmac
import os
import secrets
import sys
import tempfile

MARK = b"PWENC1\n"
SALT, TAG, BLOCK = 16, 32, 32
ENDING = ".enc"
LARGEST = 1 << 30


class Problem(Exception):
    """Something the user can put right; the message says what."""


def keys(password, salt):
    """One key for the stream and one for the seal."""
    both = hashlib.scrypt(password.encode(), salt=salt, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=64)
    return both[:32], both[32:]


def stream(key, length):
    blocks = range(-(-length // BLOCK))
    return b"".join(hmac.digest(key, number.to_bytes(8, "big"), "sha256") for number in blocks)[:length]


def combine(data, key):
    length = len(data)
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream(key, length), "big")).to_bytes(length, "big")


def encrypt(data, password):
    salt = secrets.token_bytes(SALT)
    key, seal = keys(password, salt)
    body = MARK + salt + combine(data, key)
    return body + hmac.digest(seal, body, "sha256")


def decrypt(data, password):
    if not data.startswith(MARK) or len(data) < len(MARK) + SALT + TAG:
        raise Problem("this file was not encrypted by this program, or it is cut short")
    body, tag = data[:-TAG], data[-TAG:]
    salt = body[len(MARK):len(MARK) + SALT]
    key, seal = keys(password, salt)
    if not hmac.compare_digest(tag, hmac.digest(seal, body, "sha256")):
        raise Problem("wrong password, or the file was changed")
    return combine(body[len(MARK) + SALT:], key)


def read_password(args):
    if args.password_file:
        try:
            with open(args.password_file, encoding="utf-8") as file:
                password = file.readline().rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"cannot read {args.password_file}: {error}") from None
    elif "ENCRYPT_PASSWORD" in os.environ:
        password = os.environ["ENCRYPT_PASSWORD"]
    else:
        try:
            password = getpass.getpass("Password: ")
            if not args.decrypt and getpass.getpass("Again: ") != password:
                raise Problem("the two passwords differ")
        except EOFError:
            raise Problem("no password was given") from None
    if not password:
        raise Problem("the password is empty")
    return password


def write(path, data, force):
    """To a new file first, so that a crash never leaves half a file."""
    if os.path.exists(path) and not force:
        raise Problem(f"{path} is there already; --force writes over it")
    with tempfile.NamedTemporaryFile("wb", dir=os.path.dirname(os.path.abspath(path)), delete=False) as file:
        file.write(data)
    os.replace(file.name, path)


def run(args):
    path = args.file
    if os.path.isfile(path) and os.path.getsize(path) > LARGEST:
        raise Problem(f"{path} is larger than 1 GB; this program holds the whole file in memory")
    with open(path, "rb") as file:
        data = file.read()
    if args.decrypt:
        target = args.output or (path.removesuffix(ENDING) if path.endswith(ENDING) else path + ".dec")
    else:
        target = args.output or path + ENDING
    if os.path.exists(target) and not args.force:
        raise Problem(f"{target} is there already; --force writes over it")
    password = read_password(args)
    write(target, decrypt(data, password) if args.decrypt else encrypt(data, password), args.force)
    print(f"{'Decrypted' if args.decrypt else 'Encrypted'} {path} to {target}. {path} is still there.")


def build_parser():
    parser = argparse.ArgumentParser(
        prog="encrypt", description="Encrypt or decrypt a file with a password. The file itself is left as it is.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="""The password is asked for, or read from the variable ENCRYPT_PASSWORD or from --password-file.
For secrets that matter use a reviewed tool such as age or gpg.

examples:
  encrypt notes.txt                 makes notes.txt.enc
  encrypt --decrypt notes.txt.enc   makes notes.txt
  encrypt photo.jpg -o safe.enc""")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("-d", "--decrypt", action="store_true", help="turn an encrypted file back")
    parser.add_argument("-o", "--output", metavar="FILE", help="where the result goes")
    parser.add_argument("--password-file", metavar="FILE", help="take the first line of this file as the password")
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    return parser


def main(argv=None):
    args = build_parser().parse_args(argv)
    try:
        run(args)
    except Problem as problem:
        print(f"encrypt: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"encrypt: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
