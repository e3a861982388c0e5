"""Results drawn on the picture they belong to, beside a panel with flow and probabilities.

`Annotator` makes one canvas per frame: the picture with box, alignment points and (of a trained
model) landmarks at the left, `mol_edge.panel` at the right, below both the last seconds of motion
(`mol_edge.timeline`). Pictures of any size are brought to one that can be read; OpenCV is loaded
when the first frame is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError
from mol_edge.faces.image import opencv, to_bgr
from mol_edge.frame import Frame
from mol_edge.panel import Panel
from mol_edge.pen import ACCENT, Image
from mol_edge.results import FaceResult, FaceState, FrameResult
from mol_edge.timeline import STRIP_HEIGHT, Strip

POINT = (80, 190, 255)
LANDMARK = (245, 245, 245)
_SHADOW = (20, 20, 20)
_SHIFT = 4  # bits of sub-pixel position that OpenCV draws with
_MAX_SIZE = (1440, 1080)
_MIN_HEIGHT = 540

# iBUG's 68 points: first, one past the last, closed.
LANDMARK_LINES = (
    (0, 17, False),
    (17, 22, False),
    (22, 27, False),
    (27, 31, False),
    (31, 36, False),
    (36, 42, True),
    (42, 48, True),
    (48, 60, True),
    (60, 68, True),
)


@dataclass(frozen=True)
class Placing:
    """Where a picture lies on the canvas.

    Attributes:
        scale: canvas pixels per picture pixel.
        size: width and height of the scaled picture.
        top: rows above it.
        height: height of the canvas, even.
    """

    scale: float
    size: tuple[int, int]
    top: int
    height: int

    @classmethod
    def of(cls, width: int, height: int) -> Placing:
        """Fit a picture into 1440 × 1080, enlarging what is lower than 540 rows."""
        scale = min(_MAX_SIZE[0] / width, _MAX_SIZE[1] / height, max(1.0, _MIN_HEIGHT / height))
        size = (_even(width * scale), _even(height * scale))
        canvas = max(size[1], _MIN_HEIGHT)
        return cls(scale, size, (canvas - size[1]) // 2, canvas)

    def to_canvas(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Picture coordinates [n, 2] on the canvas; pixel centres lie on whole numbers."""
        placed: NDArray[np.float64] = (np.asarray(points, np.float64) + 0.5) * self.scale - 0.5
        placed[:, 1] += self.top
        return placed


class Annotator:
    """Draws frames with their results; one instance per video, used from one thread.

    Args:
        labels: class names, in the order of the probabilities.
        trained: whether landmarks and flow mean something: landmarks are drawn only then.
        classes_known: whether the classes do; else they are drawn faint.
        note: a line below the probabilities, such as the name of the model.
        timeline: whether the motion of the last seconds is drawn below.
        since_start: whether times count from the first frame, as for live sources, whose clock
            begins anywhere; else as the source tells them.

    Raises:
        OptionError: there are no labels.

    Example:
        >>> frame = Frame(np.zeros((480, 640, 3), np.uint8), timestamp_ns=0)
        >>> Annotator(("positive", "negative")).draw(frame, FrameResult(0, 0)).shape
        (686, 1028, 3)
    """

    def __init__(
        self,
        labels: Sequence[str],
        *,
        trained: bool = True,
        classes_known: bool = True,
        note: str = "",
        timeline: bool = True,
        since_start: bool = False,
    ) -> None:
        if not labels:
            raise OptionError("Annotator needs the names of the classes, got none.")
        self._trained = trained
        self._panel = Panel(
            tuple(labels),
            trained=trained,
            classes_known=classes_known,
            note=note,
            since_start=since_start,
        )
        strip = Strip(trained=trained and classes_known, since_start=since_start)
        self._strip = strip if timeline else None

    def draw(self, frame: Frame, result: FrameResult) -> Image:
        """The canvas, uint8 [height, width, 3] in BGR, of one size for frames of one size.

        Raises:
            MissingExtraError: OpenCV is not installed.
        """
        cv2 = opencv("Drawing results", "polylines")
        place = Placing.of(frame.width, frame.height)
        way = cv2.INTER_AREA if place.scale < 1 else cv2.INTER_CUBIC
        picture = cv2.resize(to_bgr(frame, cv2), place.size, interpolation=way)
        panel = self._panel.draw(result, place.height)
        canvas = np.zeros((place.height, place.size[0] + panel.shape[1], 3), np.uint8)
        canvas[place.top : place.top + place.size[1], : place.size[0]] = picture
        view = canvas[:, : place.size[0]]
        for face in result.faces:
            _draw_face(cv2, view, face, place, self._trained)
        canvas[:, place.size[0] :] = panel
        if self._strip is None:
            return canvas
        height = _even(place.height * STRIP_HEIGHT / _MIN_HEIGHT)
        return np.vstack([canvas, self._strip.draw(result, canvas.shape[1], height)])


