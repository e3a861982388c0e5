"""Points that are known already, in place of a detector: annotated ones, or another detector's."""

from __future__ import annotations

import csv
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


class GivenPoints:
    """A detector that looks nothing up but the five points of each frame.

    Args:
        points: of each frame's index, the five alignment points, float64 [5, 2], image pixels;
            a frame that is missing has no face.

    Raises:
        ArrayError: points have another type or shape, or are not finite.

    Example:
        >>> points = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80.0]])
        >>> detector = GivenPoints({7: points})
        >>> [len(detector.detect(Frame(np.zeros((9, 9, 3), np.uint8), 0, n))) for n in (6, 7)]
        [0, 1]
    """

    name = "given"

    def __init__(self, points: Mapping[int, NDArray[np.float64]]) -> None:
        self._faces = {frame: [_face(found)] for frame, found in points.items()}

    @classmethod
    def read(cls, path: str | Path) -> GivenPoints:
        """Points from a CSV file with the header `COLUMNS` and a line per frame with a face.

        Raises:
            InputError: the file cannot be read or is no such table.
        """
        try:
            with Path(path).open(newline="", encoding="utf-8-sig") as file:
                lines = list(csv.reader(file))
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
        return cls(dict(_row(path, number, line) for number, line in rows))

    def detect(self, frame: Frame) -> list[Detection]:
        """The given face of `frame.index`, if there is one."""
        return list(self._faces.get(frame.index, ()))


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
    return frame, np.array(values).reshape(5, 2)


def _face(points: NDArray[np.float64]) -> Detection:
    if getattr(points, "shape", None) != (5, 2):
        came = getattr(points, "shape", type(points).__name__)
        raise ArrayError(f"Given points must be arrays of shape (5, 2), got {came}.")
    centre = points.mean(axis=0)
    side = max(1.0, _BOX_GROWTH * float(np.ptp(points, axis=0).max()))
    return Detection((centre[0] - side / 2, centre[1] - side / 2, side, side), points, 1.0)
