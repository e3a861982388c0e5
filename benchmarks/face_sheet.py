"""A contact sheet of aligned faces with their landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import OutputError

_ZOOM = 1.5
_SIDE = round(_ZOOM * _core.ALIGNED_SIZE)
_LABEL = 18
_FACES_ACROSS = 2
_HERE = (80, 220, 80)
_WANTED = (60, 60, 240)


@dataclass(frozen=True)
class Cell:
    """One aligned face.

    Attributes:
        picture: BGR, uint8 [144, 144, 3], or None where no face was found.
        here: the landmarks in this alignment, [68, 2] (green).
        wanted: where they lie in the true alignment, [68, 2] (red).
        label: text below the picture.
    """

    picture: NDArray[np.uint8] | None
    here: NDArray[np.float64] | None
    wanted: NDArray[np.float64] | None
    label: str


def draw_sheet(path: Path, rows: list[list[Cell]]) -> None:
    """Write a row of cells per face, two faces side by side, to a PNG file."""
    strips = [np.hstack([_draw(cell) for cell in row]) for row in rows]
    while len(strips) % _FACES_ACROSS:
        strips.append(np.zeros_like(strips[0]))
    lines = [
        np.hstack(strips[start : start + _FACES_ACROSS])
        for start in range(0, len(strips), _FACES_ACROSS)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack(lines)):
        raise OutputError(
            f"The sheet must go to a picture that can be written, and {path} cannot be: name a "
            ".png file in a folder of yours."
        )


def _draw(cell: Cell) -> NDArray[np.uint8]:
    canvas = np.zeros((_SIDE + _LABEL, _SIDE, 3), np.uint8)
    if cell.picture is not None:
        canvas[:_SIDE] = cv2.resize(cell.picture, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    for marks, colour in ((cell.wanted, _WANTED), (cell.here, _HERE)):
        for x, y in [] if marks is None else (marks + 0.5) * _ZOOM - 0.5:
            cv2.circle(canvas, (round(x), round(y)), 1, colour, -1, cv2.LINE_AA)
    place = (4, _SIDE + _LABEL - 5)
    cv2.putText(
        canvas, cell.label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA
    )
    return canvas
