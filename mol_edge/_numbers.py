"""What counts as a number in an option, Python's and NumPy's, booleans none; and its digits."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

_MOST_DIGITS = 12

BELOW_MS = 60_000
"""Windows are shorter: what they need is kept in memory for so long."""


def is_finite(value: object) -> bool:
    """Whether `value` is a real number that a float can hold, neither infinite nor NaN."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def is_at_least(value: Any, least: float) -> bool:
    """Whether `value` is a real number, which may be infinite, of at least `least`."""
    if is_finite(value):
        return bool(value >= least)
    return isinstance(value, Real) and value == math.inf


def is_whole(value: object, least: int) -> bool:
    """Whether `value` is a whole number of at least `least`."""
    if type(value) is int:
        return value >= least
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def are_lengths(values: object) -> bool:
    """Whether `values` is a sequence of one length of a window, or of several different ones."""
    return (
        isinstance(values, (tuple, list))
        and len(values) > 0
        and all(is_finite(each) and 0 < each < BELOW_MS for each in values)
        and len(set(values)) == len(values)
    )


def beyond(value: float, limit: float, digits: int = 0) -> str:
    """A number to so many digits, or to as many as show that it is above a limit, where it is.

    Example:
        >>> beyond(2.34, 2, 1), beyond(0.0119, 0, 1), beyond(1.5, 2)
        ('2.3', '0.01', '2')
    """
    if value > limit:
        for more in range(digits, _MOST_DIGITS):
            if float(f"{value:.{more}f}") > limit:
                return f"{value:.{more}f}"
    return f"{value:.{digits}f}"
