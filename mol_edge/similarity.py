"""Similarity transforms of the plane: turn, scale and shift, fitted to points."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core

Points = NDArray[np.float64]
# In quotes: the NumPy of JetPack 6 cannot subscript `np.floating`.
AnyPoints: TypeAlias = "NDArray[np.floating[Any]]"
Transform = NDArray[np.float64]


def fit_similarity(source: AnyPoints, target: AnyPoints) -> Transform:
    """The similarity [2, 3] that takes points [n, 2] to others, n from 2, with least squares.

    Example:
        >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
        >>> fit_similarity(square, 2 * square + 3).tolist()
        [[2.0, -0.0, 3.0], [0.0, 2.0, 3.0]]
    """
    return _core.fit_similarity(_exact(source), _exact(target))


def fit_robustly(
    source: AnyPoints, target: AnyPoints, tolerance: float
) -> tuple[Transform, NDArray[np.bool_]]:
    """As `fit_similarity`, without points that move by themselves; and which ones count.

    Args:
        source: float64 [n, 2], n from 3.
        target: float64 [n, 2].
        tolerance: distance from the fit within which a point always counts.
    """
    return _core.fit_robustly(_exact(source), _exact(target), tolerance)


def apply(transform: Transform, points: AnyPoints) -> Points:
    """Points [n, 2] under a transform [2, 3]."""
    return _core.transform_points(transform, _exact(points))


def _exact(points: AnyPoints) -> Points:
    return np.ascontiguousarray(points, np.float64)


def scale_of(transform: Transform) -> float:
    """By how much a similarity [2, 3] enlarges."""
    return math.hypot(transform[0, 0], transform[1, 0])
