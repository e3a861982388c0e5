"""Points that are known already, in place of a detector: annotated ones, or another detector's."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError, InputError
from mol_edge.faces.base import Detection
from mol_edge.frame import Frame

COLUMNS = (
    "frame",
    *(
        f"{point}_{axis}"
        for point in ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
        for axis in "xy"
    ),
)
"""Columns of a file of points; left and right are the picture's."""

# A face is about so much larger than the square of its five points, and these lie in its middle.
_BOX_GROWTH = 2.0
# Pixels between the eyes below which there is no telling how a face is turned.
_LEAST_EYES = 1e-3


class GivenPoints:
    """A detector that looks nothing up but the five points of each frame.

    A run asks it at every frame, and follows no face into frames that are missing.

    Args:
        points: of each frame's index, the five alignment points, float64 [5, 2], image pixels;
            a frame that is missing has no face.

    Raises:
        ArrayError: points have another type or shape, are not finite, have both eyes in one place
            or the left one right of the other.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
        >>> detector = GivenPoints({7: points})
        >>> image = np.zeros((120, 160, 3), np.uint8)
        >>> [len(detector.detect(Frame(image, 0, index))) for index in (6, 7)]
        [0, 1]
    """

    name = "given"

    def __init__(self, points: Mapping[int, NDArray[np.float64]]) -> None:
        self._faces = {frame: [_face(frame, found)] for frame, found in points.items()}

    @classmethod
    def read(cls, path: str | Path) -> GivenPoints:
        """Points from a CSV file with the header `COLUMNS` and a line per frame with a face.

        Raises:
            InputError: the file cannot be read, is no such table, has no line or two of one frame,
                or eyes in one place or the wrong way round.
        """
        try:
            with Path(path).open(newline="", encoding="utf-8-sig") as file:
                lines = list(csv.reader(file))
        except PermissionError as error:
            raise InputError(
                f"The file of points {path} cannot be read ({error.strerror}): check its "
                "permissions."
            ) from None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a CSV file in UTF-8"
            raise InputError(
                f"The file of points {path} cannot be read ({reason}): name a CSV file with the "
                f"columns {','.join(COLUMNS)}."
            ) from None
        if not lines or tuple(name.strip() for name in lines[0]) != COLUMNS:
            raise InputError(
                f"The file of points {path} must begin with the line {','.join(COLUMNS)}, got "
                f"{','.join(lines[0]) if lines else 'an empty file'!r}."
            )
        rows = [(number, line) for number, line in enumerate(lines[1:], 2) if line]
        points: dict[int, NDArray[np.float64]] = {}
        for number, line in rows:
            frame, found = _row(path, number, line)
            if frame in points:
                raise InputError(
                    f"The file of points {path} must hold a frame once, and line {number} holds "
                    f"frame {frame} again: leave one of its lines out."
                )
            points[frame] = found
        if not points:
            raise InputError(
                f"The file of points {path} must have a line for each frame with a face, got none "
                "below its first: add them."
            )
        return cls(points)

    def detect(self, frame: Frame) -> list[Detection]:
        """The given face of `frame.index`, if there is one.

        Raises:
            ArrayError: the middle of its points lies outside the picture.
        """
        faces = list(self._faces.get(frame.index, ()))
        for face in faces:
            x, y = face.points.mean(axis=0).tolist()
            if not (0 <= x <= frame.width and 0 <= y <= frame.height):
                raise ArrayError(
                    f"The points given for frame {frame.index} must lie in its picture of "
                    f"{frame.width} x {frame.height} pixels, got them around ({x:.0f}, {y:.0f}): "
                    "give them in pixels of that picture."
                )
        return faces


def _row(path: str | Path, number: int, line: Sequence[str]) -> tuple[int, NDArray[np.float64]]:
    try:
        frame, values = int(line[0]), [float(value) for value in line[1:]]
    except ValueError:
        frame, values = -1, []
    if frame < 0 or len(values) != len(COLUMNS) - 1 or not np.isfinite(values).all():
        raise InputError(
            f"Line {number} of the file of points {path} must be a frame's index from 0 and 10 "
            f"finite numbers, got {','.join(line)!r}."
        )
    points = np.array(values).reshape(5, 2)
    fault = _fault(points)
    if fault:
        raise InputError(f"Line {number} of the file of points {path}, frame {frame}, {fault}.")
    return frame, points


def _face(frame: int, points: NDArray[np.float64]) -> Detection:
    if getattr(points, "shape", None) != (5, 2):
        came = getattr(points, "shape", type(points).__name__)
        raise ArrayError(f"Given points must be arrays of shape (5, 2), got {came}.")
    fault = _fault(points)
    if fault:
        raise ArrayError(f"The points given for frame {frame} {fault}.")
    centre = points.mean(axis=0)
    side = max(1.0, _BOX_GROWTH * float(np.ptp(points, axis=0).max()))
    return Detection((centre[0] - side / 2, centre[1] - side / 2, side, side), points, 1.0)


def _fault(points: NDArray[np.float64]) -> str | None:
    """What is wrong with eyes that no face in a picture has."""
    left, right = points[0].tolist(), points[1].tolist()
    if math.dist(left, right) < _LEAST_EYES:
        return f"must hold two eyes that are apart, got both at {left}: leave the frame out"
    if left[0] > right[0]:
        return (
            f"must hold the eye at the picture's left first, got x = {left[0]:g} and then "
            f"{right[0]:g}: swap left and right, or turn pictures whose face lies (--rotate)"
        )
    return None
