"""Following a face between two looks of the detector, by its texture or by its landmarks."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge.face_shape import MEAN_SHAPE, five_points
from mol_edge.frame import Frame
from mol_edge.optical import OpticalFollower
from mol_edge.similarity import apply, fit_similarity, scale_of

Points = NDArray[np.float64]

# Mean error of a model's landmarks, in parts of the pupils' distance, up to which they are trusted:
# two pixels of the crop, half of what the alignment may drift.
TRUSTED_NME = 0.04
# Mean distance of landmarks from the mean face, in its pixels (whose eyes are 55 apart), above
# which they are no face, and by how much a face may grow between two looks.
_LARGEST_MISFIT = 8.0
_LARGEST_GROWTH = 2.0


class Follower(Protocol):
    """Says where the five points of one face have gone."""

    def start(self, frame: Frame, points: Points) -> None:
        """Begin with the face whose five points, float64 [5, 2], are known in `frame`."""
        ...

    def follow(self, frame: Frame) -> Points | None:
        """The five points in the next frame, or None where the face is lost."""
        ...

    def see(self, frame: Frame, landmarks: NDArray[np.float32] | None) -> None:
        """Take what the model found in `frame`, float32 [68, 2] in image pixels, or None."""
        ...


class ByTexture(OpticalFollower):
    """Follows by texture; what the model finds is not trusted."""

    def see(self, frame: Frame, landmarks: NDArray[np.float32] | None) -> None:
        """Take no notice of landmarks."""


class ByLandmarks:
    """Follows by the landmarks of the frame before, by texture where there are none.

    For models whose measured error is at most `TRUSTED_NME`.
    """

    def __init__(self) -> None:
        self._texture = OpticalFollower()
        self._points: Points | None = None
        self._size = 1.0

    def start(self, frame: Frame, points: Points) -> None:
        """See `Follower.start`."""
        self._points = None
        self._size = _size_of(points)
        self._last = points
        self._texture.start(frame, points)

    def follow(self, frame: Frame) -> Points | None:
        """See `Follower.follow`; of landmarks, what they were in the frame before."""
        if self._points is None:
            moved = self._texture.follow(frame)
            self._last = self._last if moved is None else moved
            return moved
        return self._points if self._plausible else None

    def see(self, frame: Frame, landmarks: NDArray[np.float32] | None) -> None:
        """See `Follower.see`."""
        if landmarks is None:
            if self._points is not None:
                self._points = None
                self._texture.start(frame, self._last)
            return
        self._points = self._last = five_points(landmarks)
        self._plausible = self._is_face(landmarks)

    def _is_face(self, landmarks: NDArray[np.float32]) -> bool:
        in_image = landmarks.astype(np.float64)
        fit = fit_similarity(in_image, MEAN_SHAPE)
        misfit = np.hypot(*(apply(fit, in_image) - MEAN_SHAPE).T).mean()
        growth = 1 / scale_of(fit) / self._size
        return bool(misfit < _LARGEST_MISFIT and 1 / _LARGEST_GROWTH < growth < _LARGEST_GROWTH)


def _size_of(points: Points) -> float:
    """By how much the mean face is enlarged to fit five points."""
    return scale_of(fit_similarity(five_points(MEAN_SHAPE), points))
