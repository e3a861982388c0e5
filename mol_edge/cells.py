"""The face as a few cells, each the mean of neighbouring landmarks that move alike.

A cell is small enough that no expression cancels in it, as a symmetric stretch of the lips does in
the mean of a mouth, and its noise is less than that of one patch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge.motion import LANDMARKS, REGIONS, Motion

Array = NDArray[np.float64]

# Region and landmarks of each cell. The first ones are evidence of an expression; the lids come
# last, since gaze and blinks move them.
_CELLS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("left_brow", (17, 18, 19)),
    ("left_brow", (19, 20, 21)),
    ("right_brow", (22, 23, 24)),
    ("right_brow", (24, 25, 26)),
    ("nose_wings", (31, 32)),
    ("nose_wings", (34, 35)),
    ("mouth", (48, 49, 59, 60)),
    ("mouth", (53, 54, 55, 64)),
    ("mouth", (50, 51, 52, 61, 62, 63)),
    ("mouth", (56, 57, 58, 65, 66, 67)),
    ("chin", (7, 8, 9)),
    ("left_eye", (37, 38)),
    ("left_eye", (40, 41)),
    ("right_eye", (43, 44)),
    ("right_eye", (46, 47)),
)
COUNT = len(_CELLS)
EVIDENCE = slice(0, 10)
BROWS = slice(0, 4)
UPPER_LIDS, LOWER_LIDS = [11, 13], [12, 14]
_EYES = slice(36, 48)

_MEMBERS = np.zeros((COUNT, LANDMARKS))
for _row, (_, _points) in enumerate(_CELLS):
    _MEMBERS[_row, list(_points)] = 1
_REGION_OF = np.array([REGIONS.index(region) for region, _ in _CELLS])


def cell_motion(motion: Motion) -> tuple[Array, Array]:
    """Displacement [cells, 2] of each cell, and how well it is seen [cells], 0 to 1."""
    weights = np.square(motion.confidence, dtype=np.float64) * (motion.seen > 0) + 1e-9
    shares = _MEMBERS * weights
    total = shares.sum(1)
    vectors: Array = (shares @ motion.vectors) / total[:, np.newaxis]
    return vectors, np.sqrt(total / _MEMBERS.sum(1))


def eye_confidence(motion: Motion) -> float:
    """How well the eyes are found again, 0 to 1."""
    return float(np.median(motion.confidence[_EYES]))


def strongest_by_region(values: Array) -> dict[str, float]:
    """The largest of values [cells] within each of `REGIONS`."""
    strongest = np.zeros(len(REGIONS))
    np.maximum.at(strongest, _REGION_OF, values)
    return dict(zip(REGIONS, strongest.tolist()))
