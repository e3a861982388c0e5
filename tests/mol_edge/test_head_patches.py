"""What the core's `HeadPatches` refuses; what it finds is tested in C++."""

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError

CROP = np.random.default_rng(0).normal(100, 30, (128, 128)).astype(np.float32)
POINTS = np.array([[40, 40], [80, 40], [60, 80]], np.float32)


@pytest.mark.parametrize(
    ("crop", "points", "message"),
    [
        (CROP.astype(np.float64), POINTS, "crop must be .*float32"),
        (CROP[:64], POINTS, r"crop must be .*\(128, 128\)"),
        (CROP[:, ::-1], POINTS, "crop must be .*contiguous"),
        (CROP, POINTS.astype(np.float64), "points must be .*float32"),
        (CROP, POINTS.T, r"points must be .*\(N, 2\)"),
        (CROP, POINTS * np.float32(np.nan), "points .*finite"),
    ],
)
def test_other_arrays_are_refused_with_their_names(crop, points, message):
    with pytest.raises(ArrayError, match=message):
        _core.HeadPatches(crop, points)


@pytest.mark.parametrize(
    ("crop", "guess", "message"),
    [
        (CROP[None], np.eye(2, 3), r"crop must be .*\(128, 128\)"),
        (CROP, np.eye(3), r"\(2, 3\)"),
        (CROP, np.full((2, 3), np.inf), "finite"),
    ],
)
def test_what_is_looked_for_is_checked_too(crop, guess, message):
    patches = _core.HeadPatches(CROP, POINTS)
    with pytest.raises(ArrayError, match=message):
        patches.find(crop, guess)
