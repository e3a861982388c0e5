"""A canvas to draw on in units of a design, at twice the size, which smooths text and edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

GROUND: Colour = (38, 33, 30)
TROUGH: Colour = (62, 55, 50)
TEXT: Colour = (240, 236, 232)
FAINT: Colour = (190, 182, 174)
ACCENT: Colour = (196, 214, 70)
WARNING: Colour = (90, 170, 255)

_SHIFT = 4  # bits of sub-pixel position that OpenCV draws with


class Pen:
    """Draws on one canvas, again and again.

    Args:
        width: pixels of the finished canvas.
        height: likewise.
        unit: pixels per unit of the design.
    """

    def __init__(self, width: int, height: int, unit: float) -> None:
        import cv2

        self._cv2: Any = cv2
        self.width, self.height = width, height
        self._unit = 2 * unit
        self._blank = np.full((2 * height, 2 * width, 3), GROUND, np.uint8)
        self._canvas = np.empty_like(self._blank)

    def clear(self) -> None:
        """Begin a new picture."""
        np.copyto(self._canvas, self._blank)

    def finish(self) -> Image:
        """The picture in its own size, uint8 [height, width, 3] in BGR."""
        size = (self.width, self.height)
        picture: Image = self._cv2.resize(self._canvas, size, interpolation=self._cv2.INTER_AREA)
        return picture

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour: Colour,
        *,
        weight: float = 1.0,
        align: str = "left",
    ) -> None:
        """Text whose baseline starts, ends or is centred at (x, y)."""
        cv2, scale = self._cv2, size * self._unit
        thickness = max(1, round(weight * self._unit * 0.7))
        left = x * self._unit
        left -= {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * self._width_of(
            text, scale, thickness
        )
        start = (round(left), round(y * self._unit))
        face = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(self._canvas, text, start, face, scale, colour, thickness, cv2.LINE_AA)

    def text_width(self, text: str, size: float, weight: float = 1.0) -> float:
        """Width of a text in units."""
        thickness = max(1, round(weight * self._unit * 0.7))
        return self._width_of(text, size * self._unit, thickness) / self._unit

    def rectangle(
        self, x: float, y: float, width: float, height: float, colour: Colour, opacity: float = 1.0
    ) -> None:
        """A filled rectangle; none where it is narrower than half a pixel."""
        left, top, right, bottom = (
            max(0, round(value * self._unit)) for value in (x, y, x + width, y + height)
        )
        part = self._canvas[top:bottom, left:right]
        if not part.size:
            return
        if opacity < 1.0:
            fill = np.full_like(part, colour)
            self._cv2.addWeighted(fill, opacity, part, 1 - opacity, 0.0, dst=fill)
            part[...] = fill
        else:
            part[...] = colour

    def area(self, points: NDArray[np.float64], base: float, colour: Colour) -> None:
        """The area between a line of points [n, 2], x rising, and the height `base`."""
        if len(points) < 2:
            return
        ends = np.array([[points[-1, 0], base], [points[0, 0], base]])
        outline = self._fixed(np.vstack([points, ends]))
        self._cv2.fillPoly(self._canvas, [outline], colour, self._cv2.LINE_AA, _SHIFT)

    def line(self, points: NDArray[np.float64], colour: Colour, weight: float = 1.0) -> None:
        """A line through points [n, 2]."""
        thickness = max(1, round(weight * self._unit * 0.7))
        fixed = self._fixed(points)
        cv2 = self._cv2
        cv2.polylines(self._canvas, [fixed], False, colour, thickness, cv2.LINE_AA, _SHIFT)

    def picture(self, picture: Image, x: float, y: float, side: float) -> None:
        """A square picture."""
        size = round(side * self._unit)
        left, top = round(x * self._unit), round(y * self._unit)
        scaled = self._cv2.resize(picture, (size, size), interpolation=self._cv2.INTER_CUBIC)
        self._canvas[top : top + size, left : left + size] = scaled

    def _width_of(self, text: str, scale: float, thickness: int) -> float:
        face = self._cv2.FONT_HERSHEY_SIMPLEX
        return float(self._cv2.getTextSize(text, face, scale, thickness)[0][0])

    def _fixed(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        """Points as OpenCV takes them, kept within what fits 32 bits."""
        scaled = np.clip(np.rint(points * self._unit * 2**_SHIFT), -(2**30), 2**30)
        fixed: NDArray[np.int32] = scaled.astype(np.int32)
        return fixed
