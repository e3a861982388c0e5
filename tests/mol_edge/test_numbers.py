import math

import pytest

from mol_edge._numbers import beyond


@pytest.mark.parametrize(
    ("value", "limit", "digits", "text"),
    [
        (25.0, 2.0, 1, "25.0"),
        (2.04, 2.0, 1, "2.04"),
        (2.000004, 2.0, 1, "2.000004"),
        (0.0119, 0.0, 1, "0.01"),
        (1.96, 2.0, 1, "2.0"),
        (-0.3, 2.0, 2, "-0.30"),
        (math.nan, 2.0, 1, "nan"),
        (math.inf, 2.0, 1, "inf"),
    ],
)
def test_what_is_above_a_limit_looks_so(value, limit, digits, text):
    assert beyond(value, limit, digits) == text
