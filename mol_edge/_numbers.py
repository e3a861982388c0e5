"""What counts as a number in an option: Python's and NumPy's, booleans none."""

from __future__ import annotations

import math
from numbers import Integral, Real


def is_finite(value: object) -> bool:
    """Whether `value` is a real number, neither infinite nor NaN."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def is_whole(value: object, least: int) -> bool:
    """Whether `value` is a whole number of at least `least`."""
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= least


def are_lengths(values: object) -> bool:
    """Whether `values` is a sequence of one number above 0, or of several different ones."""
    return (
        isinstance(values, (tuple, list))
        and len(values) > 0
        and all(is_finite(each) and each > 0 for each in values)
        and len(set(values)) == len(values)
    )
