"""Following a face between two looks of the detector: its texture, by pyramidal Lucas-Kanade.

The face is watched in a small upright view, the middle of the crop of its points when it was last
detected. Every frame is compared with that one, not with the frame before, so that errors do not
add up; when the face has moved far in the view, a new one is begun.

Method: Bouguet, "Pyramidal Implementation of the Affine Lucas Kanade Feature Tracker", 2001; the
check there and back: Kalal, Mikolajczyk, Matas, "Forward-Backward Error", ICPR 2010.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.face_shape import shape_of
from mol_edge.faces.image import opencv
from mol_edge.frame import Frame
from mol_edge.similarity import apply, fit_robustly, scale_of

Points = NDArray[np.float64]
View = NDArray[np.uint8]

# Landmarks whose surroundings have texture and move with the head: ends of the brows, bridge and
# wings of the nose, corners of the eyes and of the mouth.
_MARKS = [17, 21, 22, 26, 27, 28, 29, 31, 33, 35, 36, 39, 42, 45, 48, 54]
_WINDOW, _LEVELS, _ITERATIONS, _STEP = (11, 11), 3, 10, 0.02
# The middle of the crop is enough to look at: marks, their windows and the way they may go.
_MARGIN = 12
_MIDDLE = slice(_MARGIN, _core.CROP_SIZE - _MARGIN)
_CENTRE = (_core.CROP_SIZE - 1) / 2 - _MARGIN
# In pixels of the view: what the way back may miss, what a mark may move by itself, and how far
# the face may go in the view.
_LARGEST_MISS, _OWN_MOTION, _FARTHEST = 0.7, 0.8, 10.0
_LARGEST_GROWTH = 1.15
# Mean difference in levels of a mark's surroundings, above which it is another thing.
_LARGEST_CHANGE = 28.0
# Where all differ by less than this, the way back would tell nothing new.
_CLEAR_CHANGE = 14.0
_LEAST_MARKS = 0.5
# Contrast (standard deviation in levels) below which there is nothing to follow, and by how much
# the light may change between two looks of the detector.
_LEAST_CONTRAST, _LARGEST_GAIN = 4.0, 3.0
# Light that changes less than this need not be made even.
_SAME_GAIN, _SAME_MEAN = 0.02, 1.0


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
        >>> (follower.follow(frames[1]) - points)[0].round(1).tolist()
        [3.0, 0.0]
    """

    def __init__(self) -> None:
        self._cv2: Any = opencv("Following faces", "calcOpticalFlowPyrLK")
        self._criteria = (
            self._cv2.TERM_CRITERIA_EPS | self._cv2.TERM_CRITERIA_COUNT,
            _ITERATIONS,
            _STEP,
        )
        self._to_view = np.empty((2, 3))
        self._to_image = np.empty((2, 3))
        self.view: View = np.empty((0, 0), np.uint8)
        self._key: View = self.view

    def start(self, frame: Frame, points: Points) -> None:
        """Watch the face whose five points, float64 [5, 2], are where they are in `frame`."""
        aligned = _core.alignment_transform(points)
        self._to_aligned = aligned
        self._to_view = aligned - [[0, 0, _core.CROP_OFFSET + _MARGIN]] * 2
        self._to_image = _core.invert_transform(self._to_view)
        self.view = self._key = self._look(frame)
        self._light = self._light_of(self._key)
        self._points = apply(self._to_view, points)
        self._marks = shape_of(self._points)[_MARKS].astype(np.float32)
        self._guess = self._marks

    def follow(self, frame: Frame) -> Points | None:
        """The five points in `frame`, float64 [5, 2], or None where the face is lost."""
        self.view = self._look(frame)
        lit = self._in_light_of_key(self.view)
        if lit is None:
            return None
        there, good = self._find(lit)
        if np.count_nonzero(good) < _LEAST_MARKS * len(_MARKS):
            return None
        motion, rigid = fit_robustly(self._marks[good], there[good], _OWN_MOTION)
        if np.count_nonzero(rigid) < _LEAST_MARKS * len(_MARKS):
            return None
        growth = scale_of(motion)
        if not 1 / 2 < growth < 2:
            return None
        # Where a mark was found is where it is looked for next; a lost one goes with the others.
        all_found = np.count_nonzero(good) == len(_MARKS)
        self._guess = there if all_found else apply(motion, self._marks).astype(np.float32)
        points = apply(self._to_image, apply(motion, self._points))
        if _moved(motion) > _FARTHEST or not 1 / _LARGEST_GROWTH < growth < _LARGEST_GROWTH:
            self.start(frame, points)
        return points

    def _look(self, frame: Frame) -> View:
        crop = _core.crop_uint8(frame.image, self._to_aligned, frame.format, frame.full_range)
        return crop[_MIDDLE, _MIDDLE]

    def _light_of(self, view: View) -> tuple[float, float]:
        """Mean and standard deviation, levels."""
        mean, deviation = self._cv2.meanStdDev(view)
        return float(mean[0, 0]), float(deviation[0, 0])

    def _in_light_of_key(self, view: View) -> View | None:
        """The view as bright and as rich in contrast as the key; None where that cannot be."""
        (mean, deviation), (key_mean, key_deviation) = self._light_of(view), self._light
        if min(deviation, key_deviation) < _LEAST_CONTRAST:
            return None
        gain = key_deviation / deviation
        if abs(gain - 1) < _SAME_GAIN and abs(key_mean - mean) < _SAME_MEAN:
            return view
        if not 1 / _LARGEST_GAIN < gain < _LARGEST_GAIN:
            return None
        lit: View = self._cv2.addWeighted(view, gain, view, 0.0, key_mean - gain * mean)
        return lit

    def _find(self, view: View) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Where the marks are now, [n, 2], and which of them are found."""
        there, found, change = self._lucas_kanade(self._key, view, self._marks, self._guess)
        good = found.ravel().view(bool) & (change.ravel() < _LARGEST_CHANGE)
        if good.all() and float(np.maximum.reduce(change, axis=None)) < _CLEAR_CHANGE:
            return there, good
        back, found_back, _ = self._lucas_kanade(view, self._key, there, self._marks)
        miss = np.maximum.reduce(np.abs(back - self._marks), axis=1)
        good &= found_back.ravel().view(bool) & (miss < _LARGEST_MISS)
        return there, good

    def _lucas_kanade(
        self, key: View, view: View, marks: NDArray[np.float32], guess: NDArray[np.float32]
    ) -> Any:
        return self._cv2.calcOpticalFlowPyrLK(
            key,
            view,
            marks,
            guess.copy(),
            winSize=_WINDOW,
            maxLevel=_LEVELS,
            criteria=self._criteria,
            flags=self._cv2.OPTFLOW_USE_INITIAL_FLOW,
        )


def _moved(motion: NDArray[np.float64]) -> float:
    """How far the middle of the view has gone."""
    (a, b, x), (c, d, y) = motion.tolist()
    across = (a + b) * _CENTRE + x - _CENTRE
    return math.hypot(across, (c + d) * _CENTRE + y - _CENTRE)
