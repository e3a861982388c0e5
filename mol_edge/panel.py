"""The panel beside an annotated picture: time, optical flow, class probabilities."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.results import FaceResult, FrameResult, WindowState

Image = NDArray[np.uint8]

_GROUND = (38, 33, 30)
_TROUGH = (62, 55, 50)
_TEXT = (240, 236, 232)
_FAINT = (190, 182, 174)
_BAR = (150, 140, 112)
_TOP_BAR = (196, 214, 70)
_UNTRAINED = (120, 112, 106)
_WARNING = (90, 170, 255)

_STATES = {
    WindowState.FILLING: "the window is filling",
    WindowState.CAMERA_TOO_SLOW: "too few frames per second",
    WindowState.GAP: "frames are missing",
    WindowState.NO_FACE: "no face",
}
_WIDTH, _HEIGHT = 308, 540  # of the design, which is scaled to the picture's height
_MARGIN = 20


class Panel:
    """Draws the panel of one video; keeps the flow's colour scale from frame to frame.

    Args:
        labels: class names, in the order of the probabilities.
        trained: whether the probabilities mean something; else they are drawn faint, with a note.
        note: a line at the foot.
    """

    def __init__(self, labels: tuple[str, ...], *, trained: bool = True, note: str = "") -> None:
        self._labels, self._trained, self._note = labels, trained, note
        self._full_colour = 0.0
        self._pen: _Pen | None = None

    def draw(self, result: FrameResult, height: int) -> Image:
        """The panel, uint8 [height, 0.57 height, 3] in BGR, of the frame's first face."""
        if self._pen is None or self._pen.height != height:
            self._pen = _Pen(height)
        pen = self._pen
        pen.clear()
        face = result.faces[0] if result.faces else None
        seconds = result.timestamp_ns / 1e9
        pen.text(_clock(seconds), _MARGIN, 40, 0.85, _TEXT, weight=2)
        pen.text(f"frame {result.index}", _WIDTH - _MARGIN, 40, 0.5, _FAINT, align="right")
        self._draw_flow(pen, face)
        self._draw_bars(pen, face)
        self._draw_foot(pen, result)
        return pen.finish()

    def _draw_flow(self, pen: _Pen, face: FaceResult | None) -> None:
        top, side = 78, 190
        title = "optical flow" if self._trained else "optical flow (untrained)"
        pen.text(title, _MARGIN, top - 10, 0.46, _FAINT)
        pen.rectangle(_MARGIN, top, side, side, _TROUGH)
        if face is None or face.flow is None:
            pen.text("none", _MARGIN + side / 2, top + side / 2 + 5, 0.46, _FAINT, align="centre")
            return
        strength = float(np.quantile(np.hypot(face.flow[0], face.flow[1]), 0.99))
        # Falls slowly, so that still frames look still beside moving ones.
        self._full_colour = max(strength, 0.98 * self._full_colour, 0.05)
        pen.picture(_flow_picture(face.flow, self._full_colour), _MARGIN, top, side)
        pen.picture(_wheel(), _MARGIN + side + 18, top + 4, 58)
        pen.text("full colour", _MARGIN + side + 18, top + 84, 0.38, _FAINT)
        pen.text(f"{self._full_colour:.2f} px", _MARGIN + side + 18, top + 102, 0.42, _TEXT)

    def _draw_bars(self, pen: _Pen, face: FaceResult | None) -> None:
        window = face.window if face is not None else None
        count = len(self._labels)
        step = min(44.0, 190.0 / count)
        best = int(np.argmax(window.probabilities)) if window is not None else -1
        for row, label in enumerate(self._labels):
            y = 300 + row * step
            value = float(window.probabilities[row]) if window is not None else 0.0
            top = row == best and self._trained
            size = 0.5 if step > 30 else 0.4
            pen.text(label, _MARGIN, y, size, _TEXT if top else _FAINT)
            if window is not None:
                colour = _TEXT if top else _FAINT
                pen.text(f"{value:.0%}", _WIDTH - _MARGIN, y, size, colour, align="right")
            if step > 24:
                length = _WIDTH - 2 * _MARGIN
                colour = (_TOP_BAR if top else _BAR) if self._trained else _UNTRAINED
                pen.rectangle(_MARGIN, y + 6, length, 8, _TROUGH)
                pen.rectangle(_MARGIN, y + 6, length * value, 8, colour)

    def _draw_foot(self, pen: _Pen, result: FrameResult) -> None:
        face = result.faces[0] if result.faces else None
        if not self._trained:
            pen.text("untrained: these numbers mean nothing", _MARGIN, 500, 0.42, _WARNING)
        pen.text(_state(face), _MARGIN, 521, 0.42, _FAINT)
        if result.faces_found > 1:
            text = f"largest of {result.faces_found} faces"
            pen.text(text, _WIDTH - _MARGIN, 62, 0.42, _WARNING, align="right")
        if self._note:
            pen.text(self._note, _WIDTH - _MARGIN, 521, 0.42, _FAINT, align="right")


