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

_KEPT_NS = 1_000_000_000
_WEIGHTS_NS = 500_000_000
# Deviations: what no patch is better than, above which one stays where it was, above which a cell
# says nothing, and that of the steps of a cell of which nothing is seen.
_FLOOR_PX, _LOST_PX, _VAGUE_PX, _STEP_PX = 0.05, 0.6, 0.3, 0.3

_MEMBERS = np.zeros((COUNT, LANDMARKS))
for _row, (_, _points) in enumerate(_CELLS):
    _MEMBERS[_row, list(_points)] = 1
# Deviations from the common motion beyond which a cell has little say in it.
_AGREEING = 3.0
_REGION_OF = np.array([REGIONS.index(region) for region, _ in _CELLS])


class CellPaths:
    """Follows the cells through a stream of motions. Not safe to share between threads.

    A motion may span several frames, so the path of each patch is taken from where it was when the
    motion begins; those of the last second are kept.
    """

    def __init__(self) -> None:
        self._patches: dict[int, Array] = {}
        self._last: Array = np.zeros((LANDMARKS, 2))
        self._weights: Array = np.zeros((LANDMARKS, 3))
        self._time_ns = 0
        self.path: Array = np.zeros((COUNT, 2))
        self.seen: NDArray[np.bool_] = np.zeros(COUNT, np.bool_)

    def start(self, timestamp_ns: int) -> None:
        """Begin where the cells are at this time."""
        self._patches = {timestamp_ns: np.zeros((LANDMARKS, 2))}
        self._time_ns = timestamp_ns

    def add(self, timestamp_ns: int, motion: Motion) -> bool:
        """Take the motion that ends at this time; False where its beginning is not known."""
        since = self._time_ns if motion.since_ns is None else motion.since_ns
        before = self._patches.get(since)
        if before is None:
            return False
        patches = before + motion.vectors
        self._patches[timestamp_ns] = patches
        self._forget(timestamp_ns - _KEPT_NS)
        self._follow(timestamp_ns, patches, motion)
        return True

    def _follow(self, timestamp_ns: int, patches: Array, motion: Motion) -> None:
        now = _information(motion)
        # Weights that changed with every frame would let the mean wander.
        share = min(1.0, (timestamp_ns - self._time_ns) / _WEIGHTS_NS)
        self._weights += (share if self._weights.any() else 1.0) * (now - self._weights)
        held = np.where(_trace(now)[:, np.newaxis] > 1 / _LOST_PX**2, patches, self._last)
        self.path = self.path + _weighted_mean(held - self._last, self._weights)
        self.seen = _trace(_MEMBERS @ now) > 1 / _VAGUE_PX**2
        self._last, self._time_ns = held, timestamp_ns

    def _forget(self, until_ns: int) -> None:
        oldest = next(iter(self._patches))
        while oldest < until_ns and len(self._patches) > 2:
            del self._patches[oldest]
            oldest = next(iter(self._patches))


def _information(motion: Motion) -> Array:
    """Inverse covariance of each patch's displacement, [68, 3]: xx, xy and yy."""
    along, across = (1 / (np.square(motion.deviation, dtype=np.float64) + _FLOOR_PX**2)).T
    x, y = motion.axes.T.astype(np.float64)
    return np.stack(
        [along * x * x + across * y * y, (along - across) * x * y, along * y * y + across * x * x],
        axis=1,
    )


def _trace(information: Array) -> Array:
    trace: Array = information[:, 0] + information[:, 2]
    return trace


def _weighted_mean(steps: Array, information: Array) -> Array:
    """Mean step [cells, 2] of patches' steps [68, 2]; what is hardly seen hardly counts."""
    x, y = steps.T
    xx, xy, yy = information.T
    sums = _MEMBERS @ np.stack([xx, xy, yy, xx * x + xy * y, xy * x + yy * y], axis=1)
    xx, xy, yy, x, y = sums.T
    xx, yy = xx + 1 / _STEP_PX**2, yy + 1 / _STEP_PX**2
    determinant = xx * yy - xy * xy
    return np.stack([(yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant], axis=1)


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


def eye_confidence(motion: Motion) -> float:
    """How well the eyes are found again, 0 to 1."""
    # As the median of twelve, in a tenth of its time.
    return float(np.sort(motion.confidence[_EYES])[6])


def strongest_by_region(values: Array) -> dict[str, float]:
    """The largest of values [cells] within each of `REGIONS`."""
    strongest = np.zeros(len(REGIONS))
    np.maximum.at(strongest, _REGION_OF, values)
    return dict(zip(REGIONS, strongest.tolist()))