def _draw_face(cv2: Any, canvas: Image, face: FaceResult, place: Placing, trained: bool) -> None:
    left, top, width, height = face.box
    if face.state is FaceState.LOST:
        return
    corners = place.to_canvas(np.array([[left, top], [left + width, top + height]]))
    thickness = max(1, round(place.height / 400))
    _draw_box(cv2, canvas, corners, thickness)
    if trained and face.landmarks is not None:
        landmarks = place.to_canvas(face.landmarks)
        for first, last, closed in LANDMARK_LINES:
            line = _fixed(landmarks[first:last])
            cv2.polylines(canvas, [line], closed, LANDMARK, 1, cv2.LINE_AA, _SHIFT)
        radius = float(np.clip(width * place.scale / 200, 0.8, 3.0))
        _draw_dots(cv2, canvas, landmarks, radius, LANDMARK)
    radius = float(np.clip(width * place.scale / 60, 1.8, 6.0))
    _draw_dots(cv2, canvas, place.to_canvas(face.points), radius, POINT)


def _draw_box(cv2: Any, canvas: Image, corners: NDArray[np.float64], thickness: int) -> None:
    """A thin frame with strong corners, which hides little of the face."""
    (left, top), (right, bottom) = corners
    arm = 0.16 * min(right - left, bottom - top)
    outline = _fixed(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
    cv2.polylines(canvas, [outline], True, ACCENT, 1, cv2.LINE_AA, _SHIFT)
    for x, towards_x in ((left, arm), (right, -arm)):
        for y, towards_y in ((top, arm), (bottom, -arm)):
            corner = _fixed(np.array([[x + towards_x, y], [x, y], [x, y + towards_y]]))
            cv2.polylines(canvas, [corner], False, _SHADOW, thickness + 4, cv2.LINE_AA, _SHIFT)
            cv2.polylines(canvas, [corner], False, ACCENT, thickness + 2, cv2.LINE_AA, _SHIFT)


def _draw_dots(
    cv2: Any, canvas: Image, points: NDArray[np.float64], radius: float, colour: tuple[int, ...]
) -> None:
    outline = min(1.2, 0.4 * radius)
    for grown, fill in ((radius + outline, _SHADOW), (radius, colour)):
        for x, y in _fixed(points):
            centre = (int(x), int(y))
            cv2.circle(canvas, centre, round(grown * 2**_SHIFT), fill, -1, cv2.LINE_AA, _SHIFT)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Points as OpenCV takes them with `_SHIFT`, kept within what fits 32 bits."""
    fixed: NDArray[np.int32] = np.clip(np.rint(points * 2**_SHIFT), -(2**30), 2**30).astype(
        np.int32
    )
    return fixed


def _even(length: float) -> int:
    """The nearest even number from 2: video codecs halve the chroma."""
    return max(2, round(length / 2) * 2)
