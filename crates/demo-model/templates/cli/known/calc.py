#!/usr/bin/env python3
"""A calculator: sums from the command line, from standard input, or line by line."""

import argparse
import ast
import math
import operator
import sys

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
             ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod}
FUNCTIONS = {name: getattr(math, name) for name in ("sqrt", "sin", "cos", "tan", "log", "log10", "log2", "exp", "floor", "ceil", "radians", "degrees")}
FUNCTIONS.update(abs=abs, round=round, min=min, max=max)
NAMES = {"pi": math.pi, "e": math.e, "tau": math.tau}


def calculate(text, names=None):
    """Work out a sum. Only numbers, + - * / // % ^ and known functions: text never runs as code."""
    names = {**NAMES, **(names or {})}

    def value(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return node.value
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            return -value(node.operand) if isinstance(node.op, ast.USub) else value(node.operand)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base, power = value(node.left), value(node.right)
            if abs(power) > 1000 or abs(base) > 1e100:
                raise ValueError("this power is too large")
            return base ** power
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords:
            return FUNCTIONS[node.func.id](*(value(one) for one in node.args))
        raise ValueError(f"cannot work out {ast.unparse(node)!r}")

    text = text.strip().replace("^", "**").replace("×", "*").replace("÷", "/").replace("−", "-")
    if len(text) > 1000:
        raise ValueError("this sum is too long")
    try:
        result = value(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"this is not a sum: {text!r}") from None
    except ZeroDivisionError:
        raise ValueError("cannot divide by zero") from None
    except (OverflowError, RecursionError):
        raise ValueError("this is too large") from None
    except TypeError as error:
        raise ValueError(str(error)) from None
    if isinstance(result, complex):
        raise ValueError("the result is not a real number")
    return result


def show(number, digits):
    if isinstance(number, float):
        number = round(number, digits)
        if number.is_integer() and abs(number) < 1e15:
            number = int(number)
    return str(number)


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="calc", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  calc '2 * (3 + 4)'\n  calc 'sqrt(2) ^ 2' --digits 4\n  echo '10 / 4' | calc\n\n"
               "In the lines of standard input, ans is the result before.")
    parser.add_argument("sum", nargs="*", help="the sum; without it, one is read from each line of standard input")
    parser.add_argument("--digits", type=int, default=10, help="digits after the point at most (default: 10)")
    args, more = parser.parse_known_args(argv)
    words = list(argv if argv is not None else sys.argv[1:]) if more else args.sum
    if any(word.startswith("--") for word in more):
        parser.error(f"unknown: {' '.join(more)}")
    lines = [" ".join(words)] if words else sys.stdin
    code, names = 0, {"ans": 0}
    for line in lines:
        if not line.strip():
            continue
        try:
            names["ans"] = calculate(line, names)
            print(show(names["ans"], args.digits))
        except ValueError as problem:
            print(f"calc: {problem}", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
