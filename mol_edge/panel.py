"""The panel beside an annotated picture: time, optical flow, class probabilities."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from mol_edge.pen import ACCENT, FAINT, GROUND, TEXT, TROUGH, WARNING, Image, Pen
from mol_edge.results import FaceResult, FaceState, FrameResult, WindowState

_BAR = (150, 140, 112)
_UNTRAINED = (120, 112, 106)

_STATES = {
    WindowState.FILLING: "the window is filling",
    WindowState.CAMERA_TOO_SLOW: "too few frames per second",
    WindowState.GAP: "frames are missing",
    WindowState.NO_FACE: "no face",
}
_FACE_STATES = {
    FaceState.TOO_SMALL: "the face is too small",
    FaceState.TURNED_AWAY: "the face is turned away",
    FaceState.BLURRED: "the face is blurred",
    FaceState.LOST: "the face is lost",
}
_WIDTH, _HEIGHT = 308, 540  # of the design, which is scaled to the picture's height
_MARGIN = 20


class Panel:
    """Draws the panel of one video; keeps the flow's colour scale from frame to frame.

    Args:
        labels: class names, in the order of the probabilities.
        trained: whether the flow means something.
        classes_known: whether the probabilities do; else they are drawn faint, with a note.
        note: a line at the foot, where there is room for it beside the state of the window.
        since_start: whether the time counts from the first frame; else as the source tells it.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        *,
        trained: bool = True,
        classes_known: bool = True,
        note: str = "",
        since_start: bool = False,
    ) -> None:
        self._labels, self._trained, self._note = labels, trained, note
        self._zero_ns: int | None = None if since_start else 0
        self._classes_known = trained and classes_known
        self._full_colour = 0.0
        self._pen: Pen | None = None

    def draw(self, result: FrameResult, height: int) -> Image:
        """The panel, uint8 [height, 0.57 height, 3] in BGR, of the frame's first face."""
        if self._pen is None or self._pen.height != height:
            self._pen = Pen(panel_width(height), height, height / _HEIGHT)
        pen = self._pen
        pen.clear()
        face = result.faces[0] if result.faces else None
        if self._zero_ns is None:
            self._zero_ns = result.timestamp_ns
        seconds = (result.timestamp_ns - self._zero_ns) / 1e9
        pen.text(_clock(seconds), _MARGIN, 40, 0.85, TEXT, weight=2)
        pen.text(f"frame {result.index}", _WIDTH - _MARGIN, 40, 0.5, FAINT, align="right")
        self._draw_flow(pen, face)
        self._draw_bars(pen, face)
        self._draw_foot(pen, result)
        return pen.finish()

    def _draw_flow(self, pen: Pen, face: FaceResult | None) -> None:
        top, side = 78, 190
        title = "optical flow" if self._trained else "optical flow (untrained)"
        pen.text(title, _MARGIN, top - 10, 0.46, FAINT)
        pen.rectangle(_MARGIN, top, side, side, TROUGH)
        if face is None or face.flow is None:
            pen.text("none", _MARGIN + side / 2, top + side / 2 + 5, 0.46, FAINT, align="centre")
            return
        strength = float(np.quantile(np.hypot(face.flow[0], face.flow[1]), 0.99))
        # Falls slowly, so that still frames look still beside moving ones.
        self._full_colour = max(strength, 0.98 * self._full_colour, 0.05)
        pen.picture(_flow_picture(face.flow, self._full_colour), _MARGIN, top, side)
        pen.picture(_wheel(), _MARGIN + side + 18, top + 4, 58)
        pen.text("full colour", _MARGIN + side + 18, top + 84, 0.38, FAINT)
        pen.text(f"{self._full_colour:.2f} px", _MARGIN + side + 18, top + 102, 0.42, TEXT)

    def _draw_bars(self, pen: Pen, face: FaceResult | None) -> None:
        window = face.window if face is not None else None
        count = len(self._labels)
        step = min(44.0, 190.0 / count)
        best = int(np.argmax(window.probabilities)) if window is not None else -1
        for row, label in enumerate(self._labels):
            y = 300 + row * step
            value = float(window.probabilities[row]) if window is not None else 0.0
            top = row == best and self._classes_known
            size = 0.5 if step > 30 else 0.4
            pen.text(label, _MARGIN, y, size, TEXT if top else FAINT)
            if window is not None:
                colour = TEXT if top else FAINT
                pen.text(f"{value:.0%}", _WIDTH - _MARGIN, y, size, colour, align="right")
            if step > 24:
                length = _WIDTH - 2 * _MARGIN
                colour = (ACCENT if top else _BAR) if self._classes_known else _UNTRAINED
                pen.rectangle(_MARGIN, y + 6, length, 8, TROUGH)
                pen.rectangle(_MARGIN, y + 6, length * value, 8, colour)

    def _draw_foot(self, pen: Pen, result: FrameResult) -> None:
        face = result.faces[0] if result.faces else None
        if not self._trained:
            pen.text("untrained: these numbers mean nothing", _MARGIN, 500, 0.42, WARNING)
        elif not self._classes_known:
            pen.text("classes not learned: mere guesses", _MARGIN, 500, 0.42, WARNING)
        state = _state(face)
        pen.text(state, _MARGIN, 521, 0.42, FAINT)
        if result.faces_found > 1:
            text = f"largest of {result.faces_found} faces"
            pen.text(text, _WIDTH - _MARGIN, 62, 0.42, WARNING, align="right")
        room = _WIDTH - 3 * _MARGIN - pen.text_width(state, 0.42)
        if self._note and pen.text_width(self._note, 0.42) <= room:
            pen.text(self._note, _WIDTH - _MARGIN, 521, 0.42, FAINT, align="right")


def _state(face: FaceResult | None) -> str:
    if face is None:
        return _STATES[WindowState.NO_FACE]
    if face.state is not FaceState.TRACKED:
        return _FACE_STATES[face.state]
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
    picture[outside] = GROUND
    return picture


def panel_width(height: int) -> int:
    """Width of the panel beside a picture of `height` rows, even."""
    return round(height * _WIDTH / _HEIGHT / 2) * 2
