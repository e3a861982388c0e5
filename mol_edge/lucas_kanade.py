"""Finding a head anew after it has moved far between two frames, by pyramidal Lucas-Kanade.

Method: Bouguet, "Pyramidal Implementation of the Affine Lucas Kanade Feature Tracker", 2001; the
check there and back: Kalal, Mikolajczyk, Matas, "Forward-Backward Error", ICPR 2010.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.faces.image import opencv
from mol_edge.similarity import Transform, apply, fit_robustly

View = NDArray[np.float32]
Levels = NDArray[np.uint8]

_WINDOW, _LEVELS, _ITERATIONS, _STEP = (11, 11), 3, 10, 0.02
# The middle of the crop is enough to look at: marks, their windows and the way they may go.
_MARGIN = 12
_MIDDLE = slice(_MARGIN, _core.CROP_SIZE - _MARGIN)
# In pixels of the view: what the way back may miss, and what a mark may move by itself.
_LARGEST_MISS, _OWN_MOTION = 0.7, 0.8
# Mean difference in levels of a mark's surroundings, above which it is another thing.
_LARGEST_CHANGE = 28.0
_LEAST_MARKS = 0.5
# Contrast (standard deviation in levels) below which there is nothing to follow, and by how much
# the light may change between two looks of the detector.
_LEAST_CONTRAST, _LARGEST_GAIN = 4.0, 3.0


class LucasKanade:
    """The surroundings of some marks of a head, to be found in later views.

    Args:
        key: float32 [128, 128], luma in levels.
        marks: float32 [n, 2], pixels of `key`.

    Raises:
        MissingExtraError: OpenCV is not installed.

    Example:
        >>> y, x = np.mgrid[:128, :136]
        >>> scene = 128 + 50 * np.sin(x / 7) * np.cos(y / 9) + 20 * np.sin(x * y / 900)
        >>> first, later = (scene[:, k : k + 128].astype(np.float32) for k in (8, 0))
        >>> marks = np.array([[40, 40], [80, 40], [60, 60], [50, 80]], np.float32)
        >>> LucasKanade(first, marks).find(later, np.eye(2, 3))[:, 2].round() + 0.0
        array([8., 0.])
    """

    def __init__(self, key: View, marks: NDArray[np.float32]) -> None:
        self._cv2: Any = opencv("Following faces", "calcOpticalFlowPyrLK")
        self._criteria = (
            self._cv2.TERM_CRITERIA_EPS | self._cv2.TERM_CRITERIA_COUNT,
            _ITERATIONS,
            _STEP,
        )
        self._key = _middle_of(key)
        self._light = self._light_of(self._key)
        self._marks = marks

    def find(self, view: View, guess: Transform) -> Transform | None:
        """The similarity that the head has gone through, or None where it is not to be seen.

        Args:
            view: float32 [128, 128], luma in levels.
            guess: float64 [2, 3], where to begin, pixels of the key to those of the view.
        """
        lit = self._in_light_of_key(_middle_of(view))
        if lit is None:
            return None
        guessed = apply(guess, self._marks).astype(np.float32)
        there, good = self._there_and_back(lit, guessed)
        least = _LEAST_MARKS * len(self._marks)
        if np.count_nonzero(good) < least:
            return None
        motion, rigid = fit_robustly(self._marks[good], there[good], _OWN_MOTION)
        return motion if np.count_nonzero(rigid) >= least else None

    def _light_of(self, view: Levels) -> tuple[float, float]:
        """Mean and standard deviation, levels."""
        mean, deviation = self._cv2.meanStdDev(view)
        return float(mean[0, 0]), float(deviation[0, 0])

    def _in_light_of_key(self, view: Levels) -> Levels | None:
        """The view as bright and as rich in contrast as the key; None where that cannot be."""
        (mean, deviation), (key_mean, key_deviation) = self._light_of(view), self._light
        if min(deviation, key_deviation) < _LEAST_CONTRAST:
            return None
        gain = key_deviation / deviation
        if not 1 / _LARGEST_GAIN < gain < _LARGEST_GAIN:
            return None
        lit: Levels = self._cv2.addWeighted(view, gain, view, 0.0, key_mean - gain * mean)
        return lit

    def _there_and_back(
        self, view: Levels, guess: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Where the marks are now, [n, 2], and which of them are found."""
        # Of the middle alone, where pixels count from its corner.
        marks = self._marks - np.float32(_MARGIN)
        there, found, change = self._search(self._key, view, marks, guess - np.float32(_MARGIN))
        back, found_back, _ = self._search(view, self._key, there, marks)
        miss = np.abs(back - marks).max(axis=1)
        good = found.ravel().astype(bool) & found_back.ravel().astype(bool)
        good &= (change.ravel() < _LARGEST_CHANGE) & (miss < _LARGEST_MISS)
        return there + np.float32(_MARGIN), good

    def _search(
        self, key: Levels, view: Levels, marks: NDArray[np.float32], guess: NDArray[np.float32]
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


def _middle_of(view: View) -> Levels:
    return np.rint(view[_MIDDLE, _MIDDLE]).astype(np.uint8)
