"""OpenCV's own cascades: the embedded detector for when there is no YuNet file.

A cascade gives a box and no points. The five points are placed in the box by mean proportions;
where the eye cascade finds both eyes, they say where the points are, how large and how tilted.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import DeviceError
from mol_edge.faces.base import Detection, largest_first
from mol_edge.faces.image import opencv, to_gray
from mol_edge.frame import Frame

_PURPOSE = "The embedded face detector"
_FACE = "haarcascade_frontalface_alt2.xml"
_EYE = "haarcascade_eye.xml"
_SYSTEM_FOLDERS = ("/usr/share/opencv4/haarcascades", "/usr/local/share/opencv4/haarcascades")

# The five points in parts of the cascade's square box: means over the 18 faces of four
# photographs, made symmetric.
MEAN_POINTS = np.array([[0.328, 0.393], [0.672, 0.393], [0.5, 0.568], [0.34, 0.735], [0.66, 0.735]])
# The cascade looks for faces of this part of the picture's shorter side and above.
_LEAST_FACE = 1 / 12
_LONGEST_SIDE = 640
_NEIGHBOURS = 6
# Side to which the upper face is scaled before eyes are sought in it.
_EYE_VIEW = 200
_EYE_NEIGHBOURS = 4
# How far from its mean place an eye may lie, in parts of the face's width.
_EYE_REACH = 0.15


class HaarDetector:
    """Finds frontal faces with OpenCV's cascades; coarser than `YunetDetector`.

    One detector may be used from several threads; their calls run one after another.
    The score of a face is n / (n + 2) for n windows that agreed on it: it orders faces, but is
    no probability, so there is no threshold on it.

    Raises:
        MissingExtraError: OpenCV is not installed.
        DeviceError: this OpenCV has no cascades (those of version 5 have moved).

    Example:
        >>> detector = HaarDetector()
        >>> detector.detect(Frame(np.zeros((120, 160), np.uint8), 0, format="gray"))
        []
    """

    name = "haar"

    def __init__(self) -> None:
        self._cv2 = opencv(_PURPOSE, "CascadeClassifier")
        self._lock = threading.Lock()
        self._faces = _cascade(self._cv2, _FACE)
        self._eyes = _cascade(self._cv2, _EYE)

    def detect(self, frame: Frame) -> list[Detection]:
        """Faces in `frame` (any `Frame.format`), the largest first."""
        gray = to_gray(frame, self._cv2)
        with self._lock:
            return largest_first([self._face(gray, *found) for found in self._boxes(gray)])

    def _boxes(self, gray: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], int]]:
        scale = min(1.0, _LONGEST_SIDE / max(gray.shape))
        small = gray
        if scale < 1.0:
            small = self._cv2.resize(
                gray, None, fx=scale, fy=scale, interpolation=self._cv2.INTER_AREA
            )
        least = max(20, round(_LEAST_FACE * min(small.shape)))
        boxes, votes = self._faces.detectMultiScale2(
            small, scaleFactor=1.1, minNeighbors=_NEIGHBOURS, minSize=(least, least)
        )
        return [(np.array(box) / scale, int(vote)) for box, vote in zip(boxes, votes)]

    def _face(self, gray: NDArray[np.uint8], box: NDArray[np.float64], votes: int) -> Detection:
        points = box[:2] + MEAN_POINTS * box[2:] - 0.5
        eyes = self._eye_pair(gray, box)
        if eyes is not None:
            points = _moved(points, eyes)
        left, top, width, height = (float(value) for value in box)
        return Detection((left, top, width, height), points, votes / (votes + 2))

    def _eye_pair(
        self, gray: NDArray[np.uint8], box: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Centres of the two eyes in image pixels, [2, 2], or None unless both are seen."""
        left, top, width, height = (round(float(value)) for value in box)
        upper = gray[max(0, top) : top + round(0.65 * height), max(0, left) : left + width]
        scale = _EYE_VIEW / width
        view = self._cv2.resize(
            upper, None, fx=scale, fy=scale, interpolation=self._cv2.INTER_LINEAR
        )
        found, votes = self._eyes.detectMultiScale2(
            view, scaleFactor=1.05, minNeighbors=_EYE_NEIGHBOURS, minSize=(24, 24), maxSize=(64, 64)
        )
        if not len(found):
            return None
        centres = np.asarray(found)[:, :2] + np.asarray(found)[:, 2:] / 2
        pair = _best_pair(centres / _EYE_VIEW, np.asarray(votes).ravel())
        if pair is None:
            return None
        origin = np.array([max(0, left), max(0, top)])
        return origin + pair * width - 0.5


def _best_pair(
    centres: NDArray[np.float64], votes: NDArray[np.int32]
) -> NDArray[np.float64] | None:
    """Of the centres (in parts of the face's width) the pair that can be eyes and is most certain.

    Each lies near its mean place, and they are about as far apart as eyes are: this keeps out
    nostrils, brows and curls, in which the cascade sees eyes too.
    """
    left, right = (
        np.flatnonzero(np.linalg.norm(centres - mean, axis=1) < _EYE_REACH)
        for mean in MEAN_POINTS[:2]
    )
    apart = MEAN_POINTS[1, 0] - MEAN_POINTS[0, 0]
    pairs = [
        (min(votes[i], votes[j]), i, j)
        for i in left
        for j in right
        if 0.75 < np.linalg.norm(centres[i] - centres[j]) / apart < 1.5
    ]
    return centres[list(max(pairs)[1:])] if pairs else None


def _moved(points: NDArray[np.float64], eyes: NDArray[np.float64]) -> NDArray[np.float64]:
    """`points` with their eyes at `eyes` and the rest turned and scaled with them.

    The rest is scaled half as much (as a power): a head that is turned aside has its eyes closer
    together and is no smaller for it. Complex numbers stand for points of the plane.
    """
    plane = points[:, 0] + 1j * points[:, 1]
    goal = eyes[:, 0] + 1j * eyes[:, 1]
    turn = (goal[1] - goal[0]) / (plane[1] - plane[0])
    turned = goal.mean() + (plane - plane[:2].mean()) * turn / np.sqrt(abs(turn))
    turned[:2] = goal
    moved: NDArray[np.float64] = np.stack([turned.real, turned.imag], axis=1)
    return moved


def _cascade(cv2: Any, filename: str) -> Any:
    folders = [*_SYSTEM_FOLDERS]
    if hasattr(cv2, "data"):
        folders.insert(0, cv2.data.haarcascades)
    for folder in folders:
        path = os.path.join(folder, filename)
        if Path(path).is_file():
            cascade = cv2.CascadeClassifier(path)
            if not cascade.empty():
                return cascade
    raise DeviceError(
        f"{_PURPOSE} needs {filename}, which is in none of {', '.join(folders)}: fetch YuNet with "
        "`mol-edge models get yunet` instead, or install opencv-python (>=4.8,<5)."
    )
