"""The transform that makes a face stand still: from each frame's points, or locked on an anchor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import OptionError

Points = NDArray[np.float64]
Look = Callable[[], Points]


@dataclass(frozen=True)
class Alignment:
    """How a face is aligned in a frame.

    Attributes:
        transform: float64 [2, 3], image to aligned face.
        replaced: whether earlier frames of the face were aligned by another, locked transform.
        drift_px: how far a point has moved from the anchor, pixels of the 144 aligned face.
    """

    transform: NDArray[np.float64]
    replaced: bool = False
    drift_px: float = 0.0


class Aligner(Protocol):
    """Turns a face's five points into the transform of its frame.

    Attributes:
        looks: how many frames' detections it wants for its next anchor.
        replaces: whether it may align earlier frames anew, for which they have to be kept.
    """

    looks: int
    replaces: bool

    def update(self, points: Points, look: Look | None = None) -> Alignment:
        """Take the next frame's points.

        Args:
            points: float64 [5, 2], image pixels.
            look: gives better points of the same frame, at a cost; called where they pay.
        """
        ...


class PerFrameAligner:
    """The official protocol: each frame has the transform of its own points."""

    looks = 0
    replaces = False

    def update(self, points: Points, look: Look | None = None) -> Alignment:
        """See `Aligner.update`; never replaces a lock, never looks again."""
        return Alignment(_core.alignment_transform(points))


class AnchoredAligner:
    """One transform for many frames, locked on an anchor until the face drifts from it.

    The jitter of detected points is as large as a micro-movement, so the anchor is the mean of
    several detections (which `mol_edge.track.FaceTrack` keeps) and then stays. Until there are
    that many, the first frame's transform serves. Not safe to share between threads.

    Args:
        frames: how many frames are looked at before the transform is locked; also how many a
            drift is judged by.
        drift_px: how far the median of any point over that many recent frames may move from the
            anchor, in pixels of the 144 aligned face, before the transform is anchored anew.

    Raises:
        OptionError: an argument is out of range.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
        >>> aligner = AnchoredAligner(frames=2)
        >>> [aligner.update(points + shift).replaced for shift in (0, 1, 0, 1)]
        [False, True, False, False]
    """

    replaces = True

    def __init__(self, frames: int = 5, drift_px: float = 4.0) -> None:
        if frames < 1 or drift_px <= 0:
            raise OptionError(
                f"An anchor needs 1 frame or more and a drift above 0, got {frames} and {drift_px}."
            )
        self._drift_px = drift_px
        self._recent: deque[Points] = deque(maxlen=frames)
        self._gains: list[Points] = []
        self.looks = frames
        self._anchor = np.empty((5, 2))
        self._transform = np.empty((2, 3))

    def update(self, points: Points, look: Look | None = None) -> Alignment:
        """See `Aligner.update`; looks again at the frames it anchors on."""
        self._recent.append(points)
        if self.looks > 0:
            return self._gather(points, look)
        drift = self._drift_of(points)
        if drift > self._drift_px:
            drift = self._drift()
        if drift <= self._drift_px:
            return Alignment(self._transform, drift_px=drift)
        self._gains = [_gain(points, look)]
        self._lock(points)
        return Alignment(self._transform, replaced=True)

    def _gather(self, points: Points, look: Look | None) -> Alignment:
        first = not self._gains
        # Drift is judged by plain points, so what a closer look adds to them is kept apart.
        self._gains.append(_gain(points, look))
        self.looks -= 1
        if first or self.looks == 0:
            self._lock(points)
        return Alignment(self._transform, replaced=not first and self.looks == 0)

    def _lock(self, points: Points) -> None:
        self._anchor = points
        self._transform = _core.alignment_transform(points + np.mean(self._gains, axis=0))

    def _drift(self) -> float:
        # One wild detection among several leaves the median where it is.
        ordered, count = np.sort(self._recent, axis=0), len(self._recent)
        median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
        return self._drift_of(median)

    def _drift_of(self, points: Points) -> float:
        return _core.farthest_way(self._transform, self._anchor, points)


def _gain(points: Points, look: Look | None) -> Points:
    """What a closer look adds to the points."""
    return np.zeros((5, 2)) if look is None else look() - points
