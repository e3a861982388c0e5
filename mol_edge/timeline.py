"""Timelines: how the parts of a face moved, and which movements were events.

`Strip` is the moving one below an annotated picture, `draw_timeline` the picture of a whole run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge.motion_log import ROWS, MotionLog, RecentMotion
from mol_edge.pen import ACCENT, FAINT, GROUND, TEXT, TROUGH, WARNING, Colour, Image, Pen
from mol_edge.results import Event, EventKind, FrameResult

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008), in BGR.
_COLOURS: dict[str, Colour] = {
    "brows": (233, 180, 86),
    "eyes": (140, 178, 40),
    "nose": (110, 228, 240),
    "mouth": (40, 159, 230),
    "chin": (190, 140, 214),
}
_MACRO: Colour = (150, 140, 130)
_LEAST_SCALE = 0.5
_MARGIN = 16
# Motion is told at the end of the time that it took; it is drawn in the middle.
_HALF_SPAN_S = 0.05
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)


@dataclass(frozen=True)
class _Plot:
    """Where the rows lie, in units of the design, and which times they span."""

    left: float
    top: float
    width: float
    row_height: float
    gap: float
    start_s: float
    end_s: float

    def x(self, seconds: float) -> float:
        part = (seconds - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        return self.left + self.width * min(max(part, 0.0), 1.0)

    def row_top(self, row: int) -> float:
        return self.top + row * (self.row_height + self.gap)

    @property
    def height(self) -> float:
        return len(ROWS) * (self.row_height + self.gap) - self.gap


class Strip:
    """The timeline below an annotated picture: the last seconds, the newest frame at the right.

    Args:
        trained: whether the classes of events mean something; else they are not shown.
        seconds: how much is shown.
        since_start: whether times count from the first frame; else as the source tells them.
    """

    def __init__(
        self, *, trained: bool = True, seconds: float = 6.0, since_start: bool = False
    ) -> None:
        self._trained = trained
        self._zero_s: float | None = None if since_start else 0.0
        self._recent = RecentMotion(seconds)
        self._last: Event | None = None
        self._scale = _LEAST_SCALE
        self._pen: Pen | None = None

    def draw(self, result: FrameResult, width: int, height: int) -> Image:
        """The strip, uint8 [height, width, 3] in BGR."""
        self._recent.add(result)
        if result.events:
            self._last = result.events[-1]
        if self._pen is None or (self._pen.width, self._pen.height) != (width, height):
            self._pen = Pen(width, height, height / STRIP_HEIGHT)
        pen, recent = self._pen, self._recent
        pen.clear()
        now = recent.times_s[-1]
        if self._zero_s is None:
            self._zero_s = now
        units = width * STRIP_HEIGHT / height
        plot = _Plot(64, 27, units - 64 - 16, 17, 3, now - recent.seconds, now)
        values = np.array(recent.values)
        # Falls slowly, so that the scale does not jump.
        self._scale = max(_LEAST_SCALE, 0.99 * self._scale, _largest(values))
        pen.text("motion", 16, 17, 0.42, TEXT)
        pen.text(f"rows are {self._scale:.1f} px high", 68, 17, 0.36, FAINT)
        pen.text(self._headline(), units - 16, 17, 0.42, TEXT, align="right")
        _draw_ground(pen, plot)
        _draw_events(pen, plot, recent.events, self._trained, labels=False)
        _draw_rows(pen, plot, np.array(recent.times_s), values, self._scale)
        _draw_seconds(pen, plot, clock=False, zero_s=self._zero_s)
        return pen.finish()

    def _headline(self) -> str:
        count = self._recent.count
        if self._last is None:
            return "no event so far"
        told = f"{count} event{'s' if count > 1 else ''}, the last: "
        return told + describe(self._last, trained=self._trained)


STRIP_HEIGHT = 146
"""Height of the strip in units of the design, of which a picture of 540 rows has 540."""


def draw_timeline(
    log: MotionLog, *, trained: bool = True, title: str = "", since_start: bool = False
) -> Image:
    """The whole run as a picture.

    Args:
        log: what moved when.
        trained: whether the classes of events mean something; else they are not shown.
        title: a line above, such as the name of the source.
        since_start: whether times count from the first frame, as for live sources, whose clock
            begins anywhere; else as the source tells them.

    Returns:
        uint8 [660, 1600, 3] in BGR.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    pen = Pen(1600, 660, 1.25)
    pen.clear()
    width = 1600 / 1.25
    plot = _Plot(
        84, 96, width - 84 - 28, 70, 8, log.start_s, log.start_s + max(log.seconds, log.bin_s)
    )
    micro = sum(event.kind is EventKind.MICRO for event in log.events)
    counts = f"{micro} micro, {len(log.events) - micro} macro"
    if log.dropped_events:
        counts += f" (and {log.dropped_events} earlier ones)"
    pen.text(title or "motion of the face", 28, 40, 0.72, TEXT, weight=1.4)
    pen.text(f"events: {counts}", width - 28, 40, 0.6, TEXT, align="right")
    scale = max(_LEAST_SCALE, _largest(log.values))
    pen.text(
        f"motion within 0.1 s by part of the face; a row is {scale:.1f} pixels of the crop high",
        28,
        64,
        0.46,
        FAINT,
    )
    if not trained:
        text = "the model has not learned classes: events have none"
        pen.text(text, width - 28, 64, 0.46, WARNING, align="right")
    _draw_ground(pen, plot)
    _draw_events(pen, plot, log.events, trained, labels=True)
    times = log.start_s + log.bin_s * (np.arange(len(log.values), dtype=np.float64) + 0.5)
    _draw_rows(pen, plot, times, log.values, scale)
    _draw_seconds(pen, plot, clock=True, zero_s=log.start_s if since_start else 0.0)
    return pen.finish()


