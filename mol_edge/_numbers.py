"""What counts as a number in an option: Python's and NumPy's, booleans none."""

from __future__ import annotations

import math
from numbers import Integral, Real


def is_finite(value: object) -> bool:
    """Whether `value` is a real number, neither infinite nor NaN."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object, least: int) -> bool:
    """Whether `value` is a whole number of at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
