"""The transform that makes a face stand still: from each frame's points, or locked on an anchor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import OptionError

Points = NDArray[np.float64]
Look = Callable[[], Points]


class Aligner(Protocol):
    """Turns a face's five points into the transform of its frame."""

    def update(self, points: Points, look: Look | None = None) -> tuple[NDArray[np.float64], bool]:
        """Take the next frame's points.

        Args:
            points: float64 [5, 2], image pixels.
            look: gives better points of the same frame, at a cost; called where they pay.

        Returns:
            The transform (float64 [2, 3], image to aligned face), and whether it replaces one
            that earlier frames were locked to.
        """
        ...


class PerFrameAligner:
    """The official protocol: each frame has the transform of its own points."""

    def update(self, points: Points, look: Look | None = None) -> tuple[NDArray[np.float64], bool]:
        """See `Aligner.update`; never replaces a lock, never looks again."""
        return _core.alignment_transform(points), False


class AnchoredAligner:
    """One transform from points averaged over several frames, locked until the face drifts.

    The jitter of detected points is as large as a micro-movement; an average locked for many
    frames keeps it out of the crops. While the first `frames` are gathered, the transform is that
    of the points so far, and each one replaces the last. Not safe to share between threads.

    Args:
        frames: how many frames' points are averaged.
        drift_px: how far the median of any point over that many recent frames may move from the
            anchor, in pixels of the 144 aligned face, before the transform is anchored anew.

    Raises:
        OptionError: an argument is out of range.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
        >>> aligner = AnchoredAligner(frames=2)
        >>> [aligner.update(points + shift)[1] for shift in (0, 1, 0, 1)]
        [False, True, False, False]
    """

    def __init__(self, frames: int = 5, drift_px: float = 4.0) -> None:
        if frames < 1 or drift_px <= 0:
            raise OptionError(
                f"An anchor needs 1 frame or more and a drift above 0, got {frames} and {drift_px}."
            )
        self._drift_px = drift_px
        self._recent: deque[Points] = deque(maxlen=frames)
        self._gains: deque[Points] = deque(maxlen=frames)
        self._anchor: Points | None = None
        self._transform: NDArray[np.float64] | None = None

    def update(self, points: Points, look: Look | None = None) -> tuple[NDArray[np.float64], bool]:
        """See `Aligner.update`; looks again at the frames it anchors on."""
        self._recent.append(points)
        if self._anchor is not None and self._transform is not None and not self._drifted():
            return self._transform, False
        replaces = self._transform is not None
        if self._anchor is not None:
            self._gains.clear()
        # Drift is judged by plain points, so what a closer look adds to them is kept apart.
        self._gains.append(np.zeros((5, 2)) if look is None else look() - points)
        mean = np.mean(self._recent, axis=0)
        full = len(self._recent) == self._recent.maxlen
        self._transform = _core.alignment_transform(mean + np.mean(self._gains, axis=0))
        self._anchor = mean if full else None
        return self._transform, replaces

    def _drifted(self) -> bool:
        assert self._anchor is not None and self._transform is not None
        # One wild detection among several leaves the median where it is.
        median = np.median(self._recent, axis=0)
        moved = (median - self._anchor) @ self._transform[:, :2].T
        return bool(np.hypot(moved[:, 0], moved[:, 1]).max() > self._drift_px)