def describe(event: Event, *, trained: bool) -> str:
    """An event in a few words.

    Example:
        >>> event = Event(0, EventKind.MICRO, 0, 5, 9, 0, 1, 340_000_000, {"left_brow": 0.8})
        >>> describe(event, trained=False)
        'micro, 340 ms, left brow 0.8 px'
    """
    words = [event.kind.value, f"{event.duration_ms:.0f} ms"]
    if event.region is not None:
        words.append(f"{event.region.replace('_', ' ')} {event.peak_px[event.region]:.1f} px")
    if trained and event.label is not None and event.confidence is not None:
        words.append(f"{event.label} {event.confidence:.0%}")
    return ", ".join(words)


def _largest(values: NDArray[np.float32]) -> float:
    """The motion that a row must hold: the largest but that of the lids, rounded up to a tenth."""
    values = values[:, [row for row, name in enumerate(ROWS) if name != "eyes"]]
    finite = values[np.isfinite(values)]
    return float(np.ceil(finite.max() * 10) / 10) if finite.size else 0.0


def _draw_ground(pen: Pen, plot: _Plot) -> None:
    size = 0.36 if plot.row_height < 30 else 0.5
    for row, name in enumerate(ROWS):
        top = plot.row_top(row)
        pen.rectangle(plot.left, top, plot.width, plot.row_height, TROUGH)
        baseline = top + plot.row_height / 2 + 9 * size
        pen.text(name, plot.left - 8, baseline, size, _COLOURS[name], align="right")


def _draw_events(
    pen: Pen, plot: _Plot, events: Iterable[Event], trained: bool, *, labels: bool
) -> None:
    """Bands from onset to offset, a line at the apex; names where they do not overlap."""
    free_from = plot.left
    for event in events:
        left, right = plot.x(event.onset_ns / 1e9), plot.x(event.offset_ns / 1e9)
        if right <= plot.left:
            continue
        colour = ACCENT if event.kind is EventKind.MICRO else _MACRO
        pen.rectangle(left, plot.top, max(right - left, 1.2), plot.height, colour, 0.33)
        apex = plot.x(event.apex_ns / 1e9)
        pen.rectangle(apex - 0.7, plot.top, 1.4, plot.height, colour)
        name = event.label if trained and event.label else event.kind.value
        if labels and left >= free_from:
            pen.text(name, left, plot.top - 6, 0.44, colour)
            free_from = left + pen.text_width(name, 0.44) + 8


def _draw_rows(
    pen: Pen, plot: _Plot, times_s: NDArray[np.float64], values: NDArray[np.float32], scale: float
) -> None:
    if len(values) < 2:
        return
    x = np.array([plot.x(seconds - _HALF_SPAN_S) for seconds in times_s])
    for row, name in enumerate(ROWS):
        base = plot.row_top(row) + plot.row_height
        heights = np.clip(values[:, row] / scale, 0, 1) * plot.row_height
        for run in _runs(np.isfinite(heights)):
            points = np.column_stack([x[run], base - heights[run]]).astype(np.float64)
            pen.area(points, base, _COLOURS[name])


def _runs(known: NDArray[np.bool_]) -> list[slice]:
    """Stretches of frames that have a value; a line is not drawn across those that have none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [slice(start, end) for start, end in zip(edges[::2], edges[1::2])]


def _draw_seconds(pen: Pen, plot: _Plot, *, clock: bool, zero_s: float = 0.0) -> None:
    """Marks below the rows, about ten, counted from `zero_s`."""
    span = plot.end_s - plot.start_s
    step = next((each for each in _STEPS_S if span / each <= 12), _STEPS_S[-1])
    size = 0.44 if clock else 0.32
    bottom = plot.top + plot.height
    first = int(np.ceil((plot.start_s - zero_s) / step - 1e-9))
    for count in range(first, int(np.floor((plot.end_s - zero_s) / step + 1e-9)) + 1):
        seconds = count * step
        if seconds < 0:
            continue
        x = plot.x(zero_s + seconds)
        pen.rectangle(x - 0.4, plot.top, 0.8, plot.height, GROUND, 0.7)
        text = _clock(seconds, step) if clock else f"{seconds:g} s"
        inside = plot.left + 10 < x < plot.left + plot.width - 10
        if clock or inside:
            # The last one may reach beyond the rows, and must not reach beyond the picture.
            half = pen.text_width(text, size) / 2
            centre = min(x, plot.left + plot.width + _MARGIN - half)
            pen.text(text, centre, bottom + (20 if clock else 12), size, FAINT, align="centre")


def _clock(seconds: float, step: float) -> str:
    if step < 1:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
