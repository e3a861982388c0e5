"""Values on a command line: there at all, and numbers within bounds."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence

from mol_edge.errors import OptionError


def refuse_empty(words: Sequence[str]) -> None:
    """Raise OptionError if one of a command's words is empty, as an unset variable of a shell is.

    An empty path would be the folder one is in, and an empty name the same as none.

    Example:
        >>> refuse_empty(["run", "video.mp4", "--out", "results"])
    """
    for before, word in zip(("", *words), words):
        option, equals, value = word.partition("=")
        if word and not (word.startswith("--") and equals and not value):
            continue
        name = option or (before if before.startswith("-") else "An argument")
        raise OptionError(f"{name} must be given a value, got nothing: give one, or leave it out.")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type for argparse: whole numbers from `least` to `most`, or without end.

    Example:
        >>> whole(1)("12")
        12
    """

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            bounds = f"from {least}" if most is None else f"from {least} to {most}"
            raise argparse.ArgumentTypeError(f"must be a whole number {bounds}, got {text!r}")
        return value

    return parse


def number(above: float, most: float = math.inf, below: float = math.inf) -> Callable[[str], float]:
    """A type for argparse: finite numbers above one, and at most or below another.

    Example:
        >>> number(above=0)("29.97")
        29.97
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (above < value <= most and value < below):
            bounds = f"above {above:g}"
            bounds += f" and at most {most:g}" if most < math.inf else ""
            bounds += f" and below {below:g}" if below < math.inf else ""
            raise argparse.ArgumentTypeError(f"must be a number {bounds}, got {text!r}")
        return value

    return parse