def _state(face: FaceResult | None) -> str:
    if face is None:
        return _STATES[WindowState.NO_FACE]
    if face.window is not None:
        return f"window of {face.window.span_ms:.0f} ms"
    return _STATES.get(face.window_state, face.window_state.value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"


def _flow_picture(flow: NDArray[np.float32], full_colour: float) -> Image:
    from mol_edge import _core

    # Longer vectors would be darkened, which reads as an edge where there is none.
    length = np.maximum(np.hypot(flow[0], flow[1]), full_colour)
    return _core.flow_to_color(np.ascontiguousarray(flow * (full_colour / length)), full_colour)


@functools.cache
def _wheel() -> Image:
    """The key to the colours: each direction at the strength of its distance from the middle."""
    y, x = np.mgrid[-1.0:1.0:128j, -1.0:1.0:128j].astype(np.float32)
    picture = _flow_picture(np.stack([x, y]), 1.0)
    outside = np.hypot(x, y) > 1
    picture = picture.copy()
    picture[outside] = _GROUND
    return picture


class _Pen:
    """Draws in the units of the design, at twice the size, which smooths text and edges."""

    def __init__(self, height: int) -> None:
        import cv2

        self._cv2: Any = cv2
        self.height = height
        self._unit = 2 * height / _HEIGHT
        shape = (2 * height, 2 * panel_width(height), 3)
        self._blank = np.full(shape, _GROUND, np.uint8)
        self._canvas = np.empty_like(self._blank)

    def clear(self) -> None:
        """Begin a new panel."""
        np.copyto(self._canvas, self._blank)

    def finish(self) -> Image:
        """The panel in its own size."""
        size = (self._canvas.shape[1] // 2, self.height)
        picture: Image = self._cv2.resize(self._canvas, size, interpolation=self._cv2.INTER_AREA)
        return picture

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour: tuple[int, int, int],
        *,
        weight: float = 1.0,
        align: str = "left",
    ) -> None:
        """Text whose baseline starts, ends or is centred at (x, y)."""
        cv2, scale = self._cv2, size * self._unit
        thickness = max(1, round(weight * self._unit * 0.7))
        face = cv2.FONT_HERSHEY_SIMPLEX
        width = cv2.getTextSize(text, face, scale, thickness)[0][0]
        left = x * self._unit - {"left": 0.0, "centre": width / 2, "right": width}[align]
        start = (round(left), round(y * self._unit))
        cv2.putText(self._canvas, text, start, face, scale, colour, thickness, cv2.LINE_AA)

    def rectangle(
        self, x: float, y: float, width: float, height: float, colour: tuple[int, int, int]
    ) -> None:
        """A filled rectangle; none where it is narrower than half a pixel."""
        left, top, right, bottom = (
            round(value * self._unit) for value in (x, y, x + width, y + height)
        )
        if right > left:
            corner = (right - 1, bottom - 1)
            self._cv2.rectangle(self._canvas, (left, top), corner, colour, self._cv2.FILLED)

    def picture(self, picture: Image, x: float, y: float, side: float) -> None:
        """A square picture."""
        size = round(side * self._unit)
        left, top = round(x * self._unit), round(y * self._unit)
        scaled = self._cv2.resize(picture, (size, size), interpolation=self._cv2.INTER_CUBIC)
        self._canvas[top : top + size, left : left + size] = scaled


def panel_width(height: int) -> int:
    """Width of the panel beside a picture of `height` rows, even."""
    return round(height * _WIDTH / _HEIGHT / 2) * 2
