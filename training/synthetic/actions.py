"""Displacement fields of facial action units, anchored at the 68 points of a neutral face.

Each unit has a part for either side (as seen: left has the smaller x). A part is a sum of
anisotropic Gaussians times a displacement, scaled so that both sides together move their
strongest point by 1.
The units follow the muscles' directions in the Facial Action Coding System.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.blobs import Blobs
from training.synthetic.shape import MIRROR, Points

# (anchor points of the left side, offset, sigma x, sigma y, displacement); displacements are
# (outward, down), so that the right side is the mirror image.
_Row = tuple[tuple[int, ...], tuple[float, float], float, float, tuple[float, float]]

_UNITS: dict[int, list[_Row]] = {
    1: [((20, 21), (0, -2), 9, 9, (0.1, -1.0)), ((20, 21), (2, -12), 10, 8, (0, -0.45))],
    2: [((17, 18), (2, -2), 11, 9, (0.05, -1.0)), ((18,), (0, -12), 11, 8, (0, -0.45))],
    4: [((20, 21), (0, 0), 10, 8, (-0.75, 0.75)), ((18, 19), (0, 0), 10, 8, (-0.2, 0.45)),
        ((21, 27), (2, -3), 5, 7, (-0.35, 0.35))],
    5: [((37, 38), (0, -0.5), 8.5, 3.6, (0, -1.0))],
    6: [((41, 2), (12, 10), 13, 9, (-0.15, -1.0)), ((40, 41), (0, 2.5), 9, 4.5, (0, -0.55)),
        ((36,), (-5, 1), 6, 6, (-0.45, 0.1))],
    7: [((40, 41), (0, 0.5), 8.5, 3.8, (0.05, -1.0)), ((37, 38), (0, -0.5), 8.5, 3.4, (0, 0.45))],
    9: [((31,), (-2.5, -4), 6.5, 8, (0.1, -1.0)),
        ((31, 28), (-1, -4), 6, 9, (0, -0.4)), ((39, 27), (2, 1), 6, 7, (-0.15, -0.55)),
        ((50,), (-2, -1), 8, 5, (0.1, -0.5)), ((21,), (0, 2), 7, 6, (-0.3, 0.4))],
    10: [((49, 50), (0, -1.5), 10, 5.5, (0.15, -1.0)), ((31,), (-6, 5), 6, 8, (0.15, -0.55)),
         ((61, 50), (0, 0), 8, 4, (0, -0.35))],
    12: [((48,), (0, 0), 11, 9, (0.8, -0.75)), ((48, 3), (0, -8), 11, 10, (0.45, -0.5))],
    14: [((48,), (-2, 0), 7, 8, (1.0, -0.12)), ((48,), (-12, 0), 6, 9, (-0.5, 0.0))],
    15: [((48,), (0, 2), 9, 8, (0.12, 1.0)), ((59, 48), (-1, 5), 9, 8, (0.05, 0.55))],
    17: [((7, 8, 57), (1, 0), 11, 9, (0, -1.0)), ((58, 57), (0, 1), 10, 5, (0, -0.6))],
    20: [((48,), (0, 1), 10, 8, (1.0, 0.25)), ((59, 5), (0, 0), 12, 9, (0.5, 0.15))],
    23: [((48, 49), (1, 1), 8, 6, (-0.8, 0)), ((50, 51), (0, 0), 8, 3.6, (0, 0.5)),
         ((58, 57), (0, 0), 8, 3.8, (0, -0.6))],
    25: [((58, 57), (1, -1.5), 10, 4.5, (0, 1.0)), ((50, 51), (1, 1.5), 10, 4.0, (0, -0.45))],
    26: [((7, 8), (2, -3), 15, 13, (0, 1.0)), ((58, 57), (1, 0), 11, 6, (0, 0.75)),
         ((4, 5), (4, 0), 14, 14, (0, 0.4))],
}  # fmt: skip

# Lids and lips have little way to go, however strong the expression is.
_REACH = {5: 2.5, 7: 2.5, 14: 4.0, 23: 3.0, 25: 4.0}


def reach(unit: int) -> float:
    """The largest displacement that the unit is given, canonical units.

    Example:
        >>> reach(5), reach(12)
        (2.5, 8.0)
    """
    return _REACH.get(unit, 8.0)


@dataclass(frozen=True)
class ActionField:
    """One unit on one side: Gaussians with the displacement (x, y) of each.

    Attributes:
        unit: the number of the action unit.
        side: "L" or "R", as seen.
        blobs: the Gaussians; their height is 1.
        vectors: float64 [n, 2], canonical units for an amplitude of 1.
    """

    unit: int
    side: str
    blobs: Blobs
    vectors: NDArray[np.float64]

    def on_grid(self, axis: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacement [2, n, n] on the square grid of `axis` in both directions."""
        parts = []
        for component in (0, 1):
            blobs = Blobs(self.blobs.centre, self.blobs.sigma, self.vectors[:, component])
            parts.append(blobs.on_grid(axis, axis))
        return np.stack(parts)


def _rows(unit: int, side: str, points: Points) -> Iterator[tuple[Points, Points, Points]]:
    for anchors, offset, sx, sy, (outward, down) in _UNITS[unit]:
        chosen = np.array(anchors) if side == "L" else MIRROR[np.array(anchors)]
        sign = 1.0 if side == "L" else -1.0
        # Offsets are written for the left side, displacements as (outward, down).
        centre = points[chosen].mean(0) + np.array([sign * offset[0], offset[1]])
        yield centre, np.array([sx, sy]), np.array([-sign * outward, down])


def action_field(unit: int, side: str, points: Points) -> ActionField:
    """The field of a unit's one side, for the face with these neutral points [68, 2].

    Example:
        >>> from training.synthetic.shape import MEAN
        >>> field = action_field(12, "L", MEAN)
        >>> bool((field.vectors[0] < 0).all())  # outward and up
        True
    """
    rows, other = (list(_rows(unit, s, points)) for s in (side, "R" if side == "L" else "L"))
    both = rows + other
    centre, sigma = np.stack([r[0] for r in both]), np.stack([r[1] for r in both])
    vectors = np.stack([r[2] for r in both])
    axes = [np.linspace(centre[:, c].min() - 6, centre[:, c].max() + 6, 56) for c in (0, 1)]
    parts = [Blobs(centre, sigma, vectors[:, c]).on_grid(axes[0], axes[1]) for c in (0, 1)]
    strongest = float(np.sqrt(parts[0] ** 2 + parts[1] ** 2).max())
    own = len(rows)
    blobs = Blobs(centre[:own], sigma[:own], np.ones(own))
    return ActionField(unit, side, blobs, vectors[:own] / strongest)
