"""Numbers on a command line: within bounds, or a sentence that says which ones."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


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


def number(above: float, most: float = math.inf) -> Callable[[str], float]:
    """A type for argparse: finite numbers above one, and at most another.

    Example:
        >>> number(above=0)("29.97")
        29.97
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (above < value <= most and math.isfinite(value)):
            bounds = f"above {above:g}" + (f" and at most {most:g}" if most < math.inf else "")
            raise argparse.ArgumentTypeError(f"must be a number {bounds}, got {text!r}")
        return value

    return parse
