"""Command lines of perch's Python tools: help as the file's own text, and
numbers that are refused by the name of their option.
"""
import argparse
import math
from collections.abc import Callable


def parser_of(prog: str, text: str | None,
              usage: str | None = None) -> argparse.ArgumentParser:
    """A parser whose help is a module's docstring, as it stands there."""
    return argparse.ArgumentParser(
        prog=prog, description=text, usage=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter)


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """For type=: a whole number from least to most."""
    def read(text: str) -> int:
        try:
            return int(_within(int(text), least, most))
        except ValueError:
            raise _refusal('a whole number', least, most, text) from None
    return read


def decimal(least: float, most: float | None = None) -> Callable[[str], float]:
    """For type=: a number from least to most."""
    def read(text: str) -> float:
        try:
            return _within(float(text), least, most)
        except ValueError:
            raise _refusal('a number', least, most, text) from None
    return read


def _within(number: float, least: float, most: float | None) -> float:
    if not math.isfinite(number) or number < least or (
            most is not None and number > most):
        raise ValueError
    return number


def _refusal(what: str, least: float, most: float | None,
             text: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError('%s %s, not "%s"' % (
        what, 'from %g' % least if most is None else
        'from %g to %g' % (least, most), text))
