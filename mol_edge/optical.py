"""Following a face between two looks of the detector, by its texture.

The face is watched in a small upright view, the crop of its points when it was last detected. Every
frame is compared with that one, not with the frame before, so that errors do not add up; when the
face has moved far in the view, a new one is begun.

Most frames are near the one before, where the patches around some marks are enough; where these do
not agree, the marks are searched for farther away, there and back (`lucas_kanade.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.face_shape import shape_of
from mol_edge.frame import Frame
from mol_edge.lucas_kanade import LucasKanade
from mol_edge.similarity import Transform, apply

Points = NDArray[np.float64]
View = NDArray[np.float32]

# Landmarks whose surroundings have texture and move with the head: ends of the brows, bridge and
# wings of the nose, corners of the eyes and of the mouth.
_MARKS = [17, 21, 22, 26, 27, 28, 29, 31, 33, 35, 36, 39, 42, 45, 48, 54]
# Of them, how many have to agree where nothing else is asked.
_AGREEING = 11
# How far the face may go in the view and how much it may grow before a new view is begun, and
# what no face does at all.
_FARTHEST, _LARGEST_GROWTH, _IMPOSSIBLE_GROWTH = 10.0, 1.15, 2.0


class OpticalFollower:
    """Says where a face's five points have gone; one per face, used from one thread.

    Raises:
        MissingExtraError: OpenCV is not installed.

    Example:
        >>> y, x = np.mgrid[:256, :256]
        >>> scene = (128 + 50 * np.sin(x / 7) * np.cos(y / 9) + 20 * np.sin(x * y / 3000))
        >>> frames = [Frame(np.roll(scene, k, 1).astype(np.uint8), k, k, "gray") for k in (0, 3)]
        >>> points = np.array([[100, 100], [160, 100], [130, 130], [105, 160], [155, 160.0]])
        >>> follower = OpticalFollower()
        >>> follower.start(frames[0], points)
        >>> (follower.follow(frames[1]) - points)[0].round(1) + 0.0
        array([3., 0.])
    """

    def __init__(self) -> None:
        self._view: View = np.empty((_core.CROP_SIZE, _core.CROP_SIZE), np.float32)

    def start(self, frame: Frame, points: Points) -> None:
        """Watch the face whose five points, float64 [5, 2], are where they are in `frame`."""
        self._to_aligned = _core.alignment_transform(points)
        to_view = self._to_aligned - [[0, 0, _core.CROP_OFFSET]] * 2
        self._to_image = _core.invert_transform(to_view)
        self._points = apply(to_view, points)
        marks = shape_of(self._points)[_MARKS].astype(np.float32)
        view = self._look(frame)
        self._near = _core.HeadPatches(view, marks)
        self._far = LucasKanade(view, marks)
        self._motion: Transform = np.eye(2, 3)

    def follow(self, frame: Frame) -> Points | None:
        """The five points in `frame`, float64 [5, 2], or None where the face is lost."""
        found = self._find(frame)
        if found is None:
            return None
        points, growth, way = _core.carried_points(found, self._to_image, self._points)
        if not _like(growth, _IMPOSSIBLE_GROWTH):
            return None
        self._motion = found
        if way > _FARTHEST or not _like(growth, _LARGEST_GROWTH):
            self.start(frame, points)
        return points

    def _find(self, frame: Frame) -> Transform | None:
        """What the face has gone through since the key, or None where it is not to be seen."""
        near, agreeing = self._near.look(
            frame.image,
            self._to_aligned,
            self._motion,
            frame.format,
            frame.full_range,
            self._view,
        )
        if agreeing >= _AGREEING:
            return near
        far = self._far.find(self._view, self._motion)
        if far is None:
            return None
        near, agreeing = self._near.find(self._view, far)
        return near if agreeing >= _AGREEING else far

    def _look(self, frame: Frame) -> View:
        """Luma in levels, float32 [128, 128]."""
        return _core.crop_float(
            frame.image, self._to_aligned, 0.0, 1.0, frame.format, frame.full_range, self._view
        )


def _like(growth: float, most: float) -> bool:
    """Whether the face has about the size that it had, up to a factor."""
    return 1 / most < growth < most
