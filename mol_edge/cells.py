"""The face as a few cells, each the mean of neighbouring landmarks that move alike.

A cell is small enough that no expression cancels in it, as a symmetric stretch of the lips does in
the mean of a mouth, and its noise is less than that of one patch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.motion import REGIONS, Motion

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
MOUTH = range(6, 10)
UPPER_LIDS, LOWER_LIDS = [11, 13], [12, 14]
LIDS = [*UPPER_LIDS, *LOWER_LIDS]
# How a core's object is told of them.
LAYOUT: tuple[list[list[int]], int, int, list[int], list[int]] = (
    [list(points) for _, points in _CELLS],
    EVIDENCE.stop,
    BROWS.stop,
    UPPER_LIDS,
    LOWER_LIDS,
)

# Share of what is asked of a cell's displacement that has to be left without the common motion.
OWN_SHARE = 0.7
# Deviations from the common motion beyond which a cell has little say in it.
_AGREEING = 3.0
_REGION_OF = np.array([REGIONS.index(region) for region, _ in _CELLS])


class CellPaths:
    """Follows the cells through a stream of motions. Not safe to share between threads.

    A motion may span several frames, so the path of each patch is taken from where it was when the
    motion begins; those of the last second are kept.

    Example:
        >>> paths = CellPaths()
        >>> paths.start(0)
        >>> paths.add(20_000_000, Motion.still()), paths.path.shape
        (True, (15, 2))
    """

    def __init__(self) -> None:
        self._paths = _core.CellPaths(*LAYOUT)

    @property
    def path(self) -> Array:
        """Where the cells are, float64 [cells, 2], pixels."""
        return self._paths.path()

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which cells say something now, bool [cells]."""
        return self._paths.seen()

    def start(self, timestamp_ns: int) -> None:
        """Begin where the cells are at this time."""
        self._paths.start(timestamp_ns)

    def add(self, timestamp_ns: int, motion: Motion) -> bool:
        """Take the motion that ends at this time; False where its beginning is not known."""
        return self._paths.add(
            timestamp_ns, motion.since_ns, motion.vectors, motion.axes, motion.deviation
        )


def without_common_motion(moved: Array, noise: Array) -> Array:
    """Displacements [cells, 2] less the one that most cells share.

    What moves a whole face alike is its head, or an error of the head's fit, and no expression.
    """
    rest = moved
    for _ in range(5):
        distance = np.square(rest / noise).sum(1, keepdims=True)
        weights = 1 / (np.square(noise) * (1 + distance / _AGREEING**2))
        rest = moved - (weights * moved).sum(0) / weights.sum(0)
    return rest


def strongest_by_region(values: Array) -> dict[str, float]:
    """The largest of values [cells] within each of `REGIONS`."""
    strongest = np.zeros(len(REGIONS))
    np.maximum.at(strongest, _REGION_OF, values)
    return dict(zip(REGIONS, strongest.tolist()))
