"""Similarity transforms of the plane: turn, scale and shift, fitted to points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
AnyPoints = NDArray[np.floating[Any]]
Transform = NDArray[np.float64]
Plane = NDArray[np.complex128]

# Points that lie farther from the fit than this many medians do not count.
_OUTLIER = 2.5


def fit_similarity(source: AnyPoints, target: AnyPoints) -> Transform:
    """The similarity [2, 3] that takes points [n, 2] to others, n from 2, with least squares.

    Example:
        >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
        >>> fit_similarity(square, 2 * square + 3).tolist()
        [[2.0, -0.0, 3.0], [0.0, 2.0, 3.0]]
    """
    return _matrix(*_fit(_plane(source), _plane(target)))


def fit_robustly(
    source: AnyPoints, target: AnyPoints, tolerance: float
) -> tuple[Transform, NDArray[np.bool_]]:
    """As `fit_similarity`, without points that move by themselves; and which ones count.

    Args:
        source: float64 [n, 2], n from 3.
        target: float64 [n, 2].
        tolerance: distance from the fit within which a point always counts.
    """
    a, b = _plane(source), _plane(target)
    turn, shift = _fit(a, b)
    keep, count = np.ones(len(a), bool), len(a)
    for _ in range(3):
        residual = np.abs(turn * a + shift - b)
        if count == len(a) and float(np.maximum.reduce(residual)) <= tolerance:
            break
        middle = float(np.sort(residual)[len(a) // 2])
        closer = residual <= max(tolerance, _OUTLIER * middle)
        closer_count = int(np.count_nonzero(closer))
        if closer_count < 3 or (closer_count == count and bool((closer == keep).all())):
            break
        keep, count = closer, closer_count
        turn, shift = _fit(a[keep], b[keep])
    return _matrix(turn, shift), keep


def _plane(points: AnyPoints) -> Plane:
    """Points as complex numbers, for which a turn with scale is one product."""
    return np.ascontiguousarray(points, np.float64).view(np.complex128)[:, 0]


def _fit(a: Plane, b: Plane) -> tuple[complex, complex]:
    """Turn (with scale) and shift that take `a` to `b`."""
    a_mean, b_mean = complex(np.add.reduce(a)) / len(a), complex(np.add.reduce(b)) / len(b)
    centred = a - a_mean
    spread = float(np.vdot(centred, centred).real)
    turn = complex(np.vdot(centred, b)) / spread if spread > 0 else 1 + 0j
    return turn, b_mean - turn * a_mean


def _matrix(turn: complex, shift: complex) -> Transform:
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def apply(transform: Transform, points: AnyPoints) -> Points:
    """Points [n, 2] under a transform [2, 3]."""
    # For a few points, a product of matrices costs more in calls than in arithmetic.
    (a, b, x), (c, d, y) = transform.tolist()
    moved = np.empty((len(points), 2))
    across, down = points[:, 0], points[:, 1]
    moved[:, 0] = a * across + b * down + x
    moved[:, 1] = c * across + d * down + y
    return moved


def scale_of(transform: Transform) -> float:
    """By how much a similarity [2, 3] enlarges."""
    return math.hypot(transform[0, 0], transform[1, 0])
