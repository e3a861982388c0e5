"""What counts as a number in an option: Python's and NumPy's, booleans none."""

from __future__ import annotations

import math
from numbers import Integral, Real

BELOW_MS = 60_000
"""Windows are shorter: what they need is kept in memory for so long."""


def is_finite(value: object) -> bool:
    """Whether `value` is a real number, neither infinite nor NaN."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


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
